//! [`Network`]: describes groups of neurons and the synapses between them, and builds the population.

use super::Population;
use crate::data::memory::{self, MemoryNeed};
use crate::data::shape::Shape;
use crate::device::Device;
use crate::device::placement::Placement;
use crate::error::{About, Argument, Error, Result};
use crate::experiment::network::rule::Rule;
use crate::experiment::network::synapse::Synapse;
use crate::experiment::network::synapses::Synapses;
use crate::experiment::network::{Group, Projection, Wiring};
use crate::experiment::params::{Parameter, Params};
use crate::experiment::population_options::PopulationOptions;
use crate::prepared::network::Connections;
use ndarray::{ArrayD, Axis, IxDyn, concatenate};
use std::sync::Arc;

/// A network to be built: groups of neurons, and the synapses between them.
///
/// All groups become one [`Population`], whose neurons are numbered group after group. It is driven, recorded, saved
/// and read as any other. Batch rows are independent copies of the network with the same synapses.
///
/// ```
/// use lif::{Device, Integrator, Network, Params, Random, Recording, Rule, Synapse};
///
/// // Brunel (2000), J. Comput. Neurosci. 8:183, at a tenth of its size.
/// let params = Params {
///     tau_m: 20.0.into(),
///     v_rest: 0.0.into(),
///     v_reset: 10.0.into(),
///     v_threshold: 20.0.into(),
///     t_ref: 2.0.into(),
///     integrator: Integrator::Exact,
///     ..Params::default()
/// };
/// let mut network = Network::new();
/// let e = network.add("E", 1000, params.clone())?;
/// let i = network.add("I", 250, params)?;
/// for target in [&e, &i] {
///     network.connect(&e, target, Rule::fixed_indegree(100), Synapse::jump(1.0).delay(1.5))?;
///     network.connect(&i, target, Rule::fixed_indegree(25), Synapse::jump(-5.0).delay(1.5))?;
/// }
/// let mut population = network.build(1, &Device::cpu())?;
/// let recorded = population
///     .run(1000, Random::poisson(2000.0, 1.0))
///     .record(Recording::none().counts())
///     .go()?;
/// assert!(recorded.counts.is_some_and(|counts| counts.sum() > 100));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Network {
    params: Vec<Params>,
    wiring: Wiring,
    options: PopulationOptions,
}

impl Network {
    /// A network without neurons.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group of `size` neurons. Parameters may differ between its neurons (`[size]`), between batch rows
    /// (`[batch, 1]`), or both (`[batch, size]`). The rules of the model, `dt`, `v_reference` and the presence of a
    /// synaptic current, a trace and a lower bound must be the same in all groups. Neurons that could spike at every
    /// step are allowed if all groups [allow](Params::allow_constant_firing) them.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a group without neurons, 2^32 - 1 neurons or more in all, a name that is taken, or
    /// other rules than those of the first group. [`build`](Self::build) checks the parameters.
    pub fn add(&mut self, name: &str, size: usize, params: Params) -> Result<Group> {
        let first = self.wiring.n();
        let refusal = |what: &str, value: String, requirement: &str| {
            Err(Error::out_of_range(what, value, requirement).about(Argument::Network))
        };
        if size == 0 || first.saturating_add(size) >= u32::MAX as usize {
            let what = format!("the number of neurons in group {name}");
            return refusal(&what, size.to_string(), "1 or more, and with all others below 2^32 - 1");
        }
        if self.wiring.groups.iter().any(|group| group.name() == name) {
            return refusal(
                "the name of a group",
                name.to_owned(),
                "another than those of the groups before it",
            );
        }
        if let Some(before) = self.params.first()
            && let Some(rule) = different_rule(before, &params)
        {
            return refusal(
                &format!("{rule} of group {name}"),
                "another".to_owned(),
                "as in the first group",
            );
        }
        let group = Group { name: name.into(), first: first as u32, size: size as u32 };
        self.wiring.groups.push(group.clone());
        self.params.push(params);
        Ok(group)
    }

    /// Connects the neurons of one group to those of another, or of the same. Several connections between the same
    /// groups add up.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a group of another network. [`build`](Self::build) checks the rest.
    pub fn connect(&mut self, from: &Group, to: &Group, rule: Rule, synapse: Synapse) -> Result<()> {
        for group in [from, to] {
            if !self.wiring.groups.contains(group) {
                let error = Error::out_of_range("a group to connect", group.name(), "of this network");
                return Err(error.about(Argument::Network));
            }
        }
        self.wiring.projections.push(Projection { from: from.clone(), to: to.clone(), rule, synapse });
        Ok(())
    }

    /// Sets the positions of all neurons, in the order of their numbers and in any unit, for rules and delays that
    /// depend on distance. In two dimensions the third is 0. [`build`](Self::build) refuses positions that are not
    /// finite, and another number of them than of neurons.
    pub fn set_positions(&mut self, positions: Vec<[f32; 3]>) {
        self.wiring.positions = positions;
    }

    /// Sets the seed of the draws of synapses. It is 0 at first.
    pub fn set_seed(&mut self, seed: u64) {
        self.wiring.seed = seed;
    }

    /// Sets memory limits and timing of the population.
    pub fn set_options(&mut self, options: PopulationOptions) {
        self.options = options;
    }

    /// The groups, in the order of their neurons.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.wiring.groups
    }

    /// Returns the memory that the population would need, synapses included, without drawing them. Where their number
    /// is drawn, this counts more than there will be in all likelihood.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn memory_needed(&self, batch: usize, device: &Device) -> Result<MemoryNeed> {
        let params = self.params()?;
        let connections = self.connections(batch, &params)?;
        let shape = Shape { batch, n: self.wiring.n() };
        let table = super::table(&params, shape)?;
        Ok(Placement::from(device).memory_needed(&table, shape, Some(&connections)))
    }

    /// Draws the synapses and builds the population, with its neurons at rest. The same description and seed give the
    /// same synapses on every device.
    ///
    /// # Errors
    ///
    /// As [`Population::new`]; and [`Error::Shape`], [`Error::NonFinite`] and [`Error::OutOfRange`] for anything wrong
    /// with rules, weights or delays, before memory is taken.
    pub fn build(&self, batch: usize, device: &Device) -> Result<Population> {
        let params = self.params()?;
        let shape = Shape { batch, n: self.wiring.n() };
        let network = BuiltNetwork::new(Arc::new(self.wiring.clone()), batch, &params)?;
        Population::connected(params, shape, device, self.options, Some(network))
    }

    /// Draws the synapses, and lists them by source, then by target. Factors of batch rows are not in the list.
    ///
    /// ```
    /// use lif::{Network, Params, Rule, Synapse};
    ///
    /// let mut network = Network::new();
    /// let cells = network.add("cells", 3, Params::default())?;
    /// let rule = Rule::all_to_all().without_autapses();
    /// network.connect(&cells, &cells, rule, Synapse::jump(2.0).delay(0.5))?;
    /// let synapses = network.synapses()?;
    /// assert_eq!(synapses.sources, [0, 0, 1, 1, 2, 2]);
    /// assert_eq!(synapses.targets, [1, 2, 0, 2, 0, 1]);
    /// assert_eq!((synapses.weights[0], synapses.delays[0]), (2.0, 0.5));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and [`Error::TooLarge`] for a list that is larger than memory.
    pub fn synapses(&self) -> Result<Synapses> {
        let params = self.params()?;
        let batch = self.wiring.projections.iter().find_map(|projection| projection.synapse.rows());
        self.connections(batch.unwrap_or(1), &params)?.synapses(params.dt)
    }

    fn connections(&self, batch: usize, params: &Params) -> Result<Connections> {
        Connections::new(&self.wiring, batch, params).about(Argument::Network)
    }

    /// See [`BuiltNetwork::fingerprint`].
    #[cfg(feature = "checkpoint")]
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(&self.wiring)
    }

    /// The parameters of all neurons.
    pub(super) fn params(&self) -> Result<Params> {
        let Some(first) = self.params.first() else {
            let error = Error::out_of_range("the number of groups", 0, "1 or more");
            return Err(error.about(Argument::Network));
        };
        let joined = |of: fn(&Params) -> Option<&Parameter>| self.joined(of);
        let or = |parameter: Option<Parameter>| parameter.unwrap_or_else(|| 0.0.into());
        Ok(Params {
            tau_m: or(joined(|params| Some(&params.tau_m))?),
            resistance: or(joined(|params| Some(&params.resistance))?),
            v_rest: or(joined(|params| Some(&params.v_rest))?),
            v_reset: or(joined(|params| Some(&params.v_reset))?),
            v_threshold: or(joined(|params| Some(&params.v_threshold))?),
            t_ref: or(joined(|params| Some(&params.t_ref))?),
            v_lower: joined(|params| params.v_lower.as_ref())?,
            tau_syn: joined(|params| params.tau_syn.as_ref())?,
            tau_syn_inhibitory: joined(|params| params.tau_syn_inhibitory.as_ref())?,
            trace: match &first.trace {
                None => None,
                Some(trace) => Some(crate::Trace {
                    tau: or(joined(|params| params.trace.as_ref().map(|trace| &trace.tau))?),
                    scale: or(joined(|params| params.trace.as_ref().map(|trace| &trace.scale))?),
                    kind: trace.kind,
                }),
            },
            allow_constant_firing: self.params.iter().all(|params| params.allow_constant_firing),
            ..first.clone()
        })
    }

    /// Joins a parameter of all groups along the neurons. It stays one number if it is the same in all.
    fn joined(&self, of: fn(&Params) -> Option<&Parameter>) -> Result<Option<Parameter>> {
        let all: Vec<&Parameter> = self.params.iter().filter_map(of).collect();
        let Some(first) = all.first() else { return Ok(None) };
        if all.iter().all(|parameter| parameter.values().ndim() == 0 && parameter == first) {
            return Ok(Some((*first).clone()));
        }
        let rows = all.iter().filter_map(|parameter| match *parameter.values().shape() {
            [rows, _] => Some(rows),
            _ => None,
        });
        // Parameters that differ between batch rows have two dimensions, also if there is one row.
        let of_rows = rows.max();
        let rows = of_rows.unwrap_or(1);
        // The parts, and all together.
        let bytes = (self.wiring.n() as u64).saturating_mul(rows as u64).saturating_mul(32);
        memory::require("a parameter of all groups", bytes, "take a smaller network")?;
        let spread = |(group, parameter): (&Group, &&Parameter)| {
            let shape = if of_rows.is_some() { vec![rows, group.len()] } else { vec![group.len()] };
            let refusal = || {
                let what = format!("a parameter of group {}", group.name());
                let expected = format!("[] or [{0}] or [{rows}, 1] or [{rows}, {0}]", group.len());
                Error::shape(&what, expected, parameter.values().shape()).about(Argument::Parameter)
            };
            let shape = IxDyn(&shape);
            match parameter.doubles() {
                Some(doubles) => doubles.broadcast(shape).map(|values| values.to_owned()),
                None => parameter.values().mapv(f64::from).broadcast(shape).map(|values| values.to_owned()),
            }
            .ok_or_else(refusal)
        };
        let parts: Vec<ArrayD<f64>> =
            self.wiring.groups.iter().zip(&all).map(spread).collect::<Result<_>>()?;
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let joined = concatenate(Axis(usize::from(of_rows.is_some())), &views)
            .map_err(|error| Error::shape("the parameters of all groups", error.to_string(), &[]))?;
        Ok(Some(Parameter::in_double(&joined)))
    }
}

/// The network of a population.
#[derive(Debug, Clone)]
pub(super) struct BuiltNetwork {
    wiring: Arc<Wiring>,
    pub(super) connections: Arc<Connections>,
}

impl BuiltNetwork {
    fn new(wiring: Arc<Wiring>, batch: usize, params: &Params) -> Result<Self> {
        let connections = Connections::new(&wiring, batch, params).about(Argument::Network)?;
        Ok(Self { wiring, connections: Arc::new(connections) })
    }

    /// A text that differs for different wirings.
    #[cfg(feature = "checkpoint")]
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(&self.wiring)
    }

    /// The same network for another number of batch rows.
    pub(super) fn for_batch(&self, batch: usize, params: &Params) -> Result<Self> {
        Self::new(Arc::clone(&self.wiring), batch, params)
    }
}

#[cfg(feature = "checkpoint")]
fn fingerprint(wiring: &Wiring) -> String {
    format!("{:016x}", wiring.fingerprint())
}

impl Population {
    /// The number of synapses of a [`Network`]; batch rows share them.
    #[must_use]
    pub fn synapses(&self) -> u64 {
        self.engine.synapses()
    }

    /// The groups of a [`Network`], in the order of their neurons; empty for neurons that are not connected.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        self.network.as_ref().map_or(&[], |network| &network.wiring.groups)
    }
}

/// Returns which rule of two groups differs.
fn different_rule(first: &Params, other: &Params) -> Option<&'static str> {
    [
        ("dt", first.dt == other.dt),
        ("v_reference", first.v_reference == other.v_reference),
        ("the integrator", first.integrator == other.integrator),
        ("the spike test", first.spike_test == other.spike_test),
        ("the reset", first.reset == other.reset),
        ("the refractory rule", first.refractory == other.refractory),
        ("v_lower (none or some)", first.v_lower.is_some() == other.v_lower.is_some()),
        ("tau_syn (none or some)", first.tau_syn.is_some() == other.tau_syn.is_some()),
        (
            "tau_syn_inhibitory (none or some)",
            first.tau_syn_inhibitory.is_some() == other.tau_syn_inhibitory.is_some(),
        ),
        ("the synapse rule", first.synapse_rule == other.synapse_rule),
        ("the synapse shape", first.synapse_shape == other.synapse_shape),
        (
            "the trace",
            first.trace.as_ref().map(|trace| trace.kind) == other.trace.as_ref().map(|trace| trace.kind),
        ),
    ]
    .into_iter()
    .find_map(|(name, is_same)| (!is_same).then_some(name))
}
