//! Cuts a population into slabs: rectangles of cells, each small enough for the buffers of one device.

use crate::data::shape::Shape;
use std::ops::Range;

/// Whole batch rows, or some neurons of one row: cells with contiguous numbers `row * n + neuron`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slab {
    pub(crate) rows: Range<usize>,
    pub(crate) neurons: Range<usize>,
}

impl Slab {
    /// The number of rows and of neurons in the slab.
    pub(crate) fn shape(&self) -> Shape {
        Shape { batch: self.rows.len(), n: self.neurons.len() }
    }

    /// The numbers of its cells in a population with `n` neurons to a row.
    pub(crate) fn cells(&self, n: usize) -> Range<usize> {
        let first = self.rows.start * n + self.neurons.start;
        first..first + self.rows.len() * self.neurons.len()
    }
}

/// The number of words of a buffer as a function of the size of the slab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Footprint {
    pub(crate) fixed: u64,
    pub(crate) per_row: u64,
    pub(crate) per_neuron: u64,
    pub(crate) per_cell: u64,
}

impl Footprint {
    /// The footprint of values; `spread` says whether they differ between batch rows, and between neurons.
    pub(crate) fn of(spread: (bool, bool)) -> Self {
        match spread {
            (false, false) => Self { fixed: 1, ..Self::default() },
            (false, true) => Self { per_neuron: 1, ..Self::default() },
            (true, false) => Self { per_row: 1, ..Self::default() },
            (true, true) => Self { per_cell: 1, ..Self::default() },
        }
    }

    /// The footprint of both, one after the other.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            fixed: self.fixed + other.fixed,
            per_row: self.per_row + other.per_row,
            per_neuron: self.per_neuron + other.per_neuron,
            per_cell: self.per_cell + other.per_cell,
        }
    }

    /// The number of words for a slab of this size.
    pub(crate) fn words(&self, shape: Shape) -> u64 {
        let (rows, neurons) = (shape.batch as u64, shape.n as u64);
        [(self.per_row, rows), (self.per_neuron, neurons), (self.per_cell, rows.saturating_mul(neurons))]
            .into_iter()
            .fold(self.fixed, |words, (per, many)| words.saturating_add(per.saturating_mul(many)))
    }

    /// The largest number of whole rows of `n` neurons that fits into this many words.
    fn most_rows(&self, words: u64, n: usize) -> u64 {
        let left = words.saturating_sub(self.fixed + self.per_neuron * n as u64);
        left / (self.per_row + self.per_cell * n as u64).max(1)
    }

    /// The largest number of neurons of one row that fits into this many words.
    fn most_neurons(&self, words: u64) -> u64 {
        let left = words.saturating_sub(self.fixed + self.per_row);
        left / (self.per_neuron + self.per_cell).max(1)
    }
}

/// The sizes of the buffers of a slab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Buffers {
    pub(crate) state: Footprint,
    pub(crate) parameters: Footprint,
}

/// Cuts a range of cells into slabs, in order, so that no buffer of a slab has more than this many words.
pub(crate) fn cut(cells: Range<usize>, n: usize, buffers: &[Footprint], words: u64) -> Vec<Slab> {
    let least = |most: &dyn Fn(&Footprint) -> u64| {
        usize::try_from(buffers.iter().map(most).min().unwrap_or(u64::MAX)).unwrap_or(usize::MAX)
    };
    let most_rows = least(&|buffer| buffer.most_rows(words, n));
    let most_neurons = least(&|buffer| buffer.most_neurons(words)).max(1);
    let mut slabs = Vec::new();
    let mut start = cells.start;
    while start < cells.end {
        let (row, neuron, left) = (start / n, start % n, cells.end - start);
        let slab = if neuron == 0 && left >= n && most_rows > 0 {
            Slab { rows: row..row + most_rows.min(left / n), neurons: 0..n }
        } else {
            Slab { rows: row..row + 1, neurons: neuron..neuron + most_neurons.min(n - neuron).min(left) }
        };
        start = slab.cells(n).end;
        slabs.push(slab);
    }
    slabs
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: Footprint = Footprint { fixed: 1, per_row: 0, per_neuron: 0, per_cell: 1 };
    const PARAMETERS: Footprint = Footprint { fixed: 9, per_row: 1, per_neuron: 2, per_cell: 1 };

    #[test]
    fn slabs_cover_all_cells_once_and_fit() {
        for n in [1, 2, 7, 10, 33] {
            for batch in [1, 2, 3, 8] {
                for words in [14, 15, 20, 40, 100, 1000] {
                    for first in [0, n / 2, n * batch / 3] {
                        let slabs = cut(first..n * batch, n, &[STATE, PARAMETERS], words);
                        let cells: Vec<usize> = slabs.iter().flat_map(|slab| slab.cells(n)).collect();
                        assert_eq!(cells, (first..n * batch).collect::<Vec<_>>());
                        for slab in slabs {
                            assert!(slab.rows.len() == 1 || slab.neurons == (0..n), "{slab:?}");
                            for buffer in [STATE, PARAMETERS] {
                                assert!(buffer.words(slab.shape()) <= words, "{slab:?} in {words}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rows_stay_whole_where_they_fit() {
        let slabs = cut(0..50, 10, &[STATE], 21);
        assert_eq!(slabs.iter().map(|slab| slab.rows.clone()).collect::<Vec<_>>(), [0..2, 2..4, 4..5]);
        assert!(slabs.iter().all(|slab| slab.neurons == (0..10)));
        let slabs = cut(0..20, 10, &[STATE], 8);
        let neurons: Vec<_> = slabs.iter().map(|slab| slab.neurons.clone()).collect();
        assert_eq!(neurons, [0..7, 7..10, 0..7, 7..10]);
    }
}
