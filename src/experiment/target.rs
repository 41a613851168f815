//! A recorded spike train.

use crate::error::{Argument, Error, Result};
use std::ops::Range;

/// The spikes of a recording, by the steps in which they fall, and the steps that are scored. Spikes
/// outside these steps do not count, neither recorded nor predicted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    spikes: Vec<u64>,
    range: Range<u64>,
    row: Option<usize>,
}

/// The most steps of which steps after the last still have a number of their own, modulo 2^32.
const LONGEST_TARGET: u64 = 1 << 31;

impl Target {
    /// Takes the steps of the spikes, in any order, and which steps are scored. Several spikes in a step
    /// are one.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where there is no spike among the steps that are scored, or where these are
    /// 2^31 or more.
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

    /// Compares with it the neurons of this batch row alone, which have a stimulus of their own.
    #[must_use]
    pub fn in_row(mut self, row: usize) -> Self {
        self.row = Some(row);
        self
    }

    /// The batch row whose neurons are compared with it, if not all are.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        self.row
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
