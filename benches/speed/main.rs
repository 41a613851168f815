//! Benchmarks against regressions: `cargo bench` measures, and compares with the run before. On small
//! populations, `cargo test --bench speed` only checks that each benchmark works.
//!
//! `lif bench` compares devices with each other, and with what they could do at best.

mod inputs;
mod reading;
mod recordings;
mod stepping;

use criterion::{Criterion, criterion_group, criterion_main};
use lif::{Device, DeviceChoice, Params, Population, SpikeTest};
use std::time::Duration;

/// Whether the benchmarks are measured, or only checked.
fn measures() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Number of neurons of the populations.
fn neurons() -> usize {
    if measures() { 100_000 } else { 300 }
}

/// The CPU engine and the first adapter, if there is one, with their names in benchmarks.
fn devices() -> Vec<(&'static str, Device)> {
    let mut devices = vec![("cpu", Device::cpu())];
    if std::env::var_os("LIF_SKIP_GPU_TESTS").is_none() {
        let adapter =
            [DeviceChoice::Gpu, DeviceChoice::Software].iter().find_map(|choice| Device::select(choice).ok());
        devices.extend(adapter.map(|device| ("adapter", device)));
    }
    devices
}

/// Neurons of the kind that `lif bench` simulates.
fn population(device: &Device) -> Population {
    let params = Params {
        tau_m: 20.0.into(),
        resistance: 1.0.into(),
        v_rest: (-65.0).into(),
        v_reset: (-65.0).into(),
        v_threshold: (-52.0).into(),
        t_ref: 5.0.into(),
        dt: 1.0,
        spike_test: SpikeTest::AtOrAbove,
        ..Params::default()
    };
    Population::new(params, neurons(), device).expect("it fits")
}

/// Few samples are enough, as benchmarks of whole blocks of steps take long.
fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! {
    name = all;
    config = criterion();
    targets = stepping::benchmarks, inputs::benchmarks, recordings::benchmarks, reading::benchmarks
}
criterion_main!(all);
