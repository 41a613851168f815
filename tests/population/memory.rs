//! What populations, inputs, recordings and scores need, and what a budget refuses.

use super::{assert_says, within};
use lif::{Device, Input, Params, Population, Recording};
use ndarray::{Array1, Array2, arr1};

#[test]
fn what_exceeds_the_budget_is_refused_with_each_part() {
    let params = Params { tau_m: Array2::from_elem((2, 1000), 10.0_f32).into(), ..Params::default() };
    let recording = Recording::none().spikes().counts();
    let population = Population::memory_needed(&params, [2, 1000], &Device::cpu()).expect("valid");
    assert!(population.host_bytes() >= 2000 * 4 * 4 && population.device_bytes() == 0, "{population}");
    let synapse = Params { tau_syn: Some(5.0.into()), ..params.clone() };
    let with_synapse = Population::memory_needed(&synapse, [2, 1000], &Device::cpu()).expect("valid");
    assert!(with_synapse.host_bytes() >= population.host_bytes() + 2000 * 4, "{with_synapse}");
    let need = population.clone().and(recording.memory_needed(320, [2, 1000], &Device::cpu()));
    assert!(need.total() >= population.total() + 10 * 2000 * 4 + 2 * 2000 * 4, "{need}");

    let refused = |budget| {
        let result = Population::with_options(params.clone(), [2, 1000], &Device::cpu(), within(budget))
            .and_then(|mut population| population.run(320, 1.0).record(&recording).go());
        result.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(refused(need.total()), Ok(()));
    let parts = ["the state", "the recorded spikes", "in all", "the memory budget is", "raise the budget"];
    assert_says(&refused(need.total() - 1).expect_err("too much"), &parts);
    let parts = ["the population (", "the parameters", "fewer neurons"];
    assert_says(&refused(population.total() - 1).expect_err("too much"), &parts);
}

#[test]
fn inputs_wait_only_where_the_budget_leaves_room() {
    let n = 1000;
    let alone = Population::memory_needed(&Params::default(), n, &Device::cpu()).expect("valid").total();
    let inputs: Vec<Array1<f32>> = (0..40)
        .map(|step| Array1::from_shape_fn(n, |neuron| ((step * 7 + neuron) % 13) as f32 * 0.2))
        .collect();
    let forward = |room| {
        let options = within(alone + room);
        let mut population = Population::with_options(Params::default(), n, &Device::cpu(), options)?;
        inputs.iter().try_for_each(|input| population.forward(input))?;
        population.voltages()
    };
    let expected = forward(1 << 20);
    assert!(expected.is_ok());
    for inputs in [1, 2, 5] {
        assert_eq!(forward(inputs * 4 * n as u64), expected);
    }
    let refused = forward(4 * n as u64 - 1).map(|_| ()).map_err(|error| error.to_string());
    assert_says(&refused.expect_err("too much"), &["an input that waits (", "the queue of inputs 3.91 KiB"]);
}

#[test]
fn inputs_take_memory_on_the_way_to_a_gpu_alone() {
    use lif::{Raster, SpikeInput};

    let (n, steps) = (1000, 20_000);
    let sequence = Array2::<f32>::zeros((50, n));
    let raster = Raster::from_events([], 0, 50, 1, n).expect("valid");
    let weights = Array2::<f32>::zeros((n, n));
    let cpu = Device::cpu();
    assert_eq!(Input::sequence(&sequence).memory_needed(steps, n, &cpu).total(), 0);
    let all = Recording::none().spikes().rate().counts().all_voltages(1);
    assert_eq!(all.memory_needed(u64::MAX, [2, usize::MAX], &cpu).total(), u64::MAX);
    let transposed = Array2::<f32>::zeros((n, 50));
    assert_eq!(Input::sequence(&transposed.t()).memory_needed(50, n, &cpu).host_bytes(), 50 * 4 * n as u64);
    let Ok(gpu) = Device::select(&lif::DeviceChoice::Software) else { return };
    let need = |input: Input<'_>| input.memory_needed(steps, n, &gpu);
    let constant = need(Input::constant(0.6));
    assert_eq!((constant.host_bytes(), constant.device_bytes()), (4, 4));
    // 32 MiB at a time, with three copies on the host.
    let streamed = need(Input::sequence(&sequence));
    assert_eq!((streamed.host_bytes(), streamed.device_bytes()), (3 << 25, 1 << 25));
    let spikes = need(Input::from(SpikeInput::dense(&raster, &weights)));
    let matrix = 4 * (n * n) as u64;
    assert!(spikes.device_bytes() > matrix + (31 << 20), "{spikes}");
    assert!(spikes.host_bytes() > matrix && spikes.device_bytes() < 2 * matrix + (33 << 20), "{spikes}");
    let recording = Recording::none().spikes().all_voltages(1);
    let [on_gpu, on_cpu] = [&gpu, &cpu].map(|device| recording.memory_needed(steps, n, device));
    assert_eq!(on_gpu.device_bytes(), 64 << 20);
    assert_eq!(on_cpu.device_bytes(), 0);
    assert_eq!(on_gpu.host_bytes() + (16 << 20), on_cpu.host_bytes() + (3 << 26));
}

#[test]
fn random_sources_are_in_the_account_and_in_the_budget() {
    use lif::{Random, Scorer, Target};

    let n = 500;
    let cpu = Device::cpu();
    let rates = Array1::from_shape_fn(n, |neuron| 9e7 + 16.0 * neuron as f32);
    let random = || Random::poisson(&rates, 1e-3);
    let of = |input: Input<'_>, device: &Device| input.memory_needed(10, n, device);
    let need = of(random().into(), &cpu);
    // For each rate a table of 2,049 words, the index of the table, and three copies.
    assert_eq!(need.parts()[1].what, "the tables of the Poisson input");
    assert_eq!(need.parts()[1].host_bytes, (n * 2049 * 4) as u64, "{need}");
    assert!(need.host_bytes() >= (n * (2048 + 5) * 4) as u64, "{need}");
    // Tables are stored once for all slabs, the parameters of the draws once per slab.
    let two = Device::several(&[cpu.clone(), cpu.clone()]).expect("two");
    let with_slabs = of(random().into(), &two).total() - need.total();
    assert!((4 * n as u64..8 * n as u64).contains(&with_slabs), "{with_slabs}");
    // A negative zero is the same as zero, and equal rates share a table.
    let zeros = [0.0, -0.0].map(|zero: f32| {
        let rates = Array1::from_shape_fn(n, |neuron| if neuron < 9 { zero } else { 9e7 });
        of(Random::poisson(rates, 1e-3).into(), &cpu).total()
    });
    assert!(zeros[0] == zeros[1] && zeros[0] > 4 * 2048 && zeros[0] < need.total() / 100, "{zeros:?}");
    let gaussian = Random::gaussian(Array1::from_elem(n, 0.0_f32), 1.0);
    assert!(of(gaussian.into(), &cpu).total() >= 8 * n as u64);
    let wrong = Random::poisson(arr1(&[f32::NAN, -1.0, f32::INFINITY]), 1.0);
    assert!(of(wrong.into(), &cpu).total() > 0);

    let alone = Population::memory_needed(&Params::default(), n, &cpu).expect("valid").total();
    let population = |budget| {
        let options = within(alone + budget);
        Population::with_options(Params::default(), n, &cpu, options).expect("it fits")
    };
    let little = need.total() - 1;
    let scorer = || Scorer::new(n, vec![Target::new([5], 0..10).expect("valid")], 2).expect("valid");
    let scores = scorer().memory_needed(&cpu, 10).total();
    let refused = [
        population(little).run(10, random()).go().map(drop),
        population(little).forward(random()),
        population(little).draws(&[random()]).map(drop),
        population(little).run_resident(10, random()).map(drop),
        population(little).run(10, random()).score(&mut scorer()).go().map(drop),
        population(little + scores).run(10, random()).score(&mut scorer()).go().map(drop),
    ];
    for result in refused {
        let parts = ["the tables of the Poisson input 3.91 MiB", "the memory budget"];
        assert_says(&result.expect_err("too much").to_string(), &parts);
    }
    assert_eq!(population(need.total()).run(10, random()).go().map(drop), Ok(()));
    assert_eq!(
        population(need.total() + scores).run(10, random()).score(&mut scorer()).go().map(drop),
        Ok(())
    );
    // New sources replace the last ones; queued steps with the last ones are made first.
    let mut several = population(need.total() + 4);
    let mut free = Population::new(Params::default(), n, &cpu).expect("valid");
    for weight in [1e-3, 2e-3, 3e-3] {
        several.forward(Random::poisson(&rates, weight)).expect("there is room");
        free.forward(Random::poisson(&rates, weight)).expect("valid");
    }
    assert_eq!(several.voltages(), free.voltages());
}
