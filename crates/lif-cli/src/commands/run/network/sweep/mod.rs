//! The results of a sweep: those of each batch row, with the values that it has.

pub mod picture;
mod table;

pub use table::table;

use super::statistics::OfGroup;
use crate::network::Description;
use crate::network::sweep::Sweep;
use serde::Serialize;
use std::io::{self, Write};

/// A sweep in the summary.
#[derive(Debug, Clone, Serialize)]
pub struct SweepSummary {
    pub keys: Vec<KeySummary>,
    pub rows: Vec<RowSummary>,
}

/// What differs between rows.
#[derive(Debug, Clone, Serialize)]
pub struct KeySummary {
    pub name: String,
    pub unit: Option<String>,
    pub values: Vec<f64>,
    /// With the unit.
    #[serde(skip)]
    pub label: String,
}

/// A row.
#[derive(Debug, Clone, Serialize)]
pub struct RowSummary {
    pub row: usize,
    /// Of each key.
    pub values: Vec<f64>,
    pub groups: Vec<RowGroup>,
}

/// A group in a row.
#[derive(Debug, Clone, Serialize)]
pub struct RowGroup {
    pub name: String,
    pub spikes: u64,
    /// Hz.
    pub rate: Option<f64>,
    pub cv: Option<f64>,
    pub fano: Option<f64>,
}

impl SweepSummary {
    /// `None` if all rows are the same.
    pub fn new(description: &Description, groups: &[OfGroup]) -> Option<Self> {
        let sweep = &description.sweep;
        let key = |key: &crate::network::sweep::Key| KeySummary {
            name: key.name.clone(),
            unit: key.unit.map(|unit| unit.to_string()),
            values: key.values.clone(),
            label: key.label(),
        };
        let keys = sweep.keys.iter().map(key).collect();
        let rows = (0..sweep.rows()?).map(|row| row_summary(row, sweep, description, groups)).collect();
        Some(Self { keys, rows })
    }

    /// Writes a line for each row and group.
    pub fn write(&self, file: &mut impl Write) -> io::Result<()> {
        let names: Vec<String> = self.keys.iter().map(|key| quoted(&key.name)).collect();
        writeln!(file, "row,{},group,spikes,rate,cv,fano", names.join(","))?;
        let or_none = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for row in &self.rows {
            let values: Vec<String> = row.values.iter().map(f64::to_string).collect();
            for group in &row.groups {
                let numbers = [group.rate, group.cv, group.fano].map(or_none).join(",");
                let (name, spikes) = (quoted(&group.name), group.spikes);
                writeln!(file, "{},{},{name},{spikes},{numbers}", row.row, values.join(","))?;
            }
        }
        Ok(())
    }
}

fn row_summary(row: usize, sweep: &Sweep, description: &Description, groups: &[OfGroup]) -> RowSummary {
    let group = |(group, of_group): (&crate::network::description::Group, &OfGroup)| {
        let of_row = of_group.rows.get(row)?;
        Some(RowGroup {
            name: group.name.clone(),
            spikes: of_row.spikes,
            rate: of_row.rate,
            cv: of_row.cv,
            fano: of_row.fano,
        })
    };
    RowSummary {
        row,
        values: (0..sweep.keys.len()).map(|key| sweep.value(row, key)).collect(),
        groups: description.groups.iter().zip(groups).filter_map(group).collect(),
    }
}

/// A field of a line, in quotes if it has to be.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_file_has_all_of_a_row_and_a_group() {
        let group = |rate| RowGroup { name: "a, b".into(), spikes: 3, rate, cv: None, fano: Some(1.5) };
        let key =
            |name: &str| KeySummary { name: name.into(), unit: None, values: vec![], label: name.into() };
        let summary = SweepSummary {
            keys: vec![key("g"), key("eta")],
            rows: vec![RowSummary {
                row: 0,
                values: vec![3.0, 0.5],
                groups: vec![group(Some(2.0)), group(None)],
            }],
        };
        let mut file = Vec::new();
        summary.write(&mut file).unwrap();
        let expected =
            "row,g,eta,group,spikes,rate,cv,fano\n0,3,0.5,\"a, b\",3,2,,1.5\n0,3,0.5,\"a, b\",3,,,1.5\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }
}
