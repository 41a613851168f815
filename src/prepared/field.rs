//! The names of state variables and counters, by which engines read and write them.

pub(crate) use crate::model::Field;

/// A whole number in the state of each cell, in the order of the GPU's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Number of steps left of the refractory period, with the spike flag in the highest bit.
    Refractory,
    /// Number of spikes since the counts were cleared.
    Spikes,
}

impl Counter {
    pub(crate) const ALL: [Self; 2] = [Self::Refractory, Self::Spikes];

    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refractory => "the refractory counters",
            Self::Spikes => "the spike counts",
        }
    }
}
