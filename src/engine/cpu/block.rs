//! A tile of cells through a block of steps: [`model::step_cell`] applied to lanes of cells at
//! once, which the compiler turns into vector instructions. The instruction set is chosen at run
//! time by `pulp`; the arithmetic stays the scalar definition's, operation by operation.

use super::lanes::{LANES, Lanes, Places};
use crate::coefficients::Table;
use crate::input::Strides;
use crate::model::{self, Options, Refractory, Reset, SpikeTest, State, TraceRule};

/// Steps in a word of spikes.
const WORD: usize = 32;

/// A contiguous range of cells with its part of all state.
pub(super) struct Tile<'a> {
    pub(super) first_cell: usize,
    pub(super) v: &'a mut [f32],
    pub(super) refractory: &'a mut [u32],
    /// Empty where no trace is kept.
    pub(super) trace: &'a mut [f32],
    pub(super) counts: &'a mut [u32],
    /// One slice per block of 32 steps; empty where spikes are only counted.
    pub(super) words: Vec<&'a mut [u32]>,
}

/// The currents of a run from some step on.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentView<'a> {
    pub(super) values: &'a [f32],
    pub(super) strides: Strides,
}

impl<'a> CurrentView<'a> {
    pub(super) fn after(&self, step: usize) -> Self {
        Self { values: &self.values[step * self.strides.step..], strides: self.strides }
    }

    pub(super) fn at(&self, step: usize, row: usize, neuron: usize) -> f32 {
        self.values[step * self.strides.step + row * self.strides.row + neuron * self.strides.neuron]
    }
}

/// Advances a tile with the widest vector instructions that the processor has.
pub(super) fn advance(
    tile: Tile<'_>,
    table: &Table,
    n: usize,
    first_step: u64,
    steps: u64,
    current: &CurrentView<'_>,
) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || specialised(tile, table, n, first_step, steps, current),
    );
}

/// Gives the common options to the compiler as constants, so that nothing is decided in the loop.
#[inline(always)]
fn specialised(
    tile: Tile<'_>,
    table: &Table,
    n: usize,
    first_step: u64,
    steps: u64,
    current: &CurrentView<'_>,
) {
    macro_rules! choose {
        ($($spike_test:ident $reset:ident $refractory:ident,)*) => {
            match (table.options.spike_test, table.options.reset, table.options.refractory) {
                $((SpikeTest::$spike_test, Reset::$reset, Refractory::$refractory) => advance_tile(
                    Options {
                        spike_test: SpikeTest::$spike_test,
                        reset: Reset::$reset,
                        refractory: Refractory::$refractory,
                        bounded: false,
                        trace: TraceRule::Off,
                        fast_decay: false,
                    },
                    tile, table, n, first_step, steps, current,
                ),)*
                _ => advance_tile(table.options, tile, table, n, first_step, steps, current),
            }
        };
    }
    let plain = !table.options.bounded & !table.options.fast_decay & (table.options.trace == TraceRule::Off);
    if !plain {
        return advance_tile(table.options, tile, table, n, first_step, steps, current);
    }
    choose! {
        Above ToValue Frozen,
        Above Subtract Frozen,
        AtOrAbove ToValue Frozen,
        AtOrAbove Subtract Frozen,
        Above ToValue LeakOnly,
        Above ToValue Silent,
    }
}

#[inline(always)]
fn advance_tile(
    options: Options,
    mut tile: Tile<'_>,
    table: &Table,
    n: usize,
    first_step: u64,
    steps: u64,
    current: &CurrentView<'_>,
) {
    let mut drives = [[0.0; LANES]; WORD];
    for first in (0..tile.v.len()).step_by(LANES) {
        let mut lanes = Lanes::load(&tile, table, n, first);
        let places = Places::of(&lanes.cells, current.strides.row, current.strides.neuron);
        if current.strides.step == 0 {
            drives = [drives_of_step(&lanes, &places, current, 0); WORD];
        }
        let mut made = 0;
        let mut block = 0;
        while made < steps {
            let from = ((first_step + made) % WORD as u64) as usize;
            let to = (from as u64 + steps - made).min(WORD as u64) as usize;
            if current.strides.step != 0 {
                for (offset, drive) in drives[from..to].iter_mut().enumerate() {
                    *drive = drives_of_step(&lanes, &places, current, made as usize + offset);
                }
            }
            let spikes = advance_word(&mut lanes, options, &drives, from, to);
            for (count, word) in tile.counts[first..].iter_mut().zip(spikes) {
                *count = count.wrapping_add(word.count_ones());
            }
            if let Some(words) = tile.words.get_mut(block) {
                for (word, spikes) in words[first..].iter_mut().zip(spikes) {
                    *word = spikes;
                }
            }
            made += (to - from) as u64;
            block += 1;
        }
        lanes.store(&mut tile, first);
    }
}

/// What drives each cell at a step.
#[inline(always)]
fn drives_of_step(lanes: &Lanes, places: &Places, current: &CurrentView<'_>, step: usize) -> [f32; LANES] {
    let currents = places.values(&current.values[step * current.strides.step..]);
    std::array::from_fn(|lane| model::drive(lanes.coefficients.resistance[lane], currents[lane]))
}

/// Makes the steps `from..to` of a block of 32 and returns their spikes, one word per lane.
#[inline(always)]
fn advance_word(
    lanes: &mut Lanes,
    options: Options,
    drives: &[[f32; LANES]; WORD],
    from: usize,
    to: usize,
) -> [u32; LANES] {
    let cells = &lanes.coefficients;
    let (mut v, mut refractory, mut trace) = (lanes.v, lanes.refractory, lanes.trace);
    let mut spikes = [0; LANES];
    let mut last = [0; LANES];
    for (step, drive) in drives.iter().enumerate().take(to).skip(from) {
        for lane in 0..LANES {
            let state = State { v: v[lane], refractory: refractory[lane], trace: trace[lane], spike: false };
            let mut state = model::step_cell(options, cells.get(lane), state, drive[lane]);
            if options.fast_decay {
                state = model::settle(options, cells.get(lane), state, step as u32);
            }
            v[lane] = state.v;
            refractory[lane] = state.refractory;
            trace[lane] = state.trace;
            last[lane] = u32::from(state.spike);
            spikes[lane] |= last[lane] << step;
        }
    }
    if to == WORD {
        for lane in 0..LANES {
            let state = State { v: v[lane], refractory: 0, trace: trace[lane], spike: false };
            let state = model::settle(options, cells.get(lane), state, WORD as u32 - 1);
            v[lane] = state.v;
            trace[lane] = state.trace;
        }
    }
    lanes.v = v;
    lanes.refractory = refractory;
    lanes.trace = trace;
    lanes.last = last;
    spikes
}
