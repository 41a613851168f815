//! Vector kernels: they step many leaky integrate-and-fire cells at once, with the vector instructions of the
//! processor, and give the same bits as the definition in `lif-model`.
//!
//! [`Lanes`] contain neighbouring cells; [`advance`] makes some of their steps under given [`Drives`]. The CPU engine
//! of the library `lif` decides which cells these are, what drives them and where their spikes go. The kernels are a
//! package of their own because they take long to compile and seldom change; the interface follows the needs of the
//! engine.

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

/// The number of cells that are advanced side by side: six vectors of the largest size.
pub const LANES: usize = 96;

/// The number of steps in a word of spikes.
pub const WORD: usize = 32;

/// A value for each step of a word and each lane.
pub type OfWord = [[f32; LANES]; WORD];
