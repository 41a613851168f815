//! BindsNET's `LIFNodes`.

use crate::error::Result;
use crate::params::{Integrator, Params, Refractory, SpikeTest, Trace, TraceKind};
use crate::preset::System;
use crate::preset::refractory::counted_down;
use crate::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::preset::values::{FALSE, Known, TRUE, Values, parameter};

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
        Known::number("refrac", 5.0, ZeroOrMore, "ms"),
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
    let trace = Trace {
        tau: values.parameter("tc_trace"),
        scale: values.parameter("trace_scale"),
        kind: if values.is("traces_additive", TRUE) { TraceKind::Add } else { TraceKind::Set },
    };
    Ok(Params {
        tau_m: values.parameter("tc_decay"),
        // So that an input is what one step adds to the membrane potential.
        resistance: parameter(&tau.mapv(|tau| -1.0 / libm::expm1(-dt / tau))),
        v_rest: values.parameter("rest"),
        v_reset: values.parameter("reset"),
        v_threshold: values.parameter("thresh"),
        t_ref: values.said("refrac", counted_down("refrac", &values.numbers("refrac"), dt)?),
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        refractory: Refractory::LeakOnly,
        v_lower: values.optional_parameter("lbound"),
        trace: values.is("traces", TRUE).then_some(trace),
        ..Params::default()
    })
}
