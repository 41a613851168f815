//! What a single spike does at its target, and when, against the analytic solution at rest.

use lif::{
    Device, Distribution, Integrator, Network, Params, Raster, Recording, Refractory, Rule, SpikeInput,
    Synapse, SynapseShape,
};
use ndarray::Array1;

const DT: f64 = 0.1;
const TAU_M: f64 = 10.0;
const RESISTANCE: f64 = 20.0;
/// The step in which the source spikes.
const SPIKE: usize = 3;
/// Far above the threshold of a source.
const KICK: f32 = 100.0;

/// A neuron at rest at 0.
fn neuron(threshold: f64) -> Params {
    Params {
        tau_m: TAU_M.into(),
        resistance: RESISTANCE.into(),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: threshold.into(),
        t_ref: 1000.0.into(),
        dt: DT,
        integrator: Integrator::Exact,
        ..Params::default()
    }
}

/// What the membrane potentials of the targets are at the end of each step, row by row, if the source spikes once.
fn potentials(
    change: impl Fn(&mut Params),
    targets: usize,
    synapse: Synapse,
    steps: usize,
    batch: usize,
) -> Vec<Vec<Vec<f64>>> {
    let mut network = Network::new();
    let made = |threshold| {
        let mut params = neuron(threshold);
        change(&mut params);
        params
    };
    let source = network.add("source", 1, made(10.0)).expect("valid");
    let target = network.add("targets", targets, made(1e6)).expect("valid");
    let rule = Rule::list(vec![0; targets], (0..targets as u32).collect::<Vec<_>>());
    network.connect(&source, &target, rule, synapse).expect("valid");
    let mut population = network.build(batch, &Device::cpu()).expect("valid");
    let events = (0..batch as u32).map(|batch| lif::Event { step: SPIKE as u64, batch, neuron: 0 });
    let spikes = Raster::from_events(events.collect::<Vec<_>>(), 0, steps as u64, batch, targets + 1);
    let spikes = spikes.expect("valid");
    let mut weights = Array1::zeros(targets + 1);
    weights[0] = KICK;
    let recording = Recording::none().spikes().voltages(1..=targets as u32, 1);
    let input = SpikeInput::each(&spikes, weights).jumps();
    let recorded = population.run(steps as u64, input).record(recording).go().expect("valid");
    let found: Vec<_> = recorded.spikes.expect("asked for").events().map(|event| event.step).collect();
    assert_eq!(found, vec![SPIKE as u64; batch]);
    let voltages = recorded.voltages.expect("asked for");
    let values: Vec<f64> = voltages.values().iter().map(|v| f64::from(*v)).collect();
    assert_eq!(values.len(), steps * batch * targets);
    let value = |step: usize, row: usize, target: usize| values[(step * batch + row) * targets + target];
    let of_target = |row, target| (0..steps).map(|step| value(step, row, target)).collect();
    (0..batch).map(|row| (0..targets).map(|target| of_target(row, target)).collect()).collect()
}

/// Compares potentials with a function of the number of steps since the first step with an effect.
#[track_caller]
fn assert_follows(potentials: &[f64], first: usize, expected: impl Fn(f64) -> f64) {
    let expected: Vec<f64> = (0..potentials.len())
        .map(|step| if step < first { 0.0 } else { expected((step - first) as f64) })
        .collect();
    let peak = expected.iter().fold(0.0_f64, |peak, v| peak.max(v.abs()));
    assert!(peak > 0.0);
    for (step, (v, expected)) in potentials.iter().zip(&expected).enumerate() {
        assert!((v - expected).abs() < 1e-5 * peak, "step {step}: {v} instead of {expected}");
        assert!(step >= first || *v == 0.0, "step {step}: {v} before anything arrived");
    }
    assert!(potentials[first] != 0.0, "nothing in step {first}");
}

/// The potential at a time after a current of 1 nA began to decay.
fn response(time: f64, tau: f64) -> f64 {
    if tau == TAU_M {
        return RESISTANCE * time / tau * (-time / tau).exp();
    }
    RESISTANCE * tau / (tau - TAU_M) * ((-time / tau).exp() - (-time / TAU_M).exp())
}

/// The potential at a time after a spike began to cause an alpha current with a peak of 1 nA:
/// `R / tau_m exp(-t / tau_m)` times the integral of `e / tau s exp(-s / tau) exp(s / tau_m)`.
fn alpha_response(time: f64, tau: f64) -> f64 {
    let scale = RESISTANCE * std::f64::consts::E / (tau * TAU_M);
    let rate = 1.0 / TAU_M - 1.0 / tau;
    let x = rate * time;
    let integral = if x.abs() < 0.01 {
        time * time * (1.0 / 2.0 + x / 3.0 + x * x / 8.0 + x * x * x / 30.0 + x.powi(4) / 144.0)
    } else {
        (x.exp() * (x - 1.0) + 1.0) / (rate * rate)
    };
    scale * (-time / TAU_M).exp() * integral
}

/// Delays on both sides of what the 8 bits of a synapse and a word of spikes hold.
const DELAYS: [usize; 14] = [0, 1, 2, 31, 32, 33, 254, 255, 256, 257, 511, 512, 700, 1000];

#[test]
fn a_jump_decays_from_the_step_of_its_arrival_on() {
    let expected = |steps: f64| 1.5 * (-steps * DT / TAU_M).exp();
    for delay in &DELAYS[1..] {
        let synapse = Synapse::jump(1.5).delay(*delay as f64 * DT);
        let found = potentials(|_| {}, 1, synapse, SPIKE + delay + 100, 1);
        assert_follows(&found[0][0], SPIKE + delay, expected);
    }
    let found = potentials(|_| {}, 1, Synapse::jump(1.5), 50, 1);
    assert_follows(&found[0][0], SPIKE + 1, expected);
}

#[test]
fn an_exponential_current_follows_the_exact_solution() {
    for tau in [0.5, 2.0, TAU_M, 30.0] {
        for (delay, weight) in [(0, 0.3), (1, -0.2), (17, 0.3), (300, 0.1)] {
            let synapse = Synapse::current(weight).delay(delay as f64 * DT);
            let change = |params: &mut Params| params.tau_syn = Some(tau.into());
            let found = potentials(change, 1, synapse, SPIKE + delay + 400, 1);
            // At the end of its first step a current has acted for one step.
            let expected = |steps: f64| weight * response((steps + 1.0) * DT, tau);
            assert_follows(&found[0][0], SPIKE + 1 + delay, expected);
        }
    }
}

#[test]
fn an_alpha_current_follows_the_exact_solution() {
    let nearly = f64::from((TAU_M as f32).next_up());
    for tau in [0.5, 2.0, TAU_M, nearly, TAU_M - 0.001, 30.0] {
        for (delay, weight) in [(0, 0.3), (1, -0.2), (17, 0.3), (300, 0.1)] {
            let synapse = Synapse::current(weight).delay(delay as f64 * DT);
            let change = |params: &mut Params| {
                params.tau_syn = Some(tau.into());
                params.synapse_shape = SynapseShape::Alpha;
            };
            let found = potentials(change, 1, synapse, SPIKE + delay + 600, 1);
            let expected = |steps: f64| weight * alpha_response((steps + 1.0) * DT, tau);
            assert_follows(&found[0][0], SPIKE + 1 + delay, expected);
        }
    }
}

#[test]
fn alpha_currents_of_each_sign_have_their_own_time_constant() {
    let nearly = f64::from((TAU_M as f32).next_down());
    for [excitatory, inhibitory] in [[2.0, 5.0], [5.0, TAU_M], [nearly, 3.0], [3.0, 3.0]] {
        for clears in [false, true] {
            let change = |params: &mut Params| {
                params.tau_syn = Some(excitatory.into());
                params.tau_syn_inhibitory = Some(inhibitory.into());
                params.synapse_shape = SynapseShape::Alpha;
                if clears {
                    params.synapse_rule = lif::SynapseRule::Cleared;
                }
            };
            let weights = [0.5, -0.25, 0.125, -1.0];
            let synapse = Synapse::current(Distribution::list(weights)).delay(0.7);
            let found = potentials(change, weights.len(), synapse, 400, 1);
            for (weight, found) in weights.iter().zip(&found[0]) {
                let weight = f64::from(*weight);
                let tau = if weight > 0.0 { excitatory } else { inhibitory };
                assert_follows(found, SPIKE + 8, |steps| weight * alpha_response((steps + 1.0) * DT, tau));
            }
        }
    }
}

#[test]
fn a_current_without_a_time_constant_acts_for_one_step() {
    let lost = 1.0 - (-DT / TAU_M).exp();
    let expected = |steps: f64| 0.4 * RESISTANCE * lost * (-steps * DT / TAU_M).exp();
    for delay in [0, 1, 40] {
        let found = potentials(|_| {}, 1, Synapse::current(0.4).delay(delay as f64 * DT), 200, 1);
        assert_follows(&found[0][0], SPIKE + 1 + delay, expected);
    }
}

#[test]
fn currents_of_each_sign_have_their_own_time_constant() {
    for [excitatory, inhibitory] in [[2.0, 5.0], [5.0, TAU_M], [3.0, 3.0]] {
        let change = |params: &mut Params| {
            params.tau_syn = Some(excitatory.into());
            params.tau_syn_inhibitory = Some(inhibitory.into());
        };
        let weights = [0.5, -0.25, 0.125, -1.0];
        let synapse = Synapse::current(Distribution::list(weights)).delay(0.7);
        let found = potentials(change, weights.len(), synapse, 400, 1);
        for (weight, found) in weights.iter().zip(&found[0]) {
            let weight = f64::from(*weight);
            let tau = if weight > 0.0 { excitatory } else { inhibitory };
            assert_follows(found, SPIKE + 8, |steps| weight * response((steps + 1.0) * DT, tau));
        }
        for weight in [0.5, -0.5] {
            let tau = if weight > 0.0 { excitatory } else { inhibitory };
            let found = potentials(change, 1, Synapse::current(weight).delay(0.7), 400, 1);
            let expected = |steps: f64| weight * response((steps + 1.0) * DT, tau);
            assert_follows(&found[0][0], SPIKE + 8, expected);
        }
    }
}

#[test]
fn each_synapse_of_a_projection_acts_after_its_own_delay() {
    let delays: Vec<f32> = DELAYS[1..].iter().map(|steps| (*steps as f64 * DT) as f32).collect();
    let jump = Synapse::jump(2.0).delay(delays.clone());
    let found = potentials(|_| {}, delays.len(), jump, 1100, 1);
    for (delay, found) in DELAYS[1..].iter().zip(&found[0]) {
        assert_follows(found, SPIKE + delay, |steps| 2.0 * (-steps * DT / TAU_M).exp());
    }
    let delays: Vec<f32> = DELAYS.iter().map(|steps| (*steps as f64 * DT) as f32).collect();
    let current = Synapse::current(0.3).delay(delays.clone());
    let found =
        potentials(|params| params.tau_syn = Some(2.0.into()), delays.len(), current, SPIKE + 1100, 1);
    for (delay, found) in DELAYS.iter().zip(&found[0]) {
        assert_follows(found, SPIKE + 1 + delay, |steps| 0.3 * response((steps + 1.0) * DT, 2.0));
    }
}

/// A current acts at the same time whether spikes clear it or not, if its target does not spike.
#[test]
fn a_current_that_spikes_clear_acts_after_its_delay() {
    let delays: Vec<f32> = DELAYS[1..].iter().map(|steps| (*steps as f64 * DT) as f32).collect();
    let current = Synapse::current(0.3).delay(delays.clone());
    let change = |params: &mut Params| {
        params.tau_syn = Some(2.0.into());
        params.synapse_rule = lif::SynapseRule::Cleared;
    };
    let found = potentials(change, delays.len(), current, SPIKE + 1100, 1);
    for (delay, found) in DELAYS[1..].iter().zip(&found[0]) {
        assert_follows(found, SPIKE + 1 + delay, |steps| 0.3 * response((steps + 1.0) * DT, 2.0));
    }
    // Without a delay it is the shortest, one step.
    let found = potentials(change, 1, Synapse::current(0.3), 300, 1);
    assert_follows(&found[0][0], SPIKE + 2, |steps| 0.3 * response((steps + 1.0) * DT, 2.0));
}

#[test]
fn delays_are_rounded_to_the_nearest_step() {
    for (delay, steps) in [(0.06, 1), (0.14, 1), (0.16, 2), (1.249, 12), (1.251, 13)] {
        let found = potentials(|_| {}, 1, Synapse::jump(1.0).delay(delay), 60, 1);
        assert_follows(&found[0][0], SPIKE + steps, |steps| (-steps * DT / TAU_M).exp());
        let found = potentials(|_| {}, 1, Synapse::jump(1.0).delay(vec![delay as f32]), 60, 1);
        assert_follows(&found[0][0], SPIKE + steps, |steps| (-steps * DT / TAU_M).exp());
    }
    let found = potentials(|_| {}, 1, Synapse::current(1.0).delay(0.04), 60, 1);
    assert!(found[0][0][SPIKE] == 0.0 && found[0][0][SPIKE + 1] != 0.0);
}

#[test]
fn factors_scale_what_arrives_in_each_batch_row() {
    let factors = [1.0_f32, 0.0, 2.5, 1e-3];
    let jump = Synapse::jump(2.0).delay(0.5).factors(factors);
    let current = Synapse::current(-0.5).delay(0.5).factors(factors);
    let jumped = potentials(|_| {}, 1, jump, 200, 4);
    let driven = potentials(|params| params.tau_syn = Some(2.0.into()), 1, current, 200, 4);
    for (row, factor) in factors.iter().enumerate() {
        let factor = f64::from(*factor);
        if factor == 0.0 {
            assert!(jumped[row][0].iter().chain(&driven[row][0]).all(|v| *v == 0.0));
            continue;
        }
        assert_follows(&jumped[row][0], SPIKE + 5, |steps| factor * 2.0 * (-steps * DT / TAU_M).exp());
        let expected = |steps: f64| factor * -0.5 * response((steps + 1.0) * DT, 2.0);
        assert_follows(&driven[row][0], SPIKE + 6, expected);
    }
}

/// A target that has spiked itself ignores a jump while it is refractory, and none after.
#[test]
fn a_refractory_neuron_ignores_a_jump_unless_it_goes_on_in_silence() {
    for refractory in [Refractory::Frozen, Refractory::LeakOnly, Refractory::Silent] {
        for (delay, is_late) in [(0.5, false), (3.0, true)] {
            let params = Params { t_ref: 2.0.into(), refractory, ..neuron(10.0) };
            let mut network = Network::new();
            let cells = network.add("cells", 2, params).expect("valid");
            network
                .connect(&cells, &cells, Rule::list([0], [1]), Synapse::jump(4.0).delay(delay))
                .expect("valid");
            let mut population = network.build(1, &Device::cpu()).expect("valid");
            let events = [0, 1].map(|neuron| lif::Event { step: 0, batch: 0, neuron }).to_vec();
            let spikes = Raster::from_events(events, 0, 50, 1, 2).expect("valid");
            let recording = Recording::none().spikes().voltages([1], 1);
            let input = SpikeInput::each(&spikes, KICK).jumps();
            let recorded = population.run(50, input).record(recording).go().expect("valid");
            assert_eq!(recorded.spikes.expect("asked for").events().count(), 2);
            let values: Vec<f32> = recorded.voltages.expect("asked for").values().iter().copied().collect();
            let arrival = (delay / DT).round() as usize;
            assert_eq!(values[arrival - 1], 0.0);
            let acts = is_late || refractory == Refractory::Silent;
            assert_eq!(values[arrival], if acts { 4.0 } else { 0.0 }, "{refractory:?} {delay}");
        }
    }
}

/// Spikes of several sources, steps and projections add up at their target.
#[test]
fn effects_add_up() {
    let mut network = Network::new();
    let params = Params { tau_syn: Some(2.0.into()), t_ref: 0.1.into(), ..neuron(10.0) };
    let sources = network.add("sources", 2, params.clone()).expect("valid");
    let target = network.add("target", 1, Params { v_threshold: 1e6.into(), ..params }).expect("valid");
    let rule = || Rule::list([0, 1, 1], [0, 0, 0]);
    network.connect(&sources, &target, rule(), Synapse::jump(1.0).delay(0.4)).expect("valid");
    network.connect(&sources, &target, rule(), Synapse::current(0.5).delay(0.3)).expect("valid");
    let mut population = network.build(1, &Device::cpu()).expect("valid");
    let all = [(0, 0), (0, 1), (7, 1), (20, 0)];
    let events = all.map(|(step, neuron)| lif::Event { step, batch: 0, neuron }).to_vec();
    let spikes = Raster::from_events(events, 0, 300, 1, 3).expect("valid");
    let weights = Array1::from_vec(vec![KICK, KICK, 0.0]);
    let recording = Recording::none().spikes().voltages([2], 1);
    let input = SpikeInput::each(&spikes, weights).jumps();
    let recorded = population.run(300, input).record(recording).go().expect("valid");
    assert_eq!(recorded.spikes.expect("asked for").events().count(), all.len());
    for (step, v) in recorded.voltages.expect("asked for").values().iter().enumerate() {
        let expected: f64 = all
            .iter()
            .map(|(spike, source)| {
                let since = step as f64 - (*spike as f64 + 4.0);
                if since < 0.0 {
                    return 0.0;
                }
                let times = if *source == 1 { 2.0 } else { 1.0 };
                let jump = (-since * DT / TAU_M).exp();
                times * (jump + 0.5 * response((since + 1.0) * DT, 2.0))
            })
            .sum();
        assert!((f64::from(*v) - expected).abs() < 1e-4, "step {step}: {v} instead of {expected}");
    }
}
