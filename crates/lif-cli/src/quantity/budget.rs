//! A number of bytes as people write it: `512MiB`, `2GB`, `1.5 GiB`, or a plain number.

use crate::quantity;
use bytesize::ByteSize;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// The most memory that a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(u64);

impl Budget {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match bytes(text) {
            Some(bytes) if bytes > 0 => Ok(Self(bytes)),
            _ => Err(format!("'{text}' is no amount of memory; write it as 512MiB, 2GB or 1.5GiB")),
        }
    }
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = quantity::parts(text.trim());
    let unit = match unit.trim() {
        "" => 1,
        unit => format!("1{unit}").parse::<ByteSize>().ok()?.as_u64(),
    };
    match quantity::count::<u64>(number) {
        Ok(number) => Some(number.saturating_mul(unit)),
        // The cast turns negative numbers into 0.
        Err(_) => Some((quantity::number(number).ok()? * unit as f64) as u64),
    }
}

impl Serialize for Budget {
    /// In bytes, without rounding.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_both_kinds_are_read() {
        let bytes = |text: &str| text.parse().map(Budget::bytes);
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("1.5 GiB"), Ok(3 << 29));
        assert_eq!(bytes("1000"), Ok(1000));
        assert_eq!(bytes("1e9"), Ok(1_000_000_000));
        assert_eq!(bytes("1_000 MB"), Ok(1_000_000_000));
        assert_eq!(bytes("9007199254740993B"), Ok(9_007_199_254_740_993));
        for wrong in ["", "0", "-1GiB", "much", "5 apples"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
