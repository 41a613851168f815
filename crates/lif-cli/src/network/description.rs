//! [`Description`]: all that determines a network. A file can say all of it, and a model of the literature is one.
//!
//! Units are ms, mV, MOhm, nA and Hz.

use super::distance;
use super::edges::Edges;
use super::ids::Ids;
use super::noise::Noise;
use super::positions::{self, Positions};
use super::subsets::Subset;
use super::sweep::Sweep;
use crate::failure::Failure;
use lif::{Integrator, Profile, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// A network: groups of neurons, and the projections between them.
#[derive(Debug, Clone)]
pub struct Description {
    /// What it is called in the summary.
    pub name: String,
    /// Length of a step.
    pub dt: f64,
    pub v_reference: f64,
    pub integrator: Integrator,
    pub spike_test: SpikeTest,
    pub reset: Reset,
    pub refractory: Refractory,
    pub synapse_rule: SynapseRule,
    pub synapse_shape: SynapseShape,
    /// The seed of the synapses, if it is another than that of the run.
    pub seed: Option<u64>,
    pub groups: Vec<Group>,
    pub projections: Vec<Projection>,
    /// What differs between batch rows.
    pub sweep: Sweep,
    pub in_file: InFile,
}

/// Where the file describes its groups and projections, in their order; empty if there is no file. Messages name it.
#[derive(Debug, Clone, Default)]
pub struct InFile {
    pub groups: Vec<String>,
    pub projections: Vec<String>,
}

/// Neurons with the same parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub name: String,
    pub size: usize,
    /// Of each of its neurons, if they have some.
    pub ids: Option<Arc<Ids>>,
    pub neurons: Neurons,
    /// `None`: at rest.
    pub init_voltage: Option<InitVoltage>,
    /// Constant current.
    pub current: f64,
    pub poisson: Vec<Poisson>,
    pub noise: Vec<Noise>,
    /// `None`: nowhere.
    pub positions: Option<Positions>,
    pub subsets: Vec<Subset>,
}

/// The parameters of the neurons of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Neurons {
    pub tau_m: f64,
    pub resistance: f64,
    pub v_rest: f64,
    pub v_reset: f64,
    pub v_threshold: f64,
    pub t_ref: f64,
    pub v_lower: Option<f64>,
    pub tau_syn: Option<f64>,
    /// Of a synaptic current of its own for negative weights.
    pub tau_syn_inhibitory: Option<f64>,
}

/// The membrane potentials at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InitVoltage {
    Same(f64),
    Uniform { low: f64, high: f64 },
    Normal { mean: f64, sd: f64 },
}

/// Spikes from outside the network: an independent Poisson process for each neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    pub rate: f64,
    pub weight: f64,
    pub effect: Effect,
}

/// What a spike does at its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It moves the membrane potential by the weight, mV.
    Jump,
    /// It adds the weight, nA, to the synaptic current.
    Current,
}

/// The synapses from one group to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// The index of the group.
    pub from: usize,
    pub to: usize,
    pub rule: Rule,
    pub autapses: bool,
    pub multapses: bool,
    pub weight: Distribution,
    /// `None`: the smallest possible.
    pub delay: Option<Distribution>,
    /// Adds the distance over this velocity, in the unit of the positions per ms, to a constant delay.
    pub velocity: Option<f64>,
    pub effect: Effect,
    /// What all weights are whole multiples of.
    pub unit: Option<f64>,
}

/// Which neurons are connected.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    FixedIndegree(u32),
    FixedOutdegree(u32),
    FixedTotal(u64),
    Pairwise(f64),
    OneToOne,
    AllToAll,
    ByDistance { profile: Profile, periodic: Option<[f32; 3]> },
    List(Arc<Edges>),
}

impl Group {
    /// Neurons with the default parameters, at rest and without input.
    pub fn new(name: &str, size: usize) -> Self {
        Self {
            name: name.to_owned(),
            size,
            ids: None,
            neurons: Neurons::default(),
            init_voltage: None,
            current: 0.0,
            poisson: Vec::new(),
            noise: Vec::new(),
            positions: None,
            subsets: Vec::new(),
        }
    }
}

/// How weights or delays are distributed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    Constant(f64),
    Normal {
        mean: f64,
        sd: f64,
    },
    NormalClipped {
        mean: f64,
        sd: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    NegativeLognormal {
        mu: f64,
        sigma: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// Each synapse of a list has its own.
    Listed,
    /// That of one synapse; each entry of a list stands for a number of them.
    Counted(f64),
}

impl Default for Neurons {
    /// Those of `lif run`.
    fn default() -> Self {
        Self {
            tau_m: 10.0,
            resistance: 20.0,
            v_rest: -62.0,
            v_reset: -62.0,
            v_threshold: -52.0,
            t_ref: 5.0,
            v_lower: None,
            tau_syn: None,
            tau_syn_inhibitory: None,
        }
    }
}

impl Description {
    /// A network without groups, of steps of 0.1 ms and exact integration.
    pub fn new(name: &str, v_reference: f64) -> Self {
        Self {
            name: name.to_owned(),
            dt: 0.1,
            v_reference,
            integrator: Integrator::Exact,
            spike_test: SpikeTest::default(),
            reset: Reset::default(),
            refractory: Refractory::default(),
            synapse_rule: SynapseRule::default(),
            synapse_shape: SynapseShape::default(),
            seed: None,
            groups: Vec::new(),
            projections: Vec::new(),
            sweep: Sweep::default(),
            in_file: InFile::default(),
        }
    }

    /// The number of neurons.
    pub fn n(&self) -> usize {
        self.groups.iter().fold(0, |sum, group| sum.saturating_add(group.size))
    }

    /// The lists of synapses.
    fn edges(&self) -> impl Iterator<Item = &Edges> {
        self.projections.iter().filter_map(|projection| match &projection.rule {
            Rule::List(edges) => Some(&**edges),
            _ => None,
        })
    }

    /// The files with synapses, positions and identifiers, each once.
    pub fn files(&self) -> BTreeSet<&Path> {
        let positions = self.groups.iter().filter_map(|group| match &group.positions {
            Some(Positions::File(listed)) => Some(listed.path.as_path()),
            _ => None,
        });
        let ids = self.groups.iter().filter_map(|group| Some(group.ids.as_ref()?.path.as_path()));
        let lists = self.edges().map(|edges| edges.file.path.as_path());
        let types = self.edges().filter_map(|edges| edges.file.types.as_deref());
        lists.chain(types).chain(positions).chain(ids).collect()
    }

    /// How many synapses in lists are between the same neurons as another of their list; `None` without lists.
    pub fn repeated(&self) -> Option<u64> {
        self.edges().map(|edges| edges.repeated).reduce(|sum, repeated| sum + repeated)
    }

    /// Whether some neurons have identifiers.
    pub fn has_ids(&self) -> bool {
        self.groups.iter().any(|group| group.ids.is_some())
    }

    /// The identifier of each neuron, 0 in groups that have none; `None` if no group has some.
    pub fn ids(&self) -> Option<Vec<u64>> {
        self.has_ids().then(|| {
            let of_group = |group: &Group| match &group.ids {
                Some(ids) => ids.of_neurons.clone(),
                None => vec![0; group.size],
            };
            self.groups.iter().flat_map(of_group).collect()
        })
    }

    /// The positions of all neurons, if some have one; `seed` is that of the run.
    pub fn positions(&self, seed: u64) -> Option<Vec<[f32; 3]>> {
        if self.position_bytes() == 0 {
            return None;
        }
        let seed = self.seed.unwrap_or(seed);
        let mut all = Vec::with_capacity(self.n());
        for group in &self.groups {
            let first = all.len();
            let at = |neuron: usize| {
                let positions = group.positions.as_ref();
                positions.map_or([0.0; 3], |positions| positions.at(neuron, first + neuron, seed))
            };
            all.extend((0..group.size).map(at));
        }
        Some(all)
    }

    /// The memory for the positions.
    pub fn position_bytes(&self) -> u64 {
        let has_some = self.groups.iter().any(|group| group.positions.is_some());
        if has_some { positions::BYTES_PER_NEURON * self.n() as u64 } else { 0 }
    }

    /// The number of synapses of a projection, or its mean where the rule draws it.
    pub fn synapses_of(&self, projection: &Projection) -> f64 {
        let size = |group: usize| self.groups.get(group).map_or(0.0, |group| group.size as f64);
        let (sources, targets) = (size(projection.from), size(projection.to));
        let is_to_itself = projection.from == projection.to && !projection.autapses;
        let pairs = if is_to_itself { sources * targets - sources } else { sources * targets };
        match &projection.rule {
            Rule::FixedIndegree(count) => f64::from(*count) * targets,
            Rule::FixedOutdegree(count) => f64::from(*count) * sources,
            Rule::FixedTotal(count) => *count as f64,
            Rule::List(edges) => edges.len() as f64,
            Rule::Pairwise(p) => p * pairs,
            Rule::ByDistance { profile, periodic } => {
                self.mean_probability(projection, &distance::rule(*profile, *periodic)) * pairs
            }
            Rule::OneToOne => {
                if is_to_itself {
                    0.0
                } else {
                    sources
                }
            }
            Rule::AllToAll => pairs,
        }
    }

    /// The number of synapses.
    #[cfg(test)]
    pub fn synapses(&self) -> u64 {
        self.projections.iter().map(|projection| self.synapses_of(projection)).sum::<f64>().round() as u64
    }

    /// The mean number of synapses that a neuron of a group has onto others.
    pub fn outdegree(&self, group: usize) -> f64 {
        let own = self.projections.iter().filter(|projection| projection.from == group);
        let synapses: f64 = own.map(|projection| self.synapses_of(projection)).sum();
        self.groups.get(group).map_or(0.0, |of| synapses / of.size as f64)
    }

    /// Whether the synapses of a group are inhibitory.
    pub fn is_inhibitory(&self, group: usize) -> bool {
        let own = self.projections.iter().filter(|projection| projection.from == group);
        own.map(Projection::sign).sum::<f64>() < 0.0
    }

    /// Adds to a failure where the file describes the group or the projection that the message names.
    pub fn explain(&self, failure: Failure) -> Failure {
        let message = failure.to_string();
        let name = |group: usize| self.groups.get(group).map_or("", |group| group.name.as_str());
        let of_projection = self.projections.iter().zip(&self.in_file.projections).find(|(projection, _)| {
            names(&message, &format!("from {} to {}", name(projection.from), name(projection.to)))
        });
        let of_group = || {
            let mut groups = self.groups.iter().zip(&self.in_file.groups);
            groups.find(|(group, _)| names(&message, &format!("group {}", group.name)))
        };
        let place = of_projection.map(|(_, place)| place).or_else(|| of_group().map(|(_, place)| place));
        match (place, failure) {
            (Some(place), Failure::Value { .. }) => Failure::Usage(format!("{place}: {message}")),
            (None, Failure::Value { .. }) if !self.in_file.groups.is_empty() => {
                Failure::Usage(format!("{}: {message}", self.name))
            }
            (_, failure) => failure,
        }
    }
}

/// Whether a message has these words, and not only as the beginning of longer ones.
fn names(message: &str, words: &str) -> bool {
    let mut ends = message.match_indices(words).map(|(start, _)| &message[start + words.len()..]);
    ends.any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '-'))
}

fn sum(values: &Option<Vec<f32>>) -> f64 {
    values.iter().flatten().map(|value| f64::from(*value)).sum()
}

impl Projection {
    /// Synapses with the smallest delay. The same pair can have several where the rule draws them one by one.
    pub fn new((from, to): (usize, usize), rule: Rule, effect: Effect, weight: Distribution) -> Self {
        let multapses =
            !matches!(rule, Rule::Pairwise(_) | Rule::OneToOne | Rule::AllToAll | Rule::ByDistance { .. });
        Self {
            from,
            to,
            rule,
            autapses: true,
            multapses,
            weight,
            delay: None,
            velocity: None,
            effect,
            unit: None,
        }
    }

    /// The sign of the mean weight.
    fn sign(&self) -> f64 {
        let mean = match self.weight {
            Distribution::Listed => match &self.rule {
                Rule::List(edges) => sum(&edges.weights),
                _ => 0.0,
            },
            Distribution::Counted(one) => match &self.rule {
                Rule::List(edges) => one * sum(&edges.counts),
                _ => 0.0,
            },
            drawn => drawn.mean(),
        };
        if mean < 0.0 { -1.0 } else { 1.0 }
    }
}

impl Distribution {
    /// The value, if it is the same for all.
    pub fn constant(self) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// A number with the sign of the mean.
    fn mean(self) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Normal { mean, .. } | Self::NormalClipped { mean, .. } => mean,
            Self::Lognormal { .. } => 1.0,
            Self::NegativeLognormal { .. } => -1.0,
            Self::Uniform { low, high } => low + high,
            Self::Listed | Self::Counted(_) => 0.0,
        }
    }

    /// What all values are whole multiples of, if there is such a number.
    pub fn unit(self) -> Option<f64> {
        match self {
            Self::Counted(one) if one != 0.0 => Some(one.abs()),
            _ => None,
        }
    }
}

/// The number of synapses, drawn with repetition, that connects a pair of these groups with probability `p`.
pub fn total_of(p: f64, sources: f64, targets: f64) -> f64 {
    libm::log1p(-p) / libm::log1p(-1.0 / (sources * targets))
}
