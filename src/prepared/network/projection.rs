//! A checked projection: the weight and the delay of each synapse that its rule draws.

use super::PAGE;
use super::chance::fraction;
use super::rules::MOST_OUTDEGREE;
use crate::data::memory;
use crate::error::{Error, Result};
use crate::experiment::network::distribution::{Distribution, DistributionKind};
use crate::experiment::network::rule::{Profile, Rule, RuleKind, distance_squared};
use crate::experiment::network::synapse::Delay;
use crate::experiment::network::{Projection as Described, Wiring};
use crate::experiment::params::{Params, SynapseRule};
use crate::experiment::spike_input::SpikeEffect;
use crate::model::random::{self, philox};
use crate::model::{LARGEST_PARAMETER, tables};
use std::ops::Range;
use std::sync::Arc;

/// The longest delay, in steps: a ring with a place for each step of it lies beside the state of each cell.
pub(crate) const MOST_DELAY_STEPS: u32 = 1 << 16;

/// No draw from the normal distribution is farther from the mean than this many standard deviations.
const FURTHEST: f64 = 6.5;

/// A constant delay that rounding to steps changes by more than this part of itself is reported.
const NOTABLE: f64 = 1e-3;

/// What is drawn again, in the key of its draws.
const WEIGHT: u32 = 1 << 28;
const DELAY: u32 = 2 << 28;

/// A synapse that a rule has drawn.
#[derive(Debug)]
pub(super) struct Pick {
    pub(super) source: u32,
    pub(super) target: u32,
    /// Its own counter; of a list, the first word is its index.
    pub(super) counter: [u32; 4],
    /// The random words of the counter, if the rule needed them.
    pub(super) words: Option<[u32; 4]>,
}

/// A checked projection.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    pub(super) number: u32,
    pub(super) from: Range<u32>,
    pub(super) to: Range<u32>,
    pub(super) rule: Rule,
    pub(super) key: [u32; 2],
    pub(super) by_target: Arc<ByTarget>,
    pub(crate) effect: SpikeEffect,
    /// The channels of positive and of negative weights.
    pub(super) channels: [usize; 2],
    weight: Distribution,
    delay: Delay,
    normal: &'static [[f32; 2]; tables::NORMAL_INTERVALS],
    dt: f64,
    synapse_rule: SynapseRule,
    pub(super) positions: Arc<Vec<[f32; 3]>>,
}

/// The order of the synapses of a list by their targets.
#[derive(Debug, Default)]
pub(super) struct ByTarget {
    pub(super) starts: Vec<usize>,
    pub(super) order: Vec<u32>,
}

impl ByTarget {
    fn new(targets: &[u32], size: usize) -> Self {
        let mut starts = vec![0; size + 1];
        for target in targets {
            starts[*target as usize + 1] += 1;
        }
        for target in 0..size {
            starts[target + 1] += starts[target];
        }
        let mut next = starts.clone();
        let mut order = vec![0; targets.len()];
        for (index, target) in (0..).zip(targets) {
            order[next[*target as usize]] = index;
            next[*target as usize] += 1;
        }
        Self { starts, order }
    }
}

impl Projection {
    /// Checks a projection.
    pub(super) fn new(
        number: u32,
        described: &Described,
        wiring: &Wiring,
        positions: &Arc<Vec<[f32; 3]>>,
        params: &Params,
        channels: [usize; 2],
    ) -> Result<Self> {
        let range = |group: &crate::experiment::network::Group| group.first..group.first + group.size;
        let (from, to) = (range(&described.from), range(&described.to));
        let name = format!("from {} to {}", described.from.name, described.to.name);
        let synapse = &described.synapse;
        let synapses = check_rule(&name, described, positions)?;
        check_distribution(&format!("the weights {name}"), "nA or mV", &synapse.weight, synapses)?;
        if let Delay::Drawn(delay) = &synapse.delay {
            check_distribution(&format!("the delays {name}"), "ms", delay, synapses)?;
        }
        let by_target = match &described.rule.kind {
            RuleKind::List { targets, .. } => {
                let bytes = 16 * (to.len() as u64 + 1) + 4 * targets.len() as u64;
                memory::require("the order of a list of synapses", bytes, "take a smaller network")?;
                ByTarget::new(targets, to.len())
            }
            _ => ByTarget::default(),
        };
        let seed = random::key(wiring.seed);
        let projection = Self {
            number,
            from,
            to,
            rule: described.rule.clone(),
            // Draws of random sources have the seed itself as their key.
            key: [seed[0] ^ 0x6e65_7477, seed[1] ^ 0x6f72_6b73],
            by_target: Arc::new(by_target),
            effect: synapse.effect,
            channels,
            weight: synapse.weight.clone(),
            delay: synapse.delay.clone(),
            normal: tables::normal(),
            dt: params.dt,
            synapse_rule: params.synapse_rule,
            positions: Arc::clone(positions),
        };
        projection.check_delays(&name)?;
        projection.refuse_repeated(&name, described)?;
        Ok(projection)
    }

    /// The smallest delay, in steps. A spike arrives in a step after its own. What is added at the beginning of that step
    /// has arrived without a delay; a jump, and a current that spikes clear, are added after the membrane equation.
    fn smallest_delay(&self) -> u32 {
        match (self.effect, self.synapse_rule) {
            (SpikeEffect::Current, SynapseRule::Independent) => 0,
            (SpikeEffect::Potential, _) | (SpikeEffect::Current, SynapseRule::Cleared) => 1,
        }
    }

    /// The number of steps from the step of a spike to the one in which it arrives, for a delay of 0 steps.
    fn first_arrival(&self) -> u32 {
        1 - self.smallest_delay()
    }

    /// Rounds a delay to steps, at least to the smallest of them.
    fn steps(&self, delay: f64) -> u32 {
        // The cast takes what is too large to the largest number, and what is negative to 0.
        ((delay / self.dt + 0.5) as u32).max(self.smallest_delay())
    }

    fn check_delays(&self, name: &str) -> Result<()> {
        let what = format!("the delays {name}");
        let smallest = self.smallest_delay();
        let refuse_small = |what_is: &str, value: f64| {
            let requirement =
                format!("at least half a step ({} ms), as shorter delays are drawn again", self.dt / 2.0);
            Err(Error::out_of_range(&format!("the {what_is} of {what}"), format!("{value} ms"), requirement))
        };
        let refuse_short = |shortest: f64| {
            let why = match self.effect {
                SpikeEffect::Potential => "a jump acts after its spike",
                SpikeEffect::Current => {
                    "spikes are added at the end of a step where spikes clear the synapse"
                }
            };
            let requirement = match smallest {
                0 => "0 or more".to_owned(),
                _ => format!("at least one step ({} ms), as {why}", self.dt),
            };
            Err(Error::out_of_range(&what, format!("{shortest} ms"), requirement))
        };
        let is_short = |delay: f64| delay < 0.0 || (delay / self.dt).round() < f64::from(smallest);
        let (shortest, longest) = match &self.delay {
            Delay::Smallest => return Ok(()),
            Delay::OfDistance { velocity, constant } => {
                if !constant.is_finite() {
                    let what = format!("the constant part of the delays {name}");
                    return Err(Error::out_of_range(&what, format!("{constant} ms"), "finite"));
                }
                if !(velocity.is_finite() && *velocity > 0.0) {
                    let what = format!("the velocity of the delays {name}");
                    return Err(Error::out_of_range(&what, velocity, "a number above 0"));
                }
                if self.positions.is_empty() {
                    return Err(no_positions(name));
                }
                (*constant, constant + self.largest_distance() / velocity)
            }
            Delay::Drawn(Distribution(kind)) => match kind {
                DistributionKind::Constant(delay) => {
                    let rounded = (delay / self.dt).round() * self.dt;
                    if (rounded - delay).abs() > NOTABLE * delay.abs() {
                        log::warn!(
                            "{what} are {delay} ms, rounded to {} steps: {} ms",
                            self.steps(*delay),
                            rounded as f32
                        );
                    }
                    (*delay, *delay)
                }
                DistributionKind::Normal { mean, sd, clipped: true } => {
                    if is_short(*mean) {
                        return refuse_short(*mean);
                    }
                    (self.dt * f64::from(smallest), mean + FURTHEST * sd)
                }
                DistributionKind::Normal { mean, sd, clipped: false } => {
                    // Draws that are too short are repeated, which must come to an end.
                    if *mean < self.dt * 0.5 {
                        return refuse_small("mean", *mean);
                    }
                    (self.dt * f64::from(smallest), mean + FURTHEST * sd)
                }
                DistributionKind::Lognormal { mu, sigma, negative } => {
                    if *negative {
                        return refuse_short(-libm::exp(*mu));
                    }
                    if libm::exp(*mu) < self.dt * 0.5 {
                        return refuse_small("median", libm::exp(*mu));
                    }
                    (self.dt, libm::exp(mu + FURTHEST * sigma))
                }
                DistributionKind::Uniform { low, high } => (*low, *high),
                DistributionKind::List(values) => {
                    values.iter().fold((f64::MAX, 0.0), |(low, high), value| {
                        (f64::from(*value).min(low), f64::from(*value).max(high))
                    })
                }
            },
        };
        if is_short(shortest) && shortest != f64::MAX {
            return refuse_short(shortest);
        }
        if longest / self.dt > f64::from(MOST_DELAY_STEPS - 1) {
            let requirement = format!(
                "at most {} steps ({} ms)",
                MOST_DELAY_STEPS - 1,
                (f64::from(MOST_DELAY_STEPS - 1) * self.dt) as f32
            );
            return Err(Error::out_of_range(&what, format!("up to {} ms", longest as f32), requirement));
        }
        Ok(())
    }

    /// The fewest and the most steps from a spike's step to the one in which it arrives. Draws need not reach the bounds.
    pub(super) fn arrival_bounds(&self) -> (u32, u32) {
        let first = self.first_arrival();
        let (shortest, longest) = match &self.delay {
            Delay::Smallest => (self.smallest_delay(), self.smallest_delay()),
            Delay::OfDistance { velocity, constant } => {
                (self.steps(*constant), self.steps(constant + self.largest_distance() / velocity))
            }
            Delay::Drawn(Distribution(kind)) => match kind {
                DistributionKind::Constant(delay) => (self.steps(*delay), self.steps(*delay)),
                DistributionKind::Normal { mean, sd, clipped } => {
                    let shortest = if *clipped { self.smallest_delay() } else { 1 };
                    (shortest, self.steps(mean + FURTHEST * sd))
                }
                DistributionKind::Lognormal { mu, sigma, .. } => {
                    (1, self.steps(libm::exp(mu + FURTHEST * sigma)))
                }
                DistributionKind::Uniform { low, high } => (self.steps(*low), self.steps(*high)),
                DistributionKind::List(values) => {
                    let steps = values.iter().map(|delay| self.steps(f64::from(*delay)));
                    let (low, high) =
                        steps.fold((u32::MAX, 0), |(low, high), steps| (steps.min(low), steps.max(high)));
                    if values.is_empty() { (1, 1) } else { (low, high) }
                }
            },
        };
        (shortest + first, longest + first)
    }

    /// The most steps until a spike acts, if no synapse is stored apart from others because of its delay and draws do
    /// not exceed the usual by far.
    pub(super) fn arrival_bound(&self) -> Option<u32> {
        let (shortest, longest) = self.arrival_bounds();
        let is_lognormal =
            matches!(self.delay, Delay::Drawn(Distribution(DistributionKind::Lognormal { .. })));
        (shortest / PAGE == longest / PAGE && !is_lognormal).then_some(longest)
    }

    /// The weight and the steps until a spike acts, if all synapses share them.
    pub(super) fn shared(&self) -> Option<(f32, u32)> {
        let DistributionKind::Constant(weight) = self.weight.0 else { return None };
        match &self.delay {
            Delay::Smallest | Delay::Drawn(Distribution(DistributionKind::Constant(_))) => {
                Some((weight as f32, self.arrival_bounds().0))
            }
            Delay::Drawn(_) | Delay::OfDistance { .. } => None,
        }
    }

    /// A bound of the magnitude of the weights that is not much larger than they are, with their sign if they all have
    /// the same; `None` for other distributions.
    pub(super) fn weight_bound(&self) -> Option<f32> {
        match &self.weight.0 {
            DistributionKind::Normal { mean, sd, .. } if *mean != 0.0 => {
                Some((mean + FURTHEST * sd * mean.signum()) as f32)
            }
            DistributionKind::Uniform { low, high } if *low >= 0.0 => Some(*high as f32),
            DistributionKind::Uniform { low, high } if *high <= 0.0 => Some(*low as f32),
            _ => None,
        }
    }

    /// The weight of a synapse.
    #[inline]
    pub(super) fn weight(&self, pick: &Pick) -> f32 {
        match &self.weight.0 {
            DistributionKind::Constant(weight) => *weight as f32,
            DistributionKind::Normal { mean, sd, clipped } => {
                let crosses = |value: f64| (*mean > 0.0 && value < 0.0) || (*mean < 0.0 && value > 0.0);
                let value = self.normal(*mean, *sd, self.words(pick)[1]);
                if !crosses(value) {
                    return value as f32;
                }
                if *clipped {
                    return 0.0;
                }
                self.again(pick, WEIGHT, |word| {
                    Some(self.normal(*mean, *sd, word)).filter(|value| !crosses(*value))
                }) as f32
            }
            DistributionKind::Lognormal { mu, sigma, negative } => {
                let magnitude = libm::exp(self.normal(*mu, *sigma, self.words(pick)[1]));
                (if *negative { -magnitude } else { magnitude }) as f32
            }
            DistributionKind::Uniform { low, high } => uniform(*low, *high, self.words(pick)[1]) as f32,
            DistributionKind::List(values) => values[pick.counter[0] as usize],
        }
    }

    /// The number of steps from a spike's step to the one in which it arrives.
    #[inline]
    pub(super) fn arrival(&self, pick: &Pick) -> u32 {
        self.delay(pick) + self.first_arrival()
    }

    /// The delay of a synapse, in steps.
    #[inline]
    pub(super) fn delay(&self, pick: &Pick) -> u32 {
        let delay = match &self.delay {
            Delay::Smallest => 0.0,
            Delay::OfDistance { velocity, constant } => {
                let extent = match &self.rule.kind {
                    RuleKind::Distance { extent, .. } => extent.as_ref(),
                    _ => None,
                };
                constant + self.distance_squared(pick.source, pick.target, extent).sqrt() / velocity
            }
            Delay::Drawn(Distribution(kind)) => match kind {
                DistributionKind::Constant(delay) => *delay,
                DistributionKind::Normal { mean, sd, clipped } => {
                    let value = self.normal(*mean, *sd, self.words(pick)[2]);
                    if *clipped || value >= 0.5 * self.dt {
                        value
                    } else {
                        self.again(pick, DELAY, |word| self.long_enough(self.normal(*mean, *sd, word)))
                    }
                }
                DistributionKind::Lognormal { mu, sigma, .. } => {
                    let value = libm::exp(self.normal(*mu, *sigma, self.words(pick)[2]));
                    self.long_enough(value).unwrap_or_else(|| {
                        self.again(pick, DELAY, |word| {
                            self.long_enough(libm::exp(self.normal(*mu, *sigma, word)))
                        })
                    })
                }
                DistributionKind::Uniform { low, high } => uniform(*low, *high, self.words(pick)[2]),
                DistributionKind::List(values) => f64::from(values[pick.counter[0] as usize]),
            },
        };
        self.steps(delay)
    }

    #[inline(always)]
    fn normal(&self, mean: f64, sd: f64, word: u32) -> f64 {
        mean + sd * f64::from(random::normal(word, self.normal))
    }

    fn long_enough(&self, delay: f64) -> Option<f64> {
        Some(delay).filter(|delay| *delay >= 0.5 * self.dt)
    }

    /// The random words of a synapse.
    #[inline]
    fn words(&self, pick: &Pick) -> [u32; 4] {
        pick.words.unwrap_or_else(|| philox(pick.counter, self.key))
    }

    /// Draws again until there is a value.
    #[cold]
    fn again(&self, pick: &Pick, purpose: u32, draw: impl Fn(u32) -> Option<f64>) -> f64 {
        // Half of all draws are good, so that this many in vain do not happen.
        for attempt in 0..64 {
            // The counter of a synapse has no room for more; each attempt has a key of its own.
            let key = [self.key[0] ^ (purpose | attempt), self.key[1]];
            if let Some(value) = philox(pick.counter, key).into_iter().find_map(&draw) {
                return value;
            }
        }
        0.0
    }

    /// The square of the distance between two neurons.
    pub(super) fn distance_squared(&self, source: u32, target: u32, extent: Option<&[f32; 3]>) -> f64 {
        let (from, to) = (self.positions[source as usize], self.positions[target as usize]);
        distance_squared(from, to, extent)
    }

    /// A bound of the distance between any source and any target.
    fn largest_distance(&self) -> f64 {
        let bounds = |range: &Range<u32>, axis: usize| {
            let all = self.positions[range.start as usize..range.end as usize].iter();
            all.fold((f64::MAX, f64::MIN), |(low, high), position| {
                (low.min(f64::from(position[axis])), high.max(f64::from(position[axis])))
            })
        };
        let squared = (0..3).map(|axis| {
            let (from, to) = (bounds(&self.from, axis), bounds(&self.to, axis));
            {
                let apart = (from.1 - to.0).max(to.1 - from.0);
                apart * apart
            }
        });
        squared.sum::<f64>().sqrt()
    }

    /// Refuses a list with repeated pairs where multapses are excluded.
    fn refuse_repeated(&self, name: &str, described: &Described) -> Result<()> {
        let RuleKind::List { sources, .. } = &described.rule.kind else { return Ok(()) };
        if self.rule.multapses {
            return Ok(());
        }
        for (target, ends) in self.by_target.starts.windows(2).enumerate() {
            let mut of_target: Vec<u32> =
                self.by_target.order[ends[0]..ends[1]].iter().map(|index| sources[*index as usize]).collect();
            of_target.sort_unstable();
            if let Some(pair) = of_target.windows(2).find(|pair| pair[0] == pair[1]) {
                let value = format!("more than one of source {} and target {target}", pair[0]);
                let what = format!("the list of synapses {name}");
                return Err(Error::out_of_range(&what, value, "without repeated pairs"));
            }
        }
        Ok(())
    }
}

fn uniform(low: f64, high: f64, word: u32) -> f64 {
    low + (high - low) * fraction(word, 0)
}

fn no_positions(name: &str) -> Error {
    let what = format!("the positions of the neurons {name}");
    Error::out_of_range(&what, "none", "set, as the synapses depend on distance")
}

/// Checks a rule. Returns the number of synapses, if it is a list.
fn check_rule(name: &str, described: &Described, positions: &[[f32; 3]]) -> Result<Option<usize>> {
    let (sources, targets) = (u64::from(described.from.size), u64::from(described.to.size));
    let Rule { kind, autapses, multapses } = &described.rule;
    let same = described.from.first == described.to.first;
    let own = u64::from(same && !autapses);
    let most = |what: String, value: u64, most: u64, why: &str| {
        if value <= most {
            return Ok(());
        }
        Err(Error::out_of_range(&what, value, format!("at most {most}{why}")))
    };
    // The limit of a number of synapses onto so many different neurons, and the reason for it.
    let limit = |distinct: u64, in_all: u64| match (distinct, *multapses) {
        (0, _) => (0, ", as no neuron is connected to itself"),
        (_, true) => (in_all, ""),
        (_, false) => (distinct.min(in_all), ", as no pair is connected twice"),
    };
    let probability = |p: f64| {
        if (0.0..=1.0).contains(&p) {
            return Ok(());
        }
        let what = format!("the probability of a connection {name}");
        Err(Error::out_of_range(&what, p, "from 0 to 1"))
    };
    match kind {
        RuleKind::FixedIndegree(synapses) => {
            let distinct = sources - own;
            let (limit, why) = limit(distinct, u64::MAX);
            most(format!("the in-degree {name}"), u64::from(*synapses), limit, why)?;
        }
        RuleKind::FixedOutdegree(synapses) => {
            let distinct = targets - own;
            let (limit, why) = limit(distinct, u64::from(MOST_OUTDEGREE));
            most(format!("the out-degree {name}"), u64::from(*synapses), limit, why)?;
        }
        RuleKind::FixedTotal(synapses) => {
            let pairs = targets * (sources - own);
            let (limit, why) = limit(pairs, 1 << 60);
            most(format!("the number of synapses {name}"), *synapses, limit, why)?;
        }
        RuleKind::Pairwise(p) => probability(*p)?,
        RuleKind::Distance { profile, extent } => {
            let (p, (what, length)) = match profile {
                Profile::Gaussian { p, sigma } => (*p, ("sigma", *sigma)),
                Profile::Exponential { p, length } => (*p, ("length", *length)),
                Profile::Step { p, radius } => (*p, ("radius", *radius)),
            };
            probability(p)?;
            if !(length.is_finite() && length > 0.0) {
                let what = format!("the {what} of the connections {name}");
                return Err(Error::out_of_range(&what, length, "a number above 0"));
            }
            if let Some(length) =
                extent.iter().flatten().find(|length| !(length.is_finite() && **length >= 0.0))
            {
                let what = format!("the periodic extent {name}");
                return Err(Error::out_of_range(&what, length, "0 or more"));
            }
            if positions.is_empty() {
                return Err(no_positions(name));
            }
        }
        RuleKind::OneToOne => {
            if sources != targets {
                let what = format!("the number of targets {name}");
                let requirement = format!("{sources}, as of the sources, to connect them one to one");
                return Err(Error::out_of_range(&what, targets, requirement));
            }
        }
        RuleKind::AllToAll => {}
        RuleKind::List { sources: from, targets: to } => {
            if from.len() != to.len() {
                let what = format!("the targets in the list of synapses {name}");
                return Err(Error::shape(
                    &what,
                    format!("[{}] (one for each source)", from.len()),
                    &[to.len()],
                ));
            }
            most(
                format!("the number of synapses in the list {name}"),
                from.len() as u64,
                u64::from(u32::MAX),
                "",
            )?;
            for (what, numbers, size) in [("source", from, sources), ("target", to, targets)] {
                if let Some(index) = numbers.iter().position(|number| u64::from(*number) >= size) {
                    let what = format!("the {what} of synapse {index} {name}");
                    let requirement = format!("below {size}, the number of neurons in the group");
                    return Err(Error::out_of_range(&what, numbers[index], requirement));
                }
            }
            return Ok(Some(from.len()));
        }
    }
    Ok(None)
}

/// Checks a distribution of weights or delays; `synapses` is the length of a list of synapses.
fn check_distribution(what: &str, unit: &str, values: &Distribution, synapses: Option<usize>) -> Result<()> {
    let largest = f64::from(LARGEST_PARAMETER);
    let bounded = |value: f64| {
        if value.is_finite() && value.abs() <= largest {
            return Ok(());
        }
        let requirement = format!("finite, and at most {LARGEST_PARAMETER:e} in magnitude");
        Err(Error::out_of_range(what, format!("{value} {unit}"), requirement))
    };
    let spread = |name: &str, value: f64| {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(Error::out_of_range(&format!("the {name} of {what}"), value, "0 or more"))
    };
    match &values.0 {
        DistributionKind::Constant(value) => bounded(*value),
        DistributionKind::Normal { mean, sd, .. } => {
            spread("standard deviation", *sd)?;
            bounded(*mean)?;
            bounded(mean.abs() + FURTHEST * sd)
        }
        DistributionKind::Lognormal { mu, sigma, .. } => {
            spread("standard deviation of the logarithm", *sigma)?;
            bounded(*mu)?;
            bounded(libm::exp(mu + FURTHEST * sigma))
        }
        DistributionKind::Uniform { low, high } => {
            bounded(*low)?;
            bounded(*high)?;
            if low > high {
                return Err(Error::out_of_range(what, format!("from {low} to {high}"), "from low to high"));
            }
            Ok(())
        }
        DistributionKind::List(values) => match synapses {
            Some(synapses) if synapses == values.len() => {
                match values.iter().position(|value| !value.is_finite() || value.abs() > LARGEST_PARAMETER) {
                    None => Ok(()),
                    Some(index) if values[index].is_finite() => {
                        let value = format!("{} {unit} at index {index}", values[index]);
                        let requirement = format!("at most {LARGEST_PARAMETER:e} in magnitude");
                        Err(Error::out_of_range(what, value, requirement))
                    }
                    Some(index) => Err(Error::NonFinite {
                        argument: None,
                        what: what.to_owned(),
                        place: format!(" at index {index}"),
                        value: values[index],
                    }),
                }
            }
            Some(synapses) => {
                Err(Error::shape(what, format!("[{synapses}] (one for each synapse)"), &[values.len()]))
            }
            None => {
                Err(Error::out_of_range(what, "a list", "a distribution, unless the synapses are a list"))
            }
        },
    }
}
