//! Inputs of the engines: plain numbers, checked once and computed from what the user wrote.

pub(crate) mod coefficients;
pub(crate) mod current;
pub(crate) mod field;
pub(crate) mod network;
pub(crate) mod noise;
#[cfg(test)]
mod platform_tests;
pub(crate) mod projection;
pub(crate) mod reference;
pub(crate) mod scoring;
mod synaptic_current;
