//! The neurons of `--nir`, from a graph of the Neuromorphic Intermediate Representation.

use crate::failure::Failure;
use crate::numbers::Understood;
use crate::quantity::preset_units::AxisUnits;
use crate::settings::Settings;
use crc32fast::Hasher;
use lif::nir::{self, Graph, Neurons, Node};
use std::path::Path;

/// Units of currents and membrane potentials, which NIR does not define.
pub const UNITS: AxisUnits = AxisUnits { input: "as in the NIR graph", potential: "v" };

/// The neurons of the graph in the settings, and how it was understood.
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
    // A missing v_reset also has a value.
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

/// The unread parts of a graph: what else the node has, its loops, and other nodes except the ends of the
/// graph.
fn unread(graph: &Graph, node: &str) -> Vec<String> {
    let is_loop = |edge: &&(String, String)| edge.0 == node && edge.1 == node;
    let loops = graph.edges().iter().filter(is_loop).map(|(from, to)| format!("edge {from} -> {to}"));
    let others = graph.nodes().iter().filter(|(name, _)| name != node);
    let others = others.map(|(name, other)| (name, kind(other)));
    let others = others.filter(|(_, kind)| !["Input", "Output"].contains(kind));
    let others = others.map(|(name, kind)| format!("node {name} ({kind})"));
    graph.unread(node).iter().cloned().chain(loops).chain(others).collect()
}

/// A warning about unread parts that would change the neurons. Metadata and other nodes would not.
fn doubt_of(node: &str, unread: &[String]) -> Option<String> {
    let is_doubtful = |part: &&String| part.starts_with("edge ") || !part.contains(['/', '@', ' ']);
    let doubtful: Vec<&str> = unread.iter().filter(is_doubtful).map(String::as_str).collect();
    (!doubtful.is_empty()).then(|| {
        format!("of the node '{node}' nothing is read of {}; the run is without it", doubtful.join(", "))
    })
}

fn kind(node: &Node) -> &str {
    match node {
        Node::Neurons(neurons) => neurons.kind(),
        Node::Other(kind) => kind,
    }
}

/// The size of the node; `None` for a node without axes, which fits any size.
pub fn size(neurons: &Neurons) -> Option<usize> {
    (neurons.v_threshold.ndim() > 0).then_some(neurons.n())
}

/// A checksum of the neurons.
pub fn checksum(neurons: &Neurons) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(neurons.kind().as_bytes());
    for (_, values) in neurons.fields() {
        values.shape().iter().for_each(|length| hasher.update(&(*length as u64).to_le_bytes()));
        values.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
    }
    hasher.finalize()
}
