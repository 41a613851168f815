//! [`Synapses`]: a list of synapses.

/// The synapses of a network, as [`Network::synapses`](crate::Network::synapses) lists them: sorted by source, then by
/// target. All four lists have the same length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Synapses {
    /// The number of the source in a batch row of the population.
    pub sources: Vec<u32>,
    /// The number of the target in a batch row of the population.
    pub targets: Vec<u32>,
    /// The weight, nA or mV, before it is rounded to the unit in which weights are summed.
    pub weights: Vec<f32>,
    /// The delay, ms, rounded to steps.
    pub delays: Vec<f32>,
}

impl Synapses {
    /// The number of synapses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }
}
