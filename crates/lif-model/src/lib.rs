//! The definitions that every engine of `lif` must equal bit for bit, in plain scalar Rust: one step of a cell
//! ([`step_cell`]), random draws ([`random`]), and scores of predicted against recorded spikes.
//!
//! The library `lif` re-exports this package as its module `model`. It is separate so that the kernels, which take
//! long to compile, are compiled again only when it changes.
//!
//! # Why the bits are the same everywhere
//!
//! Only `+`, `-`, `*` and comparisons are used. Every intermediate result that a compiler could compute differently
//! passes through [`rounded`], which compilers for GPUs cannot see through: otherwise some merge a product with the
//! sum that follows (Vulkan, DirectX), and some reorder sums (Metal, DirectX).
//!
//! Some GPUs flush subnormal numbers to zero, so none may ever arise. Parameters and `R I` are zero or at least
//! [`SMALLEST_PARAMETER`] in magnitude, factors of synaptic currents are large enough for that, and state that has
//! decayed below [`SMALLEST_STATE`] is set to zero. A check at every 32nd step is enough for a cell that decays
//! slowly: 31 steps of a decay by 0.625 take 1e-30 to 5e-37, above the smallest normal number 1.2e-38. A cell that
//! loses more than [`FASTEST_LEAK`] per step is checked at each step, and so is an alpha current. All rules depend only on the cell and on the
//! number of the step, so no split of batch or time changes a result.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod arrival;
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

pub use arrival::arrival;
pub use coefficients::{Coefficient, Coefficients};
pub use neuron::*;
pub use state::{Field, State};
