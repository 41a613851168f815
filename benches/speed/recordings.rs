//! Measures a block of 32 steps with each kind of recording.

use crate::{devices, neurons, population};
use criterion::{Criterion, Throughput};
use lif::Recording;
use ndarray::Array1;

const STEPS: u64 = 32;

pub fn benchmarks(criterion: &mut Criterion) {
    let current = Array1::linspace(10.0_f32, 20.0, neurons());
    for (name, device) in devices() {
        let mut group = criterion.benchmark_group(format!("{name}/recording"));
        group.throughput(Throughput::Elements(STEPS * neurons() as u64));
        for (recording_name, recording) in [
            ("counts", Recording::none().counts()),
            ("spikes", Recording::none().spikes()),
            ("spikes of a tenth", Recording::none().spikes_of((0..neurons() as u32).step_by(10))),
            ("rate", Recording::none().rate()),
            ("voltages of 100", Recording::none().voltages(0..100, 1)),
            ("all voltages", Recording::none().all_voltages(1)),
        ] {
            let mut simulated = population(&device);
            group.bench_function(recording_name, |bencher| {
                bencher.iter(|| simulated.run(STEPS, &current).record(&recording).go().expect("valid"));
            });
        }
        group.finish();
    }
}
