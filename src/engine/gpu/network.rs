//! The network of a GPU engine: its synapses and its ring on the device, and the kernel that delivers the spikes of a
//! block of steps.
//!
//! Nothing is read back: the kernel of a block lists its spikes on the device, and the delivery reads the list there. The
//! two lists take turns.

use super::batch_row::RowGroup;
use super::compiled_kernel::{CompiledKernel, KeptKernel, KernelSource};
use super::context::{GpuContext, too_large};
use super::kernel::{self, Access, Block};
use super::synapses::Synapses;
use super::{Gpu, STATE, UNIFORM};
use crate::data::shape::Shape;
use crate::engine::OutsideSpike;
use crate::error::Result;
use crate::model::Coefficient;
use crate::prepared::coefficients::Table;
use crate::prepared::network::table::Tables;
use crate::prepared::network::{Connections, Receptor, Wired};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;
use std::sync::Arc;

/// Source of the delivery.
pub(crate) const DELIVER_SHADER: &str =
    concat!(include_str!("../../../shaders/deliver.wgsl"), include_str!("../../../shaders/synapses.wgsl"));

/// The bindings of group 0, by number.
pub(crate) const DELIVER_BINDINGS: [(&str, Access); 6] = [
    ("delivery", Access::Uniform),
    ("spikes", Access::Read),
    ("rows", Access::Read),
    ("targets", Access::Read),
    ("weights", Access::Read),
    ("ring", Access::ReadWrite),
];

/// Words before the lists of spikes: `SPIKES` in `shaders/ring.wgsl`.
pub(super) const SPIKES: usize = 2;

/// Words of a spike in a list.
const SPIKE: usize = 3;

/// The most blocks of a submission, each of which has its own uniform.
const MOST_BLOCKS: u64 = 256;

/// Bytes from one uniform of a block to the next: a multiple of the alignment that every device accepts.
pub(super) const BLOCK_STRIDE: usize = size_of::<Block>().next_multiple_of(256);

/// Workgroups of a delivery. Drivers that compute on the CPU take one after the other, and need few.
const WORKGROUPS: u32 = 1024;
const SOFTWARE_WORKGROUPS: u32 = 16;

/// Invocations in a workgroup of a delivery.
const INVOCATIONS: u32 = 256;
const SOFTWARE_INVOCATIONS: u32 = 64;

/// The most rounds of the loops of an invocation: llvmpipe silently ends loops after 65,535.
pub(super) const MOST_ROUNDS: u64 = 60_000;

/// `Delivery` in `shaders/deliver.wgsl`, which describes each member.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Delivery {
    pub(crate) list: u32,
    pub(crate) list_start: u32,
    pub(crate) most_spikes: u32,
    pub(crate) neurons: u32,
    pub(crate) cells: u32,
    pub(crate) channels: u32,
    pub(crate) ring_steps: u32,
    pub(crate) tables: u32,
}

/// The kernel of a device, compiled when it is first needed.
#[derive(Debug, Default)]
pub(super) struct DeliveryKernel(KeptKernel);

impl DeliveryKernel {
    fn get(&self, context: &GpuContext) -> Result<CompiledKernel> {
        self.0.get(
            context,
            &KernelSource {
                what: "compiling the delivery of spikes",
                label: "lif deliver",
                shader: DELIVER_SHADER,
                entry_point: "deliver",
                bindings: &DELIVER_BINDINGS,
                constants: &[("WORKGROUP", f64::from(invocations(context)))],
            },
        )
    }
}

fn invocations(context: &GpuContext) -> u32 {
    if context.is_software() { SOFTWARE_INVOCATIONS } else { INVOCATIONS }
}

/// The synapses between the cells of an engine, and what will arrive, on the device.
#[derive(Debug)]
pub(super) struct DeviceNetwork {
    connections: Arc<Connections>,
    /// Whether the engine has all cells of the network.
    is_whole: bool,
    first_row: usize,
    /// `[steps, channels, batch, n]`; step s has the place s modulo the number of steps. A buffer of few sums is larger.
    pub(super) ring: wgpu::Buffer,
    pub(super) ring_bytes: u64,
    /// The lengths of the two lists, and the lists.
    pub(super) spikes: wgpu::Buffer,
    pipeline: wgpu::ComputePipeline,
    /// For each list.
    deliveries: [wgpu::BindGroup; 2],
    workgroups: [u32; 2],
    ring_steps: u32,
    /// The units of the sums of each channel, row by row, as bits.
    pub(super) units: Vec<u32>,
    /// The number of synapses.
    pub(super) count: u64,
    pub(super) synapses: Synapses,
    most_spikes: usize,
    /// How workgroups advance whole batch rows, if they can, and by how many steps in a dispatch.
    pub(super) row_group: Option<(RowGroup, u64)>,
    jump_channels: u32,
    inhibitory_channels: u32,
    batch: usize,
    /// The list of the next block.
    list: u32,
}

impl DeviceNetwork {
    /// Draws the synapses and uploads them.
    pub(super) fn new(
        gpu: &Gpu,
        table: &Table,
        shape: Shape,
        connections: &Arc<Connections>,
    ) -> Result<Self> {
        // Before anything is drawn.
        let (bytes, largest) =
            (connections.expected_synapses().saturating_mul(4), gpu.context.largest_binding());
        if bytes > largest {
            return Err(too_large("the synapses", bytes, largest));
        }
        let wired = Wired::whole(connections, &parts(shape.n))?;
        Self::of(gpu, table, shape, wired)
    }

    /// Uploads synapses that have been drawn.
    pub(super) fn of(gpu: &Gpu, table: &Table, shape: Shape, wired: Wired) -> Result<Self> {
        let context = &gpu.context;
        let largest = context.largest_binding();
        let require = |what: &str, bytes: u64| {
            if bytes > largest { Err(too_large(what, bytes, largest)) } else { Ok(()) }
        };
        let Wired { connections, tables: Tables { parts, ring: ring_steps, .. }, .. } = &wired;
        let ring_steps = *ring_steps;
        let count = wired.tables.synapses();
        require("the synapses", 4 * count)?;
        let channels = connections.channels.len();
        let ring_bytes = u64::from(ring_steps) * 4 * (channels * shape.cells()) as u64;
        require("what will arrive", ring_bytes)?;
        let cells = if wired.is_whole { shape.cells() } else { shape.batch * connections.n };
        let most_spikes = most_spikes(table, connections, cells);
        let spike_bytes = 4 * (SPIKES + 2 * SPIKE * most_spikes) as u64;
        require("the lists of spikes", spike_bytes)?;

        let ring = context.buffer("what will arrive", ring_bytes.max(4), STATE)?;
        let spikes = context.buffer("the lists of spikes", spike_bytes, STATE)?;
        let synapses = Synapses::upload(gpu, parts)?;

        let CompiledKernel { layout, pipeline } = gpu.delivery.get(context)?;
        let mut bindings = Vec::new();
        for list in 0..2_u32 {
            let delivery = Delivery {
                list,
                list_start: list_start(list, most_spikes),
                most_spikes: most_spikes as u32,
                neurons: shape.n as u32,
                cells: shape.cells() as u32,
                channels: channels as u32,
                ring_steps,
                tables: synapses.tables,
            };
            let uniform = context.buffer("a delivery", size_of::<Delivery>() as u64, UNIFORM)?;
            gpu.write(&uniform, "a delivery", bytemuck::bytes_of(&delivery))?;
            let [rows, targets, weights] = synapses.buffers();
            let buffers = [&uniform, &spikes, rows, targets, weights, &ring];
            bindings.push(
                context.scoped("binding the synapses", || {
                    kernel::bind_group(&context.device, &layout, &buffers)
                })?,
            );
        }
        let [first, second] = [bindings.remove(0), bindings.remove(0)];
        let units_of_rows: Vec<Vec<f32>> =
            (0..shape.batch).map(|row| wired.channels(row).map(|(_, unit)| unit).collect()).collect();
        let units = (0..channels).flat_map(|channel| units_of_rows.iter().map(move |units| units[channel]));
        let bits_of = |receptor| {
            let channels = (0..).zip(&connections.channels);
            channels
                .fold(0, |bits, (number, channel)| bits | u32::from(channel.receptor == receptor) << number)
        };
        Ok(Self {
            units: units.map(f32::to_bits).collect(),
            jump_channels: bits_of(Receptor::Potential),
            inhibitory_channels: bits_of(Receptor::Inhibitory),
            connections: Arc::clone(connections),
            is_whole: wired.is_whole,
            first_row: wired.first_row,
            workgroups: workgroups(context, &synapses, most_spikes),
            row_group: row_group(context, shape, &wired, &synapses, shortest_interval(table)),
            ring,
            ring_bytes,
            spikes,
            pipeline,
            deliveries: [first, second],
            ring_steps,
            count,
            synapses,
            most_spikes,
            batch: shape.batch,
            list: 0,
        })
    }

    /// Whether spikes make the membrane potential jump.
    pub(super) fn jumps(&self) -> bool {
        self.jump_channels != 0
    }

    /// The most steps of a submission.
    pub(super) fn most_steps(&self) -> u64 {
        let blocks_of_word = 32_u64.div_ceil(self.connections.block_end(0));
        (MOST_BLOCKS / blocks_of_word).max(1) * 32
    }

    /// Cuts steps into blocks: the number of steps before each, and its length.
    pub(super) fn blocks(&self, first_step: u64, steps: u64) -> Vec<(u64, u64)> {
        let mut made = 0;
        let mut blocks = Vec::new();
        while made < steps {
            let end = self.connections.block_end(first_step + made).min(first_step + steps) - first_step;
            blocks.push((made, end - made));
            made = end;
        }
        blocks
    }

    /// Completes the uniform of a block, which begins with this step. Blocks must be recorded in the same order.
    pub(super) fn complete(&mut self, block: &mut Block, first_step: u64, units: usize) {
        block.rows = self.batch as u32;
        block.channels = self.connections.channels.len() as u32;
        block.jump_channels = self.jump_channels;
        block.inhibitory_channels = self.inhibitory_channels;
        block.units = units as u32;
        block.ring_steps = self.ring_steps;
        block.ring_place = (first_step % u64::from(self.ring_steps)) as u32;
        block.blocks_of_word = 32_u32.div_ceil(self.connections.block_end(0) as u32);
        block.most_spikes = (self.most_spikes / self.batch.max(1)) as u32;
        block.tables = self.synapses.tables;
        block.list = self.list;
        block.list_start = list_start(self.list, self.most_spikes);
        self.list = 1 - self.list;
    }

    /// Adds the delivery of the spikes of a list to a pass. Spikes that come from outside are delivered later.
    pub(super) fn deliver(&self, context: &GpuContext, pass: &mut wgpu::ComputePass<'_>, list: u32) {
        if self.is_whole {
            self.deliver_list(context, pass, list);
        }
    }

    /// Delivers spikes of the cells of several engines, which take the place of the last list.
    pub(super) fn deliver_outside(&self, gpu: &Gpu, spikes: &[OutsideSpike]) -> Result<()> {
        let rows = self.first_row..self.first_row + self.batch;
        let own = spikes.iter().filter(|spike| rows.contains(&(spike.row as usize)));
        let listed: Vec<[u32; SPIKE]> = own
            .map(|spike| {
                let place = (spike.step % u64::from(self.ring_steps)) as u32;
                [spike.source, spike.row - self.first_row as u32, place]
            })
            .collect();
        if listed.is_empty() {
            return Ok(());
        }
        // The next block empties the list that was used last.
        let list = 1 - self.list;
        let start = 4 * u64::from(list_start(list, self.most_spikes));
        gpu.write_at(&self.spikes, start, "spikes", bytemuck::cast_slice(&listed))?;
        gpu.write_at(&self.spikes, 4 * u64::from(list), "spikes", &(listed.len() as u32).to_ne_bytes())?;
        gpu.context.scoped("delivering spikes", || {
            let mut encoder =
                gpu.context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.deliver_list(&gpu.context, &mut pass, list);
            drop(pass);
            gpu.context.queue.submit([encoder.finish()]);
        })
    }

    fn deliver_list(&self, context: &GpuContext, pass: &mut wgpu::ComputePass<'_>, list: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.deliveries[list as usize], &[]);
        let [width, height] = self.workgroups;
        context.dispatch(pass, "the delivery of spikes", [width, height, 1]);
    }

    /// Brings the sums of the ring, which begin with place 0, into the order of the steps from this one on.
    pub(super) fn sorted_from(&self, next_step: u64, mut sums: Vec<i32>) -> Vec<i32> {
        let place = self.place(next_step, sums.len());
        sums.rotate_left(place);
        sums
    }

    /// Brings sums that begin with this step into the order of the ring.
    pub(super) fn sorted_from_place_0(&self, next_step: u64, sums: &[i32]) -> Vec<i32> {
        let mut sums = sums.to_vec();
        let place = self.place(next_step, sums.len());
        sums.rotate_right(place);
        sums
    }

    fn place(&self, step: u64, length: usize) -> usize {
        let ring = u64::from(self.ring_steps);
        length / ring as usize * (step % ring) as usize
    }
}

/// The parts of the targets that are drawn at the same time.
fn parts(n: usize) -> Vec<Range<u32>> {
    /// Fewer neurons are not worth a thread.
    const LEAST: usize = 4096;
    let parts = rayon::current_num_threads().min(n / LEAST).max(n.div_ceil(1 << 24)).max(1);
    let size = n.div_ceil(parts);
    (0..n).step_by(size).map(|first| first as u32..(first + size).min(n) as u32).collect()
}

/// Decides by the size of the network and the limits of the adapter whether workgroups advance whole batch rows.
fn row_group(
    context: &GpuContext,
    shape: Shape,
    wired: &Wired,
    synapses: &Synapses,
    interval: u64,
) -> Option<(RowGroup, u64)> {
    let row = RowGroup::of(context, shape).filter(|_| wired.is_whole)?;
    if !context.is_software() {
        return Some((row, u64::MAX));
    }
    let steps = row.trusted_steps(&wired.connections, synapses, shape.n, interval);
    (steps >= 32).then_some((row, steps))
}

/// The least steps from a spike of a cell to the next.
fn shortest_interval(table: &Table) -> u64 {
    let steps = &table.column(Coefficient::RefractorySteps).values;
    u64::from(steps.iter().min().copied().unwrap_or_default()) + 1
}

/// The most spikes of a block: refractory cells spike no more than once.
fn most_spikes(table: &Table, connections: &Connections, cells: usize) -> usize {
    cells * connections.block_end(0).div_ceil(shortest_interval(table)) as usize
}

/// The place of the first spike of a list.
fn list_start(list: u32, most_spikes: usize) -> u32 {
    (SPIKES + list as usize * SPIKE * most_spikes) as u32
}

/// Workgroups in x, which share the spikes, and in y, which share the tables.
fn workgroups(context: &GpuContext, synapses: &Synapses, most_spikes: usize) -> [u32; 2] {
    let most = context.limits.max_compute_workgroups_per_dimension;
    if context.is_software() {
        let of_row = u64::from(synapses.longest.div_ceil(SOFTWARE_INVOCATIONS)) + 1;
        let rounds = (1 + of_row * u64::from(synapses.tables)).saturating_mul(most_spikes as u64);
        let width = rounds.div_ceil(MOST_ROUNDS).max(u64::from(SOFTWARE_WORKGROUPS));
        return [width.min(u64::from(most)) as u32, 1];
    }
    let height = synapses.tables.clamp(1, 8);
    [(WORKGROUPS / height).min(most), height]
}
