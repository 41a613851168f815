//! Neighbouring cells side by side, one array per quantity, as vector instructions want them.
//!
//! Loops instead of closures, which would be compiled without the instructions that the processor has.

use super::block::Tile;
use super::memory::Memory;
use super::vector::is_plain;
use crate::broadcast::Column;
use crate::coefficients::Table;
use crate::engine::SPIKE_FLAG;
use crate::model::{FASTEST_LEAK, Options, Reset, SMALLEST_STATE, SpikeTest, TraceRule};

/// Cells that are advanced side by side.
pub(super) const LANES: usize = 32;

/// Some neighbouring cells. Those beyond the end of the tile are computed too, as copies of the
/// last, and never stored.
pub(super) struct Lanes {
    pub(super) coefficients: LaneCoefficients,
    /// Refractory steps after each spike.
    pub(super) steps: [u32; LANES],
    pub(super) v: [f32; LANES],
    pub(super) memory: Memory,
    /// What is kept of the refractory period.
    pub(super) kept: [u32; LANES],
    pub(super) trace: [f32; LANES],
    pub(super) synaptic: [f32; LANES],
    pub(super) counts: [u32; LANES],
    /// 1 where the last step was a spike.
    pub(super) last: [u32; LANES],
}

impl Lanes {
    /// Takes the cells of a tile from `first` on.
    #[inline(always)]
    pub(super) fn load(
        tile: &Tile<'_>,
        table: &Table,
        options: Options,
        cells: &Cells,
        first: usize,
    ) -> Self {
        let steps = spread(&table.refractory_steps, cells);
        let mut left = [0; LANES];
        copy(&mut left, &tile.refractory[first..]);
        for left in &mut left {
            *left &= !SPIKE_FLAG;
        }
        let memory = if is_plain(options) { Memory::for_cells(&steps, &left) } else { Memory::Both };
        let (mut refractory, mut kept) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            refractory[lane] = memory.coefficient(steps[lane]);
            kept[lane] = memory.keep(steps[lane], left[lane]);
        }
        let mut lanes = Self {
            coefficients: LaneCoefficients::load(table, options, cells, refractory),
            steps,
            v: [0.0; LANES],
            memory,
            kept,
            trace: [0.0; LANES],
            synaptic: [0.0; LANES],
            counts: [0; LANES],
            last: [0; LANES],
        };
        copy(&mut lanes.v, &tile.v[first..]);
        copy(&mut lanes.counts, &tile.counts[first..]);
        if let Some(trace) = tile.trace.get(first..) {
            copy(&mut lanes.trace, trace);
        }
        if let Some(synaptic) = tile.synaptic.get(first..) {
            copy(&mut lanes.synaptic, synaptic);
        }
        lanes
    }

    #[inline(always)]
    pub(super) fn store(&self, tile: &mut Tile<'_>, first: usize) {
        let mut words = [0; LANES];
        for (lane, word) in words.iter_mut().enumerate() {
            *word = self.memory.left(self.steps[lane], self.kept[lane]) | (self.last[lane] * SPIKE_FLAG);
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
    pub(super) row: [usize; LANES],
    pub(super) neuron: [usize; LANES],
    /// Whether they are neighbours in one row.
    together: bool,
}

impl Cells {
    /// The cells from `first` on, of which `count` are left.
    #[inline(always)]
    pub(super) fn new(first: usize, count: usize, n: usize) -> Self {
        let (mut row, mut neuron) = (first / n, first % n);
        let together = count >= LANES && neuron + LANES <= n;
        let mut cells = Self { row: [row; LANES], neuron: [neuron; LANES], together };
        if together {
            for (lane, neuron) in cells.neuron.iter_mut().enumerate() {
                *neuron += lane;
            }
            return cells;
        }
        for lane in 0..LANES {
            cells.row[lane] = row;
            cells.neuron[lane] = neuron;
            if lane + 1 < count {
                neuron += 1;
                if neuron == n {
                    (row, neuron) = (row + 1, 0);
                }
            }
        }
        cells
    }
}

/// Where the values of the lanes stand in an array that broadcasts. The common arrangements are
/// told apart once, so that reading them is one vector instruction.
#[allow(clippy::large_enum_variant, reason = "a few live on the stack for the time of a block")]
pub(super) enum Places {
    /// One value for all.
    Same(usize),
    /// One after the other from here on.
    Adjacent(usize),
    Each([usize; LANES]),
}

impl Places {
    #[inline(always)]
    pub(super) fn of(cells: &Cells, row_stride: usize, neuron_stride: usize) -> Self {
        if row_stride == 0 && neuron_stride == 0 {
            return Self::Same(0);
        }
        let first = cells.row[0] * row_stride + cells.neuron[0] * neuron_stride;
        if cells.together {
            return if neuron_stride == 0 { Self::Same(first) } else { Self::Adjacent(first) };
        }
        let places: [usize; LANES] =
            std::array::from_fn(|lane| cells.row[lane] * row_stride + cells.neuron[lane] * neuron_stride);
        if places.iter().enumerate().all(|(lane, place)| *place == first + lane) {
            Self::Adjacent(first)
        } else if places.iter().all(|place| *place == first) {
            Self::Same(first)
        } else {
            Self::Each(places)
        }
    }

    /// Copies the values of the lanes.
    #[inline(always)]
    pub(super) fn take<T: Copy>(&self, values: &[T], lanes: &mut [T; LANES]) {
        match self {
            Self::Same(place) => lanes.fill(values[*place]),
            Self::Adjacent(first) => lanes.copy_from_slice(&values[*first..*first + LANES]),
            Self::Each(places) => {
                for (lane, place) in lanes.iter_mut().zip(places) {
                    *lane = values[*place];
                }
            }
        }
    }
}

/// The coefficients of the cells in the lanes, as the step takes them.
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
    pub(super) synaptic_smallest: [f32; LANES],
    /// See [`Memory::coefficient`].
    pub(super) refractory: [u32; LANES],
}

impl LaneCoefficients {
    #[inline(always)]
    fn load(table: &Table, options: Options, cells: &Cells, refractory: [u32; LANES]) -> Self {
        let mut lanes = Self {
            leak: spread(&table.leak, cells),
            resistance: spread(&table.resistance, cells),
            v_rest: spread(&table.v_rest, cells),
            v_threshold: spread(&table.v_threshold, cells),
            reset: spread(&table.reset, cells),
            v_lower: spread(&table.v_lower, cells),
            v_smallest: [0.0; LANES],
            trace_decay: spread(&table.trace_decay, cells),
            trace_added_to: [if options.trace == TraceRule::Add { u32::MAX } else { 0 }; LANES],
            trace_scale: spread(&table.trace_scale, cells),
            trace_smallest: [0.0; LANES],
            synaptic_decay: spread(&table.synaptic_decay, cells),
            synaptic_smallest: [0.0; LANES],
            refractory,
        };
        if options.spike_test == SpikeTest::AtOrAbove {
            // To be at or above a number is to be above the next one below.
            for threshold in &mut lanes.v_threshold {
                *threshold = threshold.next_down();
            }
        }
        if options.reset == Reset::None {
            lanes.reset = [0.0; LANES];
        }
        if options.fast_decay {
            let smallest = |fast| if fast { SMALLEST_STATE } else { 0.0 };
            lanes.v_smallest = lanes.leak.map(|leak| smallest(leak > FASTEST_LEAK));
            lanes.trace_smallest = lanes.trace_decay.map(|decay| smallest(decay < 1.0 - FASTEST_LEAK));
            lanes.synaptic_smallest = lanes.synaptic_decay.map(|decay| smallest(decay < 1.0 - FASTEST_LEAK));
        }
        lanes
    }
}

#[inline(always)]
pub(super) fn spread<T: Copy + Default>(column: &Column<T>, cells: &Cells) -> [T; LANES] {
    let mut lanes = [T::default(); LANES];
    Places::of(cells, column.row_stride, column.neuron_stride).take(&column.values, &mut lanes);
    lanes
}
