//! snnTorch's `Leaky` and `Lapicque`.

use crate::error::{Error, Result};
use crate::experiment::params::{Integrator, Params, Reset, SpikeTest};
use crate::experiment::preset::System;
use crate::experiment::preset::decay::{added_as_it_is, time_constant};
use crate::experiment::preset::values::Range::{Any, NotZero};
use crate::experiment::preset::values::{
    FALSE, Known, TRUE, Values, above, at_or_above, parameter, refuse, singles,
};
use ndarray::{ArrayD, arr0};

const MECHANISMS: &[&str] = &["subtract", "zero", "none"];

pub(super) const LEAKY: System = System {
    name: "snntorch-leaky",
    about: "snnTorch, Leaky",
    input_unit: "per step",
    terms: &[("tau_m", "beta"), ("v_threshold", "threshold"), ("reset", "reset_mechanism")],
    parameters: &[
        // snnTorch has no default for it.
        Known::number("beta", 0.9, Any, ""),
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
        // snnTorch has no defaults for them.
        Known::number("R", 1.0, NotZero, ""),
        Known::number("C", 10.0, NotZero, ""),
        Known::step("time_step", 1.0, ""),
        Known::number("threshold", 1.0, Any, ""),
        Known::word("reset_mechanism", MECHANISMS),
    ],
    params: lapicque,
};

fn leaky(values: &Values) -> Result<Params> {
    let given = values.numbers("beta");
    // snnTorch clamps beta to 0..=1; with 1, nothing leaks.
    if let Some(more) = given.iter().find(|beta| **beta > 1.0) {
        return Err(Error::out_of_range(
            "beta",
            more,
            "below 1; snntorch takes what is above 1 for 1, with which nothing leaks, and a resistance would be infinite here",
        ));
    }
    let beta = singles(&given).mapv(|beta| beta.max(0.0));
    let integrator = Integrator::Exact;
    let tau = time_constant("beta", &given, &beta, 1.0)?;
    let (tau, resistance) = added_as_it_is(&tau, &arr0(1.0).into_dyn(), 1.0, integrator, SpikeTest::Above);
    let late = Late { left: &beta, called: "beta", given: &given };
    Ok(Params {
        tau_m: values.said("beta", tau).in_steps("-ln(beta)"),
        resistance: values.said_as("1 / (1 - beta)", "", beta.mapv(|beta| 1.0 / (1.0 - beta)), resistance),
        integrator,
        dt: 1.0,
        ..unitless(values, values.is("reset_delay", TRUE).then_some(late))?
    })
}

fn lapicque(values: &Values) -> Result<Params> {
    let dt = values.single("time_step");
    let (r, c) = (values.numbers("R"), values.numbers("C"));
    let tau = &r * &c;
    refuse(
        "R C",
        &tau,
        &at_or_above(&(&tau * 0.0), &tau),
        "above 0: with less, a membrane potential runs away from rest, which no neuron here does",
    )?;
    let integrator = Integrator::Euler;
    let left = tau.mapv(|tau| f64::from(1.0 - dt as f32 / tau as f32));
    refuse(
        "time_step / (R C)",
        &tau.mapv(|tau| dt / tau),
        &at_or_above(&left, &(&left * 0.0 + 1.0)),
        "such that something leaks in a step; in single precision, as there, nothing does",
    )?;
    if values.is("reset_mechanism", "zero") {
        refuse_below_zero(
            values,
            "0 or more with reset_mechanism=zero, as 0 is above it otherwise, and the neuron spikes at every step there \
             whatever its input",
        )?;
    }
    let leak = left.mapv(|left| 1.0 - left);
    let given = tau.mapv(|tau| 1.0 - dt / tau);
    let late = Late { left: &left, called: "1 - time_step / (R C)", given: &given };
    let params = unitless(values, Some(late))?;
    let (near_tau, resistance) =
        added_as_it_is(&leak.mapv(|leak| dt / leak), &(c / dt), dt, integrator, SpikeTest::Above);
    Ok(Params {
        // In snnTorch a reset to zero takes a whole step, in which the input is lost.
        t_ref: if params.reset == Reset::ToValue { dt.into() } else { 0.0.into() },
        tau_m: values.said_as("R C", "", tau, near_tau),
        resistance: values.said("R", resistance),
        integrator,
        dt,
        ..params
    })
}

/// The smallest part of the membrane potential left after a step with which a threshold can be subtracted one step
/// late. Here the threshold, divided by that part, is subtracted at once; with a smaller part no digits would be left
/// of what exceeded the threshold.
const LEAST_LEFT: f64 = 1e-3;

/// A reset that happens one step after the spike, and the part of the membrane potential left after that step.
struct Late<'a> {
    left: &'a ArrayD<f64>,
    /// Its name, and the values before any rounding.
    called: &'static str,
    given: &'a ArrayD<f64>,
}

/// Returns the parameters that both neurons have in common: rest 0, no refractory period, and the reset, which is
/// immediate if `late` is `None`.
///
/// A reset to zero sets v to 0. It makes no difference whether it is immediate or one step late:
/// the membrane potential of the next step is the input alone.
///
/// A threshold that is subtracted one step late is subtracted from a membrane potential that has decayed to the part
/// `left` in between. To subtract `threshold / left` at once is the same:
/// `left v - threshold = left (v - threshold / left)`.
fn unitless(values: &Values, late: Option<Late<'_>>) -> Result<Params> {
    let threshold = values.numbers("threshold");
    let (reset, v_reset) = match (values.word("reset_mechanism"), late) {
        ("none", _) => (Reset::None, 0.0.into()),
        ("zero", Some(_)) => (Reset::ToValue, 0.0.into()),
        ("zero", None) => {
            refuse_below_zero(
                values,
                "0 or more with reset_mechanism=zero,reset_delay=false, as 0 is above it otherwise, and snnTorch then \
                 doubles membrane potentials that come back below it",
            )?;
            (Reset::ToValue, 0.0.into())
        }
        // A threshold that is subtracted at once is subtracted again if v is still above it.
        (_, None) => (Reset::SubtractAhead, 0.0.into()),
        (_, Some(Late { left, called, given })) => {
            refuse_below_zero(
                values,
                "0 or more with reset_mechanism=subtract one step late, as 0 is above it otherwise, and snnTorch \
                 subtracts it before the first spike",
            )?;
            let requirement = format!(
                "at least {LEAST_LEFT} with reset_mechanism=subtract: there the threshold is subtracted one step late, from \
                 what that step leaves, and here at once and the larger the less is left, until rounding takes all else; \
                 take reset_mechanism=zero or none"
            );
            refuse(called, given, &above(&(left * 0.0 + LEAST_LEFT), left), &requirement)?;
            let subtracted = &threshold / left;
            let v_reset = parameter(&(&threshold - &subtracted));
            (Reset::Subtract, values.said_as("threshold / what a step leaves", "", subtracted, v_reset))
        }
    };
    Ok(Params {
        v_rest: 0.0.into(),
        v_reset,
        v_threshold: values.parameter("threshold"),
        t_ref: 0.0.into(),
        reset,
        ..Params::default()
    })
}

fn refuse_below_zero(values: &Values, requirement: &str) -> Result<()> {
    let threshold = values.numbers("threshold");
    refuse("threshold", &threshold, &above(&(&threshold * 0.0), &threshold), requirement)
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
