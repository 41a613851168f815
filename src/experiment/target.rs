//! [`Target`]: a recorded spike train that predicted spikes are scored against.

use crate::error::{Argument, Error, Result};
use std::ops::Range;

/// A recorded spike train, by the steps of its spikes, and the range of scored steps. Spikes
/// outside this range do not count, neither recorded nor predicted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    spikes: Vec<u64>,
    range: Range<u64>,
    row: Option<usize>,
}

/// With fewer scored steps than this, steps before and after them can be told apart although they are counted modulo
/// 2^32.
const LONGEST_TARGET: u64 = 1 << 31;

impl Target {
    /// Makes a target from the steps of the spikes, in any order, and the range of scored steps. Several spikes in a
    /// step are one.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if there is no spike in the range of scored steps, or the range has 2^31 steps or more.
    pub fn new(steps: impl IntoIterator<Item = u64>, scored: Range<u64>) -> Result<Self> {
        let length = scored.end.saturating_sub(scored.start);
        if length >= LONGEST_TARGET {
            return Err(Error::out_of_range(
                "the length of what is scored",
                format!("{length} steps"),
                "below 2^31 steps; score it in several targets, and add up their tallies",
            )
            .about(Argument::Score));
        }
        let mut spikes: Vec<u64> = steps.into_iter().filter(|step| scored.contains(step)).collect();
        spikes.sort_unstable();
        spikes.dedup();
        if spikes.is_empty() {
            let requirement = format!("1 or more in the steps from {} to {}", scored.start, scored.end);
            let error = Error::out_of_range("the number of recorded spikes", 0, requirement);
            return Err(error.about(Argument::Score));
        }
        Ok(Self { spikes, range: scored, row: None })
    }

    /// Compares only the neurons of this batch row with the target, for rows with different stimuli.
    #[must_use]
    pub fn in_row(mut self, row: usize) -> Self {
        self.row = Some(row);
        self
    }

    /// The batch row whose neurons are compared with the target; `None` if all are.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        self.row
    }

    /// The steps of the spikes, sorted.
    #[must_use]
    pub fn spikes(&self) -> &[u64] {
        &self.spikes
    }

    /// The range of scored steps.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The number of scored steps.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }
}
