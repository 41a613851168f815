//! Spikes from files: trains that drive a population, and recordings to predict.

mod doubts;
pub mod recorded;
pub mod trains;
