//! Settings: the options of `lif run`, which are the keys of a settings file too, the presets, and how these are laid over
//! each other.

mod graph;
pub mod layers;
mod options;
mod paths;
pub mod presets;
pub mod random_input;
pub mod record;
pub mod rules;
pub mod words;

pub use options::{MODEL, Settings};
