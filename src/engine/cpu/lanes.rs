//! Neighbouring cells side by side, one array per quantity, as vector instructions want them.
//!
//! Loops instead of closures, which would be compiled without the instructions that the processor has.

use super::block::Tile;
use super::kernels::{can_hold, is_plain};
use super::memory::Memory;
use crate::data::broadcast::Column;
use crate::engine::SPIKE_FLAG;
use crate::model::{FASTEST_LEAK, Options, Reset, SMALLEST_STATE, SpikeTest, TraceRule};
use crate::prepared::coefficients::Table;

/// Cells that are advanced side by side: six of the largest vectors there are.
pub(super) const LANES: usize = 96;

/// Refractory steps at the most whose end is told as the number of a step to come.
const LONGEST_HELD: u32 = 1 << 30;

/// Some neighbouring cells. Those beyond the end of the tile are computed too, as copies of the
/// last, and never stored.
///
/// Begins where a cache line does, as all that is read as vectors.
#[repr(align(64))]
pub(super) struct Lanes {
    /// How many cells there are, from the first lane on.
    pub(super) cells: usize,
    pub(super) coefficients: LaneCoefficients,
    /// Refractory steps after each spike.
    pub(super) steps: [u32; LANES],
    pub(super) v: [f32; LANES],
    pub(super) memory: Memory,
    /// Whether adding nothing to v is all that it takes to hold refractory cells where they are.
    pub(super) holds: bool,
    /// What is kept of the refractory period.
    pub(super) kept: [u32; LANES],
    /// The spikes so far of a word that goes on, where the above does not tell them.
    pub(super) word: [u32; LANES],
    pub(super) trace: [f32; LANES],
    pub(super) synaptic: [f32; LANES],
    pub(super) counts: [u32; LANES],
    /// 1 where the last step was a spike.
    pub(super) last: [u32; LANES],
}

impl Lanes {
    /// Lanes without cells. Cells are loaded into lanes that stand somewhere already: they are a few
    /// kilobytes, which would be copied from function to function.
    #[inline(always)]
    pub(super) fn empty() -> Self {
        Self {
            cells: 0,
            coefficients: LaneCoefficients::none(),
            steps: [0; LANES],
            v: [0.0; LANES],
            memory: Memory::Both,
            holds: false,
            kept: [0; LANES],
            word: [0; LANES],
            trace: [0.0; LANES],
            synaptic: [0.0; LANES],
            counts: [0; LANES],
            last: [0; LANES],
        }
    }

    /// Takes the cells of a tile from `first` on.
    #[inline(always)]
    pub(super) fn load(
        &mut self,
        tile: &Tile<'_>,
        table: &Table,
        options: Options,
        cells: &Cells,
        first: usize,
    ) {
        self.cells = cells.count.min(LANES);
        let mut left = [0; LANES];
        copy(&mut left, &tile.refractory[first..]);
        for left in &mut left {
            *left &= !SPIKE_FLAG;
        }
        spread(&table.refractory_steps, cells, &mut self.steps);
        copy(&mut self.v, &tile.v[first..]);
        copy(&mut self.counts, &tile.counts[first..]);
        self.coefficients.load(table, options, cells);
        let memory = Memory::for_cells(&self.steps, &left);
        self.holds = can_hold(options) && holds(&self.steps, &left, &self.v, &self.coefficients);
        self.memory = if self.holds || is_plain(options) { memory } else { Memory::Both };
        self.memory.coefficients(&self.steps, &mut self.coefficients.refractory);
        self.memory.keep(&self.steps, &left, &mut self.kept);
        self.word = [0; LANES];
        if let Some(trace) = tile.trace.get(first..) {
            copy(&mut self.trace, trace);
        }
        if let Some(synaptic) = tile.synaptic.get(first..) {
            copy(&mut self.synaptic, synaptic);
        }
    }

    #[inline(always)]
    pub(super) fn store(&self, tile: &mut Tile<'_>, first: usize) {
        let mut words = [0; LANES];
        self.memory.left(&self.steps, &self.kept, &mut words);
        for (word, last) in words.iter_mut().zip(&self.last) {
            *word |= last * SPIKE_FLAG;
        }
        copy_back(&mut tile.v[first..], &self.v);
        copy_back(&mut tile.refractory[first..], &words);
        copy_back(&mut tile.counts[first..], &self.counts);
        if let Some(trace) = tile.trace.get_mut(first..) {
            copy_back(trace, &self.trace);
        }
        if let Some(synaptic) = tile.synaptic.get_mut(first..) {
            copy_back(synaptic, &self.synaptic);
        }
    }
}

/// Whether refractory cells that are frozen do not cross the threshold where they are, nor change when 0 is
/// added to them.
#[inline(always)]
fn holds(steps: &[u32; LANES], left: &[u32; LANES], v: &[f32; LANES], cells: &LaneCoefficients) -> bool {
    // Of numbers, not of truths, which would be looked at one by one.
    let mut exceptions = 0;
    for lane in 0..LANES {
        let (threshold, reset) = (cells.v_threshold[lane], cells.reset[lane]);
        exceptions |= u32::from(steps[lane] > LONGEST_HELD);
        exceptions |= u32::from(reset > threshold);
        exceptions |= u32::from(v[lane] > threshold) & u32::from(left[lane] > 0);
        exceptions |= u32::from(is_minus_zero(v[lane])) | u32::from(is_minus_zero(reset));
    }
    exceptions == 0
}

#[inline(always)]
fn is_minus_zero(x: f32) -> bool {
    x.to_bits() == (-0.0_f32).to_bits()
}

/// Copies what there is. Full lanes have a known number, which is much faster.
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

/// Which cells stand in the lanes.
pub(super) struct Cells {
    row: usize,
    neuron: usize,
    /// Cells that there are; the lanes beyond have the last.
    count: usize,
    n: usize,
    /// Whether they are neighbours in one row.
    together: bool,
}

impl Cells {
    /// The cells from `first` on, of which `count` are left.
    #[inline(always)]
    pub(super) fn new(first: usize, count: usize, n: usize) -> Self {
        let (row, neuron) = (first / n, first % n);
        Self { row, neuron, count, n, together: count >= LANES && neuron + LANES <= n }
    }

    /// Row and neuron of the cell in a lane.
    pub(super) fn at(&self, lane: usize) -> (usize, usize) {
        let index = self.neuron + lane.min(self.count - 1);
        (self.row + index / self.n, index % self.n)
    }
}

/// Where the values of the lanes stand in an array that broadcasts. The common arrangements are
/// told apart once, so that reading them is one vector instruction.
pub(super) enum Places {
    /// One value for all.
    Same(usize),
    /// One after the other from here on.
    Adjacent(usize),
    /// Likewise, of fewer cells than lanes.
    Few {
        first: usize,
        count: usize,
    },
    Each(Box<[usize; LANES]>),
}

impl Places {
    #[inline(always)]
    pub(super) fn of(cells: &Cells, row_stride: usize, neuron_stride: usize) -> Self {
        if row_stride == 0 && neuron_stride == 0 {
            return Self::Same(0);
        }
        let first = cells.row * row_stride + cells.neuron * neuron_stride;
        if !cells.together {
            if neuron_stride == 1 && cells.neuron + cells.count <= cells.n {
                return Self::Few { first, count: cells.count };
            }
            return Self::of_rows(cells, row_stride, neuron_stride);
        }
        if neuron_stride == 0 { Self::Same(first) } else { Self::Adjacent(first) }
    }

    /// Of cells that are not all neighbours in one row.
    #[inline(never)]
    fn of_rows(cells: &Cells, row_stride: usize, neuron_stride: usize) -> Self {
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

    /// Copies the values of the lanes.
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

/// The coefficients of the cells in the lanes, as the step takes them.
#[repr(align(64))]
pub(super) struct LaneCoefficients {
    pub(super) leak: [f32; LANES],
    pub(super) resistance: [f32; LANES],
    pub(super) v_rest: [f32; LANES],
    /// A spike is what is above.
    pub(super) v_threshold: [f32; LANES],
    /// Where v goes, or what is subtracted from it.
    pub(super) reset: [f32; LANES],
    pub(super) v_lower: [f32; LANES],
    /// What v is set to zero below at every step.
    pub(super) v_smallest: [f32; LANES],
    pub(super) trace_decay: [f32; LANES],
    /// All bits where a spike adds to the trace, none where it sets it.
    pub(super) trace_added_to: [u32; LANES],
    pub(super) trace_scale: [f32; LANES],
    pub(super) trace_smallest: [f32; LANES],
    pub(super) synaptic_decay: [f32; LANES],
    pub(super) synaptic_factor: [f32; LANES],
    pub(super) synaptic_smallest: [f32; LANES],
    /// See [`Memory::coefficients`].
    pub(super) refractory: [u32; LANES],
}

impl LaneCoefficients {
    /// Of cells that lack all that they may lack.
    #[inline(always)]
    fn none() -> Self {
        let zero = [0.0; LANES];
        Self {
            leak: zero,
            resistance: zero,
            v_rest: zero,
            v_threshold: zero,
            reset: zero,
            v_lower: [f32::NEG_INFINITY; LANES],
            v_smallest: zero,
            trace_decay: zero,
            trace_added_to: [0; LANES],
            trace_scale: zero,
            trace_smallest: zero,
            synaptic_decay: zero,
            synaptic_factor: zero,
            synaptic_smallest: zero,
            refractory: [0; LANES],
        }
    }

    /// All but what depends on the [`Memory`].
    #[inline(always)]
    fn load(&mut self, table: &Table, options: Options, cells: &Cells) {
        spread(&table.leak, cells, &mut self.leak);
        spread(&table.resistance, cells, &mut self.resistance);
        spread(&table.v_rest, cells, &mut self.v_rest);
        spread(&table.v_threshold, cells, &mut self.v_threshold);
        if options.spike_test == SpikeTest::AtOrAbove {
            // To be at or above a number is to be above the next one below.
            for threshold in &mut self.v_threshold {
                *threshold = next_below(*threshold);
            }
        }
        if options.reset == Reset::None {
            self.reset = [0.0; LANES];
        } else {
            spread(&table.reset, cells, &mut self.reset);
        }
        if !is_plain(options) {
            self.load_rare(table, options, cells);
        }
    }

    #[inline(never)]
    fn load_rare(&mut self, table: &Table, options: Options, cells: &Cells) {
        spread(&table.v_lower, cells, &mut self.v_lower);
        spread(&table.trace_decay, cells, &mut self.trace_decay);
        spread(&table.trace_scale, cells, &mut self.trace_scale);
        spread(&table.synaptic_decay, cells, &mut self.synaptic_decay);
        spread(&table.synaptic_factor, cells, &mut self.synaptic_factor);
        self.trace_added_to = [if options.trace == TraceRule::Add { u32::MAX } else { 0 }; LANES];
        if options.fast_decay {
            let smallest = |fast| if fast { SMALLEST_STATE } else { 0.0 };
            self.v_smallest = self.leak.map(|leak| smallest(leak > FASTEST_LEAK));
            self.trace_smallest = self.trace_decay.map(|decay| smallest(decay < 1.0 - FASTEST_LEAK));
            self.synaptic_smallest = self.synaptic_decay.map(|decay| smallest(decay < 1.0 - FASTEST_LEAK));
        }
    }
}

/// The largest number below another that is no subnormal one, which some processors take for zero. Nor are
/// potentials ever subnormal.
#[inline(always)]
fn next_below(x: f32) -> f32 {
    if x == 0.0 { -f32::MIN_POSITIVE } else { x.next_down() }
}

#[inline(always)]
pub(super) fn spread<T: Copy>(column: &Column<T>, cells: &Cells, lanes: &mut [T; LANES]) {
    Places::of(cells, column.row_stride, column.neuron_stride).take(&column.values, lanes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, SpikeTest};
    use ndarray::Array1;

    #[test]
    fn thresholds_in_lanes_are_normal_numbers() {
        let thresholds = Array1::from(vec![0.0_f32, -0.0, 1e-20, -1e-20, 1e-30, 1.0, -52.0]);
        let n = thresholds.len();
        let params = Params {
            v_threshold: thresholds.into(),
            v_reset: (-60.0).into(),
            spike_test: SpikeTest::AtOrAbove,
            ..Params::default()
        };
        let table = Table::new(&params, (1, n)).unwrap();
        let mut lanes = LaneCoefficients::none();
        lanes.load(&table, table.options, &Cells::new(0, n, n));
        for (lane, above) in lanes.v_threshold.iter().enumerate() {
            assert!(above.is_normal(), "{above:e} in lane {lane}");
            let threshold = table.v_threshold.get(0, lane.min(n - 1));
            assert!(
                threshold > *above && *above >= threshold.next_down() - f32::MIN_POSITIVE,
                "{threshold:e}"
            );
        }
    }

    #[test]
    fn lanes_beyond_the_last_cell_repeat_it() {
        let values: Vec<u32> = (0..400).collect();
        // Five cells at the end of the last of two rows, read by neuron, by row, and one by one.
        let cells = Cells::new(2 * 150 - 5, 5, 150);
        for (strides, last) in [((0, 1), 149), ((150, 1), 299), ((1, 0), 1), ((1, 2), 299)] {
            let mut lanes = [0; LANES];
            Places::of(&cells, strides.0, strides.1).take(&values, &mut lanes);
            assert_eq!(lanes[4..], [last; LANES - 4], "{strides:?}");
            assert_eq!(lanes[0], last - 4 * strides.1 as u32, "{strides:?}");
        }
    }
}
