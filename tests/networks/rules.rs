//! The synapses that rules draw, against the distributions that they promise.

use super::rayon_threads::with_threads;
use lif::{
    Device, Distribution, Group, Network, Params, Profile, Random, Recording, Rule, Synapse, Synapses,
};
use ndarray::Array2;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, Discrete, LogNormal, Normal, Uniform};
use statrs::function::factorial::ln_binomial;
use std::collections::{HashMap, HashSet};

/// Tests of distributions fail with this probability if they are right, for each seed.
const UNLIKELY: f64 = 1e-6;

/// The synapses from one group to another, or to itself.
fn drawn(from: usize, to: Option<usize>, rule: &Rule, synapse: &Synapse, seed: u64) -> Synapses {
    let mut network = Network::new();
    let source = network.add("sources", from, Params::default()).expect("valid");
    let target = match to {
        Some(to) => network.add("targets", to, Params::default()).expect("valid"),
        None => source.clone(),
    };
    network.connect(&source, &target, rule.clone(), synapse.clone()).expect("valid");
    network.set_seed(seed);
    let mut drawn = network.synapses().expect("valid");
    let first = target.neurons().start as u32;
    drawn.targets.iter_mut().for_each(|target| *target -= first);
    drawn
}

fn pairs(synapses: &Synapses) -> Vec<(u32, u32)> {
    synapses.sources.iter().copied().zip(synapses.targets.iter().copied()).collect()
}

/// How often each number below `n` occurs.
fn counts(numbers: &[u32], n: usize) -> Vec<u32> {
    let mut counts = vec![0; n];
    numbers.iter().for_each(|number| counts[*number as usize] += 1);
    counts
}

/// The probability of counts that are at least as far from what is expected.
fn chi_square(observed: &[f64], expected: &[f64]) -> f64 {
    // Bins in which little is expected are joined with their neighbours.
    let (mut bins, mut bin): (Vec<(f64, f64)>, _) = (Vec::new(), (0.0, 0.0));
    for (observed, expected) in observed.iter().zip(expected) {
        bin = (bin.0 + observed, bin.1 + expected);
        if bin.1 >= 8.0 {
            bins.push(std::mem::take(&mut bin));
        }
    }
    let last = bins.last_mut().expect("enough is expected");
    *last = (last.0 + bin.0, last.1 + bin.1);
    assert!(bins.len() > 1);
    let distance: f64 =
        bins.iter().map(|(observed, expected)| (observed - expected).powi(2) / expected).sum();
    ChiSquared::new((bins.len() - 1) as f64).expect("valid").sf(distance)
}

/// Counts from a distribution of whole numbers.
#[track_caller]
fn assert_distributed(counts: &[u32], most: u64, probability: impl Fn(u64) -> f64) {
    let mut observed = vec![0.0; most as usize + 1];
    counts.iter().for_each(|count| observed[*count as usize] += 1.0);
    let expected: Vec<f64> = (0..=most).map(|count| counts.len() as f64 * probability(count)).collect();
    let p = chi_square(&observed, &expected);
    assert!(p > UNLIKELY, "p = {p}: {observed:?} instead of {expected:?}");
}

/// Compares the values of a sample with a cumulative distribution (Kolmogorov and Smirnov).
#[track_caller]
fn assert_continuous(values: &[f32], cdf: impl Fn(f64) -> f64) {
    let mut sorted: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let apart = |(index, value): (usize, &f64)| {
        let expected = cdf(*value);
        (expected - index as f64 / n).abs().max((expected - (index + 1) as f64 / n).abs())
    };
    let furthest = sorted.iter().enumerate().map(apart).fold(0.0, f64::max);
    // 2 exp(-2 * 2.7^2) = 1e-6.
    assert!(furthest < 2.7 / n.sqrt(), "{furthest} with {n} values");
}

fn mean_and_sd(values: &[f32]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// The probability of a number of draws from a part, if nothing is drawn twice.
fn hypergeometric(all: u64, part: u64, draws: u64) -> impl Fn(u64) -> f64 {
    move |count| {
        if count > part || count > draws {
            return 0.0;
        }
        (ln_binomial(part, count) + ln_binomial(all - part, draws - count) - ln_binomial(all, draws)).exp()
    }
}

/// Each rule with autapses and multapses, and without.
fn variants(rule: &Rule) -> [(Rule, bool, bool); 4] {
    [
        (rule.clone(), true, true),
        (rule.clone().without_autapses(), false, true),
        (rule.clone().without_multapses(), true, false),
        (rule.clone().without_autapses().without_multapses(), false, false),
    ]
}

#[test]
fn degrees_and_totals_are_exact() {
    let synapse = Synapse::jump(1.0);
    // More targets than are drawn together.
    for (from, to) in [(30, Some(700)), (700, Some(30)), (600, None), (40, None), (1, Some(5))] {
        let targets = to.unwrap_or(from);
        let degree = (from.min(targets) as u32 - 1).clamp(1, 20);
        for seed in 0..3 {
            for (rule, autapses, multapses) in variants(&Rule::fixed_indegree(degree)) {
                let drawn = drawn(from, to, &rule, &synapse, seed);
                assert!(counts(&drawn.targets, targets).iter().all(|count| *count == degree));
                check_pairs(&drawn, autapses || to.is_some(), multapses);
            }
            for (rule, autapses, multapses) in variants(&Rule::fixed_outdegree(degree)) {
                let drawn = drawn(from, to, &rule, &synapse, seed);
                assert!(counts(&drawn.sources, from).iter().all(|count| *count == degree));
                check_pairs(&drawn, autapses || to.is_some(), multapses);
            }
            let total = u64::from(degree) * targets as u64 / 3;
            for (rule, autapses, multapses) in variants(&Rule::fixed_total(total)) {
                let drawn = drawn(from, to, &rule, &synapse, seed);
                assert_eq!(drawn.len() as u64, total);
                check_pairs(&drawn, autapses || to.is_some(), multapses);
            }
        }
    }
}

/// Checks that what is excluded is not there, and the order.
fn check_pairs(drawn: &Synapses, autapses: bool, multapses: bool) {
    let pairs = pairs(drawn);
    assert!(pairs.is_sorted());
    if !autapses {
        assert!(pairs.iter().all(|(source, target)| source != target));
    }
    if !multapses {
        assert_eq!(pairs.iter().collect::<HashSet<_>>().len(), pairs.len());
    }
    assert_eq!(drawn.weights.len(), pairs.len());
    assert_eq!(drawn.delays.len(), pairs.len());
}

#[test]
fn the_most_that_is_possible_connects_every_pair() {
    let synapse = Synapse::jump(1.0);
    for (from, to) in [(20, Some(300)), (300, Some(20)), (300, None)] {
        let targets = to.unwrap_or(from);
        for autapses in [true, false] {
            let own = usize::from(!autapses && to.is_none());
            let all = Rule::all_to_all();
            let rules = [
                Rule::fixed_indegree((from - own) as u32).without_multapses(),
                Rule::fixed_outdegree((targets - own) as u32).without_multapses(),
                Rule::fixed_total(((from - own) * targets) as u64).without_multapses(),
                Rule::pairwise(1.0),
            ];
            let set = |rule: Rule| if autapses { rule } else { rule.without_autapses() };
            let expected = pairs(&drawn(from, to, &set(all), &synapse, 0));
            assert_eq!(expected.len(), (from - own) * targets);
            for rule in rules {
                assert_eq!(pairs(&drawn(from, to, &set(rule), &synapse, 1)), expected);
            }
        }
    }
    for rule in [
        Rule::pairwise(0.0),
        Rule::fixed_indegree(0),
        Rule::fixed_outdegree(0),
        Rule::fixed_total(0),
        Rule::list([], []),
    ] {
        assert!(drawn(20, None, &rule, &synapse, 0).is_empty());
    }
}

#[test]
fn all_pairs_are_drawn_with_the_same_probability() {
    const N: usize = 9;
    const SEEDS: u64 = 1500;
    let synapse = Synapse::jump(1.0);
    for rule in
        [Rule::fixed_indegree(4), Rule::fixed_outdegree(4), Rule::fixed_total(36), Rule::pairwise(0.4)]
    {
        for (rule, autapses, multapses) in variants(&rule) {
            let mut found = vec![0.0; N * N];
            let (mut repeated, mut own) = (0, 0);
            for seed in 0..SEEDS {
                let pairs = pairs(&drawn(N, None, &rule, &synapse, seed));
                repeated += pairs.len() - pairs.iter().collect::<HashSet<_>>().len();
                for (source, target) in pairs {
                    found[source as usize * N + target as usize] += 1.0;
                    own += usize::from(source == target);
                }
            }
            let possible = |pair: &usize| autapses || pair / N != pair % N;
            let observed: Vec<f64> = (0..N * N).filter(possible).map(|pair| found[pair]).collect();
            let total: f64 = found.iter().sum();
            let expected = vec![total / observed.len() as f64; observed.len()];
            let p = chi_square(&observed, &expected);
            assert!(p > UNLIKELY, "p = {p} for {rule:?}: {observed:?}");
            assert_eq!(own > 0, autapses);
            assert_eq!(repeated > 0, multapses && !format!("{rule:?}").contains("Pairwise"), "{rule:?}");
        }
    }
}

#[test]
fn targets_of_a_total_number_and_sources_of_an_out_degree_have_random_degrees() {
    const SEEDS: u64 = 2000;
    let synapse = Synapse::jump(1.0);
    let (sources, targets, total) = (40_u64, 60_u64, 300_u64);
    let gather = |rule: &Rule, degree: fn(&Synapses) -> usize| -> Vec<u32> {
        let one = |seed| drawn(sources as usize, Some(targets as usize), rule, &synapse, seed);
        (0..SEEDS).map(|seed| degree(&one(seed)) as u32).collect()
    };
    let in_degree = |drawn: &Synapses| drawn.targets.iter().filter(|target| **target == 37).count();
    let out_degree = |drawn: &Synapses| drawn.sources.iter().filter(|source| **source == 11).count();
    let binomial = |n: u64, p: f64| {
        let distribution = Binomial::new(p, n).expect("valid");
        move |count| distribution.pmf(count)
    };
    let of_target = 1.0 / targets as f64;
    let of_source = 1.0 / sources as f64;
    let pairs = sources * targets;

    let rule = Rule::fixed_total(total);
    assert_distributed(&gather(&rule, in_degree), total, binomial(total, of_target));
    assert_distributed(&gather(&rule, out_degree), total, binomial(total, of_source));
    let rule = Rule::fixed_total(total).without_multapses();
    assert_distributed(&gather(&rule, in_degree), sources, hypergeometric(pairs, sources, total));
    assert_distributed(&gather(&rule, out_degree), targets, hypergeometric(pairs, targets, total));
    let rule = Rule::fixed_indegree(5);
    assert_distributed(&gather(&rule, out_degree), 5 * targets, binomial(5 * targets, of_source));
    let rule = Rule::fixed_indegree(5).without_multapses();
    assert_distributed(&gather(&rule, out_degree), targets, binomial(targets, 5.0 * of_source));
    let rule = Rule::fixed_outdegree(5);
    assert_distributed(&gather(&rule, in_degree), 5 * sources, binomial(5 * sources, of_target));
    let rule = Rule::fixed_outdegree(5).without_multapses();
    assert_distributed(&gather(&rule, in_degree), sources, binomial(sources, 5.0 * of_target));
    let rule = Rule::pairwise(0.1);
    assert_distributed(&gather(&rule, in_degree), sources, binomial(sources, 0.1));
    assert_distributed(&gather(&rule, out_degree), targets, binomial(targets, 0.1));
    assert_distributed(&gather(&rule, Synapses::len), pairs, binomial(pairs, 0.1));
}

/// Out-degrees are first split among groups of targets.
#[test]
fn an_out_degree_is_spread_evenly_over_many_targets() {
    const TARGETS: usize = 1500;
    let synapse = Synapse::jump(1.0);
    let (mut split, mut split_distinct) = (Vec::new(), Vec::new());
    let mut of_target = vec![0.0; TARGETS];
    for seed in 0..200 {
        for (rule, split, first_seed) in [
            (Rule::fixed_outdegree(40), &mut split, 0),
            (Rule::fixed_outdegree(40).without_multapses(), &mut split_distinct, 1000),
        ] {
            let drawn = drawn(20, Some(TARGETS), &rule, &synapse, first_seed + seed);
            let mut first = [0; 20];
            for (source, target) in pairs(&drawn) {
                // Not where the ranges are cut.
                first[source as usize] += u32::from(target < 500);
                of_target[target as usize] += 1.0;
            }
            split.extend(first);
        }
    }
    let binomial = Binomial::new(1.0 / 3.0, 40).expect("valid");
    assert_distributed(&split, 40, |count| binomial.pmf(count));
    assert_distributed(&split_distinct, 40, hypergeometric(1500, 500, 40));
    let expected = vec![2.0 * 200.0 * 20.0 * 40.0 / TARGETS as f64; TARGETS];
    let p = chi_square(&of_target, &expected);
    assert!(p > UNLIKELY, "{p}");
}

/// A neuron's synapse onto itself is excluded also where its targets are split into ranges.
#[test]
fn an_out_degree_without_autapses_reaches_all_others_evenly() {
    const N: usize = 600;
    let rule = Rule::fixed_outdegree(50).without_autapses();
    let mut of_distance = vec![0.0; N];
    for seed in 0..20 {
        for (source, target) in pairs(&drawn(N, None, &rule, &Synapse::jump(1.0), seed)) {
            of_distance[(target as usize + N - source as usize) % N] += 1.0;
        }
    }
    assert_eq!(of_distance[0], 0.0);
    let expected = vec![20.0 * 50.0 * N as f64 / (N - 1) as f64; N - 1];
    let p = chi_square(&of_distance[1..], &expected);
    assert!(p > UNLIKELY, "{p}");
}

fn scattered(n: usize, dimensions: usize, seed: u64) -> Vec<[f32; 3]> {
    let mut dice = super::case::Dice(seed);
    (0..n)
        .map(|_| {
            let mut position = [0.0; 3];
            position[..dimensions].iter_mut().for_each(|x| *x = dice.uniform(0.0, 1.0) as f32);
            position
        })
        .collect()
}

fn distance(a: [f32; 3], b: [f32; 3], extent: Option<[f32; 3]>) -> f64 {
    let squares = (0..3).map(|axis| {
        let apart = (f64::from(a[axis]) - f64::from(b[axis])).abs();
        match extent {
            Some(extent) if extent[axis] > 0.0 => {
                let extent = f64::from(extent[axis]);
                (-3..=3).map(|turns| (apart + f64::from(turns) * extent).abs()).fold(f64::MAX, f64::min)
            }
            _ => apart,
        }
        .powi(2)
    });
    squares.sum::<f64>().sqrt()
}

#[test]
fn connections_by_distance_follow_their_profile() {
    const N: usize = 400;
    type Probability = fn(f64) -> f64;
    let profiles: [(Profile, Probability); 3] = [
        (Profile::Gaussian { p: 0.8, sigma: 0.2 }, |d| 0.8 * (-d * d / (2.0 * 0.2 * 0.2)).exp()),
        (Profile::Exponential { p: 0.6, length: 0.3 }, |d| 0.6 * (-d / 0.3).exp()),
        (Profile::Step { p: 0.3, radius: 0.4 }, |d| if d <= 0.4 { 0.3 } else { 0.0 }),
    ];
    for dimensions in [2, 3] {
        // Also around a part of the space, and in one direction only.
        for extent in [None, Some([1.0; 3]), Some([0.5, 0.0, 1.0])] {
            for (number, (profile, probability)) in profiles.iter().enumerate() {
                let mut network = Network::new();
                let sources = network.add("sources", N / 2, Params::default()).expect("valid");
                let targets = network.add("targets", N / 2, Params::default()).expect("valid");
                let rule = match extent {
                    None => Rule::by_distance(*profile),
                    Some(extent) => Rule::by_periodic_distance(*profile, extent),
                };
                let positions = scattered(N, dimensions, number as u64);
                network.set_positions(positions.clone());
                network.connect(&sources, &targets, rule.clone(), Synapse::current(1.0)).expect("valid");
                network
                    .connect(&targets, &targets, rule.without_autapses(), Synapse::jump(1.0))
                    .expect("valid");
                network.set_seed(5);
                let connected: HashSet<(u32, u32)> =
                    pairs(&network.synapses().expect("valid")).into_iter().collect();
                // In rings of distance.
                let mut rings = vec![(0.0, 0.0, 0.0); 20];
                for source in 0..N {
                    for target in targets.neurons() {
                        let is_connected = connected.contains(&(source as u32, target as u32));
                        if source == target {
                            assert!(!is_connected);
                            continue;
                        }
                        let d = distance(positions[source], positions[target], extent);
                        let p = probability(d);
                        assert!(p > 0.0 || !is_connected);
                        let ring = &mut rings[((d * 12.0) as usize).min(19)];
                        *ring = (ring.0 + f64::from(is_connected), ring.1 + p, ring.2 + p * (1.0 - p));
                    }
                }
                let rings: Vec<_> = rings.into_iter().filter(|(_, _, variance)| *variance > 5.0).collect();
                assert!(rings.len() >= 3);
                let sum: f64 =
                    rings.iter().map(|(found, mean, variance)| (found - mean).powi(2) / variance).sum();
                let p = ChiSquared::new(rings.len() as f64).expect("valid").sf(sum);
                assert!(p > UNLIKELY, "p = {p} for {profile:?} around {extent:?}: {rings:?}");
            }
        }
    }
}

#[test]
fn one_to_one_all_to_all_and_lists_are_what_they_say() {
    let synapse = Synapse::jump(1.0);
    let own: Vec<(u32, u32)> = (0..50).map(|number| (number, number)).collect();
    assert_eq!(pairs(&drawn(50, Some(50), &Rule::one_to_one(), &synapse, 0)), own);
    assert_eq!(pairs(&drawn(50, None, &Rule::one_to_one(), &synapse, 0)), own);
    assert!(drawn(50, None, &Rule::one_to_one().without_autapses(), &synapse, 0).is_empty());
    let all: Vec<(u32, u32)> = (0..7).flat_map(|a| (0..11).map(move |b| (a, b))).collect();
    assert_eq!(pairs(&drawn(7, Some(11), &Rule::all_to_all(), &synapse, 0)), all);

    let rule = Rule::list([2, 0, 2, 2, 1, 2], [1, 1, 0, 1, 1, 1]);
    let listed = Synapse::jump(Distribution::list([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
        .delay(vec![0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
    let found = drawn(3, Some(2), &rule, &listed, 0);
    assert_eq!(pairs(&found), [(0, 1), (1, 1), (2, 0), (2, 1), (2, 1), (2, 1)]);
    assert_eq!(found.weights, [2.0, 5.0, 3.0, 1.0, 4.0, 6.0]);
    assert_eq!(found.delays, [0.5, 0.2, 0.4, 0.6, 0.3, 0.1]);
    // In one group, without autapses.
    let found = drawn(3, None, &rule.clone().without_autapses(), &listed, 0);
    assert_eq!(pairs(&found), [(0, 1), (2, 0), (2, 1), (2, 1), (2, 1)]);
    assert_eq!(found.weights, [2.0, 3.0, 1.0, 4.0, 6.0]);
}

#[test]
fn drawn_weights_have_their_distributions() {
    let weights = |distribution: Distribution, rule: &Rule| {
        drawn(200, Some(200), rule, &Synapse::jump(distribution), 3).weights
    };
    let rules = [
        Rule::all_to_all(),
        Rule::fixed_indegree(200),
        Rule::fixed_indegree(100).without_multapses(),
        Rule::fixed_outdegree(200),
        Rule::fixed_total(40_000),
        Rule::pairwise(0.5),
        Rule::list(vec![3; 30_000], vec![5; 30_000]),
    ];
    for rule in &rules {
        let all = weights(Distribution::normal(2.0, 0.2), rule);
        let normal = Normal::new(2.0, 0.2).expect("valid");
        assert_continuous(&all, |x| normal.cdf(x));
        let (mean, sd) = mean_and_sd(&all);
        assert!((mean - 2.0).abs() < 0.01 && (sd / 0.2 - 1.0).abs() < 0.03, "{mean} {sd}");

        for sign in [1.0, -1.0] {
            // A third of the draws crosses zero.
            let normal = Normal::new(0.4, 1.0).expect("valid");
            let crossing = normal.cdf(0.0);
            let all = weights(Distribution::normal(sign * 0.4, 1.0), rule);
            assert!(all.iter().all(|weight| f64::from(*weight) * sign > 0.0));
            let magnitudes: Vec<f32> = all.iter().map(|weight| weight.abs()).collect();
            assert_continuous(&magnitudes, |x| (normal.cdf(x) - crossing) / (1.0 - crossing));

            let all = weights(Distribution::normal_clipped(sign * 0.4, 1.0), rule);
            let (zero, rest): (Vec<f32>, Vec<f32>) =
                all.iter().map(|weight| weight * sign as f32).partition(|weight| *weight == 0.0);
            let sd = (all.len() as f64 * crossing * (1.0 - crossing)).sqrt();
            assert!((zero.len() as f64 - all.len() as f64 * crossing).abs() < 5.0 * sd);
            assert!(rest.iter().all(|weight| *weight > 0.0));
            assert_continuous(&rest, |x| (normal.cdf(x) - crossing) / (1.0 - crossing));
        }
        let symmetric = Normal::new(0.0, 3.0).expect("valid");
        assert_continuous(&weights(Distribution::normal(0.0, 3.0), rule), |x| symmetric.cdf(x));
        let lognormal = LogNormal::new(-1.0, 0.5).expect("valid");
        assert_continuous(&weights(Distribution::lognormal(-1.0, 0.5), rule), |x| lognormal.cdf(x));
        let negative = weights(Distribution::negative_lognormal(-1.0, 0.5), rule);
        assert_continuous(&negative, |x| 1.0 - lognormal.cdf(-x));
        let uniform = Uniform::new(-0.5, 1.5).expect("valid");
        let all = weights(Distribution::uniform(-0.5, 1.5), rule);
        assert!(all.iter().all(|weight| (-0.5..=1.5).contains(weight)));
        assert_continuous(&all, |x| uniform.cdf(x));
    }
    for constant in [Distribution::normal(1.5, 0.0), Distribution::uniform(1.5, 1.5), 1.5.into()] {
        assert!(weights(constant, &rules[0]).iter().all(|weight| *weight == 1.5));
    }
}

#[test]
fn drawn_delays_have_their_distributions_and_are_whole_steps() {
    const DT: f64 = 0.1;
    let steps = |synapse: Synapse, rule: &Rule| -> Vec<u32> {
        let all = drawn(150, Some(150), rule, &synapse, 9).delays;
        all.iter()
            .map(|delay| {
                let steps = (f64::from(*delay) / DT).round();
                assert_eq!(*delay, (steps * DT) as f32);
                steps as u32
            })
            .collect()
    };
    let rules = [Rule::all_to_all(), Rule::fixed_outdegree(150), Rule::pairwise(0.7)];
    for rule in &rules {
        for (made, smallest) in [
            (Synapse::jump as fn(Distribution) -> Synapse, 1),
            (Synapse::current as fn(Distribution) -> Synapse, 0),
        ] {
            let make = || made(1.0.into());
            let edge = |steps: u64| (steps as f64 - 0.5) * DT;
            // Also so that many draws are too short.
            for (mean, sd) in [(1.5, 0.3), (0.3, 0.4)] {
                let normal = Normal::new(mean, sd).expect("valid");
                let short = normal.cdf(edge(1));
                let between = |steps| normal.cdf(edge(steps + 1)) - normal.cdf(edge(steps));
                let found = steps(make().delay(Distribution::normal(mean, sd)), rule);
                assert_distributed(
                    &found,
                    50,
                    |steps| {
                        if steps == 0 { 0.0 } else { between(steps) / (1.0 - short) }
                    },
                );
                let found = steps(make().delay(Distribution::normal_clipped(mean, sd)), rule);
                assert_distributed(&found, 50, |steps| match steps {
                    steps if steps < smallest => 0.0,
                    steps if steps == smallest => normal.cdf(edge(steps + 1)),
                    steps => between(steps),
                });
            }
            for (mu, sigma) in [(0.0_f64, 0.5), (-2.0, 1.0)] {
                let lognormal = LogNormal::new(mu, sigma).expect("valid");
                let short = lognormal.cdf(edge(1));
                let found = steps(make().delay(Distribution::lognormal(mu, sigma)), rule);
                assert_distributed(&found, 400, |steps| match steps {
                    0 => 0.0,
                    _ => (lognormal.cdf(edge(steps + 1)) - lognormal.cdf(edge(steps))) / (1.0 - short),
                });
            }
            let found = steps(make().delay(Distribution::uniform(0.2, 30.0)), rule);
            let uniform = Uniform::new(0.2, 30.0).expect("valid");
            assert_distributed(&found, 310, |steps| {
                uniform.cdf(edge(steps + 1)) - if steps == 0 { 0.0 } else { uniform.cdf(edge(steps)) }
            });
            assert!(steps(make(), rule).iter().all(|steps| u64::from(*steps) == smallest));
            assert!(steps(make().delay(0.72), rule).iter().all(|steps| *steps == 7));
        }
    }
}

#[test]
fn weights_and_delays_are_drawn_again_for_each_synapse() {
    // About half of all draws are drawn again; the 32 bits of a draw seldom repeat themselves.
    let synapse = Synapse::jump(Distribution::normal(0.01, 10.0));
    for rule in [Rule::fixed_outdegree(2000), Rule::fixed_indegree(20), Rule::fixed_total(20_000)] {
        // Targets of a source are drawn in ranges that begin at multiples of 256.
        let all = drawn(10, Some(1024), &rule, &synapse, 1).weights;
        let different: HashSet<u32> = all.iter().map(|weight| weight.to_bits()).collect();
        assert!(all.len() - different.len() < 20, "{} of {}", different.len(), all.len());
    }
}

#[test]
fn weights_delays_and_pairs_are_independent() {
    let uniform = || Distribution::uniform(1.0, 101.0);
    let synapse = Synapse::jump(uniform()).delay(uniform());
    for rule in [
        Rule::all_to_all(),
        Rule::fixed_indegree(150),
        Rule::fixed_outdegree(150),
        Rule::fixed_total(22_500),
        Rule::pairwise(0.6),
    ] {
        let found = drawn(150, Some(150), &rule, &synapse, 2);
        let numbers = |values: &[u32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        let reals = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        let weights = reals(&found.weights);
        let shifted = [&weights[1..], &weights[..1]].concat();
        let columns = [numbers(&found.sources), numbers(&found.targets), reals(&found.delays), shifted];
        for (index, other) in columns.iter().enumerate() {
            let r = correlation(&weights, other) * (weights.len() as f64).sqrt();
            assert!(r.abs() < 5.0, "{rule:?}: column {index} {r}");
        }
        let r = correlation(&columns[0], &columns[2]) * (weights.len() as f64).sqrt();
        assert!(r.abs() < 5.0, "{rule:?}: sources and delays {r}");
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a_mean, b_mean) = (mean(a), mean(b));
    let product = |a: &[f64], a_mean: f64, b: &[f64], b_mean: f64| {
        a.iter().zip(b).map(|(a, b)| (a - a_mean) * (b - b_mean)).sum::<f64>()
    };
    product(a, a_mean, b, b_mean) / (product(a, a_mean, a, a_mean) * product(b, b_mean, b, b_mean)).sqrt()
}

#[test]
fn delays_by_velocity_are_those_of_the_distances() {
    const N: usize = 120;
    for (dimensions, extent) in [(2, None), (3, None), (2, Some([1.0, 1.0, 0.0])), (3, Some([1.0; 3]))] {
        let positions = scattered(N, dimensions, 4);
        let mut network = Network::new();
        let cells = network.add("cells", N, Params::default()).expect("valid");
        network.set_positions(positions.clone());
        let profile = Profile::Gaussian { p: 1.0, sigma: 0.5 };
        let rule = match extent {
            None => Rule::fixed_indegree(20),
            Some(extent) => Rule::by_periodic_distance(profile, extent),
        };
        network.connect(&cells, &cells, rule, Synapse::jump(1.0).velocity(0.2, 0.3)).expect("valid");
        let drawn = network.synapses().expect("valid");
        assert!(drawn.len() > 500);
        for (index, (source, target)) in pairs(&drawn).into_iter().enumerate() {
            let d = distance(positions[source as usize], positions[target as usize], extent);
            let steps = (0.3 + d / 0.2) / 0.1;
            let found = f64::from(drawn.delays[index]) / 0.1;
            assert!((found - steps).abs() < 0.501, "{found} instead of {steps}");
        }
    }
}

#[test]
fn seeds_and_projections_are_independent() {
    for rule in
        [Rule::fixed_indegree(30), Rule::fixed_outdegree(30), Rule::fixed_total(9000), Rule::pairwise(0.1)]
    {
        let mut network = Network::new();
        let cells = network.add("cells", 300, Params::default()).expect("valid");
        let normal = || Distribution::normal(1.0, 0.2);
        for _ in 0..2 {
            network.connect(&cells, &cells, rule.clone(), Synapse::jump(normal())).expect("valid");
        }
        // What is drawn for one projection, with this seed.
        let of = |first: bool, seed: u64| {
            let mut network = network.clone();
            let marked = Synapse::jump(normal()).delay(5.0);
            let mut other = Network::new();
            let cells = other.add("cells", 300, Params::default()).expect("valid");
            let [one, two] =
                if first { [marked, Synapse::jump(normal())] } else { [Synapse::jump(normal()), marked] };
            other.connect(&cells, &cells, rule.clone(), one).expect("valid");
            other.connect(&cells, &cells, rule.clone(), two).expect("valid");
            other.set_seed(seed);
            network.set_seed(seed);
            let (all, marked) = (network.synapses().expect("valid"), other.synapses().expect("valid"));
            // The delay changes nothing else.
            let marked_pairs = pairs(&marked);
            assert_eq!(pairs(&all), marked_pairs);
            let kept = (0..marked.len()).filter(|index| marked.delays[*index] == 5.0);
            kept.map(|index| (marked_pairs[index], marked.weights[index])).collect::<Vec<_>>()
        };
        // The same pair in both has the probability of any pair.
        for (one, two) in
            [(of(true, 0), of(false, 0)), (of(true, 0), of(true, 1)), (of(false, 1), of(true, 1))]
        {
            let weights: HashSet<u32> = one.iter().map(|(_, weight)| weight.to_bits()).collect();
            let shared = two.iter().filter(|(_, weight)| weights.contains(&weight.to_bits())).count();
            assert!(shared < one.len() / 20, "{shared} weights of {} are the same", one.len());
            let of_pair: HashSet<(u32, u32)> = one.iter().map(|(pair, _)| *pair).collect();
            let shared = two.iter().filter(|(pair, _)| of_pair.contains(pair)).count() as f64;
            let expected = two.len() as f64 * of_pair.len() as f64 / 90_000.0;
            assert!((shared - expected).abs() < 6.0 * expected.sqrt(), "{shared} instead of {expected}");
        }
    }
}

#[test]
fn what_is_added_later_changes_no_draws() {
    let add = |number: usize| {
        let mut network = Network::new();
        let [a, b] = ["a", "b"].map(|name| network.add(name, 200, Params::default()).expect("valid"));
        let synapse = || Synapse::jump(Distribution::normal(1.0, 0.8)).delay(Distribution::normal(1.5, 1.0));
        let rules =
            [Rule::fixed_indegree(5), Rule::fixed_outdegree(5), Rule::fixed_total(900), Rule::pairwise(0.1)];
        for rule in rules {
            network.connect(&a, &b, rule, synapse()).expect("valid");
        }
        if number > 0 {
            let c = network.add("c", 30, Params { tau_m: 20.0.into(), ..Params::default() }).expect("valid");
            for _ in 0..number {
                network.connect(&c, &a, Rule::fixed_indegree(7), synapse()).expect("valid");
            }
        }
        let all = network.synapses().expect("valid");
        let of_a = all.sources.iter().filter(|source| (**source as usize) < 200).count();
        let first = |list: &[f32]| list[..of_a].iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        (pairs(&all)[..of_a].to_vec(), first(&all.weights), first(&all.delays))
    };
    assert!(add(0) == add(1) && add(0) == add(3));
}

/// Whether two networks have the same spikes and potentials in every bit. Returns the number of spikes.
fn spikes(network: &Network, steps: u64) -> (Vec<(u64, u32)>, Array2<f32>) {
    let mut population = network.build(1, &Device::cpu()).expect("valid");
    let input = Random::poisson(4000.0, 0.5);
    let recorded = population.run(steps, input).record(Recording::none().spikes()).go().expect("valid");
    let events =
        recorded.spikes.expect("asked for").events().map(|event| (event.step, event.neuron)).collect();
    (events, population.voltages().expect("there"))
}

fn parameters() -> Params {
    Params {
        tau_m: 20.0.into(),
        v_rest: 0.0.into(),
        v_reset: 0.0.into(),
        v_threshold: 10.0.into(),
        t_ref: 2.0.into(),
        tau_syn: Some(3.0.into()),
        tau_syn_inhibitory: Some(5.0.into()),
        ..Params::default()
    }
}

/// A network with every rule, of which the weights have units.
fn mixed(n: usize) -> (Network, [Group; 3]) {
    let mut network = Network::new();
    let e = network.add("E", n - n / 4 - 100, parameters()).expect("valid");
    let i = network.add("I", n / 4, parameters()).expect("valid");
    let few = network.add("few", 100, parameters()).expect("valid");
    network.set_positions(scattered(n, 2, 8));
    network.set_seed(11);
    let jump = |mean: f64| {
        Synapse::jump(Distribution::normal(mean, 0.5 * mean.abs()))
            .unit(1.0 / 65_536.0)
            .delay(Distribution::lognormal(0.4, 0.9))
    };
    let current = |mean: f64| {
        Synapse::current(Distribution::normal(mean, 0.5 * mean.abs()))
            .unit(1.0 / 1_048_576.0)
            .delay(Distribution::uniform(0.5, 60.0))
    };
    let profile = Profile::Gaussian { p: 0.8, sigma: 0.1 };
    let degree = (n / 10).min(60) as u32;
    let mut connect = |from: &Group, to: &Group, rule: Rule, synapse: Synapse| {
        network.connect(from, to, rule, synapse).expect("valid");
    };
    connect(&e, &e, Rule::fixed_indegree(degree).without_autapses(), jump(0.3));
    connect(&e, &i, Rule::fixed_indegree(degree).without_multapses(), jump(0.3));
    connect(&i, &e, Rule::fixed_total(u64::from(degree) * n as u64 / 4), jump(-1.0));
    connect(&i, &i, Rule::fixed_outdegree(degree / 3).without_multapses(), jump(-1.0));
    connect(&few, &e, Rule::pairwise(0.1), current(0.1));
    connect(&e, &few, Rule::fixed_outdegree(3), current(-0.1));
    connect(&few, &i, Rule::by_distance(profile), Synapse::jump(0.25).unit(0.25).velocity(0.2, 0.5));
    connect(&few, &few, Rule::all_to_all().without_autapses(), Synapse::jump(0.25).unit(0.25).delay(1.5));
    connect(&few, &few, Rule::one_to_one(), Synapse::current(-0.25).unit(0.25).delay(0.0));
    connect(&e, &i, Rule::fixed_total(500).without_multapses(), Synapse::jump(0.5).unit(0.25).delay(0.9));
    (network, [e, i, few])
}

/// What a rule draws and the same synapses as a list are the same network.
#[test]
fn drawn_synapses_equal_those_of_a_list() {
    let (network, groups) = mixed(500);
    let (expected, potentials) = spikes(&network, 400);
    assert!(expected.len() > 2000, "{}", expected.len());

    // Groups, weights and delays say from which projection a synapse is, as far as that matters.
    let mut listed = Network::new();
    let cells = listed.add("cells", 500, parameters()).expect("valid");
    assert_eq!(groups[2].neurons().end, cells.len());
    let mut connect =
        |synapses: &Synapses, kept: &dyn Fn(usize) -> bool, synapse: &dyn Fn(Distribution) -> Synapse| {
            let kept: Vec<usize> = (0..synapses.len()).filter(|index| kept(*index)).collect();
            let numbers = |all: &[u32]| kept.iter().map(|index| all[*index]).collect::<Vec<_>>();
            let values = |all: &[f32]| kept.iter().map(|index| all[*index]).collect::<Vec<_>>();
            assert!(!kept.is_empty());
            let rule = Rule::list(numbers(&synapses.sources), numbers(&synapses.targets));
            let made = synapse(Distribution::list(values(&synapses.weights))).delay(values(&synapses.delays));
            listed.connect(&cells, &cells, rule, made).expect("valid");
            kept.len()
        };
    let all = network.synapses().expect("valid");
    let group = |neuron: u32| groups.iter().position(|group| group.neurons().contains(&(neuron as usize)));
    let of = |index: usize| (group(all.sources[index]), group(all.targets[index]));
    let (e, i, few) = (Some(0), Some(1), Some(2));
    let weight = |index: usize| all.weights[index];
    let fine = |weight: Distribution| Synapse::jump(weight).unit(1.0 / 65_536.0);
    let coarse = |weight: Distribution| Synapse::jump(weight).unit(0.25);
    let current = |weight: Distribution| Synapse::current(weight).unit(1.0 / 1_048_576.0);
    let is_coarse = |index: usize| weight(index) == 0.5 && all.delays[index] == 0.9;
    let mut count = 0;
    count += connect(&all, &|index| [(e, e), (i, e), (i, i)].contains(&of(index)), &fine);
    count += connect(&all, &|index| of(index) == (e, i) && !is_coarse(index), &fine);
    count += connect(&all, &|index| of(index) == (e, i) && is_coarse(index), &coarse);
    count += connect(&all, &|index| [(few, e), (e, few)].contains(&of(index)), &current);
    count += connect(&all, &|index| of(index) == (few, i), &coarse);
    count += connect(&all, &|index| of(index) == (few, few) && weight(index) > 0.0, &coarse);
    count += connect(&all, &|index| of(index) == (few, few) && weight(index) < 0.0, &|weight| {
        Synapse::current(weight).unit(0.25)
    });
    assert_eq!(count, all.len());
    let (found, same) = spikes(&listed, 400);
    assert_eq!(found.len(), expected.len());
    assert!(found == expected && same == potentials);
}

/// Each part of the targets draws its own synapses.
#[test]
fn parts_draw_the_synapses_of_the_whole() {
    let (network, _) = mixed(9500);
    let one = with_threads(1, || spikes(&network, 150));
    assert!(one.0.len() > 10_000, "{}", one.0.len());
    for threads in [2, 7] {
        let several = with_threads(threads, || spikes(&network, 150));
        assert!(several == one, "{threads} threads");
    }
}

#[test]
fn groups_join_parameters_of_one_batch_row() {
    let mut network = Network::new();
    let rows = Params { tau_m: Array2::from_elem((1, 3), 15.0_f32).into(), ..Params::default() };
    network.add("rows", 3, rows).expect("valid");
    network
        .add("one", 2, Params { tau_m: Array2::from_elem((1, 1), 5.0_f32).into(), ..Params::default() })
        .expect("valid");
    network.add("plain", 2, Params::default()).expect("valid");
    let population = network.build(1, &Device::cpu()).expect("valid");
    let leaks: HashMap<u32, usize> = (0..7)
        .map(|neuron| population.coefficients(0, neuron).expect("inside").leak.to_bits())
        .fold(HashMap::new(), |mut counts, bits| {
            *counts.entry(bits).or_default() += 1;
            counts
        });
    let mut found: Vec<usize> = leaks.into_values().collect();
    found.sort_unstable();
    assert_eq!(found, [2, 2, 3]);
}

#[test]
fn the_list_is_the_same_with_any_number_of_threads() {
    let mut network = Network::new();
    let first = network.add("first", 40, Params::default()).expect("valid");
    let second = network.add("second", 30, Params::default()).expect("valid");
    let synapse = Synapse::jump(Distribution::normal(1.0, 0.2)).delay(Distribution::normal(2.0, 0.5));
    for (from, to, rule) in [
        (&first, &second, Rule::fixed_total(900)),
        (&first, &second, Rule::fixed_indegree(9)),
        (&second, &first, Rule::fixed_outdegree(7)),
        (&second, &second, Rule::pairwise(0.3)),
    ] {
        network.connect(from, to, rule, synapse.clone()).expect("valid");
    }
    let list = |threads| with_threads(threads, || network.synapses().expect("valid"));
    let alone = list(1);
    assert!(pairs(&alone).is_sorted() && alone.len() > 1000, "{}", alone.len());
    for threads in [2, 3, 8, 100] {
        assert_eq!(list(threads), alone, "{threads} threads");
    }
}
