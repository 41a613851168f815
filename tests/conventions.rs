//! The model against numbers from theory and from other simulators.
//!
//! Default neurons: tau_m 10 ms, R 20 MOhm, threshold 10 mV above rest, dt 0.1 ms.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

use lif::{
    Device, Event, Input, Integrator, Params, Population, Raster, Recording, Refractory, Reset, SpikeInput,
    SpikeTest, SynapseRule, Trace, TraceKind,
};
use ndarray::{Array1, Array2, arr1};

/// Steps at which a neuron with this constant current spikes.
fn spike_steps(params: Params, current: f32, steps: u64) -> Vec<u64> {
    let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
    let recorded = population.run(steps, current).record(Recording::none().spikes()).go().expect("valid");
    recorded.spikes.expect("asked for").events().map(|event| event.step).collect()
}

/// Returns the interval between the first two spikes, and checks that all intervals are equal.
fn interval(params: Params, current: f32) -> u64 {
    let steps = spike_steps(params, current, 3000);
    let interval = steps[1] - steps[0];
    assert!(steps.windows(2).all(|pair| pair[1] - pair[0] == interval), "{steps:?}");
    interval
}

fn with(integrator: Integrator) -> Params {
    Params { integrator, ..Params::default() }
}

/// Current (nA); k and inter-spike interval with forward Euler; k and interval with exact integration. k is the number
/// of updates from reset to threshold; there are 50 refractory steps.
const INTERVALS: [(f32, u64, u64, u64, u64); 11] = [
    (0.505, 460, 510, 462, 512),
    (0.51, 392, 442, 394, 444),
    (0.55, 239, 289, 240, 290),
    (0.6, 179, 229, 180, 230),
    (0.75, 110, 160, 110, 160),
    (1.0, 69, 119, 70, 120),
    (1.5, 41, 91, 41, 91),
    (2.0, 29, 79, 29, 79),
    (5.0, 11, 61, 11, 61),
    (10.0, 6, 56, 6, 56),
    (20.0, 3, 53, 3, 53),
];

#[test]
fn intervals_are_those_of_the_table() {
    for (current, k_euler, interval_euler, k_exact, interval_exact) in INTERVALS {
        for (integrator, k, expected) in
            [(Integrator::Euler, k_euler, interval_euler), (Integrator::Exact, k_exact, interval_exact)]
        {
            assert_eq!(interval(with(integrator), current), expected, "{integrator:?} {current} nA");
            // From rest, which is the reset value, to the first spike.
            assert_eq!(spike_steps(with(integrator), current, 600)[0] + 1, k, "{integrator:?} {current} nA");
        }
    }
}

/// T = t_ref + tau ln(RI / (RI - 10)); the interval in steps of 0.1 ms is within two steps of it.
#[test]
fn exact_intervals_are_near_continuous_time() {
    for (current, ..) in INTERVALS {
        let drive = 20.0 * f64::from(current);
        let expected = 5.0 + 10.0 * (drive / (drive - 10.0)).ln();
        let found = interval(with(Integrator::Exact), current) as f64 * 0.1;
        assert!((found - expected).abs() <= 0.2, "{current} nA: {found} ms, in theory {expected} ms");
    }
}

#[test]
fn at_and_below_rheobase_there_is_no_spike() {
    for current in [0.0, 0.3, 0.499, 0.5] {
        assert_eq!(spike_steps(Params::default(), current, 20_000), [0_u64; 0], "{current} nA");
    }
    assert!(!spike_steps(Params::default(), 0.5005, 20_000).is_empty());
}

/// The interval is n_ref + k for every refractory time, also where a countdown in floating point would
/// end a step late: 5 ms at dt 0.1 ms are 50 steps and not 51.
#[test]
fn the_interval_is_refractory_steps_plus_k() {
    for (t_ref, dt, n_ref) in [
        (0.0, 0.1, 0),
        (0.1, 0.1, 1),
        (0.3, 0.1, 3),
        (1.0, 0.1, 10),
        (2.0, 0.1, 20),
        (3.0, 0.1, 30),
        (5.0, 0.1, 50),
        (2.0, 0.05, 40),
        (1.7, 0.1, 17),
        (5.0, 1.0, 5),
        (0.7, 0.1, 7),
        (2.5, 0.025, 100),
    ] {
        let params = Params { t_ref: t_ref.into(), dt, ..Params::default() };
        let free = Params { t_ref: 0.0.into(), ..params.clone() };
        let k = spike_steps(free.clone(), 2.0, 3000)[0] + 1;
        assert_eq!(interval(free, 2.0), k, "t_ref 0, dt {dt}");
        assert_eq!(interval(params, 2.0), n_ref + k, "t_ref {t_ref}, dt {dt}");
    }
    for t_ref in 1..=200 {
        let params = Params { t_ref: (t_ref as f32 * 0.1).into(), ..Params::default() };
        assert_eq!(interval(params, 10.0), t_ref + 6, "{t_ref} steps");
    }
}

#[test]
fn a_spike_test_differs_only_at_the_threshold_itself() {
    // R I = 10 mV brings v to the threshold within single precision, where it stays.
    let at = |spike_test| Params {
        spike_test,
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 1.0.into(),
        tau_m: 0.1.into(),
        resistance: 1.0.into(),
        ..Params::default()
    };
    assert_eq!(spike_steps(at(SpikeTest::Above), 1.0, 100), [0_u64; 0]);
    assert_eq!(spike_steps(at(SpikeTest::AtOrAbove), 1.0, 100), [0, 51]);
}

/// Returns the potentials of one neuron after each step.
fn voltages(params: Params, currents: &[f32]) -> Vec<f32> {
    let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
    let recording = Recording::none().voltages([0], 1);
    let recorded = population
        .run(currents.len() as u64, Input::sequence(&arr1(currents)))
        .record(&recording)
        .go()
        .expect("valid");
    recorded.voltages.expect("asked for").values().iter().copied().collect()
}

/// Powers of two keep the arithmetic exact: leak 1/2, threshold 1, two refractory steps.
fn half() -> Params {
    Params {
        tau_m: 2.0.into(),
        resistance: 1.0.into(),
        v_rest: 0.0.into(),
        v_reset: (-0.5).into(),
        v_threshold: 1.0.into(),
        t_ref: 2.0.into(),
        dt: 1.0,
        ..Params::default()
    }
}

#[test]
fn resets_and_refractory_rules_are_as_documented() {
    let currents = [1.0, 4.0, 4.0, 4.0, 4.0];
    let trace = |params| voltages(params, &currents);
    // Before the spike: 0.5, then 0.5 + (4 - 0.5) / 2 = 2.25 > 1.
    assert_eq!(trace(half()), [0.5, -0.5, -0.5, -0.5, 1.75_f32 - 2.25]);
    // The reset subtracts 1 - (-0.5) = 1.5.
    assert_eq!(trace(Params { reset: Reset::Subtract, ..half() }), [0.5, 0.75, 0.75, 0.75, 2.375 - 1.5]);
    assert_eq!(trace(Params { reset: Reset::None, ..half() }), [0.5, 2.25, 2.25, 2.25, 3.125]);
    // Without a refractory period, the reset subtracts 1: 2.5 - 1 is still above the threshold. From there 3.25 - 1
    // is a spike, and so is 2.125 - 1; 1.0625 - 1 is no spike, and nothing is subtracted.
    let ahead = Params { reset: Reset::SubtractAhead, v_reset: 0.0.into(), t_ref: 0.0.into(), ..half() };
    let strong = [5.0, 5.0, 2.0, 1.0, 0.0];
    assert_eq!(voltages(ahead.clone(), &strong), [1.5, 2.25, 1.125, 1.0625, 0.53125]);
    let spikes = |params| {
        let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
        let recording = Recording::none().spikes();
        let recorded =
            population.run(5, Input::sequence(&arr1(&strong))).record(&recording).go().expect("valid");
        recorded.spikes.expect("asked for").events().map(|event| event.step).collect::<Vec<_>>()
    };
    assert_eq!(spikes(ahead.clone()), [0, 1, 2]);
    assert_eq!(spikes(Params { reset: Reset::Subtract, ..ahead }), [0, 1, 2, 3]);
    // It leaks without input: -0.5 -> -0.25 -> -0.125 -> (input again) 1.9375 > 1.
    let leak_only = Params { refractory: Refractory::LeakOnly, ..half() };
    assert_eq!(trace(leak_only), [0.5, -0.5, -0.25, -0.125, -0.5]);
    // Silent: it integrates above the threshold, and spikes as soon as it may.
    let silent = Params { refractory: Refractory::Silent, ..half() };
    assert_eq!(trace(silent.clone()), [0.5, -0.5, 1.75, 2.875, -0.5]);
    assert_eq!(spike_steps(silent, 4.0, 8), [0, 3, 6]);
}

#[test]
fn a_spike_clears_the_synapse_as_documented() {
    let params = Params { tau_syn: Some(2.0.into()), synapse_rule: SynapseRule::Cleared, ..half() };
    let raster = Raster::from_events([Event { step: 0, batch: 0, neuron: 0 }], 0, 1, 1, 1).expect("valid");
    let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
    // A spike arrives in each step.
    let input = || Input::constant(0.0).and_spikes(SpikeInput::each(&raster, 4.0));
    let mut steps = Vec::new();
    for _ in 0..6 {
        population.run(1, input()).go().expect("valid");
        let current = population.synaptic_currents().expect("there")[[0, 0]];
        steps.push((population.voltages().expect("there")[[0, 0]], current));
    }
    // The first acts from step 1 on, in which v is 2 > 1. What arrives in that step and in the next two is ignored. The
    // spike of step 4 acts in step 5: -0.25 + (4 + 0.25) / 2 > 1.
    let expected = [(0.0, 4.0), (-0.5, 0.0), (-0.5, 0.0), (-0.5, 0.0), (-0.25, 4.0), (-0.5, 0.0)];
    assert_eq!(steps, expected);
}

#[test]
fn the_lower_bound_holds_after_update_and_reset() {
    let bounded = Params { v_lower: Some((-0.25).into()), ..half() };
    assert_eq!(
        voltages(bounded, &[1.0, 4.0, 4.0, 4.0, -8.0, 0.0]),
        [0.5, -0.25, -0.25, -0.25, -0.25, -0.125]
    );
}

#[test]
fn traces_decay_first_and_then_take_the_spike() {
    let traces = |kind| {
        let trace = Trace { tau: 4.0.into(), scale: 3.0.into(), kind };
        let params = Params { trace: Some(trace), t_ref: 1.0.into(), ..half() };
        let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
        let mut traces = Vec::new();
        for _ in 0..5 {
            population.forward(4.0).expect("valid");
            traces.push(population.traces().expect("kept")[[0, 0]]);
        }
        traces
    };
    let decay = libm::exp(-0.25) as f32;
    // Spikes at steps 0, 2 and 4.
    let added = [3.0, 3.0 * decay, 3.0 * decay * decay + 3.0];
    let last = added[2] * decay * decay + 3.0;
    assert_eq!(traces(TraceKind::Add), [added[0], added[1], added[2], added[2] * decay, last]);
    assert_eq!(traces(TraceKind::Set), [3.0, 3.0 * decay, 3.0, 3.0 * decay, 3.0]);
}

/// v(t) = v_rest + R I (1 - exp(-t / tau)) below the threshold, at every step.
#[test]
fn the_exact_integrator_follows_the_step_response() {
    let params = Params {
        integrator: Integrator::Exact,
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 100.0.into(),
        ..Params::default()
    };
    for (step, v) in voltages(params, &[0.4; 800]).into_iter().enumerate() {
        let t = (step + 1) as f64 * 0.1;
        let expected = 8.0 * (1.0 - (-t / 10.0).exp());
        assert!((f64::from(v) - expected).abs() < 1e-4, "step {step}: {v}, in theory {expected}");
    }
}

/// Halving dt halves Euler's error at a fixed time.
#[test]
fn forward_euler_converges_with_first_order() {
    let error = |dt: f64| {
        let params = Params {
            v_rest: 0.0.into(),
            v_reset: 0.0.into(),
            v_threshold: 100.0.into(),
            dt,
            ..Params::default()
        };
        let steps = (8.0 / dt).round() as usize;
        let v = voltages(params, &vec![0.4; steps])[steps - 1];
        f64::from(v) - 8.0 * (1.0 - (-0.8_f64).exp())
    };
    let ratio = error(0.8) / error(0.4);
    assert!((1.9..2.2).contains(&ratio), "{ratio}");
    assert!((1.9..2.2).contains(&(error(0.4) / error(0.2))));
}

/// A shift of all potentials, exact in single precision, changes no spike.
#[test]
fn potentials_can_be_shifted() {
    let at = |base: f32| Params {
        v_rest: base.into(),
        v_reset: (base - 0.5).into(),
        v_threshold: (base + 1.0).into(),
        ..half()
    };
    let currents = Array2::from_shape_fn((200, 1), |(step, _)| 1.0 + (step % 5) as f32 * 0.25);
    let spikes = |params| {
        let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
        let recorded = population
            .run(200, Input::sequence(&currents))
            .record(Recording::none().spikes())
            .go()
            .expect("valid");
        recorded.spikes.expect("asked for").events().collect::<Vec<_>>()
    };
    assert!(spikes(at(0.0)).len() > 20);
    assert_eq!(spikes(at(0.0)), spikes(at(-4.0)));
}

/// Neurons do not depend on their position: a permutation of the currents permutes the spikes.
#[test]
fn neurons_can_be_permuted() {
    let currents = Array1::linspace(0.4_f32, 3.0, 101);
    let reversed: Array1<f32> = currents.iter().rev().copied().collect();
    let counts = |currents: &Array1<f32>| {
        let mut population = Population::new(Params::default(), 101, &Device::cpu()).expect("valid");
        population.run(1000, currents).go().expect("valid");
        population.counts().expect("there").into_iter().collect::<Vec<_>>()
    };
    let mut backwards = counts(&reversed);
    backwards.reverse();
    assert_eq!(counts(&currents), backwards);
}
