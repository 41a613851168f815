//! The model against analytic results, over wide ranges of parameters.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

use lif::{Device, Event, Input, Integrator, Params, Population, Raster, Recording, SpikeInput};
use lif::{SpikeTest, Trace, TraceKind};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

/// A neuron described without the parameters that only shift its voltage or scale its time.
#[derive(Debug, Clone)]
struct Neuron {
    /// dt / tau_m.
    ratio: f64,
    /// Refractory steps.
    n_ref: u64,
    /// Threshold above rest, mV.
    threshold: f64,
    /// Reset above rest, relative to the threshold.
    reset: f64,
    /// R I, relative to the threshold.
    drive: f64,
    integrator: Integrator,
}

fn neurons() -> impl Strategy<Value = Neuron> {
    (0.002..0.3, 0_u64..80, 0.5..40.0, -0.8..0.6, 1.05..15.0, any::<bool>()).prop_map(
        |(ratio, n_ref, threshold, reset, drive, exact)| Neuron {
            ratio,
            n_ref,
            threshold,
            reset,
            drive,
            integrator: if exact { Integrator::Exact } else { Integrator::Euler },
        },
    )
}

impl Neuron {
    fn params(&self) -> Params {
        let dt = 0.5;
        Params {
            tau_m: (dt / self.ratio).into(),
            resistance: self.threshold.into(),
            v_rest: 0.0.into(),
            v_reset: (self.reset * self.threshold).into(),
            v_threshold: self.threshold.into(),
            t_ref: (self.n_ref as f64 * dt).into(),
            dt,
            integrator: self.integrator,
            ..Params::default()
        }
    }

    fn leak(&self) -> f64 {
        match self.integrator {
            Integrator::Euler => self.ratio,
            Integrator::Exact => -(-self.ratio).exp_m1(),
        }
    }

    /// Returns the number of updates from the potential `start`, relative to the threshold, to the threshold, as a real
    /// number: each update multiplies the distance from `drive` by `1 - leak`.
    fn updates_from(&self, start: f64) -> f64 {
        ((self.drive - 1.0) / (self.drive - start)).ln() / (1.0 - self.leak()).ln()
    }
}

fn spike_steps(params: &Params, current: f64, steps: u64) -> Vec<u64> {
    let mut population = Population::new(params.clone(), 1, &Device::cpu()).unwrap();
    let recorded = population.run(steps, current).record(Recording::none().spikes()).go().unwrap();
    recorded.spikes.unwrap().events().map(|event| event.step).collect()
}

fn voltages(params: &Params, current: f64, steps: u64) -> Vec<f64> {
    let mut population = Population::new(params.clone(), 1, &Device::cpu()).unwrap();
    let recorded = population.run(steps, current).record(Recording::none().voltages([0], 1)).go().unwrap();
    recorded.voltages.unwrap().values().iter().copied().map(f64::from).collect()
}

/// Returns the spikes of a row of neurons, `[step, neuron]`.
fn raster(params: Params, currents: &Array2<f32>) -> Array2<bool> {
    let (steps, n) = currents.dim();
    let mut population = Population::new(params, n, &Device::cpu()).unwrap();
    let recorded = population
        .run(steps as u64, Input::sequence(currents))
        .record(Recording::none().spikes())
        .go()
        .unwrap();
    let mut spikes = Array2::from_elem((steps, n), false);
    for event in recorded.spikes.unwrap().events() {
        spikes[[event.step as usize, event.neuron as usize]] = true;
    }
    spikes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The interval is n_ref + k, k being the first update after the reset that is above the threshold. The first
    /// spike is at the first such update from rest.
    #[test]
    fn intervals_are_refractory_steps_and_updates(neuron in neurons()) {
        let (from_rest, from_reset) = (neuron.updates_from(0.0), neuron.updates_from(neuron.reset));
        // If an update ends almost on the threshold, rounding decides.
        let clear = |updates: f64| (updates - updates.round()).abs() > 2e-3;
        prop_assume!(clear(from_rest) && clear(from_reset));
        let k = from_reset.ceil() as u64;
        let first = from_rest.ceil() as u64 - 1;
        let steps = spike_steps(&neuron.params(), neuron.drive, first + 3 * (neuron.n_ref + k) + 1);
        let expected: Vec<u64> = (0..4).map(|spike| first + spike * (neuron.n_ref + k)).collect();
        prop_assert_eq!(steps, expected);
    }

    /// f = 1 / (t_ref + tau ln((R I - reset) / (R I - threshold))). With exact integration the interval differs only in
    /// that spikes are rounded up to a step.
    #[test]
    fn the_rate_is_that_of_continuous_time(neuron in neurons()) {
        let neuron = Neuron { integrator: Integrator::Exact, ..neuron };
        let continuous = neuron.n_ref as f64
            + ((neuron.drive - neuron.reset) / (neuron.drive - 1.0)).ln() / neuron.ratio;
        let steps = spike_steps(&neuron.params(), neuron.drive, 4 * (continuous as u64 + 2));
        let interval = (steps[1] - steps[0]) as f64;
        prop_assert!((-0.01..=1.01).contains(&(interval - continuous)), "{interval}, in theory {continuous}");
    }

    /// Below the rheobase there are no spikes however long the current lasts; above it there are.
    #[test]
    fn spikes_begin_at_the_rheobase(neuron in neurons(), near in 1e-3..0.2) {
        prop_assert!(spike_steps(&neuron.params(), 1.0 - near, 5000).is_empty());
        let steps = neuron.n_ref + 2 * Neuron { drive: 1.0 + near, ..neuron.clone() }.updates_from(0.0) as u64 + 2;
        prop_assert!(!spike_steps(&neuron.params(), 1.0 + near, steps).is_empty());
    }

    /// v = R I (1 - (1 - leak)^step) below the threshold: with exact integration 1 - exp(-t / tau).
    #[test]
    fn the_step_response_is_that_of_theory(neuron in neurons(), part in 0.05..0.95) {
        for (step, v) in voltages(&neuron.params(), part, 200).into_iter().enumerate() {
            let decayed = match neuron.integrator {
                Integrator::Exact => (-neuron.ratio * (step + 1) as f64).exp(),
                Integrator::Euler => (1.0 - neuron.ratio).powi(step as i32 + 1),
            };
            let expected = part * neuron.threshold * (1.0 - decayed);
            // A rounding error decays with tau_m, as the potential does.
            let tolerance = 1e-7 * neuron.threshold * (2.0 + 1.0 / neuron.ratio);
            prop_assert!((v - expected).abs() < tolerance, "step {}: {}, in theory {}", step, v, expected);
        }
    }

    /// Without input, a potential above rest only decays, never falls below rest, and reaches it in the end.
    #[test]
    fn without_input_all_comes_to_rest(neuron in neurons(), start in 0.01..0.99) {
        let mut population = Population::new(neuron.params(), 1, &Device::cpu()).unwrap();
        population.set_voltages(&Array1::from_elem(1, (start * neuron.threshold) as f32)).unwrap();
        let recording = Recording::none().voltages([0], 1).spikes();
        let recorded = population.run((100.0 / neuron.ratio) as u64, 0.0).record(&recording).go().unwrap();
        let v: Vec<f32> = recorded.voltages.unwrap().values().iter().copied().collect();
        prop_assert!(v.windows(2).all(|pair| pair[1] <= pair[0] && pair[1] >= 0.0));
        prop_assert_eq!(*v.last().unwrap(), 0.0);
        prop_assert_eq!(recorded.spikes.unwrap().events().count(), 0);
    }

    /// A trace is the sum of exp(-t / tau) over all spikes, t counted from each, or that term of the last spike alone.
    #[test]
    fn traces_decay_from_each_spike(neuron in neurons(), tau in 1.0_f64..200.0, scale in 0.1_f64..5.0, add in any::<bool>()) {
        let kind = if add { TraceKind::Add } else { TraceKind::Set };
        let trace = Trace { tau: tau.into(), scale: scale.into(), kind };
        let params = Params { trace: Some(trace), ..neuron.params() };
        let mut population = Population::new(params.clone(), 1, &Device::cpu()).unwrap();
        let steps = 300;
        let recorded = population.run(steps, neuron.drive).record(Recording::none().spikes()).go().unwrap();
        let spikes = recorded.spikes.unwrap();
        let decays = spikes.events().map(|event| {
            (-((steps - 1 - event.step) as f64) * params.dt / tau).exp()
        });
        let decays: Vec<f64> = decays.collect();
        let expected = scale * if add { decays.iter().sum::<f64>() } else { decays.last().copied().unwrap_or(0.0) };
        let found = f64::from(population.traces().unwrap()[[0, 0]]);
        prop_assert!((found - expected).abs() <= 1e-4 * expected + 1e-6, "{found}, in theory {expected}");
    }

    /// With all voltages doubled and all times quadrupled the spikes are the same, as the factors are powers of two.
    #[test]
    fn scales_of_voltage_and_time_do_not_matter(neuron in neurons(), seed in any::<u32>()) {
        let currents = random_currents(seed, 300, 3, neuron.drive as f32);
        let params = neuron.params();
        let scaled = Params {
            tau_m: (4.0 * params.dt / neuron.ratio).into(),
            resistance: (2.0 * neuron.threshold as f32).into(),
            v_reset: (2.0 * ((neuron.reset * neuron.threshold) as f32)).into(),
            v_threshold: (2.0 * neuron.threshold as f32).into(),
            t_ref: (4.0 * neuron.n_ref as f64 * params.dt).into(),
            dt: 4.0 * params.dt,
            ..params.clone()
        };
        prop_assert_eq!(raster(params, &currents), raster(scaled, &currents));
    }

    /// Neurons do not depend on their position, nor on the other neurons of their population.
    #[test]
    fn neurons_can_be_permuted_and_parted(neuron in neurons(), seed in any::<u32>(), turn in 1_usize..37) {
        let currents = random_currents(seed, 120, 37, 2.0 * neuron.drive as f32);
        let order: Vec<usize> = (0..37).map(|index| (index + turn) % 37).collect();
        let whole = raster(neuron.params(), &currents);
        prop_assert_eq!(raster(neuron.params(), &currents.select(Axis(1), &order)), whole.select(Axis(1), &order));
        prop_assert_eq!(raster(neuron.params(), &currents.select(Axis(1), &[turn - 1])), whole.select(Axis(1), &[turn - 1]));
    }

    /// The rows of a batch give the same results as alone.
    #[test]
    fn a_batch_can_be_split(neuron in neurons(), seed in any::<u32>()) {
        let currents = random_currents(seed, 100, 12, neuron.drive as f32);
        let alone = raster(neuron.params(), &currents);
        let mut population = Population::new(neuron.params(), [3, 4], &Device::cpu()).unwrap();
        let rows = currents.to_shape((100, 3, 4)).unwrap();
        let recorded = population.run(100, Input::sequence(&rows)).record(Recording::none().spikes()).go().unwrap();
        let mut together = Array2::from_elem((100, 12), false);
        for event in recorded.spikes.unwrap().events() {
            together[[event.step as usize, (event.batch * 4 + event.neuron) as usize]] = true;
        }
        prop_assert_eq!(together, alone);
    }
}

/// Returns random currents around a mean, determined by the seed.
fn random_currents(seed: u32, steps: usize, n: usize, mean: f32) -> Array2<f32> {
    let mut state = seed | 1;
    Array2::from_shape_simple_fn((steps, n), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        mean * (state >> 8) as f32 / (1 << 23) as f32
    })
}

/// The error at a fixed time is proportional to dt with Euler; exact integration has only rounding errors.
#[test]
fn euler_converges_with_first_order_and_exact_integration_has_converged() {
    for (tau, current) in [(10.0, 0.45), (3.0, 0.3), (40.0, 0.2)] {
        let error = |dt: f64, integrator| {
            let params = Params {
                tau_m: tau.into(),
                v_rest: 0.0.into(),
                v_reset: 0.0.into(),
                v_threshold: 100.0.into(),
                dt,
                integrator,
                ..Params::default()
            };
            let v = *voltages(&params, current, (2.0 * tau / dt).round() as u64).last().unwrap();
            (v - 20.0 * current * (1.0 - (-2.0_f64).exp())).abs()
        };
        for parts in [5.0, 10.0, 20.0, 40.0] {
            let ratio = error(tau / parts, Integrator::Euler) / error(tau / parts / 2.0, Integrator::Euler);
            assert!((1.7..2.4).contains(&ratio), "tau {tau}, {parts} steps: {ratio}");
            assert!(error(tau / parts, Integrator::Exact) < 2e-5, "tau {tau}, {parts} steps");
        }
    }
}

/// Returns v after each step, with one input spike of 1 nA, and the exact solution of the equations, with R = 20 MOhm.
fn postsynaptic_potential(
    (tau_m, tau_syn): (f32, f32),
    dt: f64,
    integrator: Integrator,
) -> (Vec<f64>, Vec<f64>) {
    let spike = 3;
    let steps = spike + (4.0 * f64::from(tau_m.max(tau_syn)) / dt) as u64;
    let params = Params {
        tau_m: tau_m.into(),
        tau_syn: Some(tau_syn.into()),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 1e3.into(),
        t_ref: 0.0.into(),
        dt,
        integrator,
        ..Params::default()
    };
    let raster = Raster::from_events([Event { step: spike, batch: 0, neuron: 0 }], 0, steps, 1, 1).unwrap();
    let mut population = Population::new(params, 1, &Device::cpu()).unwrap();
    let recorded = population
        .run(steps, SpikeInput::each(&raster, 1.0))
        .record(Recording::none().voltages([0], 1))
        .go()
        .unwrap();
    let (tau_m, tau_syn) = (f64::from(tau_m), f64::from(tau_syn));
    let expected = (1..=steps).map(|step| {
        let t = step.saturating_sub(spike) as f64 * dt;
        // R tau_syn / (tau_m - tau_syn) (exp(-t / tau_m) - exp(-t / tau_syn)), and its limit.
        let apart = t / tau_syn - t / tau_m;
        let part = if apart == 0.0 { 1.0 } else { -(-apart).exp_m1() / apart };
        20.0 * t / tau_m * (-t / tau_m).exp() * part
    });
    (recorded.voltages.unwrap().values().iter().map(|v| f64::from(*v)).collect(), expected.collect())
}

/// Returns the largest difference relative to the peak.
fn largest_error((found, expected): (Vec<f64>, Vec<f64>)) -> f64 {
    let peak = expected.iter().copied().fold(0.0, f64::max);
    found.iter().zip(&expected).map(|(found, expected)| (found - expected).abs() / peak).fold(0.0, f64::max)
}

#[test]
fn postsynaptic_potentials_are_those_of_theory() {
    for (tau_m, tau_syn, dt) in [
        (10.0, 0.5, 0.1),
        (10.0, 2.0, 0.1),
        (10.0, 10.0, 0.1),
        // Within 1e-6 of tau_m, above and below, and a little further away.
        (10.0, 10.000_01, 0.1),
        (10.0, 10.0_f32.next_up(), 0.1),
        (10.0, 9.999_99, 0.1),
        (10.0, 10.01, 0.1),
        (20.0, 5.0, 1.0),
        (5.0, 20.0, 0.5),
        (10.0, 0.2, 1.0),
        (0.5, 0.5, 1.0),
    ] {
        let error = largest_error(postsynaptic_potential((tau_m, tau_syn), dt, Integrator::Exact));
        assert!(error < 1e-5, "tau_m {tau_m}, tau_syn {tau_syn}, dt {dt}: {error:e} of the peak");
    }
    // Euler keeps the current constant over each step.
    let error = largest_error(postsynaptic_potential((10.0, 0.5), 0.1, Integrator::Euler));
    assert!((0.08..0.13).contains(&error), "{error}");
}

#[test]
fn what_acts_of_a_synaptic_current_is_that_of_exact_integration() {
    let factor = |tau_m: f32, tau_syn: f32, integrator| {
        let params =
            Params { tau_m: tau_m.into(), tau_syn: Some(tau_syn.into()), integrator, ..Params::default() };
        let population = Population::new(params, 1, &Device::cpu()).unwrap();
        population.coefficients(0, 0).unwrap().synaptic_factor
    };
    for (tau_m, tau_syn, expected) in
        [(10.0, 0.5, 0.906_195_3), (20.0, 5.0, 0.990_058_1), (20.0, 10.0, 0.995_0)]
    {
        let found = factor(tau_m, tau_syn, Integrator::Exact);
        assert!((found - expected).abs() < 5e-5, "tau_m {tau_m}, tau_syn {tau_syn}: {found}");
        assert_eq!(factor(tau_m, tau_syn, Integrator::Euler), 1.0);
    }
    // A synaptic current that decays long before the step ends has too small a factor.
    let refused = |tau_syn: f32, integrator| {
        let params = Params { tau_syn: Some(tau_syn.into()), integrator, ..Params::default() };
        Population::new(params, 1, &Device::cpu()).err().map(|error| error.to_string())
    };
    let refusal = refused(5e-5, Integrator::Exact).unwrap();
    assert!(refusal.contains("tau_syn is 0.00005") && refusal.contains("take a shorter dt"), "{refusal}");
    assert_eq!(refused(5e-5, Integrator::Euler), None);
    assert_eq!(refused(2e-4, Integrator::Exact), None);
}

/// Exactly on the threshold the two spike tests differ.
#[test]
fn on_the_threshold_the_spike_test_decides() {
    let params = |spike_test| Params {
        tau_m: 2.0.into(),
        resistance: 2.0.into(),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 1.0.into(),
        t_ref: 0.0.into(),
        dt: 1.0,
        spike_test,
        ..Params::default()
    };
    // 0 + (2 - 0) / 2 is 1.
    assert_eq!(spike_steps(&params(SpikeTest::AtOrAbove), 1.0, 1), [0]);
    assert_eq!(spike_steps(&params(SpikeTest::Above), 1.0, 1), [0_u64; 0]);
}
