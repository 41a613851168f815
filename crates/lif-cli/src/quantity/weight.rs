//! The effect of a spike: `0.5` or `0.5mV` moves the membrane potential, `0.3nA` is a current. Without units
//! these are `0.5jump` and `0.3current`.

use super::Dimension;
use super::amount::Amount;
use super::preset_units::AxisUnits;
use super::preset_units::Units;
use super::spread::Spread;
use crate::failure::Failure;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Potential or current, in the units of the preset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    Millivolt,
    Nanoampere,
}

/// Suffixes for currents and for jumps of the membrane potential, where numbers have no units.
const CURRENT: &str = "current";
const JUMP: &str = "jump";

/// A weight with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub value: Spread,
    pub unit: Unit,
    /// As written or shown, with its unit.
    written: Option<Amount>,
    /// Whether it is a number without a unit, which is a potential by default.
    is_bare: bool,
}

impl Weight {
    /// In the units of the preset.
    pub const fn new(value: Spread, unit: Unit) -> Self {
        Self { value, unit, written: None, is_bare: false }
    }

    /// Without a unit.
    pub const fn bare(value: Spread) -> Self {
        Self { is_bare: true, ..Self::new(value, Unit::Millivolt) }
    }

    /// Refuses a number without a unit for neurons with a synapse: it would bypass the synapse, while a
    /// current is probably meant.
    pub fn refuse_bare(&self, what: &str, units: AxisUnits) -> Result<(), Failure> {
        if !self.is_bare {
            return Ok(());
        }
        let value = self.value;
        let (current, jump) = match units {
            AxisUnits { input, potential: "mV" } => (input, "mV"),
            _ => (CURRENT, JUMP),
        };
        let message = format!(
            "{what} is {value} without a unit, and the neurons have a synapse; write {value}{current} for a current that goes \
             through it, or {value}{jump} for what moves the membrane potential"
        );
        Err(Failure::of(what, message))
    }

    /// Its effect as text.
    pub fn effect(&self, units: AxisUnits) -> String {
        let Self { value, unit, .. } = self;
        match (unit, units) {
            (Unit::Millivolt, AxisUnits { potential: "mV", .. }) => format!("moves v by {value} mV"),
            (Unit::Millivolt, _) => format!("moves v by {value}"),
            (Unit::Nanoampere, AxisUnits { input, potential: "mV" }) => {
                format!("is a current of {value} {input}")
            }
            (Unit::Nanoampere, _) => format!("is a current of {value}"),
        }
    }

    /// Converted to the units of a preset.
    pub fn in_units(self, units: &Units) -> Result<Self, String> {
        let Self { value, unit, written, .. } = self;
        Ok(match (unit, units.input, written) {
            (Unit::Millivolt, _, None) | (Unit::Nanoampere, None, None) => self,
            (Unit::Millivolt, _, Some(written)) => {
                let written = written.in_units(units.potential, units)?;
                // Shown with its unit, as it was given.
                let shown = units.potential.map(|potential| Amount::of(written.spread, potential));
                Self { written: shown, ..Self::new(written.spread, unit) }
            }
            (Unit::Nanoampere, Some(input), written) => {
                let written = written.unwrap_or(Amount::of(value, input)).in_units(Some(input), units)?;
                // Shown with its unit, as otherwise it would be a potential.
                Self { written: Some(Amount::of(written.spread, input)), ..Self::new(written.spread, unit) }
            }
            (Unit::Nanoampere, None, Some(written)) => {
                return Err(format!(
                    "'{written}' has a unit, but the numbers of {} have none; write {value}{CURRENT} for a current, or \
                     {value} for what moves the membrane potential",
                    units.whose
                ));
            }
        })
    }
}

impl FromStr for Weight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        for (suffix, unit) in [(CURRENT, Unit::Nanoampere), (JUMP, Unit::Millivolt)] {
            if let Some(number) = text.strip_suffix(suffix) {
                return Ok(Self::new(crate::quantity::spread::plain(number.trim_end())?, unit));
            }
        }
        let written = Amount::read(text)?;
        let unit = match written.dimension() {
            None => return Ok(Self::bare(written.spread)),
            Some(Dimension::Potential) => Unit::Millivolt,
            Some(Dimension::Current) => Unit::Nanoampere,
            Some(_) => {
                return Err(format!("'{text}' is neither a potential, as 0.5mV, nor a current, as 0.3nA"));
            }
        };
        Ok(Self { written: Some(written), ..Self::new(written.spread, unit) })
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.written, self.unit) {
            (Some(written), _) => write!(formatter, "{written}"),
            (None, Unit::Millivolt) if self.is_bare => write!(formatter, "{}", self.value),
            (None, Unit::Millivolt) => write!(formatter, "{}{JUMP}", self.value),
            (None, Unit::Nanoampere) => write!(formatter, "{}{CURRENT}", self.value),
        }
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::MV;

    fn in_units(text: &str, input: &str) -> Result<String, String> {
        let units = Units {
            whose: "the preset".to_owned(),
            input: crate::quantity::Unit::read(input),
            potential: Some(MV),
        };
        text.parse::<Weight>()?.in_units(&units).map(|weight| weight.to_string())
    }

    #[test]
    fn text_and_back() {
        for text in ["0.5", "0.5mV", "-0.2nA", "1:3nA", "300pA", "2current", "2jump"] {
            assert_eq!(text.parse::<Weight>().unwrap().to_string(), text);
        }
        assert_eq!("3 current".parse::<Weight>().unwrap().to_string(), "3current");
        assert!("3 apples".parse::<Weight>().unwrap_err().contains("not a number"));
        assert!("3ms".parse::<Weight>().unwrap_err().contains("neither a potential"));
    }

    #[test]
    fn a_weight_comes_into_the_units_of_a_preset() {
        assert_eq!(in_units("3nA", "pA").unwrap(), "3000pA");
        assert_eq!(in_units("3current", "pA").unwrap(), "3pA");
        assert_eq!(in_units("300uV", "pA").unwrap(), "0.3mV");
        assert_eq!(in_units("0.3", "pA").unwrap(), "0.3");
        assert_eq!(in_units("3current", "").unwrap(), "3current");
        assert!(in_units("3nA", "").unwrap_err().contains("write 3current for a current"));
    }
}
