//! Networks: their description, which a model of the literature or a file gives, and how it becomes a population.

pub mod built;
mod columns;
pub mod description;
mod distance;
mod edges;
mod entries;
mod file;
mod groups;
mod ids;
mod listed;
pub mod models;
mod noise;
mod positions;
mod presets;
mod subsets;
pub mod sweep;
pub mod written;

pub use columns::Columns;
pub use description::Description;
pub use file::{is_network, is_of_network, read};
