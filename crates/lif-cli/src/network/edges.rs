//! Lists of synapses in files, whose columns are recognised by their names.

use super::columns::{Columns, Wanted};
use std::path::{Path, PathBuf};

/// The synapses in a file: four lists of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Edges {
    pub path: PathBuf,
    /// The number of the source within its group.
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    /// mV or nA, if the file has them.
    pub weights: Option<Vec<f32>>,
    /// How many synapses each entry stands for, if the file has that; negative if they are inhibitory.
    pub counts: Option<Vec<f32>>,
    /// ms, if the file has them.
    pub delays: Option<Vec<f32>>,
}

/// What a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Source,
    Target,
    Weight,
    Count,
    Delay,
}

const COLUMNS: [(Column, &str, &[&str]); 5] = [
    (
        Column::Source,
        "source",
        &["source", "sources", "pre", "from", "presynaptic", "presynaptic index", "i"],
    ),
    (
        Column::Target,
        "target",
        &["target", "targets", "post", "to", "postsynaptic", "postsynaptic index", "j"],
    ),
    (Column::Weight, "weight", &["weight", "weights", "w"]),
    // The second as in the connectome of the fly of Shiu et al. (2024), Nature 634:210.
    (Column::Count, "count", &["count", "excitatory x connectivity", "syn count"]),
    (Column::Delay, "delay", &["delay", "delays", "d"]),
];

impl Column {
    /// Recognises a name, without regard to capitals and to a unit behind it.
    fn of(name: &str) -> Option<Self> {
        let name = name.split(['(', '[']).next().unwrap_or_default();
        let name = name.trim().to_lowercase().replace(['_', '-'], " ");
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
    /// Reads a file. Numbers of neurons count from 0.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut columns = Columns::open(path)?;
        let find = |column: Column| column.find(columns.names());
        let (Some(source), Some(target)) = (find(Column::Source)?, find(Column::Target)?) else {
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
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        let mut lists = optional.map(|place| place.map(|_| Vec::new()));
        let mut wanted: Vec<Wanted<'_>> = vec![(source, &mut sources), (target, &mut targets)];
        for (place, list) in optional.iter().zip(&mut lists) {
            if let (Some(place), Some(list)) = (place, list) {
                wanted.push((*place, list));
            }
        }
        columns.read(&mut wanted)?;
        let [weights, counts, delays] = lists;
        Ok(Self { path: path.to_owned(), sources, targets, weights, counts, delays })
    }

    /// The number of synapses.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// How many synapses have the same source and target as another before them.
    pub fn repeated(&self) -> usize {
        let mut pairs: Vec<(u32, u32)> =
            self.sources.iter().copied().zip(self.targets.iter().copied()).collect();
        pairs.sort_unstable();
        pairs.windows(2).filter(|pair| pair[0] == pair[1]).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Edges, String> {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, text).unwrap();
        Edges::read(&path).map(|edges| Edges { path: "edges.csv".into(), ..edges })
    }

    #[test]
    fn columns_have_names_in_any_order() {
        let expected = Edges {
            path: "edges.csv".into(),
            sources: vec![0, 7],
            targets: vec![3, 3],
            weights: Some(vec![0.5, -2.0]),
            counts: None,
            delays: None,
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
        assert_eq!(text("pre,post\n1,2\n1,2\n").map(|edges| edges.repeated()), Ok(1));
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
            ("source,target,weight,count\n", "it has both a weight and a count"),
        ] {
            let found = text(form).unwrap_err();
            assert!(found.contains(reason), "{form}: {found}");
        }
    }
}
