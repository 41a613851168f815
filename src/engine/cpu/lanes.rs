//! Neighbouring cells side by side, one array per quantity, as vector instructions want them.

use super::block::Tile;
use crate::broadcast::Column;
use crate::coefficients::Table;
use crate::engine::SPIKE_FLAG;
use crate::model::Coefficients;

/// Cells that are advanced side by side.
pub(super) const LANES: usize = 32;

/// Some neighbouring cells. Those beyond the end of the tile are computed too, as copies of the
/// last, and never stored.
pub(super) struct Lanes {
    pub(super) cells: Cells,
    pub(super) coefficients: LaneCoefficients,
    pub(super) v: [f32; LANES],
    pub(super) refractory: [u32; LANES],
    pub(super) trace: [f32; LANES],
    pub(super) synaptic: [f32; LANES],
    /// 1 where the last step was a spike.
    pub(super) last: [u32; LANES],
}

impl Lanes {
    /// Takes the cells of a tile from `first` on.
    #[inline(always)]
    pub(super) fn load(tile: &Tile<'_>, table: &Table, n: usize, first: usize) -> Self {
        let cells = Cells::new(tile.first_cell + first, tile.v.len() - first, n);
        let mut lanes = Self {
            coefficients: LaneCoefficients::load(table, &cells),
            cells,
            v: [0.0; LANES],
            refractory: [0; LANES],
            trace: [0.0; LANES],
            synaptic: [0.0; LANES],
            last: [0; LANES],
        };
        for (lane, v) in lanes.v.iter_mut().zip(&tile.v[first..]) {
            *lane = *v;
        }
        for (lane, word) in lanes.refractory.iter_mut().zip(&tile.refractory[first..]) {
            *lane = word & !SPIKE_FLAG;
        }
        for (lane, trace) in lanes.trace.iter_mut().zip(tile.trace.iter().skip(first)) {
            *lane = *trace;
        }
        for (lane, synaptic) in lanes.synaptic.iter_mut().zip(tile.synaptic.iter().skip(first)) {
            *lane = *synaptic;
        }
        lanes
    }

    #[inline(always)]
    pub(super) fn store(&self, tile: &mut Tile<'_>, first: usize) {
        for (v, lane) in tile.v[first..].iter_mut().zip(self.v) {
            *v = lane;
        }
        for (lane, word) in tile.refractory[first..].iter_mut().enumerate().take(LANES) {
            *word = self.refractory[lane] | (self.last[lane] * SPIKE_FLAG);
        }
        for (trace, lane) in tile.trace.iter_mut().skip(first).zip(self.trace) {
            *trace = lane;
        }
        for (synaptic, lane) in tile.synaptic.iter_mut().skip(first).zip(self.synaptic) {
            *synaptic = lane;
        }
    }
}

/// Which cells stand in the lanes.
pub(super) struct Cells {
    pub(super) row: [usize; LANES],
    pub(super) neuron: [usize; LANES],
}

impl Cells {
    /// The cells from `first` on, of which `count` are left.
    #[inline(always)]
    fn new(first: usize, count: usize, n: usize) -> Self {
        let mut cells = Self { row: [0; LANES], neuron: [0; LANES] };
        let (mut row, mut neuron) = (first / n, first % n);
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
        let places: [usize; LANES] =
            std::array::from_fn(|lane| cells.row[lane] * row_stride + cells.neuron[lane] * neuron_stride);
        let first = places[0];
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

/// The coefficients of the cells in the lanes.
pub(super) struct LaneCoefficients {
    leak: [f32; LANES],
    pub(super) resistance: [f32; LANES],
    v_rest: [f32; LANES],
    v_threshold: [f32; LANES],
    reset: [f32; LANES],
    v_lower: [f32; LANES],
    trace_decay: [f32; LANES],
    trace_scale: [f32; LANES],
    refractory_steps: [u32; LANES],
    synaptic_decay: [f32; LANES],
}

impl LaneCoefficients {
    #[inline(always)]
    fn load(table: &Table, cells: &Cells) -> Self {
        Self {
            leak: spread(&table.leak, cells),
            resistance: spread(&table.resistance, cells),
            v_rest: spread(&table.v_rest, cells),
            v_threshold: spread(&table.v_threshold, cells),
            reset: spread(&table.reset, cells),
            v_lower: spread(&table.v_lower, cells),
            trace_decay: spread(&table.trace_decay, cells),
            trace_scale: spread(&table.trace_scale, cells),
            refractory_steps: spread(&table.refractory_steps, cells),
            synaptic_decay: spread(&table.synaptic_decay, cells),
        }
    }

    /// The coefficients of one lane.
    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Coefficients {
        Coefficients {
            leak: self.leak[lane],
            resistance: self.resistance[lane],
            v_rest: self.v_rest[lane],
            v_threshold: self.v_threshold[lane],
            reset: self.reset[lane],
            v_lower: self.v_lower[lane],
            trace_decay: self.trace_decay[lane],
            trace_scale: self.trace_scale[lane],
            refractory_steps: self.refractory_steps[lane],
            synaptic_decay: self.synaptic_decay[lane],
        }
    }
}

#[inline(always)]
pub(super) fn spread<T: Copy + Default>(column: &Column<T>, cells: &Cells) -> [T; LANES] {
    let mut lanes = [T::default(); LANES];
    Places::of(cells, column.row_stride, column.neuron_stride).take(&column.values, &mut lanes);
    lanes
}
