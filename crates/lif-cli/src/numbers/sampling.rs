//! Intervals of samples or steps in comments: `dt = 0.1 ms`, `sampled at 10 kHz`.

use super::TimeUnit;
use super::clock::Clock;
use super::name::Name;
use super::tokens::{Token, tokens_with_places};
use super::units::{is_unit_of_a_column, time_unit_of};
use std::ops::Range;

/// Words between the quantity and its number.
const BETWEEN: [&str; 8] = ["of", "is", "was", "at", "every", "be", "about", "approx"];

/// Words in front of an interval or a rate with a unit.
const SAMPLED: [&str; 6] = ["sampled", "sampling", "recorded", "acquired", "digitised", "digitized"];

/// The first interval in a comment, ms.
pub fn interval_in_prose(text: &str) -> Option<f64> {
    intervals(text).into_iter().next().map(|(interval, _)| interval)
}

/// The intervals in a comment, ms, and their places.
pub fn intervals(text: &str) -> Vec<(f64, Range<usize>)> {
    let tokens = tokens_with_places(text);
    (0..tokens.len()).filter_map(|place| interval_at(&tokens, place)).collect()
}

/// A comment without its intervals.
pub fn without_intervals(text: &str) -> String {
    let mut rest = String::new();
    let mut place = 0;
    for (_, range) in intervals(text) {
        rest += text.get(place..range.start).unwrap_or_default();
        place = range.end;
    }
    rest += &text[place..];
    let is_around = |sign: char| sign.is_whitespace() || ",;.".contains(sign);
    rest.trim_matches(is_around).to_owned()
}

/// The intervals in a comment, as text.
pub fn intervals_alone(text: &str) -> String {
    let found: Vec<&str> = intervals(text).into_iter().map(|(_, range)| &text[range]).collect();
    found.join(", ")
}

/// The interval that a number and the words around it give, and their place.
fn interval_at(tokens: &[(Token<'_>, Range<usize>)], place: usize) -> Option<(f64, Range<usize>)> {
    let Token::Number(number, after) = tokens[place].0 else { return None };
    let next = tokens.get(place + 1).map(|(piece, _)| piece);
    let has_unit = is_unit_of_clock(next);
    // Fractions, thousands, prefixes and other units are not read.
    let is_part = after.is_some_and(|sign| sign.is_alphanumeric() && !has_unit || sign == '/');
    let goes_on = matches!((next, after), (Some(Token::Number(..)), Some(',' | ' ' | '\'')));
    let is_other = matches!(next, Some(Token::Word(word)) if is_unit_of_a_column(word) && !has_unit);
    if is_part || goes_on || is_other {
        return None;
    }
    let unit = match next {
        Some(Token::Word(word)) if has_unit => format!(" ({word})"),
        _ => String::new(),
    };
    let before = tokens[..place].iter().rev().map_while(|(piece, range)| match piece {
        Token::Word(word) => Some((*word, range.start)),
        Token::Number(..) => None,
    });
    let words: Vec<(&str, usize)> = before.filter(|(word, _)| !BETWEEN.contains(word)).take(2).collect();
    let (last, last_start) = *words.first()?;
    // The word `interval` alone may be about anything.
    let clock = |what: &str| {
        let name = Name::new(&format!("{what}{unit}"));
        let clock = name.clock().filter(|_| what != "interval")?;
        let unit = if clock == Clock::Interval { name.interval_unit().ok()? } else { None };
        Some(clock.interval_ms(number, unit.unwrap_or(TimeUnit::Ms)))
    };
    let of_pair = || {
        let (first, start) = *words.get(1)?;
        Some((clock(&format!("{first} {last}"))?, start))
    };
    let of_last = || {
        let sampled = || clock(if is_hertz(&unit) { "fs" } else { "dt" });
        let is_sampled = SAMPLED.contains(&last) && !unit.is_empty();
        clock(last).or_else(|| is_sampled.then(sampled).flatten()).map(|found| (found, last_start))
    };
    let (found, start) = of_pair().or_else(of_last)?;
    let end = if has_unit { tokens[place + 1].1.end } else { tokens[place].1.end };
    (found.is_finite() && found > 0.0).then_some((found, start..end))
}

pub fn is_hertz(unit: &str) -> bool {
    unit.to_lowercase().contains("hz")
}

fn is_unit_of_clock(piece: Option<&Token<'_>>) -> bool {
    matches!(piece, Some(Token::Word(word)) if time_unit_of(word).is_some() || is_hertz(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_says_intervals() {
        for (text, interval) in [
            ("dt = 0.5 ms", 0.5),
            ("dt=0.5", 0.5),
            ("dt: 500us.", 0.5),
            ("N = 100, dt = 0.5 ms, seed 3", 0.5),
            ("time step: 0.0005 s", 0.5),
            ("sampling rate 2 kHz", 0.5),
            ("fs = 2000 Hz", 0.5),
        ] {
            assert_eq!(interval_in_prose(text), Some(interval), "{text}");
        }
        for text in ["dt", "duration = 5 ms", "5 ms", "tau = 5 ms", "dt = x", "dt = 0 ms", "dt = 5 min"] {
            assert_eq!(interval_in_prose(text), None, "{text}");
        }
    }

    #[test]
    fn what_else_a_comment_says_is_left() {
        for (text, rest) in [
            ("dt = 0.5 ms", ""),
            ("dt=0.5, neuron first", "neuron first"),
            ("cell 3; sampling rate: 2 kHz.", "cell 3"),
            ("sampled at 2 kHz (dt = 0.5 ms), gain 20", "(), gain 20"),
            ("\u{b5}V, dt: 500\u{b5}s, \u{bd}", "\u{b5}V, , \u{bd}"),
            ("gain 20", "gain 20"),
        ] {
            assert_eq!(without_intervals(text), rest, "{text}");
        }
        assert_eq!(intervals_alone("cell 3, fs = 2 kHz, dt: 0.5 ms, left"), "fs = 2 kHz, dt: 0.5 ms");
    }
}
