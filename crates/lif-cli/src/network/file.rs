//! Networks in TOML files.

use super::Description;
use super::description::{Distribution, Effect, Projection, Rule, total_of};
use super::distance;
use super::edges::Edges;
use super::entries::{Entries, Entry, Source};
use super::groups::{self, Base};
use super::listed;
use super::presets;
use super::sweep::Names;
use crate::failure::Failure;
use crate::quantity::{MS, MV, NA, Unit};
use crate::settings::rules;
use crate::terminal::figures::counted;
use toml::de::{DeTable, DeValue};

/// The tables of a network.
const TABLES: [&str; 5] = ["network", "sweep", "neurons", "groups", "projections"];

/// The most pairs of groups of a projection.
const MOST_PAIRS: usize = 1_000_000;

/// What a distribution can be.
const DISTRIBUTIONS: &str = "it must be a number or one of { normal = [mean, sd] }, { normal-clipped = [mean, sd] }, \
                             { lognormal = [mu, sigma] }, { negative-lognormal = [mu, sigma] } and { uniform = [low, \
                             high] }";

/// What a rule can be.
pub(super) const RULES: &str = "it must be one of { fixed-indegree = N }, { fixed-outdegree = N }, { fixed-total = N }, { pairwise \
                     = P }, { by-distance = { PROFILE = { p = P, LENGTH } } }, { list = FILE }, \"one-to-one\" and \"all-to-all\"";

/// Whether a settings file describes a network.
pub fn is_network(text: &str) -> bool {
    DeTable::parse(text).is_ok_and(|table| {
        table.get_ref().iter().any(|(key, value)| is_of_network(key.get_ref(), value.get_ref()))
    })
}

/// Whether an entry of a settings file is part of a network. The number of neurons is a setting, and their
/// parameters are a table.
pub fn is_of_network(key: &str, value: &DeValue<'_>) -> bool {
    let is_table = matches!(value, DeValue::Table(_));
    match key {
        "groups" | "projections" => true,
        _ => TABLES.contains(&key) && is_table,
    }
}

/// Reads the network in a settings file; `name` is the file in messages.
pub fn read(text: &str, name: &str) -> Result<Description, Failure> {
    let table = DeTable::parse(text)
        .map_err(|error| Failure::fault(format!("{name}: {}", error.message().trim().replace('\n', ", "))))?;
    let source = Source { name, text };
    let all = source.entries(table.get_ref());
    let find = |key: &str| all.iter().find(|entry| entry.key == key);
    let mut description = Description::new(name, 0.0);
    let names =
        find("sweep").filter(|sweep| sweep.is_table()).map(Names::read).transpose()?.unwrap_or_default();
    let base = match find("neurons").filter(|neurons| neurons.is_table()) {
        None => Base::default(),
        Some(neurons) => {
            let mut entries = neurons.entries()?;
            let base = groups::parameters(&mut entries, &Base::default(), &names)?;
            entries.finish()?;
            base
        }
    };
    let Some(groups) = find("groups") else {
        return Err(Failure::usage(format!("{name}: a network needs groups: add [groups.NAME] with a size")));
    };
    let mut presets: Vec<_> = base.preset.clone().into_iter().collect();
    for group in groups.table()? {
        let found = groups::group(&group, &base, &names)?;
        let index = description.groups.len();
        description.sweep.groups.extend(found.swept.into_iter().map(|(what, key)| (index, what, key)));
        description.groups.push(found.group);
        presets.extend(found.preset);
        description.in_file.groups.push(group.place());
    }
    if description.groups.is_empty() {
        return Err(groups.refusal("a network needs at least one group"));
    }
    let network = find("network").filter(|network| network.is_table());
    let said = network.map(Entry::table).transpose()?.unwrap_or_default();
    presets::settle(&mut description, &presets, &|key| said.iter().any(|entry| entry.option() == key))?;
    let v_reference = match network {
        Some(network) => of_all(network.entries()?, &mut description)?,
        None => None,
    };
    description.v_reference =
        v_reference.or_else(|| description.groups.first().map(|group| group.neurons.v_rest)).unwrap_or(0.0);
    if let Some(projections) = find("projections") {
        let Some(all) = projections.values() else {
            return Err(projections.refusal("it must be a list of tables; write [[projections]]"));
        };
        for projection in all {
            add(&projection, &mut description, &names)?;
        }
    }
    description.sweep.keys = names.keys()?;
    Ok(description)
}

/// What is the same for all groups. Returns the reference of the potentials, if it is given.
fn of_all(mut entries: Entries<'_>, description: &mut Description) -> Result<Option<f64>, Failure> {
    if let Some(dt) = entries.take("dt") {
        description.dt = above_zero(&dt, dt.number_in(MS)?)?;
    }
    description.seed = entries.take("seed").map(|entry| entry.count()).transpose()?;
    let v_reference = entries.number_in("v-reference", MV)?;
    if let Some(integrator) = entries.take("integrator") {
        description.integrator = integrator.choice::<rules::Integrator>()?.into();
    }
    if let Some(test) = entries.take("spike-test") {
        description.spike_test = test.choice::<rules::SpikeTest>()?.into();
    }
    if let Some(reset) = entries.take("reset") {
        description.reset = reset.choice::<rules::Reset>()?.into();
    }
    if let Some(refractory) = entries.take("refractory") {
        description.refractory = refractory.choice::<rules::Refractory>()?.into();
    }
    if let Some(rule) = entries.take("synapse-rule") {
        description.synapse_rule = rule.choice::<rules::SynapseRule>()?.into();
    }
    if let Some(shape) = entries.take("synapse-shape") {
        description.synapse_shape = shape.choice::<rules::SynapseShape>()?.into();
    }
    entries.finish()?;
    Ok(v_reference)
}

fn above_zero(entry: &Entry<'_>, value: f64) -> Result<f64, Failure> {
    if value > 0.0 { Ok(value) } else { Err(entry.refusal("it must be above 0")) }
}

pub fn effect(entry: &Entry<'_>) -> Result<Effect, Failure> {
    match entry.string()? {
        "jump" => Ok(Effect::Jump),
        "current" => Ok(Effect::Current),
        _ => Err(entry.refusal("it must be \"jump\", of mV, or \"current\", of nA")),
    }
}

/// The unit of weights.
pub fn unit_of(effect: Effect) -> Unit {
    match effect {
        Effect::Jump => MV,
        Effect::Current => NA,
    }
}

/// The only entry of a table; `form` is the form of what there should be.
pub fn only<'a>(entry: &Entry<'a>, form: &str) -> Result<Entry<'a>, Failure> {
    let refusal = || entry.refusal(form);
    if !entry.is_table() {
        return Err(refusal());
    }
    let mut entries = entry.table()?;
    match (entries.pop(), entries.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(refusal()),
    }
}

fn distribution(entry: &Entry<'_>, unit: Unit) -> Result<Distribution, Failure> {
    if entry.is_single() {
        return Ok(Distribution::Constant(entry.number_in(unit)?));
    }
    let kind = only(entry, DISTRIBUTIONS)?;
    let (in_unit, plain) = (|entry: &Entry<'_>| entry.number_in(unit), |entry: &Entry<'_>| entry.number());
    match kind.option().as_str() {
        "normal" => kind.pair(in_unit).map(|(mean, sd)| Distribution::Normal { mean, sd }),
        "normal-clipped" => kind.pair(in_unit).map(|(mean, sd)| Distribution::NormalClipped { mean, sd }),
        "lognormal" => kind.pair(plain).map(|(mu, sigma)| Distribution::Lognormal { mu, sigma }),
        "negative-lognormal" => {
            kind.pair(plain).map(|(mu, sigma)| Distribution::NegativeLognormal { mu, sigma })
        }
        "uniform" => kind.pair(in_unit).map(|(low, high)| Distribution::Uniform { low, high }),
        _ => Err(entry.refusal(DISTRIBUTIONS)),
    }
}

/// Adds the projections of a table: from each of some groups to each of some groups.
fn add(entry: &Entry<'_>, description: &mut Description, names: &Names<'_>) -> Result<(), Failure> {
    let is_drawn = |own: &&Entry<'_>| ["weight", "delay"].contains(&own.key.as_str());
    entry.table()?.iter().filter(is_drawn).try_for_each(|own| names.refuse(own))?;
    let mut entries = entry.entries()?;
    let from = groups(&entries.need("from")?, description)?;
    let to = groups(&entries.need("to")?, description)?;
    let rule = entries.need("rule")?;
    let effect = effect(&entries.need("effect")?)?;
    let list = listed::list(&rule, &from, &to, unit_of(effect), description)?;
    let listed =
        |key: &str, entry: Option<Entry<'_>>, unit: Unit, values: Option<&Vec<f32>>| match (entry, values) {
            (Some(entry), Some(_)) => {
                Err(entry.refusal(format!("the list has a {key} for each synapse; leave this out")))
            }
            (Some(entry), None) => distribution(&entry, unit).map(Some),
            (None, Some(_)) => Ok(Some(Distribution::Listed)),
            (None, None) => Ok(None),
        };
    let of_list = list.as_deref();
    let weights = of_list.and_then(|edges| edges.weights.as_ref());
    let weight = match (of_list, entries.take("weight")) {
        (Some(Edges { counts: Some(_), .. }), Some(one)) => {
            let form = "the list has a count of synapses; the weight is that of one synapse, a number";
            if !one.is_single() {
                return Err(one.refusal(form));
            }
            Some(Distribution::Counted(one.number_in(unit_of(effect))?))
        }
        (_, weight) => listed("weight", weight, unit_of(effect), weights)?,
    };
    let weight = weight.ok_or_else(|| entry.refusal("weight is missing"))?;
    let delays = of_list.and_then(|edges| edges.delays.as_ref());
    let delay = listed("delay", entries.take("delay"), MS, delays)?;
    let velocity = entries.take("velocity").map(|velocity| self::velocity(&velocity, delay)).transpose()?;
    let unit = entries.number_in("unit", unit_of(effect))?.or(weight.unit());
    let factor = entries.take("factor").map(|factor| names.factor(&factor)).transpose()?;
    let autapses = entries.take("autapses").map(|flag| flag.flag()).transpose()?.unwrap_or(true);
    let multapses = entries.take("multapses").map(|flag| flag.flag()).transpose()?;
    entries.finish()?;
    let rules = match list {
        None => rules(&rule, &from, &to, description)?,
        Some(edges) => vec![Some(Rule::List(edges))],
    };
    let pairs = to.iter().flat_map(|to| from.iter().map(move |from| (*from, *to)));
    for ((from, to), rule) in pairs.zip(rules) {
        let Some(rule) = rule else { continue };
        if matches!(rule, Rule::ByDistance { .. }) || velocity.is_some() {
            let mut ends = [from, to].into_iter().filter_map(|end| description.groups.get(end));
            if let Some(group) = ends.find(|group| group.positions.is_none()) {
                return Err(entry.refusal(format!(
                    "the synapses depend on distance, and group {} has no positions; add positions to it",
                    group.name
                )));
            }
        }
        let projection = Projection::new((from, to), rule, effect, weight);
        let multapses = multapses.unwrap_or(projection.multapses);
        description.sweep.projections.extend(factor.map(|key| (description.projections.len(), key)));
        description.projections.push(Projection { autapses, multapses, delay, velocity, unit, ..projection });
        description.in_file.projections.push(entry.place());
    }
    Ok(())
}

fn velocity(entry: &Entry<'_>, delay: Option<Distribution>) -> Result<f64, Failure> {
    if delay.is_some_and(|delay| delay.constant().is_none()) {
        return Err(entry.refusal("with a velocity the delay must be a number, to which distances are added"));
    }
    above_zero(entry, entry.number()?)
}

/// The groups of a name or of a list of names.
fn groups(entry: &Entry<'_>, description: &Description) -> Result<Vec<usize>, Failure> {
    let find = |entry: &Entry<'_>| {
        let name = entry.string()?;
        description.groups.iter().position(|group| group.name == name).ok_or_else(|| {
            let names: Vec<&str> = description.groups.iter().map(|group| group.name.as_str()).collect();
            entry.refusal(format!("there is no group '{name}'; there are {}", names.join(", ")))
        })
    };
    match entry.values() {
        Some(names) => names.iter().map(find).collect(),
        None => Ok(vec![find(entry)?]),
    }
}

/// The rule for each pair of groups, target by target; `None` where they are not connected.
fn rules(
    entry: &Entry<'_>,
    from: &[usize],
    to: &[usize],
    description: &Description,
) -> Result<Vec<Option<Rule>>, Failure> {
    let pairs = from.len().saturating_mul(to.len());
    if pairs > MOST_PAIRS {
        return Err(entry.refusal(format!("{pairs} pairs of groups are more than {MOST_PAIRS}; take fewer")));
    }
    if !entry.is_table() {
        let rule = match entry.string().map_err(|_| entry.refusal(RULES))? {
            "one-to-one" => Rule::OneToOne,
            "all-to-all" => Rule::AllToAll,
            _ => return Err(entry.refusal(RULES)),
        };
        return Ok(vec![Some(rule); pairs]);
    }
    let kind = only(entry, RULES)?;
    if kind.option() == "by-distance" {
        return distance::rules(&kind, from.len(), to.len());
    }
    let sizes = |index: usize| {
        let size = |group: Option<&usize>| {
            group.and_then(|group| description.groups.get(*group)).map_or(0.0, |group| group.size as f64)
        };
        (size(from.get(index % from.len().max(1))), size(to.get(index / from.len().max(1))))
    };
    // As many synapses as connect a pair with this probability.
    let of_probability = kind.option() == "fixed-total" && kind.is_table();
    let number = if of_probability {
        let form = "it must be a number or { pairwise = P }";
        let inner = only(&kind, form)?;
        if inner.key != "pairwise" {
            return Err(kind.refusal(form));
        }
        inner
    } else {
        kind.clone()
    };
    let numbers = matrix(&number, from.len(), to.len())?;
    let rule = |(index, entry): (usize, &Entry<'_>)| {
        Ok(match kind.option().as_str() {
            "fixed-total" if of_probability => {
                let (sources, targets) = sizes(index);
                let p = probability(entry)?;
                if p >= 1.0 {
                    return Err(entry.refusal("it must be below 1"));
                }
                let count = total_of(p, sources, targets).round() as u64;
                Some(count).filter(|count| *count > 0).map(Rule::FixedTotal)
            }
            "fixed-indegree" => Some(entry.count()?).filter(|count| *count > 0).map(Rule::FixedIndegree),
            "fixed-outdegree" => Some(entry.count()?).filter(|count| *count > 0).map(Rule::FixedOutdegree),
            "fixed-total" => Some(entry.count()?).filter(|count| *count > 0).map(Rule::FixedTotal),
            "pairwise" => Some(probability(entry)?).filter(|p| *p > 0.0).map(Rule::Pairwise),
            _ => return Err(kind.refusal(RULES)),
        })
    };
    numbers.iter().enumerate().map(rule).collect()
}

pub fn probability(entry: &Entry<'_>) -> Result<f64, Failure> {
    let p = entry.number()?;
    if (0.0..=1.0).contains(&p) { Ok(p) } else { Err(entry.refusal("it must be from 0 to 1")) }
}

/// A number for each pair of groups: one for all, or a matrix with a row for each target.
pub fn matrix<'a>(entry: &Entry<'a>, sources: usize, targets: usize) -> Result<Vec<Entry<'a>>, Failure> {
    let Some(rows) = entry.values() else { return Ok(vec![entry.clone(); sources * targets]) };
    let shape = format!(
        "it must be a number, or a matrix with {} (for the groups in to) of {} (for the groups in from)",
        counted(targets as u64, "row"),
        counted(sources as u64, "number")
    );
    if rows.len() != targets {
        return Err(entry.refusal(&shape));
    }
    let mut all = Vec::new();
    for row in &rows {
        match row.values() {
            Some(numbers) if numbers.len() == sources => all.extend(numbers),
            _ => return Err(row.refusal(&shape)),
        }
    }
    Ok(all)
}
