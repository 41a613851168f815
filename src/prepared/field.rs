//! What the state of a population consists of. Engines read and write it by these names.

use crate::model::{Options, TraceRule};

/// A state variable of each cell, in the order in which a GPU has them one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Voltages,
    /// Only where a trace is kept.
    Traces,
    /// Only where there is a synapse.
    SynapticCurrents,
}

impl Field {
    const ALL: [Self; 3] = [Self::Voltages, Self::Traces, Self::SynapticCurrents];

    /// Those that cells with these rules have.
    pub(crate) fn of(options: &Options) -> impl Iterator<Item = Self> + use<> {
        let (has_trace, has_synapse) = (options.trace != TraceRule::Off, options.synapse);
        Self::ALL.into_iter().filter(move |field| match field {
            Self::Voltages => true,
            Self::Traces => has_trace,
            Self::SynapticCurrents => has_synapse,
        })
    }

    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Voltages => "the membrane potentials",
            Self::Traces => "the spike traces",
            Self::SynapticCurrents => "the synaptic currents",
        }
    }
}

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
