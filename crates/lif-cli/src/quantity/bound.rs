//! A bound that may be absent: `none`, or a [`Spread`].

use super::number_or_text;
use super::spread::{self, Spread};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const NONE: &str = "none";

/// A bound. `None` can be given explicitly, to remove the bound of a weaker layer of settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    None,
    At(Spread),
}

impl Bound {
    /// Its value.
    pub fn spread(self) -> Option<Spread> {
        match self {
            Self::None => None,
            Self::At(spread) => Some(spread),
        }
    }
}

/// Reads a bound that is not `none`.
type Read = fn(&str) -> Result<Spread, String>;

fn read(text: &str, bound: Read) -> Result<Bound, String> {
    if text.trim() == NONE { Ok(Bound::None) } else { bound(text).map(Bound::At) }
}

/// A bound of a time, in ms.
pub fn ms(text: &str) -> Result<Bound, String> {
    read(text, spread::ms)
}

/// A bound of a potential, in mV.
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
