//! Lists of synapses in files, whose columns are recognised by their names.

use super::columns::{Columns, Wanted, normalised};
use super::description::Group;
use super::ids::Found;
use crate::numbers::Values;
use clap::ValueEnum;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::PathBuf;

/// A file with a list, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListFile {
    pub path: PathBuf,
    /// What neurons are named by, if that was said.
    pub by: Option<By>,
    /// The population of edges in a SONATA file, if that was said.
    pub population: Option<String>,
    /// A table of types of edges, for a SONATA file.
    pub types: Option<PathBuf>,
    /// What weights in the file are multiples of, mV or nA.
    pub weight_unit: Option<f64>,
    /// The names of sources whose synapses are left out.
    pub silenced: Vec<u64>,
}

impl ListFile {
    /// A file of which nothing else is said.
    pub fn of(path: PathBuf) -> Self {
        Self { path, by: None, population: None, types: None, weight_unit: None, silenced: Vec::new() }
    }
}

/// What the neurons of a list are named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The place in its group, from 0 on.
    Number,
    /// The identifier.
    Id,
}

/// The synapses in a file: lists of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Edges {
    pub file: ListFile,
    /// The number of the source within its group.
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    /// mV or nA, if the file has them.
    pub weights: Option<Vec<f32>>,
    /// How many synapses each entry stands for, if the file has that; negative if they are inhibitory.
    pub counts: Option<Vec<f32>>,
    /// ms, if the file has them.
    pub delays: Option<Vec<f32>>,
    /// How many entries have the same source and target as another before them.
    pub repeated: u64,
}

/// What a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Source,
    Target,
    SourceId,
    TargetId,
    Weight,
    Count,
    Delay,
}

const COLUMNS: [(Column, &str, &[&str]); 7] = [
    (
        Column::Source,
        "source",
        &["source", "sources", "pre", "from", "presynaptic", "presynaptic index", "source node id", "i"],
    ),
    (
        Column::Target,
        "target",
        &["target", "targets", "post", "to", "postsynaptic", "postsynaptic index", "target node id", "j"],
    ),
    (
        Column::SourceId,
        "id of the source",
        &["source id", "pre id", "presynaptic id", "pre root id", "pre pt root id", "bodyid pre"],
    ),
    (
        Column::TargetId,
        "id of the target",
        &["target id", "post id", "postsynaptic id", "post root id", "post pt root id", "bodyid post"],
    ),
    (Column::Weight, "weight", &["weight", "weights", "syn weight", "w"]),
    // The second as in the connectome of the fly of Shiu et al. (2024), Nature 634:210.
    (Column::Count, "count", &["count", "excitatory x connectivity", "syn count", "nsyns"]),
    (Column::Delay, "delay", &["delay", "delays", "d"]),
];

impl Column {
    /// Recognises a name.
    fn of(name: &str) -> Option<Self> {
        let name = normalised(name);
        COLUMNS.into_iter().find_map(|(column, _, names)| names.contains(&name.as_str()).then_some(column))
    }

    /// The place of this column among those of a file.
    fn find(self, names: &[String]) -> Result<Option<usize>, String> {
        let mut places = (0..).zip(names).filter(|(_, name)| Self::of(name) == Some(self));
        match (places.next(), places.next()) {
            (Some((_, first)), Some((_, second))) => {
                let (_, own, _) = COLUMNS[self as usize];
                Err(format!("two of its columns are the {own}, '{first}' and '{second}'"))
            }
            (first, _) => Ok(first.map(|(place, _)| place)),
        }
    }
}

impl Edges {
    /// Reads a file with the synapses from one group to another. Numbers of neurons count from 0.
    pub fn read(file: ListFile, [from, to]: [&Group; 2]) -> Result<Self, String> {
        let mut columns = Columns::open_edges(&file.path, file.population.as_deref(), file.types.as_deref())?;
        let find = |column: Column| column.find(columns.names());
        let both = |of: [Column; 2]| Ok::<_, String>(find(of[0])?.zip(find(of[1])?));
        let (numbers, ids) =
            (both([Column::Source, Column::Target])?, both([Column::SourceId, Column::TargetId])?);
        let (ends, by) = match file.by {
            Some(By::Id) => (ids.or(numbers), By::Id),
            Some(By::Number) => (numbers, By::Number),
            None if numbers.is_none() && ids.is_some() => (ids, By::Id),
            None => (numbers, By::Number),
        };
        let Some((source, target)) = ends else {
            let names: Vec<String> = columns.names().iter().map(|name| format!("'{name}'")).collect();
            return Err(format!(
                "it must have columns with the names source and target; it has {}",
                names.join(", ")
            ));
        };
        let optional = [find(Column::Weight)?, find(Column::Count)?, find(Column::Delay)?];
        if let [Some(_), Some(_), _] = optional {
            return Err("it has both a weight and a count of synapses; leave one of them out".to_owned());
        }
        let mut lists = optional.map(|place| place.map(|_| Vec::new()));
        let mut read = |sources: &mut dyn Values, targets: &mut dyn Values| {
            let mut wanted: Vec<Wanted<'_>> = vec![(source, sources), (target, targets)];
            for (place, list) in optional.iter().zip(&mut lists) {
                if let (Some(place), Some(list)) = (place, list) {
                    wanted.push((*place, list));
                }
            }
            columns.read(&mut wanted)
        };
        let (sources, targets) = match by {
            By::Number => {
                let (mut sources, mut targets) = (Vec::new(), Vec::new());
                read(&mut sources, &mut targets).map_err(|reason| match (&from.ids, &to.ids) {
                    (Some(_), Some(_)) => format!("{reason}; for ids write {{ list = FILE, by = \"id\" }}"),
                    _ => reason,
                })?;
                (sources, targets)
            }
            By::Id => {
                let (mut sources, mut targets) = (Found::new(from)?, Found::new(to)?);
                read(&mut sources, &mut targets)?;
                (sources.numbers, targets.numbers)
            }
        };
        let [mut weights, counts, delays]: [Option<Vec<f32>>; 3] = lists;
        match (file.weight_unit, &mut weights) {
            (None, _) => {}
            (Some(_), None) => return Err("it has no weights, which could have a unit".to_owned()),
            (Some(unit), Some(weights)) => {
                weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * unit) as f32);
            }
        }
        let repeated = repeated(&sources, &targets)?;
        let mut edges = Self { file, sources, targets, weights, counts, delays, repeated };
        edges.silence(from)?;
        Ok(edges)
    }

    /// Leaves out the synapses from the silenced neurons.
    fn silence(&mut self, from: &Group) -> Result<(), String> {
        let silenced = self.file.silenced.iter().map(|name| from.neuron(*name));
        let silenced: HashSet<u32> = silenced.collect::<Result<_, _>>()?;
        if silenced.is_empty() {
            return Ok(());
        }
        let kept: Vec<bool> = self.sources.iter().map(|source| !silenced.contains(source)).collect();
        retain(&mut self.sources, &kept);
        retain(&mut self.targets, &kept);
        for values in [&mut self.weights, &mut self.counts, &mut self.delays].into_iter().flatten() {
            retain(values, &kept);
        }
        Ok(())
    }

    /// The number of synapses.
    pub fn len(&self) -> usize {
        self.sources.len()
    }
}

fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| kept.next().is_some_and(|kept| *kept));
}

/// How many pairs equal another before them.
fn repeated(sources: &[u32], targets: &[u32]) -> Result<u64, String> {
    let bytes = 8 * sources.len() as u64;
    lif::require_memory("the pairs of the list", bytes, "take a shorter list")
        .map_err(|error| error.to_string())?;
    let mut pairs: Vec<(u32, u32)> = sources.iter().copied().zip(targets.iter().copied()).collect();
    pairs.par_sort_unstable();
    Ok(pairs.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Edges, String> {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, text).unwrap();
        let groups = [&Group::new("a", 9), &Group::new("b", 9)];
        let file = ListFile { path: path.to_path_buf(), ..of_text() };
        Edges::read(file, groups).map(|edges| Edges { file: of_text(), ..edges })
    }

    fn of_text() -> ListFile {
        ListFile::of("edges.csv".into())
    }

    #[test]
    fn columns_have_names_in_any_order() {
        let expected = Edges {
            file: of_text(),
            sources: vec![0, 7],
            targets: vec![3, 3],
            weights: Some(vec![0.5, -2.0]),
            counts: None,
            delays: None,
            repeated: 0,
        };
        for form in [
            "source,target,weight\n0,3,0.5\n7,3,-2\n",
            "# pre\tpost\tweight (mV)\n0\t3\t0.5\n\n7\t3\t-2e0\n",
            "Weight; TO; note; FROM\n0.5; 3; a; 0\n# nothing\n-2; 3; b; 7\n",
            "\u{feff}\"\",\"pre\",\"post\",\"w\"\r\n0,\"0\",\"3\",0.5\r\n1,7,3,-2\r\n",
            "note\tpost\tpre\tw\n\t3\t0\t0.5\n\t3\t7\t-2\n",
            "i j w\n0   3  0.5\n 7 3 -2",
        ] {
            assert_eq!(text(form), Ok(expected.clone()), "{form}");
        }
        assert_eq!(text("pre,post\n1,2\n1,2\n").map(|edges| edges.repeated), Ok(1));
    }

    #[test]
    fn counts_of_synapses_are_no_weights() {
        let fly = "Presynaptic_ID,Postsynaptic_ID,Presynaptic_Index,Postsynaptic_Index,Connectivity,Excitatory,\
                   Excitatory x Connectivity\n720575940612453042,720575940621039145,8,3,2,-1,-2\n";
        let read = text(fly).unwrap();
        assert_eq!((read.sources, read.targets), (vec![8], vec![3]));
        assert_eq!((read.weights, read.counts), (None, Some(vec![-2.0])));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        for (form, reason) in [
            ("\n\n", "it is empty"),
            ("0,3,0.5\n", "it must have columns with the names source and target; it has '0', '3', '0.5'"),
            ("source,target\n0\n", "line 2: it has fewer than the 2 columns"),
            ("source,target\n0,1,2\n", "line 2: it has more than the 2 columns"),
            ("source,target\n\n0,x\n", "line 3: 'target': it is 'x', not a number"),
            ("source,target\n0,1.5\n", "line 2: 'target': it is 1.5; it must be a whole number, from 0 on"),
            ("source,target\n-1,1\n", "line 2: 'source': it is -1; it must be a whole number from 0"),
            ("source,pre,target\n", "two of its columns are the source, 'source' and 'pre'"),
            ("pre_root_id,post_root_id\n1,2\n", "the group a has none; give it ids = FILE"),
            ("source,target,weight,count\n", "it has both a weight and a count"),
        ] {
            let found = text(form).unwrap_err();
            assert!(found.contains(reason), "{form}: {found}");
        }
    }
}
