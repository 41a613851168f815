//! Inputs and membrane potentials, in the units of a preset. Until the preset is known, a number keeps the
//! unit in which it was written.

use super::preset_units::Units;
use super::spread::Spread;
use super::{Dimension, UNFIT, Unit, Written, converted, fits, number_or_text};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A number or range, with a unit until it is [converted to that of a preset](Amount::in_units).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    pub spread: Spread,
    unit: Option<Unit>,
}

impl Amount {
    /// With a unit.
    pub const fn of(spread: Spread, unit: Unit) -> Self {
        Self { spread, unit: Some(unit) }
    }

    /// Reads a number or LO:HI in any unit.
    pub fn read(text: &str) -> Result<Self, String> {
        let unit = Written::read(text.rsplit(':').next().unwrap_or_default())?.unit;
        let spread = Spread::read(text, &|written| {
            unit.map_or_else(|| written.value(), |unit| written.value_in(unit))
        })?;
        Ok(Self { spread, unit })
    }

    /// Reads one number.
    pub fn single(text: &str) -> Result<Self, String> {
        let unit = Written::read(text)?.unit;
        Ok(Self { unit, ..Self::read(text)? })
    }

    /// The first number.
    pub fn number(self) -> f64 {
        self.spread.ends()[0]
    }

    /// The dimension of the unit, if there is one.
    pub fn dimension(self) -> Option<Dimension> {
        self.unit.map(|unit| unit.dimension)
    }

    /// Converted to a unit of a preset; numbers without a unit are in this unit. Where the preset has no
    /// unit, a unit is refused.
    pub fn in_units(self, unit: Option<Unit>, units: &Units) -> Result<Self, String> {
        let Some(own) = self.unit else { return Ok(self) };
        let Some(unit) = unit else {
            let Self { spread, .. } = self;
            return Err(format!(
                "'{self}' has a unit, but the numbers of {} have none; write {spread}",
                units.whose
            ));
        };
        if own.dimension != unit.dimension {
            return Err(format!("'{self}' cannot be brought to {unit}, in which {} has it", units.whose));
        }
        let spread = self.spread.map(|value| converted(value, own, unit));
        if spread.ends().into_iter().all(fits) { Ok(spread.into()) } else { Err(format!("'{self}' {UNFIT}")) }
    }
}

impl From<Spread> for Amount {
    fn from(spread: Spread) -> Self {
        Self { spread, unit: None }
    }
}

impl From<f64> for Amount {
    fn from(number: f64) -> Self {
        Spread::Number(number).into()
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.spread)?;
        self.unit.map_or(Ok(()), |unit| write!(formatter, "{unit}"))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.unit {
            None => self.spread.serialize(serializer),
            Some(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_text(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{MV, NA};

    fn nest() -> Units {
        Units { whose: "the preset nest".to_owned(), input: Unit::read("pA"), potential: Some(MV) }
    }

    #[test]
    fn text_and_back() {
        for text in ["0.3", "0.3nA", "300:500pA", "-65:-50"] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
        assert_eq!("300pA:0.5nA".parse::<Amount>().unwrap().to_string(), "0.3:0.5nA");
        assert!(Amount::single("1:2").unwrap_err().contains("not a range"));
    }

    #[test]
    fn amounts_come_into_the_units_of_a_preset() {
        let amount = |text: &str, unit| {
            Amount::read(text).unwrap().in_units(unit, &nest()).map(|amount| amount.to_string())
        };
        assert_eq!(amount("0.3nA", nest().input).unwrap(), "300");
        assert_eq!(amount("300", nest().input).unwrap(), "300");
        assert_eq!(amount("0.3:0.5nA", nest().input).unwrap(), "300:500");
        assert_eq!(amount("300pA", Some(NA)).unwrap(), "0.3");
        assert_eq!(
            amount("5mV", nest().input).unwrap_err(),
            "'5mV' cannot be brought to pA, in which the preset nest has it"
        );
        assert_eq!(
            amount("5mV", None).unwrap_err(),
            "'5mV' has a unit, but the numbers of the preset nest have none; write 5"
        );
        assert!(amount("1e35A", nest().input).unwrap_err().contains("must be finite"));
    }
}
