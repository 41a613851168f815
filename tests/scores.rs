//! Scores of each cell against recorded spike trains, compared with a plain implementation that has all spikes at once.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

#[path = "common/adapters.rs"]
mod adapters;
#[path = "common/place.rs"]
mod place;

use adapters::adapters_to_test;
use lif::random::{counter, key, philox};
use lif::{
    Device, DeviceChoice, Error, Input, Params, Population, PopulationOptions, Recording, Scorer, Target,
};
use ndarray::Array1;
use place::Place;
use std::ops::Range;

const N: usize = 70;
const ROWS: usize = 2;
const STEPS: u64 = 5000;
const WINDOW: u64 = 20;
const TAU: f64 = 100.0;

/// Returns a random number from 0 to 1.
fn uniform(index: u64) -> f32 {
    philox(counter(index, 0, 9), key(5))[0] as f32 / 4_294_967_296.0
}

fn cpu() -> Place {
    Place::from(&Device::cpu())
}

fn population(place: &Place) -> Population {
    let params = Params {
        resistance: Array1::linspace(10.0_f32, 60.0, N).into(),
        t_ref: Array1::linspace(0.0_f32, 6.0, N).into(),
        ..Params::default()
    };
    place.population(params, [ROWS, N]).expect("valid")
}

fn current() -> Array1<f32> {
    Array1::from_shape_fn(STEPS as usize, |step| 0.5 + 2.5 * (uniform(step as u64 / 40) - 0.4))
}

/// Three targets: over all steps, over some steps, and for the second row alone.
fn targets() -> Vec<Target> {
    let target = |seed: u64, scored| {
        let spikes = (0..STEPS).filter(move |step| uniform(seed * STEPS + step) < 0.01);
        Target::new(spikes, scored).expect("valid")
    };
    vec![target(1, 0..STEPS), target(2, 1700..4003), target(3, 900..STEPS).in_row(1)]
}

fn delays() -> Vec<u32> {
    (0..(N * ROWS) as u32).map(|cell| cell * 7 % 50).collect()
}

/// Returns the spikes of each cell, shifted by its delay.
fn trains() -> Vec<Vec<u64>> {
    let recorded = population(&cpu())
        .run(STEPS, lif::Input::sequence(&current()))
        .record(Recording::none().spikes())
        .go();
    let spikes = recorded.expect("valid").spikes.expect("recorded");
    let mut trains = vec![Vec::new(); N * ROWS];
    for event in spikes.events() {
        let cell = event.batch as usize * N + event.neuron as usize;
        trains[cell].push(event.step + u64::from(delays()[cell]));
    }
    trains
}

fn within(train: &[u64], range: Range<u64>) -> Vec<u64> {
    train.iter().copied().filter(|step| range.contains(step)).collect()
}

/// Returns the largest number of pairs of spikes within the window, by augmenting paths.
fn most_pairs(recorded: &[u64], predicted: &[u64]) -> u64 {
    fn find(
        place: usize,
        recorded: &[u64],
        predicted: &[u64],
        seen: &mut [bool],
        pair: &mut [Option<usize>],
    ) -> bool {
        for (other, step) in recorded.iter().enumerate() {
            if step.abs_diff(predicted[place]) > WINDOW || std::mem::replace(&mut seen[other], true) {
                continue;
            }
            if pair[other].is_none_or(|taken| find(taken, recorded, predicted, seen, pair)) {
                pair[other] = Some(place);
                return true;
            }
        }
        false
    }
    let mut pair = vec![None; recorded.len()];
    (0..predicted.len())
        .filter(|place| find(*place, recorded, predicted, &mut vec![false; recorded.len()], &mut pair))
        .count() as u64
}

/// Returns the van Rossum distance by double sums, which the integral is equal to.
fn distance(recorded: &[u64], predicted: &[u64]) -> f64 {
    let sum = |one: &[u64], other: &[u64]| -> f64 {
        let pairs = one.iter().flat_map(|a| other.iter().map(move |b| a.abs_diff(*b) as f64));
        pairs.map(|apart| (-apart / TAU).exp()).sum()
    };
    let square = sum(predicted, predicted) / 2.0 + sum(recorded, recorded) / 2.0 - sum(recorded, predicted);
    square.max(0.0).sqrt()
}

fn new_scorer() -> Scorer {
    Scorer::new([ROWS, N], targets(), WINDOW).and_then(|scorer| scorer.with_delays(delays())).expect("valid")
}

/// Returns the scorer after a run in calls of these numbers of steps.
fn scorer(place: &Place, calls: &[u64]) -> Scorer {
    let mut scorer = new_scorer().with_distances(TAU).expect("valid");
    run(place, calls, &mut scorer);
    scorer
}

fn run(place: &Place, calls: &[u64], scorer: &mut Scorer) {
    let (mut population, current) = (population(place), current());
    let mut first = 0;
    for steps in calls {
        let input = current.slice(ndarray::s![first..first + *steps as usize]);
        population.run(*steps, Input::sequence(&input)).score(scorer).go().expect("valid");
        first += *steps as usize;
    }
}

#[test]
fn they_are_those_of_a_plain_implementation() {
    let scorer = scorer(&cpu(), &[STEPS]);
    let mut matched = 0;
    for (index, target) in targets().iter().enumerate() {
        let tallies: Vec<_> = scorer.tallies(index).collect();
        let distances: Vec<_> = scorer.distances(index).collect();
        let first = target.row().map_or(0, |row| row * N);
        assert_eq!((tallies.len(), distances.len()), (N * ROWS - first, N * ROWS - first));
        for ((train, tally), found) in trains()[first..].iter().zip(tallies).zip(distances) {
            let predicted = within(train, target.range());
            assert_eq!(tally.predicted, predicted.len() as u64);
            assert_eq!(tally.recorded, target.spikes().len() as u64);
            assert_eq!(tally.coincidences, most_pairs(target.spikes(), &predicted));
            assert_eq!((tally.steps, tally.window), (target.length(), WINDOW));
            let expected = distance(target.spikes(), &predicted);
            assert!((found - expected).abs() < 3e-7 * expected, "{found} {expected}");
            matched += tally.coincidences;
        }
    }
    assert!(matched > 500, "{matched}");
}

/// Returns all results, with the distances as bits.
fn found(scorer: &Scorer) -> (Vec<lif::Tally>, Vec<u64>) {
    let targets = 0..scorer.targets().len();
    let tallies = targets.clone().flat_map(|index| scorer.tallies(index)).collect();
    (tallies, targets.flat_map(|index| scorer.distances(index).map(f64::to_bits)).collect())
}

/// The CPU, every adapter, and all of them together; each also with slabs that cut rows.
fn places() -> Vec<Place> {
    let mut devices = vec![Device::cpu()];
    let titles = adapters_to_test().unwrap_or_else(|skip| {
        assert!(skip, "this machine has no adapter; see docs/headless.md, or set LIF_SKIP_GPU_TESTS=1");
        Vec::new()
    });
    for title in titles {
        devices.push(Device::select(&DeviceChoice::Named(title)).expect("an adapter that was listed"));
    }
    let several = Device::several(&[&devices[..], &devices].concat()).expect("several");
    devices.push(several);
    let in_slabs = devices.iter().map(|device| Place::in_slabs(device, N as u64 * 6));
    devices.iter().map(Place::from).chain(in_slabs).collect()
}

#[test]
fn neither_calls_nor_slabs_nor_devices_change_a_bit() {
    let expected = found(&scorer(&cpu(), &[STEPS]));
    let parts = [1, 33, 1000, 3, 0, 31, STEPS - 1068];
    for place in places() {
        for calls in [&[STEPS][..], &parts] {
            assert!(found(&scorer(&place, calls)) == expected, "{place}, {calls:?}");
        }
        let mut without = new_scorer();
        run(&place, &parts, &mut without);
        assert!(found(&without) == (expected.0.clone(), Vec::new()), "{place}");
    }
    // As a sink it gives the same scores, block by block or all at once.
    let (mut sink, mut whole) = (new_scorer(), new_scorer());
    let mut population = population(&cpu());
    let recording = Recording::none().spikes();
    population
        .run(STEPS, Input::sequence(&current()))
        .record(&recording)
        .sink(&mut sink)
        .go()
        .expect("valid");
    population.reset().expect("valid");
    let recorded = population.run(STEPS, Input::sequence(&current())).record(&recording).go().expect("valid");
    lif::Sink::take(&mut whole, recorded).expect("valid");
    assert_eq!((found(&sink).0, found(&whole).0), (expected.0.clone(), expected.0));
}

/// With predicted and recorded spikes at every step, the loops of a kernel are as long as possible.
#[test]
fn all_spikes_are_seen_where_there_is_one_at_each_step() {
    let steps = 70_001;
    let params = Params { v_threshold: (-70.0).into(), t_ref: 0.0.into(), ..Params::default() };
    let params = Params { v_reset: (-62.0).into(), allow_constant_firing: true, ..params };
    let mut expected = None;
    for place in places() {
        let target = Target::new((0..steps).filter(|step| step % 3 != 1), 40_000..steps).expect("valid");
        let late = Target::new(0..steps, 0..steps).expect("valid");
        let scorer = Scorer::new(2, vec![target, late], 0).and_then(|scorer| scorer.with_delays(vec![0, 5]));
        let mut scorer = scorer.and_then(|scorer| scorer.with_distances(1000.0)).expect("valid");
        let mut population = place.population(params.clone(), 2).expect("valid");
        population.run(50_000, 0.0).score(&mut scorer).go().expect("valid");
        population.run(steps - 50_000, 0.0).score(&mut scorer).go().expect("valid");
        let found = found(&scorer);
        assert_eq!(found.0[2].coincidences, steps, "{place}");
        assert_eq!(found.0[0].coincidences, found.0[0].recorded, "{place}");
        assert_eq!(found.0[3].predicted, steps - 5, "{place}");
        assert!(*expected.get_or_insert_with(|| found.clone()) == found, "{place}");
    }
}

/// A silent cell skips many recorded spikes, but not more at a time than a kernel can loop over.
#[test]
fn a_cell_that_is_silent_for_long_goes_on_as_any_other() {
    let mut expected = None;
    for place in places() {
        let target = Target::new(0..150_000, 0..150_500).expect("valid");
        let mut scorer = Scorer::new([ROWS, N], vec![target], 5)
            .and_then(|scorer| scorer.with_distances(300.0))
            .expect("valid");
        let mut population = population(&place);
        let current = Array1::from_shape_fn(150_500, |step| if step < 149_900 { 0.0 } else { 3.0 });
        population.run(150_500, Input::sequence(&current)).score(&mut scorer).go().expect("valid");
        let found = found(&scorer);
        assert!(found.0.iter().any(|tally| tally.coincidences > 0));
        assert!(*expected.get_or_insert_with(|| found.clone()) == found, "{place}");
    }
}

/// Steps that were scored already, by runs or in rasters, are refused, and so are steps after a gap that a target
/// compares. A refused call counts nothing.
#[test]
fn each_step_is_scored_once_and_in_its_order() {
    let refused = |result: Result<(), Error>, first: u64, expected: &str| {
        let message = result.expect_err("refused").to_string();
        assert!(
            message.starts_with(&format!("the first step to be scored is {first}; it must be ")),
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    };
    let expected = found(&scorer(&cpu(), &[STEPS]));
    for place in places() {
        let mut scorer = new_scorer().with_distances(TAU).expect("valid");
        run(&place, &[1000], &mut scorer);
        let mut population = population(&place);
        for _ in 0..2 {
            // Steps 0 to 999 of a new run are refused, and the population makes no steps.
            let again = population.run(1000, 0.9).score(&mut scorer).go().map(drop);
            refused(
                again,
                0,
                "1000 or later, as the steps before are scored already; a run that begins anew",
            );
            assert_eq!(population.steps(), 0, "{place}");
        }
        assert_eq!(population.run(0, 0.9).score(&mut scorer).go().map(|made| made.steps), Ok(0));
        population.run(1001, 0.9).go().expect("valid");
        let gap = population.run(1, 0.9).score(&mut scorer).go().map(drop);
        refused(gap, 1001, "1000, as the steps from there on are compared with a target");
        population.reset().expect("valid");
        let current = current();
        let first = current.slice(ndarray::s![..1000]);
        population.run(1000, Input::sequence(&first)).go().expect("valid");
        let rest = current.slice(ndarray::s![1000..]);
        population.run(STEPS - 1000, Input::sequence(&rest)).score(&mut scorer).go().expect("valid");
        assert!(found(&scorer) == expected, "{place}");
        refused(scorer.skip_to(17), 17, "5000 or later");
    }
    // Rasters that overlap, leave steps out, or are in another order.
    let mut population = population(&cpu());
    let mut scorer = new_scorer().with_distances(TAU).expect("valid");
    let current = current();
    let block = |steps: u64, population: &mut Population| {
        let first = population.steps() as usize;
        let input = current.slice(ndarray::s![first..first + steps as usize]);
        population.run(steps, Input::sequence(&input)).record(Recording::none().spikes()).go().expect("valid")
    };
    let blocks: Vec<_> = [500, 700, STEPS - 1200].map(|steps| block(steps, &mut population)).into();
    let mut take = |index: usize| lif::Sink::take(&mut scorer, blocks[index].clone());
    refused(take(2), 1200, "0, as the steps from there on");
    take(0).expect("the first");
    refused(take(0), 0, "500 or later");
    refused(take(2), 1200, "500, as");
    take(1).expect("the next");
    refused(take(1), 500, "1200 or later");
    take(2).expect("the last");
    assert!(found(&scorer) == expected);
    // Steps that no target compares may be left out; the delays count.
    let target = || vec![Target::new([210, 260], 200..300).expect("valid")];
    let part = |first, late| {
        let scorer =
            Scorer::new([ROWS, N], target(), 9).and_then(|scorer| scorer.with_delays(vec![late; N * ROWS]));
        let (mut scorer, mut population) = (scorer.expect("valid"), self::population(&cpu()));
        population.run(first, 0.9).go().expect("valid");
        let scored = population.run(5, 0.9).score(&mut scorer).go();
        population.run(300, 0.9).go().expect("valid");
        scored
            .and_then(|_| scorer.skip_to(first + 305))
            .and_then(|()| population.run(5, 0.9).score(&mut scorer).go())
            .map(|made| made.steps)
    };
    assert_eq!(part(200, 0), Ok(5));
    refused(part(201, 0).map(drop), 201, "200, as");
    assert_eq!(part(170, 30), Ok(5));
    refused(part(171, 30).map(drop), 171, "170, as");
    refused(part(300, 0).map(drop), 300, "200, as");
    refused(part(270, 30).map(drop), 270, "170, as");
    // The delays would be missing in the steps scored before.
    let late = scorer.with_delays(vec![0; N * ROWS]).map(drop).expect_err("refused").to_string();
    assert_eq!(
        late,
        "the number of steps scored already is 5000; it must be 0 where delays are asked for: they would \
                      lack what came before"
    );
    let mut population = self::population(&cpu());
    let turned: Vec<u32> = (0..N as u32).rev().collect();
    let recorded = population.run(10, 1.0).record(Recording::none().spikes_of(turned)).go().expect("valid");
    let turned = lif::Sink::take(&mut new_scorer(), recorded).expect_err("refused").to_string();
    assert!(turned.starts_with("a neuron of the scored spikes is 69; it must be 0"), "{turned}");
}

/// Spikes that are made without the scorer are not predicted; recorded spikes in these steps are missed.
#[test]
fn steps_that_are_not_scored_count_as_silent() {
    for place in places() {
        let mut scorer = new_scorer().with_distances(TAU).expect("valid");
        let mut population = population(&place);
        population.run(700, 0.9).score(&mut scorer).go().expect("valid");
        population.run(2500, 0.9).go().expect("valid");
        scorer.skip_to(3200).expect("later");
        population.run(STEPS - 3200, 0.9).score(&mut scorer).go().expect("valid");
        let mut expected = new_scorer().with_distances(TAU).expect("valid");
        let mut plain = self::population(&cpu());
        for (steps, is_scored) in [(700, true), (2500, false), (STEPS - 3200, true)] {
            let recorded = plain.run(steps, 0.9).record(Recording::none().spikes()).go().expect("valid");
            if is_scored {
                expected.skip_to(recorded.first_step).expect("later");
                lif::Sink::take(&mut expected, recorded).expect("valid");
            }
        }
        assert!(found(&scorer) == found(&expected), "{place}");
    }
}

/// The steps made until a run is stopped are scored, and the next run continues from there.
#[test]
fn a_stopped_run_goes_on_with_its_scores() {
    let expected = found(&{
        let mut scorer = new_scorer();
        population(&cpu()).run(200_000, 0.9).score(&mut scorer).go().expect("valid");
        scorer
    });
    for place in places() {
        let mut scorer = new_scorer();
        let mut population = population(&place);
        let stop = |_| std::ops::ControlFlow::Break(());
        let run = population.run(200_000, 0.9).score(&mut scorer).observe(stop);
        let made = run.go().expect("valid").steps;
        assert!(made < 200_000 && made == population.steps(), "{made} on {place}");
        population.run(200_000 - made, 0.9).score(&mut scorer).go().expect("valid");
        assert!(found(&scorer) == expected, "{place}");
    }
}

#[test]
fn a_train_is_one_away_from_a_distant_one_and_none_from_itself() {
    let spikes = |steps: &[u64]| Target::new(steps.iter().copied(), 0..STEPS).expect("valid");
    let mut population = population(&cpu());
    let own = population.run(STEPS, 0.0).record(Recording::none().spikes()).go().expect("valid");
    assert_eq!(own.spikes.map(|spikes| spikes.count()), Some(0));
    let scorer = Scorer::new(1, vec![spikes(&[5])], 1).and_then(|scorer| scorer.with_distances(10.0));
    assert_eq!(scorer.expect("valid").distances(0).collect::<Vec<_>>(), [0.5_f64.sqrt()]);
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let refused = |result: Result<(), Error>, words: &str| {
        let message = result.expect_err("refused").to_string();
        assert!(message.contains(words), "{message}");
    };
    refused(Target::new([], 0..10).map(drop), "the number of recorded spikes is 0");
    refused(Target::new([10], 0..10).map(drop), "1 or more in the steps from 0 to 10");
    let target = || vec![Target::new([3], 0..10).expect("valid")];
    let scorer = |window| Scorer::new(N, target(), window);
    refused(Scorer::new(N, Vec::new(), 3).map(drop), "the number of targets is 0");
    refused(Scorer::new([usize::MAX, 2], target(), 3).map(drop), "below 2^32 - 1");
    refused(Scorer::new([1 << 16, 1 << 16], target(), 3).map(drop), "65536 rows of 65536 neurons");
    refused(scorer(5).map(drop), "below half of the 10 steps");
    refused(
        scorer(4).and_then(|scorer| scorer.with_delays(vec![1])).map(drop),
        "expected shape [70], got [1]",
    );
    refused(scorer(4).and_then(|scorer| scorer.with_distances(0.0)).map(drop), "above 0");
    let mut population = population(&cpu());
    let mut other = scorer(4).expect("valid");
    refused(
        Target::new([3], 0..1 << 31).map(drop),
        "the length of what is scored is 2147483648 steps; it must be below 2^31 steps",
    );
    let late = scorer(4).and_then(|scorer| scorer.with_delays(vec![1 << 29; N]));
    refused(late.map(drop), "a delay is 536870912 steps; it must be below 2^29");
    let row = Target::new([3], 0..10).expect("valid").in_row(1);
    refused(
        Scorer::new(N, vec![row], 3).map(drop),
        "the row of a target is 1; it must be below the batch size, 1",
    );
    let result = population.run(10, 1.0).score(&mut other).go().map(drop);
    refused(result, "the scored spikes: expected shape [1, 70], got [2, 70]");
    let mut fitting = new_scorer();
    refused(population.run(10, f32::NAN).score(&mut fitting).go().map(drop), "the input");
    let alone =
        Population::memory_needed(population.params(), [ROWS, N], &Device::cpu()).expect("valid").total();
    let within = |bytes| {
        let options = PopulationOptions { memory_budget: Some(bytes), ..PopulationOptions::default() };
        self::population(&Place { options, ..cpu() })
    };
    let mut small = within(alone + 1000);
    refused(small.run(10, 1.0).score(&mut fitting).go().map(drop), "the population and its scores");
    assert_eq!(small.steps(), 0);
    let budget = alone + fitting.memory_needed(&Device::cpu(), 10).total();
    let mut enough = within(budget);
    assert_eq!(enough.run(10, 1.0).score(&mut fitting).go().map(drop), Ok(()));
    assert_eq!(population.steps(), 0);
    let result = population.run(10, 1.0).record(Recording::none().spikes()).sink(&mut other).go().map(drop);
    refused(result, "the scored spikes: expected shape [1, 70], got [2, 70]");
    let result = population.run(10, 1.0).record(Recording::none().rate()).sink(&mut other).go().map(drop);
    refused(result, "without spikes");
}

/// Returns a train that is independent of the recording. Its intervals are `dead` steps plus a wait, which is random
/// with mean `more` or, if `is_regular`, always `more`.
fn ignorant(train: u64, steps: u64, dead: u64, more: f32, is_regular: bool) -> Vec<u64> {
    let mut spikes = Vec::new();
    // Regular trains differ only in their first spike.
    let mut step = (uniform(train << 32) * more) as u64;
    while step < steps {
        spikes.push(step);
        let drawn = uniform((train << 32) + spikes.len() as u64);
        let wait = if is_regular { more } else { -more * (1.0 - drawn).ln() };
        step += dead + wait as u64;
    }
    spikes
}

/// Returns the scores of trains against half of a recording from a grasshopper's receptor: 5 s at 0.05 ms, with a
/// window of 2 ms. The trains are the spikes of neurons that strong current pulses drive.
fn against_the_receptor(trains: &[Vec<u64>]) -> Vec<lif::Tally> {
    let steps = 100_000;
    let lines = include_str!("../data/grasshopper/spike_times_ms.txt").lines();
    let times = lines.filter(|line| !line.trim_start().starts_with('#'));
    let recorded = times.map(|line| (line.trim().parse::<f64>().expect("a time") / 0.05) as u64);
    let target = Target::new(recorded, 0..steps).expect("valid");
    let mut current = ndarray::Array2::zeros((steps as usize, trains.len()));
    for (train, spikes) in trains.iter().enumerate() {
        spikes.iter().for_each(|step| current[[*step as usize, train]] = 1000.0);
    }
    let params = Params { t_ref: 0.0.into(), ..Params::default() };
    let mut population = Population::new(params, trains.len(), &Device::cpu()).expect("valid");
    let mut scorer = Scorer::new(trains.len(), vec![target], 40).expect("valid");
    population.run(steps, Input::sequence(&current)).score(&mut scorer).go().expect("valid");
    let tallies: Vec<_> = scorer.tallies(0).collect();
    assert!(tallies.iter().zip(trains).all(|(tally, train)| tally.predicted == train.len() as u64));
    tallies
}

#[test]
fn trains_that_know_nothing_of_a_recording_score_near_0() {
    // A refractory Poisson process and a constant rate, both with about the mean interval of the recording, 10 ms.
    for is_regular in [false, true] {
        let trains: Vec<_> = (0..20).map(|train| ignorant(train, 100_000, 60, 140.0, is_regular)).collect();
        let tallies = against_the_receptor(&trains);
        let gammas: Vec<f64> = tallies.iter().map(|tally| tally.gamma()).collect();
        assert!(gammas.iter().all(|gamma| gamma.abs() < 0.15), "{gammas:?}");
        assert!(gammas.iter().sum::<f64>().abs() / 20.0 < 0.05, "{gammas:?}");
        assert!(tallies.iter().all(|tally| tally.predicted.abs_diff(tally.recorded) < 100));
    }
}

#[test]
fn no_rate_scores_by_itself() {
    for is_regular in [false, true] {
        // From 130 to 950 Hz. At 250 Hz the published factor has a division by 0.
        let train = |train: u64| ignorant(train, 100_000, 1, 20.0 + 4.0 * train as f32, is_regular);
        let trains: Vec<_> = (0..35).map(train).collect();
        for tally in against_the_receptor(&trains) {
            assert!(tally.gamma() < 0.15, "{tally:?}");
            // Random trains have gaps, and so fewer coincidences than the factor expects by chance.
            let may_be_low = !is_regular || tally.predicted > 1250;
            assert!(may_be_low || tally.gamma() > -0.15, "{tally:?}");
        }
    }
}

#[test]
fn the_last_steps_that_have_a_number_are_scored() {
    let first = u64::MAX - 50;
    let target = Target::new([first + 10, first + 40], first..u64::MAX).expect("valid");
    let mut scorer = Scorer::new(2, vec![target], 3).expect("valid");
    scorer.skip_to(first).expect("later");
    let event = |after, neuron| lif::Event { step: first + after, batch: 0, neuron };
    let events = [event(11, 0), event(40, 0), event(49, 1)];
    let mut block = Population::new(Params::default(), 2, &Device::cpu())
        .and_then(|mut population| population.run(1, 0.0).record(Recording::none().spikes()).go())
        .expect("valid");
    block.spikes = Some(lif::Raster::from_events(events, first, 50, 1, 2).expect("valid"));
    lif::Sink::take(&mut scorer, block).expect("the last");
    let found: Vec<_> = scorer.tallies(0).map(|tally| (tally.predicted, tally.coincidences)).collect();
    assert_eq!(found, [(2, 2), (1, 0)]);
}

/// Scores are the same whatever else is recorded and however the input comes, and so are the recordings.
#[test]
fn scores_and_recordings_go_together() {
    let expected = found(&scorer(&cpu(), &[STEPS]));
    let current = current();
    for place in places() {
        for recording in [
            Recording::none(),
            Recording::none().spikes(),
            Recording::none().spikes_of([3, 60, 5]).counts(),
            Recording::none().rate().voltages([2], 100),
            Recording::none().voltages([2, 1], 33),
        ] {
            let alone = population(&place).run(STEPS, Input::sequence(&current)).record(&recording).go();
            let mut whole = new_scorer().with_distances(TAU).expect("valid");
            let both = population(&place)
                .run(STEPS, Input::sequence(&current))
                .record(&recording)
                .score(&mut whole)
                .go();
            assert!(both == alone && both.is_ok(), "{place}, {recording:?}");
            assert!(found(&whole) == expected, "{place}, {recording:?}");
            let blocks = [0..1033, 1033..STEPS as usize]
                .map(|steps| Ok(current.slice(ndarray::s![steps]).to_owned().into_dyn()));
            let mut parts = new_scorer().with_distances(TAU).expect("valid");
            let both = population(&place)
                .run(STEPS, lif::Blocks::new(blocks))
                .record(&recording)
                .score(&mut parts)
                .go();
            assert!(both == alone, "{place}, {recording:?}");
            assert!(found(&parts) == expected, "{place}, {recording:?}");
        }
    }
}
