//! A bound that can be absent: `none`, or what a [`Spread`] can be.

use crate::spread::Spread;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

const NONE: &str = "none";

/// A bound of a quantity. That there is none can be said, as it may take one away that a weaker
/// layer of settings has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    None,
    At(Spread),
}

impl Bound {
    /// Where it is.
    pub fn spread(self) -> Option<Spread> {
        match self {
            Self::None => None,
            Self::At(spread) => Some(spread),
        }
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NONE { Ok(Self::None) } else { text.parse().map(Self::At) }
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str(NONE),
            Self::At(spread) => spread.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor)
    }
}

struct BoundVisitor;

/// Reads a number as a [`Spread`] does.
fn number<E: de::Error>(value: f64) -> Result<Bound, E> {
    Spread::deserialize(de::value::F64Deserializer::new(value)).map(Bound::At)
}

impl de::Visitor<'_> for BoundVisitor {
    type Value = Bound;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, \"LO:HI\" or \"none\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Bound, E> {
        number(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Bound, E> {
        number(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Bound, E> {
        number(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bound, E> {
        text.parse().map_err(E::custom)
    }
}
