//! A number, or two that bound a range: `20` or `0.4:0.8`.

use lif::Parameter;
use ndarray::{Array1, arr0};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The value of a quantity: the same for all neurons, or different from neuron to neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// `20`
    Number(f64),
    /// `LO:HI`
    Range(f64, f64),
}

impl Spread {
    /// The value of one of `n` neurons: evenly spaced, both ends included; a single neuron has the
    /// lower end.
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

    /// As a potential of `n` neurons, from which a reference is subtracted before it is rounded.
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

impl FromStr for Spread {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => Ok(Self::Number(number(text)?)),
            Some((low, high)) => Ok(Self::Range(number(low)?, number(high)?)),
        }
    }
}

const UNFIT: &str = "must be finite, and below 3.4e38 in magnitude";

/// Whether a number is finite in single precision, in which all is computed.
fn fits(value: f64) -> bool {
    (value as f32).is_finite()
}

/// A finite number.
pub fn number(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if fits(value) => Ok(value),
        Ok(_) => Err(UNFIT.to_owned()),
        Err(_) => Err(format!("'{text}' is not a number; write a number, or LO:HI where a range is allowed")),
    }
}

/// Reads an optional number of a settings file, and refuses what [`number`] refuses. Written down as
/// JSON, which layers are, a number that is not finite would be no number at all.
pub fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(deserializer)? {
        Some(value) if !fits(value) => Err(de::Error::custom(UNFIT)),
        value => Ok(value),
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(formatter, "{value}"),
            Self::Range(low, high) => write!(formatter, "{low}:{high}"),
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
        deserializer.deserialize_any(SpreadVisitor)
    }
}

struct SpreadVisitor;

impl de::Visitor<'_> for SpreadVisitor {
    type Value = Spread;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or \"LO:HI\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Spread, E> {
        if fits(value) { Ok(Spread::Number(value)) } else { Err(E::custom(UNFIT)) }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Spread, E> {
        Ok(Spread::Number(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Spread, E> {
        Ok(Spread::Number(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Spread, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_both_ends() {
        let spread: Spread = "-0.1:0.3".parse().unwrap();
        assert_eq!(spread.values(3).to_vec(), [-0.1, 0.1, 0.3]);
        assert_eq!(spread.values(1).to_vec(), [-0.1]);
        assert_eq!(spread.values(2).to_vec(), [-0.1, 0.3]);
    }

    #[test]
    fn text_and_back() {
        for text in ["20", "-62", "0.4:0.8"] {
            assert_eq!(text.parse::<Spread>().unwrap().to_string(), text);
        }
        for text in ["", "x", "1:", "1:2:3", "nan", "inf", "1:inf"] {
            assert!(text.parse::<Spread>().is_err(), "{text}");
        }
    }
}
