//! The units in which a preset has its inputs and membrane potentials.

use super::Unit;

/// What the numbers of a preset mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// Whose they are, as `the preset nest`.
    pub whose: String,
    /// Of inputs; `None` where these are just numbers.
    pub input: Option<Unit>,
    /// Of membrane potentials.
    pub potential: Option<Unit>,
}

/// What the axes of pictures and the columns of tables are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisUnits {
    /// Of inputs.
    pub input: &'static str,
    /// Of membrane potentials, or how they are called where they have no unit.
    pub potential: &'static str,
}

impl AxisUnits {
    /// Those of this crate.
    pub const PHYSICAL: Self = Self { input: "nA", potential: "mV" };
    /// Where numbers are just numbers.
    pub const NONE: Self = Self { input: "unitless", potential: "v" };
}
