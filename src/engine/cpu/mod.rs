//! The CPU engine: tiles of cells on all cores, each tile through many steps while it is in cache.

mod additions;
mod block;
mod instructions;
mod kernels;
mod lanes;
mod memory;
mod noise;
mod projection;
#[cfg(test)]
mod tests;
mod vector;

use super::pace::Pace;
use super::{Engine, Piece, Receiver, Wanted, WantedVoltages, Words, blocks, whole_words};
use crate::coefficients::Table;
use crate::error::{Error, Result};
use crate::input::Current;
use crate::large::Large;
use crate::model::{self, State, TraceRule};
use crate::score::Scoring;
use crate::work::Work;
use block::{CurrentView, Tile, Workspace};
use ndarray::{Array2, ArrayViewMut1, Axis};
use rayon::prelude::*;
use std::sync::Arc;
use std::time::Instant;

/// The most cells that one thread takes at a time: their state fits the first-level cache.
const LARGEST_TILE: usize = 1024_usize.next_multiple_of(lanes::LANES);

/// Tiles per thread in a small population, so that no thread waits long for the last one.
const TILES_PER_THREAD: usize = 8;

/// Neuron-steps below which handing a tile to another thread costs more than it gains.
const LEAST_WORK: u64 = 1 << 16;

/// Words of spikes that are kept at a time before they are handed on (16 MiB), unless one row of
/// cells alone is more.
const MOST_WORDS: usize = 1 << 22;

/// The same in bytes.
pub(crate) const MOST_WORD_BYTES: u64 = 4 * MOST_WORDS as u64;

/// Samples of voltages that are kept at a time, likewise.
const MOST_VOLTAGES: usize = 1 << 22;

/// The same in bytes.
pub(crate) const MOST_VOLTAGE_BYTES: u64 = 4 * MOST_VOLTAGES as u64;

/// Cells whose voltages one thread records at a time, where there are few.
const RECORDED_TOGETHER: usize = 16;

/// Parts in which the voltages of many are recorded.
const MOST_PARTS: usize = 1 << 12;

/// Steps after which a run looks whether it is to stop.
pub(crate) const MOST_STEPS: u64 = 1 << 14;

/// Cells times steps after which a run looks whether it is to stop: some tenths of a second.
const MOST_WORK: u64 = 1 << 29;

#[derive(Debug)]
pub(crate) struct CpuEngine {
    table: Arc<Table>,
    batch: usize,
    n: usize,
    v: Large<f32>,
    refractory: Large<u32>,
    /// Empty where no trace is kept.
    trace: Large<f32>,
    /// Empty where there is no synapse.
    synaptic: Large<f32>,
    counts: Large<u32>,
    /// Reused for the words of each piece.
    words: Vec<u32>,
    scoring: Option<Scoring>,
    pace: Pace,
    /// Of populations for which one thread is enough.
    workspace: Workspace,
    cell_blocks: u64,
}

impl CpuEngine {
    pub(crate) fn new(table: Arc<Table>, (batch, n): (usize, usize)) -> Self {
        let start = table.rest((batch, n));
        let cells = start.len();
        let trace = if table.options.trace == TraceRule::Off { 0 } else { cells };
        let synaptic = if table.options.synapse { cells } else { 0 };
        Self {
            table,
            batch,
            n,
            v: Large::copy_of(&start),
            refractory: Large::zeroed(cells),
            trace: Large::zeroed(trace),
            synaptic: Large::zeroed(synaptic),
            counts: Large::zeroed(cells),
            words: Vec::new(),
            scoring: None,
            pace: Pace::new(cells),
            workspace: Workspace::new(),
            cell_blocks: 0,
        }
    }

    /// Steps that are made before what is wanted of them is handed out, at most `most_steps`, where the words
    /// of their spikes are kept until then or not.
    fn piece_steps(
        &self,
        first_step: u64,
        most_steps: u64,
        wanted: Option<&Wanted>,
        keeps_words: bool,
    ) -> u64 {
        let cells = self.v.len();
        let mut most = (MOST_WORK / cells as u64).clamp(32, MOST_STEPS).min(most_steps);
        if wanted.is_some() {
            most = most.min(self.pace.steps());
        }
        if keeps_words {
            most = most.min((MOST_WORDS / cells).max(1) as u64 * 32);
        }
        if let Some(voltages) = wanted.and_then(|wanted| wanted.voltages.as_ref()) {
            let row = self.batch * voltages.neurons.len();
            most = most.min((MOST_VOLTAGES / row).max(1) as u64 * u64::from(voltages.every));
        }
        whole_words(first_step, most)
    }

    /// Advances all cells and writes the words of their spikes, unless there is no memory for these.
    fn advance_cells(&mut self, first_step: u64, steps: u64, current: &CurrentView<'_>, words: &mut [u32]) {
        let cells = self.v.len();
        let rows = words.len() / cells;
        let tiles_per_thread = if current.reads_rows(self.n) { 1 } else { TILES_PER_THREAD };
        let tile_size = cells
            .div_ceil(tiles_per_thread * rayon::current_num_threads())
            .max((LEAST_WORK / steps) as usize)
            .next_multiple_of(lanes::LANES)
            .min(LARGEST_TILE);
        let tile_count = cells.div_ceil(tile_size);
        let mut columns: Vec<Vec<&mut [u32]>> = (0..tile_count).map(|_| Vec::with_capacity(rows)).collect();
        for row in words.chunks_exact_mut(cells) {
            for (column, words) in columns.iter_mut().zip(row.chunks_mut(tile_size)) {
                column.push(words);
            }
        }
        let mut traces = self.trace.chunks_mut(tile_size);
        let mut synaptic = self.synaptic.chunks_mut(tile_size);
        let tiles: Vec<Tile<'_>> = self
            .v
            .chunks_mut(tile_size)
            .zip(self.refractory.chunks_mut(tile_size))
            .zip(self.counts.chunks_mut(tile_size))
            .zip(columns)
            .enumerate()
            .map(|(index, (((v, refractory), counts), words))| Tile {
                first_cell: index * tile_size,
                v,
                refractory,
                trace: traces.next().unwrap_or_default(),
                synaptic: synaptic.next().unwrap_or_default(),
                counts,
                words,
            })
            .collect();
        let advance = |workspace: &mut Workspace, tile| {
            block::advance(workspace, tile, &self.table, self.n, (first_step, steps), current);
        };
        if tile_count == 1 {
            // Waking another thread takes longer than a small tile.
            tiles.into_iter().for_each(|tile| advance(&mut self.workspace, tile));
        } else {
            tiles.into_par_iter().for_each_init(Workspace::new, advance);
        }
    }

    /// The membrane potentials that recorded cells will have in the coming steps. The cells are
    /// advanced a second time, on a copy of their state, so that the many that are not recorded
    /// pay nothing.
    fn foresee_voltages(
        &self,
        wanted: &WantedVoltages,
        first_step: u64,
        steps: u64,
        current: &CurrentView<'_>,
    ) -> Vec<f32> {
        let samples = wanted.samples(first_step, first_step + steps);
        let chosen = wanted.neurons.len();
        let mut voltages = Array2::zeros((samples, self.batch * chosen));
        // The more there are, the larger the parts: a list of them takes memory too.
        let together = RECORDED_TOGETHER.max(self.batch * chosen / MOST_PARTS);
        let columns: Vec<_> = voltages.axis_chunks_iter_mut(Axis(1), together).collect();
        columns.into_par_iter().enumerate().for_each(|(chunk, mut columns)| {
            for (column, samples) in columns.columns_mut().into_iter().enumerate() {
                let place = chunk * together + column;
                let cell = (place / chosen, wanted.neurons[place % chosen] as usize);
                self.foresee_cell(cell, first_step, steps, u64::from(wanted.every), current, samples);
            }
        });
        voltages.into_raw_vec_and_offset().0
    }

    fn foresee_cell(
        &self,
        (row, neuron): (usize, usize),
        first_step: u64,
        steps: u64,
        every: u64,
        current: &CurrentView<'_>,
        mut samples: ArrayViewMut1<'_, f32>,
    ) {
        let index = row * self.n + neuron;
        let cell = self.table.cell(row, neuron);
        let mut state = State {
            v: self.v[index],
            refractory: self.refractory[index] & !super::SPIKE_FLAG,
            trace: self.trace.get(index).copied().unwrap_or_default(),
            synaptic: self.synaptic.get(index).copied().unwrap_or_default(),
            spike: false,
        };
        let options = current.options(self.table.options);
        let mut sample = 0;
        for step in 0..steps {
            let number = first_step + step;
            let input = current.at(step as usize, number, (row, neuron), self.n);
            state = model::receive(state, input.arriving);
            let current = model::total_current(options, cell, state, input.current);
            let drive = model::drive(cell.resistance, current);
            state = model::step_cell(options, cell, state, drive, input.jump);
            state = model::settle(options, cell, state, (number % 32) as u32);
            if number.is_multiple_of(every) {
                samples[sample] = state.v;
                sample += 1;
            }
        }
    }

    /// The words of the chosen neurons only.
    fn gather(&self, neurons: &[u32]) -> Vec<u32> {
        self.words
            .chunks_exact(self.n)
            .flat_map(|row| neurons.iter().map(move |&neuron| row[neuron as usize]))
            .collect()
    }
}

/// The values of an input, which must not be on a GPU.
fn on_host<'a>(current: &'a Current<'_>) -> Result<&'a [f32]> {
    current.values.host().ok_or_else(|| {
        let (tensor, population) = ("a GPU".to_owned(), "the CPU".to_owned());
        Error::ForeignTensor { tensor, population }
    })
}

impl Engine for CpuEngine {
    fn prepare(
        &mut self,
        _first_step: u64,
        _steps: u64,
        current: &Current<'_>,
        _wanted: Option<&Wanted>,
    ) -> Result<()> {
        on_host(current).map(|_| ())
    }

    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        wanted: Option<&Wanted>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let values = on_host(current)?;
        let noise = current.noise.as_deref();
        let whole = CurrentView {
            values: &values[current.offset..],
            strides: current.strides,
            noise,
            spikes: &current.spikes,
            passed: 0,
        };
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let asked_for = wanted.map_or(&Words::None, |wanted| &wanted.words);
            let cells = self.v.len();
            let (left, most_steps) = (steps - made, receiver.most_steps());
            let most = self.piece_steps(first, most_steps, wanted, false).min(left);
            let room = match asked_for {
                Words::All => receiver.room(blocks(first, most) * cells),
                Words::None | Words::Chosen(_) | Words::Scored => None,
            };
            let stay = room.is_some();
            let mut own = std::mem::take(&mut self.words);
            let (count, words) = match room {
                Some(room) => (most, room),
                None if *asked_for == Words::None => (most, &mut [][..]),
                None => {
                    let count = self.piece_steps(first, most_steps, wanted, true).min(left);
                    own.resize(blocks(first, count) * cells, 0);
                    (count, &mut own[..])
                }
            };
            let start = wanted.map(|_| Instant::now());
            let view = whole.after(made as usize);
            let voltages = match wanted.and_then(|wanted| wanted.voltages.as_ref()) {
                Some(wanted) => self.foresee_voltages(wanted, first, count, &view),
                None => Vec::new(),
            };
            self.advance_cells(first, count, &view, words);
            self.words = own;
            self.cell_blocks += cells as u64;
            made += count;
            if let Some(start) = start {
                self.pace.learn(count, start);
            }
            let gathered;
            let words = match asked_for {
                Words::Chosen(neurons) => {
                    gathered = self.gather(neurons);
                    gathered.as_slice()
                }
                Words::Scored => {
                    if let Some(scoring) = &mut self.scoring {
                        scoring.take(first, count, &self.words);
                    }
                    &[]
                }
                Words::All if !stay => self.words.as_slice(),
                Words::None | Words::All => &[],
            };
            let piece = Piece { steps: count, words, voltages: &voltages };
            if receiver.take(piece).is_break() {
                break;
            }
        }
        Ok(made)
    }

    fn start_scoring(&mut self, scoring: Scoring) -> Result<()> {
        self.scoring = Some(scoring);
        Ok(())
    }

    fn finish_scoring(&mut self) -> Result<Option<Scoring>> {
        Ok(self.scoring.take())
    }

    fn abandon_scoring(&mut self) {
        self.scoring = None;
    }

    fn voltages(&mut self) -> Result<Vec<f32>> {
        Ok(self.v.to_vec())
    }

    fn refractory(&mut self) -> Result<Vec<u32>> {
        Ok(self.refractory.to_vec())
    }

    fn traces(&mut self) -> Result<Vec<f32>> {
        Ok(self.trace.to_vec())
    }

    fn synaptic_currents(&mut self) -> Result<Vec<f32>> {
        Ok(self.synaptic.to_vec())
    }

    fn counts(&mut self) -> Result<Vec<u32>> {
        Ok(self.counts.to_vec())
    }

    fn set_voltages(&mut self, values: &[f32]) -> Result<()> {
        self.v.copy_from_slice(values);
        Ok(())
    }

    fn set_refractory(&mut self, values: &[u32]) -> Result<()> {
        self.refractory.copy_from_slice(values);
        Ok(())
    }

    fn set_traces(&mut self, values: &[f32]) -> Result<()> {
        self.trace.copy_from_slice(values);
        Ok(())
    }

    fn set_synaptic_currents(&mut self, values: &[f32]) -> Result<()> {
        self.synaptic.copy_from_slice(values);
        Ok(())
    }

    fn set_counts(&mut self, values: &[u32], _next_step: u64) -> Result<()> {
        self.counts.copy_from_slice(values);
        Ok(())
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.counts.fill(0);
        Ok(())
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.v.copy_from_slice(start);
        self.refractory.fill(0);
        self.trace.fill(0.0);
        self.synaptic.fill(0.0);
        self.counts.fill(0);
        Ok(())
    }

    fn work(&mut self) -> Result<Work> {
        Ok(Work { cell_blocks: self.cell_blocks, kernel_time: None })
    }
}
