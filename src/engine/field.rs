//! What the state of a population consists of. Engines read and write it by these names.

/// A state variable of each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Voltages,
    /// Only where a trace is kept.
    Traces,
    /// Only where there is a synapse.
    SynapticCurrents,
}

impl Field {
    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Voltages => "the membrane potentials",
            Self::Traces => "the spike traces",
            Self::SynapticCurrents => "the synaptic currents",
        }
    }
}

/// A whole number of each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Steps left of the refractory period, with the [`SPIKE_FLAG`](super::SPIKE_FLAG).
    Refractory,
    /// Spikes so far.
    Spikes,
}

impl Counter {
    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refractory => "the refractory counters",
            Self::Spikes => "the spike counts",
        }
    }
}
