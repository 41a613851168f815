//! Units: dimensions and prefixes.

use std::fmt;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    Time,
    Potential,
    Current,
    Resistance,
    Capacitance,
    Rate,
    /// A count.
    Steps,
}

impl Dimension {
    pub fn words(self) -> &'static str {
        match self {
            Self::Time => "a time",
            Self::Potential => "a potential",
            Self::Current => "a current",
            Self::Resistance => "a resistance",
            Self::Capacitance => "a capacitance",
            Self::Rate => "a rate",
            Self::Steps => "a number of steps",
        }
    }
}

/// A unit: a power of ten times the unit of its dimension without a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub dimension: Dimension,
    pub exponent: i32,
}

pub const MS: Unit = Unit { dimension: Dimension::Time, exponent: -3 };
pub const MV: Unit = Unit { dimension: Dimension::Potential, exponent: -3 };
pub const NA: Unit = Unit { dimension: Dimension::Current, exponent: -9 };
pub const MOHM: Unit = Unit { dimension: Dimension::Resistance, exponent: 6 };
pub const HZ: Unit = Unit { dimension: Dimension::Rate, exponent: 0 };

/// The first symbol of a dimension is the one in output.
pub const SIGNS: [(&str, Dimension); 9] = [
    ("s", Dimension::Time),
    ("V", Dimension::Potential),
    ("A", Dimension::Current),
    ("Ohm", Dimension::Resistance),
    ("ohm", Dimension::Resistance),
    ("\u{3a9}", Dimension::Resistance),
    // The ohm sign, which is not the letter omega.
    ("\u{2126}", Dimension::Resistance),
    ("F", Dimension::Capacitance),
    ("Hz", Dimension::Rate),
];

pub const PREFIXES: [(&str, i32); 11] = [
    ("", 0),
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("m", -3),
    ("k", 3),
    ("M", 6),
    ("G", 9),
];

impl Unit {
    /// Reads a unit, as `ms`, `MOhm`, `1/s` or `steps`.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix("1/").or_else(|| text.strip_prefix('/')) {
            return Self::read(time)
                .filter(|unit| unit.dimension == Dimension::Time)
                .map(|unit| Self { dimension: Dimension::Rate, exponent: -unit.exponent });
        }
        if matches!(text, "step" | "steps") {
            return Some(Self { dimension: Dimension::Steps, exponent: 0 });
        }
        SIGNS.iter().find_map(|(sign, dimension)| {
            let prefix = text.strip_suffix(sign)?;
            let (_, exponent) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
            Some(Self { dimension: *dimension, exponent: *exponent })
        })
    }

    /// Examples for messages.
    pub fn examples(self) -> String {
        match self.dimension {
            Dimension::Time => "as 5ms, 5us or 5s".to_owned(),
            Dimension::Steps => "as 5 or 5steps".to_owned(),
            _ => format!("as 5{self}"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dimension == Dimension::Steps {
            return formatter.write_str("steps");
        }
        let prefix = PREFIXES.iter().find(|(_, exponent)| *exponent == self.exponent);
        let sign = SIGNS.iter().find(|(_, dimension)| *dimension == self.dimension);
        write!(formatter, "{}{}", prefix.map_or("", |(text, _)| text), sign.map_or("", |(text, _)| text))
    }
}
