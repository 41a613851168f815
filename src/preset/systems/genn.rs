//! GeNN's built-in `LIF`.

use crate::error::Result;
use crate::params::{Integrator, Params, SpikeTest};
use crate::preset::System;
use crate::preset::refractory::counted_down;
use crate::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::preset::values::{Known, Values};

pub(super) const GENN: System = System {
    name: "genn",
    about: "GeNN, LIF",
    input_unit: "nA",
    terms: &[
        ("dt", "dt"),
        ("tau_m", "TauM"),
        ("resistance", "C"),
        ("v_rest", "Vrest"),
        ("v_reset", "Vreset"),
        ("v_threshold", "Vthresh"),
        ("t_ref", "TauRefrac"),
    ],
    // They have no defaults there.
    parameters: &[
        Known::number("C", 1.0, AboveZero, "nF"),
        Known::number("TauM", 20.0, AboveZero, "ms"),
        Known::number("Vrest", -70.0, Any, "mV"),
        Known::number("Vreset", -70.0, Any, "mV"),
        Known::number("Vthresh", -51.0, Any, "mV"),
        Known::number("TauRefrac", 2.0, ZeroOrMore, "ms"),
        Known::step("dt", 0.1, "ms"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt");
    Ok(Params {
        tau_m: values.parameter("TauM"),
        resistance: values.composed("TauM / C", &(values.numbers("TauM") / values.numbers("C"))),
        v_rest: values.parameter("Vrest"),
        v_reset: values.parameter("Vreset"),
        v_threshold: values.parameter("Vthresh"),
        t_ref: values.said("TauRefrac", counted_down("TauRefrac", &values.numbers("TauRefrac"), dt)?),
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        ..Params::default()
    })
}
