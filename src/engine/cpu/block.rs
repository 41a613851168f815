//! A tile of cells through a block of steps: [`model::step_cell`] applied to lanes of cells at
//! once, which the compiler turns into vector instructions. The instruction set is chosen at run
//! time by `pulp`; the arithmetic stays the scalar definition's, operation by operation.

use super::lanes::{LANES, Lanes, Places};
use super::noise::{LaneNoise, OfWord};
use crate::coefficients::Table;
use crate::input::Strides;
use crate::model::{self, Options, Refractory, Reset, SpikeTest, State, TraceRule, rounded};
use crate::noise::{Drawn, Noise};

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
    pub(super) noise: Option<&'a Noise>,
}

impl<'a> CurrentView<'a> {
    pub(super) fn after(&self, step: usize) -> Self {
        Self { values: &self.values[step * self.strides.step..], ..*self }
    }

    /// What drives a cell of a population with `n` neurons at a step of the run, whose number is
    /// `number`: current and jump.
    pub(super) fn at(&self, step: usize, number: u64, (row, neuron): (usize, usize), n: usize) -> Drawn {
        let place = step * self.strides.step + row * self.strides.row + neuron * self.strides.neuron;
        let current = self.values[place];
        match self.noise {
            None => Drawn { current, jump: 0.0 },
            Some(noise) => {
                let added = noise.at(row, neuron, n, number);
                Drawn { current: rounded(current + added.current), ..added }
            }
        }
    }

    /// The rules of a population, with what this input asks of them.
    pub(super) fn options(&self, options: Options) -> Options {
        Options { jumps: self.noise.is_some_and(Noise::jumps), ..options }
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

/// Gives the rules to the compiler as constants, so that nothing is decided in the loop: all rules
/// for plain neurons, and the common ones for neurons with a bound, a trace, a fast decay or jumps.
/// What such a neuron lacks of these does nothing: a bound of minus infinity, a trace that stays 0.
/// The rest is decided in the loop, at a fraction of the speed.
#[inline(always)]
fn specialised(
    tile: Tile<'_>,
    table: &Table,
    n: usize,
    first_step: u64,
    steps: u64,
    current: &CurrentView<'_>,
) {
    let options = current.options(table.options);
    let plain = Options { bounded: false, trace: TraceRule::Off, fast_decay: false, jumps: false, ..options };
    macro_rules! choose {
        ($extras:expr; $($spike_test:ident $reset:ident $refractory:ident,)*) => {
            match (options.spike_test, options.reset, options.refractory) {
                $((SpikeTest::$spike_test, Reset::$reset, Refractory::$refractory) => {
                    let rules = Options {
                        spike_test: SpikeTest::$spike_test,
                        reset: Reset::$reset,
                        refractory: Refractory::$refractory,
                        ..$extras
                    };
                    return advance_tile(rules, tile, table, n, first_step, steps, current);
                })*
                #[allow(unreachable_patterns, reason = "some lists name all rules")]
                _ => {}
            }
        };
    }
    if options == plain {
        choose! {
            Options { bounded: false, trace: TraceRule::Off, fast_decay: false, ..Options::default() };
            Above ToValue Frozen, Above ToValue LeakOnly, Above ToValue Silent,
            Above Subtract Frozen, Above Subtract LeakOnly, Above Subtract Silent,
            Above None Frozen, Above None LeakOnly, Above None Silent,
            AtOrAbove ToValue Frozen, AtOrAbove ToValue LeakOnly, AtOrAbove ToValue Silent,
            AtOrAbove Subtract Frozen, AtOrAbove Subtract LeakOnly, AtOrAbove Subtract Silent,
            AtOrAbove None Frozen, AtOrAbove None LeakOnly, AtOrAbove None Silent,
        }
    } else if options.jumps && options.trace != TraceRule::Add {
        choose! {
            Options {
                bounded: true, trace: TraceRule::Set, fast_decay: true, jumps: true, ..Options::default()
            };
            Above ToValue Frozen, Above Subtract Frozen, AtOrAbove ToValue Frozen, AtOrAbove Subtract Frozen,
        }
    } else if options.trace == TraceRule::Set && !options.jumps {
        choose! {
            Options { bounded: true, trace: TraceRule::Set, fast_decay: true, ..Options::default() };
            Above ToValue Frozen, Above Subtract Frozen, AtOrAbove ToValue Frozen, AtOrAbove Subtract Frozen,
        }
    } else if !options.jumps {
        choose! {
            Options { bounded: true, trace: TraceRule::Add, fast_decay: true, ..Options::default() };
            Above ToValue Frozen, Above Subtract Frozen, AtOrAbove ToValue Frozen, AtOrAbove Subtract Frozen,
        }
    }
    advance_tile(options, tile, table, n, first_step, steps, current);
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
    let mut random: OfWord = [[0.0; LANES]; WORD];
    let mut jumps: OfWord = [[0.0; LANES]; WORD];
    for first in (0..tile.v.len()).step_by(LANES) {
        let mut lanes = Lanes::load(&tile, table, n, first);
        let places = Places::of(&lanes.cells, current.strides.row, current.strides.neuron);
        let noise = current.noise.map(|noise| LaneNoise::load(noise, &lanes.cells, tile.first_cell + first));
        if current.strides.step == 0 && noise.is_none() {
            let mut constant = [0.0; LANES];
            drives_of_step(&lanes, &places, current, 0, None, &mut constant);
            drives = [constant; WORD];
        }
        let mut made = 0;
        let mut block = 0;
        while made < steps {
            let from = ((first_step + made) % WORD as u64) as usize;
            let to = (from as u64 + steps - made).min(WORD as u64) as usize;
            if let Some(noise) = &noise {
                noise.fill(first_step + made - from as u64, (from, to), &mut random, &mut jumps);
            }
            if current.strides.step != 0 || noise.is_some() {
                for (offset, drive) in drives[from..to].iter_mut().enumerate() {
                    let random = noise.as_ref().map(|_| &random[from + offset]);
                    drives_of_step(&lanes, &places, current, made as usize + offset, random, drive);
                }
            }
            let spikes = advance_word(&mut lanes, options, &drives, &jumps, from, to);
            match tile.counts[first..].first_chunk_mut::<LANES>() {
                Some(counts) => add_counts(counts, &spikes),
                None => add_counts(&mut tile.counts[first..], &spikes),
            }
            if let Some(words) = tile.words.get_mut(block) {
                let words = &mut words[first..];
                match words.first_chunk_mut() {
                    Some(words) => *words = spikes,
                    None => words.copy_from_slice(&spikes[..words.len()]),
                }
            }
            made += (to - from) as u64;
            block += 1;
        }
        lanes.store(&mut tile, first);
    }
}

/// Adds the spikes of a word. Full lanes have a known number, which is much faster.
#[inline(always)]
fn add_counts(counts: &mut [u32], spikes: &[u32; LANES]) {
    for (count, word) in counts.iter_mut().zip(spikes) {
        *count = count.wrapping_add(word.count_ones());
    }
}

/// What drives each cell at a step.
#[inline(always)]
fn drives_of_step(
    lanes: &Lanes,
    places: &Places,
    current: &CurrentView<'_>,
    step: usize,
    random: Option<&[f32; LANES]>,
    drives: &mut [f32; LANES],
) {
    places.take(&current.values[step * current.strides.step..], drives);
    if let Some(random) = random {
        for (current, random) in drives.iter_mut().zip(random) {
            *current = rounded(*current + random);
        }
    }
    for (drive, resistance) in drives.iter_mut().zip(lanes.coefficients.resistance) {
        *drive = model::drive(resistance, *drive);
    }
}

/// Makes the steps `from..to` of a block of 32 and returns their spikes, one word per lane.
#[inline(always)]
fn advance_word(
    lanes: &mut Lanes,
    options: Options,
    drives: &OfWord,
    jumps: &OfWord,
    from: usize,
    to: usize,
) -> [u32; LANES] {
    let cells = &lanes.coefficients;
    let (mut v, mut refractory, mut trace) = (lanes.v, lanes.refractory, lanes.trace);
    let mut spikes = [0; LANES];
    for step in from..to {
        let (drive, jump) = (&drives[step], &jumps[step]);
        let bit = 1 << step;
        for lane in 0..LANES {
            let state = State { v: v[lane], refractory: refractory[lane], trace: trace[lane], spike: false };
            let mut state = model::step_cell(options, cells.get(lane), state, drive[lane], jump[lane]);
            if options.fast_decay {
                state = model::settle(options, cells.get(lane), state, step as u32);
            }
            v[lane] = state.v;
            refractory[lane] = state.refractory;
            trace[lane] = state.trace;
            spikes[lane] |= if state.spike { bit } else { 0 };
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
    lanes.last = spikes.map(|word| word >> (to - 1) & 1);
    spikes
}
