//! What the state of a population consists of. Engines read and write it by these names.

pub(crate) use crate::model::Field;

/// A whole number of each cell, in the order in which a GPU has them one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Steps left of the refractory period, with the flag of the last spike in the highest bit.
    Refractory,
    /// Spikes so far.
    Spikes,
}

impl Counter {
    pub(crate) const ALL: [Self; 2] = [Self::Refractory, Self::Spikes];

    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refractory => "the refractory counters",
            Self::Spikes => "the spike counts",
        }
    }
}
