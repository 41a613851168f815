//! [`Params`]: the physical parameters of the neurons and the rules of the model, as the user specifies them.

use crate::error;
use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, arr0};

pub use crate::model::{Refractory, Reset, SpikeTest, SynapseRule, SynapseShape};

/// One parameter of the neurons: a number for all, or an array that broadcasts to
/// `[batch, n]` as ndarray does: `[n]` (per neuron), `[batch, 1]` (per batch row) or `[batch, n]`.
#[derive(Debug, Clone)]
pub struct Parameter {
    values: ArrayD<f32>,
    /// The values in double precision, if they were given so and single precision cannot represent them.
    doubles: Option<ArrayD<f64>>,
    said: Option<Box<Said>>,
}

/// The name, unit and values under which another system has a parameter, for messages about it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// Its name there, as `tau_mem_inv`.
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// The values under that name.
    pub(crate) values: ArrayD<f64>,
    /// For a time constant: the ratio of a step to it, written in the terms of that system, as `dt tau_mem_inv`.
    pub(crate) in_steps: String,
    /// What to do if steps are too long.
    pub(crate) advice: String,
}

impl Parameter {
    /// The values, of 0, 1 or 2 dimensions.
    #[must_use]
    pub fn values(&self) -> &ArrayD<f32> {
        &self.values
    }

    /// Makes a parameter of values that keep their double precision. It matters for potentials only, from which
    /// [`v_reference`](Params::v_reference) is subtracted before they are rounded; everything else is
    /// computed from [`values`](Self::values), which are rounded.
    #[must_use]
    pub fn in_double<S: Data<Elem = f64>, D: Dimension>(values: &ArrayBase<S, D>) -> Self {
        let rounded = values.mapv(|value| value as f32).into_dyn();
        let held = rounded.iter().zip(values).all(|(single, double)| f64::from(*single) == *double);
        Self { values: rounded, doubles: (!held).then(|| values.to_owned().into_dyn()), said: None }
    }

    /// The values in double precision, if single precision cannot represent them.
    pub(crate) fn doubles(&self) -> Option<&ArrayD<f64>> {
        self.doubles.as_ref()
    }

    /// The values minus a reference, computed in double precision and then rounded. For the reference 0 they are the
    /// values themselves, bit for bit.
    pub(crate) fn above(&self, reference: f64) -> ArrayD<f32> {
        match &self.doubles {
            Some(doubles) => doubles.mapv(|value| (value - reference) as f32),
            None => self.values.mapv(|value| (f64::from(value) - reference) as f32),
        }
    }

    /// Stores the name and values under which the parameter was given.
    pub(crate) fn said(mut self, said: Said) -> Self {
        self.said = Some(Box::new(said));
        self
    }

    /// Changes [`Said::in_steps`].
    pub(crate) fn in_steps(mut self, text: &str) -> Self {
        if let Some(said) = &mut self.said {
            text.clone_into(&mut said.in_steps);
        }
        self
    }

    /// Changes [`Said::advice`].
    pub(crate) fn advice(mut self, text: &str) -> Self {
        if let Some(said) = &mut self.said {
            text.clone_into(&mut said.advice);
        }
        self
    }

    /// The name and values under which the parameter was given, if not by its own name.
    pub(crate) fn as_said(&self) -> Option<&Said> {
        self.said.as_deref()
    }

    /// The name under which the parameter was given, or `ours`.
    pub(crate) fn name_or<'a>(&'a self, ours: &'a str) -> &'a str {
        self.as_said().map_or(ours, |said| &said.name)
    }
}

impl Said {
    /// Returns the value of a cell, with its unit.
    pub(crate) fn value(&self, row: usize, neuron: usize) -> Option<String> {
        // An axis of length 1 has the same value for all.
        let at = |index: usize, length: usize| if length == 1 { 0 } else { index };
        let value = match *self.values.shape() {
            [] => self.values.first(),
            [neurons] => self.values.get([at(neuron, neurons)].as_slice()),
            [rows, neurons] => self.values.get([at(row, rows), at(neuron, neurons)].as_slice()),
            _ => None,
        }?;
        Some(format!("{} {}", error::number(value.to_string()), self.unit).trim_end().to_owned())
    }
}

impl PartialEq for Parameter {
    /// Compares the values alone, whatever names they were given under.
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.doubles == other.doubles
    }
}

impl From<f32> for Parameter {
    fn from(value: f32) -> Self {
        arr0(value).into()
    }
}

impl From<f64> for Parameter {
    /// Rounds to `f32`, in which everything is computed.
    fn from(value: f64) -> Self {
        (value as f32).into()
    }
}

impl<D: Dimension> From<Array<f32, D>> for Parameter {
    fn from(values: Array<f32, D>) -> Self {
        Self { values: values.into_dyn(), doubles: None, said: None }
    }
}

impl<S: Data<Elem = f32>, D: Dimension> From<&ArrayBase<S, D>> for Parameter {
    fn from(values: &ArrayBase<S, D>) -> Self {
        values.to_owned().into()
    }
}

/// How the membrane equation is integrated over a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Integrator {
    /// Forward Euler: `leak = dt / tau_m`. All currents are constant over a step; the synaptic current has its value at
    /// the beginning of the step.
    #[default]
    Euler,
    /// Exact, `leak = 1 - exp(-dt / tau_m)`, for an input current that is constant over the step and a synaptic
    /// current that decays within it (Rotter & Diesmann 1999, Biol. Cybern. 81:381).
    Exact,
}

/// A spike trace: it decays by `exp(-dt / tau)` at each step, and a spike changes it as `kind` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Decay time, ms.
    pub tau: Parameter,
    /// What a spike adds to the trace, or sets it to.
    pub scale: Parameter,
    /// Whether a spike adds to the trace or sets it.
    pub kind: TraceKind,
}

/// What a spike does to its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TraceKind {
    /// Adds the scale.
    #[default]
    Add,
    /// Sets the trace to the scale.
    Set,
}

/// The neurons: physical parameters and the rules of the model.
///
/// Units are ms, mV, MOhm and nA, so that MOhm x nA = mV.
///
/// ```
/// use lif::{Integrator, Params};
/// use ndarray::Array1;
///
/// // A thousand neurons that differ in threshold, integrated exactly.
/// let params = Params {
///     v_threshold: Array1::linspace(-55.0_f32, -45.0, 1000).into(),
///     integrator: Integrator::Exact,
///     ..Params::default()
/// };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Membrane time constant, ms. Default 10.
    pub tau_m: Parameter,
    /// Membrane resistance, MOhm. Default 20.
    pub resistance: Parameter,
    /// Resting potential, mV. Default -62.
    pub v_rest: Parameter,
    /// Potential after a spike, mV. Default -62.
    pub v_reset: Parameter,
    /// Threshold, mV. Default -52.
    pub v_threshold: Parameter,
    /// Reference potential, mV, one number for all neurons. Default 0. Membrane potentials are stored as differences
    /// from it, and the nearer it is, the more precisely single precision represents them: neighbouring numbers are
    /// 8e-6 mV apart at -65 mV, and 1e-6 mV apart at 10 mV above the reference. All potentials that are given, read,
    /// recorded and set are on the usual scale; only
    /// [`Population::coefficients`](crate::Population::coefficients), the raw buffers of a device and the state in a
    /// checkpoint contain the differences.
    pub v_reference: f64,
    /// Refractory time, ms. Default 5. It is rounded once to a whole number n_ref of steps; the
    /// inter-spike interval is n_ref + k steps, k being the number of updates from reset to threshold.
    pub t_ref: Parameter,
    /// Length of a step, ms. Default 0.1.
    pub dt: f64,
    /// How the membrane equation is integrated over a step.
    pub integrator: Integrator,
    /// Which comparison with the threshold means a spike.
    pub spike_test: SpikeTest,
    /// What a spike does to the membrane potential.
    pub reset: Reset,
    /// What happens during the refractory period.
    pub refractory: Refractory,
    /// Lower bound of the membrane potential, mV. Default none.
    pub v_lower: Option<Parameter>,
    /// Spike trace. Default none.
    pub trace: Option<Trace>,
    /// Time constant of the synaptic current, ms. Each arriving spike adds its weight (nA) to this current, which
    /// decays as `exp(-t / tau_syn)`, with [`Integrator::Exact`] also within a step. Default none: a spike
    /// is a current for one step.
    pub tau_syn: Option<Parameter>,
    /// Time constant of the inhibitory current, ms: a second synaptic current, which needs a [`tau_syn`](Self::tau_syn).
    /// Arriving spikes with a negative weight are added to it, and those with another weight to the synaptic current.
    /// Both currents act alike, as in NEST's `iaf_psc_exp` with its `tau_syn_ex` and `tau_syn_in` (Rotter & Diesmann
    /// 1999, Biol. Cybern. 81:381, solve it exactly). Default none: all spikes are added to the synaptic current.
    pub tau_syn_inhibitory: Option<Parameter>,
    /// What the synaptic currents have to do with the neuron's own spikes. Default: nothing. [`SynapseRule::Cleared`]
    /// needs a [`tau_syn`](Self::tau_syn). With it,
    ///
    /// - a spike sets the synaptic current and the inhibitory current to 0;
    /// - while the neuron is refractory, they stay constant, and spikes that arrive are ignored;
    /// - spikes that arrive are added at the end of a step, after the spike test, so that they act from the next step
    ///   on; those that arrive in the step of a spike are ignored.
    ///
    /// A step is then a step of Brian2 with `dg/dt = -g/tau : volt (unless refractory)`, `on_pre='g += w'` and
    /// `reset='v = v_rst; g = 0*mV'`, as in the model of the brain of the fruit fly by Shiu et al. (2024), Nature
    /// 634:210. A current that has been set during the refractory period acts after it.
    pub synapse_rule: SynapseRule,
    /// How the current that a spike causes runs. Default: [`SynapseShape::Exponential`]. [`SynapseShape::Alpha`] needs a
    /// [`tau_syn`](Self::tau_syn). With it, a spike of weight w causes the current `w (e / tau_syn) t exp(-t / tau_syn)`,
    /// which reaches its peak w after `tau_syn`, and has e times the charge of an exponential one. This is NEST's
    /// `iaf_psc_alpha` (Rotter & Diesmann 1999, Biol. Cybern. 81:381). The current is computed exactly with any
    /// [`integrator`](Self::integrator), and [`Integrator::Exact`] takes account of its course within a step.
    pub synapse_shape: SynapseShape,
    /// Whether neurons are allowed that could spike at every step without input (reset above the threshold, and no
    /// refractory period). Default `false`: they are refused, as they are most often a mistake.
    pub allow_constant_firing: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            tau_m: 10.0.into(),
            resistance: 20.0.into(),
            v_rest: (-62.0).into(),
            v_reset: (-62.0).into(),
            v_threshold: (-52.0).into(),
            v_reference: 0.0,
            t_ref: 5.0.into(),
            dt: 0.1,
            integrator: Integrator::default(),
            spike_test: SpikeTest::default(),
            reset: Reset::default(),
            refractory: Refractory::default(),
            v_lower: None,
            trace: None,
            tau_syn: None,
            tau_syn_inhibitory: None,
            synapse_rule: SynapseRule::default(),
            synapse_shape: SynapseShape::default(),
            allow_constant_firing: false,
        }
    }
}

/// Returns the part of its distance from rest that a membrane potential loses in a step; `ratio` is `dt / tau_m`.
pub(crate) fn leak_of(ratio: f64, integrator: Integrator) -> f64 {
    match integrator {
        Integrator::Euler => ratio,
        Integrator::Exact => -libm::expm1(-ratio),
    }
}
