//! Networks: their engines against plain loops, their rules against the distributions that they promise, and what is
//! refused.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

#[path = "../common/adapters.rs"]
mod adapters;
mod case;
mod effects;
mod memory;
mod reference;
mod refused;
mod rules;

use case::Case;
use lif::{Device, Network, Params, Recording, Rule, Scorer, Synapse, Target};
use rayon_threads::with_threads;

mod rayon_threads {
    /// Runs something in a pool with this many threads.
    pub(crate) fn with_threads<T: Send>(threads: usize, act: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(act)
    }
}

/// Describes the first difference of two outcomes.
fn difference(got: &case::Outcome, expected: &case::Outcome) -> String {
    let spike = got.spikes.iter().zip(&expected.spikes).find(|(got, expected)| got != expected);
    let counts = (got.spikes.len(), expected.spikes.len());
    let number =
        |got: &[u32], expected: &[u32]| got.iter().zip(expected).position(|(got, expected)| got != expected);
    format!(
        "spikes {spike:?} of {counts:?}, sampled {:?}, voltages {:?}, currents {:?} {:?}, rises {:?}",
        number(&got.sampled, &expected.sampled),
        number(&got.voltages, &expected.voltages),
        number(&got.synaptic, &expected.synaptic),
        number(&got.inhibitory, &expected.inhibitory),
        number(&got.rises, &expected.rises)
    )
}

#[test]
fn a_thousand_random_networks_equal_plain_loops() {
    let mut spikes = 0;
    for seed in 0..1000 {
        let case = Case::random(seed);
        let expected = reference::outcome(&case);
        let got = case.outcome(&Device::cpu()).expect("cases are valid");
        assert!(got == expected, "case {seed}: {}", difference(&got, &expected));
        spikes += expected.spikes.len();
    }
    // Most of the networks are active.
    assert!(spikes > 100_000, "{spikes}");
}

#[test]
fn networks_of_which_most_cells_rest_equal_plain_loops() {
    let (mut spikes, mut quiet) = (0, 0);
    for seed in 0..100 {
        let case = Case::quiet(seed);
        let expected = reference::outcome(&case);
        let got = case.outcome(&Device::cpu()).expect("cases are valid");
        assert!(got == expected, "case {seed}: {}", difference(&got, &expected));
        let resumed = case.resumed(case.calls.len() / 2, [&Device::cpu(), &Device::cpu()]);
        assert!(resumed == expected, "case {seed} resumed: {}", difference(&resumed, &expected));
        spikes += expected.spikes.len();
        let first = expected.voltages[case.n - 1];
        quiet += expected.voltages.iter().filter(|v| **v == first).count() * 2 / case.n.max(1) / case.batch;
    }
    assert!(spikes > 5_000, "{spikes}");
    assert!(quiet > 30, "{quiet}");
}

#[test]
fn cells_at_rest_notice_a_change_of_their_state_or_input() {
    let case = Case { params: lif::Params::default(), random: Vec::new(), ..Case::quiet(4) };
    let n = case.n;
    // Recorded membrane potentials let no cell rest.
    let outcome = |recording: Recording| {
        let mut population = case.network().build(1, &Device::cpu()).expect("valid");
        let mut spikes = Vec::new();
        let mut run = |population: &mut lif::Population, input: lif::Input<'_>| {
            let recorded = population.run(150, input).record(recording.clone()).go().expect("valid");
            spikes
                .extend(recorded.spikes.expect("asked for").events().map(|event| (event.step, event.neuron)));
        };
        run(&mut population, lif::Input::constant(0.0));
        let mut voltages = population.voltages().expect("on the host");
        voltages[[0, n - 1]] = -40.0;
        population.set_voltages(&voltages).expect("finite");
        run(&mut population, lif::Input::constant(0.0));
        run(&mut population, lif::Input::constant(&case.current));
        let mut rates = ndarray::Array1::zeros(n);
        rates[n / 2] = 3000.0_f32;
        run(&mut population, lif::Input::from(lif::Random::poisson(rates, 4.0)));
        run(&mut population, lif::Input::constant(0.0));
        run(&mut population, lif::Input::constant(1.0));
        (spikes, population.voltages().expect("on the host"))
    };
    let (spikes, voltages) = outcome(Recording::none().spikes());
    assert_eq!(
        (&spikes, &voltages),
        (&outcome(Recording::none().spikes().voltages(0..n as u32, 1)).0, &voltages)
    );
    assert_eq!(voltages, outcome(Recording::none().spikes().voltages(0..n as u32, 1)).1);
    assert!(spikes.iter().any(|(_, neuron)| *neuron as usize == n - 1));
    assert!(spikes.iter().any(|(step, neuron)| *neuron as usize == n / 2 && (450..600).contains(step)));
}

/// The devices of all adapters.
fn adapters() -> Vec<Device> {
    let titles = adapters::adapters_to_test().unwrap_or_else(|skips| {
        assert!(skips, "this machine has no adapter; LIF_SKIP_GPU_TESTS=1 skips these tests");
        Vec::new()
    });
    titles
        .iter()
        .map(|title| Device::select(&lif::DeviceChoice::Named(title.clone())).expect("it opens"))
        .collect()
}

/// The number of random networks that are simulated by each adapter: each needs a kernel of its own, which drivers that
/// compute on the CPU compile in seconds.
const ON_ADAPTERS: u64 = 6;

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn random_networks_equal_plain_loops_on_every_adapter() {
    for device in adapters() {
        random_networks_on(&device, (0..ON_ADAPTERS).map(|number| 40 * number));
    }
}

/// A buffer is never empty, even if nothing will arrive.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_network_without_projections_is_saved_and_resumed_on_every_adapter() {
    let case = Case { projections: Vec::new(), ..Case::random(40) };
    let expected = reference::outcome(&case);
    for device in adapters() {
        for devices in [[&device, &Device::cpu()], [&Device::cpu(), &device]] {
            let resumed = case.resumed(case.calls.len() / 2, devices);
            assert!(resumed == expected, "on {device}: {}", difference(&resumed, &expected));
        }
    }
}

/// The sizes are on both sides of what a workgroup advances as a whole.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn large_networks_equal_the_cpu_on_every_adapter() {
    for device in adapters() {
        for seed in [1, 3] {
            let case = Case { calls: vec![70, 45], ..Case::large(seed) };
            let expected = case.outcome(&Device::cpu()).expect("valid");
            assert!(expected.spikes.len() > 1000, "{}", expected.spikes.len());
            let got = case.outcome(&device).expect("valid");
            assert!(got == expected, "case {seed} on {device}: {}", difference(&got, &expected));
        }
    }
}

/// Some drivers silently end loops after 65,535 rounds; here a call has far more spikes to deliver.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_busy_network_equals_the_cpu_on_every_adapter() {
    let mut network = Network::new();
    let params = Params { t_ref: 0.2.into(), ..Params::default() };
    let cells = network.add("cells", 300, params).expect("valid");
    network.connect(&cells, &cells, Rule::all_to_all(), Synapse::jump(0.01).delay(0.3)).expect("valid");
    let outcome = |device: &Device| {
        let mut population = network.build(2, device).expect("valid");
        population.run(2000, 30.0).go().expect("valid");
        (population.counts().expect("there"), population.voltages().expect("there"))
    };
    let expected = outcome(&Device::cpu());
    assert!(expected.0.sum() > 200_000, "{}", expected.0.sum());
    for device in adapters() {
        assert!(outcome(&device) == expected, "{device}");
    }
}

#[test]
#[ignore = "takes minutes"]
fn many_random_networks_equal_plain_loops_on_every_adapter() {
    for device in adapters() {
        random_networks_on(&device, (0..200).map(|number| 5 * number + 1));
    }
}

fn random_networks_on(device: &Device, seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let case = Case::random(seed);
        let expected = reference::outcome(&case);
        let got = case.outcome(device).expect("cases are valid");
        assert!(got == expected, "case {seed} on {device}: {}", difference(&got, &expected));
        let first = case.calls.len() / 2;
        let resumed = case.resumed(first, [device, &Device::cpu()]);
        assert!(resumed == expected, "case {seed} from {device}: {}", difference(&resumed, &expected));
        let resumed = case.resumed(first, [&Device::cpu(), device]);
        assert!(resumed == expected, "case {seed} to {device}: {}", difference(&resumed, &expected));
    }
}

/// Cuts a case into slabs of a few cells.
fn in_slabs(case: &Case, device: &Device) -> case::Outcome {
    // A slab has at least two words for each cell, and some that all share.
    let bytes = 4 * (2 * (case.n * case.batch / 3) as u64 + 40);
    let options = lif::PopulationOptions { largest_binding: Some(bytes), ..Default::default() };
    case.outcome_with(device, options).expect("valid")
}

#[test]
fn slabs_and_several_devices_exchange_their_spikes() {
    let cpu = Device::cpu();
    let two = Device::several(&[cpu.clone(), cpu.clone()]).expect("two");
    let three = Device::several(&[cpu.clone(), cpu.clone(), cpu.clone()]).expect("three");
    for seed in 0..120 {
        let case = Case::random(seed);
        let expected = case.outcome(&cpu).expect("valid");
        let slabs = in_slabs(&case, &cpu);
        assert!(slabs == expected, "case {seed} in slabs: {}", difference(&slabs, &expected));
        for device in [&two, &three] {
            let got = case.outcome(device).expect("valid");
            assert!(got == expected, "case {seed} on {device}: {}", difference(&got, &expected));
        }
        let resumed = case.resumed(case.calls.len() / 2, [&two, &cpu]);
        assert!(resumed == expected, "case {seed}, saved on two: {}", difference(&resumed, &expected));
        let resumed = case.resumed(case.calls.len() / 2, [&cpu, &three]);
        assert!(resumed == expected, "case {seed}, resumed on three: {}", difference(&resumed, &expected));
    }
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_cpu_and_an_adapter_share_a_network() {
    for device in adapters() {
        let both = Device::several(&[Device::cpu(), device.clone()]).expect("two");
        for seed in [0, 40] {
            let case = Case::random(seed);
            let expected = case.outcome(&Device::cpu()).expect("valid");
            let got = case.outcome(&both).expect("valid");
            assert!(got == expected, "case {seed} on {both}: {}", difference(&got, &expected));
        }
    }
}

#[test]
fn a_network_that_was_saved_goes_on_bit_for_bit() {
    let cpu = Device::cpu();
    for seed in 0..200 {
        let case = Case::random(seed);
        let expected = case.outcome(&cpu).expect("valid");
        let resumed = case.resumed(seed as usize % (case.calls.len() + 1), [&cpu, &cpu]);
        assert!(resumed == expected, "case {seed}: {}", difference(&resumed, &expected));
    }
    let case = Case::large(1);
    let saved = with_threads(3, || case.resumed(1, [&Device::cpu(), &Device::cpu()]));
    assert!(saved == case.outcome(&cpu).expect("valid"), "saved with other threads");
}

#[test]
fn a_reset_network_starts_anew() {
    for seed in 0..40 {
        let case = Case::random(seed);
        let mut population = case.network().build(case.batch, &Device::cpu()).expect("valid");
        population.run(150, case.input()).go().expect("valid");
        population.reset().expect("valid");
        let mut outcome = case::Outcome::default();
        for steps in &case.calls {
            case.call(&mut population, *steps, &mut outcome).expect("valid");
        }
        case.end(&mut population, &mut outcome).expect("valid");
        assert!(outcome == case.outcome(&Device::cpu()).expect("valid"), "case {seed}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for seed in 0..4 {
        let case = Case::large(seed);
        let one = with_threads(1, || case.outcome(&Device::cpu()).expect("valid"));
        assert!(one.spikes.len() > 1000, "{}", one.spikes.len());
        for threads in [2, 3, 7] {
            let several = with_threads(threads, || case.outcome(&Device::cpu()).expect("valid"));
            assert_eq!(several, one, "{threads} threads");
        }
    }
}

/// Scores and blocks see the same spikes as a recording does.
#[test]
fn spikes_of_a_network_are_scored_and_streamed() {
    let mut devices = vec![Device::cpu(), Device::several(&[Device::cpu(), Device::cpu()]).expect("two")];
    if !cfg!(skip_gpu_tests) {
        devices.extend(adapters());
    }
    let case = Case { random: Vec::new(), ..Case::random(4) };
    let target = || Target::new([40, 90, 170], 0..300).expect("valid");
    let build = |device: &Device| case.network().build(case.batch, device).expect("valid");
    let mut population = build(&devices[0]);
    let recording = Recording::none().spikes();
    let recorded = population.run(300, case.input()).record(&recording).go().expect("valid");
    let spikes = recorded.spikes.expect("asked for");
    let counts: Vec<u32> = spikes.counts().iter().copied().collect();
    assert!(counts.iter().sum::<u32>() > 20, "{counts:?}");
    for device in &devices {
        let mut scorer = Scorer::new([case.batch, case.n], vec![target()], 20).expect("valid");
        build(device).run(300, case.input()).score(&mut scorer).go().expect("valid");
        let predicted: Vec<u32> = scorer.tallies(0).map(|tally| tally.predicted as u32).collect();
        assert_eq!(predicted, counts, "{device}");
        let mut events = Vec::new();
        let mut sink = |block: lif::Recorded| {
            events.extend(block.spikes.iter().flat_map(|spikes| spikes.events().collect::<Vec<_>>()));
            Ok(())
        };
        build(device).run(300, case.input()).record(&recording).sink(&mut sink).go().expect("valid");
        assert_eq!(events, spikes.events().collect::<Vec<_>>(), "{device}");
    }
}
