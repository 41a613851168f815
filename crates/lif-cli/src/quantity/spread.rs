//! A number or a range: `20` or `0.4:0.8`.

use super::{MOHM, MS, MV, Unit, Written, number_or_text, shown};
use lif::Parameter;
use ndarray::{Array1, arr0};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The values of a parameter: the same for all neurons, or evenly spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// `20`
    Number(f64),
    /// `LO:HI`
    Range(f64, f64),
}

impl Spread {
    /// The value of one of `n` neurons: evenly spaced, with both ends. A single neuron has the lower end.
    pub fn at(self, neuron: usize, n: usize) -> f64 {
        match self {
            Self::Number(value) => value,
            Self::Range(_, high) if neuron > 0 && neuron + 1 == n => high,
            Self::Range(low, high) => low + (high - low) * neuron as f64 / (n.max(2) - 1) as f64,
        }
    }

    /// All values.
    pub fn values(self, n: usize) -> Array1<f32> {
        Array1::from_shape_fn(n, |neuron| self.at(neuron, n) as f32)
    }

    /// All values, in double precision.
    pub fn doubles(self, n: usize) -> Array1<f64> {
        Array1::from_shape_fn(n, |neuron| self.at(neuron, n))
    }

    /// As a potential of `n` neurons. In double precision, as a reference is subtracted before it is rounded.
    pub fn potential(self, n: usize) -> Parameter {
        match self {
            Self::Number(value) => Parameter::in_double(&arr0(value)),
            Self::Range(..) => Parameter::in_double(&self.doubles(n)),
        }
    }

    /// As a parameter of `n` neurons.
    pub fn parameter(self, n: usize) -> Parameter {
        match self {
            Self::Number(value) => value.into(),
            Self::Range(..) => self.values(n).into(),
        }
    }
}

/// Converts a number with or without a unit.
type Read<'a> = &'a dyn Fn(&Written) -> Result<f64, String>;

impl Spread {
    /// Reads a number or LO:HI.
    pub fn read(text: &str, value: Read<'_>) -> Result<Self, String> {
        let Some((low, high)) = text.split_once(':') else {
            return Ok(Self::Number(value(&Written::read(text)?)?));
        };
        if high.contains(':') {
            return Err(format!("'{high}' is not a number; a range is LO:HI"));
        }
        let (mut low, high) = (Written::read(low)?, Written::read(high)?);
        match (low.unit, high.unit) {
            // As people write ranges: 300:500pA.
            (None, unit) => low.unit = unit,
            (Some(unit), None) => {
                return Err(format!(
                    "'{text}' has a unit at its lower end alone; write LO:HI{unit}, with the unit after both"
                ));
            }
            (Some(_), Some(_)) => {}
        }
        Ok(Self::Range(value(&low)?, value(&high)?))
    }

    /// Both ends; the same for a number.
    pub fn ends(self) -> [f64; 2] {
        match self {
            Self::Number(value) => [value, value],
            Self::Range(low, high) => [low, high],
        }
    }

    /// The larger of both ends.
    pub fn largest(self) -> f64 {
        let [first, last] = self.ends();
        first.max(last)
    }

    /// With converted values.
    pub fn map(self, convert: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Number(value) => Self::Number(convert(value)),
            Self::Range(low, high) => Self::Range(convert(low), convert(high)),
        }
    }
}

/// In this unit, also without one.
pub fn in_unit(text: &str, unit: Unit) -> Result<Spread, String> {
    Spread::read(text, &|written| written.value_in(unit))
}

/// Times, in ms.
pub fn ms(text: &str) -> Result<Spread, String> {
    in_unit(text, MS)
}

/// Potentials, in mV.
pub fn mv(text: &str) -> Result<Spread, String> {
    in_unit(text, MV)
}

/// Resistances, in MOhm.
pub fn mohm(text: &str) -> Result<Spread, String> {
    in_unit(text, MOHM)
}

/// Without a unit.
pub fn plain(text: &str) -> Result<Spread, String> {
    Spread::read(text, &Written::value)
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => formatter.write_str(&shown(*value)),
            Self::Range(low, high) => write!(formatter, "{}:{}", shown(*low), shown(*high)),
        }
    }
}

impl Serialize for Spread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Range(..) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain(&number_or_text(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_both_ends() {
        let spread = plain("-0.1:0.3").unwrap();
        assert_eq!(spread.values(3).to_vec(), [-0.1, 0.1, 0.3]);
        assert_eq!(spread.values(1).to_vec(), [-0.1]);
        assert_eq!(spread.values(2).to_vec(), [-0.1, 0.3]);
    }

    #[test]
    fn text_and_back() {
        for text in ["20", "-62", "0.4:0.8"] {
            assert_eq!(plain(text).unwrap().to_string(), text);
        }
        for text in ["", "x", "1:", "1:2:3", "nan", "inf", "1:inf"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_unit_at_the_end_is_that_of_both_ends() {
        assert_eq!(mv("-65:-50mV"), Ok(Spread::Range(-65.0, -50.0)));
        assert_eq!(mv("-65mV:-0.05V"), Ok(Spread::Range(-65.0, -50.0)));
        assert_eq!(ms("100:200us"), Ok(Spread::Range(0.1, 0.2)));
        assert!(mv("-65mV:-50").unwrap_err().ends_with("write LO:HImV, with the unit after both"));
        assert!(ms("1:2nA").unwrap_err().starts_with("'1nA' is a current, not a time"));
        assert!(plain("1:2mV").unwrap_err().contains("a number without a unit"));
    }
}
