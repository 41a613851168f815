//! The units of inputs and membrane potentials in a preset.

use super::Unit;

/// The units of a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// Its name in messages, as `the preset nest`.
    pub whose: String,
    /// Of inputs; `None` if they have no unit.
    pub input: Option<Unit>,
    /// Of membrane potentials.
    pub potential: Option<Unit>,
}

/// The units on the axes of pictures and in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisUnits {
    /// Of inputs.
    pub input: &'static str,
    /// Of membrane potentials, or a name for them if they have no unit.
    pub potential: &'static str,
}

impl AxisUnits {
    /// The physical units of this crate.
    pub const PHYSICAL: Self = Self { input: "nA", potential: "mV" };
    /// For numbers without units.
    pub const NONE: Self = Self { input: "unitless", potential: "v" };
}
