//! The spikes of a run as three columns on disk, for the files, the statistics and the picture.

use super::columns::Column;
use super::spike_hash;
use lif::Shape;

/// Spikes read at a time.
const CHUNK: usize = 1 << 14;

/// Spikes sorted by step, batch row and neuron.
#[derive(Debug, Clone)]
pub struct Events {
    pub step: Column,
    pub batch: Column,
    pub neuron: Column,
}

/// One spike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    pub step: u32,
    pub batch: u32,
    pub neuron: u32,
}

impl Events {
    /// The number of spikes.
    pub fn count(&self) -> u64 {
        self.step.length
    }

    /// Visits each spike.
    pub fn each(&self, mut visit: impl FnMut(Spike) -> Result<(), String>) -> Result<(), String> {
        let (mut steps, mut rows, mut neurons) =
            (self.step.reader(), self.batch.reader(), self.neuron.reader());
        let [mut step, mut batch, mut neuron] = [(); 3].map(|()| vec![0_u32; CHUNK]);
        let mut left = self.count();
        while left > 0 {
            let count = left.min(CHUNK as u64) as usize;
            self.step.fill(&mut steps, &mut step[..count])?;
            self.batch.fill(&mut rows, &mut batch[..count])?;
            self.neuron.fill(&mut neurons, &mut neuron[..count])?;
            for index in 0..count {
                visit(Spike { step: step[index], batch: batch[index], neuron: neuron[index] })?;
            }
            left -= count as u64;
        }
        Ok(())
    }

    /// Statistics of the spikes of all cells, for the summary.
    pub fn statistics(&self, shape: Shape) -> Result<Statistics, String> {
        let mut hash = 0_u64;
        let mut cells = vec![Intervals::default(); shape.cells()];
        self.each(|spike| {
            hash = hash.wrapping_add(spike_hash::of_spike(spike, shape));
            if let Some(cell) = cells.get_mut(spike.batch as usize * shape.n + spike.neuron as usize) {
                cell.add(spike.step);
            }
            Ok(())
        })?;
        Ok(Statistics { hash, interval_variation: variation(&cells) })
    }
}

/// Statistics of all spikes of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    pub hash: u64,
    /// The coefficient of variation of the intervals between spikes: the standard deviation over the mean of
    /// a cell's intervals, averaged over the cells with at least three spikes. `None` without such cells.
    pub interval_variation: Option<f64>,
}

fn variation(cells: &[Intervals]) -> Option<f64> {
    let (count, sum) = cells
        .iter()
        .filter_map(Intervals::variation)
        .fold((0_u64, 0.0), |(count, sum), variation| (count + 1, sum + variation));
    (count > 0).then(|| sum / count as f64)
}

/// Bytes per cell in [`Events::statistics`].
pub const BYTES_PER_CELL: u64 = size_of::<Intervals>() as u64;

/// The intervals of one cell, in steps, so that nothing is rounded. A run has fewer than 2^32 steps, so 64
/// bits suffice for the sum of squares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Intervals {
    first: u32,
    last: u32,
    spikes: u32,
    sum_of_squares: u64,
}

impl Intervals {
    /// Adds a spike, which is later than those before.
    pub fn add(&mut self, step: u32) {
        if self.spikes == 0 {
            self.first = step;
        } else {
            self.sum_of_squares += u64::from(step - self.last).pow(2);
        }
        self.last = step;
        self.spikes += 1;
    }

    /// Their standard deviation over their mean; `None` with fewer than three spikes.
    pub fn variation(&self) -> Option<f64> {
        if self.spikes < 3 {
            return None;
        }
        let sum = u128::from(self.last - self.first);
        let spread = u128::from(self.spikes - 1) * u128::from(self.sum_of_squares) - sum * sum;
        Some((spread as f64).sqrt() / sum as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variation for spikes (step, cell).
    fn interval_variation(spikes: &[(u32, usize)], count: usize) -> Option<f64> {
        let mut cells = vec![Intervals::default(); count];
        spikes.iter().for_each(|(step, cell)| cells[*cell].add(*step));
        variation(&cells)
    }

    #[test]
    fn equal_intervals_do_not_vary() {
        assert_eq!(interval_variation(&[(0, 0), (5, 0), (10, 0)], 1), Some(0.0));
    }

    #[test]
    fn variation_is_averaged_over_the_cells_that_have_any() {
        // Intervals 1 and 3: mean 2, standard deviation 1. The other neuron has one interval only.
        assert_eq!(interval_variation(&[(0, 0), (0, 1), (1, 0), (4, 0), (9, 1)], 2), Some(0.5));
        assert_eq!(interval_variation(&[(0, 0), (9, 0)], 1), None);
    }

    #[test]
    fn the_longest_intervals_are_counted_exactly_in_little_room() {
        // Intervals 1 and 2^32 - 3: they differ from their mean by almost all of it.
        let variation = interval_variation(&[(0, 0), (1, 0), (u32::MAX - 1, 0)], 1).unwrap();
        let (short, long) = (1.0, f64::from(u32::MAX - 2));
        assert_eq!(variation, (long - short) / (long + short));
        assert_eq!(BYTES_PER_CELL, 24);
    }
}
