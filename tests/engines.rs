//! The CPU engine, every adapter of this machine and the scalar model give the same bits.
//!
//! There is one set of tests per adapter. Without any adapter the tests fail, unless `LIF_SKIP_GPU_TESTS`
//! is set: then they show as ignored.

mod common;
#[path = "common/slabs.rs"]
mod slabs;
#[path = "common/work.rs"]
mod work;

use common::adapters::adapters_to_test;
use common::place::Place;
use common::random_case::{Case, case};
use common::scalar;
use libtest_mimic::{Arguments, Failed, Trial};
use lif::{
    Device, DeviceChoice, EngineKind, Error, Event, Input, Params, Population, Random, Raster, Recording,
    SpikeInput, Tensor, Trace, TraceKind,
};
use ndarray::{Array1, Array2, Array3, arr0};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

type Test = fn(&Device) -> Result<(), Failed>;

const TESTS: [(&str, Test); 23] = [
    ("random_input_is_the_same_however_it_is_cut", random_input_however_cut),
    ("threads_share_a_device", threads_share_a_device),
    ("a_stopped_run_goes_on_where_it_stopped", a_stopped_run_goes_on_where_it_stopped),
    ("what_decays_ends_at_zero", what_decays_ends_at_zero),
    ("random_populations_give_the_models_bits", random_populations),
    ("a_perturbed_result_is_caught", a_perturbed_result_is_caught),
    ("one_long_run_equals_many_short_ones", one_long_run_equals_many_short_ones),
    ("sizes_around_words_and_workgroups", sizes_around_words_and_workgroups),
    ("forward_equals_run", forward_equals_run),
    ("resident_tensors_equal_host_arrays", resident_tensors_equal_host_arrays),
    ("more_cells_than_one_row_of_workgroups", more_cells_than_one_row_of_workgroups),
    ("a_run_beyond_the_loop_limit_of_llvmpipe", a_run_beyond_the_loop_limit),
    ("spikes_that_stay_on_a_device_drive_others", resident_spikes),
    ("more_trains_than_one_dispatch_looks_at", many_trains),
    ("words_that_several_dispatches_make", words_in_parts),
    ("what_stays_on_a_device_between_calls_is_what_is_asked_for", what_stays_between_calls),
    ("random_populations_in_small_slabs", slabs::random_populations),
    ("several_devices_give_the_models_bits", slabs::several_devices),
    ("tensors_reach_all_slabs_and_devices", slabs::tensors),
    ("state_is_read_and_written_across_slabs", slabs::state),
    ("kernel_times_are_taken_and_change_nothing", work::kernel_times),
    ("blocks_are_counted", work::blocks),
    ("a_roofline_is_measured", work::roofline),
];

/// Tests that take long and are ignored by default: `tests/run.sh --all` runs them.
const LONG_TESTS: [(&str, Test); 2] = [
    ("many_random_populations_give_the_models_bits", many_random_populations),
    ("many_random_populations_in_small_slabs", slabs::many_random_populations),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("cpu::random_populations_give_the_models_bits", || {
        random_populations(&Device::cpu())
    })];
    for (name, test) in [
        ("what_decays_ends_at_zero", what_decays_ends_at_zero as Test),
        ("blocks_are_counted", work::blocks),
        ("a_roofline_is_measured", work::roofline),
    ] {
        trials.push(Trial::test(format!("cpu::{name}"), move || test(&Device::cpu())));
    }
    for (name, test) in LONG_TESTS {
        let trial = Trial::test(format!("cpu::{name}"), move || test(&Device::cpu()));
        trials.push(trial.with_ignored_flag(true));
    }
    for (name, test) in slabs::TESTS_OF_THE_CPU {
        trials.push(Trial::test(format!("cpu::{name}"), move || test(&Device::cpu())));
    }
    match adapters_to_test() {
        Ok(titles) => {
            let tests =
                TESTS.map(|test| (test, false)).into_iter().chain(LONG_TESTS.map(|test| (test, true)));
            let tests: Vec<_> = tests.collect();
            for (title, ((name, test), is_long)) in
                titles.iter().flat_map(|title| tests.iter().map(|test| (title.clone(), *test)))
            {
                let trial = Trial::test(format!("{title}::{name}"), move || {
                    let device = Device::select(&DeviceChoice::Named(title))?;
                    test(&device)
                });
                trials.push(trial.with_ignored_flag(is_long));
            }
        }
        Err(skip) => {
            for (name, _) in TESTS {
                let trial = Trial::test(format!("no adapter::{name}"), || {
                    Err("this machine has no adapter; see docs/headless.md, or set LIF_SKIP_GPU_TESTS=1"
                        .into())
                });
                trials.push(trial.with_ignored_flag(skip));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn random_populations(device: &Device) -> Result<(), Failed> {
    equal_the_model(device, 1, |_| device.into())
}

fn many_random_populations(device: &Device) -> Result<(), Failed> {
    equal_the_model(device, 4, |_| device.into())
}

/// Compares random populations with the model, `times` times the usual number, each on the place that `place` returns.
fn equal_the_model(device: &Device, times: u32, place: impl Fn(&Case) -> Place) -> Result<(), Failed> {
    // A GPU compiles a pipeline for each new combination of rules; the CPU does not.
    let cases = times * if device.engine_kind() == EngineKind::Cpu { 100 } else { 12 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
        .run(&case(), |case: Case| {
            let found = case
                .outcome(&place(&case))
                .map_err(|error| proptest::test_runner::TestCaseError::fail(error.to_string()))?;
            proptest::prop_assert_eq!(&found, &scalar::outcome(&case));
            Ok(())
        })
        .map_err(|error| error.to_string().into())
}

/// LIF -> weights -> LIF -> weight -> LIF on one device, on several, in slabs, and from one device to
/// another; all give the same as the CPU.
fn resident_spikes(device: &Device) -> Result<(), Failed> {
    let (inner, outer, batch) = (70, 33, 3);
    let weights =
        Array2::from_shape_fn((inner, outer), |(from, to)| 0.03 * ((from * 5 + to * 3) % 13) as f32 - 0.1);
    let params =
        Params { tau_syn: Some(4.0.into()), tau_syn_inhibitory: Some(7.0.into()), ..Params::default() };
    let run = |places: [&Place; 3]| -> lif::Result<_> {
        let mut first = places[0].population(Params::default(), [batch, inner])?;
        let mut second = places[1].population(params.clone(), [batch, outer])?;
        let mut third = places[2].population(Params::default(), [batch, outer])?;
        let tensor = Tensor::new(&places[1].device, &weights)?;
        let currents = Array1::linspace(0.6_f32, 1.6, inner);
        let mut spikes = 0;
        for steps in [100, 1, 37, 64, 3, 200] {
            let of_first = first.run_resident(steps, &currents)?;
            let input = Input::constant(0.2).and_spikes(SpikeInput::dense(&of_first, &tensor));
            let of_second = second.run_resident(steps, input)?;
            third.run(steps, SpikeInput::each(&of_second, 6.0).jumps()).go()?;
            spikes += of_first.read()?.count();
        }
        let currents = [second.synaptic_currents()?, second.inhibitory_currents()?];
        Ok((spikes, second.counts()?, currents, third.counts()?, third.voltages()?))
    };
    let cpu = Place::from(&Device::cpu());
    let expected = run([&cpu; 3])?;
    assert!(expected.0 > 0 && expected.1.sum() > 0 && expected.3.sum() > 0, "{expected:?}");
    assert!(expected.2[0].sum() > 0.0 && expected.2[1].sum() < 0.0, "{expected:?}");
    let slabs = Place::in_slabs(device, 800);
    let several = Place::from(&Device::several(&[device.clone(), cpu.device.clone()])?);
    let device = &Place::from(device);
    for devices in [[device; 3], [device, &cpu, device], [&cpu, device, &several], [&slabs, &slabs, device]] {
        assert!(run(devices)? == expected, "{devices:?}");
    }
    Ok(())
}

/// Weights, tables of recorded neurons and random sources stay on the device as long as they are the same.
fn what_stays_between_calls(device: &Device) -> Result<(), Failed> {
    let (trains, n, steps) = (5, 40, 64);
    let events = (0..steps).map(|step| Event { step, batch: 0, neuron: (step * 3 % 5) as u32 });
    let raster = Raster::from_events(events, 0, steps, 1, trains)?;
    let dense = |last: f32| {
        Array2::from_shape_fn((trains, n), |(from, to)| if (from, to) == (4, 39) { last } else { 0.7 })
    };
    let own = raster.clone();
    let each = |weight: f32| Array1::from_shape_fn(trains, |train| weight + train as f32);
    let run = |place: &Place| -> lif::Result<_> {
        let mut population = place.population(Params::default(), n)?;
        let mut fifth = place.population(Params::default(), trains)?;
        let mut all = Vec::new();
        for (call, weight) in (0..).zip([0.5, 0.5, 9.0, 0.5, 9.0, 9.0]) {
            let weights = dense(weight);
            let chosen = Recording::none().spikes_of([39, call % 3]).voltages([call % 2, 39], 7);
            let recording = if call == 3 { Recording::none().spikes() } else { chosen };
            let mut input = Input::constant(0.3).and_spikes(SpikeInput::dense(&raster, &weights));
            if call % 2 == 1 {
                input = input.and(Random::gaussian(0.1 * weight, 0.5));
            }
            let recorded = population.run(steps, input).record(&recording).go()?;
            let jumps = SpikeInput::each(&own, each(weight)).jumps();
            fifth.run(steps, jumps).go()?;
            all.push((recorded, population.voltages()?, fifth.voltages()?));
        }
        Ok(all)
    };
    let expected = run(&Place::from(&Device::cpu()))?;
    for place in [Place::from(device), Place::in_slabs(device, 400)] {
        assert_eq!(run(&place)?, expected);
    }
    Ok(())
}

/// For this many cells the sums of arriving spikes fit into a dispatch for fewer than 32 steps only, so that a dispatch
/// ends within a word of the spikes that stay on the device.
fn words_in_parts(device: &Device) -> Result<(), Failed> {
    let (n, steps) = (300_000, 70);
    let events = (0..60_000).map(|index: u32| Event {
        step: u64::from(index) * 7919 % steps,
        batch: 0,
        neuron: (u64::from(index) * 104_729 % n as u64) as u32,
    });
    let raster = Raster::from_events(events, 0, steps, 1, n)?;
    let run = |device: &Device| -> lif::Result<_> {
        let mut population = Population::new(Params::default(), n, device)?;
        population.run_resident(steps, SpikeInput::each(&raster, 11.0).jumps())?.read()
    };
    let expected = run(&Device::cpu())?;
    assert!(expected.count() > 10_000);
    assert!(run(device)? == expected);
    Ok(())
}

/// A dispatch reads at most 32,768 trains; more are summed by several dispatches in the same order.
fn many_trains(device: &Device) -> Result<(), Failed> {
    let (trains, n, steps) = (70_000, 3, 40);
    let weights = Array2::from_shape_fn((trains, n), |(from, to)| 1e-3 * ((from + to) % 7) as f32);
    let events = (0..20_000_u64).map(|index| Event {
        step: index * 7919 % steps,
        batch: 0,
        neuron: (index * 104_729 % trains as u64) as u32,
    });
    let raster = Raster::from_events(events, 0, steps, 1, trains)?;
    let run = |device: &Device| -> lif::Result<_> {
        let mut population = Population::new(Params::default(), n, device)?;
        population.run(steps, SpikeInput::dense(&raster, &weights)).go()?;
        population.voltages()
    };
    let expected = run(&Device::cpu())?;
    assert!(expected.iter().all(|v| *v > -62.0), "{expected:?}");
    assert_eq!(run(device)?, expected);
    Ok(())
}

/// Random draws do not depend on the length of calls, on the size of the population, or on whether streams are
/// numbered by hand.
fn random_input_however_cut(device: &Device) -> Result<(), Failed> {
    let input = || {
        Input::constant(0.2)
            .and(Random::gaussian(0.1, 0.7))
            .and(Random::poisson(500.0, 0.9))
            .and(Random::poisson_current(80_000.0, 0.03))
    };
    let start = |n| -> lif::Result<Population> {
        let mut population = Population::new(Params::default(), n, device)?;
        population.set_seed(41)?;
        Ok(population)
    };
    let mut whole = start(70)?;
    whole.run(400, input()).go()?;
    assert!(whole.counts()?.sum() > 70);

    let mut parts = start(70)?;
    for length in [1, 2, 3, 29, 31, 32, 33, 64, 65, 140] {
        parts.run(length, input()).go()?;
    }
    assert_eq!(parts.voltages()?, whole.voltages()?);
    assert_eq!(parts.counts()?, whole.counts()?);

    let mut looped = start(70)?;
    for _ in 0..400 {
        looped.forward(input())?;
    }
    assert_eq!(looped.voltages()?, whole.voltages()?);

    let mut fewer = start(33)?;
    fewer.run(400, input()).go()?;
    assert_eq!(fewer.voltages()?, whole.voltages()?.slice(ndarray::s![.., ..33]));

    let mut named = start(70)?;
    let streams = Input::constant(0.2)
        .and(Random::gaussian(0.1, 0.7).stream(0))
        .and(Random::poisson(500.0, 0.9).stream(1))
        .and(Random::poisson_current(80_000.0, 0.03).stream(2));
    named.run(400, streams).go()?;
    assert_eq!(named.voltages()?, whole.voltages()?);

    let mut other = start(70)?;
    other.set_seed(42)?;
    other.run(400, input()).go()?;
    assert_ne!(other.voltages()?, whole.voltages()?);
    whole.reset()?;
    whole.run(400, input()).go()?;
    assert_eq!(whole.voltages()?, named.voltages()?);
    Ok(())
}

/// The comparison that the other tests rely on fails if a bit differs.
fn a_perturbed_result_is_caught(device: &Device) -> Result<(), Failed> {
    let case = Case::simple(33, 2, 70);
    let found = case.outcome(&device.into())?;
    assert_eq!(found, scalar::outcome(&case));
    let mut perturbed = found.clone();
    perturbed.voltages[[1, 32]] = f32::from_bits(perturbed.voltages[[1, 32]].to_bits() ^ 1);
    assert_ne!(perturbed, found);

    // A coefficient that differs in its last bit changes the result as well.
    let mut other = case.clone();
    other.params.tau_m = 10.000_001_f32.into();
    assert_ne!(other.outcome(&device.into())?, found);
    Ok(())
}

fn one_long_run_equals_many_short_ones(device: &Device) -> Result<(), Failed> {
    let (n, batch, steps) = (77, 3, 400);
    let input = Array3::from_shape_fn((steps, batch, n), |(step, row, neuron)| {
        0.4 + ((step * 7 + row * 3 + neuron) % 13) as f32 * 0.2
    });
    let recording = Recording::none().spikes().voltages([0, 76], 3).rate();
    let mut whole = Population::new(Params::default(), [batch, n], device)?;
    let expected = whole.run(steps as u64, Input::sequence(&input)).record(&recording).go()?;
    let expected_spikes = expected.spikes.as_ref().and_then(|spikes| spikes.to_dense().ok());

    let mut parts = Population::new(Params::default(), [batch, n], device)?;
    let mut spikes = Vec::new();
    let mut rates = Vec::new();
    let mut samples = Vec::new();
    let mut start = 0;
    for length in [1, 2, 29, 31, 32, 33, 64, 65, 1, 142] {
        let slice = input.slice(ndarray::s![start..start + length, .., ..]);
        let part = parts.run(length as u64, Input::sequence(&slice)).record(&recording).go()?;
        spikes.extend(part.spikes.iter().flat_map(|spikes| spikes.to_dense().expect("small")));
        rates.extend(part.rate.into_iter().flatten());
        samples.extend(part.voltages.iter().flat_map(|voltages| voltages.values().to_owned()));
        start += length;
    }
    assert_eq!(start, steps);
    assert_eq!(expected_spikes.map(|dense| dense.into_iter().collect()), Some(spikes));
    assert_eq!(expected.rate.map(|rate| rate.into_iter().collect()), Some(rates));
    assert_eq!(expected.voltages.map(|voltages| voltages.values().iter().copied().collect()), Some(samples));
    assert_eq!(parts.voltages()?, whole.voltages()?);
    assert_eq!(parts.counts()?, whole.counts()?);
    Ok(())
}

fn sizes_around_words_and_workgroups(device: &Device) -> Result<(), Failed> {
    for (n, batch) in [
        (1, 1),
        (1, 7),
        (31, 1),
        (32, 1),
        (33, 1),
        (63, 1),
        (64, 1),
        (65, 1),
        (5, 13),
        (127, 1),
        (129, 2),
        (1023, 1),
        (1025, 1),
    ] {
        for steps in [1, 31, 32, 33, 64, 97] {
            let case = Case::simple(n, batch, steps);
            assert_eq!(
                case.outcome(&device.into())?,
                scalar::outcome(&case),
                "n {n}, batch {batch}, steps {steps}"
            );
        }
    }
    Ok(())
}

fn forward_equals_run(device: &Device) -> Result<(), Failed> {
    let (n, batch, steps) = (50, 2, 101);
    let inputs =
        Array2::from_shape_fn((steps, n), |(step, neuron)| (step % 17) as f32 * 0.1 + neuron as f32 * 0.02);
    let mut run = Population::new(Params::default(), [batch, n], device)?;
    run.run(steps as u64, Input::sequence(&inputs)).go()?;
    let mut forward = Population::new(Params::default(), [batch, n], device)?;
    for row in inputs.rows() {
        forward.forward(&row)?;
    }
    assert_eq!(forward.voltages()?, run.voltages()?);
    assert_eq!(forward.spikes()?, run.spikes()?);
    assert_eq!(forward.refractory()?, run.refractory()?);
    assert_eq!(forward.counts()?, run.counts()?);

    // An input that changes every few steps.
    let held =
        Array2::from_shape_fn((steps, n), |(step, neuron)| (step / 5) as f32 * 0.1 + neuron as f32 * 0.02);
    run.reset()?;
    run.run(steps as u64, Input::sequence(&held)).go()?;
    forward.reset()?;
    for row in held.rows() {
        forward.forward(&row)?;
    }
    assert_eq!(forward.voltages()?, run.voltages()?);
    assert_eq!(forward.counts()?, run.counts()?);

    // Inputs that change their shape from step to step, read in between or not.
    let mut mixed = [
        Population::new(Params::default(), [batch, n], device)?,
        Population::new(Params::default(), [batch, n], device)?,
    ];
    let tensor = Tensor::new(device, &Array1::linspace(0.0_f32, 2.0, n))?;
    for (reads, population) in mixed.iter_mut().enumerate() {
        for step in 0..70 {
            match step % 7 {
                0 | 1 => population.forward(1.2)?,
                2 => population.forward(&Array1::from_elem(n, 0.7_f32))?,
                3 => population.forward(&Array2::from_elem((batch, 1), 0.1 * step as f32))?,
                4 => population.forward(&tensor)?,
                _ => population.forward(0.1 * step as f32)?,
            }
            if reads == 1 {
                population.voltages()?;
            }
        }
    }
    let [mut unread, mut read] = mixed;
    assert_eq!(unread.voltages()?, read.voltages()?);
    assert_eq!(unread.counts()?, read.counts()?);
    Ok(())
}

fn resident_tensors_equal_host_arrays(device: &Device) -> Result<(), Failed> {
    let (n, batch, steps) = (40, 3, 90);
    let values = Array3::from_shape_fn((steps, batch, n), |(step, row, neuron)| {
        ((step + row * neuron) % 11) as f32 * 0.3
    });
    let tensor = Tensor::new(device, &values)?;
    let mut host = Population::new(Params::default(), [batch, n], device)?;
    let mut resident = Population::new(Params::default(), [batch, n], device)?;
    for _ in 0..3 {
        host.run(steps as u64, Input::sequence(&values)).go()?;
        resident.run(steps as u64, Input::sequence(&tensor)).go()?;
    }
    assert_eq!(host.voltages()?, resident.voltages()?);
    assert_eq!(host.counts()?, resident.counts()?);

    // Memory order does not matter, and axes are not swapped.
    let reversed = values.clone().reversed_axes();
    let back = reversed.view().reversed_axes();
    let mut strided = Population::new(Params::default(), [batch, n], device)?;
    for _ in 0..3 {
        strided.run(steps as u64, Input::sequence(&back)).go()?;
    }
    assert_eq!(host.voltages()?, strided.voltages()?);

    let foreign = Tensor::new(&Device::cpu(), &values)?;
    let refused = resident.run(steps as u64, Input::sequence(&foreign)).go();
    assert!(matches!(refused, Err(Error::ForeignTensor { .. })), "{refused:?}");
    Ok(())
}

fn a_stopped_run_goes_on_where_it_stopped(device: &Device) -> Result<(), Failed> {
    let (n, steps) = (300, 200_000);
    let drive = Array1::linspace(0.3_f32, 3.0, n);
    let mut whole = Population::new(Params::default(), n, device)?;
    let expected = whole.run(steps, &drive).record(Recording::none().counts().rate()).go()?;

    let mut stopped = Population::new(Params::default(), n, device)?;
    let recording = Recording::none().counts().rate();
    let mut told = 0;
    let first = stopped
        .run(steps, &drive)
        .record(&recording)
        .observe(|made| {
            told = made;
            std::ops::ControlFlow::Break(())
        })
        .go()?;
    assert!(first.steps < steps, "stopped after {} steps", first.steps);
    assert_eq!(first.steps, told, "what was under way is told too");
    assert_eq!(first.steps, stopped.steps());
    let second = stopped.run(steps - first.steps, &drive).record(&recording).go()?;
    let sum =
        |recorded: [Option<Array2<u32>>; 2]| recorded.into_iter().flatten().reduce(|one, other| one + other);
    assert_eq!(sum([first.counts, second.counts]), expected.counts);
    let rates: Vec<u32> = first.rate.into_iter().chain(second.rate).flatten().collect();
    assert_eq!(Some(rates), expected.rate.map(|rate| rate.into_iter().collect()));
    assert_eq!(stopped.voltages()?, whole.voltages()?);
    Ok(())
}

fn threads_share_a_device(device: &Device) -> Result<(), Failed> {
    let run = |device: &Device, tau: f32| -> lif::Result<_> {
        let params = Params { tau_m: tau.into(), ..Params::default() };
        let mut population = Population::new(params, [2, 200], device)?;
        let mut spikes = Vec::new();
        for _ in 0..10 {
            population.forward(1.5)?;
            spikes.extend(population.run(100, 0.9).record(Recording::none().spikes()).go()?.spikes);
        }
        Ok((spikes, population.voltages()?))
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|thread| scope.spawn(move || run(device, 5.0 + thread as f32))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<lif::Result<_>>()
    })?;
    for (thread, found) in found.iter().enumerate() {
        assert!(*found == run(&Device::cpu(), 5.0 + thread as f32)?, "thread {thread}");
    }
    Ok(())
}

/// Potentials, traces and synaptic currents decay to zero with the same values at each step: some devices
/// have no subnormal numbers.
fn what_decays_ends_at_zero(device: &Device) -> Result<(), Failed> {
    let leaks = Array1::from(vec![0.05_f32, 0.2, 0.3, 0.37, 0.38, 0.5, 0.9, 0.999, 1.0, 1.5]);
    let params = Params {
        tau_m: leaks.mapv(|leak| 0.1 / leak).into(),
        trace: Some(Trace {
            tau: leaks.mapv(|leak| 0.3 / leak).into(),
            scale: 1.0.into(),
            kind: TraceKind::Set,
        }),
        tau_syn: Some(leaks.mapv(|leak| 0.2 / leak).into()),
        tau_syn_inhibitory: Some(leaks.mapv(|leak| 0.25 / leak).into()),
        v_rest: 0.0.into(),
        v_reset: 0.5.into(),
        v_threshold: 1.0.into(),
        ..Params::default()
    };
    let run = |device: &Device| -> lif::Result<_> {
        let mut population = Population::new(params.clone(), leaks.len(), device)?;
        population.run(40, 0.2).go()?;
        population.set_synaptic_currents(&arr0(0.3_f32))?;
        population.set_inhibitory_currents(&arr0(-0.2_f32))?;
        let recording = Recording::none().all_voltages(1);
        let potentials = population.run(6000, 0.0).record(&recording).go()?.voltages;
        let currents = [population.synaptic_currents()?, population.inhibitory_currents()?];
        Ok((potentials, population.voltages()?, population.traces()?, currents))
    };
    let found = run(device)?;
    assert_eq!(found, run(&Device::cpu())?);
    for zeros in [&found.1, &found.2, &found.3[0], &found.3[1]] {
        assert_eq!(zeros, Array2::<f32>::zeros((1, leaks.len())));
    }
    Ok(())
}

/// A dimension has at most 65,535 workgroups of 64 cells; larger grids have two dimensions.
fn more_cells_than_one_row_of_workgroups(device: &Device) -> Result<(), Failed> {
    let (n, batch) = (2_097_153, 2);
    let params = Params {
        trace: Some(Trace { tau: 20.0.into(), scale: 1.0.into(), kind: TraceKind::Add }),
        ..Params::default()
    };
    let drive =
        Array2::from_shape_fn((batch, n), |(row, neuron)| 0.5 + (neuron % 1000) as f32 * 1e-3 + row as f32);
    // With this many cells a dispatch makes only a few steps, so that words of spikes are made in parts.
    let run = |device: &Device| -> lif::Result<_> {
        let mut population = Population::new(params.clone(), [batch, n], device)?;
        let spikes = population.run(40, &drive).record(Recording::none().spikes()).go()?.spikes;
        Ok((spikes, population.voltages()?, population.traces()?, population.counts()?))
    };
    assert!(run(device)? == run(&Device::cpu())?);
    Ok(())
}

fn a_run_beyond_the_loop_limit(device: &Device) -> Result<(), Failed> {
    let steps = 140_000;
    let drives = Array1::from(vec![0.51_f32, 1.0, 2.0]);
    let run = |device: &Device| -> lif::Result<_> {
        let mut population = Population::new(Params::default(), 3, device)?;
        let recorded = population.run(steps, &drives).record(Recording::none().spikes()).go()?;
        let last: Option<Event> = recorded.spikes.as_ref().and_then(|spikes| spikes.events().last());
        Ok((population.voltages()?, population.counts()?, last))
    };
    let found = run(device)?;
    assert_eq!(found, run(&Device::cpu())?);
    assert!(found.2.is_some_and(|event| event.step > steps - 200));
    Ok(())
}
