//! Numbers as people write them: `1e5`, `100_000`, `300pA`, `0.1 ms`, `-65mV`, `20MΩ`. All options, settings
//! files and parameters of presets are read here.

use super::unit::{MS, MV, PREFIXES, SIGNS, Unit};
use serde::{Deserialize, Deserializer};
use std::fmt;

pub const UNFIT: &str = "must be finite, and below 3.4e38 in magnitude";

/// Whether a number is finite in single precision, as used for computation.
pub fn fits(value: f64) -> bool {
    (value as f32).is_finite()
}

/// A number as written, maybe with a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Without underscores.
    digits: String,
    pub unit: Option<Unit>,
}

impl Written {
    /// Reads a number, maybe with a unit.
    pub fn read(text: &str) -> Result<Self, String> {
        // A typographic minus.
        let written = text.trim().replace('\u{2212}', "-");
        let (digits, unit) = parts(&written);
        let digits = without_marks(digits).ok_or_else(|| not_a_number(text))?;
        match digits.parse::<f64>() {
            Ok(value) if fits(value) => {}
            Ok(_) => return Err(UNFIT.to_owned()),
            // `nan` and `inf` parse as numbers.
            Err(_) if written.parse::<f64>().is_ok() => return Err(UNFIT.to_owned()),
            Err(_) => return Err(not_a_number(text)),
        }
        let unit = unit.trim();
        match (unit.is_empty(), Unit::read(unit)) {
            (true, _) => Ok(Self { digits, unit: None }),
            (false, Some(unit)) => Ok(Self { digits, unit: Some(unit) }),
            (false, None) if unit.starts_with([':', ',', '.', '_', '+', '-']) => Err(not_a_number(text)),
            (false, None) => Err(no_unit(text, unit)),
        }
    }

    /// Its value in this unit; without a unit of its own it is in this one.
    pub fn value_in(&self, target: Unit) -> Result<f64, String> {
        match self.unit {
            Some(unit) if unit.dimension != target.dimension => Err(format!(
                "'{}{unit}' is {}, not {}; write the number alone, which is in {target}, or {}",
                self.digits,
                unit.dimension.words(),
                target.dimension.words(),
                target.examples()
            )),
            unit => self.times_ten_to(unit.map_or(0, |unit| unit.exponent - target.exponent)),
        }
    }

    /// Its value without a unit; a unit is refused.
    pub fn value(&self) -> Result<f64, String> {
        match self.unit {
            None => self.times_ten_to(0),
            Some(unit) => Err(format!(
                "'{}{unit}' is {}, but this is a number without a unit",
                self.digits,
                unit.dimension.words()
            )),
        }
    }

    /// By its digits, as a product would be rounded twice.
    fn times_ten_to(&self, exponent: i32) -> Result<f64, String> {
        let value = shifted(&self.digits, exponent);
        if fits(value) { Ok(value) } else { Err(UNFIT.to_owned()) }
    }
}

/// A value converted to another unit of the same dimension.
pub fn converted(value: f64, from: Unit, to: Unit) -> f64 {
    shifted(&value.to_string(), from.exponent - to.exponent)
}

/// A number times a power of ten, rounded once.
fn shifted(digits: &str, by: i32) -> f64 {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}", exponent.saturating_add(by)).parse().unwrap_or(f64::NAN)
}

/// Splits a text into the number at its beginning and the rest.
pub fn parts(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let after_sign = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let after_digits = |at: usize| {
        let digits = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit() || **byte == b'_');
        at + digits.count()
    };
    let mut end = after_digits(after_sign(0));
    if bytes.get(end) == Some(&b'.') {
        end = after_digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = after_sign(end + 1);
        if after_digits(exponent) > exponent {
            end = after_digits(exponent);
        }
    }
    text.split_at(end)
}

/// A number without underscores; `None` if one is not between digits.
fn without_marks(digits: &str) -> Option<String> {
    let signs: Vec<char> = digits.chars().collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| signs.get(at)).is_some_and(char::is_ascii_digit);
    let fits = |at: usize| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    (0..signs.len()).all(|at| signs[at] != '_' || fits(at)).then(|| digits.replace('_', ""))
}

fn not_a_number(text: &str) -> String {
    let text = text.trim();
    let reason = if text.contains(':') {
        "; this takes one number, not a range"
    } else if text.contains(',') {
        "; write a decimal point, and 100_000 without commas"
    } else {
        ""
    };
    format!("'{text}' is not a number{reason}")
}

fn no_unit(text: &str, unit: &str) -> String {
    // The case of a prefix matters: mV and MV differ.
    let known =
        PREFIXES.iter().flat_map(|(prefix, _)| SIGNS.iter().map(move |(sign, _)| format!("{prefix}{sign}")));
    let alike = known.filter(|known| known.to_lowercase() == unit.to_lowercase()).collect::<Vec<_>>();
    let text = text.trim();
    if alike.is_empty() {
        format!(
            "'{text}' is not a number: '{unit}' is no unit that is known here; those are s, V, A, Ohm, F and Hz with a \
             prefix, as in ms or nA"
        )
    } else {
        format!("'{text}' is not a number: '{unit}' is no unit; write {}", alike.join(" or "))
    }
}

/// A number for people.
pub fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-5..1e15).contains(&magnitude) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A number without a unit.
pub fn number(text: &str) -> Result<f64, String> {
    Written::read(text)?.value()
}

/// A time, in ms.
pub fn ms(text: &str) -> Result<f64, String> {
    Written::read(text)?.value_in(MS)
}

/// A potential, in mV.
pub fn mv(text: &str) -> Result<f64, String> {
    Written::read(text)?.value_in(MV)
}

/// A whole number, also as `1e5` or `100_000`.
pub fn count<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let written = Written::read(text)?;
    if let Some(unit) = written.unit {
        return Err(format!(
            "'{}{unit}' is {}, but this is a count, a number without a unit",
            written.digits,
            unit.dimension.words()
        ));
    }
    let text = text.trim();
    let whole = whole(&written.digits).map_err(|reason| format!("{text} {reason}"))?;
    T::try_from(whole).map_err(|_| format!("{text} {TOO_LARGE}"))
}

/// The same within bounds, both included.
pub fn count_between<T>(text: &str, least: T, most: T) -> Result<T, String>
where
    T: TryFrom<u64> + PartialOrd + fmt::Display,
{
    let count = count::<T>(text)?;
    if count < least || count > most {
        return Err(format!("{} is not from {least} to {most}", text.trim()));
    }
    Ok(count)
}

const TOO_LARGE: &str = "is more than can be counted here";

/// The exact whole number with these digits.
fn whole(digits: &str) -> Result<u64, &'static str> {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent: i64 = exponent.parse().map_err(|_| TOO_LARGE)?;
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (is_negative, before) = match before.strip_prefix('-') {
        Some(before) => (true, before),
        None => (false, before.strip_prefix('+').unwrap_or(before)),
    };
    let all = format!("{before}{after}");
    let digits = all.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    if is_negative {
        return Err("is below 0");
    }
    let zeros = exponent - after.len() as i64;
    if zeros > 20 {
        return Err(TOO_LARGE);
    }
    let whole = if zeros >= 0 {
        format!("{digits}{}", "0".repeat(zeros as usize))
    } else {
        let length = usize::try_from(digits.len() as i64 + zeros).unwrap_or(0);
        let (whole, rest) = digits.split_at(length);
        if rest.bytes().any(|digit| digit != b'0') || length == 0 {
            return Err("is no whole number");
        }
        whole.to_owned()
    };
    whole.parse().map_err(|_| TOO_LARGE)
}

/// The text of a number or a string in a layer of settings.
pub fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    })
}

#[cfg(test)]
mod tests {
    use super::super::unit::{HZ, MOHM, NA};
    use super::*;

    #[test]
    fn units_of_all_kinds_are_read_and_rounded_once() {
        let value = |text: &str, unit| Written::read(text).and_then(|written| written.value_in(unit));
        for (text, unit, expected) in [
            ("0.3", NA, 0.3),
            ("300pA", NA, 0.3),
            ("300 pA", NA, 0.3),
            (" 3e-10A ", NA, 0.3),
            ("1_0.5nA", NA, 10.5),
            ("-65mV", MV, -65.0),
            ("\u{2212}65mV", MV, -65.0),
            ("-0.065V", MV, -65.0),
            ("20MOhm", MOHM, 20.0),
            ("20M\u{3a9}", MOHM, 20.0),
            ("20M\u{2126}", MOHM, 20.0),
            ("0.02Gohm", MOHM, 20.0),
            ("5s", MS, 5000.0),
            ("100\u{b5}s", MS, 0.1),
            ("100us", MS, 0.1),
            ("1e2us", MS, 0.1),
            ("50 1/s", HZ, 50.0),
            ("0.05/ms", HZ, 50.0),
            ("0.05kHz", HZ, 50.0),
            (".5ms", MS, 0.5),
            ("+5.ms", MS, 5.0),
        ] {
            assert_eq!(value(text, unit), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_this_kind_is_told_with_its_reason() {
        let time = |text: &str| ms(text).unwrap_err();
        assert_eq!(
            time("300pA"),
            "'300pA' is a current, not a time; write the number alone, which is in ms, or as 5ms, 5us or 5s"
        );
        assert_eq!(time("many"), "'many' is not a number");
        assert!(time("5 apples").contains("'apples' is no unit that is known here"));
        assert!(time("5MS").ends_with("write ms or Ms"), "{}", time("5MS"));
        assert!(time("1:2").ends_with("one number, not a range"));
        assert!(time("0,5").ends_with("write a decimal point, and 100_000 without commas"));
        for text in ["nan", "inf", "-inf", "1e60", "1e39 ms", "1e36s"] {
            assert_eq!(time(text), UNFIT, "{text}");
        }
        for text in ["", " ", "-", "e5", "_1", "1_", "1__0", "1._5", "--5", "1.2.3", "0x10"] {
            assert!(time(text).contains("is not a number"), "{text}: {}", time(text));
        }
        assert_eq!(number("5ms").unwrap_err(), "'5ms' is a time, but this is a number without a unit");
    }

    #[test]
    fn counts_are_whole_and_exact() {
        for (text, expected) in [
            ("0", 0),
            ("100_000", 100_000),
            ("1e5", 100_000),
            ("+1.5E3", 1500),
            ("1000.0", 1000),
            ("100e-2", 1),
            ("0e99", 0),
            ("18446744073709551615", u64::MAX),
            ("9007199254740993", 9_007_199_254_740_993),
        ] {
            assert_eq!(count(text), Ok(expected), "{text}");
        }
        for (text, part) in [
            ("1.5", "is no whole number"),
            ("1e-1", "is no whole number"),
            ("15e-1", "is no whole number"),
            ("-3", "is below 0"),
            ("1e20", "is more than"),
            ("18446744073709551616", "is more than"),
            ("1e30", "is more than"),
            ("5s", "is a time, but this is a count"),
            ("nan", "must be finite"),
            ("", "is not a number"),
        ] {
            let refused = count::<u64>(text).unwrap_err();
            assert!(refused.contains(part), "{text}: {refused}");
        }
        assert_eq!(count::<u32>("4294967296"), Err(format!("4294967296 {TOO_LARGE}")));
        assert_eq!(count_between("8", 8_u32, 9), Ok(8));
        assert_eq!(count_between("7", 8_u32, 9), Err("7 is not from 8 to 9".to_owned()));
    }

    #[test]
    fn numbers_are_shown_so_that_they_can_be_read_again() {
        for (value, text) in [(0.0, "0"), (-65.0, "-65"), (1e30, "1e30"), (1e-9, "1e-9"), (0.001, "0.001")] {
            assert_eq!(shown(value), text);
            assert_eq!(number(text), Ok(value));
        }
    }

    #[test]
    fn units_read_as_they_are_shown() {
        for text in ["s", "ms", "us", "mV", "nA", "pA", "MOhm", "nF", "pF", "Hz", "steps"] {
            assert_eq!(Unit::read(text).unwrap().to_string(), text);
        }
        assert_eq!(Unit::read("1/s"), Unit::read("Hz"));
        assert_eq!(converted(0.3, NA, Unit::read("pA").unwrap()), 300.0);
        for text in ["", "m", "x", "1/V", "mm", "MSteps"] {
            assert_eq!(Unit::read(text), None, "{text}");
        }
    }
}
