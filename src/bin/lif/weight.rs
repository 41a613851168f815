//! What a spike does: `0.5` or `0.5mV` moves the membrane potential, `0.3nA` is a current.

use crate::spread::Spread;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// What the weight of a spike is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    Millivolt,
    Nanoampere,
}

/// A weight with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub value: Spread,
    pub unit: Unit,
}

impl FromStr for Weight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = match text.strip_suffix("nA") {
            Some(number) => (number, Unit::Nanoampere),
            None => (text.strip_suffix("mV").unwrap_or(text), Unit::Millivolt),
        };
        Ok(Self { value: number.parse()?, unit })
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.unit == Unit::Nanoampere { "nA" } else { "" };
        write!(formatter, "{}{unit}", self.value)
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A settings file may give a plain number.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(number) => number.to_string().parse().map_err(de::Error::custom),
            Either::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (text, shown) in [("0.5", "0.5"), ("0.5mV", "0.5"), ("-0.2nA", "-0.2nA"), ("1:3nA", "1:3nA")] {
            assert_eq!(text.parse::<Weight>().unwrap().to_string(), shown);
        }
        assert!("3 apples".parse::<Weight>().unwrap_err().contains("not a number"));
    }
}
