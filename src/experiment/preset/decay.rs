//! Time constants of systems that store, in single precision, the part of a membrane potential that is left after a
//! step. Its rounding is large relative to the part that is lost: 0.99 is rounded by 2e-8, which is 2e-6 of the
//! 0.01 that a step loses. This rounding is a property of their neurons, so it is reproduced here.

use super::values::singles;
use crate::error::{Error, Result};
use crate::experiment::params::leak_of;
use crate::experiment::params::{Integrator, Parameter, SpikeTest};
use ndarray::{ArrayD, Zip};

/// The time constant, in steps, that stands for a potential that is lost completely within one step.
const NOTHING_LEFT: f64 = 1e-3;

/// Returns the time constants with which a step of `dt` leaves the part `left`, rounded to single precision.
/// `values` are the values that the user gave, for the message.
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

/// Returns the time constant and the resistance with which an input of `unit` changes the membrane potential by
/// exactly 1. Those systems add the input without a factor; here it is multiplied by leak and resistance. If rounding of
/// this product changes whether an input of 1 reaches a threshold of 1, neighbouring numbers in single precision are
/// taken for which it does not.
pub(super) fn added_as_it_is(
    tau: &ArrayD<f64>,
    unit: &ArrayD<f64>,
    dt: f64,
    integrator: Integrator,
    test: SpikeTest,
) -> (Parameter, Parameter) {
    let tau = tau + unit * 0.0;
    let neighbours =
        |value: f32| [0, 1, u32::MAX].map(|step| f32::from_bits(value.to_bits().wrapping_add(step)));
    let both = Zip::from(&tau).and_broadcast(unit).map_collect(|tau, unit| {
        let pairs = neighbours(*tau as f32).map(|tau| {
            let leak = leak_of(dt / f64::from(tau), integrator) as f32;
            neighbours((1.0 / (unit * f64::from(leak))) as f32).map(|resistance| (tau, leak, resistance))
        });
        let decides_as_there = |(_, leak, resistance): &(f32, f32, f32)| {
            let moved = leak * (resistance * *unit as f32);
            moved == 1.0 || (moved < 1.0 && test == SpikeTest::Above)
        };
        let [[nearest, ..], ..] = pairs;
        pairs.into_iter().flatten().find(decides_as_there).unwrap_or(nearest)
    });
    (both.mapv(|(tau, ..)| tau).into(), both.mapv(|(.., resistance)| resistance).into())
}

/// Returns the part that is left after a step, `exp(-dt / tau)`, with the ratio computed in single precision.
pub(super) fn left(tau: &ArrayD<f64>, dt: f64) -> ArrayD<f64> {
    tau.mapv(|tau| libm::exp(f64::from(-(dt as f32) / tau as f32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, arr0, arr1};

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

    /// Returns the products of leak and resistance for `tau` of 2 to 200 steps. Checks that tau and resistance are near
    /// the values that they would have without the correction.
    fn products(test: SpikeTest) -> Vec<f32> {
        let tau = Array1::linspace(2.0, 200.0, 199).into_dyn();
        let (near, resistance) = added_as_it_is(&tau, &arr0(1.0).into_dyn(), 1.0, Integrator::Euler, test);
        let pairs = near.values().iter().zip(resistance.values());
        for (tau, (near, resistance)) in tau.iter().zip(pairs.clone()) {
            let apart = |one: f32| (f64::from(one) / tau - 1.0).abs();
            assert!(apart(*near) < 1.2e-7 && apart(*resistance) < 4e-7, "{tau}: {near}, {resistance}");
        }
        pairs
            .map(|(tau, resistance)| leak_of(1.0 / f64::from(*tau), Integrator::Euler) as f32 * resistance)
            .collect()
    }

    #[test]
    fn what_is_added_as_it_is_reaches_a_threshold_as_it_does_there() {
        assert!(products(SpikeTest::AtOrAbove).iter().all(|product| *product == 1.0));
        assert!(products(SpikeTest::Above).iter().all(|product| (1.0 - 1.2e-7..=1.0).contains(product)));
    }
}
