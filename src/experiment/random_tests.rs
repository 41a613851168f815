//! Tests that random draws have the right distributions. The draws are always the same, so a
//! test either passes for ever or shows a fault. The significance, below one in a million for each test, is the
//! probability that correct draws with another seed would have failed it.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

use crate::experiment::params::Parameter;
use crate::model::random::{self, GROUP};
use crate::model::tables;
use crate::{Device, Input, Params, Population, Random, Recording};
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF, Discrete, Normal, Poisson};

/// Two-sided significance of one in a million, in standard deviations.
const SIGNIFICANT: f64 = 4.9;

/// The value that a chi-square statistic exceeds once in a million cases.
fn chi_square_limit(degrees: usize) -> f64 {
    ChiSquared::new(degrees as f64).expect("above 0").inverse_cdf(1.0 - 1e-6)
}

/// Folds the words of neighbouring cells and groups of steps, on many threads.
fn fold<T: Send>(
    cells: u64,
    groups: u64,
    start: impl Fn() -> T + Sync,
    add: impl Fn(&mut T, u32) + Sync,
    join: impl Fn(T, T) -> T + Send + Sync,
) -> T {
    (0..cells)
        .into_par_iter()
        .fold(&start, |mut sum, cell| {
            for group in 0..groups {
                let words = random::philox(random::counter(cell, group, 1), random::key(2026));
                words.iter().for_each(|word| add(&mut sum, *word));
            }
            sum
        })
        .reduce(&start, join)
}

fn join_counts(a: Vec<u64>, b: Vec<u64>) -> Vec<u64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn chi_square(found: &[u64], probabilities: &[f64]) -> f64 {
    let draws = found.iter().sum::<u64>() as f64;
    let terms = found.iter().zip(probabilities).map(|(found, probability)| {
        let expected = draws * probability;
        (*found as f64 - expected).powi(2) / expected
    });
    terms.sum()
}

/// Counter, key and result: the known answers of Random123 1.14 (`tests/kat_vectors`).
pub(crate) const KNOWN_ANSWERS: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

#[test]
fn philox_gives_the_published_answers() {
    for (counter, key, expected) in KNOWN_ANSWERS {
        assert_eq!(random::philox(counter, key), expected);
    }
}

#[test]
fn counters_of_different_places_differ() {
    let one = random::counter(1, 1, 1);
    for other in [(2, 1, 1), (1, 2, 1), (1, 1, 2), (1 | 1 << 32, 1, 1), (1, 1 | 1 << 32, 1)] {
        assert_ne!(random::counter(other.0, other.1, other.2), one);
    }
    assert_ne!(random::counter(1 << 47, 0, 0), random::counter(0, 1 << 47, 0));
}

/// 1.2e8 normal draws: four moments, and a chi-square test over 256 equally likely intervals and
/// over the tails beyond 3, 3.5, ... 5.5 standard deviations.
#[test]
#[ignore = "takes long; tests/run.sh --all does it"]
fn normal_draws_are_normal() {
    let normal = Normal::new(0.0, 1.0).expect("valid");
    let intervals = 256;
    let edges: Vec<f32> = (1..intervals)
        .map(|index| normal.inverse_cdf(f64::from(index) / f64::from(intervals)) as f32)
        .collect();
    let tails = [3.0_f32, 3.5, 4.0, 4.5, 5.0, 5.5];
    let bins = edges.len() + 1;
    let table = tables::normal();
    let (counts, moments) = fold(
        3000,
        10_000,
        || (vec![0_u64; bins + 2 * tails.len()], [0.0_f64; 4]),
        |(counts, moments), word| {
            let draw = random::normal(word, table);
            counts[edges.partition_point(|edge| *edge < draw)] += 1;
            for (index, tail) in tails.iter().enumerate().take_while(|(_, tail)| draw.abs() > **tail) {
                counts[bins + 2 * index + usize::from(draw > *tail)] += 1;
            }
            let mut power = 1.0;
            for moment in moments {
                power *= f64::from(draw);
                *moment += power;
            }
        },
        |a, b| (join_counts(a.0, b.0), std::array::from_fn(|index| a.1[index] + b.1[index])),
    );
    let draws = counts[..bins].iter().sum::<u64>() as f64;
    assert!(draws >= 1e8);
    // Expected moments, and the variance of the power whose mean each is.
    for ((index, moment), (expected, variance)) in
        moments.iter().enumerate().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)])
    {
        let deviation = (moment / draws - expected) / f64::sqrt(variance / draws);
        assert!(deviation.abs() < SIGNIFICANT, "moment {}: {deviation} standard errors", index + 1);
    }
    let statistic = chi_square(&counts[..bins], &vec![1.0 / bins as f64; bins]);
    assert!(statistic < chi_square_limit(bins - 1), "{statistic}");
    for (index, count) in counts[bins..].iter().enumerate() {
        let expected = draws * normal.cdf(-f64::from(tails[index / 2]));
        let deviation = (*count as f64 - expected) / expected.sqrt();
        assert!(deviation.abs() < SIGNIFICANT, "tail {}: {count} of {expected}", tails[index / 2]);
    }
}

/// 1e8 draws for each mean: mean, variance, and a chi-square test. In it each count that is
/// expected at least ten times has its own class; rarer counts are combined.
#[test]
#[ignore = "takes long; tests/run.sh --all does it"]
fn poisson_draws_are_poisson() {
    for mean in [1e-6, 1e-3, 0.1, 1.0, 5.0, 30.0, 400.0] {
        let table = tables::poisson(mean);
        let counts = fold(
            2500,
            10_000,
            || vec![0_u64; 1000],
            |counts, word| counts[random::poisson(word, &table) as usize] += 1,
            join_counts,
        );
        let draws = counts.iter().sum::<u64>() as f64;
        assert!(draws >= 1e8);
        let moment = |power: i32| {
            counts.iter().enumerate().map(|(k, count)| (k as f64).powi(power) * *count as f64).sum::<f64>()
                / draws
        };
        let found = moment(1);
        let deviation = (found - mean) / (mean / draws).sqrt();
        assert!(deviation.abs() < SIGNIFICANT, "mean {mean}: {deviation} standard errors");
        let variance = moment(2) - found * found;
        // The variance of a sample variance is (fourth central moment - variance^2) / draws.
        let deviation = (variance - mean) / ((mean + 2.0 * mean * mean) / draws).sqrt();
        assert!(deviation.abs() < SIGNIFICANT, "variance {mean}: {deviation} standard errors");

        let distribution = Poisson::new(mean).expect("valid");
        let mut classes: Vec<(u64, f64)> = vec![(0, 0.0)];
        for (k, count) in counts.iter().enumerate() {
            let probability = distribution.pmf(k as u64);
            if let Some(last) = classes.last_mut() {
                *last = (last.0 + count, last.1 + probability);
            }
            let left = 1.0 - classes.iter().map(|class| class.1).sum::<f64>();
            if classes.last().is_some_and(|class| class.1 * draws >= 10.0) && left * draws >= 10.0 {
                classes.push((0, 0.0));
            }
        }
        let (found, probabilities): (Vec<_>, Vec<_>) = classes.into_iter().unzip();
        assert!(found.len() >= 2, "{mean}");
        let statistic = chi_square(&found, &probabilities);
        assert!(statistic < chi_square_limit(found.len() - 1), "{mean}: {statistic}");
    }
}

/// Draws of neighbours are independent: 2e8 draws in all, correlations over 2.5e7 pairs, and a chi-square
/// test over 16 x 16 classes of words.
#[test]
#[ignore = "takes long; tests/run.sh --all does it"]
fn neighbouring_cells_steps_and_streams_are_independent() {
    type Place = (u64, u64, u32);
    type Neighbour = fn(Place) -> Place;
    let neighbours: [(&str, Neighbour); 4] = [
        ("cell", |(cell, step, stream)| (cell + 1, step, stream)),
        ("step", |(cell, step, stream)| (cell, step + 1, stream)),
        ("group of steps", |(cell, step, stream)| (cell, step + GROUP, stream)),
        ("stream", |(cell, step, stream)| (cell, step, stream + 1)),
    ];
    let word = |(cell, step, stream): Place| {
        random::philox(random::counter(cell, step / GROUP, stream), random::key(3))[(step % GROUP) as usize]
    };
    let table = tables::normal();
    for (what, neighbour) in neighbours {
        let (classes, products) = (0..2500_u64)
            .into_par_iter()
            .map(|cell| {
                let mut classes = vec![0_u64; 256];
                let mut products = 0.0;
                for step in 0..10_000 {
                    let (a, b) = (word((cell, step, 1)), word(neighbour((cell, step, 1))));
                    classes[((a >> 28 << 4) | b >> 28) as usize] += 1;
                    products += f64::from(random::normal(a, table)) * f64::from(random::normal(b, table));
                }
                (classes, products)
            })
            .reduce(|| (vec![0; 256], 0.0), |a, b| (join_counts(a.0, b.0), a.1 + b.1));
        let correlation = products / 2.5e7_f64.sqrt();
        assert!(correlation.abs() < SIGNIFICANT, "{what}: {correlation} standard errors");
        let statistic = chi_square(&classes, &[1.0 / 256.0; 256]);
        assert!(statistic < chi_square_limit(255), "{what}: {statistic}");
    }
}

#[test]
fn uniform_draws_fill_their_range() {
    assert_eq!(random::uniform(0), 0.0);
    assert_eq!(random::uniform(u32::MAX), 1.0 - 1.0 / 16_777_216.0);
    let counts = fold(
        1000,
        2500,
        || vec![0; 1000],
        |counts, word| counts[(random::uniform(word) * 1000.0) as usize] += 1,
        join_counts,
    );
    assert!(chi_square(&counts, &[1e-3; 1000]) < chi_square_limit(999));
}

/// Rate (Hz) and coefficient of variation of the inter-spike intervals of a neuron under white
/// noise, against the theory in continuous time (Siegert 1951; the expected numbers are its integrals for
/// tau 20 ms, threshold 20 mV, reset 10 mV, refractory period 2 ms). The simulation misses threshold crossings between
/// two steps, so that its rate at dt = 0.05 ms may be up to 5 % lower.
#[test]
fn noisy_neurons_spike_as_theory_says() {
    let cases = [
        (15.0, 5.0, 9.461, 0.815),
        (18.0, 3.0, 12.512, 0.623),
        (20.0, 5.0, 27.341, 0.583),
        (22.0, 2.0, 28.850, 0.288),
        (25.0, 5.0, 47.217, 0.436),
    ];
    for (mean, sigma, rate, variation) in cases {
        let params = Params {
            tau_m: 20.0.into(),
            resistance: 1.0.into(),
            v_rest: 0.0.into(),
            v_reset: 10.0.into(),
            v_threshold: 20.0.into(),
            t_ref: 2.0.into(),
            dt: 0.05,
            ..Params::default()
        };
        let (neurons, steps, settled) = (300, 150_000, 10_000);
        let mut population = Population::new(params, neurons, &Device::cpu()).expect("valid");
        let mut spike_count = 0;
        // In the theory, sigma / sqrt(2) is the standard deviation of v without a threshold.
        let noise = Random::white_noise(mean, Parameter::from(sigma * 20_f64.sqrt()));
        let recorded =
            population.run(steps, Input::from(noise)).record(Recording::none().spikes()).go().expect("runs");
        let spikes = recorded.spikes.expect("asked for");
        let mut last = vec![None; neurons];
        let mut intervals = Vec::new();
        for event in spikes.events().filter(|event| event.step >= settled) {
            spike_count += 1;
            if let Some(last) = last[event.neuron as usize].replace(event.step) {
                intervals.push((event.step - last) as f64 * 0.05);
            }
        }
        let mean_interval = intervals.iter().sum::<f64>() / intervals.len() as f64;
        let variance = intervals.iter().map(|interval| (interval - mean_interval).powi(2)).sum::<f64>()
            / intervals.len() as f64;
        let found = f64::from(spike_count) / (neurons as f64 * (steps - settled) as f64 * 5e-5);
        assert!((0.95..1.01).contains(&(found / rate)), "({mean}, {sigma}): {found} Hz, theory {rate}");
        let found = variance.sqrt() / mean_interval;
        assert!((found - variation).abs() < 0.02, "({mean}, {sigma}): CV {found}, theory {variation}");
    }
}
