//! The steps of many leaky integrate-and-fire cells at once, with the vector instructions that the processor has,
//! giving the bits of the definition in `lif-model`.
//!
//! [`Lanes`] hold neighbouring cells; [`advance`] makes some of their steps under given [`Drives`]. Which cells
//! these are, what drives them and where their spikes go is decided by the CPU engine of the library `lif`, whose
//! part this is: a package of its own, as its kernels take long to compile and seldom change. Its interface
//! follows the engine's needs.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod draws;
#[doc(hidden)]
pub mod internals;
mod kernels;
mod lanes;
mod neuron;
mod one_by_one;
mod spike_memory;
mod vector;

pub use draws::{LaneDistribution, LaneGenerators, LaneSource};
pub use kernels::is_plain;
pub use lanes::{LaneCoefficients, Lanes};
pub use neuron::drive;
pub use pulp::Arch;
pub use vector::{Drives, NO_JUMPS, Rows, SampleRows, Span, advance};

/// Cells that are advanced side by side: six of the largest vectors there are.
pub const LANES: usize = 96;

/// Steps in a word of spikes.
pub const WORD: usize = 32;

/// A value for each step of a word and each lane.
pub type OfWord = [[f32; LANES]; WORD];
