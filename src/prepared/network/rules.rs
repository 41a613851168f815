//! Draws the synapses of a projection onto some of its targets.
//!
//! Every draw is a function of the seed, the projection and the neurons alone, so that any part of the targets can draw
//! its own synapses without the others. Sums over all targets, as a total number of synapses, are first split by a tree of
//! binomial draws, of which a part follows only the branches that lead to it.

use super::chance::{below, binomial, fraction, hypergeometric};
use super::projection::{Pick, Projection};
use crate::experiment::network::rule::{Profile, RuleKind};
use crate::model::random::philox;
use std::ops::Range;

/// What a counter draws; in the highest bits of its last word.
const SYNAPSE: u32 = 0;
const TREE: u32 = 3 << 28;
const PAIR: u32 = 4 << 28;

/// The most targets among which the synapses of one source are drawn together.
const TARGETS_TOGETHER: u32 = 256;

/// The most synapses of one source by a fixed out-degree: they share a word of the counter with [`SYNAPSE`].
pub(crate) const MOST_OUTDEGREE: u32 = 1 << 28;

/// Marks which of some numbers have been drawn.
struct Drawn {
    bits: Vec<u64>,
    numbers: Vec<u32>,
}

impl Drawn {
    fn new() -> Self {
        Self { bits: Vec::new(), numbers: Vec::new() }
    }

    /// Forgets all numbers, and makes room for those below `count`.
    fn clear(&mut self, count: u32) {
        for number in self.numbers.drain(..) {
            self.bits[(number / 64) as usize] = 0;
        }
        self.bits.resize((count as usize).div_ceil(64).max(self.bits.len()), 0);
    }

    /// Adds a number; `false` if it has been drawn before.
    fn add(&mut self, number: u32) -> bool {
        let word = &mut self.bits[(number / 64) as usize];
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        if is_new {
            *word |= bit;
            self.numbers.push(number);
        }
        is_new
    }

    /// Adds one of the numbers up to `last`, or `last` itself if that has been drawn before, and returns it. With one
    /// more as `last` each time this is Floyd's method: each subset has the same probability, and nothing is drawn in
    /// vain.
    fn draw(&mut self, word: u32, last: u32) -> u32 {
        let number = below(word, last + 1);
        if self.add(number) {
            return number;
        }
        self.add(last);
        last
    }
}

impl Projection {
    /// Calls `visit` for each synapse onto the targets in a range, target after target (source after source for a fixed
    /// out-degree).
    pub(super) fn each(&self, targets: &Range<u32>, visit: &mut impl FnMut(&Pick)) {
        let targets = targets.start.max(self.to.start)..targets.end.min(self.to.end);
        if targets.is_empty() || self.from.is_empty() {
            return;
        }
        let mut drawn = Drawn::new();
        match &self.rule.kind {
            RuleKind::FixedIndegree(synapses) => {
                for target in targets {
                    self.onto(target, u64::from(*synapses), &mut drawn, visit);
                }
            }
            RuleKind::FixedTotal(synapses) => {
                self.split_total(self.to.clone(), *synapses, &targets, &mut |target, count| {
                    self.onto(target, count, &mut drawn, visit);
                });
            }
            RuleKind::FixedOutdegree(synapses) => {
                for source in self.from.clone() {
                    self.split_source(source, (self.to.clone(), 0), *synapses, &targets, &mut drawn, visit);
                }
            }
            RuleKind::Pairwise(p) => targets.for_each(|target| self.pairwise(target, *p, visit)),
            RuleKind::Distance { profile, extent } => {
                for target in targets {
                    self.by_distance(target, *profile, extent.as_ref(), visit);
                }
            }
            RuleKind::OneToOne => {
                for target in targets {
                    self.pair(self.from.start + (target - self.to.start), target, visit);
                }
            }
            RuleKind::AllToAll => {
                for target in targets {
                    self.from.clone().for_each(|source| self.pair(source, target, visit));
                }
            }
            RuleKind::List { sources, .. } => self.listed(&targets, sources, visit),
        }
    }

    /// The number of sources that a target can have.
    fn candidates(&self, target: u32) -> u32 {
        let own = !self.rule.autapses && self.from.contains(&target);
        self.from.len() as u32 - u32::from(own)
    }

    /// Returns the source of this number among those that a target can have.
    #[inline(always)]
    fn candidate(&self, number: u32, target: u32) -> u32 {
        let source = self.from.start + number;
        let skips = !self.rule.autapses && self.from.contains(&target) && source >= target;
        source + u32::from(skips)
    }

    /// Draws the sources of one target.
    fn onto(&self, target: u32, count: u64, drawn: &mut Drawn, visit: &mut impl FnMut(&Pick)) {
        let candidates = self.candidates(target);
        if candidates == 0 {
            return;
        }
        if self.rule.multapses {
            for index in 0..count {
                let counter = [target, index as u32, self.number, SYNAPSE | (index >> 32) as u32];
                let words = philox(counter, self.key);
                let source = self.candidate(below(words[0], candidates), target);
                visit(&Pick { source, target, counter, words: Some(words) });
            }
            return;
        }
        drawn.clear(candidates);
        let count = count.min(u64::from(candidates)) as u32;
        for (index, last) in (candidates - count..candidates).enumerate() {
            let counter = [target, index as u32, self.number, SYNAPSE];
            let words = philox(counter, self.key);
            let source = self.candidate(drawn.draw(words[0], last), target);
            visit(&Pick { source, target, counter, words: Some(words) });
        }
    }

    /// Splits a number of synapses among the targets in a range, and calls `visit` for those in `wanted`.
    fn split_total(
        &self,
        range: Range<u32>,
        count: u64,
        wanted: &Range<u32>,
        visit: &mut impl FnMut(u32, u64),
    ) {
        if count == 0 || range.end <= wanted.start || range.start >= wanted.end {
            return;
        }
        if range.len() == 1 {
            return visit(range.start, count);
        }
        let middle = range.start + (range.end - range.start) / 2;
        let words = philox([range.start, range.end, self.number, TREE], self.key);
        let u = fraction(words[0], words[1]);
        let capacity = u64::from(self.candidates(range.start));
        let (left, all) = (u64::from(middle - range.start), range.len() as u64);
        let to_left = if self.rule.multapses {
            binomial(u, count, left, all)
        } else {
            hypergeometric(u, count, left * capacity, all * capacity)
        };
        self.split_total(range.start..middle, to_left, wanted, visit);
        self.split_total(middle..range.end, count - to_left, wanted, visit);
    }

    /// The number of targets in a range that a source can have.
    fn reachable(&self, source: u32, range: &Range<u32>) -> u32 {
        range.len() as u32 - u32::from(!self.rule.autapses && range.contains(&source))
    }

    /// Splits the synapses of one source among the targets in a range, down to small ranges, and draws those that
    /// overlap `wanted`.
    fn split_source(
        &self,
        source: u32,
        (range, depth): (Range<u32>, u32),
        count: u32,
        wanted: &Range<u32>,
        drawn: &mut Drawn,
        visit: &mut impl FnMut(&Pick),
    ) {
        if count == 0 || range.end <= wanted.start || range.start >= wanted.end {
            return;
        }
        if range.len() as u32 <= TARGETS_TOGETHER {
            return self.targets_of(source, &range, count, wanted, drawn, visit);
        }
        let middle = range.start + (range.end - range.start) / 2;
        let words = philox([source, range.start, self.number, TREE | 1 << 27 | depth], self.key);
        let u = fraction(words[0], words[1]);
        let left = u64::from(self.reachable(source, &(range.start..middle)));
        let all = u64::from(self.reachable(source, &range));
        let split = if self.rule.multapses { binomial } else { hypergeometric };
        let to_left = split(u, u64::from(count), left, all) as u32;
        self.split_source(source, (range.start..middle, depth + 1), to_left, wanted, drawn, visit);
        self.split_source(source, (middle..range.end, depth + 1), count - to_left, wanted, drawn, visit);
    }

    /// Draws the targets of one source in a small range.
    fn targets_of(
        &self,
        source: u32,
        range: &Range<u32>,
        count: u32,
        wanted: &Range<u32>,
        drawn: &mut Drawn,
        visit: &mut impl FnMut(&Pick),
    ) {
        let reachable = self.reachable(source, range);
        if reachable == 0 {
            return;
        }
        let skips_own = reachable < range.len() as u32;
        drawn.clear(reachable);
        let count = if self.rule.multapses { count } else { count.min(reachable) };
        for index in 0..count {
            let counter = [source, range.start, self.number, SYNAPSE | index];
            let words = philox(counter, self.key);
            let number = if self.rule.multapses {
                below(words[0], reachable)
            } else {
                drawn.draw(words[0], reachable - count + index)
            };
            let target = range.start + number;
            let target = target + u32::from(skips_own && target >= source);
            if wanted.contains(&target) {
                visit(&Pick { source, target, counter, words: Some(words) });
            }
        }
    }

    /// Skips from one source of a target to the next: the gaps are geometrically distributed.
    fn pairwise(&self, target: u32, p: f64, visit: &mut impl FnMut(&Pick)) {
        if p <= 0.0 {
            return;
        }
        let per_source = libm::log1p(-p);
        let (mut next, mut index) = (0_u64, 0_u32);
        loop {
            let counter = [target, index, self.number, SYNAPSE];
            let words = philox(counter, self.key);
            // With p = 1 the logarithm is infinite, and no source is skipped.
            let skipped = libm::log1p(-fraction(words[0], words[3])) / per_source;
            next = next.saturating_add(skipped as u64);
            if next >= self.from.len() as u64 {
                return;
            }
            let source = self.from.start + next as u32;
            if self.rule.autapses || source != target {
                visit(&Pick { source, target, counter, words: Some(words) });
            }
            next += 1;
            index += 1;
        }
    }

    fn by_distance(
        &self,
        target: u32,
        profile: Profile,
        extent: Option<&[f32; 3]>,
        visit: &mut impl FnMut(&Pick),
    ) {
        let mut words = [0; 4];
        for source in self.from.clone() {
            let number = source - self.from.start;
            if number.is_multiple_of(4) {
                words = philox([target, number / 4, self.number, PAIR], self.key);
            }
            let uniform = f64::from(words[(number % 4) as usize]) * (1.0 / 4_294_967_296.0);
            if uniform < profile.probability(self.distance_squared(source, target, extent)) {
                self.pair(source, target, visit);
            }
        }
    }

    /// A pair of which there is at most one synapse.
    fn pair(&self, source: u32, target: u32, visit: &mut impl FnMut(&Pick)) {
        if self.rule.autapses || source != target {
            let counter = [target, source, self.number, SYNAPSE];
            visit(&Pick { source, target, counter, words: None });
        }
    }

    fn listed(&self, targets: &Range<u32>, sources: &[u32], visit: &mut impl FnMut(&Pick)) {
        for target in targets.clone() {
            let within = (target - self.to.start) as usize;
            for &index in
                &self.by_target.order[self.by_target.starts[within]..self.by_target.starts[within + 1]]
            {
                let source = self.from.start + sources[index as usize];
                if !self.rule.autapses && source == target {
                    continue;
                }
                let counter = [index, 0, self.number, SYNAPSE];
                visit(&Pick { source, target, counter, words: None });
            }
        }
    }
}
