//! Columns of the edges in a SONATA file (Dai et al. 2020, PLoS Comput. Biol. 16:e1007696): HDF5 with a group
//! `edges/POPULATION`. What is the same for all edges of a type can stand in a table of types instead.

use super::{Columns, Wanted};
use crate::numbers::{Number, Values};
use lif::{Hdf5, Hdf5List};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The ends of an edge.
const ENDS: [&str; 2] = ["source_node_id", "target_node_id"];

/// What an edge can have. The last is a number of synapses, each with the weight of the edge.
const ATTRIBUTES: [&str; 3] = [WEIGHT, "delay", COUNT];
const WEIGHT: &str = "syn_weight";
const COUNT: &str = "nsyns";

/// The edges of a population.
pub struct Table {
    file: Hdf5,
    /// The path of the population in the file.
    place: String,
    names: Vec<String>,
    /// The groups of edges, each with attributes of its own.
    groups: Vec<Group>,
    types: Option<Types>,
}

/// The attributes of some edges.
struct Group {
    name: String,
    attributes: Vec<String>,
}

/// A table of types of edges.
struct Types {
    path: PathBuf,
    rows: HashMap<u64, usize>,
    /// For each attribute that the table has, its value for each type; NaN where it has none.
    attributes: HashMap<String, Vec<f64>>,
}

/// The place of each edge in the groups, if it is not in the order of the only one.
type Places = Option<(Vec<u64>, Vec<u64>)>;

impl Table {
    /// Finds a population, the one with this name or the only one.
    pub fn open(path: &Path, population: Option<&str>, types: Option<&Path>) -> Result<Self, String> {
        let file = Hdf5::open(path)?;
        let (populations, _) =
            file.inside("edges").map_err(|reason| format!("{reason}, so it is no SONATA file of edges"))?;
        let all = || populations.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let population = match (population, &populations[..]) {
            (Some(name), known) if known.iter().any(|known| known == name) => name,
            (Some(name), _) => {
                return Err(format!("it has no population '{name}' of edges; there are {}", all()));
            }
            (None, [only]) => only,
            (None, []) => return Err("it has no population of edges".to_owned()),
            (None, _) => {
                return Err(format!(
                    "it has several populations of edges; name one with {{ list = FILE, population = NAME }}: {}",
                    all()
                ));
            }
        };
        let place = format!("edges/{population}");
        let (inside, lists) = file.inside(&place)?;
        let mut groups = Vec::new();
        for name in inside.into_iter().filter(|name| name.parse::<u64>().is_ok()) {
            let (_, attributes) = file.inside(&format!("{place}/{name}"))?;
            groups.push(Group { name, attributes });
        }
        let types = types.map(Types::read).transpose()?;
        let is_there = |name: &&str| {
            groups.iter().any(|group| group.attributes.iter().any(|own| own == name))
                || types.as_ref().is_some_and(|types| types.attributes.contains_key(*name))
        };
        let has = |name: &str| is_there(&name);
        let ends = ENDS.into_iter().filter(|name| lists.iter().any(|list| list == name));
        // With a weight, the count is a part of it.
        let attributes =
            ATTRIBUTES.into_iter().filter(is_there).filter(|name| *name != COUNT || !has(WEIGHT));
        let names = ends.chain(attributes).map(str::to_owned).collect();
        Ok(Self { file, place, names, groups, types })
    }

    fn whole(&self, name: &str) -> Result<Vec<u64>, String> {
        let mut values: Vec<u64> = Vec::new();
        self.append(name, &mut values)?;
        Ok(values)
    }

    fn append(&self, name: &str, values: &mut dyn Values) -> Result<(), String> {
        let mut place = 0_u64;
        let mut push = |number: Number| {
            place += 1;
            values.push(number).map_err(|reason| format!("'{name}': edge {}: {reason}", place - 1))
        };
        match self.file.list(&format!("{}/{name}", self.place))? {
            Hdf5List::Signed(list) => {
                list.into_iter().try_for_each(|value| push(Number::Whole(value.into())))
            }
            Hdf5List::Unsigned(list) => {
                list.into_iter().try_for_each(|value| push(Number::Whole(value.into())))
            }
            Hdf5List::Real(list) => list.into_iter().try_for_each(|value| push(Number::Real(value))),
        }
    }

    /// Where the attributes of each edge are.
    fn places(&self, edges: usize) -> Result<Places, String> {
        let (_, lists) = self.file.inside(&self.place)?;
        let has = |name: &str| lists.iter().any(|list| list == name);
        if !(has("edge_group_id") && has("edge_group_index")) {
            return match self.groups.len() {
                0 | 1 => Ok(None),
                _ => {
                    Err("it has several groups of edges without edge_group_id and edge_group_index"
                        .to_owned())
                }
            };
        }
        let (groups, rows) = (self.whole("edge_group_id")?, self.whole("edge_group_index")?);
        for (name, list) in [("edge_group_id", &groups), ("edge_group_index", &rows)] {
            require_edges(name, list.len(), edges)?;
        }
        Ok(Some((groups, rows)))
    }

    /// An attribute of all edges, from their groups or else from their types.
    fn attribute(&self, name: &str, edges: usize) -> Result<Vec<f64>, String> {
        let mut of_groups = HashMap::new();
        for group in self.groups.iter().filter(|group| group.attributes.iter().any(|own| own == name)) {
            let mut values: Vec<f64> = Vec::new();
            self.append(&format!("{}/{name}", group.name), &mut values)?;
            of_groups.insert(group.name.parse::<u64>().map_err(|error| error.to_string())?, values);
        }
        let of_types = self.types.as_ref().and_then(|types| Some((types, types.attributes.get(name)?)));
        let type_of = if of_types.is_some() { self.whole("edge_type_id")? } else { Vec::new() };
        if of_types.is_some() {
            require_edges("edge_type_id", type_of.len(), edges)?;
        }
        let places = self.places(edges)?;
        if let (None, Some(values)) = (&places, of_groups.values().next()) {
            require_edges(name, values.len(), edges)?;
        }
        let only = of_groups.keys().next().copied().unwrap_or(0);
        let value = |edge: usize| {
            let (group, row) = match &places {
                None => (only, edge as u64),
                Some((groups, rows)) => (groups[edge], rows[edge]),
            };
            if let Some(values) = of_groups.get(&group) {
                let value = usize::try_from(row).ok().and_then(|row| values.get(row));
                return value.copied().ok_or_else(|| {
                    format!(
                        "edge {edge} is row {row} of group {group}, whose '{name}' has {} rows",
                        values.len()
                    )
                });
            }
            let Some((types, values)) = of_types else {
                return Err(format!("edge {edge} has no '{name}'"));
            };
            let of_type = types.rows.get(&type_of[edge]).and_then(|row| values.get(*row));
            of_type.copied().filter(|value| !value.is_nan()).ok_or_else(|| {
                let (of_type, file) = (type_of[edge], types.path.display());
                format!("edge {edge} has no '{name}', and neither has its type {of_type} in {file}")
            })
        };
        lif::require_memory("the edges", 8 * edges as u64, "take a shorter list")
            .map_err(|error| error.to_string())?;
        (0..edges).map(value).collect()
    }
}

fn require_edges(name: &str, found: usize, edges: usize) -> Result<(), String> {
    if found == edges {
        return Ok(());
    }
    Err(format!("its '{name}' has {found} values, and there are {edges} edges"))
}

impl super::Table for Table {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String> {
        let edges = self.whole(ENDS[0])?.len();
        for (place, values) in wanted {
            let name = self.names.get(*place).map_or("", String::as_str);
            if ENDS.contains(&name) {
                self.append(name, *values)?;
                continue;
            }
            let mut of_edges = self.attribute(name, edges)?;
            let has_count = self.groups.iter().any(|group| group.attributes.iter().any(|own| own == COUNT))
                || self.types.as_ref().is_some_and(|types| types.attributes.contains_key(COUNT));
            if name == WEIGHT && has_count {
                let counts = self.attribute(COUNT, edges)?;
                of_edges.iter_mut().zip(counts).for_each(|(weight, count)| *weight *= count);
            }
            values.reserve(edges as u64)?;
            of_edges.into_iter().try_for_each(|value| values.push(Number::Real(value)))?;
        }
        Ok(())
    }
}

impl Types {
    fn read(path: &Path) -> Result<Self, String> {
        let in_file = |reason: String| format!("{}: {reason}", path.display());
        let mut columns = Columns::open(path).map_err(in_file)?;
        let place = |name: &str| columns.names().iter().position(|known| known == name);
        let ids =
            place("edge_type_id").ok_or_else(|| in_file("it has no column 'edge_type_id'".to_owned()))?;
        let attributes: Vec<(&str, usize)> =
            ATTRIBUTES.into_iter().filter_map(|name| Some((name, place(name)?))).collect();
        let (mut types, mut lists): (Vec<u64>, Vec<Vec<f64>>) =
            (Vec::new(), vec![Vec::new(); attributes.len()]);
        let mut wanted: Vec<Wanted<'_>> = vec![(ids, &mut types)];
        for ((_, place), list) in attributes.iter().zip(&mut lists) {
            wanted.push((*place, list));
        }
        columns.read(&mut wanted).map_err(in_file)?;
        let rows: HashMap<u64, usize> = types.iter().copied().zip(0..).collect();
        if rows.len() < types.len() {
            return Err(in_file("two of its rows have the same edge_type_id".to_owned()));
        }
        let attributes = attributes.iter().zip(lists).map(|((name, _), list)| ((*name).to_owned(), list));
        Ok(Self { path: path.to_owned(), rows, attributes: attributes.collect() })
    }
}
