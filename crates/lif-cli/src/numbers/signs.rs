//! Signs between the words of a comment.

use super::tokens::{Token, tokens_with_places};
use super::units::is_unit_of_a_column;
use std::ops::Range;

/// Signs of which lines are drawn.
const OF_RULERS: &str = "-=_*~+.:#/\\|<>\u{2013}\u{2014}\u{2500}\u{2550}";

/// Whether a comment is empty or a drawn line.
pub fn is_ruler(comment: &str) -> bool {
    comment.chars().all(|sign| sign.is_whitespace() || OF_RULERS.contains(sign))
}

/// The places of signs that may change the meaning of words: `-I`, `dt > 0.1`, `pA/nA`.
pub fn odd_signs(comment: &str) -> Vec<Range<usize>> {
    let tokens = tokens_with_places(comment);
    let mut odd = Vec::new();
    let mut place = 0;
    for next in 0..=tokens.len() {
        let end = tokens.get(next).map_or(comment.len(), |(_, range)| range.start);
        let before = next.checked_sub(1).map(|before| &tokens[before].0);
        let between = comment.get(place..end).unwrap_or_default();
        if !joins(between, before, tokens.get(next).map(|(piece, _)| piece)) {
            let signs = between.char_indices().filter(|(_, sign)| !is_harmless(*sign));
            odd.extend(signs.map(|(at, sign)| place + at..place + at + sign.len_utf8()));
        }
        place = tokens.get(next).map_or(end, |(_, range)| range.end);
    }
    odd
}

fn is_harmless(sign: char) -> bool {
    sign.is_whitespace() || ",;:=.()[]{}\"'".contains(sign)
}

/// Whether a sign joins two words, as in `t_ms`, `time/ms`, `spike-times` and `step | neuron`.
fn joins(between: &str, before: Option<&Token<'_>>, after: Option<&Token<'_>>) -> bool {
    let (Some(Token::Word(before)), Some(Token::Word(after))) = (before, after) else { return false };
    // A ratio of units is another unit.
    let is_ratio = || [before, after].into_iter().all(|word| is_unit_of_a_column(word));
    match between.trim() {
        "_" | "|" => true,
        "-" => between == "-",
        "/" => !is_ratio(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_change_words_are_found() {
        for (comment, odd) in [
            ("-I (nA)", "-"),
            ("|I|", "||"),
            ("I%", "%"),
            ("dt > 0.1", ">"),
            ("dt \u{2260} 0.1", "\u{2260}"),
            ("pA/nA", "/"),
            ("*0.1", "*"),
            ("\u{d7} 10 ms", "\u{d7}"),
            ("time (ms), current [nA]; dt = 0.1 ms.", ""),
            ("t_ms | I_nA / g, \"time/ms\", spike-times", ""),
            ("times - current", "-"),
            ("", ""),
        ] {
            let found: String = odd_signs(comment).into_iter().map(|range| &comment[range]).collect();
            assert_eq!(found, odd, "{comment}");
        }
        assert!(
            ["", "----", "= = ="].into_iter().all(is_ruler) && !["1", "%", "a"].into_iter().any(is_ruler)
        );
    }
}
