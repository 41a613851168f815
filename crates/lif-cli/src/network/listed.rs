//! Further files that the file of a network names: lists of synapses, and identifiers of neurons.

use super::Description;
use super::edges::{By, Edges, ListFile};
use super::entries::Entry;
use super::file::RULES;
use super::ids::Ids;
use super::subsets;
use crate::failure::Failure;
use crate::quantity::Unit;
use crate::terminal::figures::counted;
use std::sync::Arc;

/// The synapses in the file that a rule names, if it names one; `unit` is that of weights.
pub fn list(
    rule: &Entry<'_>,
    from: &[usize],
    to: &[usize],
    unit: Unit,
    description: &Description,
) -> Result<Option<Arc<Edges>>, Failure> {
    if !rule.is_table() {
        return Ok(None);
    }
    let mut entries = rule.entries()?;
    let Some(list) = entries.take("list") else { return Ok(None) };
    let by = entries.take("by").map(|by| by.choice::<By>()).transpose()?;
    let population = entries.take("population").map(|name| name.string().map(str::to_owned)).transpose()?;
    let types = entries.take("types").map(|types| types.path()).transpose()?;
    let weight_unit = entries.number_in("weight-unit", unit)?;
    let silenced = entries.take("silenced");
    entries.finish()?;
    let ([from], [to]) = (from, to) else {
        return Err(rule.refusal("a list is of one group and another; name one in from and one in to"));
    };
    let (Some(from), Some(to)) = (description.groups.get(*from), description.groups.get(*to)) else {
        return Err(rule.refusal(RULES));
    };
    let silenced = match silenced {
        None => Vec::new(),
        Some(entry) => {
            let neurons = subsets::neurons(&entry, from)?;
            neurons.into_iter().map(|neuron| from.name_of(neuron)).collect()
        }
    };
    let file = ListFile { path: list.path()?, by, population, types, weight_unit, silenced };
    let edges = Edges::read(file, [from, to]).map_err(|reason| list.refusal(reason))?;
    if edges.repeated > 0 {
        let (path, repeated) = (edges.file.path.display(), counted(edges.repeated, "synapse"));
        log::info!("{path}: {repeated} between the same neurons as another; they are kept");
    }
    Ok(Some(Arc::new(edges)))
}

/// The identifiers in a file: its name, or its name and that of a column.
pub fn ids(entry: &Entry<'_>) -> Result<Arc<Ids>, Failure> {
    let (file, column) = if entry.is_table() {
        let mut entries = entry.entries()?;
        let (file, column) = (entries.need("file")?, entries.take("column"));
        entries.finish()?;
        (file, column.map(|column| column.string().map(str::to_owned)).transpose()?)
    } else {
        (entry.clone(), None)
    };
    let ids = Ids::read(&file.path()?, column).map_err(|reason| file.refusal(reason))?;
    Ok(Arc::new(ids))
}
