//! How a population is to be kept, which changes none of its results.

use crate::data::memory::MemoryNeed;
use crate::error::{Error, Result};

/// How a [population](crate::Population::with_options) is to be kept on its device. The results are the same for all.
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
    /// The bytes that the population may need, with what drives it, what it records, and its scores, in the device's and
    /// this program's memory together. What needs more is refused before any memory is taken;
    /// [`Population::memory_needed`](crate::Population::memory_needed) tells how much that is. Default none.
    pub memory_budget: Option<u64>,
    /// The most bytes of a buffer. A larger population is cut into slabs, as it is in any case where the device cannot
    /// bind more. Default what the device can bind.
    pub largest_binding: Option<u64>,
    /// Whether the device's clock takes the time of each kernel, where it has one;
    /// [`Population::work`](crate::Population::work) tells the sum. Default `false`.
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
    /// Refuses what needs more than the budget, if there is one.
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

    /// What the budget leaves beside something, if there is one.
    pub(crate) fn left_of_budget(&self, need: &MemoryNeed) -> Option<u64> {
        self.memory_budget.map(|budget| budget.saturating_sub(need.total()))
    }
}
