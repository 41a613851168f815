//! Neurons of graphs of the Neuromorphic Intermediate Representation: `lif nir`, and `lif run --nir`.

use crate::failure::Failure;
use crate::figures::{counted, grouped};
use crate::numbers::Understood;
use crate::presets::AxisUnits;
use crate::settings::Settings;
use crate::terminal;
use clap::Args;
use crc32fast::Hasher;
use lif::nir::{self, Graph, Neurons, Node};
use ndarray::ArrayD;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What currents and membrane potentials are measured in, of which NIR says nothing.
pub const UNITS: AxisUnits = AxisUnits { input: "as in the NIR graph", potential: "v" };

/// What a node says of its neurons, and what other neurons come with.
const IN_A_NODE: [&str; 8] =
    ["preset", "tau-m", "resistance", "v-rest", "v-reset", "v-threshold", "tau-syn", "spike-test"];

/// What no node says, and what to say for it.
const NOT_IN_A_NODE: [(&str, &str); 3] = [
    ("dt", "--dt MS"),
    ("t-ref", "--t-ref MS (0 for none)"),
    ("reset", "--reset to-value or --reset subtract"),
];

/// The options of `lif nir`.
#[derive(Debug, Args)]
pub struct NirWish {
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

/// Whether settings ask for the neurons of a graph. They are then refused where they say what the node
/// says, and where they leave open what no node says.
pub fn are_asked_for(asked: &Map<String, Value>) -> Result<bool, Failure> {
    if !asked.contains_key("nir") {
        return match asked.contains_key("nir-node") {
            true => Err(Failure::of("nir-node", "nir-node needs a graph: add --nir FILE")),
            false => Ok(false),
        };
    }
    if let Some(name) = IN_A_NODE.into_iter().find(|name| asked.contains_key(*name)) {
        return Err(Failure::of(
            name,
            format!(
                "{name} cannot go with the neurons of a NIR graph, which says it itself; leave out --{name} or --nir"
            ),
        ));
    }
    if let Some((name, option)) = NOT_IN_A_NODE.into_iter().find(|(name, _)| !asked.contains_key(*name)) {
        return Err(Failure::of("nir", format!("a NIR graph does not say {name}: add {option}")));
    }
    Ok(true)
}

/// The neurons of a graph that settings ask for, and what was understood of it.
pub fn neurons(settings: &Settings) -> Result<Option<(Neurons, Understood)>, Failure> {
    let Some(path) = &settings.nir else { return Ok(None) };
    let graph = nir::read(path)?;
    match graph.node_of_neurons(settings.nir_node.as_deref()) {
        Ok((name, neurons)) => {
            let understood = understood(path, &graph, name, neurons);
            if let Some(doubt) = doubt_of(name, &understood.unread) {
                log::warn!("NIR graph {}: {doubt}", path.display());
            }
            Ok(Some((neurons.clone(), understood)))
        }
        Err(error) => {
            let message = format!("{error}; see lif nir {} and --nir-node", path.display());
            Err(Failure::of("nir, nir-node", message))
        }
    }
}

fn understood(path: &Path, graph: &Graph, name: &str, neurons: &Neurons) -> Understood {
    // A missing v_reset has a value too.
    let fields = neurons.fields().into_iter().map(|(field, _)| field.to_owned());
    Understood {
        node: Some(name.to_owned()),
        kind: Some(neurons.kind()),
        columns: fields.collect(),
        shape: Some(neurons.v_threshold.shape().to_vec()),
        count: neurons.n() as u64,
        thing: "neuron",
        unread: unread(graph, name),
        ..Understood::of_file("nir", path, "nir")
    }
}

/// What of a graph has no part in a run of one node: what else the node has, that it feeds itself, and other nodes but the
/// ends of the graph.
fn unread(graph: &Graph, node: &str) -> Vec<String> {
    let is_loop = |edge: &&(String, String)| edge.0 == node && edge.1 == node;
    let loops = graph.edges().iter().filter(is_loop).map(|(from, to)| format!("edge {from} -> {to}"));
    let others = graph.nodes().iter().filter(|(name, _)| name != node);
    let others = others.map(|(name, other)| (name, kind(other)));
    let others = others.filter(|(_, kind)| !["Input", "Output"].contains(kind));
    let others = others.map(|(name, kind)| format!("node {name} ({kind})"));
    graph.unread(node).iter().cloned().chain(loops).chain(others).collect()
}

/// What is said of parts that would change what neurons do. Metadata and other nodes do not.
fn doubt_of(node: &str, unread: &[String]) -> Option<String> {
    let is_telling = |part: &&String| part.starts_with("edge ") || !part.contains(['/', '@', ' ']);
    let telling: Vec<&str> = unread.iter().filter(is_telling).map(String::as_str).collect();
    (!telling.is_empty()).then(|| {
        format!("of the node '{node}' nothing is read of {}; the run is without it", telling.join(", "))
    })
}

fn kind(node: &Node) -> &str {
    match node {
        Node::Neurons(neurons) => neurons.kind(),
        Node::Other(kind) => kind,
    }
}

/// How many neurons a node is made for; one without axes is for any number.
pub fn size(neurons: &Neurons) -> Option<usize> {
    (neurons.v_threshold.ndim() > 0).then_some(neurons.n())
}

/// A number that changes with the neurons.
pub fn checksum(neurons: &Neurons) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(neurons.kind().as_bytes());
    for (_, values) in neurons.fields() {
        values.shape().iter().for_each(|length| hasher.update(&(*length as u64).to_le_bytes()));
        values.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
    }
    hasher.finalize()
}

/// Says what is in a graph.
pub fn list(wish: &NirWish) -> Result<ExitCode, Failure> {
    let graph = nir::read(&wish.file)?;
    let text = if wish.json { as_json(&graph)? } else { table(&graph, wish) };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What a value takes as JSON: as such, and as words, which grow.
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

fn table(graph: &Graph, wish: &NirWish) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", words.trim_end());
    };
    let file = wish.file.display();
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

/// `20`, or `5 to 40` where the neurons differ; what is no number is counted beside them.
fn range(values: &ArrayD<f64>) -> String {
    let numbers = || values.iter().copied().filter(|value| !value.is_nan());
    let least = numbers().fold(f64::INFINITY, f64::min);
    let most = numbers().fold(f64::NEG_INFINITY, f64::max);
    // As exact as the numbers of a simulation are.
    let [least, most] = [least as f32, most as f32];
    let range = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    match (values.len() - numbers().count(), values.len()) {
        (0, _) => range,
        (none, all) if none == all => "NaN".to_owned(),
        (none, all) => format!("{range}, and NaN {} of {} times", grouped(none as u64), grouped(all as u64)),
    }
}
