//! Identifiers of neurons, large numbers far apart, as connectomes have them.

use super::columns::{Columns, normalised};
use super::description::Group;
use crate::numbers::{Number, Values};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

/// The names of a column of identifiers. A column without a name is one too if there is no other: it is the index that
/// pandas writes.
const NAMES: [&str; 9] =
    ["id", "ids", "root id", "pt root id", "node id", "body id", "bodyid", "neuron id", "cell id"];

/// Bytes for each identifier: in the list, and for finding its neuron.
const BYTES: u64 = 40;

/// The identifiers of the neurons of a group.
#[derive(Debug, PartialEq)]
pub struct Ids {
    pub path: PathBuf,
    /// The column that was asked for.
    pub column: Option<String>,
    /// For each neuron.
    pub of_neurons: Vec<u64>,
    neurons: HashMap<u64, u32>,
}

impl Ids {
    /// Reads a column of a file: the one with this name, or one whose name says that it has identifiers.
    pub fn read(path: &Path, column: Option<String>) -> Result<Self, String> {
        let mut columns = Columns::open(path)?;
        let place = place(columns.names(), column.as_deref())?;
        let name = columns.names().get(place).cloned().unwrap_or_default();
        let mut of_neurons: Vec<u64> = Vec::new();
        columns.read(&mut [(place, &mut of_neurons)])?;
        if of_neurons.is_empty() {
            return Err("it has no neurons".to_owned());
        }
        let bytes = BYTES.saturating_mul(of_neurons.len() as u64);
        lif::require_memory("the identifiers of neurons", bytes, "take fewer")
            .map_err(|error| error.to_string())?;
        let mut neurons = HashMap::with_capacity(of_neurons.len());
        for (neuron, id) in (0_u32..).zip(&of_neurons) {
            match neurons.entry(*id) {
                Entry::Vacant(free) => drop(free.insert(neuron)),
                Entry::Occupied(other) => {
                    return Err(format!(
                        "'{name}': the neurons {} and {neuron} have the same id, {id}",
                        other.get()
                    ));
                }
            }
        }
        Ok(Self { path: path.to_owned(), column, of_neurons, neurons })
    }
}

impl Ids {
    /// The number of the neuron with an identifier.
    pub fn neuron(&self, id: u64) -> Result<u32, String> {
        self.neurons
            .get(&id)
            .copied()
            .ok_or_else(|| format!("there is no neuron {id} in {}", self.path.display()))
    }
}

/// The place of the column with identifiers.
fn place(names: &[String], wanted: Option<&str>) -> Result<usize, String> {
    let all = || names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        let place = names.iter().position(|name| name == wanted);
        return place.ok_or_else(|| format!("it has no column '{wanted}'; it has {}", all()));
    }
    let with = |is_one: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..).zip(names).filter(|(_, name)| is_one(name)).map(|(place, _)| place).collect()
    };
    let mut places = with(&|name| NAMES.contains(&normalised(name).as_str()));
    if places.is_empty() {
        places = with(&str::is_empty);
    }
    match places[..] {
        [place] => Ok(place),
        [] => Err(format!(
            "it has no column with the name id or root_id; name the right one with {{ file = FILE, column = NAME }}: it \
             has {}",
            all()
        )),
        _ => Err(format!(
            "several of its columns may have the ids; name one with {{ file = FILE, column = NAME }}: it has {}",
            all()
        )),
    }
}

/// The numbers of neurons of a group, found by their identifiers.
#[derive(Debug)]
pub struct Found<'a> {
    group: &'a Group,
    ids: &'a Ids,
    pub numbers: Vec<u32>,
}

impl<'a> Found<'a> {
    /// None yet. The group must have identifiers.
    pub fn new(group: &'a Group) -> Result<Self, String> {
        let name = &group.name;
        let ids = group.ids.as_deref().ok_or_else(|| {
            format!(
                "its synapses are between neurons with ids, and the group {name} has none; give it ids = FILE"
            )
        })?;
        Ok(Self { group, ids, numbers: Vec::new() })
    }
}

impl Values for Found<'_> {
    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn reserve(&mut self, more: u64) -> Result<(), String> {
        Values::reserve(&mut self.numbers, more)
    }

    fn push(&mut self, number: Number) -> Result<(), String> {
        let id: u64 = number.whole()?;
        let neuron = self.ids.neurons.get(&id).ok_or_else(|| {
            let (group, file) = (&self.group.name, self.ids.path.display());
            format!("no neuron of the group {group} has the id {id}; those that there are stand in {file}")
        })?;
        Values::push(&mut self.numbers, Number::Whole((*neuron).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, column: Option<&str>) -> Result<Vec<u64>, String> {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, text).unwrap();
        Ids::read(&path, column.map(str::to_owned)).map(|ids| ids.of_neurons)
    }

    #[test]
    fn the_column_of_ids_is_found() {
        let ids = Ok(vec![720_575_940_612_453_042, 7]);
        assert_eq!(read(",Completed\n720575940612453042,True\n7,False\n", None), ids);
        assert_eq!(read("x,Root_ID\n1,720575940612453042\n2,7\n", None), ids);
        assert_eq!(read("id,other\n1,720575940612453042\n2,7\n", Some("other")), ids);
        for (text, column, reason) in [
            ("a,b\n1,2\n", None, "it has no column with the name id or root_id"),
            ("id,root_id\n1,2\n", None, "several of its columns may have the ids"),
            ("id\n1\n", Some("x"), "it has no column 'x'; it has 'id'"),
            ("id\n1\n2\n1\n", None, "'id': the neurons 0 and 2 have the same id, 1"),
            ("id\n", None, "it has no neurons"),
            ("id\n1\n7.2e17\n", None, "line 3: 'id': it is 7.2e17, which has lost digits"),
        ] {
            let refused = read(text, column).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
