//! SpikingJelly's `LIFNode`.

use crate::error::Result;
use crate::params::{Params, Reset, SpikeTest};
use crate::preset::System;
use crate::preset::values::Range::{AboveOne, Any};
use crate::preset::values::{FALSE, Known, TRUE, Values};

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
    // It rests where it is reset to; without v_reset, the threshold is subtracted.
    let resets = values.optional("v_reset").is_some();
    let rest = values.optional_parameter("v_reset").unwrap_or(0.0.into());
    Ok(Params {
        tau_m: values.parameter("tau"),
        resistance: if values.is("decay_input", TRUE) { 1.0.into() } else { values.parameter("tau") },
        v_rest: rest.clone(),
        v_reset: rest,
        v_threshold: values.parameter("v_threshold"),
        t_ref: 0.0.into(),
        dt: 1.0,
        spike_test: SpikeTest::AtOrAbove,
        reset: if resets { Reset::ToValue } else { Reset::Subtract },
        ..Params::default()
    })
}
