//! Groups in TOML files.

use super::description::{Group, InitVoltage, Neurons, Poisson};
use super::entries::{Entries, Entry};
use super::file::{effect, only, unit_of};
use super::listed;
use super::noise::{self, Noise};
use super::positions::Positions;
use super::presets::OfPreset;
use super::subsets;
use super::sweep::{Names, Swept};
use crate::failure::Failure;
use crate::quantity::{HZ, MOHM, MS, MV, NA, Unit};

/// All but the size of a group.
#[derive(Debug, Clone, Default)]
pub struct Base<'a> {
    neurons: Neurons,
    init_voltage: Option<InitVoltage>,
    current: f64,
    poisson: Vec<Poisson>,
    noise: Vec<Noise>,
    positions: Option<Entry<'a>>,
    /// Its own, not that of all groups.
    pub preset: Option<OfPreset<'a>>,
    /// What differs between batch rows, and the keys of its values.
    swept: Vec<(Swept, usize)>,
}

/// Takes the parameters of neurons over those of all groups.
pub fn parameters<'a>(
    entries: &mut Entries<'a>,
    base: &Base<'a>,
    names: &Names<'_>,
) -> Result<Base<'a>, Failure> {
    let Base {
        mut neurons,
        mut init_voltage,
        mut current,
        mut poisson,
        mut noise,
        mut positions,
        mut swept,
        ..
    } = base.clone();
    let preset = entries.take("preset").map(|entry| OfPreset::read(&entry)).transpose()?;
    if let Some(preset) = &preset {
        neurons = preset.neurons.clone();
        swept.retain(|(what, _)| !matches!(what, Swept::Number(key) if *key != "current"));
    }
    let mut number = |entries: &mut Entries<'_>, key: &'static str, unit: Unit| {
        let Some(entry) = entries.take(key) else { return Ok(None) };
        swept.retain(|(what, _)| *what != Swept::Number(key));
        names.number_in(&entry, unit).map(|value| Some(value.or_swept(Swept::Number(key), &mut swept)))
    };
    let numbers = [
        ("tau-m", MS, &mut neurons.tau_m),
        ("resistance", MOHM, &mut neurons.resistance),
        ("v-rest", MV, &mut neurons.v_rest),
        ("v-reset", MV, &mut neurons.v_reset),
        ("v-threshold", MV, &mut neurons.v_threshold),
        ("t-ref", MS, &mut neurons.t_ref),
        ("current", NA, &mut current),
    ];
    for (key, unit, own) in numbers {
        if let Some(value) = number(entries, key, unit)? {
            *own = value;
        }
    }
    let optional = [
        ("v-lower", MV, &mut neurons.v_lower),
        ("tau-syn", MS, &mut neurons.tau_syn),
        ("tau-syn-inhibitory", MS, &mut neurons.tau_syn_inhibitory),
    ];
    for (key, unit, own) in optional {
        if let Some(value) = number(entries, key, unit)? {
            *own = Some(value);
        }
    }
    if let Some(entry) = entries.take("init-voltage") {
        init_voltage = Some(self::init_voltage(&entry)?);
    }
    if let Some(entry) = entries.take("poisson") {
        swept.retain(|(what, _)| matches!(what, Swept::Number(_)));
        let sources = entry.values().unwrap_or_else(|| vec![entry.clone()]);
        let read = |(index, source): (usize, &Entry<'_>)| self::poisson(source, index, names, &mut swept);
        poisson = sources.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    }
    if let Some(entry) = entries.take("noise") {
        noise = noise::read(&entry)?;
    }
    positions = entries.take("positions").or(positions);
    Ok(Base { neurons, init_voltage, current, poisson, noise, positions, preset, swept })
}

/// What a file says of a group.
#[derive(Debug)]
pub struct Found<'a> {
    pub group: Group,
    /// What differs between batch rows, and the keys of its values.
    pub swept: Vec<(Swept, usize)>,
    pub preset: Option<OfPreset<'a>>,
}

pub fn group<'a>(entry: &Entry<'a>, base: &Base<'a>, names: &Names<'_>) -> Result<Found<'a>, Failure> {
    let mut entries = entry.entries()?;
    let ids = entries.take("ids").map(|ids| listed::ids(&ids)).transpose()?;
    let count = match (&ids, entries.take("size")) {
        (None, None) => return Err(entry.refusal("size is missing")),
        (None, Some(size)) => match size.count()? {
            0 => return Err(size.refusal("it must be at least 1")),
            count => count,
        },
        (Some(ids), Some(size)) if size.count::<usize>()? != ids.of_neurons.len() => {
            let reason = format!("the file has ids of {} neurons; leave this out", ids.of_neurons.len());
            return Err(size.refusal(reason));
        }
        (Some(ids), _) => ids.of_neurons.len(),
    };
    let subsets = entries.take("subsets");
    let own = parameters(&mut entries, base, names)?;
    entries.finish()?;
    let mut group = Group { ids, ..own.group(&entry.key, count)? };
    let Some(subsets) = subsets else {
        return Ok(Found { group, swept: own.swept, preset: own.preset });
    };
    let refuse_swept = |base: &Base<'_>| match base.swept.is_empty() {
        true => Ok(()),
        false => Err(subsets.refusal("a group with subsets cannot be swept; make two groups of it")),
    };
    refuse_swept(&own)?;
    group.subsets = subsets::read(&subsets, &group, |entry, size| {
        let mut entries = entry.entries()?;
        entries.take("neurons");
        if let Some(preset) = entries.take("preset") {
            return Err(preset.refusal("a preset is of a whole group"));
        }
        let kind = parameters(&mut entries, &Base { positions: None, ..own.clone() }, names)?;
        entries.finish()?;
        refuse_swept(&kind)?;
        match &kind.positions {
            Some(positions) => Err(positions.refusal("positions are those of a whole group")),
            None => kind.group(&entry.key, size),
        }
    })?;
    Ok(Found { group, swept: own.swept, preset: own.preset })
}

impl Base<'_> {
    fn group(&self, name: &str, size: usize) -> Result<Group, Failure> {
        let Self { neurons, init_voltage, current, poisson, noise, positions, .. } = self.clone();
        let positions = positions.map(|positions| Positions::read(&positions, size)).transpose()?;
        Ok(Group { neurons, init_voltage, current, poisson, noise, positions, ..Group::new(name, size) })
    }
}

fn init_voltage(entry: &Entry<'_>) -> Result<InitVoltage, Failure> {
    let mv = |entry: &Entry<'_>| entry.number_in(MV);
    if entry.is_single() {
        return Ok(InitVoltage::Same(mv(entry)?));
    }
    let form = "it must be a number, { uniform = [low, high] } or { normal = [mean, sd] }";
    let kind = only(entry, form)?;
    match kind.option().as_str() {
        "uniform" => kind.pair(mv).map(|(low, high)| InitVoltage::Uniform { low, high }),
        "normal" => kind.pair(mv).map(|(mean, sd)| InitVoltage::Normal { mean, sd }),
        _ => Err(entry.refusal(form)),
    }
}

fn poisson(
    entry: &Entry<'_>,
    index: usize,
    names: &Names<'_>,
    swept: &mut Vec<(Swept, usize)>,
) -> Result<Poisson, Failure> {
    let mut entries = entry.entries()?;
    let rate = names.number_in(&entries.need("rate")?, HZ)?.or_swept(Swept::Rate(index), swept);
    let effect = effect(&entries.need("effect")?)?;
    let weight = names.number_in(&entries.need("weight")?, unit_of(effect))?;
    let weight = weight.or_swept(Swept::Weight(index), swept);
    if let Some(factor) = entries.take("factor") {
        swept.push((Swept::Factor(index), names.factor(&factor)?));
    }
    entries.finish()?;
    Ok(Poisson { rate, weight, effect })
}
