//! How a population is placed on a device: in which slabs, and with how much memory.

use super::{Device, EngineKind, Kind};
use crate::coefficients::Table;
use crate::engine::Engine;
use crate::engine::cpu::{CpuEngine, MOST_WORD_BYTES};
use crate::engine::cut::{Footprint, Slab, cut};
use crate::engine::gpu::{GpuEngine, MOST_SCORED_BYTES};
use crate::engine::slabs::{Part, SlabEngine};
use crate::error::Result;
use crate::memory::{self, MemoryNeed};
use crate::model::TraceRule;
use crate::queue;
use std::sync::Arc;

/// One word of state per cell, or two where traces and synaptic currents share a buffer, and behind the
/// counts the number of the step. As many make room to record the spikes and the membrane potentials
/// of all cells at a step.
const RECORDED: Footprint = Footprint { fixed: 1, per_row: 0, per_neuron: 0, per_cell: 2 };

/// Behind the parameters stand the places of recorded neurons, for spikes and for potentials.
const PLACES: Footprint = Footprint { fixed: 0, per_row: 0, per_neuron: 2, per_cell: 0 };

const QUEUE: &str = "the queue of inputs";

/// What to do about a population that is too large.
const FEWER: &str = "take fewer neurons or a smaller batch";

impl Device {
    /// Builds an engine whose membrane potentials are at rest.
    pub(crate) fn engine(&self, table: &Arc<Table>, shape: (usize, usize)) -> Result<Box<dyn Engine>> {
        let need = self.memory_needed(table, shape);
        self.require_within_budget(&need, "the population")?;
        memory::require("the population", self.on_this_machine(&need), FEWER)?;
        let slabs = self.slabs(table, shape);
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
    fn slabs(&self, table: &Table, (batch, n): (usize, usize)) -> Vec<(&Self, Vec<Slab>)> {
        let buffers = [RECORDED, table.footprint().and(PLACES)];
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

    /// What a population needs, its queue of inputs at the fullest.
    pub(crate) fn memory_needed(&self, table: &Table, (batch, n): (usize, usize)) -> MemoryNeed {
        let bytes = |words: u64| words.saturating_mul(4);
        let state_words =
            3 + u64::from(table.options.trace != TraceRule::Off) + u64::from(table.options.synapse);
        let mut need = MemoryNeed::default();
        let slabs = self.slabs(table, (batch, n));
        let cut = slabs.iter().map(|(_, slabs)| slabs.len()).sum::<usize>() > 1;
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
                        need.add("the input", 0, bytes(cells));
                    }
                    Kind::Cpu | Kind::Several(_) => {
                        need.add("the state", bytes(cells * state_words), 0);
                        need.add("the parameters", if cut { parameters } else { 0 }, 0);
                    }
                }
            }
        }
        let cells = (batch * n) as u64;
        need.add("reading or writing state", bytes(cells), 0);
        need.add(QUEUE, queue::most_bytes(bytes(cells)), 0);
        need
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
    fn on_this_machine(&self, need: &MemoryNeed) -> u64 {
        // The queue is taken only by those who step one by one.
        let queue = need.parts().iter().find(|part| part.what == QUEUE).map_or(0, |part| part.host_bytes);
        let host = need.host_bytes().saturating_sub(queue);
        let members = std::iter::once(self).chain(self.members());
        if members.into_iter().any(Self::is_software_adapter) {
            host.saturating_add(need.device_bytes())
        } else {
            host
        }
    }
}
