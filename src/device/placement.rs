//! Places a population on a device: splits it into slabs, builds their engines, and computes the memory that
//! they need.

use super::input_memory::TRANSFERS;
use super::{Backend, Device, EngineKind};
use crate::data::memory::{self, MemoryNeed};
use crate::data::shape::Shape;
use crate::data::slab::{Buffers, Footprint, Slab, cut};
use crate::engine::Engine;
use crate::engine::cpu::{self, CpuEngine, MOST_VOLTAGE_BYTES, MOST_WORD_BYTES};
use crate::engine::gpu_limits::{IN_FLIGHT, MOST_RECORDED_BYTES, MOST_SCORED_BYTES};
use crate::engine::slabs::{DeviceSlabs, MOST_MERGED_BYTES, SlabEngine, SlabPart};
use crate::error::Result;
use crate::experiment::population_options::PopulationOptions;
use crate::prepared::coefficients::Table;
use crate::prepared::field::{Counter, Field};
use crate::prepared::network::table::Tables;
use crate::prepared::network::{self, Connections, Part, Wired};
use crate::prepared::scoring::Scoring;
use std::ops::Range;
use std::sync::Arc;

/// The words of the counters of all cells, and the step number after them. A recording of the spikes and the
/// membrane potentials of all cells at one step fits into a buffer of this size.
const COUNTERS: Footprint =
    Footprint { fixed: 1, per_row: 0, per_neuron: 0, per_cell: Counter::ALL.len() as u64 };

/// The tables of recorded neurons, for spikes and for membrane potentials, which follow the parameters.
const PLACES: Footprint = Footprint { fixed: 0, per_row: 0, per_neuron: 2, per_cell: 0 };

/// Readback buffers: those in flight, and one of a dispatch that recorded less.
const READBACKS: u64 = IN_FLIGHT as u64 + 1;

/// The size of data that is transferred piece by piece: words of spikes, membrane potentials, or input.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TransferSize {
    /// Bytes in all.
    pub(crate) all: u64,
    /// Bytes of the smallest piece, a row of words or a sample.
    pub(crate) row: u64,
}

impl TransferSize {
    /// Bytes that are in memory at a time, if pieces have at most `bytes` bytes, but at least one row.
    pub(super) fn within(self, bytes: u64) -> u64 {
        self.all.min(self.row.max(bytes))
    }

    fn and(self, other: Self) -> Self {
        Self { all: self.all.saturating_add(other.all), row: self.row.saturating_add(other.row) }
    }
}

/// Advice if a population is too large.
const FEWER: &str = "take fewer neurons or a smaller batch";

/// The device of a population, and how it is kept there.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    pub(crate) device: Device,
    pub(crate) options: PopulationOptions,
}

impl From<&Device> for Placement {
    /// With the default options.
    fn from(device: &Device) -> Self {
        Self { device: device.clone(), options: PopulationOptions::default() }
    }
}

impl Placement {
    /// Builds an engine whose membrane potentials are at rest.
    pub(crate) fn engine(
        &self,
        table: &Arc<Table>,
        shape: Shape,
        connections: Option<&Arc<Connections>>,
    ) -> Result<Box<dyn Engine>> {
        let need = self.memory_needed(table, shape, connections.map(Arc::as_ref));
        self.options.require_within_budget(&need, "the population")?;
        memory::require("the population", bytes_here(&need, &self.shares(table, shape)), FEWER)?;
        let slabs = self.slabs(table.buffers(), shape);
        if let [(device, slabs)] = slabs.as_slice()
            && slabs.len() == 1
        {
            return self.whole(device, table, shape, connections.map(Part::Whole));
        }
        let tables = connections.map(|connections| self.tables(connections, &slabs)).transpose()?;
        let part = |device: &Device, slab: Slab| {
            let network = connections.zip(tables.as_ref()).map(|(connections, tables)| {
                let own = |(part, _): &&(Range<u32>, network::table::Table)| *part == neurons_of(&slab);
                Part::Slab(Wired {
                    connections: Arc::clone(connections),
                    tables: Tables {
                        parts: tables.parts.iter().filter(own).cloned().collect(),
                        ..tables.clone()
                    },
                    first_row: slab.rows.start,
                    is_whole: false,
                })
            });
            let engine = self.whole(device, &Arc::new(table.part(&slab)), slab.shape(), network)?;
            Ok(SlabPart::new(slab, engine))
        };
        let member = |(device, slabs): (&Device, Vec<Slab>)| {
            let parts = slabs.into_iter().map(|slab| part(device, slab)).collect::<Result<_>>()?;
            Ok(DeviceSlabs { parts, waits: matches!(device.backend, Backend::Gpu(_)) })
        };
        let devices = slabs.into_iter().map(member).collect::<Result<_>>()?;
        Ok(Box::new(SlabEngine::new(shape, devices, connections.cloned())))
    }

    /// Draws the synapses onto the neurons of each slab. Slabs of different rows share them.
    fn tables(&self, connections: &Connections, slabs: &[(&Device, Vec<Slab>)]) -> Result<Tables> {
        let mut parts: Vec<Range<u32>> = Vec::new();
        for slab in slabs.iter().flat_map(|(_, slabs)| slabs) {
            if !parts.contains(&neurons_of(slab)) {
                parts.push(neurons_of(slab));
            }
        }
        connections.draw(&parts)
    }

    /// The engine of a single slab.
    fn whole(
        &self,
        device: &Device,
        table: &Arc<Table>,
        shape: Shape,
        network: Option<Part<'_>>,
    ) -> Result<Box<dyn Engine>> {
        match &device.backend {
            Backend::Gpu(gpu) => gpu.engine(table, shape, network, self.options.kernel_times),
            Backend::Cpu | Backend::Several(_) => {
                let mut engine = CpuEngine::new(Arc::clone(table), shape);
                match network {
                    None => {}
                    Some(Part::Whole(connections)) => engine.connect(connections)?,
                    Some(Part::Slab(wired)) => engine.connect_part(wired),
                }
                Ok(Box::new(engine))
            }
        }
    }

    /// Splits `cells` cells evenly among the devices.
    fn parts(&self, cells: usize) -> Vec<(&Device, Range<usize>)> {
        let members = self.device.members();
        let bound = |index: usize| (cells as u128 * index as u128 / members.len() as u128) as usize;
        let part = |(index, member)| (member, bound(index)..bound(index + 1));
        members.iter().enumerate().map(part).collect()
    }

    /// The slabs on each device.
    pub(super) fn slabs(&self, buffers: Buffers, Shape { batch, n }: Shape) -> Vec<(&Device, Vec<Slab>)> {
        let buffers = [COUNTERS, buffers.state, buffers.parameters.and(PLACES)];
        let slabs = |(member, cells): (&Device, Range<usize>)| {
            let most = [self.options.largest_binding, member.most_bytes()].into_iter().flatten().min();
            cut(cells, n, &buffers, most.unwrap_or(u64::MAX) / 4)
        };
        self.parts(batch * n).into_iter().map(|(member, cells)| (member, slabs((member, cells)))).collect()
    }

    /// The memory that a population itself needs, with its synapses if its neurons are connected.
    pub(crate) fn memory_needed(
        &self,
        table: &Table,
        shape: Shape,
        connections: Option<&Connections>,
    ) -> MemoryNeed {
        let mut need = MemoryNeed::default();
        // The checked parameters; each slab has a copy of its part.
        need.add("the parameters", bytes(table.footprint().words(shape)), 0);
        let shares = self.shares(table, shape);
        let mut need = shares.into_iter().fold(need, |need, share| need.and(share.need));
        need.add("reading or writing state", bytes(shape.cells() as u64), 0);
        let on_gpu = matches!(self.device.backend, Backend::Gpu(_));
        let Some(connections) = connections else { return need };
        if !on_gpu {
            need.add("the cells while they are stepped", cpu::network::bytes_in_lanes(shape.cells()), 0);
        }
        need.and(connections.memory_needed(shape, on_gpu))
    }

    /// The memory that the cells on each device need.
    fn shares(&self, table: &Table, shape: Shape) -> Vec<DeviceNeed<'_>> {
        let slabs = self.slabs(table.buffers(), shape);
        let cut = is_cut(&slabs);
        let share = |(device, slabs): (_, Vec<Slab>)| {
            let mut share = DeviceNeed { device, need: MemoryNeed::default() };
            slabs.iter().for_each(|slab| share.add(table, slab, cut));
            share
        };
        slabs.into_iter().map(share).collect()
    }

    /// The memory of recordings in transfer from the engines to whoever collects them. `in_place` says
    /// whether the CPU engine writes spikes directly where they are collected.
    pub(crate) fn memory_of_recording(
        &self,
        (words, voltages): (TransferSize, TransferSize),
        in_place: bool,
        buffers: Buffers,
        shape: Shape,
    ) -> MemoryNeed {
        const AT_A_TIME: &str = "what is recorded at a time";
        let slabs = self.slabs(buffers, clamp_to_possible(shape));
        let mut need = MemoryNeed::default();
        let cut = is_cut(&slabs);
        if cut {
            let merged = words.within(MOST_MERGED_BYTES).saturating_add(voltages.within(MOST_MERGED_BYTES));
            need.add(AT_A_TIME, merged, 0);
        }
        if slabs.iter().any(|(device, _)| matches!(device.backend, Backend::Gpu(_))) {
            let recorded = words.and(voltages).within(MOST_RECORDED_BYTES);
            need.add(AT_A_TIME, 0, recorded);
            need.add(TRANSFERS, recorded.saturating_mul(READBACKS), 0);
        }
        if slabs.iter().any(|(device, _)| !matches!(device.backend, Backend::Gpu(_))) {
            let words = if in_place && !cut { 0 } else { words.within(MOST_WORD_BYTES) };
            need.add(AT_A_TIME, words.saturating_add(voltages.within(MOST_VOLTAGE_BYTES)), 0);
        }
        need
    }

    /// The most bytes of a block of a recording that is passed on as soon as it has `block` bytes.
    pub(crate) fn most_of_block(
        &self,
        block: u64,
        (words, voltages): (TransferSize, TransferSize),
        buffers: Buffers,
        shape: Shape,
    ) -> u64 {
        let slabs = self.slabs(buffers, clamp_to_possible(shape));
        // A piece that comes when the block is almost full makes it longer.
        if is_cut(&slabs) {
            let merged = words.within(MOST_MERGED_BYTES).saturating_add(voltages.within(MOST_MERGED_BYTES));
            return block.saturating_add(merged);
        }
        match self.device.backend {
            Backend::Gpu(_) => block.saturating_add(words.and(voltages).within(MOST_RECORDED_BYTES)),
            Backend::Cpu | Backend::Several(_) => {
                // All pieces have the same length except for the last, which is shorter.
                let piece = words.within(MOST_WORD_BYTES).saturating_add(voltages.within(MOST_VOLTAGE_BYTES));
                piece.max(block + piece.min(block))
            }
        }
    }

    /// The most steps after which it passes on its recording, if there is such a limit.
    pub(crate) fn most_recorded_steps(&self) -> u64 {
        if self.device.engine_kind() == EngineKind::Cpu { cpu::MOST_STEPS_OF_A_PIECE } else { u64::MAX }
    }

    /// The memory of words of spikes that stay on the device; `None` if they are passed to the host.
    pub(crate) fn memory_of_kept_words(
        &self,
        bytes: u64,
        buffers: Buffers,
        shape: Shape,
    ) -> Option<MemoryNeed> {
        match &self.device.backend {
            Backend::Gpu(gpu) if bytes <= gpu.largest_binding() && !is_cut(&self.slabs(buffers, shape)) => {
                Some(MemoryNeed::of("the kept spikes", 0, bytes))
            }
            Backend::Gpu(_) | Backend::Cpu | Backend::Several(_) => None,
        }
    }

    /// The memory of the scores of some steps, in addition to the population: the scores themselves, a copy
    /// on each device for its engine, and the words of spikes that are in memory at a time.
    pub(crate) fn memory_of_scores(&self, scoring: &Scoring, steps: u64) -> MemoryNeed {
        let parts = self.parts(scoring.cells);
        // With several parts, the whole is kept besides the parts.
        let kept = if parts.len() > 1 { 2 } else { 1 };
        let mut need = MemoryNeed::of("the scores", kept * scoring.bytes(&(0..scoring.cells)), 0);
        for (device, cells) in parts {
            let (scores, row) = (scoring.bytes(&cells), bytes(cells.len() as u64));
            let words = |most: u64| row.saturating_mul(steps.div_ceil(32) + 1).min(most.max(row));
            match &device.backend {
                Backend::Gpu(_) => {
                    need.add("the scores", scores, scores);
                    need.add("what is scored at a time", 0, words(MOST_SCORED_BYTES));
                }
                Backend::Cpu | Backend::Several(_) => {
                    need.add("the scores", scores, 0);
                    need.add("what is scored at a time", words(MOST_WORD_BYTES), 0);
                }
            }
        }
        need
    }

    /// The bytes of a need, other than the population's own, that come out of the memory of this machine. It
    /// includes the buffers of adapters that compute on the CPU, unless there is a real GPU, on which they
    /// may be.
    pub(crate) fn on_this_machine(&self, need: &MemoryNeed) -> u64 {
        let mut devices = self.parts(0).into_iter().map(|(device, _)| device);
        let software =
            devices.all(|device| device.is_software_adapter() || matches!(device.backend, Backend::Cpu));
        if software { need.total() } else { need.host_bytes() }
    }
}

/// The neurons of a slab.
fn neurons_of(slab: &Slab) -> Range<u32> {
    slab.neurons.start as u32..slab.neurons.end as u32
}

/// The same for a population, for which it is known what is on which device.
fn bytes_here(need: &MemoryNeed, shares: &[DeviceNeed<'_>]) -> u64 {
    let software = shares.iter().filter(|share| share.device.is_software_adapter());
    software.fold(need.host_bytes(), |bytes, share| bytes.saturating_add(share.need.device_bytes()))
}

/// The part of a population on one device.
#[derive(Debug)]
struct DeviceNeed<'a> {
    device: &'a Device,
    need: MemoryNeed,
}

impl DeviceNeed<'_> {
    /// Adds the memory that a slab needs. `cut` says whether it is one of several.
    fn add(&mut self, table: &Table, slab: &Slab, cut: bool) {
        let shape = slab.shape();
        let cells = shape.cells() as u64;
        let state_words = (Field::of(table.options).count() + Counter::ALL.len()) as u64;
        let parameters = bytes(table.footprint().words(shape));
        match &self.device.backend {
            Backend::Gpu(_) => {
                let places = bytes(PLACES.words(shape));
                self.need.add("the state", 0, bytes(cells * state_words));
                let kept = if cut { 2 } else { 1 };
                self.need.add("the parameters", kept * parameters, parameters + places);
                // The largest transfer of state or parameters.
                self.need.add(TRANSFERS, bytes(cells).max(parameters + places), 0);
            }
            Backend::Cpu | Backend::Several(_) => {
                self.need.add("the state", bytes(cells * state_words), 0);
                self.need.add("the parameters", if cut { parameters } else { 0 }, 0);
            }
        }
    }
}

pub(super) fn bytes(words: u64) -> u64 {
    words.saturating_mul(4)
}

/// The shape; or if no population can have that many cells, a shape that also takes several slabs.
pub(super) fn clamp_to_possible(shape: Shape) -> Shape {
    const MOST: usize = u32::MAX as usize - 1;
    if shape.cells() <= MOST { shape } else { MOST.into() }
}

/// Whether there is more than one slab.
pub(super) fn is_cut(slabs: &[(&Device, Vec<Slab>)]) -> bool {
    slabs.iter().map(|(_, slabs)| slabs.len()).sum::<usize>() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    #[cfg(feature = "gpu")]
    use crate::engine::gpu::fault_tests::{open, with_context};

    const N: usize = 1000;

    const SHAPE: Shape = Shape { batch: 2, n: N };

    fn table() -> Table {
        Table::new(&Params::default(), SHAPE).expect("valid")
    }

    #[test]
    fn the_largest_binding_holds_on_each_of_several_devices() {
        let device = Device::several(&[Device::cpu(), Device::cpu()]).expect("two");
        let options = PopulationOptions { largest_binding: Some(4000), ..PopulationOptions::default() };
        let placement = Placement { device, options };
        let slabs = placement.slabs(table().buffers(), SHAPE).into_iter().map(|(_, slabs)| slabs.len());
        assert_eq!(slabs.collect::<Vec<_>>(), [3, 3]);
    }

    /// The same adapter twice: once as a software adapter, and once as one with its own memory.
    #[cfg(feature = "gpu")]
    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn only_buffers_of_software_adapters_are_taken_from_the_memory_of_the_machine() {
        with_context(|mut software| {
            software.info.device_type = wgpu::DeviceType::Cpu;
            let mut real = open();
            real.info.device_type = wgpu::DeviceType::DiscreteGpu;
            let [software, real] = [software, real].map(|context| Device::checked(context).expect("right"));
            assert!(software.is_software_adapter() && !real.is_software_adapter());
            let on_this_machine = |device: &Device| {
                let placement = Placement::from(device);
                let need = placement.memory_needed(&table(), SHAPE, None);
                bytes_here(&need, &placement.shares(&table(), SHAPE)) - need.host_bytes()
            };
            let buffers =
                |device: &Device| Placement::from(device).memory_needed(&table(), SHAPE, None).device_bytes();
            assert!(buffers(&real) == buffers(&software) && buffers(&real) > 2 * N as u64 * 16);
            assert_eq!(on_this_machine(&real), 0);
            assert_eq!(on_this_machine(&software), buffers(&software));
            let both = Device::several(&[software.clone(), real.clone()]).expect("two");
            assert_eq!(on_this_machine(&both) * 2, buffers(&both));
            assert!(!both.is_software_adapter());
            let three = Device::several(&[Device::cpu(), real.clone(), real]).expect("three");
            assert_eq!(on_this_machine(&three), 0);
        });
    }
}
