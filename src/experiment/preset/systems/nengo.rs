//! Nengo's `LIF`, as far as steps of fixed length can reproduce it.

use crate::error::Result;
use crate::experiment::params::{Integrator, Params};
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::nearest;
use crate::experiment::preset::values::Range::{AboveZero, BoundUpToZero, ZeroOrMore};
use crate::experiment::preset::values::{Known, Values, parameter};
use crate::model::LARGEST_PARAMETER;

const MS_PER_S: f64 = 1000.0;

pub(super) const NENGO: System = System {
    name: "nengo",
    about: "Nengo, LIF, with spikes at the ends of steps",
    input_unit: "unitless",
    terms: &[("dt", "dt"), ("tau_m", "tau_rc"), ("t_ref", "tau_ref"), ("v_lower", "min_voltage")],
    parameters: &[
        Known::number("tau_rc", 0.02, AboveZero, "s"),
        Known::number("tau_ref", 0.002, ZeroOrMore, "s"),
        Known::number("min_voltage", 0.0, BoundUpToZero, ""),
        Known::step("dt", 0.001, "s"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt") * MS_PER_S;
    // If only some neurons have no bound, it is a number that no membrane potential falls below.
    let bound = values.numbers("min_voltage");
    let lowest = parameter(&bound.mapv(|bound| bound.max(-f64::from(LARGEST_PARAMETER))));
    let bounded = bound.iter().any(|bound| bound.is_finite());
    Ok(Params {
        tau_m: values.said("tau_rc", parameter(&(values.numbers("tau_rc") * MS_PER_S))),
        resistance: 1.0.into(),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 1.0.into(),
        t_ref: values.said("tau_ref", nearest("tau_ref", &(values.numbers("tau_ref") * MS_PER_S), dt)?),
        dt,
        integrator: Integrator::Exact,
        v_lower: bounded.then(|| values.said("min_voltage", lowest)),
        ..Params::default()
    })
}
