//! The words and numbers of comments.

use std::ops::Range;

/// Longer digits are no number that a person wrote.
const LONGEST_NUMBER: usize = 40;

/// A part of a comment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// Letters.
    Word(&'a str),
    /// A number, and the character after it.
    Number(f64, Option<char>),
}

/// The words and numbers of a text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    tokens_with_places(text).into_iter().map(|(piece, _)| piece).collect()
}

/// The words and numbers of a text, with their places.
pub fn tokens_with_places(text: &str) -> Vec<(Token<'_>, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(start) = text[place..].find(|sign: char| sign.is_alphanumeric() || sign == '.') {
        let start = place + start;
        let rest = &text[start..];
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let is_number = rest.trim_start_matches('.').starts_with(|sign: char| sign.is_ascii_digit());
        let length = if is_number {
            let of_numbers = |byte: &u8| byte.is_ascii_digit() || b".eE+-_".contains(byte);
            let most = rest.bytes().take(LONGEST_NUMBER).take_while(of_numbers).count();
            (1..=most).rev().find(|end| rest[..*end].replace('_', "").parse::<f64>().is_ok()).unwrap_or(first)
        } else {
            rest.find(|sign: char| !sign.is_alphabetic() && sign != '\'').unwrap_or(rest.len())
        };
        // Some characters are neither letters nor digits of numbers: superscripts, fractions.
        place = start + length.max(first);
        let piece = &text[start..place];
        match piece.replace('_', "").parse::<f64>() {
            Ok(number) if is_number => {
                tokens.push((Token::Number(number, text[place..].chars().next()), start..place));
            }
            _ if piece != "." => tokens.push((Token::Word(piece), start..place)),
            _ => {}
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_any_signs_are_taken_apart() {
        let word = Token::Word;
        assert_eq!(tokens("pA/cm\u{b2}, \u{bd} ms"), ["pA", "cm", "\u{b2}", "\u{bd}", "ms"].map(word));
        assert_eq!(tokens("dt=.5ms"), [word("dt"), Token::Number(0.5, Some('m')), word("ms")]);
        assert_eq!(tokens("1e-4"), [Token::Number(1e-4, None)]);
        assert_eq!(tokens("..5 \u{661}"), [Token::Number(0.5, Some(' ')), word("\u{661}")]);
        assert!(tokens(&"1".repeat(60_000)).len() >= 60_000 / LONGEST_NUMBER);
    }

    #[test]
    fn each_piece_is_where_it_stands() {
        for (piece, range) in tokens_with_places("\u{bd} dt=.5ms, ..7 \u{661}") {
            match piece {
                Token::Word(word) => assert_eq!(word, &"\u{bd} dt=.5ms, ..7 \u{661}"[range]),
                Token::Number(number, _) => assert!([0.5, 0.7].contains(&number)),
            }
        }
    }
}
