//! Reads and writes NIR graphs as HDF5 files: a group `node`, whose nodes are groups with a string `type` and an array
//! per field.

use super::{Graph, Neurons, Node, Synapse};
use crate::data::hdf5::{dataset, has, of_a_group, require_whole, words};
use crate::data::{memory, regular_file};
use crate::error::{Error, Result};
use hdf5_pure::{Dataset, Datatype, File, FileBuilder, Group, GroupBuilder};
use ndarray::ArrayD;
use std::path::Path;

/// The version of the package `nir` whose file format is written.
const NIR_VERSION: &str = "1.0.8";

/// The deepest nesting of graphs; beyond it a file is taken to contain itself.
const DEEPEST: usize = 16;

/// Reads a graph.
///
/// # Errors
/// [`Error::Nir`] if the file cannot be read, is no NIR graph, or a `LIF` or `CubaLIF` in it lacks a field or
/// has fields of different shapes.
pub fn read(path: impl AsRef<Path>) -> Result<Graph> {
    let path = path.as_ref();
    let mut graph = Graph { path: path.to_owned(), nodes: Vec::new(), edges: Vec::new(), unread: Vec::new() };
    read_into(&mut graph).map_err(|reason| Error::Nir { path: path.display().to_string(), reason })?;
    Ok(graph)
}

fn read_into(graph: &mut Graph) -> std::result::Result<(), String> {
    let bytes = regular_file::open(&graph.path).and_then(|file| file.metadata()).map_err(words)?.len();
    memory::require("the file", bytes, "take a graph with fewer neurons").map_err(words)?;
    let file = File::open(&graph.path).map_err(|error| match error {
        hdf5_pure::Error::Io(error) => error.to_string(),
        error => format!("it is no HDF5 file that can be read: {error}"),
    })?;
    let root = file.group("node").map_err(|_| "it has no group 'node', so it is no NIR graph")?;
    read_node(&root, "", 0, graph)
}

/// Reads a node, and the nodes inside it if it is a graph.
fn read_node(group: &Group, name: &str, depth: usize, into: &mut Graph) -> std::result::Result<(), String> {
    let in_node = |reason: String| if name.is_empty() { reason } else { format!("node '{name}': {reason}") };
    let kind = read_strings(&dataset(group, "type").map_err(in_node)?)
        .map_err(in_node)?
        .pop()
        .ok_or_else(|| in_node("its type is empty".to_owned()))?;
    if kind != "NIRGraph" {
        let called = if name.is_empty() { "node" } else { name };
        let node = match kind.as_str() {
            "LIF" | "CubaLIF" => {
                let neurons = read_neurons(group, kind == "CubaLIF").map_err(in_node)?;
                into.unread.push((called.to_owned(), unread_in(group, &neurons)));
                Node::Neurons(Box::new(neurons))
            }
            _ => Node::Other(kind),
        };
        into.nodes.push((called.to_owned(), node));
        return Ok(());
    }
    if depth == DEEPEST {
        return Err(in_node(format!("there are more than {DEEPEST} graphs inside each other")));
    }
    let inside = |child: &str| if name.is_empty() { child.to_owned() } else { format!("{name}/{child}") };
    let nodes =
        group.group("nodes").map_err(|_| in_node("it is a graph without a group 'nodes'".to_owned()))?;
    let mut names =
        nodes.groups().map_err(|error| in_node(format!("among its nodes {}", of_a_group(&error))))?;
    names.sort();
    for child in names {
        let node = nodes.group(&child).map_err(|error| in_node(error.to_string()))?;
        read_node(&node, &inside(&child), depth + 1, into)?;
    }
    if has(group, "edges").map_err(in_node)? {
        let ends = read_strings(&dataset(group, "edges").map_err(in_node)?).map_err(in_node)?;
        into.edges.extend(ends.chunks_exact(2).map(|ends| (inside(&ends[0]), inside(&ends[1]))));
    }
    Ok(())
}

fn read_neurons(group: &Group, has_synapse: bool) -> std::result::Result<Neurons, String> {
    let v_threshold = array(group, "v_threshold")?;
    let shape = v_threshold.raw_dim();
    // A file that is older than this field: 0, as in the package `nir`.
    let v_reset = if has(group, "v_reset")? {
        array(group, "v_reset")?
    } else {
        log::warn!("a node of the NIR graph has no 'v_reset', and resets to 0, as in the package nir");
        ArrayD::zeros(shape.clone())
    };
    let synapse = if has_synapse {
        let w_in = array(group, "w_in")?;
        // The package spreads a single weight over the neurons.
        let w_in = if w_in.ndim() == 0 { ArrayD::from_elem(shape, w_in.sum()) } else { w_in };
        Some(Synapse { tau_syn: array(group, "tau_syn")?, w_in })
    } else {
        None
    };
    let neurons = Neurons {
        tau_mem: array(group, if has_synapse { "tau_mem" } else { "tau" })?,
        r: array(group, "r")?,
        v_leak: array(group, "v_leak")?,
        v_threshold,
        v_reset,
        synapse,
    };
    neurons.require_one_shape().map_err(|error| error.to_string())?;
    Ok(neurons)
}

/// Returns the names of data in a node other than the fields of its neurons. Errors are ignored: a graph is not refused
/// for data that would not be read anyway.
fn unread_in(group: &Group, neurons: &Neurons) -> Vec<String> {
    let fields = neurons.fields();
    let is_read = |name: &str| name == "type" || fields.iter().any(|(field, _)| *field == name);
    let mut unread = group.datasets().unwrap_or_default();
    unread.retain(|name| !is_read(name));
    for inner in group.groups().unwrap_or_default() {
        let within = group.group(&inner).and_then(|group| group.datasets()).unwrap_or_default();
        unread.extend(within.into_iter().map(|name| format!("{inner}/{name}")));
    }
    unread.extend(group.attr_datatypes().unwrap_or_default().into_keys().map(|name| format!("@{name}")));
    unread.sort();
    unread
}

fn array(group: &Group, name: &str) -> std::result::Result<ArrayD<f64>, String> {
    let in_field = |reason: String| format!("'{name}': {reason}");
    let dataset = dataset(group, name)?;
    let shape = dataset.shape().map_err(|error| in_field(error.to_string()))?;
    let values = shape.iter().fold(1_u64, |values, length| values.saturating_mul(*length));
    memory::require(name, values.saturating_mul(size_of::<f64>() as u64), "the file may be damaged")
        .map_err(words)?;
    let kind = dataset.datatype().map_err(|error| in_field(error.to_string()))?;
    if let Datatype::FloatingPoint { size, .. } = kind
        && ![4, 8].contains(&size)
    {
        let bits = 8 * u64::from(size);
        return Err(in_field(format!(
            "its numbers have {bits} bits, which is not read; write them with 32 or 64"
        )));
    }
    if let Datatype::FixedPoint { .. } = kind {
        log::warn!("the field '{name}' of the NIR graph has whole numbers, which is unusual");
    }
    require_whole(&dataset, &shape, kind.type_size()).map_err(in_field)?;
    let values_there = dataset.read_f64().map_err(|error| in_field(error.to_string()))?;
    if values_there.len() as u64 != values {
        return Err(in_field(match values_there.len() {
            0 => "it has no value at all (its dataspace is null)".to_owned(),
            there => format!("it has {there} values, and a shape {shape:?} of {values}"),
        }));
    }
    let shape: Vec<usize> = shape.into_iter().map(|length| length as usize).collect();
    ArrayD::from_shape_vec(shape, values_there).map_err(|error| in_field(error.to_string()))
}

fn read_strings(dataset: &Dataset) -> std::result::Result<Vec<String>, String> {
    let shape = dataset.shape().map_err(words)?;
    let strings = shape.iter().fold(1_u64, |strings, length| strings.saturating_mul(*length));
    let bytes = strings.saturating_mul(size_of::<String>() as u64);
    memory::require("its strings", bytes, "the file may be damaged").map_err(words)?;
    dataset.read_string().map_err(words)
}

/// Writes a graph of three nodes: an `Input`, these neurons under this name, and an `Output`.
///
/// # Errors
/// [`Error::Nir`] if the file cannot be written or a node cannot have this name; [`Error::Shape`] if
/// the arrays of the neurons do not all have the same shape.
pub fn write(path: impl AsRef<Path>, name: &str, neurons: &Neurons) -> Result<()> {
    neurons.require_one_shape()?;
    let path = path.as_ref();
    let refusal = |reason| Error::Nir { path: path.display().to_string(), reason };
    if name.is_empty() || name.contains('/') || [".", "input", "output"].contains(&name) {
        return Err(refusal(format!("'{name}' cannot be the name of the neurons; choose another")));
    }
    let shape: Vec<u64> = neurons.v_threshold.shape().iter().map(|length| *length as u64).collect();

    let mut file = FileBuilder::new();
    file.create_dataset("version").with_vlen_strings(&[NIR_VERSION]).with_shape(&[]);
    let mut graph = node(file.create_group("node"), "NIRGraph");
    graph.create_dataset("edges").with_vlen_strings(&["input", name, name, "output"]).with_shape(&[2, 2]);
    let mut nodes = graph.create_group("nodes");
    for (end, kind) in [("input", "Input"), ("output", "Output")] {
        let mut group = node(nodes.create_group(end), kind);
        let lengths: Vec<i64> = shape.iter().map(|length| *length as i64).collect();
        group.create_dataset("shape").with_i64_data(&lengths);
        nodes.add_group(group.finish());
    }
    let mut group = node(nodes.create_group(name), neurons.kind());
    for (field, values) in neurons.fields() {
        let values: Vec<f64> = values.iter().copied().collect();
        group.create_dataset(field).with_f64_data(&values).with_shape(&shape);
    }
    nodes.add_group(group.finish());
    graph.add_group(nodes.finish());
    file.add_group(graph.finish());
    file.write(path).map_err(|error| refusal(format!("cannot be written: {error}")))
}

/// Adds the type of the node to its group.
fn node(mut group: GroupBuilder, kind: &str) -> GroupBuilder {
    group.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
    group
}
