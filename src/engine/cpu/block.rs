//! A tile of cells through a block of steps: [`model::step_cell`] applied to lanes of cells at
//! once, which the compiler turns into vector instructions. The instruction set is chosen at run
//! time by `pulp`; the arithmetic stays the scalar definition's, operation by operation.

use super::additions::{Additions, LaneSources, OfWord, WORD};
use super::lanes::{LANES, Lanes, Places};
use crate::coefficients::Table;
use crate::input::Strides;
use crate::model::{self, Options, Refractory, Reset, SpikeTest, State, TraceRule, rounded};
use crate::noise::{Drawn, Noise};
use crate::projection::{Projected, Projection};
use crate::spike_input::Target;

/// A contiguous range of cells with its part of all state.
pub(super) struct Tile<'a> {
    pub(super) first_cell: usize,
    pub(super) v: &'a mut [f32],
    pub(super) refractory: &'a mut [u32],
    /// Empty where no trace is kept.
    pub(super) trace: &'a mut [f32],
    /// Empty where there is no synapse.
    pub(super) synaptic: &'a mut [f32],
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
    pub(super) spikes: &'a [Projection<'a>],
    /// Steps of the call before the first.
    pub(super) passed: u64,
}

impl<'a> CurrentView<'a> {
    pub(super) fn after(&self, step: usize) -> Self {
        Self { values: &self.values[step * self.strides.step..], passed: step as u64, ..*self }
    }

    /// What drives a cell of a population with `n` neurons at a step of the run, whose number is
    /// `number`.
    pub(super) fn at(&self, step: usize, number: u64, (row, neuron): (usize, usize), n: usize) -> Drawn {
        let place = step * self.strides.step + row * self.strides.row + neuron * self.strides.neuron;
        let drawn = self.noise.map_or_else(Drawn::default, |noise| noise.at(row, neuron, n, number));
        let mut projected = Projected::default();
        for spikes in self.spikes {
            spikes.add(&mut projected, self.passed + step as u64, (row, neuron));
        }
        Drawn {
            current: rounded(self.values[place] + drawn.current),
            arriving: rounded(drawn.arriving + projected.arriving),
            jump: rounded(drawn.jump + projected.jump),
        }
    }

    /// The rules of a population, with what this input asks of them.
    pub(super) fn options(&self, options: Options) -> Options {
        let jumps = self.noise.is_some_and(Noise::jumps)
            || self.spikes.iter().any(|spikes| spikes.target == Target::Potential);
        Options { jumps, ..options }
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
    let plain = Options {
        bounded: false,
        trace: TraceRule::Off,
        fast_decay: false,
        jumps: false,
        synapse: false,
        ..options
    };
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
    } else if options.synapse {
        // Decided in the loop.
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
    let mut added = Additions::none();
    for first in (0..tile.v.len()).step_by(LANES) {
        let mut lanes = Lanes::load(&tile, table, n, first);
        let places = Places::of(&lanes.cells, current.strides.row, current.strides.neuron);
        let sources = LaneSources::load(current.noise, current.spikes, &lanes.cells, tile.first_cell + first);
        if current.strides.step == 0 && sources.is_empty() {
            let mut constant = [0.0; LANES];
            drives_of_step(options, &lanes, &places, current, 0, None, &mut constant);
            drives = [constant; WORD];
        }
        let mut made = 0;
        let mut block = 0;
        while made < steps {
            let from = ((first_step + made) % WORD as u64) as usize;
            let to = (from as u64 + steps - made).min(WORD as u64) as usize;
            if !sources.is_empty() {
                let number = first_step + made - from as u64;
                sources.fill(number, current.passed + made, (from, to), &mut added);
            }
            if current.strides.step != 0 || !sources.is_empty() {
                for (offset, drive) in drives[from..to].iter_mut().enumerate() {
                    let place = from + offset;
                    let added =
                        (!sources.is_empty()).then(|| (&added.currents[place], &added.arriving[place]));
                    drives_of_step(options, &lanes, &places, current, made as usize + offset, added, drive);
                }
            }
            let spikes = advance_word(&mut lanes, options, &drives, &added, from, to);
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

/// What drives each cell at a step; where there is a synapse, the current that does beside it.
#[inline(always)]
fn drives_of_step(
    options: Options,
    lanes: &Lanes,
    places: &Places,
    current: &CurrentView<'_>,
    step: usize,
    added: Option<(&[f32; LANES], &[f32; LANES])>,
    drives: &mut [f32; LANES],
) {
    places.take(&current.values[step * current.strides.step..], drives);
    if let Some((currents, arriving)) = added {
        for ((current, added), arriving) in drives.iter_mut().zip(currents).zip(arriving) {
            *current = rounded(*current + added);
            if !options.synapse {
                *current = rounded(*current + arriving);
            }
        }
    }
    if options.synapse {
        return;
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
    added: &Additions,
    from: usize,
    to: usize,
) -> [u32; LANES] {
    let cells = &lanes.coefficients;
    let (mut v, mut refractory, mut trace) = (lanes.v, lanes.refractory, lanes.trace);
    let mut synaptic = lanes.synaptic;
    let mut spikes = [0; LANES];
    for (step, drive) in drives.iter().enumerate().take(to).skip(from) {
        let (arriving, jump) = (&added.arriving[step], &added.jumps[step]);
        let bit = 1 << step;
        for lane in 0..LANES {
            let mut state = State {
                v: v[lane],
                refractory: refractory[lane],
                trace: trace[lane],
                synaptic: synaptic[lane],
                spike: false,
            };
            let mut drive = drive[lane];
            if options.synapse {
                state = model::receive(state, arriving[lane]);
                drive = model::drive(cells.resistance[lane], rounded(drive + state.synaptic));
            }
            state = model::step_cell(options, cells.get(lane), state, drive, jump[lane]);
            if options.fast_decay {
                state = model::settle(options, cells.get(lane), state, step as u32);
            }
            v[lane] = state.v;
            refractory[lane] = state.refractory;
            trace[lane] = state.trace;
            synaptic[lane] = state.synaptic;
            spikes[lane] |= if state.spike { bit } else { 0 };
        }
    }
    if to == WORD {
        for lane in 0..LANES {
            let state = State {
                v: v[lane],
                refractory: 0,
                trace: trace[lane],
                synaptic: synaptic[lane],
                spike: false,
            };
            let state = model::settle(options, cells.get(lane), state, WORD as u32 - 1);
            v[lane] = state.v;
            trace[lane] = state.trace;
            synaptic[lane] = state.synaptic;
        }
    }
    lanes.v = v;
    lanes.refractory = refractory;
    lanes.trace = trace;
    lanes.synaptic = synaptic;
    lanes.last = spikes.map(|word| word >> (to - 1) & 1);
    spikes
}
