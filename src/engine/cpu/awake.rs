//! The cells of a part of a network that are awake. The others are at rest: a step without input leaves their state as it
//! is, bit for bit, so that they are stepped only from the first spike on that arrives at them.
//!
//! In large networks with little activity, as a whole brain of which a few neurons are driven, these are most cells.
//! Awake cells have places one after the other, in the lanes and in the ring.

use super::block::{CurrentView, Tile};
use crate::model::{Options, State, StepInput, step_cell};
use crate::prepared::coefficients::Table;
use crate::prepared::field::Field;
use crate::prepared::noise::{Noise, NoiseKind, NoiseSource};
use std::sync::OnceLock;

/// The place of a cell that is at rest.
const NONE: u32 = u32::MAX;

/// The steps after which state may be [settled](crate::model::settle), and after which it is not.
const STEPS: [u32; 2] = [0, 31];

/// The places of the cells that are awake.
#[derive(Debug)]
pub(super) struct Awake {
    /// For each cell of the part.
    places: Vec<u32>,
    /// The cell at each place.
    cells: Vec<u32>,
}

impl Awake {
    /// These cells, which are different ones of `all`, are awake.
    pub(super) fn new(all: usize, cells: Vec<u32>) -> Self {
        let mut places = vec![NONE; all];
        for (place, cell) in (0..).zip(&cells) {
            places[*cell as usize] = place;
        }
        Self { places, cells }
    }

    pub(super) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// The place of a cell, which is awake from now on.
    #[inline(always)]
    pub(super) fn wake(&mut self, cell: u32) -> u32 {
        let place = &mut self.places[cell as usize];
        if *place == NONE {
            *place = self.cells.len() as u32;
            self.cells.push(cell);
        }
        *place
    }
}

/// What decides whether cells stay at rest, apart from their state.
pub(super) struct Stillness<'a> {
    table: &'a Table,
    options: Options,
    n: usize,
    current: &'a CurrentView<'a>,
    /// The neurons that are driven in each row, if they are the same in all; found when they are first asked for.
    driven: OnceLock<Vec<u32>>,
}

impl<'a> Stillness<'a> {
    /// `None` if the input can change from step to step for any cell.
    pub(super) fn of(
        table: &'a Table,
        options: Options,
        n: usize,
        current: &'a CurrentView<'a>,
    ) -> Option<Self> {
        let is_constant = current.strides.step == 0 && current.spikes.is_empty();
        is_constant.then_some(Self { table, options, n, current, driven: OnceLock::new() })
    }

    /// The current of all cells and the random sources, if they say whether a cell at rest stays at rest.
    pub(super) fn current(&self) -> Option<u32> {
        let strides = self.current.strides;
        let is_same = strides.row == 0 && strides.neuron == 0;
        self.current.values.first().filter(|_| is_same).map(|current| current.to_bits())
    }

    /// The cells of a tile that random sources give anything.
    pub(super) fn driven(&self, tile: &Tile<'_>) -> Vec<u32> {
        let cells = tile.refractory.len() as u32;
        let mut sources = self.current.noise.iter().flat_map(|noise| &noise.sources);
        if sources.any(|source| source.table.row_stride > 0) {
            return (0..cells).filter(|cell| self.is_driven(tile.first_cell + *cell as usize)).collect();
        }
        let neurons = || (0..self.n as u32).filter(|neuron| self.is_driven(*neuron as usize)).collect();
        let all = self.driven.get_or_init(neurons).iter();
        let first = (tile.first_cell % self.n) as u32;
        all.map(|neuron| neuron.wrapping_sub(first)).filter(|cell| *cell < cells).collect()
    }

    /// Whether random sources give a cell anything.
    fn is_driven(&self, cell: usize) -> bool {
        let gives = |noise: &Noise, source: &NoiseSource| match source.kind {
            NoiseKind::Normal | NoiseKind::Uniform => true,
            NoiseKind::Poisson | NoiseKind::PoissonJumps => {
                !noise.is_silent(source.table.get(cell / self.n, cell % self.n))
            }
        };
        self.current.noise.is_some_and(|noise| noise.sources.iter().any(|source| gives(noise, source)))
    }

    /// Whether a step without spikes, neither from random sources nor from other cells, leaves the state of a cell of a tile as it is.
    pub(super) fn is_at_rest(&self, tile: &Tile<'_>, cell: usize) -> bool {
        if tile.refractory[cell] != 0 {
            return false;
        }
        let mut state = State::default();
        for field in Field::of(self.options) {
            *state.get_mut(field) = tile.fields[field as usize][cell];
        }
        let (row, neuron) = ((tile.first_cell + cell) / self.n, (tile.first_cell + cell) % self.n);
        let strides = self.current.strides;
        let current = self.current.values[row * strides.row + neuron * strides.neuron];
        let coefficients = self.table.cell(row, neuron);
        let is_same = |step| {
            let input = StepInput { current, ..StepInput::default() };
            let next = step_cell(self.options, coefficients, state, input, step);
            let bits = |state: &State| Field::ALL.map(|field| state.get(field).to_bits());
            !next.spike && next.refractory == 0 && bits(&next) == bits(&state)
        };
        STEPS.into_iter().all(is_same)
    }
}
