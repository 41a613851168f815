//! A tile of cells through a block of steps: what drives the cells in the lanes, word by word, and
//! the steps that it drives.

use super::additions::{Additions, LaneSources, WORD};
use super::lanes::{Cells, LANES, Lanes, Places};
use super::vector::{self, Drives, NO_JUMPS, Span};
use crate::coefficients::Table;
use crate::input::Strides;
use crate::model::{self, Options, rounded};
use crate::noise::{Drawn, Noise};
use crate::projection::{Projected, Projection};
use crate::spike_input::Target;
use pulp::{Simd, WithSimd};

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

/// Advances a tile, one group of lanes after the other.
pub(super) fn advance(
    mut tile: Tile<'_>,
    table: &Table,
    n: usize,
    first_step: u64,
    steps: u64,
    current: &CurrentView<'_>,
) {
    let options = current.options(table.options);
    let mut drives = [[0.0; LANES]; WORD];
    let mut added = Additions::none();
    for first in (0..tile.v.len()).step_by(LANES) {
        let cells = Cells::new(tile.first_cell + first, tile.v.len() - first, n);
        let mut lanes = Lanes::load(&tile, table, options, &cells, first);
        let places = Places::of(&cells, current.strides.row, current.strides.neuron);
        let sources = LaneSources::load(current.noise, current.spikes, &cells, tile.first_cell + first);
        let constant = current.strides.step == 0 && sources.is_empty();
        if constant {
            let resistance = &lanes.coefficients.resistance;
            drives_of_step(options, resistance, &places, current, 0, None, &mut drives[0]);
        }
        let mut made = 0;
        let mut block = 0;
        while made < steps {
            let from = ((first_step + made) % WORD as u64) as usize;
            // What is constant needs no stop at each word.
            let to = if constant { from + steps as usize } else { WORD.min(from + (steps - made) as usize) };
            if !sources.is_empty() {
                let number = first_step + made - from as u64;
                sources.fill(number, current.passed + made, (from, to), &mut added);
            }
            if !constant {
                let added = (!sources.is_empty()).then_some(&added);
                let resistance = &lanes.coefficients.resistance;
                let drives = &mut drives[from..to];
                let made = made as usize;
                pulp::Arch::new().dispatch(FillDrives {
                    options,
                    resistance,
                    places: &places,
                    current,
                    made,
                    from,
                    added,
                    drives,
                });
            }
            let jumps = if options.jumps { &added.jumps } else { &NO_JUMPS };
            let drives = Drives { constant, drives: &drives, arriving: &added.arriving, jumps };
            let span = Span { first: from, steps: to - from };
            let rows = tile.words.get_mut(block..).unwrap_or_default();
            vector::advance(options, &mut lanes, drives, span, (rows, first));
            made += (to - from) as u64;
            block += 1;
        }
        lanes.store(&mut tile, first);
    }
}

/// [`drives_of_step`] for the steps of a word from `from` on, the first being step `made` of the
/// run, with the instructions that the processor has. A closure would not do: it is not compiled
/// into what has them.
struct FillDrives<'a> {
    options: Options,
    resistance: &'a [f32; LANES],
    places: &'a Places,
    current: &'a CurrentView<'a>,
    made: usize,
    from: usize,
    added: Option<&'a Additions>,
    drives: &'a mut [[f32; LANES]],
}

impl WithSimd for FillDrives<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { options, resistance, places, current, made, from, added, drives } = self;
        for (offset, drive) in drives.iter_mut().enumerate() {
            let place = from + offset;
            let added = added.map(|added| (&added.currents[place], &added.arriving[place]));
            drives_of_step(options, resistance, places, current, made + offset, added, drive);
        }
    }
}

/// What drives each cell at a step; where there is a synapse, the current that does beside it.
#[inline(always)]
fn drives_of_step(
    options: Options,
    resistance: &[f32; LANES],
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
    for (drive, resistance) in drives.iter_mut().zip(resistance) {
        *drive = model::drive(*resistance, *drive);
    }
}
