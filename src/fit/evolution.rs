//! [`Evolution`]: differential evolution over places in a unit cube, by their scores. It knows nothing of neurons.
//!
//! It begins with a Latin hypercube and continues with current-to-p-best/1/bin of Zhang & Sanderson
//! (2009, IEEE Transactions on Evolutionary Computation 13:945), without its adaptation. Everything is
//! computed in `f64` and drawn from Philox by seed, generation and candidate, and equal scores are
//! ordered by index, so that a search is the same on every machine.

use crate::model::random::{counter, key, philox};
use std::cmp::Ordering;

/// The part of the candidates that counts as the best.
const BEST_PART: f64 = 0.1;
/// The bounds of the random factor of differences.
const FACTORS: (f64, f64) = (0.4, 0.9);
/// The probability that a coordinate is taken from the mutant.
const CROSSOVER: f64 = 0.9;
/// The first stream of the random numbers of a search.
const STREAM: u32 = 0x6669_7400;

/// A search in progress. A candidate is a place, a number from 0 to 1 in each dimension; higher scores are better.
#[derive(Debug, Clone, PartialEq)]
pub struct Evolution {
    seed: u64,
    /// The candidates.
    pub places: Vec<Vec<f64>>,
    /// Their scores, in the same order; empty before the first generation is scored.
    pub scores: Vec<f64>,
    /// The scores of each generation that was scored.
    pub history: Vec<Generation>,
}

/// The scores of the candidates after a generation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Generation {
    /// The highest score.
    pub best: f64,
    /// The median score.
    pub median: f64,
}

impl Evolution {
    /// Begins a search with this many candidates in this many dimensions.
    #[must_use]
    pub fn new(seed: u64, candidates: usize, dimensions: usize) -> Self {
        let mut evolution = Self {
            seed,
            places: vec![vec![0.0; dimensions]; candidates],
            scores: Vec::new(),
            history: Vec::new(),
        };
        for dimension in 0..dimensions {
            let draw = |candidate, which| uniform(seed, 0, candidate, (2 * dimension + which) as u32);
            let mut order: Vec<usize> = (0..candidates).collect();
            let keys: Vec<f64> = order.iter().map(|candidate| draw(*candidate, 0)).collect();
            order.sort_by(|one, other| keys[*one].total_cmp(&keys[*other]).then(one.cmp(other)));
            for (rank, candidate) in order.into_iter().enumerate() {
                let within = draw(candidate, 1);
                evolution.places[candidate][dimension] = (rank as f64 + within) / candidates as f64;
            }
        }
        evolution
    }

    /// Restores a search from its parts: it continues as if it had never been interrupted.
    #[must_use]
    pub fn restored(seed: u64, places: Vec<Vec<f64>>, scores: Vec<f64>, history: Vec<Generation>) -> Self {
        Self { seed, places, scores, history }
    }

    /// The number of generations that were scored.
    #[must_use]
    pub fn generation(&self) -> usize {
        self.history.len()
    }

    /// The indices of the candidates, from the best to the worst.
    #[must_use]
    pub fn ranking(&self) -> Vec<usize> {
        let mut ranking: Vec<usize> = (0..self.scores.len()).collect();
        ranking.sort_by(|one, other| better(self.scores[*one], self.scores[*other]).then(one.cmp(other)));
        ranking
    }

    /// The places to score next.
    #[must_use]
    pub fn ask(&self) -> Vec<Vec<f64>> {
        if self.scores.is_empty() {
            return self.places.clone();
        }
        let ranking = self.ranking();
        let best = &ranking[..((ranking.len() as f64 * BEST_PART) as usize).max(1)];
        (0..self.places.len()).map(|candidate| self.trial(candidate, best)).collect()
    }

    fn trial(&self, candidate: usize, best: &[usize]) -> Vec<f64> {
        let generation = self.generation() as u64;
        let draw = |which| uniform(self.seed, generation, candidate, which);
        let among = |count: usize, which| (draw(which) * count as f64) as usize;
        let own = &self.places[candidate];
        let model = &self.places[best[among(best.len(), 0)]];
        let (one, other) =
            (&self.places[among(self.places.len(), 1)], &self.places[among(self.places.len(), 2)]);
        let factor = FACTORS.0 + draw(3) * (FACTORS.1 - FACTORS.0);
        let certain = among(own.len(), 4);
        (0..own.len())
            .map(|dimension| {
                let x = own[dimension];
                if dimension != certain && draw(5 + dimension as u32) >= CROSSOVER {
                    return x;
                }
                let mutant =
                    x + factor * (model[dimension] - x) + factor * (one[dimension] - other[dimension]);
                // Instead of beyond a bound, half the way to it.
                if mutant < 0.0 {
                    x / 2.0
                } else if mutant > 1.0 {
                    f64::midpoint(x, 1.0)
                } else {
                    mutant
                }
            })
            .collect()
    }

    /// Takes the scores of the places that [`ask`](Self::ask) returned. Each of them replaces its candidate if it is
    /// at least as good.
    pub fn tell(&mut self, trials: Vec<Vec<f64>>, scores: Vec<f64>) {
        if self.scores.is_empty() {
            (self.places, self.scores) = (trials, scores);
        } else {
            for (candidate, (trial, score)) in trials.into_iter().zip(scores).enumerate() {
                if better(score, self.scores[candidate]).is_le() {
                    self.places[candidate] = trial;
                    self.scores[candidate] = score;
                }
            }
        }
        let ranking = self.ranking();
        let score = |rank: usize| ranking.get(rank).map_or(f64::NEG_INFINITY, |best| self.scores[*best]);
        self.history.push(Generation { best: score(0), median: score(ranking.len() / 2) });
    }
}

/// Orders higher scores first.
fn better(one: f64, other: f64) -> Ordering {
    other.total_cmp(&one)
}

/// Returns a number from 0 up to, but not including, 1, in steps of 2^-53.
fn uniform(seed: u64, generation: u64, candidate: usize, which: u32) -> f64 {
    let [high, low, ..] = philox(counter(candidate as u64, generation, STREAM + which), key(seed));
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has its maximum, 0, at (0.3, 0.6, 0.9).
    fn score(place: &[f64]) -> f64 {
        -place.iter().zip([0.3, 0.6, 0.9]).map(|(x, best)| (x - best) * (x - best)).sum::<f64>()
    }

    fn search(seed: u64, generations: usize) -> Evolution {
        let mut evolution = Evolution::new(seed, 60, 3);
        for _ in 0..generations {
            let trials = evolution.ask();
            assert!(trials.iter().flatten().all(|x| (0.0..=1.0).contains(x)));
            let scores = trials.iter().map(|trial| score(trial)).collect();
            evolution.tell(trials, scores);
        }
        evolution
    }

    #[test]
    fn it_begins_with_one_candidate_in_each_layer() {
        let evolution = Evolution::new(4, 50, 2);
        for dimension in 0..2 {
            let mut layers: Vec<usize> =
                evolution.places.iter().map(|place| (place[dimension] * 50.0) as usize).collect();
            layers.sort_unstable();
            assert_eq!(layers, (0..50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn it_finds_a_maximum_and_is_the_same_for_the_same_seed() {
        let evolution = search(1, 60);
        let best = evolution.ranking()[0];
        assert!(evolution.scores[best] > -1e-6, "{}", evolution.scores[best]);
        assert!(evolution.history.windows(2).all(|pair| pair[0].best <= pair[1].best));
        assert_eq!(evolution, search(1, 60));
        assert_ne!(evolution.places, search(2, 60).places);
    }
}
