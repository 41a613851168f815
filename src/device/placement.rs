//! How a population is placed on a device: in which slabs, and with how much memory.

use super::{Device, EngineKind, Kind};
use crate::coefficients::Table;
use crate::engine::Engine;
use crate::engine::cpu::{self, CpuEngine, MOST_VOLTAGE_BYTES, MOST_WORD_BYTES};
use crate::engine::cut::{Footprint, Slab, cut};
use crate::engine::gpu::{self, GpuEngine, MOST_MOVED_BYTES, MOST_RECORDED_BYTES, MOST_SCORED_BYTES};
use crate::engine::slabs::{MOST_MERGED_BYTES, Part, SlabEngine};
use crate::error::Result;
use crate::input::InputSize;
use crate::memory::{self, MemoryNeed};
use crate::model::TraceRule;
use std::sync::Arc;

/// One word of state per cell, or two where traces and synaptic currents share a buffer, and behind the
/// counts the number of the step. As many make room to record the spikes and the membrane potentials
/// of all cells at a step.
const RECORDED: Footprint = Footprint { fixed: 1, per_row: 0, per_neuron: 0, per_cell: 2 };

/// Behind the parameters stand the places of recorded neurons, for spikes and for potentials.
const PLACES: Footprint = Footprint { fixed: 0, per_row: 0, per_neuron: 2, per_cell: 0 };

/// A population and what devices do with it at a time, beside its state.
const INPUT: &str = "the input";
const SPIKE_INPUT: &str = "the spike input";
const TRANSFERS: &str = "transfers to and from the device";

/// Inputs that are on their way to a GPU at a time: of the dispatches under way, and of the next.
const UPLOADS: u64 = gpu::IN_FLIGHT as u64 + 1;

/// Recordings that are on their way from it, or were of a dispatch that recorded less.
const READBACKS: u64 = gpu::IN_FLIGHT as u64 + 1;

/// A recording as engines hand it out: words of spikes, or membrane potentials.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stream {
    /// Bytes in all.
    pub(crate) all: u64,
    /// Those of the least that can be handed out, a row of words or a sample.
    pub(crate) row: u64,
}

impl Stream {
    /// Bytes that there are at a time, where no more are wanted than these, and a row in any case.
    fn within(self, bytes: u64) -> u64 {
        self.all.min(self.row.max(bytes))
    }

    fn and(self, other: Self) -> Self {
        Self { all: self.all.saturating_add(other.all), row: self.row.saturating_add(other.row) }
    }
}

/// What to do about a population that is too large.
const FEWER: &str = "take fewer neurons or a smaller batch";

impl Device {
    /// Builds an engine whose membrane potentials are at rest.
    pub(crate) fn engine(&self, table: &Arc<Table>, shape: (usize, usize)) -> Result<Box<dyn Engine>> {
        let need = self.memory_needed(table, shape);
        self.require_within_budget(&need, "the population")?;
        memory::require("the population", self.on_this_machine(&need), FEWER)?;
        let slabs = self.slabs(table.footprint(), shape);
        if let [(device, slabs)] = slabs.as_slice()
            && slabs.len() == 1
        {
            return device.whole(table, shape);
        }
        let part = |device: &Self, slab: Slab| {
            let engine = device.whole(&Arc::new(table.part(&slab)), slab.shape())?;
            Ok(Part::new(slab, engine))
        };
        let devices: Vec<Vec<Part>> = slabs
            .into_iter()
            .map(|(device, slabs)| slabs.into_iter().map(|slab| part(device, slab)).collect())
            .collect::<Result<_>>()?;
        Ok(Box::new(SlabEngine::new(shape, devices)))
    }

    /// The engine of a single slab.
    fn whole(&self, table: &Arc<Table>, shape: (usize, usize)) -> Result<Box<dyn Engine>> {
        match &self.kind {
            Kind::Gpu(gpu) => {
                let mut engine = GpuEngine::new(gpu, table, shape)?;
                if self.kernel_times {
                    engine.take_times()?;
                }
                Ok(Box::new(engine))
            }
            Kind::Cpu | Kind::Several(_) => Ok(Box::new(CpuEngine::new(Arc::clone(table), shape))),
        }
    }

    /// The slabs on each device, equally many cells on each.
    fn slabs(&self, parameters: Footprint, (batch, n): (usize, usize)) -> Vec<(&Self, Vec<Slab>)> {
        let buffers = [RECORDED, parameters.and(PLACES)];
        let cells = batch * n;
        let members = match self.members() {
            [] => std::slice::from_ref(self),
            members => members,
        };
        let bound = |index: usize| (cells as u128 * index as u128 / members.len() as u128) as usize;
        members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                let most = [self.largest_binding, member.most_bytes()].into_iter().flatten().min();
                let words = most.unwrap_or(u64::MAX) / 4;
                (member, cut(bound(index)..bound(index + 1), n, &buffers, words))
            })
            .collect()
    }

    /// The most bytes in one buffer of a slab on a single device, if there is such a limit.
    pub(super) fn most_bytes(&self) -> Option<u64> {
        let device = match &self.kind {
            Kind::Gpu(gpu) => Some(gpu.largest_slab()),
            Kind::Cpu | Kind::Several(_) => None,
        };
        [self.largest_binding, device].into_iter().flatten().min()
    }

    /// What a population needs by itself.
    pub(crate) fn memory_needed(&self, table: &Table, (batch, n): (usize, usize)) -> MemoryNeed {
        let bytes = |words: u64| words.saturating_mul(4);
        let state_words =
            3 + u64::from(table.options.trace != TraceRule::Off) + u64::from(table.options.synapse);
        let mut need = MemoryNeed::default();
        let slabs = self.slabs(table.footprint(), (batch, n));
        let cut = is_cut(&slabs);
        // The parameters as they were checked; each slab has a copy of its part.
        need.add("the parameters", bytes(table.footprint().words((batch, n))), 0);
        for (device, slabs) in slabs {
            for slab in slabs {
                let cells = slab.cells(n).len() as u64;
                let parameters = bytes(table.footprint().words(slab.shape()));
                match &device.kind {
                    Kind::Gpu(_) => {
                        let places = bytes(PLACES.words(slab.shape()));
                        need.add("the state", 0, bytes(cells * state_words));
                        let kept = if cut { 2 } else { 1 };
                        need.add("the parameters", kept * parameters, parameters + places);
                        // The largest of what is read or written as a whole.
                        need.add(TRANSFERS, bytes(cells).max(parameters + places), 0);
                    }
                    Kind::Cpu | Kind::Several(_) => {
                        need.add("the state", bytes(cells * state_words), 0);
                        need.add("the parameters", if cut { parameters } else { 0 }, 0);
                    }
                }
            }
        }
        need.add("reading or writing state", bytes((batch * n) as u64), 0);
        need
    }

    /// What an input takes while it drives a population with these parameters for so many steps, beside what
    /// the caller has of it.
    pub(crate) fn memory_of_input(
        &self,
        input: &InputSize,
        steps: u64,
        parameters: Footprint,
        (batch, n): (usize, usize),
    ) -> MemoryNeed {
        let mut need = MemoryNeed::default();
        need.add(INPUT, input.copied, 0);
        let (batch, n) = possible((batch, n));
        let slabs = self.slabs(parameters, (batch, n));
        let cut = is_cut(&slabs);
        for (_, slabs) in slabs.iter().filter(|(device, _)| matches!(device.kind, Kind::Gpu(_))) {
            for slab in slabs {
                let cells = slab.cells(n).len() as u64;
                let row = input.of_step.min(cells).saturating_mul(4);
                let moved = Stream { all: row.saturating_mul(steps), row }.within(MOST_MOVED_BYTES);
                if input.is_sequence {
                    need.add(INPUT, 0, moved);
                    // A slab's part of each step is put together first.
                    need.add(TRANSFERS, (UPLOADS + u64::from(cut)).saturating_mul(moved), 0);
                } else {
                    need.add(INPUT, 0, row);
                    need.add(TRANSFERS, row, 0);
                }
                if input.spikes.is_empty() {
                    continue;
                }
                let sums = 4 * cells * input.spike_targets();
                let arrivals = Stream { all: sums.saturating_mul(steps), row: sums }.within(MOST_MOVED_BYTES);
                need.add(SPIKE_INPUT, 0, arrivals);
                // Steps of a dispatch, which begins and ends within words of spikes.
                let blocks = (arrivals / sums.max(1)).div_ceil(32) + 1;
                for spikes in &input.spikes {
                    let words = spikes.words_of_block.saturating_mul(4 * blocks);
                    let weights = spikes.weights.saturating_mul(4);
                    need.add(SPIKE_INPUT, 0, words.saturating_add(weights));
                    let parts = if cut { words.saturating_add(weights) } else { 0 };
                    let moved = words.saturating_mul(UPLOADS).saturating_add(weights);
                    need.add(TRANSFERS, moved.saturating_add(parts), 0);
                }
            }
        }
        need
    }

    /// What recordings take on their way from the engines to whoever collects them, those of spikes made in
    /// place or not.
    pub(crate) fn memory_of_recording(
        &self,
        (words, voltages): (Stream, Stream),
        in_place: bool,
        parameters: Footprint,
        shape: (usize, usize),
    ) -> MemoryNeed {
        const AT_A_TIME: &str = "what is recorded at a time";
        let slabs = self.slabs(parameters, possible(shape));
        let mut need = MemoryNeed::default();
        let cut = is_cut(&slabs);
        if cut {
            let merged = words.within(MOST_MERGED_BYTES).saturating_add(voltages.within(MOST_MERGED_BYTES));
            need.add(AT_A_TIME, merged, 0);
        }
        if slabs.iter().any(|(device, _)| matches!(device.kind, Kind::Gpu(_))) {
            let recorded = words.and(voltages).within(MOST_RECORDED_BYTES);
            need.add(AT_A_TIME, 0, recorded);
            need.add(TRANSFERS, recorded.saturating_mul(READBACKS), 0);
        }
        if slabs.iter().any(|(device, _)| !matches!(device.kind, Kind::Gpu(_))) {
            let words = if in_place && !cut { 0 } else { words.within(MOST_WORD_BYTES) };
            need.add(AT_A_TIME, words.saturating_add(voltages.within(MOST_VOLTAGE_BYTES)), 0);
        }
        need
    }

    /// The most bytes of a block of a recording that is handed on as soon as it has so many.
    pub(crate) fn most_of_block(
        &self,
        block: u64,
        (words, voltages): (Stream, Stream),
        parameters: Footprint,
        shape: (usize, usize),
    ) -> u64 {
        let slabs = self.slabs(parameters, possible(shape));
        // What comes when there is almost a block makes it longer.
        if is_cut(&slabs) {
            let merged = words.within(MOST_MERGED_BYTES).saturating_add(voltages.within(MOST_MERGED_BYTES));
            return block.saturating_add(merged);
        }
        match self.kind {
            Kind::Gpu(_) => block.saturating_add(words.and(voltages).within(MOST_RECORDED_BYTES)),
            Kind::Cpu | Kind::Several(_) => {
                // All that comes is equally long but for the last, which is shorter.
                let piece = words.within(MOST_WORD_BYTES).saturating_add(voltages.within(MOST_VOLTAGE_BYTES));
                piece.max(block + piece.min(block))
            }
        }
    }

    /// The most steps after which it hands out what it has recorded, if there is such a limit.
    pub(crate) fn most_recorded_steps(&self) -> u64 {
        if self.engine_kind() == EngineKind::Cpu { cpu::MOST_STEPS } else { u64::MAX }
    }

    /// What words of spikes take that stay where they are made; `None` where they are handed out.
    pub(crate) fn memory_of_kept_words(
        &self,
        bytes: u64,
        parameters: Footprint,
        shape: (usize, usize),
    ) -> Option<MemoryNeed> {
        match &self.kind {
            Kind::Gpu(gpu)
                if bytes <= gpu.context.largest_binding() && !is_cut(&self.slabs(parameters, shape)) =>
            {
                Some(MemoryNeed::of("the kept spikes", 0, bytes))
            }
            Kind::Gpu(_) | Kind::Cpu | Kind::Several(_) => None,
        }
    }

    /// How often the values of a step that waits are there when it is made.
    pub(crate) fn copies_of_queued(&self) -> u64 {
        if self.engine_kind() == EngineKind::Cpu { 1 } else { 2 + UPLOADS }
    }

    /// What the scores of so many cells, which have so many bytes, need beside the population: a copy that
    /// the engine takes along, and the words of spikes that are there at a time.
    pub(crate) fn memory_of_scores(&self, scores: u64, cells: usize, steps: u64) -> MemoryNeed {
        let row = cells as u64 * 4;
        let words = |most: u64| row.saturating_mul(steps.div_ceil(32) + 1).min(most.max(row));
        let mut need = MemoryNeed::default();
        need.add("the scores", 2 * scores, 0);
        match self.engine_kind() {
            EngineKind::Cpu => need.add("what is scored at a time", words(MOST_WORD_BYTES), 0),
            EngineKind::Gpu | EngineKind::Mixed => {
                need.add("the scores", scores, scores);
                need.add("what is scored at a time", 0, words(MOST_SCORED_BYTES));
            }
        }
        need
    }

    /// The bytes that come out of the memory of this machine.
    pub(crate) fn on_this_machine(&self, need: &MemoryNeed) -> u64 {
        let members = std::iter::once(self).chain(self.members());
        if members.into_iter().any(Self::is_software_adapter) { need.total() } else { need.host_bytes() }
    }
}

/// The shape, or where no population has as many cells another one that takes several slabs as well.
fn possible((batch, n): (usize, usize)) -> (usize, usize) {
    const MOST: usize = u32::MAX as usize - 1;
    if batch.saturating_mul(n) <= MOST { (batch, n) } else { (1, MOST) }
}

/// Whether there is more than one slab.
fn is_cut(slabs: &[(&Device, Vec<Slab>)]) -> bool {
    slabs.iter().map(|(_, slabs)| slabs.len()).sum::<usize>() > 1
}
