//! Measures a single step whose result is read, and blocks of steps.

use crate::{devices, neurons, population};
use criterion::{Criterion, Throughput};

pub fn benchmarks(criterion: &mut Criterion) {
    for (name, device) in devices() {
        let mut group = criterion.benchmark_group(format!("{name}/stepping"));
        let mut simulated = population(&device);
        group.throughput(Throughput::Elements(neurons() as u64));
        group.bench_function("one step and its spikes", |bencher| {
            bencher.iter(|| {
                simulated.forward(15.0).expect("valid");
                simulated.spikes().expect("the device works")
            });
        });
        for steps in [32, 320] {
            group.throughput(Throughput::Elements(steps * neurons() as u64));
            group.bench_function(format!("run of {steps}"), |bencher| {
                bencher.iter(|| {
                    simulated.run(steps, 15.0).go().expect("valid");
                    simulated.work().expect("the device works")
                });
            });
            group.bench_function(format!("forward {steps} times"), |bencher| {
                bencher.iter(|| {
                    for _ in 0..steps {
                        simulated.forward(15.0).expect("valid");
                    }
                    simulated.work().expect("the device works")
                });
            });
        }
        group.finish();
    }
}
