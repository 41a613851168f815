//! Measures a block of 32 steps with each kind of input.

#![allow(clippy::disallowed_methods, reason = "all that is compared gets these same numbers")]

use crate::{devices, neurons, population};
use criterion::{Criterion, Throughput};
use lif::{Input, Random, Tensor};
use ndarray::{Array1, Array2};

const STEPS: u64 = 32;

pub fn benchmarks(criterion: &mut Criterion) {
    let constant = Array1::linspace(10.0_f32, 20.0, neurons());
    let sequence = Array2::from_shape_fn((STEPS as usize, neurons()), |(step, neuron)| {
        12.0 + 12.0 * ((step * 37 + neuron * 11) as f32).sin()
    });
    for (name, device) in devices() {
        let resident = Tensor::new(&device, &sequence).expect("it fits");
        let mut group = criterion.benchmark_group(format!("{name}/input"));
        group.throughput(Throughput::Elements(STEPS * neurons() as u64));
        let inputs: [(&str, Input<'_>); 6] = [
            ("constant", Input::constant(&constant)),
            ("sequence", Input::sequence(&resident)),
            ("streamed", Input::sequence(&sequence)),
            ("gaussian", Random::gaussian(12.0, 12.0).into()),
            ("uniform", Random::uniform(0.0, 24.0).into()),
            ("poisson", Random::poisson(600.0, 1.0).into()),
        ];
        for (input_name, input) in inputs {
            let mut simulated = population(&device);
            group.bench_function(input_name, |bencher| {
                bencher.iter(|| {
                    simulated.run(STEPS, input.clone()).go().expect("valid");
                    simulated.work().expect("the device works")
                });
            });
        }
        group.finish();
    }
}
