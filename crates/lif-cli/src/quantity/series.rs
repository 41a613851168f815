//! The numbers of a sweep: `3`, `3,4,5`, or `3:8:11`, from 3 to 8 in 11 values.

use super::spread::Spread;
use super::{Written, count, number_or_text, shown};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The values of a range without a number of them.
const DEFAULT_COUNT: usize = 11;

/// More than these are no picture and no table.
const MOST_VALUES: usize = 100_000;

/// One or more numbers, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Series(String);

impl Series {
    /// The values, each converted by `value`.
    pub fn values(&self, value: &dyn Fn(&Written) -> Result<f64, String>) -> Result<Vec<f64>, String> {
        let mut values = Vec::new();
        for part in self.0.split(',') {
            let (range, count) = match part.split(':').collect::<Vec<_>>()[..] {
                [_] | [_, _] => (part, DEFAULT_COUNT),
                [_, _, last] => {
                    let wrong = |reason: String| {
                        format!("{reason}; LO:HI:N is N values from LO to HI, whose unit is written after HI")
                    };
                    (&part[..part.len() - last.len() - 1], count(last).map_err(wrong)?)
                }
                _ => return Err(format!("'{part}' is no range; write LO:HI:N, for N values from LO to HI")),
            };
            let spread = Spread::read(range, value)?;
            let count = if matches!(spread, Spread::Number(_)) { 1 } else { count };
            if count == 0 || values.len().saturating_add(count) > MOST_VALUES {
                return Err(format!("'{}' has no value, or more than {MOST_VALUES}", self.0));
            }
            values.extend(spread.doubles(count).iter().map(|value| rounded(*value)));
        }
        Ok(values)
    }

    /// The values without a unit.
    pub fn numbers(&self) -> Result<Vec<f64>, String> {
        self.values(&Written::value)
    }
}

/// Without the rounding errors of an even spacing.
fn rounded(value: f64) -> f64 {
    format!("{value:.13e}").parse().unwrap_or(value)
}

impl From<f64> for Series {
    fn from(value: f64) -> Self {
        Self(shown(value))
    }
}

impl FromStr for Series {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let series = Self(text.to_owned());
        // Units are known where it is used.
        series
            .values(&|written| written.unit.map_or_else(|| written.value(), |unit| written.value_in(unit)))?;
        Ok(series)
    }
}

/// Without a unit.
pub fn plain(text: &str) -> Result<Series, String> {
    let series = Series(text.to_owned());
    series.numbers().map(|_| series)
}

impl fmt::Display for Series {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<f64>() {
            Ok(number) => serializer.serialize_f64(number),
            Err(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain(&number_or_text(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::NA;

    #[test]
    fn lists_and_ranges_are_numbers() {
        let numbers = |text: &str| plain(text).unwrap().numbers().unwrap();
        assert_eq!(numbers("3"), [3.0]);
        assert_eq!(numbers("3, 4.5,-1"), [3.0, 4.5, -1.0]);
        assert_eq!(numbers("3:4:3"), [3.0, 3.5, 4.0]);
        assert_eq!(numbers("0.3:0.9:4"), [0.3, 0.5, 0.7, 0.9]);
        assert_eq!(numbers("0:1:2,7"), [0.0, 1.0, 7.0]);
        assert_eq!(numbers("0:1").len(), DEFAULT_COUNT);
        let currents = |text: &str| text.parse::<Series>()?.values(&|written| written.value_in(NA));
        assert_eq!(currents("300:500pA:3"), Ok(vec![0.3, 0.4, 0.5]));
        assert_eq!(currents("300pA,0.5"), Ok(vec![0.3, 0.5]));
        assert!(currents("1mV").unwrap_err().contains("is a potential, not a current"));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("", "not a number"),
            ("1,", "not a number"),
            ("1:2:3:4", "'1:2:3:4' is no range; write LO:HI:N"),
            ("1:2:3pA", "LO:HI:N is N values from LO to HI, whose unit is written after HI"),
            ("1:2:0", "no value"),
            ("1:2:1e9", "more than 100000"),
            ("1nA", "this is a number without a unit"),
        ] {
            let message = plain(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
