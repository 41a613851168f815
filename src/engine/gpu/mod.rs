//! The GPU engine: state in buffers of the device, one dispatch for many steps.

pub(crate) mod context;
pub(crate) mod kernel;
pub(crate) mod self_check;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod shader_tests;

use super::{Engine, Piece, Wanted, WantedVoltages, Words, blocks};
use crate::coefficients::Table;
use crate::error::Result;
use crate::input::{Current, Strides, TensorData, Values};
use crate::model::TraceRule;
use context::{GpuContext, Readback, too_large};
use kernel::{Block, Kernels, NOT_RECORDED, Specialisation, WORKGROUP};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// The most steps of one dispatch, unless a test wants to see a driver fail. An invocation may loop 65,535 times in all on llvmpipe, which
/// drops what exceeds it without a word; a dispatch loops once per step and once per word.
pub(crate) const MOST_STEPS: u64 = 1 << 15;

/// Bytes of recordings, and of streamed input, per dispatch, unless one step alone is more.
const MOST_BYTES: u64 = 32 << 20;

/// Dispatches under way at a time: one computes while the next is prepared.
const IN_FLIGHT: usize = 2;

const STATE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_SRC)
    .union(wgpu::BufferUsages::COPY_DST);

const UNIFORM: wgpu::BufferUsages = wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);

/// A device that passed its self-check, with its kernels.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(crate) context: GpuContext,
    kernels: Kernels,
    zero: wgpu::Buffer,
    most_steps: u64,
}

impl Gpu {
    pub(crate) fn new(context: GpuContext, most_steps: u64) -> Result<Self> {
        let kernels = Kernels::new(&context)?;
        let zero = context.buffer("the constant zero", 16, UNIFORM)?;
        Ok(Self { context, kernels, zero, most_steps })
    }

    /// Uploads values that kernels read.
    pub(crate) fn upload(&self, what: &str, values: &[u8]) -> Result<wgpu::Buffer> {
        let buffer = self.context.buffer(what, values.len() as u64, STATE)?;
        self.write(&buffer, what, values)?;
        Ok(buffer)
    }

    fn write(&self, buffer: &wgpu::Buffer, what: &str, values: &[u8]) -> Result<()> {
        self.context.scoped(&format!("uploading {what}"), || {
            self.context.queue.write_buffer(buffer, 0, values);
            // Written data waits in memory of its own until something is submitted.
            self.context.queue.submit([]);
        })
    }
}

/// Values on a device.
#[derive(Debug)]
pub(crate) struct GpuTensor {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) buffer: wgpu::Buffer,
}

/// The buffers in which a population keeps its state, in the order of cells `row * n + neuron`.
///
/// The buffers have the usages `STORAGE | COPY_SRC | COPY_DST`. Whoever writes to them is
/// responsible for what the population then does.
#[derive(Debug, Clone)]
pub struct StateBuffers {
    /// Membrane potentials, mV: `array<f32>`.
    pub voltages: wgpu::Buffer,
    /// `array<u32>`: bits 0 to 30 are the steps that a cell is still refractory, bit 31 says
    /// whether it spiked at the last step.
    pub refractory: wgpu::Buffer,
    /// Spike traces: `array<f32>`. Without a trace, a buffer that is not used.
    pub traces: wgpu::Buffer,
    /// Spikes since the counts were cleared: `array<u32>`. Behind the last cell follows the number
    /// of the last step, modulo 2^32.
    pub counts: wgpu::Buffer,
}

#[derive(Debug)]
pub(crate) struct GpuEngine {
    gpu: Arc<Gpu>,
    options: crate::model::Options,
    batch: usize,
    n: usize,
    state: StateBuffers,
    block: wgpu::Buffer,
    /// Coefficients, and behind them the tables of places of recorded neurons.
    parameters: wgpu::Buffer,
    coefficients: Vec<u32>,
    spread: [[u32; 4]; 9],
    current: wgpu::Buffer,
    recorded: wgpu::Buffer,
    in_flight: VecDeque<Dispatch>,
    last_done: Instant,
    /// Number of the step to come, modulo 2^32, as the counts' last word must say.
    next_step: u32,
    /// Of what the tables of places now are.
    placed: Option<Wanted>,
}

/// Work that was submitted.
#[derive(Debug)]
struct Dispatch {
    submission: wgpu::SubmissionIndex,
    submitted: Instant,
    steps: u64,
    words: usize,
    readback: Option<Readback>,
}

impl GpuEngine {
    pub(crate) fn new(
        gpu: &Arc<Gpu>,
        table: &Table,
        (batch, n): (usize, usize),
        start: impl FnOnce() -> Vec<f32>,
    ) -> Result<Self> {
        let cells = (batch * n) as u64;
        let per_cell = |what, extra| gpu.context.buffer(what, (cells + extra) * 4, STATE);
        let (coefficients, spread) = kernel::pack(table);
        let traced = table.options.trace != TraceRule::Off;
        let state = StateBuffers {
            voltages: per_cell("the membrane potentials", 0)?,
            refractory: per_cell("the refractory counters", 0)?,
            traces: if traced { per_cell("the spike traces", 0)? } else { gpu.context.buffer("no traces", 4, STATE)? },
            counts: per_cell("the spike counts", 1)?,
        };
        gpu.write(&state.voltages, "the membrane potentials", bytemuck::cast_slice(&start()))?;
        Ok(Self {
            options: table.options,
            batch,
            n,
            state,
            block: gpu.context.buffer("the block", size_of::<Block>() as u64, UNIFORM)?,
            parameters: gpu.upload("the parameters", bytemuck::cast_slice(&coefficients))?,
            coefficients,
            spread,
            current: gpu.context.buffer("the input", 4, STATE)?,
            recorded: gpu.context.buffer("no recording", 4, STATE)?,
            gpu: Arc::clone(gpu),
            in_flight: VecDeque::new(),
            last_done: Instant::now(),
            next_step: 0,
            placed: None,
        })
    }

    fn cells(&self) -> usize {
        self.batch * self.n
    }

    /// The steps that the next dispatch makes: bounded by the time it may take, by the loops that a
    /// driver can be trusted with, and by the memory for input and recordings.
    fn dispatch_steps(&self, first_step: u64, left: u64, streamed: usize, wanted: &Wanted) -> u64 {
        let timely = (self.gpu.context.work() / self.cells() as u64).max(1);
        let mut most = left.min(timely).min(self.gpu.most_steps);
        if streamed > 0 {
            most = most.min((MOST_BYTES / (streamed as u64 * 4)).max(1));
        }
        let allowed = self.least_recording(wanted).max(MOST_BYTES);
        while most > 1 && self.recording_bytes(first_step, most, wanted) > allowed {
            most /= 2;
        }
        // Whole words, where there is the choice.
        let end = first_step + most;
        let aligned = end - end % 32;
        if most < left && aligned > first_step { aligned - first_step } else { most }
    }

    /// Bytes that a dispatch records.
    fn recording_bytes(&self, first_step: u64, steps: u64, wanted: &Wanted) -> u64 {
        4 * (self.word_count(first_step, steps, wanted) + self.voltage_count(first_step, steps, wanted)) as u64
    }

    /// Bytes that a dispatch of a single step can record.
    fn least_recording(&self, wanted: &Wanted) -> u64 {
        let voltages = wanted.voltages.as_ref().map_or(0, |voltages| self.batch * voltages.neurons.len());
        4 * (wanted.words.cells((self.batch, self.n)) + voltages) as u64
    }

    fn word_count(&self, first_step: u64, steps: u64, wanted: &Wanted) -> usize {
        blocks(first_step, steps) * wanted.words.cells((self.batch, self.n))
    }

    fn voltage_count(&self, first_step: u64, steps: u64, wanted: &Wanted) -> usize {
        wanted.voltages.as_ref().map_or(0, |voltages| {
            voltages.samples(first_step, first_step + steps) * self.batch * voltages.neurons.len()
        })
    }

    /// Puts the tables that say where recorded neurons stand behind the coefficients.
    fn place(&mut self, wanted: &Wanted) -> Result<()> {
        if self.placed.as_ref() == Some(wanted) {
            return Ok(());
        }
        let mut values = self.coefficients.clone();
        let mut add = |neurons: &[u32]| {
            let start = values.len();
            values.resize(start + self.n, NOT_RECORDED);
            for (place, &neuron) in (0..).zip(neurons) {
                values[start + neuron as usize] = place;
            }
        };
        if let Words::Chosen(neurons) = &wanted.words {
            add(neurons);
        }
        if let Some(voltages) = &wanted.voltages {
            add(&voltages.neurons);
        }
        self.parameters = self.gpu.upload("the parameters", bytemuck::cast_slice(&values))?;
        self.placed = Some(wanted.clone());
        Ok(())
    }

    /// What the kernel has to know of a dispatch.
    fn describe(&self, first_step: u64, steps: u64, offset: usize, strides: Strides, wanted: &Wanted) -> Block {
        let words = match wanted.words {
            Words::None => kernel::NO_WORDS,
            Words::All => kernel::WORDS_OF_ALL,
            Words::Chosen(_) => kernel::WORDS_OF_CHOSEN,
        };
        let mut block = Block {
            cells: self.cells() as u32,
            neurons: self.n as u32,
            grid_width: self.grid().0 * WORKGROUP,
            first_step: first_step as u32,
            steps: steps as u32,
            current_offset: offset as u32,
            current_step: strides.step as u32,
            current_row: strides.row as u32,
            current_neuron: strides.neuron as u32,
            words,
            word_cells: wanted.words.cells((self.batch, self.n)) as u32,
            word_places: self.coefficients.len() as u32,
            voltage_places: self.coefficients.len() as u32,
            spread: self.spread,
            ..Block::default()
        };
        if let Words::Chosen(neurons) = &wanted.words {
            block.word_neurons = neurons.len() as u32;
            block.voltage_places += self.n as u32;
        }
        if let Some(WantedVoltages { neurons, every }) = &wanted.voltages {
            let every_step = u64::from(*every);
            block.voltage_neurons = neurons.len() as u32;
            block.voltage_cells = (self.batch * neurons.len()) as u32;
            block.voltage_offset = self.word_count(first_step, steps, wanted) as u32;
            block.voltage_every = *every;
            block.voltage_wait = (first_step.div_ceil(every_step) * every_step - first_step) as u32;
        }
        block
    }

    /// Workgroups in x and y: more than one dimension of the grid holds are folded.
    fn grid(&self) -> (u32, u32) {
        let groups = (self.cells() as u32).div_ceil(WORKGROUP);
        let width = groups.min(self.gpu.context.limits.max_compute_workgroups_per_dimension);
        (width, groups.div_ceil(width))
    }

    fn submit(
        &mut self,
        pipeline: &wgpu::ComputePipeline,
        bindings: &wgpu::BindGroup,
        block: &Block,
        streamed: Option<&[f32]>,
        read: (usize, usize),
    ) -> Result<()> {
        let (words, voltages) = read;
        let bytes = 4 * (words + voltages) as u64;
        let (width, height) = self.grid();
        let context = &self.gpu.context;
        let (submission, readback) = context.scoped("submitting a block of steps", || {
            if let Some(values) = streamed {
                context.queue.write_buffer(&self.current, 0, bytemuck::cast_slice(values));
            }
            context.queue.write_buffer(&self.block, 0, bytemuck::bytes_of(block));
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, bindings, &[]);
                pass.dispatch_workgroups(width, height, 1);
            }
            let readback = (bytes > 0).then(|| context.read_back(&mut encoder, &[(&self.recorded, 0, bytes)]));
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        self.next_step = block.first_step.wrapping_add(block.steps);
        self.in_flight.push_back(Dispatch {
            submission,
            submitted: Instant::now(),
            steps: u64::from(block.steps),
            words,
            readback,
        });
        Ok(())
    }

    /// Waits for the oldest dispatch and hands on what it recorded.
    fn finish_oldest(&mut self, take: &mut dyn FnMut(Piece<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>> {
        let Some(dispatch) = self.in_flight.pop_front() else {
            return Ok(ControlFlow::Continue(()));
        };
        let context = &self.gpu.context;
        let stage = "waiting for a block of steps";
        context.wait(&dispatch.submission, stage)?;
        let done = Instant::now();
        let began = dispatch.submitted.max(self.last_done);
        self.last_done = done;
        context.learn(dispatch.steps * self.cells() as u64, done - began);

        let mut hand_on = |words: &[u32], voltages: &[f32]| {
            take(Piece {
                steps: dispatch.steps,
                words,
                voltages,
            })
        };
        match dispatch.readback {
            None => Ok(hand_on(&[], &[])),
            Some(readback) => context.take_readback(readback, "reading a recording", |bytes| {
                let (words, voltages) = bytes.split_at(dispatch.words * 4);
                hand_on(bytemuck::cast_slice(words), bytemuck::cast_slice(voltages))
            }),
        }
    }

    /// Reads a buffer of one word per cell. The last word of the counts comes along and must be
    /// the number of the last step: work that a driver dropped is found out here.
    fn read(&mut self, what: &str, buffer: &wgpu::Buffer) -> Result<Vec<u32>> {
        while !self.in_flight.is_empty() {
            let _ = self.finish_oldest(&mut |_| ControlFlow::Continue(()))?;
        }
        let bytes = self.cells() as u64 * 4;
        let stage = format!("reading {what}");
        let context = &self.gpu.context;
        let (submission, readback) = context.scoped(&stage, || {
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let ranges = [(buffer, 0, bytes), (&self.state.counts, bytes, 4)];
            let readback = context.read_back(&mut encoder, &ranges);
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        context.wait(&submission, &stage)?;
        let mut words = context.take_readback(readback, &stage, |bytes| bytemuck::pod_collect_to_vec::<u8, u32>(bytes))?;
        let made = words.pop();
        if made != Some(self.next_step) {
            let next = self.next_step;
            context.note_lost(&format!("it has made {made:?} steps instead of {next} (modulo 2^32)"));
            context.check_lost(&stage)?;
        }
        Ok(words)
    }

    fn write(&mut self, what: &str, buffer: &wgpu::Buffer, values: &[u8]) -> Result<()> {
        self.gpu.write(buffer, what, values)
    }
}

impl Engine for GpuEngine {
    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        wanted: Option<&Wanted>,
        take: &mut dyn FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let observed = wanted.is_some();
        let nothing = Wanted::default();
        let wanted = wanted.unwrap_or(&nothing);
        let strides = current.strides;
        // What is still under way belongs to nobody that waits for it.
        while observed && !self.in_flight.is_empty() {
            let _ = self.finish_oldest(&mut |_| ControlFlow::Continue(()))?;
        }
        if *wanted != nothing {
            self.place(wanted)?;
        }

        let (host, tensor) = match &current.values {
            Values::Host(array) => (array.as_slice(), None),
            Values::Tensor(tensor) => match &tensor.data {
                TensorData::Gpu(tensor) => (None, Some(&tensor.buffer)),
                TensorData::Host(_) => (None, None),
            },
        };
        // A sequence on the host goes to the device dispatch by dispatch, anything else at once.
        let streamed = if host.is_some() { strides.step } else { 0 };
        let input_values = match host {
            Some(values) if streamed == 0 => values.len(),
            Some(_) => streamed * (MOST_BYTES / (streamed as u64 * 4)).clamp(1, steps) as usize,
            None => 0,
        };
        if (input_values * 4) as u64 > self.current.size() {
            self.current = self.gpu.context.buffer("the input", input_values as u64 * 4, STATE)?;
        }
        let least = self.least_recording(wanted);
        let largest = self.gpu.context.largest_binding();
        if least > largest {
            return Err(too_large("the recording of one step", least, largest));
        }
        let room = self.recording_bytes(first_step, steps, wanted).min(least.max(MOST_BYTES));
        if room > self.recorded.size() {
            self.recorded = self.gpu.context.buffer("the recording", room, STATE)?;
        }
        let pipeline = self.gpu.kernels.pipeline(
            &self.gpu.context,
            Specialisation {
                options: self.options,
                sequence: strides.step != 0,
                voltages: wanted.voltages.is_some(),
            },
        )?;
        let bindings = self.gpu.context.scoped("binding the state", || {
            let buffers = [
                &self.gpu.zero,
                &self.block,
                &self.parameters,
                tensor.unwrap_or(&self.current),
                &self.state.voltages,
                &self.state.refractory,
                &self.state.traces,
                &self.state.counts,
                &self.recorded,
            ];
            kernel::bind_group(&self.gpu.context.device, &self.gpu.kernels.layout, &buffers)
        })?;

        let mut made = 0;
        let mut flow = ControlFlow::Continue(());
        while made < steps && flow.is_continue() {
            while self.in_flight.len() >= IN_FLIGHT {
                flow = self.finish_oldest(take)?;
            }
            if flow.is_break() {
                break;
            }
            let first = first_step + made;
            let count = self.dispatch_steps(first, steps - made, streamed, wanted);
            let start = made as usize * strides.step;
            let values = host.and_then(|values| match streamed {
                0 if made > 0 => None,
                0 => Some(values),
                _ => values.get(start..start + count as usize * streamed),
            });
            let offset = if tensor.is_some() { start } else { 0 };
            let block = self.describe(first, count, offset, strides, wanted);
            let read = (self.word_count(first, count, wanted), self.voltage_count(first, count, wanted));
            self.submit(&pipeline, &bindings, &block, values, read)?;
            made += count;
        }
        while observed && !self.in_flight.is_empty() {
            let _ = self.finish_oldest(take)?;
        }
        Ok(made)
    }

    fn voltages(&mut self) -> Result<Vec<f32>> {
        let buffer = self.state.voltages.clone();
        Ok(bytemuck::cast_vec(self.read("the membrane potentials", &buffer)?))
    }

    fn refractory(&mut self) -> Result<Vec<u32>> {
        let buffer = self.state.refractory.clone();
        self.read("the refractory counters", &buffer)
    }

    fn traces(&mut self) -> Result<Vec<f32>> {
        let buffer = self.state.traces.clone();
        Ok(bytemuck::cast_vec(self.read("the spike traces", &buffer)?))
    }

    fn counts(&mut self) -> Result<Vec<u32>> {
        let buffer = self.state.counts.clone();
        self.read("the spike counts", &buffer)
    }

    fn set_voltages(&mut self, values: &[f32]) -> Result<()> {
        let buffer = self.state.voltages.clone();
        self.write("the membrane potentials", &buffer, bytemuck::cast_slice(values))
    }

    fn set_refractory(&mut self, values: &[u32]) -> Result<()> {
        let buffer = self.state.refractory.clone();
        self.write("the refractory counters", &buffer, bytemuck::cast_slice(values))
    }

    fn clear_counts(&mut self) -> Result<()> {
        // The last word, the number of the last step, stays.
        let cells = self.cells() as u64;
        self.clear(&[(self.state.counts.clone(), cells * 4)])
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.next_step = 0;
        self.clear(&[&self.state.refractory, &self.state.traces, &self.state.counts].map(|buffer| (buffer.clone(), buffer.size())))?;
        self.set_voltages(start)
    }

    fn buffers(&self) -> Option<&StateBuffers> {
        Some(&self.state)
    }
}

impl GpuEngine {
    /// Sets the first bytes of these buffers to 0.
    fn clear(&self, buffers: &[(wgpu::Buffer, u64)]) -> Result<()> {
        let context = &self.gpu.context;
        context.scoped("clearing state", || {
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (buffer, bytes) in buffers {
                encoder.clear_buffer(buffer, 0, Some(*bytes));
            }
            context.queue.submit([encoder.finish()]);
        })
    }
}
