//! Bounds on what a GPU engine processes at a time. Memory needs are computed from them, also in builds
//! without GPU support.

use crate::model::tables;

/// Dispatches in flight at a time: one computes while the next is prepared.
pub(crate) const IN_FLIGHT: usize = 2;

/// Bytes of streamed input and of arriving spikes per dispatch, unless one step alone is more.
pub(crate) const MOST_MOVED_BYTES: u64 = 32 << 20;

/// Bytes of recordings per dispatch, unless one step alone is more. For a million cells this is 512 steps, so
/// that lavapipe, which takes as long to load and store a cell as for some 200 steps, seldom does that. More
/// gains nothing there. The memory is allocated once on the device and twice for the readback.
pub(crate) const MOST_RECORDED_BYTES: u64 = 64 << 20;

/// Bytes of spikes per dispatch where they stay on the device and dispatches need not be short.
pub(crate) const MOST_SCORED_BYTES: u64 = 128 << 20;

/// Weights of more bytes are not kept for the next call; users should upload them as a tensor.
pub(crate) const MOST_KEPT_WEIGHT_BYTES: usize = 64 << 20;

/// Words of the record of a random source: `SOURCE_WORDS` in `shaders/noise.wgsl`.
pub(crate) const SOURCE_WORDS: usize = 11;

/// Words that random sources take, not counting their parameters and the tables of Poisson distributions.
pub(crate) fn words_of_sources(sources: u64, is_normal: bool) -> u64 {
    sources * SOURCE_WORDS as u64 + if is_normal { 2 * tables::NORMAL_INTERVALS as u64 } else { 0 }
}
