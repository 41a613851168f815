//! Words for units: of times, currents, rates and other values.

use super::TimeUnit;

const TIME_UNITS: [(TimeUnit, &[&str]); 3] = [
    (TimeUnit::Us, &["us", "usec", "usecs", "microsec", "microsecs", "microsecond", "microseconds"]),
    (TimeUnit::Ms, &["ms", "msec", "msecs", "millisec", "millisecs", "millisecond", "milliseconds"]),
    (TimeUnit::S, &["s", "sec", "secs", "second", "seconds"]),
];

/// Units of times that are not read.
const OTHER_TIME_UNITS: [&str; 13] = [
    "ns",
    "nsec",
    "nanosecond",
    "nanoseconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "h",
    "hr",
    "hour",
    "hours",
    "days",
];

/// Units of currents, each with the beginning of its long name.
const CURRENT_UNITS: [(&str, &str, &str); 6] = [
    ("fa", "femto", "fA"),
    ("pa", "pico", "pA"),
    ("na", "nano", "nA"),
    ("ua", "micro", "uA"),
    ("ma", "milli", "mA"),
    ("a", "", "A"),
];

/// Units of other values, in upper or lower case.
const OTHER_VALUE_UNITS: [&str; 5] = ["mV", "uV", "V", "volt", "dB"];

/// Units of other values that differ from others only in case.
const CAPITAL_UNITS: [&str; 8] = ["A", "Hz", "kHz", "MHz", "mS", "uS", "nS", "pS"];
pub const RATE_UNITS: [(&str, f64); 3] = [("hz", 1.0), ("khz", 1e3), ("mhz", 1e6)];

pub fn is_unit(word: &str) -> bool {
    time_unit_of(word).is_some()
        || OTHER_TIME_UNITS.contains(&word)
        || OTHER_VALUE_UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word))
        || RATE_UNITS.iter().any(|(name, _)| *name == word)
        // A single letter is more often a name.
        || word.len() > 1 && current_unit(word).is_some()
}

/// Whether a text contains a unit: `100 us`, `1e-4 s`, `pA/cm2`.
pub fn has_unit_in_it(text: &str) -> bool {
    let is_ratio = text.contains('/');
    text.split(|sign: char| !sign.is_alphanumeric())
        .map(without_digits)
        .any(|word| is_unit(word) || is_ratio && current_unit(word).is_some())
}

pub fn without_digits(word: &str) -> &str {
    word.trim_start_matches(|sign: char| sign.is_ascii_digit())
}

/// Whether a word in a line of units is a unit.
pub fn is_unit_of_a_column(word: &str) -> bool {
    let word = word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
    is_unit(&word) || current_unit(&word).is_some()
}

/// Whether a name without brackets ends in ampere: `I/A`, `current_A`.
pub fn is_in_ampere(text: &str) -> bool {
    let is_of_current = |text: &str| {
        let text = text.to_lowercase();
        text == "i" || text.contains("curr") || text.contains("stim")
    };
    text.ends_with("/A") || text.strip_suffix("_A").is_some_and(is_of_current)
}

pub fn current_unit(unit: &str) -> Option<&'static str> {
    let long = ["amperes", "ampere", "amps", "amp"].into_iter().find_map(|name| unit.strip_suffix(name));
    let is_it = |(short, prefix, _): &&(&str, &str, &str)| unit == *short || long == Some(prefix);
    CURRENT_UNITS.iter().find(is_it).map(|(_, _, unit)| *unit)
}

/// The unit of values in a word that only counts next to a word for values: no unit of currents, or `A`.
pub fn other_value_unit(word: &str) -> Option<&'static str> {
    let word = word.replace(['\u{b5}', '\u{3bc}'], "u");
    let capital = CAPITAL_UNITS.iter().find(|unit| **unit == word);
    let other = || OTHER_VALUE_UNITS.iter().find(|unit| unit.eq_ignore_ascii_case(&word));
    capital.or_else(other).copied()
}

/// The unit of times in a word.
pub fn time_unit_of(word: &str) -> Option<TimeUnit> {
    let word = word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
    TIME_UNITS.iter().find(|(_, names)| names.contains(&word.as_str())).map(|(unit, _)| *unit)
}

/// Whether a word can only be a unit of times: a single letter may be a name.
pub fn is_plain_time_unit(word: &str) -> bool {
    word.chars().count() > 1 && time_unit_of(word).is_some()
}
