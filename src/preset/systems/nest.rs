//! NEST's `iaf_psc_delta`.

use crate::error::Result;
use crate::params::{Integrator, Params, SpikeTest};
use crate::preset::System;
use crate::preset::refractory::rounded_up;
use crate::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::preset::values::{Known, Values};

pub(super) const NEST: System = System {
    name: "nest",
    about: "NEST, iaf_psc_delta",
    input_unit: "pA",
    terms: &[
        ("dt", "resolution"),
        ("tau_m", "tau_m"),
        ("resistance", "C_m"),
        ("v_rest", "E_L"),
        ("v_reset", "V_reset"),
        ("v_threshold", "V_th"),
        ("t_ref", "t_ref"),
        ("v_lower", "V_min"),
    ],
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
        resistance: values.composed("tau_m / C_m", &(values.numbers("tau_m") / values.numbers("C_m"))),
        v_rest: values.parameter("E_L"),
        v_reset: values.parameter("V_reset"),
        v_threshold: values.parameter("V_th"),
        t_ref: values.said("t_ref", rounded_up("t_ref", &values.numbers("t_ref"), dt)?),
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        v_lower: values.optional_parameter("V_min"),
        ..Params::default()
    })
}
