//! NEST's `iaf_psc_delta`.

use crate::error::{Error, Result};
use crate::experiment::params::{Integrator, Params, SpikeTest};
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::rounded_up;
use crate::experiment::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::experiment::preset::values::{Known, Values, above, at_or_above, refuse};

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

/// The resolution of time in NEST: tics per millisecond.
const TICS_PER_MS: f64 = 1000.0;

/// The largest relative rounding error of a multiple of a tic in double precision.
const TIC_ROUNDING: f64 = 1e-15;

/// Refuses parameters that NEST refuses.
pub(super) fn refuse_as_nest(values: &Values) -> Result<()> {
    let dt = values.single("resolution");
    let tics = dt * TICS_PER_MS;
    if tics < 1.0 || (tics - tics.round()).abs() > TIC_ROUNDING * tics {
        return Err(Error::out_of_range(
            "resolution",
            format!("{dt} ms"),
            "a multiple of 0.001 ms, in which NEST counts time; it refuses others too",
        ));
    }
    let (reset, threshold) = (values.numbers("V_reset"), values.numbers("V_th"));
    refuse("V_reset", &reset, &at_or_above(&reset, &threshold), "below V_th, as in NEST")
}

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("resolution");
    refuse_as_nest(values)?;
    if let Some(bound) = values.optional("V_min") {
        refuse(
            "V_min",
            &bound,
            &above(&bound, &values.numbers("V_reset")),
            "at most V_reset: in NEST it bounds a membrane potential that is stepped and not one that is reset, \
             here it would bound both",
        )?;
    }
    Ok(Params {
        tau_m: values.parameter("tau_m"),
        // ms / pF is mV / pA.
        resistance: values.composed("tau_m / C_m", &(values.numbers("tau_m") / values.numbers("C_m"))),
        v_rest: values.potential("E_L"),
        v_reset: values.potential("V_reset"),
        v_threshold: values.potential("V_th"),
        v_reference: values.reference("E_L"),
        t_ref: values.said("t_ref", rounded_up("t_ref", &values.numbers("t_ref"), dt)?),
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        v_lower: values.optional("V_min").map(|_| values.potential("V_min")),
        ..Params::default()
    })
}
