//! How a file was understood, for the summary, so that nobody has to guess.

use super::TimeUnit;
use super::{Format, Origin, Source, written};
use crate::terminal::figures::{counted, grouped};
use serde::Serialize;
use std::path::Path;

/// How a file was understood, in the order of the summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Understood {
    /// The option with the file.
    pub option: &'static str,
    /// The absolute path of the file.
    pub file: String,
    /// The path as given.
    #[serde(skip)]
    pub given: String,
    pub format: &'static str,
    /// The node of a graph, and its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The columns of a text, the arrays of an archive, the fields of a node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// The number of samples, spikes or weights.
    pub count: u64,
    /// The word for them.
    #[serde(skip)]
    pub thing: &'static str,
    #[serde(flatten)]
    pub extent: Extent,
    /// The unread comments of a text, arrays of an archive, or parts of a graph.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Notes for people.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

/// The range of steps or times.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Extent {
    None {},
    Steps {
        from_step: u64,
        to_step: u64,
    },
    /// The first and the last time in the file.
    Times {
        from_ms: f64,
        to_ms: f64,
        unit: &'static str,
        unit_from: Origin,
    },
    /// From the beginning of the first sample to the end of the last.
    Samples {
        from_ms: f64,
        to_ms: f64,
        interval_ms: f64,
        interval_from: Origin,
    },
}

impl Understood {
    /// For the file of an option; the rest is still empty.
    pub fn new(option: &'static str, source: &Source) -> Self {
        Self::of_file(option, source.path(), source.format().text())
    }

    /// The same for a file that is not read as numbers.
    pub fn of_file(option: &'static str, path: &Path, format: &'static str) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self {
            option,
            file: absolute.display().to_string(),
            given: path.display().to_string(),
            format,
            node: None,
            kind: None,
            columns: Vec::new(),
            shape: None,
            count: 0,
            thing: "number",
            extent: Extent::None {},
            unread: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Its name in a table.
    pub fn label(&self) -> &'static str {
        if self.option == "events-matrix" { "weights" } else { self.option }
    }

    /// As a line of a table.
    pub fn line(&self) -> String {
        let mut words = counted(self.count, self.thing);
        if let (Some(node), Some(kind)) = (&self.node, self.kind) {
            words += &format!(" of {} ({kind} '{node}')", self.given);
        }
        match &self.extent {
            Extent::None {} => {}
            Extent::Steps { from_step, to_step } => {
                words += &format!(", steps {} to {}", grouped(*from_step), grouped(*to_step));
            }
            Extent::Times { from_ms, to_ms, unit, unit_from } => {
                words += &format!(", {} to {} ms, times in {unit} {unit_from}", ms(*from_ms), ms(*to_ms));
            }
            Extent::Samples { from_ms, to_ms, interval_ms, interval_from } => {
                let (from, to, interval) = (ms(*from_ms), ms(*to_ms), ms(*interval_ms));
                words += &format!(", {from} to {to} ms, one every {interval} ms {interval_from}");
            }
        }
        if let Some(shape) = self.shape.as_ref().filter(|shape| shape.len() > 1) {
            words += &format!(", shape {shape:?}");
        }
        if !self.columns.is_empty() {
            let what = match &self.node {
                Some(_) => "field",
                None if self.format == Format::Text.text() => "column",
                None => "array",
            };
            let several = if self.columns.len() > 1 { "s" } else { "" };
            let names: Vec<String> = self.columns.iter().map(|name| format!("'{name}'")).collect();
            words += &format!(", {what}{several} {}", names.join(", "));
        }
        for remark in &self.remarks {
            words += &format!("; {remark}");
        }
        if let Some((first, others)) = self.unread.split_first() {
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            words += &format!("; not read: '{first}'{more}");
        }
        words
    }
}

/// A time in ms without rounding errors of arithmetic.
pub fn without_rounding(time: f64) -> f64 {
    if time.abs() > 1e9 { time } else { (time * 1e6).round() / 1e6 }
}

/// A time as text, without digits from rounding errors.
pub fn ms(time: f64) -> String {
    let rounded = without_rounding(time);
    if rounded == 0.0 && time != 0.0 { format!("{time:.3e}") } else { written(rounded) }
}

/// A range of times with their unit.
pub fn times(from_ms: f64, to_ms: f64, unit: &(TimeUnit, Origin)) -> Extent {
    Extent::Times { from_ms, to_ms, unit: unit.0.text(), unit_from: unit.1.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_matter() {
        assert_eq!([0.0, 0.1 + 0.2, 1_949.999_999_999, 1e-9].map(ms), ["0", "0.3", "1950", "1.000e-9"]);
    }
}
