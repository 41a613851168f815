//! [`Neurons`]: a node of neurons, and its conversion to and from the parameters of a population.

use crate::error::{About, Argument, Error, Result};
use crate::experiment::params::{
    Integrator, Parameter, Params, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape,
};
use ndarray::{Array1, ArrayD, Axis};

/// Times are in s in NIR, and in ms in this crate.
const MS_PER_S: f64 = 1000.0;

/// A `LIF` node, or with a [`Synapse`] a `CubaLIF` node.
///
/// All arrays have the same shape, one value per neuron; an array of several axes is read in row-major
/// order. Potentials, currents and resistances have no unit in NIR. Their numbers are not changed, so
/// that the units mV, nA and MOhm stand for whatever the file means.
#[derive(Debug, Clone, PartialEq)]
pub struct Neurons {
    /// Membrane time constant, s: `tau` of a `LIF`, `tau_mem` of a `CubaLIF`.
    pub tau_mem: ArrayD<f64>,
    /// Resistance.
    pub r: ArrayD<f64>,
    /// Potential at rest.
    pub v_leak: ArrayD<f64>,
    /// Threshold.
    pub v_threshold: ArrayD<f64>,
    /// Potential after a spike. In older files, which lack it, it is 0.
    pub v_reset: ArrayD<f64>,
    /// The synapse of a `CubaLIF`.
    pub synapse: Option<Synapse>,
}

/// The synapse of a `CubaLIF`: `tau_syn dI/dt = -I + w_in S`.
#[derive(Debug, Clone, PartialEq)]
pub struct Synapse {
    /// Time constant, s.
    pub tau_syn: ArrayD<f64>,
    /// Weight of the input.
    pub w_in: ArrayD<f64>,
}

/// What a simulation in steps needs and NIR does not specify. There is no default.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepping {
    /// Length of a step, ms.
    pub dt: f64,
    /// How the membrane equation is integrated over a step.
    pub integrator: Integrator,
    /// What a spike does to the membrane potential. In NIR it becomes `v_reset`; in continuous time both rules do
    /// that. Many networks were trained with [`Reset::Subtract`].
    pub reset: Reset,
    /// Refractory time, ms; 0 for none.
    pub t_ref: Parameter,
    /// What happens during the refractory period.
    pub refractory: Refractory,
}

impl Stepping {
    /// Takes the stepping of these parameters.
    #[must_use]
    pub fn of(params: &Params) -> Self {
        Self {
            dt: params.dt,
            integrator: params.integrator,
            reset: params.reset,
            t_ref: params.t_ref.clone(),
            refractory: params.refractory,
        }
    }
}

impl Neurons {
    /// The number of neurons.
    #[must_use]
    pub fn n(&self) -> usize {
        self.v_threshold.len()
    }

    /// The type of the node, `LIF` or `CubaLIF`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.synapse.is_some() { "CubaLIF" } else { "LIF" }
    }

    /// All arrays, with their names in a file.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &ArrayD<f64>)> {
        let tau = if self.synapse.is_some() { "tau_mem" } else { "tau" };
        let mut fields = vec![
            (tau, &self.tau_mem),
            ("r", &self.r),
            ("v_leak", &self.v_leak),
            ("v_threshold", &self.v_threshold),
            ("v_reset", &self.v_reset),
        ];
        if let Some(synapse) = &self.synapse {
            fields.extend([("tau_syn", &synapse.tau_syn), ("w_in", &synapse.w_in)]);
        }
        fields
    }

    /// Checks that all arrays have the same shape.
    pub(super) fn require_one_shape(&self) -> Result<()> {
        let shape = self.v_threshold.shape();
        match self.fields().into_iter().find(|(_, values)| values.shape() != shape) {
            None if self.n() == 0 => Err(Error::shape("v_threshold", "at least one neuron", shape)),
            None => Ok(()),
            Some((name, values)) => {
                Err(Error::shape(name, format!("{shape:?}, as v_threshold has it"), values.shape()))
            }
        }
    }

    /// Converts the neurons to parameters of a population of [`n`](Self::n) neurons. A parameter that is
    /// the same for all neurons becomes one number.
    ///
    /// # Errors
    /// If the arrays do not all have the same shape. Values are checked when a population is made.
    pub fn params(&self, stepping: &Stepping) -> Result<Params> {
        self.require_one_shape().about(Argument::Parameter)?;
        Ok(Params {
            tau_m: parameter(&(&self.tau_mem * MS_PER_S)),
            resistance: parameter(&self.r),
            v_rest: parameter(&self.v_leak),
            v_reset: parameter(&self.v_reset),
            v_threshold: parameter(&self.v_threshold),
            tau_syn: self.synapse.as_ref().map(|synapse| parameter(&(&synapse.tau_syn * MS_PER_S))),
            dt: stepping.dt,
            integrator: stepping.integrator,
            reset: stepping.reset,
            t_ref: stepping.t_ref.clone(),
            refractory: stepping.refractory,
            spike_test: SpikeTest::Above,
            ..Params::default()
        })
    }

    /// Returns the current that a spike of weight 1 adds, to be used as the weight of a
    /// [`SpikeInput`](crate::SpikeInput). `dt` is the length of a step, ms.
    ///
    /// S of NIR has the same meaning as in other programs that run NIR graphs: 1 during a step with a spike,
    /// 0 otherwise. With Euler the synaptic current is constant over a step: its value is the current at the end of the
    /// step, solved exactly for this S, and a spike adds `w_in (1 - exp(-dt / tau_syn))`. With the exact integrator the
    /// current decays within a step: S is an impulse with the same area at the beginning of the step, and a spike
    /// adds `w_in dt / tau_syn`. A `LIF` has no synapse: its current is the weight itself, for one step.
    ///
    /// # Errors
    /// If the arrays do not all have the same shape, or a time constant is not above 0.
    pub fn spike_weight(&self, dt: f64, integrator: Integrator) -> Result<Parameter> {
        self.require_one_shape().about(Argument::Parameter)?;
        let Some(synapse) = &self.synapse else { return Ok(1.0.into()) };
        Ok(parameter(&(&synapse.w_in * &arriving(&synapse.tau_syn, dt, integrator)?)))
    }

    /// Makes a node of `n` neurons with these parameters. With a [`tau_syn`](Params::tau_syn) it is a `CubaLIF` whose
    /// `w_in` makes [`spike_weight`](Self::spike_weight) 1 for their dt and integrator. A node cannot contain a
    /// trace, nor a [`Stepping`], which [`Stepping::of`] returns.
    ///
    /// # Errors
    /// If the parameters do not broadcast to `[n]`, or the neurons do not exist in NIR: with a lower
    /// bound, with spikes at the threshold, or with an inhibitory current.
    pub fn from_params(params: &Params, n: usize) -> Result<Self> {
        Self::made_from(params, n).about(Argument::Parameter)
    }

    fn made_from(params: &Params, n: usize) -> Result<Self> {
        if n == 0 {
            return Err(Error::out_of_range("n", n, "at least 1"));
        }
        // Without `..`, so that a new parameter causes a compile error here instead of being dropped.
        let Params {
            tau_m,
            resistance,
            v_rest,
            v_reset,
            v_threshold,
            v_lower,
            spike_test,
            tau_syn,
            tau_syn_inhibitory,
            synapse_rule,
            synapse_shape,
            dt,
            integrator,
            v_reference: _,
            t_ref: _,
            reset: _,
            refractory: _,
            trace: _,
            allow_constant_firing: _,
        } = params;
        if v_lower.is_some() {
            return Err(Error::out_of_range("v_lower", "a bound", "absent, as NIR has no lower bound"));
        }
        if tau_syn_inhibitory.is_some() {
            let requirement = "absent, as a CubaLIF has one synaptic current";
            return Err(Error::out_of_range("tau_syn_inhibitory", "a time constant", requirement));
        }
        if *synapse_rule == SynapseRule::Cleared {
            let requirement = "independent of spikes, as no spike changes the current of a CubaLIF";
            return Err(Error::out_of_range("the synapse rule", "cleared", requirement));
        }
        if *synapse_shape == SynapseShape::Alpha {
            let requirement = "exponential, as the current of a CubaLIF is";
            return Err(Error::out_of_range("the synapse shape", "alpha", requirement));
        }
        if *spike_test != SpikeTest::Above {
            return Err(Error::out_of_range(
                "the spike test",
                "at or above the threshold",
                "above the threshold, as it is in NIR",
            ));
        }
        let synapse = tau_syn.as_ref().map(|tau| {
            let tau_syn = values("tau_syn", tau, n)? / MS_PER_S;
            let w_in = arriving(&tau_syn, *dt, *integrator)?.mapv(f64::recip);
            Ok(Synapse { tau_syn, w_in })
        });
        Ok(Self {
            tau_mem: values("tau_m", tau_m, n)? / MS_PER_S,
            r: values("resistance", resistance, n)?,
            v_leak: values("v_rest", v_rest, n)?,
            v_threshold: values("v_threshold", v_threshold, n)?,
            v_reset: values("v_reset", v_reset, n)?,
            synapse: synapse.transpose()?,
        })
    }
}

/// Returns the part of `w_in` that a spike adds to the current, with tau in s and dt in ms; see
/// [`Neurons::spike_weight`].
fn arriving(tau: &ArrayD<f64>, dt: f64, integrator: Integrator) -> Result<ArrayD<f64>> {
    if !(dt.is_finite() && dt > 0.0) {
        return Err(Error::out_of_range("dt", format!("{dt} ms"), "a number above 0"));
    }
    if let Some(tau) = tau.iter().find(|tau| !(tau.is_finite() && **tau > 0.0)) {
        return Err(Error::out_of_range("tau_syn", format!("{tau} s"), "above 0"));
    }
    let ratio = tau.mapv(|tau| dt / (tau * MS_PER_S));
    Ok(match integrator {
        Integrator::Euler => ratio.mapv(|ratio| -libm::expm1(-ratio)),
        Integrator::Exact => ratio,
    })
}

/// Returns one number if all values are equal, otherwise one per neuron.
fn parameter(values: &ArrayD<f64>) -> Parameter {
    let floats: Array1<f32> = values.iter().map(|value| *value as f32).collect();
    match floats.first() {
        Some(first) if floats.iter().all(|value| value == first) => (*first).into(),
        _ => floats.into(),
    }
}

/// Returns one value for each of `n` neurons.
fn values(what: &str, parameter: &Parameter, n: usize) -> Result<ArrayD<f64>> {
    let given = parameter.values();
    let row = given.broadcast((1, n)).ok_or_else(|| {
        Error::shape(what, format!("[] or [{n}], as a node has no batch rows"), given.shape())
    })?;
    Ok(row.index_axis(Axis(0), 0).mapv(f64::from).into_dyn())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr0, arr1};

    fn neurons() -> Neurons {
        let four = |value: f64| ArrayD::from_elem(vec![2, 2], value);
        Neurons {
            tau_mem: arr1(&[0.005, 0.01, 0.02, 0.04]).into_shape_with_order(vec![2, 2]).unwrap(),
            r: four(2.0),
            v_leak: four(0.5),
            v_threshold: four(1.5),
            v_reset: four(0.25),
            synapse: Some(Synapse { tau_syn: four(0.008), w_in: four(3.0) }),
        }
    }

    fn stepping() -> Stepping {
        Stepping {
            dt: 1.0,
            integrator: Integrator::Exact,
            reset: Reset::Subtract,
            t_ref: 2.0.into(),
            refractory: Refractory::LeakOnly,
        }
    }

    #[test]
    fn seconds_become_milliseconds_and_other_numbers_stay() {
        let params = neurons().params(&stepping()).unwrap();
        assert_eq!(params.tau_m, arr1(&[5.0_f32, 10.0, 20.0, 40.0]).into());
        assert_eq!(params.tau_syn, Some(8.0.into()));
        let numbers = [&params.resistance, &params.v_rest, &params.v_threshold, &params.v_reset];
        assert_eq!(numbers, [&2.0.into(), &0.5.into(), &1.5.into(), &0.25.into()]);
        assert_eq!(Stepping::of(&params), stepping());
    }

    #[test]
    fn parameters_come_back_bit_for_bit() {
        let params = Params {
            tau_m: Array1::linspace(0.7_f32, 33.3, 50).into(),
            tau_syn: Some(Array1::linspace(0.3_f32, 9.1, 50).into()),
            resistance: 0.1.into(),
            ..Params::default()
        };
        for integrator in [Integrator::Euler, Integrator::Exact] {
            let params = Params { integrator, ..params.clone() };
            let neurons = Neurons::from_params(&params, 50).unwrap();
            assert_eq!(neurons.params(&Stepping::of(&params)).unwrap(), params);
            assert_eq!(neurons.spike_weight(params.dt, integrator).unwrap(), 1.0.into());
        }
    }

    #[test]
    fn what_a_node_cannot_be_is_refused() {
        let mut odd = neurons();
        odd.r = arr0(2.0).into_dyn();
        let message = odd.params(&stepping()).unwrap_err().to_string();
        assert_eq!(message, "r: expected shape [2, 2], as v_threshold has it, got []");

        let refusal = |params| Neurons::from_params(&params, 3).unwrap_err().to_string();
        let default = Params::default;
        assert!(refusal(Params { v_lower: Some((-70.0).into()), ..default() }).contains("no lower bound"));
        let inhibition =
            Params { tau_syn: Some(5.0.into()), tau_syn_inhibitory: Some(9.0.into()), ..default() };
        assert!(refusal(inhibition).contains("one synaptic current"));
        let cleared = Params { tau_syn: Some(5.0.into()), synapse_rule: SynapseRule::Cleared, ..default() };
        assert!(refusal(cleared).contains("no spike changes the current"));
        let alpha = Params { tau_syn: Some(5.0.into()), synapse_shape: SynapseShape::Alpha, ..default() };
        assert!(refusal(alpha).contains("the synapse shape is alpha; it must be exponential"));
        assert!(refusal(Params { spike_test: SpikeTest::AtOrAbove, ..default() }).contains("the spike test"));
        let rows = Array2::from_elem((2, 1), 5.0_f32);
        assert!(refusal(Params { tau_m: rows.into(), ..default() }).contains("no batch rows"));
        assert!(refusal(Params { tau_syn: Some(0.0.into()), ..default() }).contains("above 0"));
    }
}
