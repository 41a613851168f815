//! NEST's `iaf_psc_delta`.

use crate::error::Result;
use crate::params::{Integrator, Params, SpikeTest};
use crate::preset::System;
use crate::preset::refractory::rounded_up;
use crate::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::preset::values::{Known, Values, parameter};

pub(super) const NEST: System = System {
    name: "nest",
    about: "NEST, iaf_psc_delta",
    input_unit: "pA",
    parameters: &[
        Known::number("C_m", 250.0, AboveZero, "pF"),
        Known::number("tau_m", 10.0, AboveZero, "ms"),
        Known::number("t_ref", 2.0, ZeroOrMore, "ms"),
        Known::number("E_L", -70.0, Any, "mV"),
        Known::number("V_reset", -70.0, Any, "mV"),
        Known::number("V_th", -55.0, Any, "mV"),
        Known::number_or_none("V_min", None, "mV"),
        Known::step("resolution", 0.1, "ms"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("resolution");
    Ok(Params {
        tau_m: values.parameter("tau_m"),
        // ms / pF is mV / pA.
        resistance: parameter(&(values.numbers("tau_m") / values.numbers("C_m"))),
        v_rest: values.parameter("E_L"),
        v_reset: values.parameter("V_reset"),
        v_threshold: values.parameter("V_th"),
        t_ref: rounded_up("t_ref", &values.numbers("t_ref"), dt)?,
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        v_lower: values.optional("V_min").as_ref().map(parameter),
        ..Params::default()
    })
}
