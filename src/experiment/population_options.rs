//! [`PopulationOptions`]: memory limits and timing of a population. They do not change its results.

use crate::data::memory::MemoryNeed;
use crate::error::{Error, Result};

/// Memory limits and timing of a [population](crate::Population::with_options). They do not change its results.
///
/// ```
/// use lif::{Device, Error, Params, Population, PopulationOptions};
///
/// let options = PopulationOptions { memory_budget: Some(100 << 20), ..PopulationOptions::default() };
/// let refused = Population::with_options(Params::default(), 100_000_000, &Device::cpu(), options);
/// assert!(matches!(refused, Err(Error::TooLarge { .. })));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PopulationOptions {
    /// The number of bytes that the population may need, including its input, recordings and scores, in the memory of
    /// the device and of this program together. A call that needs more is refused before any memory is allocated.
    /// [`Population::memory_needed`](crate::Population::memory_needed) returns the need of a population. Default
    /// none.
    pub memory_budget: Option<u64>,
    /// The largest size of a buffer in bytes. A larger population is cut into slabs. Default: the most that the device
    /// can bind.
    pub largest_binding: Option<u64>,
    /// Whether to measure the time of each kernel with the clock of the device, if it has one;
    /// [`Population::work`](crate::Population::work) returns the sum. Default `false`.
    ///
    /// ```
    /// use lif::{Device, Params, Population, PopulationOptions};
    ///
    /// let options = PopulationOptions { kernel_times: true, ..PopulationOptions::default() };
    /// let device = Device::auto();
    /// let mut population = Population::with_options(Params::default(), 1000, &device, options)?;
    /// population.run(1000, 1.0).go()?;
    /// match population.work()?.kernel_time {
    ///     Some(time) => println!("{time:?} on the device"),
    ///     None => println!("{device} has no clock for this"),
    /// }
    /// # Ok::<(), lif::Error>(())
    /// ```
    pub kernel_times: bool,
}

impl PopulationOptions {
    /// Refuses a need larger than the budget, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], which names each part, their sum and the budget.
    pub fn require_within_budget(&self, need: &MemoryNeed, what: &str) -> Result<()> {
        match self.memory_budget {
            Some(budget) if need.total() > budget => Err(Error::TooLarge {
                what: format!("{what} ({need})"),
                need: need.total(),
                limit_name: "the memory budget".to_owned(),
                limit: budget,
                advice: "take fewer neurons or a smaller batch, record less, or raise the budget".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns what the budget leaves after a need, if there is a budget.
    pub(crate) fn left_of_budget(&self, need: &MemoryNeed) -> Option<u64> {
        self.memory_budget.map(|budget| budget.saturating_sub(need.total()))
    }
}
