//! What the user writes to connect the neurons of a population: who is connected, how strongly, and how fast.

pub(crate) mod distribution;
#[cfg(feature = "checkpoint")]
mod fingerprint;
pub(crate) mod rule;
pub(crate) mod synapse;
pub(crate) mod synapses;

use crate::experiment::network::rule::Rule;
use crate::experiment::network::synapse::Synapse;
use std::ops::Range;
use std::sync::Arc;

/// Neurons of a network that were added together. They are neighbours, and have a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    pub(crate) name: Arc<str>,
    pub(crate) first: u32,
    pub(crate) size: u32,
}

impl Group {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The numbers of its neurons in a batch row of the population.
    #[must_use]
    pub fn neurons(&self) -> Range<usize> {
        self.first as usize..(self.first + self.size) as usize
    }

    /// The number of its neurons.
    #[must_use]
    pub fn len(&self) -> usize {
        self.size as usize
    }

    /// Whether it has no neurons.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
}

/// The synapses from one group to another: the rule by which they are drawn, and their properties.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Projection {
    pub(crate) from: Group,
    pub(crate) to: Group,
    pub(crate) rule: Rule,
    pub(crate) synapse: Synapse,
}

/// All that determines the synapses of a network.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Wiring {
    pub(crate) groups: Vec<Group>,
    pub(crate) projections: Vec<Projection>,
    /// The position of each neuron, for rules that depend on distance: empty, or one for each neuron.
    pub(crate) positions: Vec<[f32; 3]>,
    /// The seed of all draws.
    pub(crate) seed: u64,
}

impl Wiring {
    /// The number of neurons.
    pub(crate) fn n(&self) -> usize {
        self.groups.last().map_or(0, |group| group.neurons().end)
    }
}
