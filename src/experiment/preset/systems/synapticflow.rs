//! SynapticFlow's `LIFPopulation`.

use crate::error::Result;
use crate::experiment::params::{Params, SpikeTest, Trace, TraceKind};
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::counted_down;
use crate::experiment::preset::values::Range::{AboveZero, Any};
use crate::experiment::preset::values::{FALSE, Known, TRUE, Values, at_or_above, refuse, singles};

pub(super) const SYNAPTICFLOW: System = System {
    name: "synapticflow",
    about: "SynapticFlow, LIFPopulation",
    input_unit: "nA",
    terms: &[
        ("dt", "dt"),
        ("tau_m", "tau_s"),
        ("resistance", "R"),
        ("v_rest", "rest_pot"),
        ("v_reset", "reset_pot"),
        ("v_threshold", "threshold"),
        ("t_ref", "refrac_length"),
        ("v_lower", "lower_bound"),
        ("trace", "spike_trace"),
        ("tau_trace", "tau_s"),
        ("trace_scale", "trace_scale"),
    ],
    parameters: &[
        Known::number("tau_s", 10.0, AboveZero, "ms"),
        Known::number("threshold", -52.0, Any, "mV"),
        Known::number("rest_pot", -62.0, Any, "mV"),
        Known::number("reset_pot", -62.0, Any, "mV"),
        // Below 0 there is no refractory period.
        Known::number("refrac_length", 5.0, Any, "ms"),
        Known::step("dt", 0.1, "ms"),
        Known::number_or_none("lower_bound", None, "mV"),
        Known::number("R", 20.0, Any, "MOhm"),
        Known::word("spike_trace", &[TRUE, FALSE]),
        Known::word("additive_spike_trace", &[FALSE, TRUE]),
        Known::number("trace_scale", 1.0, Any, ""),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt");
    let waits = values.numbers("refrac_length").mapv(|time| f64::from(time as f32 > 0.0));
    let [reset, threshold] = ["reset_pot", "threshold"].map(|name| values.numbers(name));
    refuse(
        "reset_pot",
        &reset,
        &(at_or_above(&singles(&reset), &singles(&threshold)) * waits),
        "below threshold: in SynapticFlow the threshold is looked at while refractory too, where the membrane potential \
         is held, so that the neuron spikes at every step from its first spike on",
    )?;
    // Membrane and trace have the same time constant, and `trace_scale` applies only if spikes add to the trace.
    let (kind, scale) = if values.is("additive_spike_trace", TRUE) {
        (TraceKind::Add, values.parameter("trace_scale"))
    } else {
        (TraceKind::Set, 1.0.into())
    };
    let trace = Trace { tau: values.parameter("tau_s"), scale, kind };
    Ok(Params {
        tau_m: values.parameter("tau_s"),
        resistance: values.parameter("R"),
        v_rest: values.parameter("rest_pot"),
        v_reset: values.parameter("reset_pot"),
        v_threshold: values.parameter("threshold"),
        t_ref: values
            .said("refrac_length", counted_down("refrac_length", &values.numbers("refrac_length"), dt)?),
        dt,
        spike_test: SpikeTest::AtOrAbove,
        v_lower: values.optional_parameter("lower_bound"),
        trace: values.is("spike_trace", TRUE).then_some(trace),
        ..Params::default()
    })
}
