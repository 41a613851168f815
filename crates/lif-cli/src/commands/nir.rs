//! `lif nir`: what is in a graph of the Neuromorphic Intermediate Representation.

use crate::failure::Failure;
use crate::terminal;
use crate::terminal::figures::{counted, grouped};
use clap::Args;
use lif::nir::{self, Graph, Node};
use ndarray::ArrayD;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// The options of `lif nir`.
#[derive(Debug, Args)]
pub struct NirOptions {
    /// The graph, as the Python package nir writes it
    ///
    /// An HDF5 file with a group `node`.
    pub file: PathBuf,
    /// Print a JSON object
    ///
    /// With all nodes, all values of those that are neurons, and the edges; nothing else on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Prints the nodes of a graph.
pub fn list(options: &NirOptions) -> Result<ExitCode, Failure> {
    let graph = nir::read(&options.file)?;
    let text = if options.json { as_json(&graph)? } else { table(&graph, options) };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Bytes per value as JSON: as a value, and as text, which grows.
const BYTES_PER_VALUE: u64 = 32 + 3 * 32;

fn as_json(graph: &Graph) -> Result<String, Failure> {
    let values = |node: &Node| match node {
        Node::Other(_) => 0,
        Node::Neurons(neurons) => neurons.fields().iter().map(|(_, values)| values.len() as u64).sum(),
    };
    let values: u64 = graph.nodes().iter().map(|(_, node)| values(node)).sum();
    lif::require_memory("the graph as JSON", values * BYTES_PER_VALUE, "leave out --json")?;
    let nodes: Vec<Value> = graph
        .nodes()
        .iter()
        .map(|(name, node)| match node {
            Node::Other(kind) => json!({ "name": name, "type": kind }),
            Node::Neurons(neurons) => {
                let fields: Map<String, Value> = neurons
                    .fields()
                    .into_iter()
                    .map(|(field, values)| (field.to_owned(), values.iter().copied().collect()))
                    .collect();
                let shape = neurons.v_threshold.shape();
                let unread = graph.unread(name);
                json!({ "name": name, "type": neurons.kind(), "shape": shape, "fields": fields, "unread": unread })
            }
        })
        .collect();
    let object = json!({ "nodes": nodes, "edges": graph.edges() });
    serde_json::to_string_pretty(&object).map_err(|error| Failure::fault(error.to_string()))
}

fn table(graph: &Graph, options: &NirOptions) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", words.trim_end());
    };
    let file = options.file.display();
    let mut runs = Vec::new();
    for (name, node) in graph.nodes() {
        match node {
            Node::Other(kind) => line(format!("{name:<20} {kind}")),
            Node::Neurons(neurons) => {
                let count = counted(neurons.n() as u64, "neuron");
                line(format!("{name:<20} {:<10} {count}", neurons.kind()));
                for (field, values) in neurons.fields() {
                    let unit = if field.starts_with("tau") { "s" } else { "" };
                    line(format!("{:<20} {field:<12} {} {unit}", "", range(values)));
                }
                for unread in graph.unread(name) {
                    line(format!("{:<20} {unread:<12} not read", ""));
                }
                runs.push(name);
            }
        }
    }
    for (node, _) in graph.edges().iter().filter(|(from, to)| from == to) {
        line(format!("{node:<20} feeds itself, which is not read"));
    }
    match runs[..] {
        [] => line("\nno LIF or CubaLIF node, so nothing that lif run --nir takes".to_owned()),
        [name, ..] => {
            let choice = if runs.len() > 1 { format!(" --nir-node {name}") } else { String::new() };
            line(format!("\nlif run --nir {file}{choice} --dt 0.1 --t-ref 0 --reset to-value"));
        }
    }
    text.trim_end().to_owned()
}

/// `20`, or `5 to 40` where the neurons differ, and how many are no numbers.
fn range(values: &ArrayD<f64>) -> String {
    let numbers = || values.iter().copied().filter(|value| !value.is_nan());
    let least = numbers().fold(f64::INFINITY, f64::min);
    let most = numbers().fold(f64::NEG_INFINITY, f64::max);
    // With the precision of a simulation.
    let [least, most] = [least as f32, most as f32];
    let range = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    match (values.len() - numbers().count(), values.len()) {
        (0, _) => range,
        (none, all) if none == all => "NaN".to_owned(),
        (none, all) => format!("{range}, and NaN {} of {} times", grouped(none as u64), grouped(all as u64)),
    }
}
