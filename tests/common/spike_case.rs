//! [`Trains`]: random input spikes with random weights.

use super::random_case::Numbers;
use lif::{Device, Event, Parameter, Raster, ResidentRaster, Result, SpikeInput, SpikeSource};
use ndarray::{Array2, Ix2};

/// The spikes of one input during a segment.
#[derive(Debug, Clone)]
pub struct Trains {
    events: Vec<Event>,
    batch: usize,
    pub count: usize,
    weights: Weights,
    pub jumps: bool,
    /// Number of the first step of the raster, which must have no effect.
    first_step: u64,
    resident: bool,
}

#[derive(Debug, Clone)]
enum Weights {
    Each(Parameter),
    Dense(Array2<f32>),
}

/// A raster of the steps of a segment, from which an input borrows.
pub enum Lent {
    Raster(Raster),
    Resident(ResidentRaster),
}

impl Trains {
    pub fn random(kind: usize, seed: u64, steps: usize, (n, batch): (usize, usize)) -> Self {
        let mut numbers = Numbers(seed ^ (kind as u64) << 32);
        let dense = kind & 1 == 1;
        let count = if dense { 1 + (seed % 70) as usize } else { n };
        let rows = if kind & 2 == 2 { batch } else { 1 };
        let often = numbers.between(0.02, 0.4);
        let mut events = Vec::new();
        for step in 0..steps as u64 {
            for row in 0..rows as u32 {
                for neuron in 0..count as u32 {
                    if numbers.between(0.0, 1.0) < often {
                        events.push(Event { step, batch: row, neuron });
                    }
                }
            }
        }
        let jumps = kind & 4 == 4;
        let high = if jumps { 0.4 } else { 0.9 };
        let weights = if dense {
            let matrix = numbers.array(&[count, n], -0.3 * high, high);
            Weights::Dense(matrix.into_dimensionality::<Ix2>().expect("two axes"))
        } else {
            let shape = [vec![], vec![n], vec![batch, 1], vec![batch, n]][seed as usize % 4].clone();
            Weights::Each(numbers.array(&shape, -0.3 * high, high).into())
        };
        Self { events, batch: rows, count, weights, jumps, first_step: seed % 67, resident: kind & 8 == 8 }
    }

    /// Returns the raster of the steps `first..first + steps` of the segment.
    pub fn lent(&self, device: &Device, first: usize, steps: usize) -> Result<Lent> {
        let range = first as u64..(first + steps) as u64;
        let events = self.events.iter().filter(|event| range.contains(&event.step));
        let shifted =
            events.map(|event| Event { step: event.step - range.start + self.first_step, ..*event });
        let raster = Raster::from_events(shifted, self.first_step, steps as u64, self.batch, self.count)?;
        Ok(if self.resident {
            Lent::Resident(ResidentRaster::new(device, &raster)?)
        } else {
            Lent::Raster(raster)
        })
    }

    pub fn input<'a>(&'a self, lent: &'a Lent) -> SpikeInput<'a> {
        let spikes: SpikeSource<'a> = match lent {
            Lent::Raster(raster) => raster.into(),
            Lent::Resident(raster) => raster.into(),
        };
        let input = match &self.weights {
            Weights::Each(weight) => SpikeInput::each(spikes, weight.values()),
            Weights::Dense(matrix) => SpikeInput::dense(spikes, matrix),
        };
        if self.jumps { input.jumps() } else { input }
    }

    /// Adds the weights of the spikes of a step to the sum of a cell, as far as they count.
    pub fn add(
        &self,
        sum: f32,
        (step, row, neuron): (usize, usize, usize),
        counts: &dyn Fn(f32) -> bool,
    ) -> f32 {
        let row_of_trains = if self.batch == 1 { 0 } else { row as u32 };
        let place = |event: &Event| (event.step, event.batch);
        let here = (step as u64, row_of_trains);
        let start = self.events.partition_point(|event| place(event) < here);
        let end = self.events.partition_point(|event| place(event) <= here);
        let here = &self.events[start..end];
        match &self.weights {
            Weights::Dense(matrix) => {
                let weights = here.iter().map(|event| matrix[[event.neuron as usize, neuron]]);
                weights.filter(|weight| counts(*weight)).fold(sum, |sum, weight| sum + weight)
            }
            Weights::Each(weight) => {
                let values = weight.values();
                let place = |axis: usize, index: usize| if values.shape()[axis] == 1 { 0 } else { index };
                let weight = match values.ndim() {
                    0 => values[[].as_slice()],
                    1 => values[[place(0, neuron)].as_slice()],
                    _ => values[[place(0, row), place(1, neuron)].as_slice()],
                };
                let spikes = here.binary_search_by_key(&(neuron as u32), |event| event.neuron).is_ok();
                if spikes && counts(weight) { sum + weight } else { sum }
            }
        }
    }
}
