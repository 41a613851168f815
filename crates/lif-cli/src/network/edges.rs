//! Lists of synapses in files: arrays with names in an `.npz` archive, or columns of a text with a heading.

use crate::numbers::numpy::Archive;
use crate::numbers::{Format, Rows, Sample, Source};
use std::io::{BufRead, BufReader};
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
    /// ms, if the file has them.
    pub delays: Option<Vec<f32>>,
}

/// What a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Source,
    Target,
    Weight,
    Delay,
}

const COLUMNS: [(Column, &str, &[&str]); 4] = [
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
    (Column::Delay, "delay", &["delay", "delays", "d"]),
];

impl Column {
    /// Recognises a name, without regard to capitals and to a unit behind it.
    fn of(name: &str) -> Option<Self> {
        let name = name.split(['(', '[']).next().unwrap_or_default();
        let name = name.trim().trim_matches('"').to_lowercase().replace(['_', '-'], " ");
        COLUMNS.into_iter().find_map(|(column, _, names)| names.contains(&name.as_str()).then_some(column))
    }
}

/// The values of each column.
#[derive(Debug, Default)]
struct Lists([Option<Vec<f64>>; COLUMNS.len()]);

impl Edges {
    /// Reads a file. Numbers of neurons count from 0.
    pub fn read(path: &Path) -> Result<Self, String> {
        let source = Source::open(path)?;
        let lists = match source.format() {
            Format::Npz => from_archive(&source)?,
            Format::Text => from_text(BufReader::new(source.reader()?))?,
            Format::Npy => {
                return Err(
                    "it is one array without names; save source, target, weight and delay with numpy.savez"
                        .to_owned(),
                );
            }
        };
        lists.edges(path)
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

impl Lists {
    fn edges(mut self, path: &Path) -> Result<Edges, String> {
        let mut take = |column: Column| self.0[column as usize].take();
        let (sources, targets) = (take(Column::Source), take(Column::Target));
        let (weights, delays) = (take(Column::Weight), take(Column::Delay));
        let (Some(sources), Some(targets)) = (sources, targets) else {
            return Err("it must have source and target of each synapse, under these names".to_owned());
        };
        let lengths = [Some(targets.len()), weights.as_ref().map(Vec::len), delays.as_ref().map(Vec::len)];
        if let Some(other) = lengths.into_iter().flatten().find(|length| *length != sources.len()) {
            return Err(format!(
                "its arrays have {} and {other} values; all need the same number",
                sources.len()
            ));
        }
        let numbers = |what: &str, values: Vec<f64>| -> Result<Vec<u32>, String> {
            let number = |(index, value): (usize, f64)| {
                if value.fract() == 0.0 && (0.0..f64::from(u32::MAX)).contains(&value) {
                    return Ok(value as u32);
                }
                Err(format!(
                    "the {what} of synapse {index} is {value}; it must be the number of a neuron, from 0 on"
                ))
            };
            values.into_iter().enumerate().map(number).collect()
        };
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        Ok(Edges {
            path: path.to_owned(),
            sources: numbers("source", sources)?,
            targets: numbers("target", targets)?,
            weights: weights.map(single),
            delays: delays.map(single),
        })
    }
}

fn from_archive(source: &Source) -> Result<Lists, String> {
    let mut archive = Archive::open(source)?;
    let mut lists = Lists::default();
    for name in archive.names() {
        let Some(column) = Column::of(&name) else { continue };
        let mut values = Vec::new();
        archive.array(&name, &mut |array, rows| {
            if array.shape.len() != 1 {
                return Err(format!("it has shape {:?}; it must have one axis", array.shape));
            }
            read_all(rows, &mut values)
        })?;
        set(&mut lists, column, values)?;
    }
    Ok(lists)
}

fn read_all(rows: &mut dyn Rows, values: &mut Vec<f64>) -> Result<(), String> {
    let mut row = Vec::new();
    loop {
        row.clear();
        if rows.next(&mut row)? == Sample::End {
            return Ok(());
        }
        values.append(&mut row);
    }
}

fn set(lists: &mut Lists, column: Column, values: Vec<f64>) -> Result<(), String> {
    let list = &mut lists.0[column as usize];
    if list.is_some() {
        let (_, name, _) = COLUMNS[column as usize];
        return Err(format!("two of its columns are the {name}"));
    }
    *list = Some(values);
    Ok(())
}

/// Reads lines: the first says what the columns are. Columns with other names are left out.
fn from_text(reader: impl BufRead) -> Result<Lists, String> {
    let mut lists = Lists::default();
    let mut heading: Option<(char, Vec<Option<Column>>)> = None;
    for (number, line) in (1..).zip(reader.lines()) {
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') && heading.is_some() {
            continue;
        }
        let Some((separator, columns)) = &heading else {
            let text = text.trim_start_matches('#');
            let separator = [',', '\t', ';'].into_iter().find(|sign| text.contains(*sign)).unwrap_or(' ');
            let columns: Vec<Option<Column>> = fields(text, separator).map(Column::of).collect();
            for column in columns.iter().flatten() {
                set(&mut lists, *column, Vec::new())?;
            }
            if [Column::Source, Column::Target].iter().any(|column| lists.0[*column as usize].is_none()) {
                return Err(format!(
                    "line {number}: the first line must name the columns, among them source and target"
                ));
            }
            heading = Some((separator, columns));
            continue;
        };
        let mut fields = fields(text, *separator);
        for column in columns {
            let field = fields.next().ok_or_else(|| {
                format!("line {number}: it has fewer than the {} columns of the heading", columns.len())
            })?;
            let Some(column) = column else { continue };
            let value: f64 = field.trim_matches('"').parse().map_err(|_| {
                let (_, name, _) = COLUMNS[*column as usize];
                format!("line {number}: the {name} is '{field}', not a number")
            })?;
            if let Some(list) = &mut lists.0[*column as usize] {
                list.push(value);
            }
        }
        if fields.next().is_some() {
            return Err(format!(
                "line {number}: it has more than the {} columns of the heading",
                columns.len()
            ));
        }
    }
    if heading.is_none() {
        return Err("it is empty; its first line must name the columns".to_owned());
    }
    Ok(lists)
}

/// The fields of a line; blanks separate them however many there are.
fn fields(text: &str, separator: char) -> Box<dyn Iterator<Item = &str> + '_> {
    if separator == ' ' {
        return Box::new(text.split_whitespace());
    }
    Box::new(text.split(separator).map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Edges, String> {
        from_text(text.as_bytes())?.edges(Path::new("edges.csv"))
    }

    #[test]
    fn columns_have_names_in_any_order() {
        let expected = Edges {
            path: "edges.csv".into(),
            sources: vec![0, 7],
            targets: vec![3, 3],
            weights: Some(vec![0.5, -2.0]),
            delays: None,
        };
        for form in [
            "source,target,weight\n0,3,0.5\n7,3,-2\n",
            "# pre\tpost\tweight (mV)\n0\t3\t0.5\n\n7\t3\t-2e0\n",
            "Weight; TO; note; FROM\n0.5; 3; a; 0\n# nothing\n-2; 3; b; 7\n",
            "i j w\n0   3  0.5\n 7 3 -2",
        ] {
            assert_eq!(text(form), Ok(expected.clone()), "{form}");
        }
        assert_eq!(text("pre,post\n1,2\n1,2\n").map(|edges| edges.repeated()), Ok(1));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        for (form, reason) in [
            ("", "it is empty"),
            ("0,3,0.5\n", "line 1: the first line must name the columns"),
            ("source,target\n0\n", "line 2: it has fewer than the 2 columns"),
            ("source,target\n0,1,2\n", "line 2: it has more than the 2 columns"),
            ("source,target\n\n0,x\n", "line 3: the target is 'x', not a number"),
            ("source,target\n0,1.5\n", "the target of synapse 0 is 1.5"),
            ("source,target\n-1,1\n", "the source of synapse 0 is -1"),
            ("source,pre,target\n", "two of its columns are the source"),
        ] {
            let found = text(form).unwrap_err();
            assert!(found.contains(reason), "{form}: {found}");
        }
    }
}
