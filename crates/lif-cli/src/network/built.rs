//! From a description to the network of the library, its input, and its membrane potentials at the start.

use super::Description;
use super::description::{Distribution, Effect, Group, InitVoltage, Projection, Rule};
use super::distance;
use crate::failure::Failure;
use lif::model::tables;
use lif::random::{counter, key, normal, philox};
use lif::{Input, Network, Parameter, Params, PopulationOptions, Random, Shape, Synapse, SynapseRule};
use ndarray::{Array1, Array2};

/// The random stream for initial values; random inputs have the streams after it.
const STREAM: u32 = 0;

/// What drives a network, apart from its own spikes.
#[derive(Debug)]
pub struct Drive {
    current: Array1<f32>,
    random: Vec<Random>,
}

impl Drive {
    /// The input of any steps.
    pub fn input(&self) -> Input<'_> {
        let current = match self.current.first() {
            Some(first) if self.current.iter().all(|current| current == first) => Input::constant(*first),
            _ => Input::constant(&self.current),
        };
        self.random.iter().cloned().fold(current, Input::and)
    }
}

impl Description {
    /// The network of the library; `seed` is that of the run.
    pub fn network(&self, seed: u64, options: PopulationOptions) -> Result<Network, Failure> {
        let mut network = Network::new();
        network.set_seed(self.seed.unwrap_or(seed));
        network.set_options(options);
        let mut groups = Vec::new();
        for group in &self.groups {
            groups.push(network.add(&group.name, group.size, self.params(group))?);
        }
        if let Some(positions) = self.positions(seed) {
            network.set_positions(positions);
        }
        for projection in &self.projections {
            let (Some(from), Some(to)) = (groups.get(projection.from), groups.get(projection.to)) else {
                continue;
            };
            network.connect(from, to, rule(projection), self.synapse(projection))?;
        }
        Ok(network)
    }

    fn params(&self, group: &Group) -> Params {
        let neurons = &group.neurons;
        // Potentials keep their double precision, as the reference is subtracted before they are rounded.
        let potential = |value: f64| Parameter::in_double(&ndarray::arr0(value));
        Params {
            tau_m: neurons.tau_m.into(),
            resistance: neurons.resistance.into(),
            v_rest: potential(neurons.v_rest),
            v_reset: potential(neurons.v_reset),
            v_threshold: potential(neurons.v_threshold),
            v_reference: self.v_reference,
            t_ref: neurons.t_ref.into(),
            dt: self.dt,
            integrator: self.integrator,
            spike_test: self.spike_test,
            reset: self.reset,
            refractory: self.refractory,
            synapse_rule: self.synapse_rule,
            v_lower: neurons.v_lower.map(potential),
            tau_syn: neurons.tau_syn.map(Into::into),
            tau_syn_inhibitory: neurons.tau_syn_inhibitory.map(Into::into),
            ..Params::default()
        }
    }

    fn synapse(&self, projection: &Projection) -> Synapse {
        let edges = match &projection.rule {
            Rule::List(edges) => Some(&**edges),
            _ => None,
        };
        let weight = match (projection.weight, edges.and_then(|edges| edges.counts.as_ref())) {
            (Distribution::Counted(one), Some(counts)) => {
                let weight = |count: &f32| (f64::from(*count) * one) as f32;
                lif::Distribution::list(counts.iter().map(weight).collect::<Vec<_>>())
            }
            (weight, _) => distribution(weight, edges.and_then(|edges| edges.weights.as_ref())),
        };
        let synapse = match projection.effect {
            Effect::Jump => Synapse::jump(weight),
            Effect::Current => Synapse::current(weight),
        };
        let synapse = match projection.unit {
            None => synapse,
            Some(unit) => synapse.unit(unit),
        };
        match (projection.velocity, projection.delay) {
            (Some(velocity), delay) => {
                let smallest = match (projection.effect, self.synapse_rule) {
                    (Effect::Current, SynapseRule::Independent) => 0.0,
                    _ => self.dt,
                };
                let constant = delay.and_then(Distribution::constant).unwrap_or(smallest);
                synapse.velocity(velocity, constant)
            }
            (None, None) => synapse,
            (None, Some(delay)) => {
                synapse.delay(distribution(delay, edges.and_then(|edges| edges.delays.as_ref())))
            }
        }
    }

    /// What drives it. A group has as many sources as it describes, and others have none of them.
    pub fn drive(&self) -> Drive {
        let of_effect = |effect: Effect| {
            let of_group =
                |group: &Group| group.poisson.iter().filter(|poisson| poisson.effect == effect).count();
            let sources = self.groups.iter().map(of_group).max().unwrap_or(0);
            (0..sources).map(move |index| {
                let mut own = self.groups.iter().map(|group| {
                    let mut own = group.poisson.iter().filter(|poisson| poisson.effect == effect);
                    own.nth(index).map_or((0.0, 0.0), |poisson| (poisson.rate, poisson.weight))
                });
                let all: Vec<(f64, f64)> = own.by_ref().collect();
                let rate = self.spread(all.iter().map(|(rate, _)| *rate));
                let weight = self.spread(all.iter().map(|(_, weight)| *weight));
                match effect {
                    Effect::Jump => Random::poisson(rate, weight),
                    Effect::Current => Random::poisson_current(rate, weight),
                }
            })
        };
        let current: Vec<f64> = self.groups.iter().map(|group| group.current).collect();
        Drive {
            current: self.of_neurons(&current),
            random: of_effect(Effect::Jump).chain(of_effect(Effect::Current)).collect(),
        }
    }

    /// A value of each group as a parameter: a number if it is the same in all.
    fn spread(&self, values: impl Iterator<Item = f64>) -> Parameter {
        let values: Vec<f64> = values.collect();
        match values.first() {
            Some(first) if values.iter().all(|value| value == first) => (*first).into(),
            _ => self.of_neurons(&values).into(),
        }
    }

    /// A value of each group for each of its neurons.
    fn of_neurons(&self, values: &[f64]) -> Array1<f32> {
        let all = self.groups.iter().zip(values);
        all.flat_map(|(group, value)| std::iter::repeat_n(*value as f32, group.size)).collect()
    }

    /// The membrane potentials at the start; `None` if all are at rest.
    pub fn initial_voltages(&self, batch: usize, seed: u64) -> Option<Array2<f32>> {
        if self.groups.iter().all(|group| group.init_voltage.is_none()) {
            return None;
        }
        let n = self.n();
        let mut voltages = Array2::zeros((batch, n));
        for (row, mut of_row) in voltages.rows_mut().into_iter().enumerate() {
            let groups = self.groups.iter().flat_map(|group| std::iter::repeat_n(group, group.size));
            for ((neuron, v), group) in of_row.iter_mut().enumerate().zip(groups) {
                let word = || philox(counter((row * n + neuron) as u64, 0, STREAM), key(seed))[0];
                let value = match group.init_voltage {
                    None => group.neurons.v_rest,
                    Some(InitVoltage::Same(value)) => value,
                    Some(InitVoltage::Uniform { low, high }) => {
                        low + (high - low) * (f64::from(word()) / 4_294_967_296.0)
                    }
                    Some(InitVoltage::Normal { mean, sd }) => {
                        mean + sd * f64::from(normal(word(), tables::normal()))
                    }
                };
                *v = value as f32;
            }
        }
        Some(voltages)
    }
}

/// The memory for what drives a network, bytes: a current, and the rate and weight of each source.
pub fn bytes_of_drive(shape: Shape) -> u64 {
    12 * shape.n as u64
}

fn rule(projection: &Projection) -> lif::Rule {
    let rule = match &projection.rule {
        Rule::FixedIndegree(count) => lif::Rule::fixed_indegree(*count),
        Rule::FixedOutdegree(count) => lif::Rule::fixed_outdegree(*count),
        Rule::FixedTotal(count) => lif::Rule::fixed_total(*count),
        Rule::Pairwise(p) => lif::Rule::pairwise(*p),
        Rule::List(edges) => lif::Rule::list(edges.sources.clone(), edges.targets.clone()),
        Rule::ByDistance { profile, periodic } => distance::rule(*profile, *periodic),
        Rule::OneToOne => lif::Rule::one_to_one(),
        Rule::AllToAll => lif::Rule::all_to_all(),
    };
    let rule = if projection.autapses { rule } else { rule.without_autapses() };
    if projection.multapses { rule } else { rule.without_multapses() }
}

/// `listed` are the values of each synapse, if they are listed.
fn distribution(distribution: Distribution, listed: Option<&Vec<f32>>) -> lif::Distribution {
    match distribution {
        Distribution::Constant(value) | Distribution::Counted(value) => value.into(),
        Distribution::Normal { mean, sd } => lif::Distribution::normal(mean, sd),
        Distribution::NormalClipped { mean, sd } => lif::Distribution::normal_clipped(mean, sd),
        Distribution::Lognormal { mu, sigma } => lif::Distribution::lognormal(mu, sigma),
        Distribution::NegativeLognormal { mu, sigma } => lif::Distribution::negative_lognormal(mu, sigma),
        Distribution::Uniform { low, high } => lif::Distribution::uniform(low, high),
        Distribution::Listed => lif::Distribution::list(listed.cloned().unwrap_or_default()),
    }
}
