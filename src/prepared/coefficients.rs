//! Computes the coefficients of a population from its parameters, and checks every value.

use crate::data::broadcast::{Column, column};
use crate::data::shape::Shape;
use crate::data::slab::{Buffers, Footprint, Slab};
use crate::error::{self, Error, Result};
use crate::experiment::params::leak_of;
use crate::experiment::params::{Integrator, Parameter, Params, TraceKind};
use crate::model::LARGEST_PARAMETER;
use crate::model::{
    self, Coefficient, Coefficients, FASTEST_LEAK, Options, Reset, SMALLEST_PARAMETER, SpikeTest,
    SynapseRule, SynapseShape, TraceRule,
};
use crate::prepared::current::Bounds;
use crate::prepared::field::Field;
use crate::prepared::reference::Reference;
use crate::prepared::synaptic_current::SynapticCurrent;
use std::fmt::Display;

/// The largest magnitude of a state variable. A step adds at most a few times [`LARGEST_PARAMETER`], and in
/// single precision a sum no longer grows when it is 2^25 times as large.
pub(crate) const LARGEST_STATE: f32 = 1e30;

/// Below this `dt / tau_m` an update is lost to rounding.
const SMALLEST_LEAK: f32 = 1e-9;

/// The refractory counter shares its word with the spike flag.
const MOST_REFRACTORY_STEPS: f64 = (u32::MAX >> 1) as f64;

/// The coefficients of all cells of a population, with only as many values as the parameters had.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) options: Options,
    /// The bits of each coefficient, indexed by its number.
    columns: [Column<u32>; Coefficient::COUNT],
    /// The potential of which the potentials are differences.
    pub(crate) reference: Reference,
    /// The bounds of currents.
    pub(crate) bounds: Bounds,
}

impl Table {
    pub(crate) fn new(params: &Params, shape: Shape) -> Result<Self> {
        let dt = params.dt;
        if !(dt.is_finite() && dt > 0.0) {
            return Err(Error::out_of_range("dt", format!("{dt} ms"), "a number above 0"));
        }
        let physical = |what, parameter| physical(what, parameter, shape);

        let tau_m = time_constant("tau_m", &params.tau_m, shape)?;
        let leak = leak(&params.tau_m, &tau_m, dt, params.integrator)?;
        let resistance = resistance(&params.resistance, shape)?;
        let reference = Reference::of(params, shape)?;
        let potential = |what, parameter| reference.potential(what, parameter, shape);
        let v_rest = potential("v_rest", &params.v_rest)?;
        let v_reset = potential("v_reset", &params.v_reset)?;
        let v_threshold = potential("v_threshold", &params.v_threshold)?;
        let refractory_steps = refractory_steps(&params.t_ref, dt, shape)?;

        let bounded = params.v_lower.is_some();
        let v_lower = match &params.v_lower {
            Some(bound) => potential("v_lower", bound)?,
            None => Column::scalar(f32::NEG_INFINITY),
        };
        if let Some(bound) = &params.v_lower {
            let low = v_lower.zip(&v_threshold, shape, |lower, threshold| lower < threshold);
            let threshold = params.v_threshold.name_or("v_threshold");
            let requirement = format!("below {threshold}, or a neuron could spike at every step");
            require_potential(bound, "v_lower", &v_lower, &low, reference, requirement)?;
        }
        if !params.allow_constant_firing {
            refuse_constant_firing(params, &v_reset, &v_threshold, &refractory_steps, reference, shape)?;
        }

        let (trace_decay, trace_scale, trace) = match &params.trace {
            None => (Column::scalar(0.0), Column::scalar(0.0), TraceRule::Off),
            Some(trace) => (
                decay("tau_trace", &trace.tau, dt, shape)?,
                physical("trace_scale", &trace.scale)?,
                match trace.kind {
                    TraceKind::Add => TraceRule::Add,
                    TraceKind::Set => TraceRule::Set,
                },
            ),
        };
        let synaptic_current = |what, tau: Option<&Parameter>| match tau {
            None => Ok(SynapticCurrent::none()),
            Some(tau) => SynapticCurrent::new(params, &tau_m, (what, tau), shape),
        };
        let synaptic = synaptic_current("tau_syn", params.tau_syn.as_ref())?;
        if params.tau_syn_inhibitory.is_some() && params.tau_syn.is_none() {
            let requirement =
                "set, as spikes that are not inhibitory need a synaptic current beside tau_syn_inhibitory";
            return Err(Error::out_of_range("tau_syn", "none", requirement));
        }
        if params.synapse_rule == SynapseRule::Cleared && params.tau_syn.is_none() {
            let requirement = "set, as without a synaptic current there is none that spikes could clear";
            return Err(Error::out_of_range("tau_syn", "none", requirement));
        }
        if params.synapse_shape == SynapseShape::Alpha && params.tau_syn.is_none() {
            let requirement = "set, as an alpha current rises and decays with it";
            return Err(Error::out_of_range("tau_syn", "none", requirement));
        }
        let inhibitory = synaptic_current("tau_syn_inhibitory", params.tau_syn_inhibitory.as_ref())?;
        let decays_fast = |decay: &Column<f32>| decay.values.iter().any(|decay| *decay < 1.0 - FASTEST_LEAK);
        let fast_decay = leak.values.iter().any(|leak| *leak > FASTEST_LEAK)
            || (params.trace.is_some() && decays_fast(&trace_decay))
            || (params.tau_syn.is_some() && decays_fast(&synaptic.decay))
            || (params.tau_syn_inhibitory.is_some() && decays_fast(&inhibitory.decay));

        let reset = match params.reset {
            Reset::ToValue | Reset::None => v_reset,
            Reset::Subtract | Reset::SubtractAhead => {
                v_threshold.zip(&v_reset, shape, |threshold, reset| threshold - reset).map(flush_parameter)
            }
        };
        Ok(Self {
            options: Options {
                spike_test: params.spike_test,
                reset: params.reset,
                refractory: params.refractory,
                bounded,
                trace,
                fast_decay,
                jumps: false,
                synapse: params.tau_syn.is_some(),
                inhibition: params.tau_syn_inhibitory.is_some(),
                synapse_rule: params.synapse_rule,
                synapse_shape: params.synapse_shape,
            },
            bounds: bounds(&resistance, &[&synaptic.decay, &inhibitory.decay], params.synapse_shape),
            reference,
            columns: in_order([
                (Coefficient::Leak, leak.into_bits()),
                (Coefficient::Resistance, resistance.into_bits()),
                (Coefficient::VRest, v_rest.into_bits()),
                (Coefficient::VThreshold, v_threshold.into_bits()),
                (Coefficient::Reset, reset.into_bits()),
                (Coefficient::VLower, v_lower.into_bits()),
                (Coefficient::TraceDecay, trace_decay.into_bits()),
                (Coefficient::TraceScale, trace_scale.into_bits()),
                (Coefficient::RefractorySteps, refractory_steps),
                (Coefficient::SynapticDecay, synaptic.decay.into_bits()),
                (Coefficient::SynapticFactor, synaptic.factor.into_bits()),
                (Coefficient::InhibitoryDecay, inhibitory.decay.into_bits()),
                (Coefficient::InhibitoryFactor, inhibitory.factor.into_bits()),
                (Coefficient::SynapticGrowth, synaptic.growth.into_bits()),
                (Coefficient::RiseFactor, synaptic.rise_factor.into_bits()),
                (Coefficient::InhibitoryGrowth, inhibitory.growth.into_bits()),
                (Coefficient::InhibitoryRiseFactor, inhibitory.rise_factor.into_bits()),
            ]),
        })
    }

    /// The bits of a coefficient of all cells.
    pub(crate) fn column(&self, coefficient: Coefficient) -> &Column<u32> {
        &self.columns[coefficient as usize]
    }

    /// All coefficients, in their order.
    pub(crate) fn columns(&self) -> &[Column<u32>; Coefficient::COUNT] {
        &self.columns
    }

    /// Returns the coefficients of a slab. The options stay those of the whole population, so that a cell
    /// follows the same rules in any slab.
    pub(crate) fn part(&self, slab: &Slab) -> Self {
        Self {
            options: self.options,
            columns: self.columns.each_ref().map(|column| column.part(slab)),
            reference: self.reference,
            bounds: self.bounds,
        }
    }

    /// The sizes of a slab's buffers.
    pub(crate) fn buffers(&self) -> Buffers {
        let fields = Field::of(self.options).count() as u64;
        Buffers {
            state: Footprint { per_cell: fields, ..Footprint::default() },
            parameters: self.footprint(),
        }
    }

    /// Number of values of the coefficients of a slab.
    pub(crate) fn footprint(&self) -> Footprint {
        self.columns.iter().map(Column::footprint).fold(Footprint::default(), Footprint::and)
    }

    /// Returns the resting potential of each cell.
    pub(crate) fn rest(&self, Shape { batch, n }: Shape) -> Vec<f32> {
        let rest = self.column(Coefficient::VRest);
        let of = |row, neuron| f32::from_bits(rest.get(row, neuron));
        (0..batch).flat_map(|row| (0..n).map(move |neuron| of(row, neuron))).collect()
    }

    /// Returns the coefficients of one cell.
    pub(crate) fn cell(&self, row: usize, neuron: usize) -> Coefficients {
        Coefficients::from_words(self.columns.each_ref().map(|column| column.get(row, neuron)))
    }
}

#[cfg(test)]
impl Table {
    /// Returns a table with other values of a coefficient.
    pub(crate) fn with(&self, coefficient: Coefficient, change: impl Fn(u32) -> u32) -> Self {
        let mut changed = self.clone();
        let column = &mut changed.columns[coefficient as usize];
        column.values.iter_mut().for_each(|value| *value = change(*value));
        changed
    }
}

/// Sorts columns by the number of their coefficient.
fn in_order(
    mut columns: [(Coefficient, Column<u32>); Coefficient::COUNT],
) -> [Column<u32>; Coefficient::COUNT] {
    columns.sort_by_key(|(coefficient, _)| *coefficient as usize);
    columns.map(|(_, column)| column)
}

pub(crate) fn flush_parameter(value: &f32) -> f32 {
    model::flush(*value, SMALLEST_PARAMETER)
}

/// Checks the magnitude of a parameter that may have any sign, and flushes the smallest values to 0.
pub(crate) fn physical(what: &str, parameter: &Parameter, shape: Shape) -> Result<Column<f32>> {
    let column = column(parameter.name_or(what), parameter.values().view(), shape)?;
    let requirement = format!("at most {LARGEST_PARAMETER:e} in magnitude");
    let fits = column.map(|value| value.abs() <= LARGEST_PARAMETER);
    require_parameter(parameter, what, &column, &fits, requirement)?;
    Ok(column.map(flush_parameter))
}

/// Checks the resistance. Values that would be flushed to 0 are refused, as whoever gives them does not mean
/// 0.
fn resistance(parameter: &Parameter, shape: Shape) -> Result<Column<f32>> {
    const WHAT: &str = "resistance";
    let given = column(parameter.name_or(WHAT), parameter.values().view(), shape)?;
    let resistance = physical(WHAT, parameter, shape)?;
    let stays = given.zip(&resistance, shape, |given, resistance| given == 0.0 || resistance != 0.0);
    let requirement = format!("0 or at least {SMALLEST_PARAMETER:e} in magnitude");
    require_parameter(parameter, WHAT, &given, &stays, requirement)?;
    Ok(resistance)
}

pub(super) fn time_constant(what: &str, parameter: &Parameter, shape: Shape) -> Result<Column<f32>> {
    let column = column(parameter.name_or(what), parameter.values().view(), shape)?;
    // In the unit of the user, if the parameter was given in another form.
    let requirement = if parameter.as_said().is_some() {
        "such that the time constant is above 0 and finite in single precision"
    } else {
        "above 0 ms"
    };
    require_parameter(parameter, what, &column, &column.map(|tau| *tau > 0.0), requirement)?;
    Ok(column)
}

/// The factor by which a step decays something with this time constant.
pub(super) fn decay(what: &str, tau: &Parameter, dt: f64, shape: Shape) -> Result<Column<f32>> {
    let tau = time_constant(what, tau, shape)?;
    Ok(tau.map(|tau| libm::exp(-dt / f64::from(*tau)) as f32).map(flush_parameter))
}

fn bounds(resistance: &Column<f32>, synaptic_decays: &[&Column<f32>], shape: SynapseShape) -> Bounds {
    let decays = synaptic_decays.iter().flat_map(|decays| &decays.values);
    let slowest = decays.fold(0.0_f32, |most, decay| decay.max(most));
    let gain = match shape {
        SynapseShape::Exponential => 1.0,
        // The rise accumulates as an exponential current does, and from it at most e times as much current.
        SynapseShape::Alpha => 1.0 + std::f32::consts::E,
    };
    Bounds { resistance: resistance.largest(), synaptic_gain: gain / (1.0 - slowest) }
}

/// The name of the step in membrane time constants, and advice if it is too long.
fn step_in_time_constants(tau_m: &Parameter) -> (&str, &str) {
    match tau_m.as_said() {
        None => ("dt / tau_m", "; take a shorter dt or the exact integrator"),
        Some(said) => (&said.in_steps, &said.advice),
    }
}

/// Warns of neurons that overshoot their equilibrium with forward Euler.
pub(crate) fn warn_of_long_steps(params: &Params) {
    let shortest = params.tau_m.values().iter().copied().fold(f32::INFINITY, f32::min);
    let ratio = params.dt / f64::from(shortest);
    if params.integrator == Integrator::Euler && ratio > 1.0 {
        let (what, advice) = step_in_time_constants(&params.tau_m);
        // A search makes many such populations, each with another ratio.
        log::warn!(target: "lif::long_steps", "{what} is {ratio:.3}: above 1 forward Euler overshoots{advice}");
    }
}

fn leak(parameter: &Parameter, tau_m: &Column<f32>, dt: f64, integrator: Integrator) -> Result<Column<f32>> {
    let (what, advice) = step_in_time_constants(parameter);
    let ratio = tau_m.map(|tau| dt / f64::from(*tau));
    if integrator == Integrator::Euler {
        require_value(
            // Rounded, as the leak itself will be.
            &ratio.map(|ratio| *ratio as f32),
            what,
            |ratio| *ratio <= 2.0,
            format!("at most 2 with forward Euler, which is unstable beyond{advice}"),
        )?;
    }
    let leak = ratio.map(|ratio| leak_of(*ratio, integrator) as f32);
    require_value(
        &leak,
        what,
        |leak| *leak >= SMALLEST_LEAK,
        format!("at least {SMALLEST_LEAK:e}, or single precision loses each update"),
    )?;
    Ok(leak)
}

fn refractory_steps(parameter: &Parameter, dt: f64, shape: Shape) -> Result<Column<u32>> {
    let t_ref = column(parameter.name_or("t_ref"), parameter.values().view(), shape)?;
    require_parameter(parameter, "t_ref", &t_ref, &t_ref.map(|time| *time >= 0.0), "0 ms or more")?;
    let steps = t_ref.map(|time| (f64::from(*time) / dt).round());
    let whole = t_ref.zip(&steps, shape, |time, steps| time == 0.0 || steps > 0.0);
    require_parameter(
        parameter,
        "t_ref",
        &t_ref,
        &whole,
        format!("0 or at least half of dt ({dt} ms), as it is rounded to whole steps; take a shorter dt"),
    )?;
    require_value(
        &steps,
        "t_ref / dt",
        |steps| *steps <= MOST_REFRACTORY_STEPS,
        format!("at most {MOST_REFRACTORY_STEPS} steps"),
    )?;
    Ok(steps.map(|steps| *steps as u32))
}

fn refuse_constant_firing(
    params: &Params,
    v_reset: &Column<f32>,
    v_threshold: &Column<f32>,
    refractory_steps: &Column<u32>,
    reference: Reference,
    shape: Shape,
) -> Result<()> {
    if params.reset == Reset::None {
        return Ok(());
    }
    let below = v_reset.zip(v_threshold, shape, |reset, threshold| match params.spike_test {
        SpikeTest::Above => reset <= threshold,
        SpikeTest::AtOrAbove => reset < threshold,
    });
    let pauses = below.zip(refractory_steps, shape, |below, steps| below || steps > 0);
    let (at_most, at_least) = match params.spike_test {
        SpikeTest::Above => ("at most", "at least"),
        SpikeTest::AtOrAbove => ("below", "above"),
    };
    let requirement = |bound: String| {
        format!(
            "{bound} where there is no refractory period, or a neuron could spike at every step; if that is meant, \
             set allow_constant_firing"
        )
    };
    let (reset, threshold) = (&params.v_reset, &params.v_threshold);
    if reset.as_said().is_some() || threshold.as_said().is_none() {
        let bound = format!("{at_most} {}", threshold.name_or("v_threshold"));
        return require_potential(reset, "v_reset", v_reset, &pauses, reference, requirement(bound));
    }
    // The user did not give the reset potential, so that the error names the threshold.
    let Some((row, neuron)) = pauses.values.iter().position(|fits| !fits).map(|index| pauses.cell_of(index))
    else {
        return Ok(());
    };
    let bound = format!("{at_least} {}", reference.to_user(v_reset.get(row, neuron)));
    require_potential(threshold, "v_threshold", v_threshold, &pauses, reference, requirement(bound))
}

/// Refuses values that do not fit, and names the first one.
pub(crate) fn require_value<T: Copy + Display>(
    values: &Column<T>,
    what: &str,
    fits: impl Fn(&T) -> bool,
    requirement: impl Into<String>,
) -> Result<()> {
    require(values, what, &values.map(fits), requirement)
}

/// Refuses a magnitude that is too large for sums.
pub(crate) fn require_magnitude(what: &str, largest: f32) -> Result<()> {
    if largest <= LARGEST_PARAMETER {
        return Ok(());
    }
    let requirement = format!("at most {LARGEST_PARAMETER:e} in magnitude");
    Err(Error::out_of_range(what, format!("up to {largest:e}"), requirement))
}

/// [`require_parameter`] for a potential; `values` are differences from the reference.
fn require_potential(
    parameter: &Parameter,
    ours: &str,
    values: &Column<f32>,
    fits: &Column<bool>,
    reference: Reference,
    requirement: impl Into<String>,
) -> Result<()> {
    if fits.values.iter().all(|fits| *fits) {
        return Ok(());
    }
    require_parameter(parameter, ours, &values.map(|v| reference.to_user(*v)), fits, requirement)
}

/// Refuses a parameter with a value that does not fit, with the name and the value that the user gave.
pub(super) fn require_parameter(
    parameter: &Parameter,
    ours: &str,
    values: &Column<f32>,
    fits: &Column<bool>,
    requirement: impl Into<String>,
) -> Result<()> {
    require(values, ours, fits, requirement).map_err(|error| match (error, parameter.as_said()) {
        (Error::OutOfRange { argument, value, place, requirement, .. }, Some(said)) => {
            let own = fits.values.iter().position(|fits| !fits).map(|index| fits.cell_of(index));
            let value = own.and_then(|(row, neuron)| said.value(row, neuron)).unwrap_or(value);
            Error::OutOfRange { argument, what: said.name.clone(), value, place, requirement }
        }
        (error, _) => error,
    })
}

/// The same for conditions that depend on more than the value.
pub(super) fn require<T: Copy + Display>(
    values: &Column<T>,
    what: &str,
    fits: &Column<bool>,
    requirement: impl Into<String>,
) -> Result<()> {
    let Some(index) = fits.values.iter().position(|fits| !fits) else {
        return Ok(());
    };
    let (row, neuron) = fits.cell_of(index);
    Err(Error::OutOfRange {
        argument: None,
        what: what.to_owned(),
        value: error::number(values.get(row, neuron).to_string()),
        place: fits.place(index),
        requirement: requirement.into(),
    })
}
