//! From a description to the network of the library, its input, and its membrane potentials at the start.

use super::Description;
use super::description::{Distribution, Effect, Group, InitVoltage, Neurons, Projection, Rule};
use super::distance;
use super::noise::{Kind, Noise};
use crate::failure::Failure;
use lif::model::tables;
use lif::random::{counter, key, normal, philox};
use lif::{Input, Network, Parameter, Params, PopulationOptions, Random, Synapse, SynapseRule};
use ndarray::{Array1, Array2, ArrayD, Axis, arr0};

/// The random stream for initial values; random inputs have the streams after it.
const STREAM: u32 = 0;

/// What drives a network, apart from its own spikes.
#[derive(Debug)]
pub struct Drive {
    /// Of each cell, in as few axes as it needs.
    current: ArrayD<f32>,
    random: Vec<Random>,
}

impl Drive {
    /// The input of any steps.
    pub fn input(&self) -> Input<'_> {
        let current = match self.current.first() {
            Some(only) if self.current.ndim() == 0 => Input::constant(*only),
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
        for (index, group) in self.groups.iter().enumerate() {
            groups.push(network.add(&group.name, group.size, self.params(index, group))?);
        }
        if let Some(positions) = self.positions(seed) {
            network.set_positions(positions);
        }
        for (index, projection) in self.projections.iter().enumerate() {
            let (Some(from), Some(to)) = (groups.get(projection.from), groups.get(projection.to)) else {
                continue;
            };
            let synapse = self.synapse(projection);
            let synapse = match self.sweep.factor(index) {
                None => synapse,
                Some(key) => {
                    let rows = 0..self.sweep.rows().unwrap_or(1);
                    synapse.factors(rows.map(|row| self.sweep.value(row, key) as f32).collect::<Vec<_>>())
                }
            };
            network.connect(from, to, rule(projection), synapse)?;
        }
        Ok(network)
    }

    /// The parameters of a group: `[batch, 1]` where they differ between rows, `[size]` where they do in subsets.
    fn params(&self, index: usize, group: &Group) -> Params {
        let rows: Vec<Neurons> =
            (0..self.rows()).map(|row| self.group_in(row, index, group).neurons).collect();
        let values = |of: &dyn Fn(&Neurons) -> f64| {
            let first = of(&group.neurons);
            if group.kinds().all(|kind| of(&kind.neurons) == first) {
                return of_rows(rows.iter().map(of).collect());
            }
            group.kind_of_each().map(|kind| of(&kind.neurons)).collect::<Array1<f64>>().into_dyn()
        };
        let number = |of: &dyn Fn(&Neurons) -> f64| Parameter::from(values(of).mapv(|value| value as f32));
        // Potentials keep their double precision, as the reference is subtracted before they are rounded.
        let potential = |of: &dyn Fn(&Neurons) -> f64| Parameter::in_double(&values(of));
        let neurons = &group.neurons;
        Params {
            tau_m: number(&|own| own.tau_m),
            resistance: number(&|own| own.resistance),
            v_rest: potential(&|own| own.v_rest),
            v_reset: potential(&|own| own.v_reset),
            v_threshold: potential(&|own| own.v_threshold),
            v_reference: self.v_reference,
            t_ref: number(&|own| own.t_ref),
            dt: self.dt,
            integrator: self.integrator,
            spike_test: self.spike_test,
            reset: self.reset,
            refractory: self.refractory,
            synapse_rule: self.synapse_rule,
            synapse_shape: self.synapse_shape,
            v_lower: neurons.v_lower.map(|first| potential(&|own| own.v_lower.unwrap_or(first))),
            tau_syn: neurons.tau_syn.map(|first| number(&|own| own.tau_syn.unwrap_or(first))),
            tau_syn_inhibitory: neurons
                .tau_syn_inhibitory
                .map(|first| number(&|own| own.tau_syn_inhibitory.unwrap_or(first))),
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
            let sources = self.groups.iter().flat_map(Group::kinds).map(of_group).max().unwrap_or(0);
            (0..sources).map(move |index| {
                let own = |group: &Group| {
                    group.poisson.iter().filter(|poisson| poisson.effect == effect).nth(index).copied()
                };
                let rate = self.spread(&|group| own(group).map_or(0.0, |poisson| poisson.rate));
                let weight = self.spread(&|group| own(group).map_or(0.0, |poisson| poisson.weight));
                match effect {
                    Effect::Jump => Random::poisson(rate, weight),
                    Effect::Current => Random::poisson_current(rate, weight),
                }
            })
        };
        let of_noise = |kind: Kind| {
            let of_group = |group: &Group| group.noise.iter().filter(|noise| noise.kind == kind).count();
            let sources = self.groups.iter().flat_map(Group::kinds).map(of_group).max().unwrap_or(0);
            (0..sources).map(move |index| {
                let own = |group: &Group| {
                    let own = group.noise.iter().filter(|noise| noise.kind == kind).nth(index);
                    own.map_or([0.0; 2], |noise| [noise.first, noise.second])
                };
                let [first, second] = [0, 1].map(|place| self.spread(&|group| own(group)[place]));
                match kind {
                    Kind::Gaussian => Random::gaussian(first, second),
                    Kind::White => Random::white_noise(first, second),
                    Kind::Uniform => Random::uniform(first, second),
                }
            })
        };
        let spikes = of_effect(Effect::Jump).chain(of_effect(Effect::Current));
        Drive {
            current: self.spread(&|group| group.current),
            random: spikes.chain(Noise::kinds().flat_map(of_noise)).collect(),
        }
    }

    /// A number of each group for its neurons, with no more axes than it needs: `[]`, `[n]`, `[batch, 1]` or
    /// `[batch, n]`.
    fn spread(&self, of: &dyn Fn(&Group) -> f64) -> ArrayD<f32> {
        let of_row = |row: usize| -> Vec<Group> {
            let groups = self.groups.iter().enumerate();
            groups.map(|(index, group)| self.group_in(row, index, group)).collect()
        };
        let rows: Vec<Vec<Group>> = (0..self.rows()).map(of_row).collect();
        let of_neurons = |row: &[Group]| -> Array1<f32> {
            row.iter().flat_map(Group::kind_of_each).map(|kind| of(kind) as f32).collect()
        };
        let has_one = |row: &Vec<Group>| {
            let mut values = row.iter().flat_map(Group::kinds).map(of);
            values.next().is_none_or(|first| values.all(|value| value == first))
        };
        if rows.iter().all(has_one) {
            let firsts = rows.iter().filter_map(|row| row.first().map(of)).collect();
            return of_rows(firsts).mapv(|value| value as f32);
        }
        match &rows[..] {
            [row] => of_neurons(row).into_dyn(),
            rows => {
                let mut all = Array2::zeros((rows.len(), self.n()));
                for (mut own, row) in all.rows_mut().into_iter().zip(rows) {
                    own.assign(&of_neurons(row));
                }
                all.into_dyn()
            }
        }
    }

    /// The memory for what drives a network, bytes: a current, and the rate and weight of each source.
    pub fn bytes_of_drive(&self) -> u64 {
        let kinds = self.groups.iter().flat_map(Group::kinds);
        let sources = kinds.map(|group| (group.poisson.len() + group.noise.len()) as u64).max().unwrap_or(0);
        4 * (1 + 2 * sources) * self.n() as u64 * self.rows() as u64
    }

    /// The membrane potentials at the start; `None` if all are at rest.
    pub fn initial_voltages(&self, batch: usize, seed: u64) -> Option<Array2<f32>> {
        if self.groups.iter().flat_map(Group::kinds).all(|group| group.init_voltage.is_none()) {
            return None;
        }
        let n = self.n();
        let mut voltages = Array2::zeros((batch, n));
        for (row, mut of_row) in voltages.rows_mut().into_iter().enumerate() {
            let own = self.groups.iter().enumerate().map(|(index, group)| self.group_in(row, index, group));
            let own: Vec<Group> = own.collect();
            let groups = own.iter().flat_map(Group::kind_of_each);
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

/// A value for each row as a number, or as `[batch, 1]` if they differ.
fn of_rows(values: Vec<f64>) -> ArrayD<f64> {
    match values.first() {
        Some(first) if values.iter().all(|value| value == first) => arr0(*first).into_dyn(),
        _ => Array1::from(values).insert_axis(Axis(1)).into_dyn(),
    }
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
