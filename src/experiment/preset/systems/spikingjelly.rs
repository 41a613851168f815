//! SpikingJelly's `LIFNode`.

use crate::error::Result;
use crate::experiment::params::{Integrator, Params, Reset, SpikeTest};
use crate::experiment::preset::System;
use crate::experiment::preset::decay::added_as_it_is;
use crate::experiment::preset::values::Range::{AboveOne, Any};
use crate::experiment::preset::values::{FALSE, Known, TRUE, Values};
use ndarray::arr0;

pub(super) const SPIKINGJELLY: System = System {
    name: "spikingjelly",
    about: "SpikingJelly, LIFNode",
    input_unit: "unitless",
    terms: &[
        ("tau_m", "tau"),
        ("resistance", "decay_input"),
        ("v_rest", "v_reset"),
        ("v_reset", "v_reset"),
        ("v_threshold", "v_threshold"),
        ("reset", "v_reset"),
    ],
    parameters: &[
        Known::number("tau", 2.0, AboveOne, "steps"),
        Known::word("decay_input", &[TRUE, FALSE]),
        Known::number("v_threshold", 1.0, Any, ""),
        Known::number_or_none("v_reset", Some(0.0), ""),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    // The resting potential is v_reset. Without v_reset the rest is 0, and the threshold is subtracted.
    let resets = values.optional("v_reset").is_some();
    let rest = values.optional_parameter("v_reset").unwrap_or(0.0.into());
    let (integrator, spike_test) = (Integrator::Euler, SpikeTest::AtOrAbove);
    let (tau, resistance) = if values.is("decay_input", TRUE) {
        (values.parameter("tau"), 1.0.into())
    } else {
        let one = arr0(1.0).into_dyn();
        let (tau, resistance) = added_as_it_is(&values.numbers("tau"), &one, 1.0, integrator, spike_test);
        (values.said("tau", tau), values.said("tau", resistance))
    };
    Ok(Params {
        tau_m: tau,
        resistance,
        v_rest: rest.clone(),
        v_reset: rest,
        v_threshold: values.parameter("v_threshold"),
        t_ref: 0.0.into(),
        dt: 1.0,
        integrator,
        spike_test,
        reset: if resets { Reset::ToValue } else { Reset::Subtract },
        ..Params::default()
    })
}
