//! Connections whose probability depends on distance.

use super::Description;
use super::description::{Projection, Rule};
use super::entries::Entry;
use super::file::{matrix, probability};
use super::positions::lengths;
use crate::failure::Failure;
use lif::Profile;
use lif::random::philox;

/// What the rule can be.
const FORM: &str = "it must have one of gaussian = { p = P, sigma = LENGTH }, exponential = { p = P, length = LENGTH } \
                    and step = { p = P, radius = LENGTH }, and can have periodic = [WIDTH, HEIGHT]";

/// The most pairs that are looked at for a mean probability.
const MOST_PAIRS: usize = 1 << 20;

/// Reads the rule for each pair of groups, target by target; `None` where they are not connected.
pub fn rules(entry: &Entry<'_>, sources: usize, targets: usize) -> Result<Vec<Option<Rule>>, Failure> {
    if !entry.is_table() {
        return Err(entry.refusal(FORM));
    }
    let mut entries = entry.entries()?;
    let periodic = entries.take("periodic").map(|extent| lengths(&extent)).transpose()?;
    let profiles = [("gaussian", "sigma"), ("exponential", "length"), ("step", "radius")];
    let given = profiles.map(|(name, length)| entries.take(name).map(|profile| (profile, length)));
    entries.finish()?;
    let mut given = given.into_iter().flatten();
    let (Some((profile, key)), None) = (given.next(), given.next()) else {
        return Err(entry.refusal(FORM));
    };
    if !profile.is_table() {
        return Err(profile.refusal(FORM));
    }
    let mut entries = profile.entries()?;
    let p = matrix(&entries.need("p")?, sources, targets)?;
    let of_length = entries.need(key)?;
    let length = of_length.number()?;
    if length <= 0.0 {
        return Err(of_length.refusal("it must be above 0"));
    }
    entries.finish()?;
    let rule = |p: &Entry<'_>| {
        let p = probability(p)?;
        let profile = match key {
            "sigma" => Profile::Gaussian { p, sigma: length },
            "length" => Profile::Exponential { p, length },
            _ => Profile::Step { p, radius: length },
        };
        let periodic = periodic.map(|extent| extent.map(|length| length as f32));
        Ok((p > 0.0).then_some(Rule::ByDistance { profile, periodic }))
    };
    p.iter().map(rule).collect()
}

/// The rule as it is written in a file.
pub fn written(profile: Profile, periodic: Option<[f32; 3]>) -> String {
    let (name, p, key, length) = match profile {
        Profile::Gaussian { p, sigma } => ("gaussian", p, "sigma", sigma),
        Profile::Exponential { p, length } => ("exponential", p, "length", length),
        Profile::Step { p, radius } => ("step", p, "radius", radius),
    };
    let periodic = periodic.map_or_else(String::new, |extent| format!(", periodic = {extent:?}"));
    format!("{{ by-distance = {{ {name} = {{ p = {p:?}, {key} = {length:?} }}{periodic} }} }}")
}

/// The rule of the library.
pub fn rule(profile: Profile, periodic: Option<[f32; 3]>) -> lif::Rule {
    match periodic {
        None => lif::Rule::by_distance(profile),
        Some(extent) => lif::Rule::by_periodic_distance(profile, extent),
    }
}

impl Description {
    /// The mean probability that a pair of this projection is connected, of all pairs or of some drawn at random.
    pub(super) fn mean_probability(&self, projection: &Projection, rule: &lif::Rule) -> f64 {
        let group = |index: usize| {
            let first: usize = self.groups.iter().take(index).map(|group| group.size).sum();
            self.groups.get(index).map(|group| (first, group))
        };
        let (Some((first_source, from)), Some((first_target, to))) =
            (group(projection.from), group(projection.to))
        else {
            return 0.0;
        };
        let seed = self.seed.unwrap_or(0);
        let at = |first: usize, group: &super::description::Group, neuron: usize| {
            let positions = group.positions.as_ref();
            positions.map_or([0.0; 3], |positions| positions.at(neuron, first + neuron, seed))
        };
        let pairs = from.size.saturating_mul(to.size);
        let looked_at = pairs.min(MOST_PAIRS);
        let pair = |index: usize| {
            if looked_at == pairs {
                return (index % from.size, index / from.size);
            }
            let words = philox([index as u32, 0, 0, 0], [0, 0]);
            (words[0] as usize % from.size, words[1] as usize % to.size)
        };
        let is_possible = |(source, target): &(usize, usize)| {
            projection.autapses || projection.from != projection.to || source != target
        };
        let (mut sum, mut count) = (0.0, 0.0_f64);
        for (source, target) in (0..looked_at).map(pair).filter(is_possible) {
            let ends = (at(first_source, from, source), at(first_target, to, target));
            sum += rule.probability(ends.0, ends.1).unwrap_or(0.0);
            count += 1.0;
        }
        sum / count.max(1.0)
    }
}
