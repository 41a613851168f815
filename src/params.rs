//! What the user says of the neurons: physical parameters and the rules of the model.

use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, arr0};

pub use crate::model::{Refractory, Reset, SpikeTest};

/// One parameter of the neurons: a number for all, or an array that broadcasts to
/// `[batch, n]` as ndarray does: `[n]` (per neuron), `[batch, 1]` (per batch row) or `[batch, n]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter(ArrayD<f32>);

impl Parameter {
    /// The values, of 0, 1 or 2 dimensions.
    #[must_use]
    pub fn values(&self) -> &ArrayD<f32> {
        &self.0
    }
}

impl From<f32> for Parameter {
    fn from(value: f32) -> Self {
        Self(arr0(value).into_dyn())
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
        Self(values.into_dyn())
    }
}

impl<S: Data<Elem = f32>, D: Dimension> From<&ArrayBase<S, D>> for Parameter {
    fn from(values: &ArrayBase<S, D>) -> Self {
        Self(values.to_owned().into_dyn())
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
    /// Whether neurons that cannot but spike at every step (reset above the threshold without a
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
