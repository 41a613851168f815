//! The number of synapses of a projection that memory is needed for, before they are drawn.

use super::chance::below;
use super::projection::Projection;
use crate::experiment::network::rule::RuleKind;
use crate::model::random::philox;

/// The most pairs that are looked at to expect a number of synapses.
const MOST_PAIRS: u64 = 1 << 16;

impl Projection {
    /// The number of synapses: exact if the rule says it, else more than will be drawn in all likelihood.
    pub(super) fn expected(&self) -> u64 {
        let (sources, targets) = (self.from.len() as u64, self.to.len() as u64);
        let pairs = sources.saturating_mul(targets);
        match &self.rule.kind {
            RuleKind::FixedIndegree(synapses) => targets * u64::from(*synapses),
            RuleKind::FixedOutdegree(synapses) => sources * u64::from(*synapses),
            RuleKind::FixedTotal(synapses) => *synapses,
            RuleKind::Pairwise(p) => {
                let mean = p * pairs as f64;
                ((mean + 6.0 * (mean * (1.0 - p)).sqrt()).ceil() as u64).min(pairs)
            }
            RuleKind::Distance { .. } => self.expected_by_distance(pairs),
            RuleKind::OneToOne => sources,
            RuleKind::AllToAll => pairs,
            RuleKind::List { sources, .. } => sources.len() as u64,
        }
    }

    /// Looks at all pairs, or at some that are drawn at random.
    fn expected_by_distance(&self, pairs: u64) -> u64 {
        let looked_at = pairs.min(MOST_PAIRS);
        let (mut sum, mut highest) = (0.0, 0.0_f64);
        for index in 0..looked_at {
            let (source, target) = if looked_at == pairs {
                let sources = self.from.len() as u64;
                (self.from.start + (index % sources) as u32, self.to.start + (index / sources) as u32)
            } else {
                let words = philox([index as u32, 0, 0, 0], [0, 0]);
                (
                    self.from.start + below(words[0], self.from.len() as u32),
                    self.to.start + below(words[1], self.to.len() as u32),
                )
            };
            let ends = (self.positions[source as usize], self.positions[target as usize]);
            let p = self.rule.probability(ends.0, ends.1).unwrap_or(0.0);
            sum += p;
            highest = highest.max(p);
        }
        // Six standard deviations above, and what so many pairs may have missed.
        let count = looked_at.max(1) as f64;
        let missed = if looked_at == pairs { 0.0 } else { 6.0 * (sum * highest).sqrt() + 20.0 };
        let mean = (sum + missed) / count * pairs as f64;
        ((mean + 6.0 * mean.sqrt()).ceil() as u64).min(pairs)
    }
}
