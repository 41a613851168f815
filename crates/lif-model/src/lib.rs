//! The definitions of `lif`, in plain scalar Rust, that every engine must equal bit for bit: the step of a cell
//! ([`step_cell`]), what is drawn at random ([`random`]), and how well spikes predict recorded ones.
//!
//! The library `lif` hands all of it out as its module `model`. This is a package of its own so that the kernels,
//! which take long to compile, are compiled anew only when it changes.
//!
//! # Why the bits are the same everywhere
//!
//! Only `+`, `-`, `*` and comparisons occur, and what could be computed in another way passes
//! through [`rounded`], beyond which no compiler of a GPU can see: else some merge a product with
//! the sum that follows (Vulkan, DirectX), some reorder sums (Metal, DirectX). Some GPUs flush subnormal numbers to
//! zero, so none may ever arise: parameters and `R I` are zero or at least [`SMALLEST_PARAMETER`]
//! in magnitude, factors of synaptic currents are large enough for that, and a state that has decayed
//! below [`SMALLEST_STATE`] becomes zero. Doing that
//! at every 32nd step is enough for a cell that decays slowly (31 steps of a decay by 0.625 take
//! 1e-30 to 5e-37, above the smallest normal number 1.2e-38); a cell that decays faster
//! than [`FASTEST_LEAK`] per step does it at each step. Both depend on the cell and on the number
//! of the step alone, so no split of batch or time changes a result.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod coefficients;
#[doc(hidden)]
pub mod decays;
mod neuron;
mod options;
pub mod random;
#[doc(hidden)]
pub mod score;
mod state;
#[doc(hidden)]
pub mod tables;

pub use coefficients::{Coefficient, Coefficients};
pub use neuron::*;
pub use state::{Field, State};
