//! Neurons in graphs of the Neuromorphic Intermediate Representation (NIR; Pedersen et al. 2024,
//! Nature Communications 15:8122), as the Python package `nir` reads and writes them.
//!
//! NIR says what a neuron is in continuous time:
//!
//! ```text
//! LIF      tau dv/dt = (v_leak - v) + r I
//! CubaLIF  tau_mem dv/dt = (v_leak - v) + r I      tau_syn dI/dt = -I + w_in S
//! both     v -> v_reset                            as soon as v > v_threshold
//! ```
//!
//! It has no time step, no rule for the part of v above the threshold, and no refractory period: a [`Stepping`]
//! specifies them. `docs/nir.md` describes the conversion of each number.
//!
//! ```
//! use lif::nir::{self, Neurons, Stepping};
//! use lif::{Device, Integrator, Params, Population, Recording, Refractory, Reset};
//!
//! let path = std::env::temp_dir().join(format!("example-{}.nir", std::process::id()));
//! let params = Params { v_rest: 0.0.into(), v_reset: 0.0.into(), v_threshold: 1.0.into(), ..Params::default() };
//! nir::write(&path, "neurons", &Neurons::from_params(&params, 100)?)?;
//!
//! let graph = nir::read(&path)?;
//! let neurons = graph.neurons(None)?;
//! let stepping = Stepping {
//!     dt: 0.1,
//!     integrator: Integrator::Exact,
//!     reset: Reset::ToValue,
//!     t_ref: 2.0.into(),
//!     refractory: Refractory::Frozen,
//! };
//! let mut population = Population::new(neurons.params(&stepping)?, neurons.n(), &Device::cpu())?;
//! population.run(1000, 0.1).go()?;
//! # let _ = std::fs::remove_file(&path);
//! # Ok::<(), lif::Error>(())
//! ```

mod file;
mod neurons;

pub use file::{read, write};
pub use neurons::{Neurons, Stepping, Synapse};

use crate::error::{Error, Result};
use std::path::PathBuf;

/// The contents of a graph file.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    path: PathBuf,
    nodes: Vec<(String, Node)>,
    edges: Vec<(String, String)>,
    /// For each node of neurons: its name, and the names of data in it other than its fields.
    unread: Vec<(String, Vec<String>)>,
}

/// A node of a graph.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A `LIF` or a `CubaLIF`.
    Neurons(Box<Neurons>),
    /// Any other node, of which only the type is read.
    Other(String),
}

impl Graph {
    /// The nodes with their names, sorted. Nodes of a graph inside the graph are named `outer/inner`; the node of a
    /// file without a graph is named `node`.
    #[must_use]
    pub fn nodes(&self) -> &[(String, Node)] {
        &self.nodes
    }

    /// The edges (from, to) between nodes, in the order of the file.
    #[must_use]
    pub fn edges(&self) -> &[(String, String)] {
        &self.edges
    }

    /// The names of data in a node of neurons that are not read, as they are not among its [fields](Neurons::fields):
    /// other fields, as `t_ref`, groups, as `metadata/author`, and attributes, as `@dt`.
    #[must_use]
    pub fn unread(&self, name: &str) -> &[String] {
        self.unread.iter().find(|(known, _)| known == name).map_or(&[], |(_, unread)| unread)
    }

    /// Returns the neurons of the node with this name; without a name, those of the only `LIF` or `CubaLIF` node.
    ///
    /// # Errors
    /// [`Error::Nir`] if there are no such neurons, or several and no name.
    pub fn neurons(&self, name: Option<&str>) -> Result<&Neurons> {
        self.node_of_neurons(name).map(|(_, neurons)| neurons)
    }

    /// As [`neurons`](Self::neurons), with the name of the node.
    ///
    /// # Errors
    /// As for [`neurons`](Self::neurons).
    pub fn node_of_neurons(&self, name: Option<&str>) -> Result<(&str, &Neurons)> {
        let all: Vec<(&str, &Neurons)> = self.nodes.iter().filter_map(of_neurons).collect();
        let names = || all.iter().map(|(name, _)| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let refusal = |reason| Err(Error::Nir { path: self.path.display().to_string(), reason });
        let Some(name) = name else {
            return match all[..] {
                [only] => Ok(only),
                [] => refusal("it has no LIF or CubaLIF node".to_owned()),
                _ => refusal(format!(
                    "it has several nodes of neurons, of which one must be named: {}",
                    names()
                )),
            };
        };
        match self.nodes.iter().find(|(known, _)| known == name) {
            Some((name, Node::Neurons(neurons))) => Ok((name, neurons)),
            Some((_, Node::Other(kind))) => {
                refusal(format!("node '{name}' is a {kind}; only LIF and CubaLIF are neurons here"))
            }
            None if all.is_empty() => refusal(format!("it has no node '{name}', and no LIF or CubaLIF node")),
            None => refusal(format!("it has no node '{name}'; its nodes of neurons are {}", names())),
        }
    }
}

fn of_neurons((name, node): &(String, Node)) -> Option<(&str, &Neurons)> {
    match node {
        Node::Neurons(neurons) => Some((name, &**neurons)),
        Node::Other(_) => None,
    }
}
