//! The rate of a leaky integrate-and-fire neuron with a constant current, in continuous time.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use lif::{Parameter, Params, Refractory, Reset};
use std::ops::Range;

/// The number of extra points above the rheobase, each half as far from it as the one before.
const BESIDE_RHEOBASE: i32 = 40;

/// One neuron, in potentials above rest.
#[derive(Debug, Clone)]
pub struct Theory {
    pub tau_m: f64,
    pub t_ref: f64,
    resistance: f64,
    threshold: f64,
    reset: f64,
    rule: Refractory,
    resets: bool,
    dt: f64,
}

impl Theory {
    /// The theory of the first neuron.
    pub fn new(params: &Params) -> Self {
        let first = |parameter: &Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
        let rest = first(&params.v_rest);
        Self {
            tau_m: first(&params.tau_m),
            t_ref: (first(&params.t_ref) / params.dt).round() * params.dt,
            resistance: first(&params.resistance),
            threshold: first(&params.v_threshold) - rest,
            reset: first(&params.v_reset) - rest,
            rule: params.refractory,
            resets: params.reset != Reset::None,
            dt: params.dt,
        }
    }

    /// The current whose steady state is exactly the threshold.
    pub fn rheobase(&self) -> f64 {
        self.threshold / self.resistance
    }

    /// `1 / (t_ref + tau_m ln((R I - v_start) / (R I - v_threshold)))`, in Hz, where `v_start` is the
    /// potential at the end of the refractory period (Lapicque 1907; Gerstner et al. 2014, Neuronal Dynamics,
    /// eq. 5.11). No interval is shorter than a step.
    pub fn rate(&self, current: f64) -> f64 {
        let target = self.resistance * current;
        if target <= self.threshold {
            return 0.0;
        }
        let left = (-self.t_ref / self.tau_m).exp();
        let start = match self.rule {
            Refractory::Frozen => self.reset,
            Refractory::LeakOnly => self.reset * left,
            Refractory::Silent => target + (self.reset - target) * left,
        };
        let rise = if self.resets && start < self.threshold {
            self.tau_m * ((target - start) / (target - self.threshold)).ln()
        } else {
            0.0
        };
        1000.0 / (self.t_ref + rise).max(self.dt)
    }

    /// Rates at `count` equal steps of current, with more points near the rheobase, where the curve leaves 0
    /// with an infinite slope.
    pub fn curve(&self, currents: Range<f64>, count: u32) -> Vec<(f64, f64)> {
        let (width, rheobase) = (currents.end - currents.start, self.rheobase());
        let even = (0..=count).map(|index| currents.start + width * f64::from(index) / f64::from(count));
        let beside = (1..=BESIDE_RHEOBASE).map(|halvings| rheobase + width * 0.5_f64.powi(halvings));
        let beside = beside.filter(|current| currents.contains(current));
        let mut points: Vec<(f64, f64)> =
            even.chain(beside).map(|current| (current, self.rate(current))).collect();
        if currents.contains(&rheobase) {
            points.push((rheobase, 0.0));
        }
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1000 / 11.9315 ms, and none at the rheobase.
    #[test]
    fn the_default_neuron_has_its_textbook_rate() {
        let theory = Theory::new(&Params::default());
        assert!((theory.rate(1.0) - 83.812).abs() < 1e-3);
        assert_eq!(theory.rate(0.5), 0.0);
        assert!((theory.rheobase() - 0.5).abs() < 1e-12);
        // Silent and strongly driven, it is above the threshold at the end of the refractory period.
        let silent = Theory::new(&Params { refractory: Refractory::Silent, ..Params::default() });
        assert!((silent.rate(10.0) - 200.0).abs() < 1e-9);
        let leaking =
            Params { refractory: Refractory::LeakOnly, v_reset: (-72.0).into(), ..Params::default() };
        assert!(
            Theory::new(&leaking).rate(1.0)
                > Theory::new(&Params { refractory: Refractory::Frozen, ..leaking }).rate(1.0)
        );
    }

    /// With few currents too the curve stays at 0 up to the rheobase and leaves it there.
    #[test]
    fn a_curve_leaves_zero_at_the_rheobase() {
        for reset in [Reset::default(), Reset::None] {
            let theory = Theory::new(&Params { reset, ..Params::default() });
            let curve = theory.curve(0.4..2.0, 2);
            assert!(curve.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1));
            let last_silent = curve.iter().rposition(|(_, rate)| *rate == 0.0).unwrap();
            assert_eq!(curve[last_silent].0, theory.rheobase());
            assert!(curve[last_silent + 1].0 - theory.rheobase() < 1e-9);
            assert_eq!(curve.last(), Some(&(2.0, theory.rate(2.0))));
        }
        assert_eq!(Theory::new(&Params::default()).curve(1.5..2.0, 4).len(), 5);
    }
}
