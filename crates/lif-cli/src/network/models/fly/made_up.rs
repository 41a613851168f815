//! A connectome that is made up: as many neurons and edges as that of the fruit fly, and about as uneven.
//!
//! Its figures are those of FlyWire, version 783 (Dorkenwald et al. 2024, Nature 634:124): 138,639 neurons, 15.1 million
//! pairs that are connected, and 54.5 million synapses; most pairs have one or two, one in six has five or more.

#![allow(clippy::disallowed_methods, reason = "libm draws the same numbers on every machine")]

use lif::random::{counter, key, philox};
use std::f64::consts::TAU;

const NEURONS: f64 = 138_639.0;

/// Edges that are drawn for each neuron; a fifth of them has been drawn before.
const EDGES: f64 = 133.0;

/// Identities have this in common; the digits after it differ.
const FIRST_ID: u64 = 720_575_940_600_000_000;

/// Identities are this much and more apart, in no order; the two have no common factor.
const APART: u64 = 1_000_003;
const IDS: u64 = 60_000_000;

/// The part of the neurons that inhibits others.
const INHIBITORY: f64 = 0.42;

/// How uneven the numbers of edges from and onto neurons and of synapses of an edge are: the standard deviation of
/// their logarithm.
const SPREAD_OF_SOURCES: f64 = 0.8;
const SPREAD_OF_TARGETS: f64 = 0.8;
const SPREAD_OF_SYNAPSES: f64 = 1.6;

/// The median of the number of synapses of an edge, before it is rounded up.
const MEDIAN_SYNAPSES: f64 = 0.85;

/// Neighbours of one type: they are all excitatory or all inhibitory, and half of their edges are to some targets that
/// they have in common, so that they excite them together.
const OF_TYPE: u64 = 20;
const COMMON_TARGETS: u64 = 100;

/// The streams of random numbers.
const OF_NEURONS: u32 = 0;
const OF_EDGES: u32 = 1;
const OF_TYPES: u32 = 2;

/// Neurons by their identities, and edges between them.
#[derive(Debug)]
pub struct Connectome {
    pub ids: Vec<u64>,
    /// By source, then by target.
    pub edges: Vec<Edge>,
}

/// An edge from the neuron with one index to that with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub source: u32,
    pub target: u32,
    pub synapses: u32,
    pub is_excitatory: bool,
}

impl Edge {
    /// 1 or -1.
    pub fn sign(self) -> i32 {
        if self.is_excitatory { 1 } else { -1 }
    }

    /// The number of synapses, negative if they are inhibitory.
    pub fn signed(self) -> i32 {
        self.sign() * self.synapses as i32
    }
}

impl Connectome {
    /// The memory for one of this scale, and for a column of its file.
    pub fn bytes(scale: f64) -> u64 {
        let neurons = NEURONS * scale;
        let edge = (size_of::<Edge>() + size_of::<i64>()) as f64;
        (neurons * (64.0 + EDGES * edge)) as u64
    }

    /// `scale` is a factor for the number of neurons; each has as many edges at any scale.
    pub fn made_up(scale: f64, seed: u64) -> Self {
        let n = (NEURONS * scale).round() as u32;
        let words = |index: u64, stream| philox(counter(index, 0, stream), key(seed));
        let neurons: Vec<[u32; 4]> = (0..n).map(|neuron| words(neuron.into(), OF_NEURONS)).collect();
        let sizes = |word: usize, spread: f64| {
            let next = neurons.iter().map(move |words| libm::exp(spread * normal(words[word], words[3])));
            next.scan(0.0, |sum, size| {
                *sum += size;
                Some(*sum)
            })
        };
        let (sources, targets): (Vec<f64>, Vec<f64>) =
            (sizes(0, SPREAD_OF_SOURCES).collect(), sizes(1, SPREAD_OF_TARGETS).collect());
        let mut edges: Vec<Edge> = (0..(f64::from(n) * EDGES) as u64)
            .map(|edge| {
                let [first, second, third, fourth] = words(edge, OF_EDGES);
                let source = pick(&sources, first);
                let kind = u64::from(source) / OF_TYPE * (COMMON_TARGETS + 1);
                let common = || words(kind + 1 + edge / 2 % COMMON_TARGETS, OF_TYPES)[0];
                let second = if edge % 2 == 0 { common() } else { second };
                let synapses = MEDIAN_SYNAPSES * libm::exp(SPREAD_OF_SYNAPSES * normal(third, fourth));
                let is_excitatory = uniform(words(kind, OF_TYPES)[0]) >= INHIBITORY;
                Edge {
                    source,
                    target: pick(&targets, second),
                    synapses: libm::ceil(synapses) as u32,
                    is_excitatory,
                }
            })
            .collect();
        edges.sort_unstable_by_key(|edge| (edge.source, edge.target));
        edges.dedup_by_key(|edge| (edge.source, edge.target));
        let ids = (0..u64::from(n)).map(|neuron| FIRST_ID + neuron * APART % IDS).collect();
        Self { ids, edges }
    }
}

/// The index of the size that a word falls on; `ends` are the sums of the sizes.
fn pick(ends: &[f64], word: u32) -> u32 {
    let at = uniform(word) * ends.last().copied().unwrap_or(0.0);
    ends.partition_point(|end| *end <= at).min(ends.len().saturating_sub(1)) as u32
}

/// Between 0 and 1, without both.
fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

/// From a standard normal distribution (Box & Muller 1958, Ann. Math. Stat. 29:610).
fn normal(first: u32, second: u32) -> f64 {
    libm::sqrt(-2.0 * libm::log(uniform(first))) * libm::cos(TAU * uniform(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_about_as_uneven_as_that_of_the_fly() {
        let Connectome { ids, edges } = Connectome::made_up(0.05, 1);
        assert_eq!(ids.len(), 6932);
        let different: std::collections::HashSet<&u64> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
        let of_neuron = edges.len() as f64 / ids.len() as f64;
        assert!((104.0..=109.0).contains(&of_neuron), "{of_neuron}");
        let share = |is: &dyn Fn(&Edge) -> bool| {
            edges.iter().filter(|edge| is(edge)).count() as f64 / edges.len() as f64
        };
        let mean = edges.iter().map(|edge| f64::from(edge.synapses)).sum::<f64>() / edges.len() as f64;
        assert!((3.2..3.8).contains(&mean), "{mean}");
        let (many, inhibitory) = (share(&|edge| edge.synapses >= 5), share(&|edge| !edge.is_excitatory));
        assert!((0.15..0.2).contains(&many), "{many}");
        assert!((0.38..0.46).contains(&inhibitory), "{inhibitory}");
        assert!(edges.iter().all(|edge| edge.synapses > 0 && (edge.target as usize) < ids.len()));
        assert!(
            edges.windows(2).all(|pair| (pair[0].source, pair[0].target) < (pair[1].source, pair[1].target))
        );
        // The same seed makes the same.
        assert_eq!(Connectome::made_up(0.05, 1).edges, edges);
        assert_ne!(Connectome::made_up(0.05, 2).edges, edges);
    }
}
