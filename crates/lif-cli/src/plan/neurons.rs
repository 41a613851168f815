//! From settings to the parameters of the library, and the initial membrane potentials.

use crate::failure::Failure;
use crate::quantity::bound::Bound;
use crate::quantity::spread::Spread;
use crate::settings::Settings;
use crate::settings::presets;
use crate::settings::rules::Trace;
use lif::random::{counter, key, philox};
use lif::{Params, Shape, TraceKind};
use ndarray::Array2;

const DEFAULT_TAU_TRACE_MS: f64 = 20.0;

/// The parameters of `n` neurons.
pub fn params(settings: &Settings, n: usize) -> Result<Params, Failure> {
    if let Some(preset) = presets::of_simulator(settings, n)? {
        let params = preset.params()?;
        let allow_constant_firing = settings.allow_constant_firing || params.allow_constant_firing;
        return Ok(Params { allow_constant_firing, ..params });
    }
    with_settings(Params::default(), settings, n)
}

/// These parameters, with those of the settings in their place.
pub fn with_settings(mut params: Params, settings: &Settings, n: usize) -> Result<Params, Failure> {
    params.allow_constant_firing = settings.allow_constant_firing;
    params.v_reference = settings.v_reference.unwrap_or(params.v_reference);
    let referred = params.v_reference != 0.0;
    let potential = |spread: Spread| if referred { spread.potential(n) } else { spread.parameter(n) };
    let spreads = [
        (&mut params.tau_m, settings.tau_m),
        (&mut params.resistance, settings.resistance),
        (&mut params.t_ref, settings.t_ref),
    ];
    for (parameter, spread) in spreads {
        if let Some(spread) = spread {
            *parameter = spread.parameter(n);
        }
    }
    let potentials = [
        (&mut params.v_rest, settings.v_rest),
        (&mut params.v_reset, settings.v_reset),
        (&mut params.v_threshold, settings.v_threshold),
    ];
    for (parameter, spread) in potentials {
        if let Some(spread) = spread {
            *parameter = potential(spread);
        }
    }
    params.v_lower = settings.v_lower.and_then(Bound::spread).map(potential);
    let synaptic = [
        (&mut params.tau_syn, settings.tau_syn),
        (&mut params.tau_syn_inhibitory, settings.tau_syn_inhibitory),
    ];
    for (parameter, bound) in synaptic {
        if let Some(bound) = bound {
            *parameter = bound.spread().map(|spread| spread.parameter(n));
        }
    }
    params.dt = settings.dt.unwrap_or(params.dt);
    params.integrator = settings.integrator.map_or(params.integrator, Into::into);
    params.spike_test = settings.spike_test.map_or(params.spike_test, Into::into);
    params.reset = settings.reset.map_or(params.reset, Into::into);
    params.refractory = settings.refractory.map_or(params.refractory, Into::into);
    params.synapse_rule = settings.synapse_rule.map_or(params.synapse_rule, Into::into);
    params.synapse_shape = settings.synapse_shape.map_or(params.synapse_shape, Into::into);
    params.trace = trace(settings, n)?;
    Ok(params)
}

fn trace(settings: &Settings, n: usize) -> Result<Option<lif::Trace>, Failure> {
    let kind = match settings.trace {
        None | Some(Trace::None) => {
            if settings.tau_trace.or(settings.trace_scale).is_some() {
                return Err(Failure::of(
                    "tau-trace, trace-scale, trace",
                    "tau-trace and trace-scale need a trace: add --trace add or --trace set",
                ));
            }
            return Ok(None);
        }
        Some(Trace::Add) => TraceKind::Add,
        Some(Trace::Set) => TraceKind::Set,
    };
    let parameter = |spread: Option<Spread>, default| spread.unwrap_or(Spread::Number(default)).parameter(n);
    Ok(Some(lif::Trace {
        tau: parameter(settings.tau_trace, DEFAULT_TAU_TRACE_MS),
        scale: parameter(settings.trace_scale, 1.0),
        kind,
    }))
}

/// The random stream for initial values; random inputs have the streams after it.
const STREAM: u32 = 0;

/// A uniform number in [0, 1) for a cell, in steps of 2^-32.
fn uniform(seed: u64, cell: u64) -> f64 {
    f64::from(philox(counter(cell, 0, STREAM), key(seed))[0]) / 4_294_967_296.0
}

/// The initial membrane potentials; `None` for rest.
///
/// Under a constant current, neurons that start from the same potential would fire in lockstep, so each cell
/// starts between its reset and its threshold. With a stimulus or events the response starts from rest, as in
/// other simulators.
pub fn initial_voltages(settings: &Settings, Shape { batch, n }: Shape) -> Option<Array2<f32>> {
    let seed = settings.seed.unwrap_or_default();
    let draw = |(row, neuron): (usize, usize), low: f64, high: f64| {
        (low + (high - low) * uniform(seed, (row * n + neuron) as u64)) as f32
    };
    match settings.init_voltage.map(|voltage| voltage.spread) {
        Some(Spread::Number(value)) => Some(Array2::from_elem((1, 1), value as f32)),
        Some(Spread::Range(low, high)) => {
            Some(Array2::from_shape_fn((batch, n), |cell| draw(cell, low, high)))
        }
        None if !settings.stimulus.is_empty() || settings.events.is_some() => None,
        None => {
            let (low, high) = (settings.v_reset?, settings.v_threshold?);
            Some(Array2::from_shape_fn((batch, n), |cell| draw(cell, low.at(cell.1, n), high.at(cell.1, n))))
        }
    }
}
