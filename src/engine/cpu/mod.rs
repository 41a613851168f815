//! The CPU engine. All cores advance tiles of cells, each tile through many steps while it is in cache.

mod awake;
mod block;
mod input_sums;
mod instructions;
mod lanes;
pub(crate) mod network;
mod noise;
mod projection;
mod ring;
mod sampling;
#[cfg(test)]
mod tests;

use super::pace::Pace;
use super::{Engine, OutsideSpike, Piece, Receiver, Request, Room, SpikeRequest};
use crate::data::large::Large;
use crate::data::shape::Shape;
use crate::data::steps::{blocks, whole_words};
use crate::engine::work_done::WorkDone;
use crate::error::{Error, Result};
use crate::prepared::coefficients::Table;
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::network::{Connections, Wired};
use crate::prepared::scoring::Scoring;
use block::{CurrentView, Tile, Workspace};
use lif_kernels::LANES;
use network::Network;
use rayon::prelude::*;
use sampling::Sampling;
use std::sync::Arc;
use std::time::Instant;

/// The most cells in a tile: their state fits the first-level cache.
const LARGEST_TILE: usize = 1024_usize.next_multiple_of(LANES);

/// Tiles per thread in a small population; several, so that no thread waits long for the last tile.
const TILES_PER_THREAD: usize = 8;

/// Neuron-steps below which handing a tile to another thread costs more than it gains.
const LEAST_WORK: u64 = 1 << 16;

/// Words of spikes that are kept before they are passed to the receiver (16 MiB), unless one row of cells
/// alone is more.
const MOST_WORDS: usize = 1 << 22;

/// The same in bytes.
pub(crate) const MOST_WORD_BYTES: u64 = 4 * MOST_WORDS as u64;

/// Membrane potentials that are kept before they are passed to the receiver, unless one sample alone is more.
const MOST_VOLTAGES: usize = 1 << 22;

/// The same in bytes.
pub(crate) const MOST_VOLTAGE_BYTES: u64 = 4 * MOST_VOLTAGES as u64;

/// Steps after which a run checks whether it should stop.
pub(crate) const MOST_STEPS_OF_A_PIECE: u64 = 1 << 14;

/// Neuron-steps after which a run checks whether it should stop: some tenths of a second.
const MOST_WORK: u64 = 1 << 29;

/// The engine of a population, or of a slab of it, on the CPU.
#[derive(Debug)]
pub(crate) struct CpuEngine {
    table: Arc<Table>,
    shape: Shape,
    /// The state variables of all cells, indexed by [`Field`]. Those that the rules do not use are empty.
    fields: [Large<f32>; Field::COUNT],
    refractory: Large<u32>,
    counts: Large<u32>,
    network: Option<Network>,
    /// The words of a piece; reused for the next one.
    words: Vec<u32>,
    /// The membrane potentials of a piece; reused for the next one.
    samples: Vec<f32>,
    scoring: Option<Scoring>,
    pace: Pace,
    /// The working memory for populations with a single tile.
    workspace: Workspace,
    cell_blocks: u64,
}

impl CpuEngine {
    pub(crate) fn new(table: Arc<Table>, shape: Shape) -> Self {
        let start = table.rest(shape);
        let cells = start.len();
        let fields = Field::ALL.map(|field| match field {
            Field::Voltages => Large::copy_of(&start),
            other => Large::zeroed(if other.is_used(table.options) { cells } else { 0 }),
        });
        Self {
            table,
            shape,
            fields,
            refractory: Large::zeroed(cells),
            counts: Large::zeroed(cells),
            network: None,
            words: Vec::new(),
            samples: Vec::new(),
            scoring: None,
            pace: Pace::new(cells),
            workspace: Workspace::new(),
            cell_blocks: 0,
        }
    }

    /// Draws the synapses of a network between the cells.
    pub(crate) fn connect(&mut self, connections: &Arc<Connections>) -> Result<()> {
        self.network = Some(Network::new(connections, self.shape)?);
        Ok(())
    }

    /// Takes synapses that have been drawn between the cells of several engines.
    pub(crate) fn connect_part(&mut self, wired: Wired) {
        self.network = Some(Network::of(wired, self.shape));
    }

    /// Number of steps in the next piece, at most `most_steps`. `keeps_words` says whether the engine has to
    /// keep the words of their spikes.
    fn piece_steps(&self, first_step: u64, most_steps: u64, request: &Request, keeps_words: bool) -> u64 {
        let cells = self.refractory.len();
        let mut most = (MOST_WORK / cells as u64).clamp(32, MOST_STEPS_OF_A_PIECE).min(most_steps);
        if *request != Request::default() {
            most = most.min(self.pace.steps());
        }
        if keeps_words {
            most = most.min((MOST_WORDS / cells).max(1) as u64 * 32);
        }
        if let Some(voltages) = &request.voltages {
            let row = self.shape.batch * voltages.neurons.len();
            most = most.min((MOST_VOLTAGES / row).max(1) as u64 * u64::from(voltages.every));
        }
        whole_words(first_step, most)
    }

    /// Advances all cells. Writes the words of their spikes, and samples of their membrane potentials, if
    /// there is memory for them.
    fn advance_cells(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &CurrentView<'_>,
        words: &mut [u32],
        sampling: Option<(&Sampling<'_>, &mut [f32])>,
    ) {
        let cells = self.refractory.len();
        let rows = words.len() / cells;
        let ends = match &self.network {
            Some(network) => network.ends(),
            None => self.tile_ends(steps, current.reads_rows(self.shape.n)),
        };
        let mut columns: Vec<Vec<&mut [u32]>> = ends.iter().map(|_| Vec::with_capacity(rows)).collect();
        for row in words.chunks_exact_mut(cells) {
            for (column, words) in columns.iter_mut().zip(split(row, &ends)) {
                column.push(words);
            }
        }
        let (sampling, mut samples) = sampling.unzip();
        let sampled = sampling.zip(samples.as_deref_mut());
        let sampled = sampled.map(|(sampling, samples)| sampling.of_tiles(samples, &ends));
        let mut sampled = sampled.unwrap_or_default().into_iter();
        let mut fields = self.fields.each_mut().map(|field| split(field, &ends).into_iter());
        let firsts = [0].into_iter().chain(ends.iter().copied());
        let tiles: Vec<Tile<'_>> = split(&mut self.refractory, &ends)
            .into_iter()
            .zip(split(&mut self.counts, &ends))
            .zip(columns)
            .zip(firsts)
            .map(|(((refractory, counts), words), first_cell)| Tile {
                first_cell,
                fields: fields.each_mut().map(|tiles| tiles.next().unwrap_or_default()),
                refractory,
                counts,
                words,
                samples: sampled.next().unwrap_or_default(),
            })
            .collect();
        let span = (first_step, steps);
        if let Some(network) = &mut self.network {
            network.advance(tiles, &self.table, span, current, sampling);
        } else {
            let advance = |workspace: &mut Workspace, tile| {
                block::advance(workspace, tile, &self.table, self.shape.n, span, current, sampling);
            };
            if tiles.len() == 1 {
                // Waking another thread takes longer than advancing a small tile.
                tiles.into_iter().for_each(|tile| advance(&mut self.workspace, tile));
            } else {
                tiles.into_par_iter().for_each_init(Workspace::new, advance);
            }
        }
        if let (Some(sampling), Some(samples)) = (sampling, samples) {
            sampling.put_in_order(samples);
        }
    }

    /// The last cell of each tile, plus 1.
    fn tile_ends(&self, steps: u64, reads_rows: bool) -> Vec<usize> {
        let cells = self.refractory.len();
        let tiles_per_thread = if reads_rows { 1 } else { TILES_PER_THREAD };
        let tile_size = cells
            .div_ceil(tiles_per_thread * rayon::current_num_threads())
            .max((LEAST_WORK / steps) as usize)
            .next_multiple_of(LANES)
            .min(LARGEST_TILE);
        (tile_size..cells).step_by(tile_size).chain([cells]).collect()
    }

    fn counter(&mut self, counter: Counter) -> &mut [u32] {
        match counter {
            Counter::Refractory => &mut self.refractory,
            Counter::Spikes => &mut self.counts,
        }
    }

    /// Returns the words of the chosen neurons.
    fn gather(&self, neurons: &[u32]) -> Vec<u32> {
        self.words
            .chunks_exact(self.shape.n)
            .flat_map(|row| neurons.iter().map(move |&neuron| row[neuron as usize]))
            .collect()
    }
}

/// Splits values at these places. An empty slice is not split.
fn split<'a, T>(mut values: &'a mut [T], ends: &[usize]) -> Vec<&'a mut [T]> {
    let mut first = 0;
    let mut parts = Vec::with_capacity(ends.len());
    for end in ends {
        parts.extend(values.split_off_mut(..end - first));
        first = *end;
    }
    parts
}

/// Returns the values of an input, which must not be on a GPU.
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
        _wanted: Option<&Request>,
    ) -> Result<()> {
        on_host(current).map(|_| ())
    }

    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
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
        let cells = self.refractory.len();
        let hands_out = request.is_some();
        let nothing = Request::default();
        let request = request.unwrap_or(&nothing);
        let sampling = request.voltages.as_ref().map(|voltages| Sampling::new(voltages, self.shape.n));
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let (left, most_steps) = (steps - made, receiver.most_steps());
            let start = hands_out.then(Instant::now);
            let sampled =
                |steps| sampling.as_ref().map_or(0, |sampling| sampling.values(first, steps, cells));
            let mut count = self.piece_steps(first, most_steps, request, false).min(left);
            let mut room = match request.spikes {
                SpikeRequest::All => receiver.room(blocks(first, count) * cells, sampled(count)),
                SpikeRequest::None => receiver.room(0, sampled(count)),
                SpikeRequest::Chosen(_) | SpikeRequest::Scored => None,
            };
            let words_stay = room.is_some() && request.spikes == SpikeRequest::All;
            let mut own_words = std::mem::take(&mut self.words);
            if request.spikes != SpikeRequest::None && !words_stay {
                count = self.piece_steps(first, most_steps, request, true).min(left);
                own_words.resize(blocks(first, count) * cells, 0);
                room = receiver.room(0, sampled(count));
            }
            let samples_stay = room.is_some();
            let Room { mut words, voltages: mut samples } = room.unwrap_or_default();
            if request.spikes != SpikeRequest::None && !words_stay {
                words = &mut own_words;
            }
            let mut own_samples = std::mem::take(&mut self.samples);
            if !samples_stay {
                own_samples.resize(sampled(count), 0.0);
                samples = &mut own_samples;
            }
            let sampling = sampling.as_ref().map(|sampling| (sampling, samples));
            self.advance_cells(first, count, &whole.after(made as usize), words, sampling);
            self.words = own_words;
            self.samples = own_samples;
            self.cell_blocks += cells as u64;
            made += count;
            if let Some(start) = start {
                self.pace.learn(count, start);
            }
            let gathered;
            let words = match &request.spikes {
                SpikeRequest::Chosen(neurons) => {
                    gathered = self.gather(neurons);
                    gathered.as_slice()
                }
                SpikeRequest::Scored => {
                    if let Some(scoring) = &mut self.scoring {
                        scoring.take(first, count, &self.words);
                    }
                    &[]
                }
                SpikeRequest::All if !words_stay => self.words.as_slice(),
                SpikeRequest::None | SpikeRequest::All => &[],
            };
            let voltages = if samples_stay { &[] } else { self.samples.as_slice() };
            if receiver.take(Piece { steps: count, words, voltages }).is_break() {
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

    fn read(&mut self, field: Field) -> Result<Vec<f32>> {
        Ok(self.fields[field as usize].to_vec())
    }

    fn write(&mut self, field: Field, values: &[f32]) -> Result<()> {
        self.fields[field as usize].copy_from_slice(values);
        self.network.iter_mut().for_each(Network::wake_all);
        Ok(())
    }

    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>> {
        Ok(self.counter(counter).to_vec())
    }

    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()> {
        self.counter(counter).copy_from_slice(values);
        self.network.iter_mut().for_each(Network::wake_all);
        Ok(())
    }

    fn set_next_step(&mut self, _next_step: u64) -> Result<()> {
        Ok(())
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.counts.fill(0);
        Ok(())
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.fields.iter_mut().for_each(|field| field.fill(0.0));
        self.fields[Field::Voltages as usize].copy_from_slice(start);
        self.refractory.fill(0);
        self.counts.fill(0);
        self.network.iter_mut().for_each(Network::clear);
        Ok(())
    }

    fn deliver(&mut self, spikes: &[OutsideSpike]) -> Result<()> {
        self.network.iter_mut().for_each(|network| network.deliver(spikes));
        Ok(())
    }

    fn synapses(&self) -> u64 {
        self.network.as_ref().map_or(0, Network::synapses)
    }

    fn read_arriving(&mut self, next_step: u64) -> Result<Vec<i32>> {
        Ok(self.network.as_mut().map_or_else(Vec::new, |network| network.arriving(next_step)))
    }

    fn write_arriving(&mut self, next_step: u64, sums: &[i32]) -> Result<()> {
        self.network.iter_mut().for_each(|network| network.set_arriving(next_step, sums));
        Ok(())
    }

    fn work(&mut self) -> Result<WorkDone> {
        Ok(WorkDone { cell_blocks: self.cell_blocks, kernel_time: None })
    }
}
