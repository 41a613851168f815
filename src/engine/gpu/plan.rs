//! Splits a run into dispatches, and computes what the kernel needs for each.

use super::batch_row::RowGroup;
use super::context::too_large;
use super::kernel::{self, Block, COEFFICIENTS, WORKGROUP};
use super::noise::NoisePlaces;
use super::projection::{ArrivalSums, CellGrid};
use crate::data::shape::Shape;
use crate::data::steps::{blocks, whole_words};
use crate::engine::gpu_limits::{MOST_MOVED_BYTES, MOST_RECORDED_BYTES, MOST_SCORED_BYTES};
use crate::engine::{Request, SpikeRequest, VoltageRequest};
use crate::error::Result;
use crate::model::random::GROUP;
use crate::prepared::current::Strides;
use crate::prepared::noise::Noise;

/// Blocks of 32 steps whose arriving spikes are uploaded at a time, however many bytes they are.
pub(super) const LEAST_SPIKE_BLOCKS: u64 = 2;

/// Trains whose words are read in about the time that a step takes.
const TRAINS_OF_A_STEP: usize = 16;

/// Everything that does not change during a run.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) shape: Shape,
    pub(super) request: &'a Request,
    pub(super) strides: Strides,
    /// Values of input that are uploaded for each step; 0 if none are.
    pub(super) streamed: usize,
    /// The place of the tables of recorded neurons.
    pub(super) places: usize,
    pub(super) spread: [[u32; 4]; COEFFICIENTS],
    /// The random sources, and their places in the kernel's parameters.
    pub(super) noise: Option<(&'a Noise, NoisePlaces)>,
    /// The sums of arriving spikes that each step needs.
    pub(super) planes: ArrivalSums,
    /// Trains that drive each neuron.
    pub(super) trains: usize,
    /// Words of arriving spikes that are uploaded for each block of 32 steps: the most of any input.
    pub(super) spike_words: usize,
    /// If the words of all steps are kept in one buffer: the number of the first of these steps.
    pub(super) keeps_from: Option<u64>,
    /// Steps that a dispatch makes however long they take, if the run has as many.
    pub(super) least_steps: u64,
    pub(super) most_steps: u64,
    /// The most steps that a network makes in a submission.
    pub(super) most_network_steps: u64,
    /// The most steps of a dispatch whose words are scored.
    pub(super) most_scored_steps: u64,
    /// Invocations in a workgroup of the kernel.
    pub(super) workgroup: u32,
    /// Cells that an invocation of the kernel advances side by side.
    pub(super) abreast: u32,
    /// How workgroups advance whole batch rows of a network, if they do.
    pub(super) row_group: Option<RowGroup>,
    /// The most workgroups in one dimension of the grid.
    pub(super) most_groups: u32,
    /// The most bytes that the device binds at once.
    pub(super) largest_binding: u64,
}

impl Plan<'_> {
    pub(super) fn cell_grid(&self) -> CellGrid {
        CellGrid { shape: self.shape, groups: self.grid_of(WORKGROUP) }
    }

    fn cells(&self) -> usize {
        self.shape.cells()
    }

    /// Refuses recordings of which not even a single step fits into a buffer.
    pub(super) fn check(&self) -> Result<()> {
        if self.keeps_from.is_some() {
            return Ok(());
        }
        let least = self.least_recording();
        if least > self.largest_binding {
            return Err(too_large("the recording of one step", least, self.largest_binding));
        }
        Ok(())
    }

    /// Number of steps of the next dispatch: bounded by the time that it may take, by the loop rounds that a
    /// driver can be trusted with, and by the memory for input and recordings. `work` is the number of
    /// neuron-steps that the device makes in good time.
    pub(super) fn steps(&self, first_step: u64, left: u64, work: u64) -> u64 {
        let timely = (work / self.work(1)).max(self.least_steps);
        let mut most = left.min(timely).min(self.trusted_steps()).min(self.most_network_steps);
        if self.streamed > 0 {
            most = most.min(self.streamed_steps());
        }
        most = most.min(self.arrival_steps()).min(self.spike_steps());
        let allowed = self.allowed();
        while self.keeps_from.is_none() && most > 1 && self.recording_bytes(first_step, most) > allowed {
            most /= 2;
        }
        // The dispatch ends with a whole word if it has the choice.
        if most < left { whole_words(first_step, most) } else { most }
    }

    /// Steps whose loop rounds a driver can be trusted with: the rounds of random sources for each group of
    /// steps come on top of the five for each word.
    fn trusted_steps(&self) -> u64 {
        let loops = self.noise.map_or(0, |(_, places)| places.loops);
        let most = (self.most_steps / (1 + 2 * loops)).max(1);
        if self.scores() { most.min(self.most_scored_steps) } else { most }
    }

    /// Steps whose streamed input fits into one upload.
    fn streamed_steps(&self) -> u64 {
        (MOST_MOVED_BYTES.min(self.largest_binding) / (self.streamed as u64 * 4)).max(1)
    }

    /// Steps whose arriving spikes are summed at a time.
    fn arrival_steps(&self) -> u64 {
        match self.planes.count() * self.cells() {
            0 => u64::MAX,
            // The sums are followed by one more word.
            sums => (MOST_MOVED_BYTES.min(self.largest_binding).saturating_sub(4) / (sums as u64 * 4)).max(1),
        }
    }

    /// Steps whose arriving spikes fit into one upload, which may begin and end in the middle of a block of
    /// 32.
    fn spike_steps(&self) -> u64 {
        match self.spike_words as u64 * 4 {
            0 => u64::MAX,
            bytes => 32 * ((MOST_MOVED_BYTES / bytes).max(LEAST_SPIKE_BLOCKS) - 1),
        }
    }

    /// The most sums of arriving spikes that are in memory at a time, in a run of `steps` steps.
    pub(super) fn arrivals(&self, steps: u64) -> usize {
        self.planes.count() * self.cells() * self.arrival_steps().min(steps) as usize
    }

    /// The work of these steps in neuron-steps; arriving spikes add the steps that would take as long.
    pub(super) fn work(&self, steps: u64) -> u64 {
        let trains = self.trains.div_ceil(TRAINS_OF_A_STEP) as u64;
        steps * self.cells() as u64 * (1 + trains)
    }

    /// Values of input that must fit into the device's memory at a time, for an input with `all` values.
    pub(super) fn input_values(&self, all: usize, steps: u64) -> usize {
        match self.streamed {
            0 => all,
            length => length * self.streamed_steps().min(steps) as usize,
        }
    }

    /// The most bytes that a dispatch of this run records.
    pub(super) fn room(&self, first_step: u64, steps: u64) -> u64 {
        if self.keeps_from.is_some() {
            return 0;
        }
        self.recording_bytes(first_step, steps).min(self.allowed())
    }

    /// Bytes that a dispatch may record.
    fn allowed(&self) -> u64 {
        let most = if self.scores() { MOST_SCORED_BYTES } else { MOST_RECORDED_BYTES };
        self.least_recording().max(most.min(self.largest_binding))
    }

    /// Whether the words are scored.
    fn scores(&self) -> bool {
        self.request.spikes == SpikeRequest::Scored
    }

    /// Whether the words of all steps are kept in one buffer.
    pub(super) fn keeps_words(&self) -> bool {
        self.keeps_from.is_some()
    }

    /// Whether the words stay on the device.
    pub(super) fn words_stay(&self) -> bool {
        self.keeps_from.is_some() || self.scores()
    }

    /// Bytes that these steps record.
    pub(super) fn recording_bytes(&self, first_step: u64, steps: u64) -> u64 {
        let samples = self
            .request
            .voltages
            .as_ref()
            .map_or(0, |request| request.samples(first_step, first_step + steps));
        4 * (self.word_count(first_step, steps) + samples * self.voltage_cells()) as u64
    }

    /// Bytes that a single step records at most.
    fn least_recording(&self) -> u64 {
        4 * (self.word_cells() + self.voltage_cells()) as u64
    }

    /// Number of words in a row of recorded spikes.
    fn word_cells(&self) -> usize {
        if self.scores() { self.cells() } else { self.request.spikes.cells(self.shape) }
    }

    /// Number of membrane potentials in a sample.
    fn voltage_cells(&self) -> usize {
        self.request.voltages.as_ref().map_or(0, |voltages| self.shape.batch * voltages.neurons.len())
    }

    /// Number of words of spikes that these steps record.
    pub(super) fn word_count(&self, first_step: u64, steps: u64) -> usize {
        blocks(first_step, steps) * self.word_cells()
    }

    /// The uniform of a dispatch whose input begins at `offset`.
    pub(super) fn block(&self, first_step: u64, steps: u64, offset: usize) -> Block {
        let mut block = Block {
            cells: self.cells() as u32,
            neurons: self.shape.n as u32,
            grid_width: self.grid().0 * self.workgroup,
            first_step: first_step as u32,
            steps: steps as u32,
            current_offset: offset as u32,
            current_step: self.strides.step as u32,
            current_row: self.strides.row as u32,
            current_neuron: self.strides.neuron as u32,
            word_cells: self.word_cells() as u32,
            word_places: self.places as u32,
            voltage_places: self.places as u32,
            spread: self.spread,
            ..Block::default()
        };
        if let SpikeRequest::Chosen(neurons) = &self.request.spikes {
            block.word_neurons = neurons.len() as u32;
            block.voltage_places += self.shape.n as u32;
        }
        if let Some(VoltageRequest { neurons, every }) = &self.request.voltages {
            let every_step = u64::from(*every);
            block.voltage_neurons = neurons.len() as u32;
            block.voltage_cells = self.voltage_cells() as u32;
            block.voltage_offset = self.word_count(first_step, steps) as u32;
            block.voltage_every = *every;
            block.voltage_wait = (first_step.div_ceil(every_step) * every_step - first_step) as u32;
        }
        let sums = steps as usize * self.cells();
        block.arriving_inhibitory = (self.planes.before_inhibitory() * sums) as u32;
        block.arriving_jumps = (self.planes.before_jumps() * sums) as u32;
        if let Some(start) = self.keeps_from {
            block.word_start = ((blocks(start, first_step + 1 - start) - 1) * self.cells()) as u32;
        }
        if let Some((noise, places)) = self.noise {
            let group = first_step / GROUP;
            block.sources = places.sources;
            block.source_places = places.source_places;
            block.normal_table = places.normal_table;
            (block.seed_low, block.seed_high) = low_high(noise.seed);
            (block.group_low, block.group_high) = low_high(group);
            (block.first_cell_low, block.first_cell_high) = low_high(noise.first_cell);
        }
        block
    }

    /// The uniform of a block of a network: some of the steps of a submission. `made` are the steps before it.
    pub(super) fn part(&self, whole: &Block, (first_step, made): (u64, u64), steps: u64) -> Block {
        let offset = whole.current_offset as usize + made as usize * self.strides.step;
        let mut block = self.block(first_step + made, steps, offset);
        let rows = blocks(first_step, made + 1) - 1;
        block.word_start = whole.word_start + (rows * self.word_cells()) as u32;
        block.arrival_start = (made as usize * self.cells()) as u32;
        block.arriving_inhibitory = whole.arriving_inhibitory;
        block.arriving_jumps = whole.arriving_jumps;
        if let Some(voltages) = &self.request.voltages {
            let before = voltages.samples(first_step, first_step + made) * self.voltage_cells();
            block.voltage_offset = whole.voltage_offset + before as u32;
        }
        (block.sums_made_place, block.sums_made) = (whole.sums_made_place, whole.sums_made);
        block
    }

    /// Which words the kernel records.
    pub(super) fn words(request: &Request) -> u32 {
        match request.spikes {
            SpikeRequest::None => kernel::NO_WORDS,
            SpikeRequest::All | SpikeRequest::Scored => kernel::WORDS_OF_ALL,
            SpikeRequest::Chosen(_) => kernel::WORDS_OF_CHOSEN,
        }
    }

    /// Workgroups of the kernel in x and y.
    pub(super) fn grid(&self) -> (u32, u32) {
        if self.row_group.is_some() {
            return (self.shape.batch as u32, 1);
        }
        self.grid_of(self.workgroup * self.abreast)
    }

    /// Workgroups in x and y for this many cells in each: if one dimension of the grid is too small for them,
    /// they are folded into two.
    fn grid_of(&self, cells: u32) -> (u32, u32) {
        let groups = (self.cells() as u32).div_ceil(cells);
        let width = groups.min(self.most_groups);
        (width, groups.div_ceil(width))
    }
}

/// Splits a number into its low and high word.
fn low_high(number: u64) -> (u32, u32) {
    (number as u32, (number >> 32) as u32)
}
