//! Scores of each cell against recorded trains, beside a plain implementation that has all spikes.

use lif::random::{counter, key, philox};
use lif::{Device, Error, Params, Population, Recording, Scorer, Target};
use ndarray::Array1;
use std::ops::Range;

const N: usize = 70;
const ROWS: usize = 2;
const STEPS: u64 = 5000;
const WINDOW: u64 = 20;
const TAU: f64 = 100.0;

/// Between 0 and 1.
fn uniform(index: u64) -> f32 {
    philox(counter(index, 0, 9), key(5))[0] as f32 / 4_294_967_296.0
}

fn population(device: &Device) -> Population {
    let params = Params {
        resistance: Array1::linspace(10.0_f32, 60.0, N).into(),
        t_ref: Array1::linspace(0.0_f32, 6.0, N).into(),
        ..Params::default()
    };
    Population::new(params, N, ROWS, device).expect("valid")
}

fn current() -> Array1<f32> {
    Array1::from_shape_fn(STEPS as usize, |step| 0.5 + 2.5 * (uniform(step as u64 / 40) - 0.4))
}

fn targets() -> Vec<Target> {
    let spikes = |seed: u64| (0..STEPS).filter(move |step| uniform(seed * STEPS + step) < 0.01);
    vec![Target::new(spikes(1), 0..STEPS).expect("valid"), Target::new(spikes(2), 1700..4003).expect("valid")]
}

fn delays() -> Vec<u32> {
    (0..(N * ROWS) as u32).map(|cell| cell * 7 % 50).collect()
}

/// The spikes of each cell, late by its delay.
fn trains() -> Vec<Vec<u64>> {
    let recorded =
        population(&Device::cpu()).run(STEPS, lif::Input::sequence(&current()), &Recording::none().spikes());
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

/// The most pairs of spikes within the window, by augmenting paths.
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

/// By the double sums that the integral comes to.
fn distance(recorded: &[u64], predicted: &[u64]) -> f64 {
    let sum = |one: &[u64], other: &[u64]| -> f64 {
        let pairs = one.iter().flat_map(|a| other.iter().map(move |b| a.abs_diff(*b) as f64));
        pairs.map(|apart| (-apart / TAU).exp()).sum()
    };
    let square = sum(predicted, predicted) / 2.0 + sum(recorded, recorded) / 2.0 - sum(recorded, predicted);
    square.max(0.0).sqrt()
}

/// The scores of a run in calls of so many steps.
fn scorer(device: &Device, calls: &[u64]) -> Scorer {
    let mut scorer = Scorer::new((ROWS, N), targets(), WINDOW)
        .and_then(|scorer| scorer.with_delays(delays()))
        .and_then(|scorer| scorer.with_distances(TAU))
        .expect("valid");
    let (mut population, current) = (population(device), current());
    let mut first = 0;
    for steps in calls {
        let input = current.slice(ndarray::s![first..first + *steps as usize]);
        population
            .run_into(*steps, lif::Input::sequence(&input), &Recording::none().spikes(), &mut scorer)
            .expect("valid");
        first += *steps as usize;
    }
    scorer
}

#[test]
fn they_are_those_of_a_plain_implementation() {
    let scorer = scorer(&Device::cpu(), &[STEPS]);
    let mut matched = 0;
    for (index, target) in targets().iter().enumerate() {
        let tallies: Vec<_> = scorer.tallies(index).collect();
        let distances: Vec<_> = scorer.distances(index).collect();
        assert_eq!((tallies.len(), distances.len()), (N * ROWS, N * ROWS));
        for ((train, tally), found) in trains().iter().zip(tallies).zip(distances) {
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

/// All that is found, with the bits of the distances.
fn found(scorer: &Scorer) -> Vec<(lif::Tally, u64)> {
    (0..2).flat_map(|index| scorer.tallies(index).zip(scorer.distances(index).map(f64::to_bits))).collect()
}

#[test]
fn neither_calls_nor_devices_change_a_bit() {
    let expected = found(&scorer(&Device::cpu(), &[STEPS]));
    assert_eq!(found(&scorer(&Device::cpu(), &[1, 33, 1000, 3, STEPS - 1037])), expected);
    for adapter in lif::adapters().iter().filter(|_| !cfg!(skip_gpu_tests)) {
        let choice = lif::DeviceChoice::Named(adapter.name.clone());
        let device = Device::select(&choice).expect("an adapter that was listed");
        assert_eq!(found(&scorer(&device, &[STEPS])), expected, "{}", adapter.name);
    }
}

#[test]
fn a_train_is_one_away_from_a_distant_one_and_none_from_itself() {
    let spikes = |steps: &[u64]| Target::new(steps.iter().copied(), 0..STEPS).expect("valid");
    let mut population = population(&Device::cpu());
    let own = population.run(STEPS, 0.0, &Recording::none().spikes()).expect("valid");
    assert_eq!(own.spikes.map(|spikes| spikes.count()), Some(0));
    let scorer = Scorer::new((1, 1), vec![spikes(&[5])], 1).and_then(|scorer| scorer.with_distances(10.0));
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
    let scorer = |window| Scorer::new((1, N), target(), window);
    refused(Scorer::new((1, N), Vec::new(), 3).map(drop), "the number of targets is 0");
    refused(scorer(5).map(drop), "below half of the 10 steps");
    refused(
        scorer(4).and_then(|scorer| scorer.with_delays(vec![1])).map(drop),
        "expected shape [70], got [1]",
    );
    refused(scorer(4).and_then(|scorer| scorer.with_distances(0.0)).map(drop), "above 0");
    let mut population = population(&Device::cpu());
    let mut other = scorer(4).expect("valid");
    let result = population.run_into(10, 1.0, &Recording::none().spikes(), &mut other).map(drop);
    refused(result, "the scored spikes: expected shape [1, 70], got [2, 70]");
    let result = population.run_into(10, 1.0, &Recording::none().rate(), &mut other).map(drop);
    refused(result, "without spikes");
}
