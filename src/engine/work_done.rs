//! Statistics of an engine: blocks of steps and kernel time.

use std::time::Duration;

/// What the engine of a population has done since it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WorkDone {
    /// How often the state of a cell was loaded, advanced by a block of steps, and stored, summed over all
    /// cells. The longer the blocks, the smaller this number.
    pub cell_blocks: u64,
    /// How long the kernels took by the device's own clock, without the time to submit them, to wait for them
    /// and to copy. `None` where it is not measured: on the CPU, on adapters without a clock, and unless it
    /// was requested by [`kernel_times`](crate::PopulationOptions::kernel_times). The kernels of several
    /// devices run at the same time; their times are added up.
    pub kernel_time: Option<Duration>,
}

impl WorkDone {
    /// Adds the work of another part of the engine.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            cell_blocks: self.cell_blocks + other.cell_blocks,
            kernel_time: self.kernel_time.zip(other.kernel_time).map(|(one, other)| one + other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_parts_is_known_where_that_of_each_is() {
        let part = |milliseconds: Option<u64>| WorkDone {
            cell_blocks: 3,
            kernel_time: milliseconds.map(Duration::from_millis),
        };
        let both = part(Some(2)).and(part(Some(5)));
        assert_eq!(both, WorkDone { cell_blocks: 6, kernel_time: Some(Duration::from_millis(7)) });
        assert_eq!(part(Some(2)).and(part(None)).kernel_time, None);
    }
}
