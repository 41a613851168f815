//! Spikes from files: those that drive a population, and those that were recorded and are to be predicted.

mod doubts;
pub mod recorded;
pub mod trains;
