//! Subsets of a group: some of its neurons, with parameters and input of their own.

use super::description::{Group, Neurons};
use super::entries::Entry;
use crate::failure::Failure;
use crate::terminal::figures::grouped;
use std::collections::HashSet;

/// Neurons of a group that differ from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Subset {
    /// Their numbers within the group, rising.
    pub members: Vec<u32>,
    /// Their name, parameters and input. What neurons may lack they lack as their group does.
    pub kind: Box<Group>,
}

impl Group {
    /// It and its subsets.
    pub fn kinds(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.subsets.iter().map(|subset| &*subset.kind))
    }

    /// The number of a neuron that is named by its identifier, if neurons have some, or else by its number.
    pub fn neuron(&self, name: u64) -> Result<u32, String> {
        match &self.ids {
            Some(ids) => ids.neuron(name),
            None if name < self.size as u64 => Ok(name as u32),
            None => {
                let last = grouped(self.size.saturating_sub(1) as u64);
                Err(format!("the neurons of group {} are 0 to {last}", self.name))
            }
        }
    }

    /// The identifier of a neuron, or its number if it has none.
    pub fn name_of(&self, neuron: u32) -> u64 {
        let id = self.ids.as_ref().and_then(|ids| ids.of_neurons.get(neuron as usize));
        id.copied().unwrap_or(neuron.into())
    }

    /// For each neuron the group or the subset that describes it.
    pub fn kind_of_each(&self) -> impl Iterator<Item = &Self> {
        let of_subsets = self
            .subsets
            .iter()
            .flat_map(|subset| subset.members.iter().map(|member| (*member as usize, &*subset.kind)));
        let mut of_subsets: Vec<(usize, &Self)> = of_subsets.collect();
        of_subsets.sort_unstable_by_key(|(member, _)| *member);
        let mut of_subsets = of_subsets.into_iter().peekable();
        (0..self.size).map(move |neuron| {
            let own = of_subsets.next_if(|(member, _)| *member == neuron);
            own.map_or(self, |(_, kind)| kind)
        })
    }
}

/// Reads the subsets of a group; `kind` reads what is described as a group is.
pub fn read(
    entry: &Entry<'_>,
    group: &Group,
    kind: impl Fn(&Entry<'_>, usize) -> Result<Group, Failure>,
) -> Result<Vec<Subset>, Failure> {
    let mut all = Vec::new();
    let mut taken = HashSet::new();
    for subset in entry.table()? {
        let entry = subset.entries()?.need("neurons")?;
        let mut members = neurons(&entry, group)?;
        members.sort_unstable();
        if let Some(member) = members.iter().find(|member| !taken.insert(**member)) {
            return Err(entry.refusal(format!("neuron {} is in a subset already", group.name_of(*member))));
        }
        let kind = kind(&subset, members.len())?;
        if let Some(key) = more_than(&kind.neurons, &group.neurons) {
            return Err(subset.refusal(format!("it has a {key}, and its group has none; give that one, too")));
        }
        all.push(Subset { members, kind: Box::new(kind) });
    }
    Ok(all)
}

/// Reads a list of neurons of a group, by their identifiers if they have some, or else by their numbers.
pub fn neurons(entry: &Entry<'_>, group: &Group) -> Result<Vec<u32>, Failure> {
    let all = entry.values().ok_or_else(|| entry.refusal("it must be a list of neurons"))?;
    let neuron = |entry: &Entry<'_>| {
        let number = entry.count::<u64>()?;
        group.neuron(number).map_err(|reason| entry.refusal(reason))
    };
    all.iter().map(neuron).collect()
}

/// What the neurons of a subset have and those of its group lack.
fn more_than(subset: &Neurons, group: &Neurons) -> Option<&'static str> {
    let all = [
        ("v-lower", subset.v_lower, group.v_lower),
        ("tau-syn", subset.tau_syn, group.tau_syn),
        ("tau-syn-inhibitory", subset.tau_syn_inhibitory, group.tau_syn_inhibitory),
    ];
    all.into_iter().find_map(|(key, own, of_group)| (own.is_some() && of_group.is_none()).then_some(key))
}
