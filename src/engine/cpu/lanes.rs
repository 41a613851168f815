//! Loads cells of a tile into the lanes of the kernels, and stores them back.
//!
//! It uses loops instead of closures, which would be compiled without the instructions that the processor
//! has.

use super::block::Tile;
use crate::data::broadcast::Column;
use crate::engine::SPIKE_FLAG;
use crate::model::{Coefficient, Field, Options};
use crate::prepared::coefficients::Table;
use lif_kernels::{LANES, LaneCoefficients, Lanes};

/// Loads cells of a tile: those from `first` on, or those that are listed. Lanes beyond the last cell get copies of it.
#[inline(always)]
pub(super) fn load(
    lanes: &mut Lanes,
    tile: &Tile<'_>,
    table: &Table,
    options: Options,
    cells: &Cells<'_>,
    first: usize,
) {
    lanes.cells = cells.count.min(LANES);
    let mut left = [0; LANES];
    take_state(&mut left, tile.refractory, cells, first);
    for left in &mut left {
        *left &= !SPIKE_FLAG;
    }
    spread(table.column(Coefficient::RefractorySteps), cells, &mut lanes.refractory_steps);
    take_state(&mut lanes.counts, tile.counts, cells, first);
    load_coefficients(&mut lanes.coefficients, table, options, cells);
    for field in Field::ALL {
        let values = &tile.fields[field as usize];
        if !values.is_empty() {
            take_state(&mut lanes[field], values, cells, first);
        }
    }
    lanes.begin(options, &left);
}

#[inline(always)]
fn load_coefficients(
    coefficients: &mut LaneCoefficients,
    table: &Table,
    options: Options,
    cells: &Cells<'_>,
) {
    for coefficient in Coefficient::ALL {
        // Refractory steps are not floating-point numbers and are stored elsewhere.
        if coefficient.is_used(options) && coefficient != Coefficient::RefractorySteps {
            let column = table.column(coefficient);
            let values: &[f32] = bytemuck::cast_slice(&column.values);
            let places = LanePlaces::of(cells, column.row_stride, column.neuron_stride);
            places.take(values, &mut coefficients[coefficient]);
        }
    }
}

/// Stores the state back into the tile: into the cells from `first` on, or into those that are listed.
#[inline(always)]
pub(super) fn store(lanes: &Lanes, tile: &mut Tile<'_>, first: usize, list: Option<&[u32]>) {
    let mut words = [0; LANES];
    lanes.left(&mut words);
    for (word, last) in words.iter_mut().zip(&lanes.spiked_last) {
        *word |= last * SPIKE_FLAG;
    }
    put_state(tile.refractory, &words, first, list);
    put_state(tile.counts, &lanes.counts, first, list);
    for field in Field::ALL {
        if !tile.fields[field as usize].is_empty() {
            put_state(tile.fields[field as usize], &lanes[field], first, list);
        }
    }
}

#[inline(always)]
fn take_state<T: Copy>(lanes: &mut [T; LANES], values: &[T], cells: &Cells<'_>, first: usize) {
    match cells.list {
        None => copy(lanes, &values[first..]),
        Some(list) => {
            for (lane, cell) in lanes.iter_mut().zip(list) {
                *lane = values[*cell as usize];
            }
        }
    }
}

#[inline(always)]
fn put_state<T: Copy>(values: &mut [T], lanes: &[T; LANES], first: usize, list: Option<&[u32]>) {
    match list {
        None => copy_back(&mut values[first..], lanes),
        Some(list) => {
            for (lane, cell) in lanes.iter().zip(list) {
                values[*cell as usize] = *lane;
            }
        }
    }
}

/// Copies at most the values that there are. The length of full lanes is known to the compiler, which is much
/// faster.
#[inline(always)]
fn copy<T: Copy>(lanes: &mut [T; LANES], values: &[T]) {
    match values.first_chunk() {
        Some(values) => *lanes = *values,
        None => lanes[..values.len()].copy_from_slice(values),
    }
}

#[inline(always)]
fn copy_back<T: Copy>(values: &mut [T], lanes: &[T; LANES]) {
    match values.first_chunk_mut() {
        Some(values) => *values = *lanes,
        None => values.copy_from_slice(&lanes[..values.len()]),
    }
}

/// The cells in the lanes.
pub(super) struct Cells<'a> {
    row: usize,
    neuron: usize,
    /// Number of cells until the end of the tile; lanes beyond it repeat the last one.
    count: usize,
    pub(super) n: usize,
    /// Whether all lanes have cells, which are neighbours in one row.
    together: bool,
    /// How much farther than the first cell each is, if they are not neighbours.
    list: Option<&'a [u32]>,
}

impl<'a> Cells<'a> {
    /// The cells from `first` on, `count` of them until the end of the tile.
    #[inline(always)]
    pub(super) fn new(first: usize, count: usize, n: usize) -> Self {
        let (row, neuron) = (first / n, first % n);
        Self { row, neuron, count, n, together: count >= LANES && neuron + LANES <= n, list: None }
    }

    /// The cells that are so much farther than `first`.
    pub(super) fn listed(first: usize, list: &'a [u32], n: usize) -> Self {
        let (row, neuron) = (first / n, first % n);
        Self { row, neuron, count: list.len(), n, together: false, list: Some(list) }
    }

    /// Returns row and neuron of the cell in a lane.
    pub(super) fn at(&self, lane: usize) -> (usize, usize) {
        let lane = lane.min(self.count - 1);
        let index = self.neuron + self.list.map_or(lane, |list| list[lane] as usize);
        (self.row + index / self.n, index % self.n)
    }
}

/// The places of the lanes' values in an array that broadcasts. The common arrangements are distinguished
/// once, so that reading them is one vector instruction.
pub(super) enum LanePlaces {
    /// One value for all lanes.
    Same(usize),
    /// Consecutive values from this place on.
    Adjacent(usize),
    /// Consecutive values, for fewer cells than lanes.
    Few {
        first: usize,
        count: usize,
    },
    Each(Box<[usize; LANES]>),
}

impl LanePlaces {
    #[inline(always)]
    pub(super) fn of(cells: &Cells<'_>, row_stride: usize, neuron_stride: usize) -> Self {
        if row_stride == 0 && neuron_stride == 0 {
            return Self::Same(0);
        }
        let first = cells.row * row_stride + cells.neuron * neuron_stride;
        if !cells.together {
            if neuron_stride == 1 && cells.list.is_none() && cells.neuron + cells.count <= cells.n {
                return Self::Few { first, count: cells.count };
            }
            return Self::of_rows(cells, row_stride, neuron_stride);
        }
        if neuron_stride == 0 { Self::Same(first) } else { Self::Adjacent(first) }
    }

    /// The places for cells that are not all neighbours in one row.
    #[inline(never)]
    fn of_rows(cells: &Cells<'_>, row_stride: usize, neuron_stride: usize) -> Self {
        let places: [usize; LANES] = std::array::from_fn(|lane| {
            let (row, neuron) = cells.at(lane);
            row * row_stride + neuron * neuron_stride
        });
        let first = places[0];
        if places.iter().enumerate().all(|(lane, place)| *place == first + lane) {
            Self::Adjacent(first)
        } else if places.iter().all(|place| *place == first) {
            Self::Same(first)
        } else {
            Self::Each(Box::new(places))
        }
    }

    /// Copies the values into the lanes.
    #[inline(always)]
    pub(super) fn take<T: Copy>(&self, values: &[T], lanes: &mut [T; LANES]) {
        match self {
            Self::Same(place) => lanes.fill(values[*place]),
            Self::Adjacent(first) => lanes.copy_from_slice(&values[*first..*first + LANES]),
            Self::Few { first, count } => {
                let (cells, beyond) = lanes.split_at_mut(*count);
                cells.copy_from_slice(&values[*first..*first + *count]);
                beyond.fill(values[*first + *count - 1]);
            }
            Self::Each(places) => {
                for (lane, place) in lanes.iter_mut().zip(&**places) {
                    *lane = values[*place];
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn spread<T: Copy>(column: &Column<T>, cells: &Cells<'_>, lanes: &mut [T; LANES]) {
    LanePlaces::of(cells, column.row_stride, column.neuron_stride).take(&column.values, lanes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_beyond_the_last_cell_repeat_it() {
        let values: Vec<u32> = (0..400).collect();
        // Five cells at the end of the last of two rows, read by neuron, by row, and one by one.
        let cells = Cells::new(2 * 150 - 5, 5, 150);
        for (strides, last) in [((0, 1), 149), ((150, 1), 299), ((1, 0), 1), ((1, 2), 299)] {
            let mut lanes = [0; LANES];
            LanePlaces::of(&cells, strides.0, strides.1).take(&values, &mut lanes);
            assert_eq!(lanes[4..], [last; LANES - 4], "{strides:?}");
            assert_eq!(lanes[0], last - 4 * strides.1 as u32, "{strides:?}");
        }
    }
}
