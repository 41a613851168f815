//! Records membrane potentials of chosen cells after chosen steps.
//!
//! A kernel writes the membrane potentials of all its lanes to rows of its own; the values of recorded cells
//! are then copied to the recording. Cells that are not recorded cost nothing.

use crate::engine::VoltageRequest;
use lif_kernels::{LANES, OfWord, SampleRows, WORD};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Which cells of an engine are recorded, and after which steps.
pub(super) struct Sampling<'a> {
    /// The recorded neurons of each batch row, in ascending order.
    neurons: Cow<'a, [u32]>,
    /// For each of these neurons its index in the request, unless the request is in ascending order.
    places: Option<Vec<usize>>,
    /// Number of neurons in a batch row.
    n: usize,
    /// Samples are taken after the steps whose numbers are multiples of this.
    every: u64,
}

impl<'a> Sampling<'a> {
    pub(super) fn new(request: &'a VoltageRequest, n: usize) -> Self {
        let every = u64::from(request.every);
        let asked_for = &request.neurons;
        if asked_for.is_sorted() {
            return Self { neurons: asked_for.into(), places: None, n, every };
        }
        let mut places: Vec<usize> = (0..asked_for.len()).collect();
        places.sort_unstable_by_key(|place| asked_for[*place]);
        let neurons = places.iter().map(|place| asked_for[*place]).collect();
        Self { neurons, places: Some(places), n, every }
    }

    /// Brings samples of ascending neurons into the order of the request.
    pub(super) fn put_in_order(&self, samples: &mut [f32]) {
        let Some(places) = &self.places else { return };
        samples.par_chunks_exact_mut(places.len()).for_each_init(Vec::new, |ascending, samples| {
            ascending.clear();
            ascending.extend_from_slice(samples);
            for (place, sample) in places.iter().zip(ascending) {
                samples[*place] = *sample;
            }
        });
    }

    /// Splits the samples of all cells into the parts of each tile, one slice for each sample. Tiles end at these cells.
    pub(super) fn of_tiles<'s>(&self, samples: &'s mut [f32], ends: &[usize]) -> Vec<Vec<&'s mut [f32]>> {
        let row = ends.last().map_or(0, |cells| self.before(*cells));
        let mut first = 0;
        let count = |end: &usize| {
            let end = self.before(*end);
            end - std::mem::replace(&mut first, end)
        };
        let mut tiles: Vec<_> = ends.iter().map(count).map(|count| (count, Vec::with_capacity(0))).collect();
        let mut sampled: Vec<_> = tiles.iter_mut().filter(|(count, _)| *count > 0).collect();
        for mut samples in samples.chunks_exact_mut(row) {
            for (count, slices) in &mut sampled {
                slices.extend(samples.split_off_mut(..*count));
            }
        }
        tiles.into_iter().map(|(_, slices)| slices).collect()
    }

    /// Number of values in the samples of these steps and the first `cells` cells.
    pub(super) fn values(&self, first_step: u64, steps: u64, cells: usize) -> usize {
        (self.samples_before(first_step + steps) - self.samples_before(first_step)) as usize
            * self.before(cells)
    }

    /// Number of recorded cells before this one.
    pub(super) fn before(&self, cell: usize) -> usize {
        let (row, neuron) = (cell / self.n, cell % self.n);
        let in_row = if self.neurons.len() == self.n {
            neuron
        } else {
            self.neurons.partition_point(|recorded| (*recorded as usize) < neuron)
        };
        row * self.neurons.len() + in_row
    }

    /// The number of the recorded cell with this index.
    fn cell(&self, place: usize) -> usize {
        let (row, place) = (place / self.neurons.len(), place % self.neurons.len());
        row * self.n + self.neurons[place] as usize
    }

    /// Number of samples after steps before this one.
    pub(super) fn samples_before(&self, step: u64) -> u64 {
        step.div_ceil(self.every)
    }

    /// Number of steps from this one on whose samples fit into [`Samples`].
    pub(super) fn most_steps(&self, step: u64) -> u64 {
        (self.samples_before(step) + WORD as u64).saturating_mul(self.every) - step
    }
}

/// Which of the cells in the lanes are recorded.
pub(super) struct Sampled {
    /// Index of the first among the recorded cells of the tile.
    first: usize,
    cells: SampledCells,
}

enum SampledCells {
    None,
    /// All cells: this many lanes, from the first on.
    All(usize),
    InLanes(Vec<usize>),
}

impl Sampled {
    pub(super) const NONE: Self = Self { first: 0, cells: SampledCells::None };

    /// Finds the recorded ones among these cells of a tile that begins with `first_cell`.
    pub(super) fn of(sampling: &Sampling<'_>, first_cell: usize, cells: Range<usize>) -> Self {
        let recorded = sampling.before(cells.start)..sampling.before(cells.end);
        let first = recorded.start - sampling.before(first_cell);
        let cells = if recorded.is_empty() {
            SampledCells::None
        } else if recorded.len() == cells.len() {
            SampledCells::All(cells.len())
        } else {
            SampledCells::InLanes(recorded.map(|place| sampling.cell(place) - cells.start).collect())
        };
        Self { first, cells }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self.cells, SampledCells::None)
    }

    /// Copies the last samples to the samples of the tile, one row for each.
    pub(super) fn keep(&self, samples: &Samples, tile: &mut [&mut [f32]]) {
        for (lanes, row) in samples.rows[..samples.taken].iter().zip(tile) {
            let row = &mut row[self.first..];
            match &self.cells {
                SampledCells::None => {}
                // The length of full lanes is known to the compiler, which is much faster.
                SampledCells::All(LANES) => row[..LANES].copy_from_slice(lanes),
                SampledCells::All(count) => row[..*count].copy_from_slice(&lanes[..*count]),
                SampledCells::InLanes(places) => {
                    for (sample, lane) in row.iter_mut().zip(places) {
                        *sample = lanes[*lane];
                    }
                }
            }
        }
    }
}

/// Memory for the samples that a kernel takes of the lanes in one call.
#[repr(align(64))]
pub(super) struct Samples {
    rows: OfWord,
    /// Number of rows in the last call.
    taken: usize,
}

impl Samples {
    pub(super) fn none() -> Self {
        Self { rows: [[0.0; LANES]; WORD], taken: 0 }
    }

    /// Returns rows for the samples of these steps.
    pub(super) fn rows(&mut self, sampling: &Sampling<'_>, first_step: u64, steps: u64) -> SampleRows<'_> {
        let before = sampling.samples_before(first_step);
        self.taken = (sampling.samples_before(first_step + steps) - before) as usize;
        SampleRows {
            wait: (before * sampling.every + 1 - first_step) as usize,
            every: sampling.every as usize,
            rows: &mut self.rows[..self.taken],
        }
    }
}
