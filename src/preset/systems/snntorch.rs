//! snnTorch's `Leaky` and `Lapicque`.

use crate::error::{Error, Result};
use crate::params::{Integrator, Params, Reset};
use crate::preset::System;
use crate::preset::values::Range::{AboveZero, Any, Fraction};
use crate::preset::values::{FALSE, Known, TRUE, Values, parameter};
use ndarray::ArrayD;

const MECHANISMS: &[&str] = &["subtract", "zero", "none"];

pub(super) const LEAKY: System = System {
    name: "snntorch-leaky",
    about: "snnTorch, Leaky",
    input_unit: "per step",
    terms: &[("tau_m", "beta"), ("v_threshold", "threshold"), ("reset", "reset_mechanism")],
    parameters: &[
        // It has no default there.
        Known::number("beta", 0.9, Fraction, ""),
        Known::number("threshold", 1.0, Any, ""),
        Known::word("reset_mechanism", MECHANISMS),
        Known::word("reset_delay", &[TRUE, FALSE]),
    ],
    params: leaky,
};

pub(super) const LAPICQUE: System = System {
    name: "snntorch-lapicque",
    about: "snnTorch, Lapicque",
    input_unit: "unitless",
    terms: &[
        ("dt", "time_step"),
        ("tau_m", "C"),
        ("resistance", "R"),
        ("v_threshold", "threshold"),
        ("reset", "reset_mechanism"),
    ],
    parameters: &[
        // They have no default there.
        Known::number("R", 1.0, AboveZero, ""),
        Known::number("C", 10.0, AboveZero, ""),
        Known::step("time_step", 1.0, ""),
        Known::number("threshold", 1.0, Any, ""),
        Known::word("reset_mechanism", MECHANISMS),
    ],
    params: lapicque,
};

fn leaky(values: &Values) -> Result<Params> {
    let beta = values.numbers("beta");
    let threshold = values.numbers("threshold");
    let subtracts = values.is("reset_mechanism", "subtract");
    let is_late = values.is("reset_delay", TRUE);
    let is_above_zero = threshold.iter().all(|threshold| *threshold >= 0.0);
    if values.is("reset_mechanism", "zero") && !is_late && !is_above_zero {
        let lowest = threshold.iter().copied().fold(f64::INFINITY, f64::min);
        let requirement = "0 or more with reset_mechanism=zero,reset_delay=false, as 0 is above it otherwise, and \
                           snnTorch then doubles membrane potentials that come back below it";
        return Err(Error::out_of_range("threshold", lowest, requirement));
    }
    let shared = unitless(values);
    Ok(Params {
        tau_m: values
            .said("beta", parameter(&beta.mapv(|beta| -1.0 / libm::log(beta))))
            .in_steps("-ln(beta)"),
        // So that an input is what one step adds to the membrane potential.
        resistance: values.composed("1 / (1 - beta)", &beta.mapv(|beta| 1.0 / (1.0 - beta))),
        v_reset: parameter(&if subtracts && is_late {
            late_reset(&threshold, &beta)
        } else {
            &threshold * 0.0
        }),
        // What is subtracted at once is subtracted again, where v is above the threshold still.
        reset: if subtracts && !is_late { Reset::SubtractAhead } else { shared.reset },
        integrator: Integrator::Exact,
        dt: 1.0,
        ..shared
    })
}

fn lapicque(values: &Values) -> Result<Params> {
    let dt = values.single("time_step");
    let tau = values.numbers("R") * values.numbers("C");
    let to_zero = values.is("reset_mechanism", "zero");
    let kept = tau.mapv(|tau| 1.0 - dt / tau);
    if let Some(kept) = kept.iter().find(|kept| **kept <= 0.0) {
        return Err(Error::out_of_range("time_step / (R C)", 1.0 - kept, "below 1"));
    }
    Ok(Params {
        tau_m: values.composed("R C", &tau),
        resistance: values.parameter("R"),
        v_reset: if to_zero {
            0.0.into()
        } else {
            parameter(&late_reset(&values.numbers("threshold"), &kept))
        },
        // A reset to zero takes a whole step, in which the input is lost.
        t_ref: if to_zero { dt.into() } else { 0.0.into() },
        dt,
        ..unitless(values)
    })
}

/// What both have in common: rest 0, no refractory period. A reset to zero is to `v_reset` 0, and
/// it does not matter whether it comes at once or one step later: the membrane potential of the
/// next step is the input alone.
fn unitless(values: &Values) -> Params {
    let reset = if values.is("reset_mechanism", "subtract") {
        Reset::Subtract
    } else if values.is("reset_mechanism", "zero") {
        Reset::ToValue
    } else {
        Reset::None
    };
    Params {
        v_rest: 0.0.into(),
        v_threshold: values.parameter("threshold"),
        t_ref: 0.0.into(),
        reset,
        ..Params::default()
    }
}

/// The threshold is subtracted one step late, from a membrane potential that has decayed to the part
/// `kept` in between. To subtract `threshold / kept` at once comes to the same:
/// `kept v - threshold = kept (v - threshold / kept)`.
fn late_reset(threshold: &ArrayD<f64>, kept: &ArrayD<f64>) -> ArrayD<f64> {
    threshold - threshold / kept
}

#[cfg(test)]
mod tests {
    use crate::{Params, Preset, Reset, Result};

    fn leaky(mechanism: &str, delay: bool, threshold: f64) -> Result<Params> {
        let preset = Preset::by_name("snntorch-leaky")?.with("reset_mechanism", mechanism)?;
        preset.with("reset_delay", delay)?.with("threshold", threshold)?.params()
    }

    #[test]
    fn a_reset_at_once_has_its_own_rule_or_is_refused() {
        for (mechanism, delay, reset) in [
            ("subtract", false, Reset::SubtractAhead),
            ("subtract", true, Reset::Subtract),
            ("zero", false, Reset::ToValue),
            ("none", false, Reset::None),
        ] {
            assert_eq!(leaky(mechanism, delay, 1.5).unwrap().reset, reset);
        }
        let message = leaky("zero", false, -0.25).unwrap_err().to_string();
        assert!(message.starts_with("threshold is -0.25; it must be 0 or more"), "{message}");
        assert!(leaky("zero", true, -0.25).is_ok() && leaky("zero", false, 0.0).is_ok());
    }
}
