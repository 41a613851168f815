//! Settings: the options of `lif run`, which are also the keys of a settings file, and the layers from preset
//! to command line.

mod graph;
mod keys;
pub mod layers;
mod options;
mod paths;
pub mod presets;
pub mod random_input;
pub mod record;
pub mod rules;
pub mod words;

pub use options::{MODEL, Settings};
