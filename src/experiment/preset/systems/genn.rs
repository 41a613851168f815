//! GeNN's built-in `LIF`.

use crate::error::Result;
use crate::experiment::params::{Integrator, Params, SpikeTest};
use crate::experiment::preset::System;
use crate::experiment::preset::decay::time_constant;
use crate::experiment::preset::refractory::counted_down;
use crate::experiment::preset::values::Range::{AboveZero, Any};
use crate::experiment::preset::values::{Known, Values, at_or_above, parameter, refuse, singles};

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
    // GeNN has no defaults for them.
    parameters: &[
        Known::number("C", 1.0, AboveZero, "nF"),
        Known::number("TauM", 20.0, AboveZero, "ms"),
        Known::number("Vrest", -70.0, Any, "mV"),
        Known::number("Vreset", -70.0, Any, "mV"),
        Known::number("Vthresh", -51.0, Any, "mV"),
        // Below 0 there is no refractory period.
        Known::number("TauRefrac", 2.0, Any, "ms"),
        Known::step("dt", 0.1, "ms"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt");
    let [reset, threshold] = ["Vreset", "Vthresh"].map(|name| values.numbers(name));
    let waits = values.numbers("TauRefrac").mapv(|time| f64::from(time as f32 > 0.0));
    refuse(
        "Vreset",
        &reset,
        &(at_or_above(&singles(&reset), &singles(&threshold)) * waits),
        "below Vthresh: in GeNN the threshold is looked at when the refractory period ends and before the membrane \
         potential is stepped, so that the neuron spikes at one interval whatever its input",
    )?;
    let tau = values.numbers("TauM");
    let left = tau.mapv(|tau| libm::exp(-dt / tau));
    Ok(Params {
        tau_m: values.said("TauM", parameter(&time_constant("TauM", &tau, &left, dt)?)),
        resistance: values.composed("TauM / C", &(&tau / &values.numbers("C"))),
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
