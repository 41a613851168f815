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
    let variations: Vec<f64> = cells.iter().filter_map(Intervals::variation).collect();
    (!variations.is_empty()).then(|| variations.iter().sum::<f64>() / variations.len() as f64)
}

/// Running sums over the intervals of one cell. In whole steps, so that nothing is rounded.
#[derive(Debug, Clone, Copy, Default)]
struct Intervals {
    last: Option<u32>,
    count: u32,
    sum: u64,
    sum_of_squares: u128,
}

impl Intervals {
    fn add(&mut self, step: u32) {
        if let Some(last) = self.last.replace(step) {
            let interval = u64::from(step - last);
            self.count += 1;
            self.sum += interval;
            self.sum_of_squares += u128::from(interval) * u128::from(interval);
        }
    }

    fn variation(&self) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let sum = u128::from(self.sum);
        let spread = u128::from(self.count) * self.sum_of_squares - sum * sum;
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
}
