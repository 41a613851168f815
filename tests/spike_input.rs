//! Spikes that drive a population: their effects, where they may be stored, and what is refused.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

use lif::{
    Device, Error, Event, Input, Params, Population, PopulationOptions, Random, Raster, Recording,
    ResidentRaster, SpikeInput, SynapseShape, Tensor,
};
use ndarray::{Array1, Array2, arr0, arr1, arr2};

/// A neuron with almost no leak, so that its potential shows the sum of its inputs.
fn integrator() -> Params {
    Params {
        tau_m: 1000.0.into(),
        resistance: 10_000.0.into(),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 100.0.into(),
        dt: 0.1,
        ..Params::default()
    }
}

fn events(list: &[(u64, u32)]) -> Vec<Event> {
    list.iter().map(|(step, neuron)| Event { step: *step, batch: 0, neuron: *neuron }).collect()
}

fn raster(list: &[(u64, u32)], steps: u64, n: usize) -> Raster {
    Raster::from_events(events(list), 0, steps, 1, n).expect("valid")
}

#[track_caller]
fn assert_says(result: Result<impl Sized, Error>, parts: &[&str]) {
    let Err(error) = result else { panic!("accepted") };
    assert!(error.is_usage() && !error.is_fault(), "{error:?}");
    for part in parts {
        assert!(error.to_string().contains(part), "'{error}' does not say '{part}'");
    }
}

#[test]
fn a_jump_acts_in_its_step_and_a_current_for_that_step() {
    let spikes = raster(&[(1, 0)], 3, 2);
    let sampled = |input: SpikeInput<'_>| {
        let mut population = Population::new(integrator(), 2, &Device::cpu()).expect("valid");
        let recording = Recording::none().voltages([0, 1], 1);
        let recorded =
            population.run(3, input).record(&recording).go().expect("valid").voltages.expect("asked for");
        recorded.values().iter().copied().collect::<Vec<_>>()
    };
    let jumped = sampled(SpikeInput::each(&spikes, arr1(&[3.0_f32, 5.0])).jumps());
    // Afterwards 1e-4 of the potential leaks per step.
    assert_eq!(jumped, [0.0, 0.0, 3.0, 0.0, 3.0 + 1e-4 * -3.0, 0.0]);
    let current = sampled(SpikeInput::each(&spikes, 2.0));
    assert_eq!(current, [0.0, 0.0, 2.0, 0.0, 2.0 + 1e-4 * -2.0, 0.0]);
}

#[test]
fn a_synaptic_current_decays_exactly_and_adds_up() {
    let params = Params { tau_syn: Some(2.0.into()), ..integrator() };
    let mut population = Population::new(params, 1, &Device::cpu()).expect("valid");
    let spikes = raster(&[(0, 0), (10, 0)], 11, 1);
    population.run(11, SpikeInput::each(&spikes, 0.5)).go().expect("valid");
    let expected = 0.5 * ((-1.1_f64 / 2.0).exp() + (-0.1_f64 / 2.0).exp());
    let found = f64::from(population.synaptic_currents().expect("there")[[0, 0]]);
    assert!((found / expected - 1.0).abs() < 1e-6, "{found} instead of {expected}");

    population.set_synaptic_currents(&arr0(1.0_f32)).expect("valid");
    population.run(20, 0.0).go().expect("valid");
    let found = f64::from(population.synaptic_currents().expect("there")[[0, 0]]);
    assert!((found / (-1.0_f64).exp() - 1.0).abs() < 1e-6, "{found}");
    population.reset().expect("works");
    assert_eq!(population.synaptic_currents().expect("there"), arr2(&[[0.0_f32]]));
}

/// Poisson spikes that are currents are added to the synaptic current, too; currents of other sources are not.
#[test]
fn only_spikes_go_through_the_synapse() {
    let params = Params { tau_syn: Some(2.0.into()), v_threshold: 1e6.into(), ..integrator() };
    for (source, passes) in [
        (Random::poisson_current(20_000.0, 0.1), true),
        (Random::gaussian(0.3, 0.1), false),
        (Random::uniform(0.1, 0.3), false),
    ] {
        let mut population = Population::new(params.clone(), 1, &Device::cpu()).expect("valid");
        population.run(40, source).go().expect("valid");
        assert_eq!(population.synaptic_currents().expect("there")[[0, 0]] > 0.0, passes);
    }
}

/// Spikes with a negative weight are added to a current of their own, which decays with its own time constant, whether
/// they come through weights or from a Poisson process. Both currents act together.
#[test]
fn inhibitory_currents_decay_on_their_own() {
    let params = || Params {
        tau_syn: Some(2.0.into()),
        tau_syn_inhibitory: Some(5.0.into()),
        v_threshold: 1e6.into(),
        ..integrator()
    };
    let mut population = Population::new(params(), 3, &Device::cpu()).expect("valid");
    let spikes = raster(&[(0, 0), (0, 1), (0, 2), (10, 1)], 11, 3);
    let own = SpikeInput::each(&spikes, arr1(&[0.5_f32, -0.25, 0.0]));
    let weights = arr2(&[[0.125_f32, 0.0, -1.0], [-0.5, 0.0, 0.0], [0.0, 0.0, 2.0]]);
    population
        .run(11, Input::from(own).and_spikes(SpikeInput::dense(&spikes, &weights)))
        .go()
        .expect("valid");
    let late = |tau: f64| (-0.1 / tau).exp();
    let early = |tau: f64| (-1.1 / tau).exp();
    let expected = [
        [0.625 * early(2.0), 0.0, 2.0 * early(2.0)],
        [-0.5 * (early(5.0) + late(5.0)), -0.25 * (early(5.0) + late(5.0)), -early(5.0)],
    ];
    let found = [population.synaptic_currents(), population.inhibitory_currents()];
    for (expected, found) in expected.iter().zip(found) {
        for (expected, found) in expected.iter().zip(&found.expect("there")) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
    }

    let voltage = |excitatory: f32, inhibitory: f32| {
        let mut population = Population::new(params(), 1, &Device::cpu()).expect("valid");
        population.set_synaptic_currents(&arr0(excitatory)).expect("valid");
        population.set_inhibitory_currents(&arr0(inhibitory)).expect("valid");
        population.run(1, 0.0).go().expect("valid");
        population.voltages().expect("there")[[0, 0]]
    };
    assert_eq!((voltage(2.0, 0.0), voltage(0.0, -2.0), voltage(2.0, -0.5)), (2.0, -2.0, 1.5));

    for (weight, is_inhibitory) in [(0.1, false), (-0.1, true)] {
        let mut population = Population::new(params(), 1, &Device::cpu()).expect("valid");
        population.run(40, Random::poisson_current(20_000.0, weight)).go().expect("valid");
        let currents = [population.synaptic_currents(), population.inhibitory_currents()];
        let [synaptic, inhibitory] = currents.map(|current| current.expect("there")[[0, 0]]);
        assert_eq!((synaptic > 0.0, inhibitory < 0.0), (!is_inhibitory, is_inhibitory));
    }
}

/// The current of a spike is an alpha function of the time since the beginning of its first step, whether it comes
/// through a weight or from a Poisson process, and has its own time constant if the weight is negative.
#[test]
fn alpha_currents_rise_and_decay() {
    let params = |tau: f32| Params {
        tau_syn: Some(tau.into()),
        tau_syn_inhibitory: Some(5.0.into()),
        synapse_shape: SynapseShape::Alpha,
        v_threshold: 1e6.into(),
        ..integrator()
    };
    for steps in [11, 12, 60, 400] {
        let mut population = Population::new(params(2.0), 3, &Device::cpu()).expect("valid");
        let spikes = raster(&[(0, 0), (0, 1), (10, 1)], steps, 3);
        let own = SpikeInput::each(&spikes, arr1(&[0.5_f32, -0.25, 1.0]));
        let weights = arr2(&[[0.125_f32, 0.0, -1.0], [0.0; 3], [0.0; 3]]);
        let input = Input::from(own).and_spikes(SpikeInput::dense(&spikes, &weights));
        population.run(steps, input).go().expect("valid");
        let [first, second] = [0, 10].map(|step| (steps - step) as f64 * 0.1);
        let rise = |time: f64, tau: f64| (-time / tau).exp();
        let current = |time: f64, tau: f64| time / tau * (1.0 - time / tau).exp();
        let expected = |of: &dyn Fn(f64, f64) -> f64| {
            let inhibitory = [0.0, -0.25 * (of(first, 5.0) + of(second, 5.0)), -of(first, 5.0)];
            [[0.625 * of(first, 2.0), 0.0, 0.0], inhibitory]
        };
        let found = [population.synaptic_currents(), population.inhibitory_currents()];
        let rises = [population.synaptic_rises(), population.inhibitory_rises()];
        for (expected, found) in [(expected(&current), found), (expected(&rise), rises)] {
            for (expected, found) in expected.iter().zip(found) {
                for (expected, found) in expected.iter().zip(&found.expect("there")) {
                    assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} instead of {expected}");
                }
            }
        }
    }

    // What is set acts: with Euler, a rise in the step after the next.
    let mut population = Population::new(params(2.0), 1, &Device::cpu()).expect("valid");
    population.set_synaptic_rises(&arr0(3.0_f32)).expect("valid");
    population.set_inhibitory_rises(&arr0(-1.0_f32)).expect("valid");
    population.run(1, 0.0).go().expect("valid");
    assert_eq!(population.voltages().expect("there")[[0, 0]], 0.0);
    assert!(population.synaptic_currents().expect("there")[[0, 0]] > 0.0);
    assert!(population.inhibitory_currents().expect("there")[[0, 0]] < 0.0);
    population.run(1, 0.0).go().expect("valid");
    assert!(population.voltages().expect("there")[[0, 0]] > 0.0);

    for (weight, is_inhibitory) in [(0.1, false), (-0.1, true)] {
        let mut population = Population::new(params(2.0), 1, &Device::cpu()).expect("valid");
        population.run(40, Random::poisson_current(20_000.0, weight)).go().expect("valid");
        let rises = [population.synaptic_rises(), population.inhibitory_rises()];
        let [synaptic, inhibitory] = rises.map(|rise| rise.expect("there")[[0, 0]]);
        assert_eq!((synaptic > 0.0, inhibitory < 0.0), (!is_inhibitory, is_inhibitory));
        population.reset().expect("works");
        assert_eq!(population.synaptic_rises().expect("there")[[0, 0]], 0.0);
        assert_eq!(population.inhibitory_rises().expect("there")[[0, 0]], 0.0);
    }
}

/// A layer drives the next: step by step as in one run, and with a weight matrix as with sums made by hand.
#[test]
fn layers_can_be_stacked() {
    let device = Device::cpu();
    let (inner, outer, steps) = (13, 5, 300);
    let weights =
        Array2::from_shape_fn((inner, outer), |(from, to)| 0.08 * ((from * 7 + to * 3) % 11) as f32);
    let params = || Params { tau_syn: Some(3.0.into()), ..Params::default() };
    let currents = Array1::linspace(0.6_f32, 1.4, inner);
    let mut first = Population::new(Params::default(), [2, inner], &device).expect("valid");
    let spikes = first
        .run(steps, &currents)
        .record(Recording::none().spikes())
        .go()
        .expect("valid")
        .spikes
        .expect("there");
    let resident = ResidentRaster::new(&device, &spikes).expect("fits");
    let tensor = Tensor::new(&device, &weights).expect("fits");

    let mut by_hand = Population::new(params(), [2, outer], &device).expect("valid");
    let mut one_by_one = Population::new(params(), [2, outer], &device).expect("valid");
    let mut whole = Population::new(params(), [2, outer], &device).expect("valid");
    let input = Input::constant(0.1).and_spikes(SpikeInput::dense(&resident, &tensor));
    whole.run(steps, input).go().expect("valid");
    assert!(whole.counts().expect("there").sum() > 0);

    let dense = spikes.to_dense().expect("fits");
    for step in 0..steps {
        let at_step = dense.index_axis(ndarray::Axis(0), step as usize);
        let sums = Array2::from_shape_fn((2, outer), |(row, to)| {
            (0..inner)
                .fold(0.0, |sum, from| if at_step[[row, from]] { sum + weights[[from, to]] } else { sum })
        });
        let synaptic = by_hand.synaptic_currents().expect("there");
        by_hand.set_synaptic_currents(&(synaptic + sums)).expect("valid");
        by_hand.forward(0.1).expect("valid");

        let events = spikes.events().filter(|event| event.step == step);
        let of_step = Raster::from_events(events, step, 1, 2, inner).expect("valid");
        let input = Input::constant(0.1).and_spikes(SpikeInput::dense(&of_step, &weights));
        one_by_one.forward(input).expect("valid");
    }
    for population in [&mut by_hand, &mut one_by_one] {
        assert_eq!(population.voltages().expect("there"), whole.voltages().expect("there"));
        assert_eq!(population.counts().expect("there"), whole.counts().expect("there"));
    }
}

#[test]
fn what_was_recorded_and_what_stayed_on_the_device_are_the_same() {
    let mut population = Population::new(Params::default(), [3, 70], &Device::cpu()).expect("valid");
    population.run(13, 0.9).go().expect("valid");
    let mut again = Population::new(Params::default(), [3, 70], &Device::cpu()).expect("valid");
    again.run(13, 0.9).go().expect("valid");
    let recorded =
        again.run(150, 0.9).record(Recording::none().spikes()).go().expect("valid").spikes.expect("there");
    let resident = population.run_resident(150, 0.9).expect("fits");
    assert_eq!((resident.first_step(), resident.steps(), population.steps()), (13, 150, 163));
    assert!(recorded.count() > 0);
    assert_eq!(resident.read().expect("fits"), recorded);
}

#[test]
fn wrong_spikes_and_weights_are_refused_and_change_nothing() {
    let device = Device::cpu();
    let mut population = Population::new(Params::default(), [2, 3], &device).expect("valid");
    let good = raster(&[(0, 2)], 5, 3);
    let mut refuse = |steps, input: SpikeInput<'_>, parts: &[&str]| {
        assert_says(population.run(steps, input).go(), parts);
        assert_eq!(population.steps(), 0);
    };
    refuse(6, SpikeInput::each(&good, 1.0), &["spikes", "[6, 2, neurons]", "[5, 1, 3]"]);
    refuse(5, SpikeInput::each(&raster(&[], 5, 4), 1.0), &["one train for each neuron", "[5, 1, 4]"]);
    let rows = Raster::from_events([], 0, 5, 3, 3).expect("valid");
    refuse(5, SpikeInput::each(&rows, 1.0), &["[5, 3, 3]"]);
    refuse(5, SpikeInput::each(&good, f32::NAN), &["weights", "NaN"]);
    refuse(5, SpikeInput::each(&good, 1e21), &["weights", "1e20"]);
    refuse(5, SpikeInput::each(&good, 1e20), &["resistance x input"]);
    refuse(5, SpikeInput::dense(&good, &Array2::<f32>::zeros((4, 3))), &["weights", "[3, 3]", "[4, 3]"]);
    refuse(5, SpikeInput::dense(&good, 1.0), &["weights", "[3, 3]"]);
    let endless = arr2(&[[0.0, 1.0, 2.0], [0.0, f32::INFINITY, 0.0], [0.0; 3]]);
    refuse(5, SpikeInput::dense(&good, &endless), &["weights", "[1, 1]"]);
    let heavy = Array2::from_elem((3, 3), 9e19_f32);
    refuse(5, SpikeInput::dense(&good, &heavy).jumps(), &["spikes of one step can add to v"]);

    assert_says(
        Raster::from_events(events(&[(4, 0), (5, 1)]), 0, 5, 1, 3),
        &["an event", "step 5", "index 1", "5 steps"],
    );
    assert_says(Raster::from_events(events(&[(4, 3)]), 0, 5, 1, 3), &["neuron 3", "3 neurons"]);
    assert_says(Raster::from_events([], 0, 5, 0, 3), &["number of trains", "0 x 3"]);
}

#[test]
fn wrong_synapses_are_refused() {
    let refused = |tau: f32| {
        let params = Params { tau_syn: Some(tau.into()), ..Params::default() };
        Population::new(params, 2, &Device::cpu())
    };
    assert_says(refused(0.0), &["tau_syn", "above 0 ms"]);
    assert_says(refused(f32::INFINITY), &["tau_syn", "inf"]);
    assert_says(refused(1e8), &["tau_syn", "1e7 dt"]);

    let mut without = Population::new(Params::default(), 2, &Device::cpu()).expect("valid");
    assert_says(without.synaptic_currents(), &["tau_syn", "none"]);
    assert_says(without.set_synaptic_currents(&arr0(1.0_f32)), &["tau_syn", "none"]);
    let params = Params { tau_syn: Some(5.0.into()), ..Params::default() };
    let mut with = Population::new(params, 2, &Device::cpu()).expect("valid");
    assert_says(with.set_synaptic_currents(&arr0(f32::NAN)), &["synaptic currents", "NaN"]);
    assert_says(with.set_synaptic_currents(&arr0(1e20_f32)), &["resistance x synaptic current"]);
    assert_says(with.set_synaptic_currents(&arr1(&[0.0_f32; 3])), &["synaptic currents", "[3]"]);
    assert_says(with.inhibitory_currents(), &["tau_syn_inhibitory", "none"]);
    assert_says(with.set_inhibitory_currents(&arr0(-1.0_f32)), &["tau_syn_inhibitory", "none"]);

    let inhibited = |tau_syn: Option<f32>, tau: f32| {
        let (tau_syn, tau_syn_inhibitory) = (tau_syn.map(Into::into), Some(tau.into()));
        Population::new(Params { tau_syn, tau_syn_inhibitory, ..Params::default() }, 2, &Device::cpu())
    };
    assert_says(inhibited(None, 5.0), &["tau_syn is none", "beside tau_syn_inhibitory"]);
    assert_says(inhibited(Some(5.0), 0.0), &["tau_syn_inhibitory", "above 0 ms"]);
    assert_says(inhibited(Some(5.0), 1e8), &["tau_syn_inhibitory", "1e7 dt"]);
    let mut with = inhibited(Some(5.0), 9.0).expect("valid");
    assert_says(with.set_inhibitory_currents(&arr0(-1e20_f32)), &["resistance x inhibitory current"]);
    assert_says(with.set_inhibitory_currents(&arr1(&[0.0_f32; 3])), &["inhibitory currents", "[3]"]);
    let alpha = |tau_syn: Option<f32>| Params {
        tau_syn: tau_syn.map(Into::into),
        synapse_shape: SynapseShape::Alpha,
        ..Params::default()
    };
    let refused = Population::new(alpha(None), 2, &Device::cpu());
    assert_says(refused, &["tau_syn is none", "as an alpha current rises and decays with it"]);
    assert_says(with.synaptic_rises(), &["synapse_shape is exponential", "alpha in the parameters"]);
    assert_says(with.set_synaptic_rises(&arr0(1.0_f32)), &["synapse_shape is exponential"]);
    assert_says(with.inhibitory_rises(), &["synapse_shape is exponential"]);
    let mut rising = Population::new(alpha(Some(5.0)), 2, &Device::cpu()).expect("valid");
    assert_says(rising.set_inhibitory_rises(&arr0(1.0_f32)), &["tau_syn_inhibitory", "none"]);
    assert_says(rising.set_synaptic_rises(&arr0(1e20_f32)), &["resistance x rise of the synaptic current"]);
    assert_says(rising.set_synaptic_rises(&arr0(f32::NAN)), &["the rises of the synaptic currents", "NaN"]);
    // The slower of the two currents bounds the input.
    let spikes = raster(&[(0, 0)], 5, 2);
    let mut run = |weight: f32| with.run(5, SpikeInput::each(&spikes, weight)).go();
    assert_says(run(-7e16), &["resistance x input"]);
    run(-5e16).expect("less than 1e20 in all");
}

#[test]
fn currents_are_bounded_where_the_resistance_is_next_to_nothing() {
    let all = raster(&[(0, 0), (1, 1), (2, 2), (40, 0)], 64, 3);
    for resistance in [0.0, 1e-20] {
        let params = Params {
            resistance: resistance.into(),
            tau_syn: Some(5.0.into()),
            reset: lif::Reset::None,
            ..Params::default()
        };
        let mut population = Population::new(params, 3, &Device::cpu()).expect("valid");
        let parts = |what| ["the ", what, "e38 nA", "at most 1e20 nA in magnitude"];
        assert_says(population.set_synaptic_currents(&arr0(3.4e38_f32)), &parts("synaptic current is 3.4"));
        assert_says(population.forward(3.4e38), &parts("input is up to 3.4"));
        // Each weight is finite, but their sum over time is too large.
        let run = |population: &mut Population, weight| {
            let weights = Array2::from_elem((3, 3), weight);
            population.run(64, SpikeInput::dense(&all, &weights)).go()
        };
        assert_says(run(&mut population, 4e36), &["input is up to inf"]);
        assert_says(run(&mut population, 1e18), &["the input is up to", "at most 1e20 nA"]);
        assert_says(run(&mut population, 3e38), &["input is up to inf"]);
        // The largest accepted values keep the state finite.
        population.set_synaptic_currents(&arr0(1e20_f32)).expect("valid");
        population.forward(1e20).expect("valid");
        run(&mut population, 5e17).expect("valid");
        assert!(population.voltages().expect("there").iter().all(|v| v.is_finite()));
        assert!(population.synaptic_currents().expect("there").iter().all(|current| *current > 0.0));
    }
}

#[test]
fn weights_that_are_copied_are_in_the_account() {
    let n = 200;
    let spikes = raster(&[(0, 0)], 10, n);
    let weights = Array2::<f32>::ones((n, n));
    let need = |input: SpikeInput<'_>| Input::from(input).memory_needed(10, n, &Device::cpu()).host_bytes();
    assert_eq!(need(SpikeInput::dense(&spikes, &weights)), 0);
    let copied = need(SpikeInput::dense(&spikes, &weights.t()));
    assert_eq!(copied, 4 * (n * n) as u64);
    assert_eq!(need(SpikeInput::each(&spikes, Array1::from_elem(n, 1.0_f32))), 4 * n as u64);

    let alone = Population::memory_needed(&Params::default(), n, &Device::cpu()).expect("valid").total();
    let population = |budget| {
        let memory_budget = Some(alone + budget);
        let options = PopulationOptions { memory_budget, ..PopulationOptions::default() };
        Population::with_options(Params::default(), n, &Device::cpu(), options).expect("it fits")
    };
    let transposed = weights.t();
    let run = |budget| population(budget).run(10, SpikeInput::dense(&spikes, &transposed)).go().map(drop);
    let refused = |result: Result<(), Error>| match result {
        Err(Error::TooLarge { what, limit_name, .. }) => {
            assert!(what.contains("the spike input 156.25 KiB"), "{what}");
            assert_eq!(limit_name, "the memory budget");
        }
        other => panic!("{other:?}"),
    };
    refused(run(copied - 1));
    assert_eq!(run(copied), Ok(()));
    let step = raster(&[(0, 0)], 1, n);
    let forward = |budget| population(budget).forward(SpikeInput::dense(&step, &transposed));
    refused(forward(copied - 1));
    assert_eq!(forward(copied), Ok(()));
}

#[test]
fn an_uploaded_raster_comes_back_with_its_neurons() {
    let mut population = Population::new(Params::default(), [2, 7], &Device::cpu()).expect("valid");
    let recorded = population.run(300, 1.0).record(Recording::none().spikes_of([5, 2])).go().expect("valid");
    let raster = recorded.spikes.expect("recorded");
    assert!(raster.count() > 0 && raster.neurons() == [5, 2]);
    for device in [Ok(Device::cpu()), Device::select(&lif::DeviceChoice::Software)].into_iter().flatten() {
        let resident = ResidentRaster::new(&device, &raster).expect("there is room");
        assert_eq!(resident.read().expect("there"), raster, "{device}");
    }
    assert_eq!(
        population.run_resident(5, 1.0).and_then(|kept| kept.read()).expect("there").neurons(),
        [0, 1, 2, 3, 4, 5, 6]
    );
}
