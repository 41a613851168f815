//! Leaky integrate-and-fire neurons, on the GPU and on the CPU, with the same results.
#![forbid(unsafe_code)]

pub mod model;
