//! Groups in TOML files.

use super::description::{Group, InitVoltage, Neurons, Poisson};
use super::entries::{Entries, Entry};
use super::file::{effect, only, unit_of};
use super::listed;
use super::positions::Positions;
use crate::failure::Failure;
use crate::quantity::{HZ, MOHM, MS, MV, NA};

/// All but the size of a group.
#[derive(Debug, Clone, Default)]
pub struct Base<'a> {
    neurons: Neurons,
    init_voltage: Option<InitVoltage>,
    current: f64,
    poisson: Vec<Poisson>,
    positions: Option<Entry<'a>>,
}

/// Takes the parameters of neurons over those of all groups.
pub fn parameters<'a>(entries: &mut Entries<'a>, base: &Base<'a>) -> Result<Base<'a>, Failure> {
    let Base { mut neurons, mut init_voltage, mut current, mut poisson, mut positions } = base.clone();
    let numbers = [
        ("tau-m", MS, &mut neurons.tau_m),
        ("resistance", MOHM, &mut neurons.resistance),
        ("v-rest", MV, &mut neurons.v_rest),
        ("v-reset", MV, &mut neurons.v_reset),
        ("v-threshold", MV, &mut neurons.v_threshold),
        ("t-ref", MS, &mut neurons.t_ref),
        ("current", NA, &mut current),
    ];
    for (key, unit, number) in numbers {
        if let Some(value) = entries.number_in(key, unit)? {
            *number = value;
        }
    }
    let optional = [
        ("v-lower", MV, &mut neurons.v_lower),
        ("tau-syn", MS, &mut neurons.tau_syn),
        ("tau-syn-inhibitory", MS, &mut neurons.tau_syn_inhibitory),
    ];
    for (key, unit, number) in optional {
        if let Some(value) = entries.number_in(key, unit)? {
            *number = Some(value);
        }
    }
    if let Some(entry) = entries.take("init-voltage") {
        init_voltage = Some(self::init_voltage(&entry)?);
    }
    if let Some(entry) = entries.take("poisson") {
        poisson = match entry.values() {
            Some(sources) => sources.iter().map(self::poisson).collect::<Result<_, _>>()?,
            None => vec![self::poisson(&entry)?],
        };
    }
    positions = entries.take("positions").or(positions);
    Ok(Base { neurons, init_voltage, current, poisson, positions })
}

pub fn group<'a>(entry: &Entry<'a>, base: &Base<'a>) -> Result<Group, Failure> {
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
    let Base { neurons, init_voltage, current, poisson, positions } = parameters(&mut entries, base)?;
    entries.finish()?;
    let positions = positions.map(|positions| Positions::read(&positions, count)).transpose()?;
    Ok(Group { ids, neurons, init_voltage, current, poisson, positions, ..Group::new(&entry.key, count) })
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

fn poisson(entry: &Entry<'_>) -> Result<Poisson, Failure> {
    let mut entries = entry.entries()?;
    let rate = entries.need("rate")?.number_in(HZ)?;
    let effect = effect(&entries.need("effect")?)?;
    let weight = entries.need("weight")?.number_in(unit_of(effect))?;
    entries.finish()?;
    Ok(Poisson { rate, weight, effect })
}
