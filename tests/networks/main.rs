//! Networks: their engines against plain loops, their rules against the distributions that they promise, and what is
//! refused.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

#[path = "../common/adapters.rs"]
mod adapters;
mod case;
mod reference;

use case::Case;
use lif::Device;
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
        "spikes {spike:?} of {counts:?}, sampled {:?}, voltages {:?}, currents {:?}",
        number(&got.sampled, &expected.sampled),
        number(&got.voltages, &expected.voltages),
        number(&got.synaptic, &expected.synaptic)
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

#[test]
fn random_networks_equal_plain_loops_on_every_adapter() {
    for device in adapters() {
        let mut spikes = 0;
        for seed in (0..1000).step_by(40) {
            let case = Case::random(seed);
            let expected = reference::outcome(&case);
            let got = case.outcome(&device).expect("cases are valid");
            assert!(got == expected, "case {seed} on {device}: {}", difference(&got, &expected));
            spikes += expected.spikes.len();
        }
        assert!(spikes > 2000, "{spikes}");
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
