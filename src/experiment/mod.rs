//! What the user specifies, in physical units: parameters and presets, inputs, recorded spike trains, and what to
//! record.

pub(crate) mod input;
pub(crate) mod network;
#[cfg(feature = "nir")]
pub mod nir;
pub(crate) mod noise_size;
pub(crate) mod params;
pub(crate) mod poisson_rates;
pub(crate) mod population_options;
pub(crate) mod preset;
pub(crate) mod random_source;
#[cfg(test)]
pub(crate) mod random_tests;
pub(crate) mod recording;
pub(crate) mod spike_input;
pub(crate) mod tally;
pub(crate) mod target;
