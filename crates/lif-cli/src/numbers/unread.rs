//! The parts of comments that were not understood: the rest, when everything that agrees with the numbers is
//! taken out.

use super::TimeUnit;
use super::name::is_word_of_values;
use super::sampling::intervals;
use super::signs::odd_signs;
use super::tokens::{Token, tokens, tokens_with_places};
use super::units::{current_unit, is_plain_time_unit, time_unit_of};
use std::ops::Range;

/// Words without a meaning of their own.
const HARMLESS: [&str; 17] = [
    "the", "a", "an", "of", "in", "is", "are", "was", "were", "and", "all", "each", "every", "with", "as",
    "unit", "units",
];

/// Words that a factor may follow.
const OF_UNITS: [&str; 3] = ["in", "unit", "units"];

/// Words for times, apart from units.
const TIMES: [&str; 5] = ["t", "time", "times", "timestamp", "timestamps"];

/// A comment that was not fully understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Unread {
    pub comment: String,
    /// Its words and signs that were not understood.
    pub left: String,
}

/// How the numbers of a file are interpreted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interpretation<'a> {
    /// The unit of the times, if there are any.
    pub unit: Option<TimeUnit>,
    /// The interval of samples or steps, ms, if there are no times.
    pub interval: Option<f64>,
    /// Words for the numbers.
    pub things: &'a [&'a str],
}

impl Interpretation<'_> {
    /// The words and signs of a comment that contradict or add to this; `None` if there are none.
    pub fn unread_part(&self, comment: &str) -> Option<String> {
        let odd = odd_signs(comment);
        let mut left = self.unread_places(comment, &odd);
        left.extend(odd);
        left.sort_by_key(|range| range.start);
        let left: Vec<&str> = left.into_iter().map(|range| &comment[range]).collect();
        (!left.is_empty()).then(|| left.join(" "))
    }

    /// The places of the words that contradict or add to this. Intervals that contain an odd sign are not
    /// understood.
    fn unread_places(&self, comment: &str, odd: &[Range<usize>]) -> Vec<Range<usize>> {
        let agrees = |said: f64| self.interval.is_some_and(|interval| (said / interval - 1.0).abs() <= 1e-6);
        let is_plain = |range: &Range<usize>| !odd.iter().any(|sign| range.contains(&sign.start));
        let understood: Vec<_> = intervals(comment)
            .into_iter()
            .filter(|(said, range)| agrees(*said) && is_plain(range))
            .map(|(_, range)| range)
            .collect();
        let is_in_interval = |range: &Range<usize>| {
            understood.iter().any(|said| said.start <= range.start && range.end <= said.end)
        };
        let mut tokens = tokens_with_places(comment);
        tokens.retain(|(_, range)| !is_in_interval(range));
        let is_number = |place: usize| matches!(tokens[place].0, Token::Number(..));
        let has_number = (0..tokens.len()).any(is_number);
        let is_left = |place: &usize| match tokens[*place].0 {
            // As `in 0.1 ms`, `units of 10 us`.
            Token::Word(word) if has_number && OF_UNITS.contains(&word.to_lowercase().as_str()) => true,
            Token::Word(word) => !self.is_understood(word, *place > 0 && is_number(place - 1)),
            Token::Number(..) => true,
        };
        (0..tokens.len()).filter(is_left).map(|place| tokens[place].1.clone()).collect()
    }

    fn is_understood(&self, word: &str, is_length: bool) -> bool {
        let lower = word.to_lowercase();
        let is_unit = || match time_unit_of(word) {
            Some(unit) => Some(unit) == self.unit,
            None => current_unit(&lower) == Some("nA"),
        };
        // `A` is more than an article.
        HARMLESS.contains(&lower.as_str()) && word != "A"
            || self.things.contains(&lower.as_str())
            || self.unit.is_some() && TIMES.contains(&lower.as_str())
            || !is_length && is_unit()
    }
}

/// Whether a comment names times in any unit, and things with these words, and nothing else.
pub fn says_nothing_else(comment: &str, things: &[&str]) -> bool {
    let units = [TimeUnit::Us, TimeUnit::Ms, TimeUnit::S];
    let meaning = |unit| Interpretation { unit: Some(unit), interval: None, things };
    units.into_iter().any(|unit| meaning(unit).unread_places(comment, &[]).is_empty())
}

/// Whether a comment mentions values before times.
pub fn is_other_order(comment: &str) -> bool {
    let tokens = tokens(comment);
    let is_number = |place: usize| matches!(tokens[place], Token::Number(..));
    // A unit after a number is an amount, not the unit of a column.
    let is_amount = |place: usize| place > 0 && is_number(place - 1);
    let is_of_times = |place: usize, word: &str| {
        TIMES.contains(&word.to_lowercase().as_str()) || is_plain_time_unit(word) && !is_amount(place)
    };
    // `a` is an article, and `rate` the rate of samples.
    let is_of_values = |place: usize, word: &str| {
        !["a", "rate"].contains(&word)
            && (is_word_of_values(word) || current_unit(&word.to_lowercase()).is_some() && !is_amount(place))
    };
    let first = |is_it: &dyn Fn(usize, &str) -> bool| {
        (0..tokens.len()).find(|place| matches!(tokens[*place], Token::Word(word) if is_it(*place, word)))
    };
    first(&is_of_values).zip(first(&is_of_times)).is_some_and(|(values, times)| values < times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agrees_is_understood_and_nothing_else() {
        let times = Interpretation { unit: Some(TimeUnit::Ms), interval: None, things: &["spike", "spikes"] };
        let steps = Interpretation { unit: None, interval: Some(0.1), things: &["current", "values"] };
        for (meaning, comment, left) in [
            (times, "spike times in ms", None),
            (times, "Units: ms", None),
            (times, "times in s", Some("s")),
            (times, "interspike intervals in ms", Some("interspike intervals")),
            (times, "spike times in ms before stimulus end", Some("before stimulus end")),
            (times, "trial of 1000 ms", Some("trial 1000 ms")),
            (times, "spike times in 0.1 ms", Some("in 0.1 ms")),
            (times, "dt = 0.1 ms", Some("dt 0.1 ms")),
            (steps, "dt = 0.1 ms", None),
            (steps, "dt = 0.5 ms", Some("dt 0.5 ms")),
            (steps, "sampling rate: 10 kHz, values in nA", None),
            (steps, "sampling rate: 10 kHz, values in A", Some("A")),
            (steps, "The sampling rate is 10 kHz (dt = 0.1 ms), gain 20", Some("gain 20")),
            (steps, "dt=0.1ms, first step is 1", Some("first step 1")),
            (steps, "times in ms", Some("times ms")),
            (steps, "dt > 0.1 ms", Some("dt > 0.1 ms")),
            (steps, "-values in nA", Some("-")),
            (steps, "(2, 2)", Some("2 2")),
        ] {
            assert_eq!(meaning.unread_part(comment).as_deref(), left, "{comment}");
        }
    }

    #[test]
    fn the_order_of_columns_is_that_of_their_words() {
        for comment in ["current and time", "I_nA / t_ms", "values in nA, then ms", "nA ms"] {
            assert!(is_other_order(comment), "{comment}");
        }
        for comment in [
            "time, current",
            "ms nA",
            "current clamp",
            "stimulus with tau = 5 ms, dt = 0.1 ms",
            "a sample every ms, current",
            "0.5 nA, time in ms",
        ] {
            assert!(!is_other_order(comment), "{comment}");
        }
    }
}
