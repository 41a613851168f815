//! A bound that can be absent: `none`, or what a [`Spread`] can be.

use super::number_or_text;
use super::spread::{self, Spread};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// What can read a bound that there is.
type Read = fn(&str) -> Result<Spread, String>;

fn read(text: &str, bound: Read) -> Result<Bound, String> {
    if text.trim() == NONE { Ok(Bound::None) } else { bound(text).map(Bound::At) }
}

/// Of a time, in ms.
pub fn ms(text: &str) -> Result<Bound, String> {
    read(text, spread::ms)
}

/// Of a potential, in mV.
pub fn mv(text: &str) -> Result<Bound, String> {
    read(text, spread::mv)
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
        read(&number_or_text(deserializer)?, spread::plain).map_err(de::Error::custom)
    }
}
