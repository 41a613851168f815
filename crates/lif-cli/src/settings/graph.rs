//! Settings for the neurons of a NIR graph.

use crate::failure::Failure;
use serde_json::{Map, Value};

/// Settings that a node gives, or that choose other neurons.
const IN_A_NODE: [&str; 11] = [
    "preset",
    "tau-m",
    "resistance",
    "v-rest",
    "v-reset",
    "v-threshold",
    "tau-syn",
    "tau-syn-inhibitory",
    "synapse-rule",
    "synapse-shape",
    "spike-test",
];

/// Settings that no node gives, with their options.
const NOT_IN_A_NODE: [(&str, &str); 3] = [
    ("dt", "--dt MS"),
    ("t-ref", "--t-ref MS (0 for none)"),
    ("reset", "--reset to-value or --reset subtract"),
];

/// Whether the settings ask for the neurons of a graph. Refuses settings that the node gives, and requires
/// those that it does not give.
pub fn is_given(given: &Map<String, Value>) -> Result<bool, Failure> {
    if !given.contains_key("nir") {
        return match given.contains_key("nir-node") {
            true => Err(Failure::of("nir-node", "nir-node needs a graph: add --nir FILE")),
            false => Ok(false),
        };
    }
    if let Some(name) = IN_A_NODE.into_iter().find(|name| given.contains_key(*name)) {
        return Err(Failure::of(
            name,
            format!(
                "{name} cannot go with the neurons of a NIR graph, which says it itself; leave out --{name} or --nir"
            ),
        ));
    }
    if let Some((name, option)) = NOT_IN_A_NODE.into_iter().find(|(name, _)| !given.contains_key(*name)) {
        return Err(Failure::of("nir", format!("a NIR graph does not say {name}: add {option}")));
    }
    Ok(true)
}
