//! Measures the readback of state from the device, and the unpacking of spikes from a raster.

use crate::{devices, measures, neurons, population};
use criterion::{Criterion, Throughput};
use lif::{Device, Raster, Recording};
use ndarray::Array1;
use std::hint::black_box;

pub fn benchmarks(criterion: &mut Criterion) {
    for (name, device) in devices() {
        let mut group = criterion.benchmark_group(format!("{name}/reading"));
        let mut simulated = population(&device);
        group.throughput(Throughput::Bytes(4 * neurons() as u64));
        group.bench_function("voltages", |bencher| {
            bencher.iter(|| simulated.voltages().expect("the device works"));
        });
        group.bench_function("counts", |bencher| {
            bencher.iter(|| simulated.counts().expect("the device works"));
        });
        group.finish();
    }

    let raster = raster();
    let cells = raster.neurons().len() as u64;
    let mut group = criterion.benchmark_group("raster");
    group.sample_size(10);
    group.throughput(Throughput::Elements(raster.steps() * cells));
    group.bench_function("events", |bencher| {
        bencher.iter(|| raster.events().map(|event| black_box(event).step).max());
    });
    group.bench_function("all events in a list", |bencher| {
        bencher.iter(|| raster.events().collect::<Vec<_>>());
    });
    group.bench_function("count", |bencher| bencher.iter(|| raster.count()));
    group.bench_function("counts", |bencher| bencher.iter(|| raster.counts()));
    group.finish();
}

/// 1e9 neuron-steps, of which about one in forty is a spike.
fn raster() -> Raster {
    let steps = if measures() { 10_000 } else { 100 };
    let mut simulated = population(&Device::cpu());
    let current = Array1::linspace(10.0_f32, 20.0, neurons());
    let recorded = simulated.run(steps, &current).record(Recording::none().spikes()).go().expect("valid");
    recorded.spikes.expect("asked for")
}
