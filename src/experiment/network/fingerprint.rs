//! A fingerprint of a wiring, by which a checkpoint knows its network again.

use super::Wiring;
use super::distribution::{Distribution, DistributionKind};
use super::rule::{Profile, RuleKind};
use super::synapse::Delay;
use crate::experiment::spike_input::SpikeEffect;

/// Changes when the same description draws other synapses, or stores what will arrive in another unit.
const VERSION: u64 = 1;

/// A hash of numbers (FNV-1a over words of 64 bits).
struct Hash(u64);

impl Hash {
    fn add(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    fn all(&mut self, numbers: impl IntoIterator<Item = f64>) {
        numbers.into_iter().for_each(|number| self.add(number.to_bits()));
    }

    fn list(&mut self, numbers: &[u32]) {
        self.add(numbers.len() as u64);
        numbers.iter().for_each(|number| self.add(u64::from(*number)));
    }

    fn floats(&mut self, values: &[f32]) {
        self.list(bytemuck::cast_slice(values));
    }

    fn distribution(&mut self, Distribution(kind): &Distribution) {
        match kind {
            DistributionKind::Constant(value) => {
                self.add(1);
                self.all([*value]);
            }
            DistributionKind::Normal { mean, sd, clipped } => {
                self.add(2 + u64::from(*clipped));
                self.all([*mean, *sd]);
            }
            DistributionKind::Lognormal { mu, sigma, negative } => {
                self.add(4 + u64::from(*negative));
                self.all([*mu, *sigma]);
            }
            DistributionKind::Uniform { low, high } => {
                self.add(6);
                self.all([*low, *high]);
            }
            DistributionKind::List(values) => {
                self.add(7);
                self.floats(values);
            }
        }
    }

    fn rule(&mut self, kind: &RuleKind) {
        match kind {
            RuleKind::FixedIndegree(synapses) => self.list(&[1, *synapses]),
            RuleKind::FixedOutdegree(synapses) => self.list(&[2, *synapses]),
            RuleKind::FixedTotal(synapses) => {
                self.add(3);
                self.add(*synapses);
            }
            RuleKind::Pairwise(p) => {
                self.add(4);
                self.all([*p]);
            }
            RuleKind::OneToOne => self.add(5),
            RuleKind::AllToAll => self.add(6),
            RuleKind::Distance { profile, extent } => {
                let (number, p, length) = match profile {
                    Profile::Gaussian { p, sigma } => (7, *p, *sigma),
                    Profile::Exponential { p, length } => (8, *p, *length),
                    Profile::Step { p, radius } => (9, *p, *radius),
                };
                self.add(number);
                self.all([p, length]);
                self.floats(extent.as_ref().map_or(&[], |extent| extent));
            }
            RuleKind::List { sources, targets } => {
                self.add(10);
                self.list(sources);
                self.list(targets);
            }
        }
    }
}

impl Wiring {
    /// Returns a number that differs for different wirings.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hash = Hash(0xcbf2_9ce4_8422_2325);
        hash.add(VERSION);
        hash.add(self.seed);
        let sizes: Vec<u32> = self.groups.iter().map(|group| group.size).collect();
        hash.list(&sizes);
        self.positions.iter().for_each(|position| hash.floats(position));
        for projection in &self.projections {
            hash.list(&[projection.from.first, projection.to.first]);
            hash.rule(&projection.rule.kind);
            hash.list(&[u32::from(projection.rule.autapses), u32::from(projection.rule.multapses)]);
            let synapse = &projection.synapse;
            hash.add(match synapse.effect {
                SpikeEffect::Current => 1,
                SpikeEffect::Potential => 2,
            });
            hash.distribution(&synapse.weight);
            match &synapse.delay {
                Delay::Smallest => hash.add(1),
                Delay::Drawn(delay) => hash.distribution(delay),
                Delay::OfDistance { velocity, constant } => hash.all([*velocity, *constant]),
            }
            hash.all(synapse.unit);
            hash.floats(synapse.factors.as_ref().map_or(&[], |factors| factors));
        }
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::network::{Group, Projection, Wiring};
    use crate::{Distribution, Rule, Synapse};

    #[test]
    fn every_part_of_a_wiring_is_in_its_fingerprint() {
        let group = |first, size| Group { name: "cells".into(), first, size };
        let wiring = |rule: Rule, synapse: Synapse| Wiring {
            groups: vec![group(0, 4), group(4, 3)],
            projections: vec![Projection { from: group(0, 4), to: group(4, 3), rule, synapse }],
            positions: Vec::new(),
            seed: 0,
        };
        let rule = || Rule::fixed_indegree(3);
        let synapse = || Synapse::current(1.0).delay(1.0);
        let mut all = vec![
            wiring(rule(), synapse()),
            wiring(Rule::fixed_indegree(4), synapse()),
            wiring(Rule::fixed_outdegree(3), synapse()),
            wiring(rule().without_autapses(), synapse()),
            wiring(rule().without_multapses(), synapse()),
            wiring(Rule::list([0, 1], [1, 0]), synapse()),
            wiring(Rule::list([1, 0], [0, 1]), synapse()),
            wiring(rule(), Synapse::jump(1.0).delay(1.0)),
            wiring(rule(), Synapse::current(2.0).delay(1.0)),
            wiring(rule(), Synapse::current(1.0).delay(1.1)),
            wiring(rule(), Synapse::current(Distribution::normal(1.0, 0.1)).delay(1.0)),
            wiring(rule(), synapse().unit(0.5)),
            wiring(rule(), synapse().factors([2.0])),
        ];
        all.push(Wiring { seed: 1, ..all[0].clone() });
        all.push(Wiring { positions: vec![[0.0; 3]; 7], ..all[0].clone() });
        let prints: std::collections::HashSet<u64> = all.iter().map(Wiring::fingerprint).collect();
        assert_eq!(prints.len(), all.len());
        assert_eq!(all[0].fingerprint(), wiring(rule(), synapse()).fingerprint());
    }
}
