//! What an engine sees: plain numbers, made of what the user says and checked once.

pub(crate) mod coefficients;
pub(crate) mod current;
pub(crate) mod field;
pub(crate) mod noise;
#[cfg(test)]
mod platform_tests;
pub(crate) mod projection;
pub(crate) mod reference;
pub(crate) mod scoring;
