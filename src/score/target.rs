//! A recorded spike train.

use crate::error::{Error, Result};
use std::ops::Range;

/// The spikes of a recording, by the steps in which they fall, and the steps that are scored. Spikes
/// outside these steps do not count, neither recorded nor predicted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    spikes: Vec<u64>,
    range: Range<u64>,
}

impl Target {
    /// Takes the steps of the spikes, in any order, and which steps are scored. Several spikes in a step
    /// are one.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where there is no spike among the steps that are scored, or more than
    /// 2^32 - 1.
    pub fn new(steps: impl IntoIterator<Item = u64>, scored: Range<u64>) -> Result<Self> {
        let mut spikes: Vec<u64> = steps.into_iter().filter(|step| scored.contains(step)).collect();
        spikes.sort_unstable();
        spikes.dedup();
        if spikes.is_empty() || spikes.len() > u32::MAX as usize {
            let requirement =
                format!("from 1 to 2^32 - 1 in the steps from {} to {}", scored.start, scored.end);
            return Err(Error::out_of_range("the number of recorded spikes", spikes.len(), requirement));
        }
        Ok(Self { spikes, range: scored })
    }

    /// The steps of the spikes, sorted.
    #[must_use]
    pub fn spikes(&self) -> &[u64] {
        &self.spikes
    }

    /// Which steps are scored.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// How many steps are scored.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }
}
