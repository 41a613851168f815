//! Norse's `lif_refrac`. Without `tau_syn_inv` it has no synapse: the input is a current for one step.

use crate::error::{Error, Result};
use crate::experiment::params::Params;
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::counted_steps;
use crate::experiment::preset::values::Range::{AboveZero, Any};
use crate::experiment::preset::values::{Known, Values, parameter};

const MS_PER_S: f64 = 1000.0;

pub(super) const NORSE: System = System {
    name: "norse",
    about: "Norse, lif_refrac",
    input_unit: "unitless",
    terms: &[
        ("dt", "dt"),
        ("tau_m", "tau_mem_inv"),
        ("tau_syn", "tau_syn_inv"),
        ("v_rest", "v_leak"),
        ("v_reset", "v_reset"),
        ("v_threshold", "v_th"),
        ("t_ref", "rho_reset"),
    ],
    parameters: &[
        Known::number("tau_mem_inv", 100.0, AboveZero, "1/s"),
        Known::number_or_none("tau_syn_inv", None, "1/s"),
        Known::number("v_leak", 0.0, Any, ""),
        Known::number("v_th", 1.0, Any, ""),
        Known::number("v_reset", 0.0, Any, ""),
        // Below 0 there is no refractory period.
        Known::number("rho_reset", 5.0, Any, "steps"),
        Known::step("dt", 0.001, "s"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("dt") * MS_PER_S;
    let tau_syn = match values.optional("tau_syn_inv") {
        None => None,
        Some(rate) => {
            let lost = rate * values.single("dt");
            if let Some(lost) = lost.iter().find(|lost| !(0.0..1.0).contains(*lost) || **lost == 0.0) {
                return Err(Error::out_of_range(
                    "dt tau_syn_inv",
                    lost,
                    "above 0 and below 1; at 1 a synaptic current lasts one step, as with tau_syn_inv none",
                ));
            }
            // The exponential decay that loses as much per step as forward Euler.
            Some(values.said("tau_syn_inv", parameter(&lost.mapv(|lost| -dt / libm::log1p(-lost)))))
        }
    };
    Ok(Params {
        tau_syn,
        tau_m: values
            .said("tau_mem_inv", parameter(&(MS_PER_S / values.numbers("tau_mem_inv"))))
            .in_steps("dt tau_mem_inv"),
        resistance: 1.0.into(),
        v_rest: values.parameter("v_leak"),
        v_reset: values.parameter("v_reset"),
        v_threshold: values.parameter("v_th"),
        t_ref: values.said("rho_reset", counted_steps("rho_reset", &values.numbers("rho_reset"), dt)?),
        dt,
        ..Params::default()
    })
}
