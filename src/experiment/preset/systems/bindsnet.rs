//! BindsNET's `LIFNodes`.

use crate::error::Result;
use crate::experiment::params::{Integrator, Params, Refractory, SpikeTest, Trace, TraceKind};
use crate::experiment::preset::System;
use crate::experiment::preset::decay::{added_as_it_is, left, time_constant};
use crate::experiment::preset::refractory::counted_down;
use crate::experiment::preset::values::Range::{AboveZero, Any};
use crate::experiment::preset::values::{FALSE, Known, TRUE, Values, at_or_above, floats, refuse, singles};
use ndarray::{ArrayD, arr0};

pub(super) const BINDSNET: System = System {
    name: "bindsnet",
    about: "BindsNET, LIFNodes",
    input_unit: "mV per step",
    terms: &[
        ("dt", "dt"),
        ("tau_m", "tc_decay"),
        ("v_rest", "rest"),
        ("v_reset", "reset"),
        ("v_threshold", "thresh"),
        ("t_ref", "refrac"),
        ("v_lower", "lbound"),
        ("trace", "traces"),
        ("tau_trace", "tc_trace"),
        ("trace_scale", "trace_scale"),
    ],
    parameters: &[
        Known::number("thresh", -52.0, Any, "mV"),
        Known::number("rest", -65.0, Any, "mV"),
        Known::number("reset", -65.0, Any, "mV"),
        // Below 0 there is no refractory period.
        Known::number("refrac", 5.0, Any, "ms"),
        Known::number("tc_decay", 100.0, AboveZero, "ms"),
        Known::number_or_none("lbound", None, "mV"),
        Known::step("dt", 1.0, "ms"),
        Known::word("traces", &[FALSE, TRUE]),
        Known::word("traces_additive", &[FALSE, TRUE]),
        Known::number("tc_trace", 20.0, AboveZero, "ms"),
        Known::number("trace_scale", 1.0, Any, ""),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt");
    let tau = values.numbers("tc_decay");
    let left = singles(&left(&tau, dt));
    let t_ref = counted_down("refrac", &values.numbers("refrac"), dt)?;
    refuse_spikes_while_refractory(values, &left, &(floats(&t_ref) / dt).mapv(f64::round))?;
    let trace = Trace {
        tau: values.parameter("tc_trace"),
        scale: values.parameter("trace_scale"),
        kind: if values.is("traces_additive", TRUE) { TraceKind::Add } else { TraceKind::Set },
    };
    let (integrator, spike_test) = (Integrator::Exact, SpikeTest::AtOrAbove);
    let tau = time_constant("tc_decay", &tau, &left, dt)?;
    let (tau, resistance) = added_as_it_is(&tau, &arr0(1.0).into_dyn(), dt, integrator, spike_test);
    Ok(Params {
        tau_m: values.said("tc_decay", tau),
        resistance,
        v_rest: values.parameter("rest"),
        v_reset: values.parameter("reset"),
        v_threshold: values.parameter("thresh"),
        t_ref: values.said("refrac", t_ref),
        dt,
        integrator,
        spike_test,
        refractory: Refractory::LeakOnly,
        v_lower: values.optional_parameter("lbound"),
        trace: values.is("traces", TRUE).then_some(trace),
        ..Params::default()
    })
}

/// BindsNET tests the threshold during the refractory period, too, while the membrane potential leaks towards
/// rest without input. If the leak alone brings it to the threshold, or leaves it there, BindsNET makes spikes that
/// cannot be reproduced here.
fn refuse_spikes_while_refractory(values: &Values, left: &ArrayD<f64>, steps: &ArrayD<f64>) -> Result<()> {
    let [rest, reset, threshold] = ["rest", "reset", "thresh"].map(|name| singles(&values.numbers(name)));
    let lifted = match values.optional("lbound").map(|bound| singles(&bound)) {
        // A bound at or above the threshold is refused in any case.
        Some(bound) if at_or_above(&bound, &threshold).iter().any(|above| *above > 0.0) => return Ok(()),
        Some(bound) => &reset + &(&bound - &reset).mapv(|distance| distance.max(0.0)),
        None => reset.clone(),
    };
    // The potential moves in one direction, so it is nearest to the threshold at the first or the last of these steps.
    let after = |decay: ArrayD<f64>| &rest + &(decay * (&lifted - &rest));
    let decayed = (left.mapv(libm::log) * steps).mapv(libm::exp);
    let reached = at_or_above(&after(left.clone()), &threshold) + at_or_above(&after(decayed), &threshold);
    refuse(
        "reset",
        &values.numbers("reset"),
        &(reached * steps.mapv(|steps| f64::from(steps > 0.0))),
        "such that the leak from it to rest stays below thresh while the neuron is refractory: in BindsNET the threshold \
         is looked at then too, and it would spike without input",
    )
}
