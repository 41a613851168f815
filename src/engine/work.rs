//! What an engine has done, for those who measure it.

use std::time::Duration;

/// What the engine of a population has done since it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WorkDone {
    /// How often the state of a cell was loaded, advanced by a block of steps, and stored, all cells
    /// together: the longer the blocks, the fewer.
    pub cell_blocks: u64,
    /// How long the kernels took by the device's own clock, without what it costs to submit them, to
    /// wait for them and to copy. `None` where that is not measured: on the CPU, on adapters without
    /// such a clock, and unless asked for by
    /// [`kernel_times`](crate::PopulationOptions::kernel_times). The kernels of several devices run
    /// at the same time; their times are added up.
    pub kernel_time: Option<Duration>,
}

impl WorkDone {
    /// What two parts of an engine have done.
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
