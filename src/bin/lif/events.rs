//! The spikes of a run as three columns, which the files, the statistics and the picture share.

use crate::failure::Failure;
use lif::Raster;

const BYTES_PER_SPIKE: u64 = 12;

/// Spikes sorted by step, batch row and neuron.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    pub step: Vec<u32>,
    pub batch: Vec<u32>,
    pub neuron: Vec<u32>,
}

/// One spike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    pub step: u32,
    pub batch: u32,
    pub neuron: u32,
}

impl Events {
    /// Unpacks a raster.
    pub fn new(raster: &Raster) -> Result<Self, Failure> {
        let bytes = raster.count().saturating_mul(BYTES_PER_SPIKE);
        lif::require_memory(
            "the list of spikes",
            bytes,
            "record the spikes of fewer neurons, or counts alone",
        )?;
        let spikes = usize::try_from(raster.count()).unwrap_or_default();
        let mut events = Self {
            step: Vec::with_capacity(spikes),
            batch: Vec::with_capacity(spikes),
            neuron: Vec::with_capacity(spikes),
        };
        for event in raster.events() {
            // A run has at most 2^32 - 1 steps; its plan has made sure of that.
            events.step.push(event.step as u32);
            events.batch.push(event.batch);
            events.neuron.push(event.neuron);
        }
        Ok(events)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Spike> + '_ {
        self.step.iter().zip(&self.batch).zip(&self.neuron).map(|((&step, &batch), &neuron)| Spike {
            step,
            batch,
            neuron,
        })
    }
}

/// The coefficient of variation of the intervals between spikes: the standard deviation over the
/// mean of a cell's intervals, averaged over the cells with at least three spikes. `None` where no
/// cell has.
pub fn interval_variation(events: &Events, n: usize, batch: usize) -> Option<f64> {
    let mut cells = vec![Intervals::default(); n * batch];
    for spike in events.iter() {
        if let Some(cell) = cells.get_mut(spike.batch as usize * n + spike.neuron as usize) {
            cell.add(spike.step);
        }
    }
    let (count, sum) = cells
        .iter()
        .filter_map(Intervals::variation)
        .fold((0_u64, 0.0), |(count, sum), variation| (count + 1, sum + variation));
    (count > 0).then(|| sum / count as f64)
}

/// What one cell takes in [`interval_variation`].
pub const BYTES_PER_CELL: u64 = size_of::<Intervals>() as u64;

/// What is known of the intervals of one cell. In whole steps, so that nothing is rounded; as a run
/// has fewer than 2^32 steps, 64 bits hold the squares of any intervals in it.
#[derive(Debug, Clone, Copy, Default)]
struct Intervals {
    first: u32,
    last: u32,
    spikes: u32,
    sum_of_squares: u64,
}

impl Intervals {
    fn add(&mut self, step: u32) {
        if self.spikes == 0 {
            self.first = step;
        } else {
            self.sum_of_squares += u64::from(step - self.last).pow(2);
        }
        self.last = step;
        self.spikes += 1;
    }

    fn variation(&self) -> Option<f64> {
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

    fn events(spikes: &[(u32, u32)]) -> Events {
        Events {
            step: spikes.iter().map(|spike| spike.0).collect(),
            batch: vec![0; spikes.len()],
            neuron: spikes.iter().map(|spike| spike.1).collect(),
        }
    }

    #[test]
    fn equal_intervals_do_not_vary() {
        assert_eq!(interval_variation(&events(&[(0, 0), (5, 0), (10, 0)]), 1, 1), Some(0.0));
    }

    #[test]
    fn variation_is_averaged_over_the_cells_that_have_any() {
        // Intervals 1 and 3: mean 2, standard deviation 1. The other neuron has one interval only.
        let spikes = events(&[(0, 0), (0, 1), (1, 0), (4, 0), (9, 1)]);
        assert_eq!(interval_variation(&spikes, 2, 1), Some(0.5));
        assert_eq!(interval_variation(&events(&[(0, 0), (9, 0)]), 1, 1), None);
    }

    #[test]
    fn the_longest_intervals_are_counted_exactly_in_little_room() {
        // Intervals 1 and 2^32 - 3: they differ from their mean by nearly all of it.
        let variation = interval_variation(&events(&[(0, 0), (1, 0), (u32::MAX - 1, 0)]), 1, 1).unwrap();
        let (short, long) = (1.0, f64::from(u32::MAX - 2));
        assert_eq!(variation, (long - short) / (long + short));
        assert_eq!(BYTES_PER_CELL, 24);
    }
}
