//! What the user says of the neurons: physical parameters and the rules of the model.

use crate::error;
use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, arr0};

pub use crate::model::{Refractory, Reset, SpikeTest};

/// One parameter of the neurons: a number for all, or an array that broadcasts to
/// `[batch, n]` as ndarray does: `[n]` (per neuron), `[batch, 1]` (per batch row) or `[batch, n]`.
#[derive(Debug, Clone)]
pub struct Parameter {
    values: ArrayD<f32>,
    /// As they were given in double precision, where single precision does not hold them.
    doubles: Option<ArrayD<f64>>,
    said: Option<Box<Said>>,
}

/// How a parameter was said where it was not by its name here, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// As `tau_mem_inv`.
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// What was given under that name.
    pub(crate) values: ArrayD<f64>,
    /// A step in time constants, as `dt tau_mem_inv`, where it is one.
    pub(crate) in_steps: String,
    /// What to do where steps are too long.
    pub(crate) advice: String,
}

impl Parameter {
    /// The values, of 0, 1 or 2 dimensions.
    #[must_use]
    pub fn values(&self) -> &ArrayD<f32> {
        &self.values
    }

    /// Values that keep their double precision. It counts for potentials, from which
    /// [`v_reference`](Params::v_reference) is subtracted before they are rounded; everything else is
    /// computed from [`values`](Self::values).
    #[must_use]
    pub fn in_double<S: Data<Elem = f64>, D: Dimension>(values: &ArrayBase<S, D>) -> Self {
        let rounded = values.mapv(|value| value as f32).into_dyn();
        let held = rounded.iter().zip(values).all(|(single, double)| f64::from(*single) == *double);
        Self { values: rounded, doubles: (!held).then(|| values.to_owned().into_dyn()), said: None }
    }

    /// The values that single precision does not hold.
    pub(crate) fn doubles(&self) -> Option<&ArrayD<f64>> {
        self.doubles.as_ref()
    }

    /// The values above a reference, computed in double precision and then rounded. Above 0 they are the
    /// values themselves, bit for bit.
    pub(crate) fn above(&self, reference: f64) -> ArrayD<f32> {
        match &self.doubles {
            Some(doubles) => doubles.mapv(|value| (value - reference) as f32),
            None => self.values.mapv(|value| (f64::from(value) - reference) as f32),
        }
    }

    /// The same, said in another way.
    pub(crate) fn said(mut self, said: Said) -> Self {
        self.said = Some(Box::new(said));
        self
    }

    /// The same with another way to write a step in time constants.
    pub(crate) fn in_steps(mut self, text: &str) -> Self {
        if let Some(said) = &mut self.said {
            text.clone_into(&mut said.in_steps);
        }
        self
    }

    /// The same with other advice where steps are too long.
    pub(crate) fn advice(mut self, text: &str) -> Self {
        if let Some(said) = &mut self.said {
            text.clone_into(&mut said.advice);
        }
        self
    }

    /// How it was said, where not by its name here.
    pub(crate) fn as_said(&self) -> Option<&Said> {
        self.said.as_deref()
    }

    /// The name under which it was said.
    pub(crate) fn name_or<'a>(&'a self, ours: &'a str) -> &'a str {
        self.as_said().map_or(ours, |said| &said.name)
    }
}

impl Said {
    /// The value of a cell, with its unit.
    pub(crate) fn value(&self, row: usize, neuron: usize) -> Option<String> {
        // What has length 1 is the same for all.
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
    /// However they were said.
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

/// How the membrane equation is stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Integrator {
    /// Forward Euler: `leak = dt / tau_m`. All currents are held over a step, synaptic ones as they are when it
    /// begins.
    #[default]
    Euler,
    /// Exact for a current that is constant over the step: `leak = 1 - exp(-dt / tau_m)`, and for a synaptic
    /// current that decays within it (Rotter & Diesmann 1999, Biol. Cybern. 81:381).
    Exact,
}

/// A spike trace: `trace * exp(-dt / tau)` at each step, and at a spike `kind`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Decay time, ms.
    pub tau: Parameter,
    /// What a spike adds, or sets the trace to.
    pub scale: Parameter,
    /// Whether a spike adds or sets.
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
    /// Reference potential, mV, one number for all. Default 0. Membrane potentials are kept as differences from it,
    /// which single precision holds the more exactly the nearer it is: at -65 mV steps are 8e-6 mV, at 10 mV
    /// above it 1e-6 mV. All that is given, read, recorded and set stays in the scale of the other
    /// potentials; [`Population::coefficients`](crate::Population::coefficients), the raw buffers of a device and the state in a
    /// checkpoint hold the differences.
    pub v_reference: f64,
    /// Refractory time, ms. Default 5. It is rounded once to a whole number n_ref of steps; the
    /// interval between two spikes is n_ref + k steps, k being the updates from reset to threshold.
    pub t_ref: Parameter,
    /// Length of a step, ms. Default 0.1.
    pub dt: f64,
    /// How the membrane equation is stepped.
    pub integrator: Integrator,
    /// Which comparison with the threshold is a spike.
    pub spike_test: SpikeTest,
    /// What a spike does to the membrane potential.
    pub reset: Reset,
    /// What happens during the refractory period.
    pub refractory: Refractory,
    /// Lower bound of the membrane potential, mV. Default none.
    pub v_lower: Option<Parameter>,
    /// Spike trace. Default none.
    pub trace: Option<Trace>,
    /// Time constant of the synaptic current, ms. Each spike that arrives adds its weight (nA) to it, and
    /// it decays as `exp(-t / tau_syn)`, with [`Integrator::Exact`] within steps as well. Default none: a spike
    /// is a current for one step.
    pub tau_syn: Option<Parameter>,
    /// Whether neurons that could spike at every step without input (reset above the threshold without a
    /// refractory period) are allowed. Default `false`: they are refused, as they are most often a
    /// mistake.
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
            allow_constant_firing: false,
        }
    }
}

/// The part of its distance from rest that a membrane loses in a step of `dt / tau_m`.
pub(crate) fn leak_of(ratio: f64, integrator: Integrator) -> f64 {
    match integrator {
        Integrator::Euler => ratio,
        Integrator::Exact => -libm::expm1(-ratio),
    }
}
