//! Systems that compute in single precision keep what a step leaves of a membrane potential, whose
//! rounding is much larger beside the part that is lost: 0.99 is rounded by 2e-8, which is 2e-6 of the
//! 0.01 that a step loses. The rounding belongs to their neurons, so it is made here as well.

use super::values::singles;
use crate::error::{Error, Result};
use ndarray::ArrayD;

/// In steps, the time constant of what is lost within one step.
const NOTHING_LEFT: f64 = 1e-3;

/// The time constants with which a step of `dt` leaves what it leaves there, in single precision.
/// `values` are what the user gave, for the message.
pub(super) fn time_constant(
    what: &str,
    values: &ArrayD<f64>,
    left: &ArrayD<f64>,
    dt: f64,
) -> Result<ArrayD<f64>> {
    let left = singles(left);
    if let Some((value, _)) = values.iter().zip(&left).find(|(_, left)| **left >= 1.0) {
        return Err(Error::out_of_range(
            what,
            value,
            "such that something leaks in a step; in single precision, as there, nothing does, and a resistance would be \
             infinite here",
        ));
    }
    Ok(left.mapv(|left| if left > 0.0 { -dt / libm::log(left) } else { NOTHING_LEFT * dt }))
}

/// What a step leaves where it is `exp(-dt / tau)`, computed in single precision.
pub(super) fn left(tau: &ArrayD<f64>, dt: f64) -> ArrayD<f64> {
    tau.mapv(|tau| libm::exp(f64::from(-(dt as f32) / tau as f32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    #[test]
    fn a_step_leaves_what_it_leaves_in_single_precision() {
        let tau = arr1(&[100.0, 7.3, 0.4]).into_dyn();
        for dt in [0.1, 0.5, 1.0] {
            let there = singles(&left(&tau, dt));
            let here =
                time_constant("tau", &tau, &left(&tau, dt), dt).unwrap().mapv(|tau| libm::exp(-dt / tau));
            assert!((here - there).iter().all(|error| error.abs() < 1e-15));
        }
        let nothing = time_constant("tau", &arr1(&[0.0]).into_dyn(), &arr1(&[0.0]).into_dyn(), 1.0).unwrap();
        assert_eq!(libm::exp(-1.0 / nothing[[0]]), 0.0);
        let all = arr1(&[1e9]).into_dyn();
        assert!(time_constant("tau", &all, &left(&all, 1.0), 1.0).is_err());
    }
}
