//! Computes the coefficients of a synaptic current.

use crate::data::broadcast::{Column, column};
use crate::data::shape::Shape;
use crate::error::Result;
use crate::experiment::params::{Integrator, Parameter, Params, SynapseShape};
#[cfg(doc)]
use crate::model::FASTEST_LEAK;
use crate::prepared::coefficients::{decay, flush_parameter, require, require_parameter, time_constant};
use std::f64::consts::E;

/// The smallest part of a synaptic current that must act within its step; smaller ones are refused. With this
/// no product of the two is subnormal: a current that loses less than [`FASTEST_LEAK`] per step, and can be
/// as small as 5e-37, acts by more than half; any other is zero or at least 4e-35.
const SMALLEST_SYNAPTIC_FACTOR: f64 = 1e-3;

/// Ratios of times that are larger than this do not change the result.
const LARGEST_RATIO: f64 = 1e300;

/// The coefficients of the synaptic current or of the inhibitory current of all cells.
#[derive(Debug)]
pub(super) struct SynapticCurrent {
    pub(super) decay: Column<f32>,
    pub(super) factor: Column<f32>,
    pub(super) growth: Column<f32>,
    pub(super) rise_factor: Column<f32>,
}

impl SynapticCurrent {
    /// The coefficients of cells without it.
    pub(super) fn none() -> Self {
        let [zero, growth, rise_factor] = [0.0; 3].map(Column::scalar);
        Self { decay: zero, factor: Column::scalar(1.0), growth, rise_factor }
    }

    /// For a time constant `tau`, of which errors say that it is `what`.
    pub(super) fn new(
        params: &Params,
        tau_m: &Column<f32>,
        (what, tau): (&str, &Parameter),
        shape: Shape,
    ) -> Result<Self> {
        let Params { dt, integrator, synapse_shape, .. } = *params;
        let mut current = Self {
            decay: synaptic_decay(what, tau, dt, shape)?,
            factor: synaptic_factor(tau_m, (what, tau), dt, shape, integrator)?,
            ..Self::none()
        };
        if synapse_shape == SynapseShape::Alpha {
            let tau = time_constant(what, tau, shape)?;
            let ratio = |tau: f32| (dt / f64::from(tau)).min(LARGEST_RATIO);
            current.growth = tau.map(|tau| flush_parameter(&(growth_of(ratio(*tau)) as f32)));
            if integrator == Integrator::Exact {
                let factor = tau_m.zip(&tau, shape, |tau_m, tau| rise_factor_of(ratio(tau_m), ratio(tau)));
                current.rise_factor = factor.map(|factor| flush_parameter(&(*factor as f32)));
            }
        }
        Ok(current)
    }
}

fn synaptic_decay(what: &str, tau: &Parameter, dt: f64, shape: Shape) -> Result<Column<f32>> {
    let decay = decay(what, tau, dt, shape)?;
    // Otherwise synaptic currents would grow without bound.
    let requirement =
        "short enough that a synaptic current decays within a step in single precision: below 1e7 dt";
    let column = column(tau.name_or(what), tau.values().view(), shape)?;
    require_parameter(tau, what, &column, &decay.map(|decay| *decay < 1.0), requirement)?;
    Ok(decay)
}

fn synaptic_factor(
    tau_m: &Column<f32>,
    (what, tau_syn): (&str, &Parameter),
    dt: f64,
    shape: Shape,
    integrator: Integrator,
) -> Result<Column<f32>> {
    if integrator == Integrator::Euler {
        return Ok(Column::scalar(1.0));
    }
    let tau_syn = time_constant(what, tau_syn, shape)?;
    let factor = tau_m.zip(&tau_syn, shape, |tau_m, tau_syn| {
        synaptic_factor_of(dt / f64::from(tau_m), dt / f64::from(tau_syn))
    });
    require(
        &tau_syn,
        what,
        &factor.map(|factor| *factor >= SMALLEST_SYNAPTIC_FACTOR),
        format!(
            "longer, as less than {SMALLEST_SYNAPTIC_FACTOR:e} of a synaptic current would act on v within its \
             step; take a shorter dt"
        ),
    )?;
    Ok(factor.map(|factor| *factor as f32))
}

/// The mean over a step of a current that decays from 1, each moment weighted by the part that the membrane
/// keeps until the end of the step. The arguments are `dt / tau_m` and `dt / tau_syn`:
///
/// ```text
/// integral of exp(-membrane (1 - t)) exp(-synapse t) dt / integral of exp(-membrane (1 - t)) dt, t from 0 to 1
///   = (exp(-synapse) - exp(-membrane)) / (membrane - synapse) / ((1 - exp(-membrane)) / membrane)
/// ```
fn synaptic_factor_of(membrane: f64, synapse: f64) -> f64 {
    let (membrane, synapse) = (membrane.min(LARGEST_RATIO), synapse.min(LARGEST_RATIO));
    let larger = libm::exp(-membrane.min(synapse));
    larger * mean_decay((membrane - synapse).abs()) / mean_decay(membrane)
}

/// `(1 - exp(-x)) / x`, without loss of precision for small x.
fn mean_decay(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { -libm::expm1(-x) / x }
}

/// What a rise adds to an alpha current in a step; the argument is `dt / tau_syn`.
fn growth_of(synapse: f64) -> f64 {
    E * synapse * libm::exp(-synapse)
}

/// As [`synaptic_factor_of`], for the current that is 0 at the beginning of a step and `e synapse t exp(-synapse t)`
/// within it:
///
/// ```text
/// integral of exp(-membrane (1 - t)) e synapse t exp(-synapse t) dt / integral of exp(-membrane (1 - t)) dt
/// ```
fn rise_factor_of(membrane: f64, synapse: f64) -> f64 {
    let difference = (membrane - synapse).abs();
    let moment = mean_time(difference);
    // From the end of the step if the membrane is faster, so that the exponential decays.
    let moment = if membrane > synapse { mean_decay(difference) - moment } else { moment };
    E * synapse * libm::exp(-membrane.min(synapse)) * moment / mean_decay(membrane)
}

/// The integral of `t exp(-x t)` for t from 0 to 1, `((1 - exp(-x)) / x - exp(-x)) / x`, without loss of precision for
/// small x.
fn mean_time(x: f64) -> f64 {
    if x >= 1.0 {
        return (mean_decay(x) - libm::exp(-x)) / x;
    }
    let powers = (1..20).map(f64::from).scan(1.0, |term, k| {
        let before = *term;
        *term *= -x / k;
        Some(before / (k + 1.0))
    });
    powers.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integrals by the midpoint rule, for the current that a function describes within a step.
    fn weighted(membrane: f64, current: impl Fn(f64) -> f64) -> f64 {
        const PARTS: usize = 20_000;
        let times = (0..PARTS).map(|part| (part as f64 + 0.5) / PARTS as f64);
        let weight = |t: f64| libm::exp(-membrane * (1.0 - t));
        let [above, below] =
            times.fold([0.0, 0.0], |[above, below], t| [above + weight(t) * current(t), below + weight(t)]);
        above / below
    }

    #[test]
    fn factors_are_weighted_means_of_the_current() {
        let ratios = [1e-6, 1e-3, 0.03, 0.5, 1.0, 1.0 + 1e-7, 2.5, 6.0];
        for membrane in ratios {
            for synapse in ratios {
                let factor = weighted(membrane, |t| libm::exp(-synapse * t));
                let rise = weighted(membrane, |t| E * synapse * t * libm::exp(-synapse * t));
                let found = [synaptic_factor_of(membrane, synapse), rise_factor_of(membrane, synapse)];
                for (found, expected) in found.into_iter().zip([factor, rise]) {
                    let close = (found / expected - 1.0).abs() < 3e-8;
                    assert!(close, "{membrane} {synapse}: {found} instead of {expected}");
                }
            }
        }
    }

    #[test]
    fn no_digits_are_lost_where_both_time_constants_are_nearly_equal() {
        for ratio in [1e-6, 0.01, 1.0, 4.0] {
            let equal = rise_factor_of(ratio, ratio);
            assert!((equal / (E * ratio * libm::exp(-ratio) / 2.0 / mean_decay(ratio)) - 1.0).abs() < 1e-15);
            for apart in [-1e-9, -1e-12, 1e-15, 1e-12, 1e-9] {
                let found = rise_factor_of(ratio, ratio * (1.0 + apart));
                // Its logarithm changes by at most 1 + the ratio times as much as that of the time constant.
                assert!(
                    (found / equal - 1.0).abs() <= (1.0 + ratio) * apart.abs() + 1e-15,
                    "{ratio} {apart}"
                );
            }
        }
        // Where the series ends and the closed form begins.
        assert!((mean_time(1.0_f64.next_down()) / mean_time(1.0) - 1.0).abs() < 1e-15);
    }

    /// An alpha current is w at its peak.
    #[test]
    fn a_rise_of_1_makes_a_current_with_a_peak_of_1() {
        for tau in [3.0, 10.0, 250.0] {
            let (growth, decay) = (growth_of(1.0 / tau), libm::exp(-1.0 / tau));
            let (mut current, mut rise, mut peak) = (0.0, 1.0, 0.0_f64);
            for step in 1..2000 {
                (current, rise) = (decay * current + growth * rise, decay * rise);
                let time = f64::from(step) / tau;
                assert!((current - time * libm::exp(1.0 - time)).abs() < 1e-13, "{tau}, step {step}");
                peak = peak.max(current);
            }
            assert!((peak - 1.0).abs() < 1e-14, "{tau}: {peak}");
        }
        assert_eq!(growth_of(LARGEST_RATIO), 0.0);
    }
}
