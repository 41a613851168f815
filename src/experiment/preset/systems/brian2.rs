//! Brian 2 with the equation `dv/dt = (v_rest - v + R*I) / tau : 1 (unless refractory)`, the threshold
//! `v > v_th` and the reset `v = v_reset`.

use crate::error::Result;
use crate::experiment::params::{Integrator, Params};
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::passed;
use crate::experiment::preset::values::Range::{Any, Decay};
use crate::experiment::preset::values::{Known, Values};

pub(super) const BRIAN2: System = System {
    name: "brian2",
    about: "Brian 2, dv/dt = (v_rest - v + R*I) / tau (unless refractory)",
    input_unit: "unitless",
    terms: &[
        ("dt", "dt"),
        ("tau_m", "tau"),
        ("resistance", "R"),
        ("v_rest", "v_rest"),
        ("v_reset", "v_reset"),
        ("v_threshold", "v_th"),
        ("t_ref", "refractory"),
        ("integrator", "method"),
    ],
    // Brian itself has none of these names: users write them in their equations.
    parameters: &[
        Known::number("tau", 10.0, Decay, "ms"),
        Known::number("R", 1.0, Any, ""),
        Known::number("v_rest", 0.0, Any, ""),
        Known::number("v_reset", 0.0, Any, ""),
        Known::number("v_th", 1.0, Any, ""),
        // Below 0 there is no refractory period.
        Known::number("refractory", 0.0, Any, "ms"),
        Known::step("dt", 0.1, "ms"),
        Known::word("method", &["exact", "euler"]),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt");
    Ok(Params {
        tau_m: values.parameter("tau").advice("; take a shorter dt or method=exact"),
        resistance: values.parameter("R"),
        v_rest: values.potential("v_rest"),
        v_reset: values.potential("v_reset"),
        v_threshold: values.potential("v_th"),
        v_reference: values.reference("v_rest"),
        t_ref: values.said("refractory", passed("refractory", &values.numbers("refractory"), dt)?),
        dt,
        integrator: if values.is("method", "exact") { Integrator::Exact } else { Integrator::Euler },
        ..Params::default()
    })
}
