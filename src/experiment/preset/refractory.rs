//! How other systems convert a refractory time to a number of steps. The number is computed once here, so that the
//! kernels need only one way to count.

use super::values::{floats, parameter};
use crate::error::{self, Error, Result};
use crate::experiment::params::Parameter;
use ndarray::ArrayD;

/// More steps than this are refused: a countdown in single precision might not end.
const LONGEST_REFRACTORY: f64 = 1e6;

/// The part of a step by which rounding may have shortened a time.
const BRIAN_TOLERANCE: f64 = 1e-3;

/// The resolution of time in NEST: tics per millisecond.
const TICS_PER_MS: f64 = 1000.0;

/// A countdown in single precision: from the refractory time by dt per step, until it is not
/// above zero. Rounding makes it a step longer for some times: 5 ms by 0.1 ms are 51 steps.
pub(super) fn counted_down(name: &str, times: &ArrayD<f64>, dt: f64) -> Result<Parameter> {
    t_ref(name, times, dt, |time| {
        let mut left = time as f32;
        let mut steps = 0_u32;
        while left > 0.0 {
            left -= dt as f32;
            steps += 1;
        }
        f64::from(steps)
    })
}

/// Brian 2: the time in whole steps, rounded down, minus 1, as the step in which it ends is not refractory.
pub(super) fn passed(name: &str, times: &ArrayD<f64>, dt: f64) -> Result<Parameter> {
    t_ref(name, times, dt, |time| ((time / dt + BRIAN_TOLERANCE).floor() - 1.0).max(0.0))
}

/// NEST: the time in whole steps, rounded up.
pub(super) fn rounded_up(name: &str, times: &ArrayD<f64>, dt: f64) -> Result<Parameter> {
    let tics_per_step = (dt * TICS_PER_MS).round();
    t_ref(name, times, dt, |time| ((time * TICS_PER_MS).round() / tics_per_step).ceil())
}

/// Nengo: the nearest whole number of steps, as its refractory time is continuous.
pub(super) fn nearest(name: &str, times: &ArrayD<f64>, dt: f64) -> Result<Parameter> {
    t_ref(name, times, dt, |time| (time / dt).round())
}

/// A countdown in steps by 1 in single precision: the number of steps, rounded to single precision and then up.
pub(super) fn counted_steps(name: &str, steps: &ArrayD<f64>, dt: f64) -> Result<Parameter> {
    if let Some(most) = steps.iter().find(|steps| **steps > LONGEST_REFRACTORY) {
        return Err(Error::out_of_range(
            name,
            format!("{most} steps"),
            format!("at most {LONGEST_REFRACTORY}"),
        ));
    }
    let counted = counted_down(name, steps, 1.0)?;
    Ok(parameter(&(floats(&counted) * dt)))
}

/// Returns the refractory times with the numbers of steps that `steps` computes.
fn t_ref(name: &str, times: &ArrayD<f64>, dt: f64, steps: impl Fn(f64) -> f64) -> Result<Parameter> {
    if let Some(time) = times.iter().find(|time| **time / dt > LONGEST_REFRACTORY) {
        let time = format!("{} ms", error::number(time.to_string()));
        return Err(Error::out_of_range(name, time, format!("at most {LONGEST_REFRACTORY} steps long")));
    }
    Ok(parameter(&times.mapv(|time| steps(time) * dt)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr0;

    type Rule = fn(&str, &ArrayD<f64>, f64) -> Result<Parameter>;

    fn counted(rule: Rule, time: f64, dt: f64) -> f64 {
        let t_ref = rule("t", &arr0(time).into_dyn(), dt).unwrap();
        f64::from(t_ref.values()[[]]) / dt
    }

    #[test]
    fn steps_are_those_that_the_systems_take() {
        for (rule, time, dt, expected) in [
            (counted_down as Rule, 5.0, 0.1, 51.0),
            (counted_down, 3.0, 0.1, 31.0),
            (counted_down, 2.0, 0.1, 20.0),
            (counted_down, 2.0, 0.05, 41.0),
            (counted_down, 5.0, 1.0, 5.0),
            (counted_down, 0.0, 0.1, 0.0),
            (passed, 5.0, 0.1, 49.0),
            (passed, 2.5, 1.0, 1.0),
            (passed, 0.0, 1.0, 0.0),
            (rounded_up, 1.74, 0.1, 18.0),
            (rounded_up, 0.1, 0.1, 1.0),
            (rounded_up, 0.35, 0.1, 4.0),
            (rounded_up, 0.99, 0.25, 4.0),
            (nearest, 2.0, 1.0, 2.0),
            (counted_steps, 2.5, 1.0, 3.0),
            (counted_steps, 2.000_000_1, 0.1, 2.0),
            (counted_steps, 2.000_001, 0.1, 3.0),
        ] {
            let found = counted(rule, time, dt);
            assert!((found - expected).abs() < 1e-4, "{time} by {dt}: {found}, expected {expected}");
        }
    }
}
