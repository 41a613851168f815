//! The GPU engine itself: it submits blocks of steps as dispatches, keeps two of them in flight, and reads
//! back what was requested.

mod parameters;
mod prepare;
mod readout;

use super::batch_row::RowGroup;
use super::context::Readback;
use super::kernel::{self, Block, Kernel, Specialisation};
use super::kernel_timer::KernelTimer;
use super::network::{BLOCK_STRIDE, DeviceNetwork};
use super::plan::Plan;
use super::projection::{LastWeights, Projections};
use super::score::DeviceScores;
use super::score_check;
use super::uploads::Uploads;
use super::{Gpu, ResidentWords, STATE, StateBuffers, UNIFORM, buffer_of};
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::data::storage::DeviceWords;
use crate::engine::gpu_limits::IN_FLIGHT;
use crate::engine::work_done::WorkDone;
use crate::engine::{Engine, OutsideSpike, Piece, Receiver, Request, SpikeRequest};
use crate::error::Result;
use crate::model::Options;
use crate::prepared::coefficients::Table;
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::network::{Connections, Wired};
use crate::prepared::scoring::Scoring;
use parameters::Parameters;
use prepare::PreparedRun;
use std::any::Any;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::Instant;

/// The engine of a population, or of a slab of it, on a GPU.
#[derive(Debug)]
pub(crate) struct GpuEngine {
    gpu: Arc<Gpu>,
    /// Invocations in a workgroup of the kernel.
    workgroup: u32,
    options: Options,
    shape: Shape,
    state: StateBuffers,
    block: wgpu::Buffer,
    parameters: Parameters,
    current: wgpu::Buffer,
    uploads: Uploads,
    recorded: wgpu::Buffer,
    last_weights: LastWeights,
    /// Bound if no spikes arrive.
    no_arrivals: wgpu::Buffer,
    in_flight: VecDeque<Dispatch>,
    last_done: Instant,
    /// Number of the next step, modulo 2^32; the last word of the counters must equal it after all work.
    next_step: u32,
    /// Set while spikes are scored.
    scores: Option<DeviceScores>,
    cell_blocks: u64,
    /// Set if kernel times are measured and the device has a clock.
    kernel_timer: Option<KernelTimer>,
    network: Option<DeviceNetwork>,
    /// The kernel that this engine [checks](super::kernel_check); it is used for all steps.
    checked_kernel: Option<(Specialisation, Arc<Kernel>)>,
}

/// The input of the cells in a dispatch.
struct DrivenBy<'a> {
    /// Values that are uploaded with this dispatch.
    input: Option<Cow<'a, [f32]>>,
    /// The place of the first value in a buffer that is on the device already.
    offset: usize,
    spikes: Option<&'a Projections<'a>>,
    /// Number of steps of the call before this dispatch.
    made: u64,
}

/// The dispatches of some steps.
struct Parts {
    /// Their uniforms, each [`BLOCK_STRIDE`] after the one before.
    uniforms: Vec<u8>,
    /// For each the list of spikes of a network.
    lists: Vec<u32>,
}

/// A dispatch that was submitted.
#[derive(Debug)]
struct Dispatch {
    kernel: Arc<Kernel>,
    submission: wgpu::SubmissionIndex,
    submitted: Instant,
    steps: u64,
    work: u64,
    /// Number of the step that follows it, modulo 2^32.
    end: u32,
    words: usize,
    readback: Option<Readback>,
}

impl GpuEngine {
    pub(crate) fn new(gpu: &Arc<Gpu>, table: &Table, shape: Shape) -> Result<Self> {
        Self::with_workgroup(gpu, table, shape, gpu.workgroup(shape.cells()))
    }

    /// Builds an engine whose kernel has this many invocations in a workgroup.
    pub(super) fn with_workgroup(
        gpu: &Arc<Gpu>,
        table: &Table,
        shape: Shape,
        workgroup: u32,
    ) -> Result<Self> {
        let cells = shape.cells() as u64;
        let fields = Field::of(table.options).count() as u64;
        let counters = Counter::ALL.len() as u64;
        let state = StateBuffers {
            cells: 0..shape.cells(),
            state: gpu.context.buffer("the state", fields * cells * 4, STATE)?,
            counters: gpu.context.buffer("the counters", (counters * cells + 1) * 4, STATE)?,
            options: table.options,
        };
        gpu.write(&state.state, Field::Voltages.words(), bytemuck::cast_slice(&table.rest(shape)))?;
        Ok(Self {
            workgroup,
            options: table.options,
            shape,
            state,
            block: gpu.context.buffer("the block", size_of::<Block>() as u64, UNIFORM)?,
            parameters: Parameters::new(gpu, table, &[])?,
            current: gpu.context.buffer("the input", 4, STATE)?,
            uploads: Uploads::default(),
            recorded: gpu.context.buffer("no recording", 4, STATE)?,
            last_weights: LastWeights::default(),
            no_arrivals: gpu.context.buffer("no arriving spikes", 4, STATE)?,
            gpu: Arc::clone(gpu),
            in_flight: VecDeque::new(),
            last_done: Instant::now(),
            next_step: 0,
            scores: None,
            cell_blocks: 0,
            kernel_timer: None,
            network: None,
            checked_kernel: None,
        })
    }

    /// Draws the synapses of a network between the cells.
    pub(super) fn connect(&mut self, table: &Table, connections: &Arc<Connections>) -> Result<()> {
        let network = DeviceNetwork::new(&self.gpu, table, self.shape, connections)?;
        self.use_network(table, network)
    }

    fn use_network(&mut self, table: &Table, network: DeviceNetwork) -> Result<()> {
        self.parameters = Parameters::new(&self.gpu, table, &network.units)?;
        self.network = Some(network);
        Ok(())
    }

    /// Takes synapses that have been drawn between the cells of several engines.
    pub(super) fn connect_part(&mut self, table: &Table, wired: Wired) -> Result<()> {
        let network = DeviceNetwork::of(&self.gpu, table, self.shape, wired)?;
        self.use_network(table, network)
    }

    /// Builds an engine that checks a kernel.
    pub(super) fn for_check(
        gpu: &Arc<Gpu>,
        table: &Table,
        shape: Shape,
        (key, kernel): (Specialisation, Arc<Kernel>),
    ) -> Result<Self> {
        let engine = Self::with_workgroup(gpu, table, shape, key.workgroup)?;
        Ok(Self { checked_kernel: Some((key, kernel)), ..engine })
    }

    /// How workgroups advance whole batch rows of a network, if they do.
    fn row_group(&self) -> Option<RowGroup> {
        match &self.checked_kernel {
            Some((key, _)) => key.row_group,
            None => self.network.as_ref().and_then(|network| network.row_group).map(|(row, _)| row),
        }
    }

    /// Measures the times of all kernels from now on, if the device has a clock.
    pub(crate) fn take_times(&mut self) -> Result<()> {
        self.kernel_timer = KernelTimer::new(&self.gpu.context)?;
        Ok(())
    }

    fn cells(&self) -> usize {
        self.shape.cells()
    }

    /// Enlarges the buffers for input and recordings to what the plan needs.
    fn make_room(&mut self, plan: &Plan<'_>, input_values: usize, first_step: u64, steps: u64) -> Result<()> {
        let input_bytes = input_values as u64 * 4;
        if input_bytes > self.current.size() {
            self.current = self.gpu.context.buffer("the input", input_bytes, STATE)?;
        }
        if let Some(network) = self.network.as_ref().filter(|_| plan.row_group.is_none()) {
            let blocks = network.blocks(first_step, network.most_steps().min(steps) + 32).len();
            let bytes = (blocks * BLOCK_STRIDE) as u64;
            if bytes > self.block.size() {
                self.block = self.gpu.context.buffer("the blocks", bytes, UNIFORM)?;
            }
        }
        let recording_bytes = plan.room(first_step, steps);
        if recording_bytes > self.recorded.size() {
            self.recorded = self.gpu.context.buffer("the recording", recording_bytes, STATE)?;
        }
        Ok(())
    }

    fn bind(
        &self,
        kernel: &Kernel,
        tensor: Option<&wgpu::Buffer>,
        kept: Option<&wgpu::Buffer>,
        arrivals: Option<&wgpu::Buffer>,
    ) -> Result<wgpu::BindGroup> {
        let (ring, spikes) = match &self.network {
            Some(network) => (&network.ring, &network.spikes),
            None => (&self.gpu.no_network[0], &self.gpu.no_network[1]),
        };
        let block = wgpu::BufferBinding {
            buffer: &self.block,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<Block>() as u64),
        };
        let whole = [
            self.parameters.buffer(),
            tensor.unwrap_or(&self.current),
            &self.state.state,
            &self.state.counters,
            kept.unwrap_or(&self.recorded),
            arrivals.unwrap_or(&self.no_arrivals),
            ring,
            spikes,
        ];
        let mut resources = vec![self.gpu.zero.as_entire_binding(), wgpu::BindingResource::Buffer(block)];
        resources.extend(whole.iter().map(|buffer| buffer.as_entire_binding()));
        if let (Some(_), Some(network)) = (self.row_group(), &self.network) {
            resources.extend(network.synapses.buffers().map(wgpu::Buffer::as_entire_binding));
        }
        self.gpu.context.scoped("binding the state", || {
            kernel::bind_group_of(&self.gpu.context.device, &kernel.layout, resources)
        })
    }

    fn submit(
        &mut self,
        kernel: &Arc<Kernel>,
        (bindings, scored): (&wgpu::BindGroup, &[wgpu::BindGroup]),
        plan: &Plan<'_>,
        (first_step, steps): (u64, u64),
        driven_by: &DrivenBy<'_>,
    ) -> Result<()> {
        // Of words that stay on the device, only the step number is read back, which proves that they were
        // made.
        let stays = plan.words_stay();
        let bytes = if stays { 0 } else { plan.recording_bytes(first_step, steps) };
        let (width, height) = plan.grid();
        let gpu = Arc::clone(&self.gpu);
        let context = &gpu.context;
        if let Some(kernel_timer) = &mut self.kernel_timer {
            kernel_timer.prepare(context)?;
        }
        let input = driven_by.input.as_deref().unwrap_or_default();
        let mut block = plan.block(first_step, steps, driven_by.offset);
        if let Some(spikes) = driven_by.spikes {
            (block.sums_made_place, block.sums_made) = spikes.sums_to_be_made();
        }
        let parts = self.parts_of(plan, &block, first_step, steps);
        let writes = [(&self.block, &parts.uniforms[..]), (&self.current, bytemuck::cast_slice(input))];
        let upload = self.uploads.write(context, "uploading a block of steps", &writes)?;
        let (submission, readback) = context.scoped("submitting a block of steps", || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            self.uploads.record(&mut encoder, upload);
            let words = 4 * plan.word_count(first_step, steps) as u64;
            if self.network.is_some() && plan.row_group.is_none() && !plan.keeps_words() && words > 0 {
                // The blocks of a word add their bits to it.
                encoder.clear_buffer(&self.recorded, 0, Some(words));
            }
            {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: None,
                    timestamp_writes: self.kernel_timer.as_ref().map(KernelTimer::next),
                });
                if let Some(spikes) = driven_by.spikes {
                    spikes.record(&self.gpu, &mut pass, &plan.cell_grid(), driven_by.made, steps);
                }
                for (part, list) in (0..).zip(&parts.lists) {
                    pass.set_pipeline(&kernel.pipeline);
                    pass.set_bind_group(0, bindings, &[part * BLOCK_STRIDE as u32]);
                    context.dispatch(&mut pass, "a block of steps", [width, height, 1]);
                    if let Some(network) = self.network.as_ref().filter(|_| plan.row_group.is_none()) {
                        network.deliver(context, &mut pass, *list);
                    }
                }
                if let Some(scores) = &self.scores {
                    scores.record(&self.gpu, &mut pass, scored, (first_step, steps));
                }
            }
            let readback = (bytes > 0 || stays)
                .then(|| context.read_back(&mut encoder, &[(&self.recorded, 0, bytes), self.step_number()]));
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        if let Some(kernel_timer) = &mut self.kernel_timer {
            kernel_timer.submitted();
        }
        self.cell_blocks += self.cells() as u64;
        self.next_step = block.first_step.wrapping_add(block.steps);
        self.in_flight.push_back(Dispatch {
            kernel: Arc::clone(kernel),
            submission,
            submitted: Instant::now(),
            steps,
            work: plan.work(steps),
            end: self.next_step,
            words: if stays { 0 } else { plan.word_count(first_step, steps) },
            readback,
        });
        Ok(())
    }

    /// Returns the uniforms of the dispatches of some steps: one, or one for each block of a network whose batch rows are
    /// not advanced as a whole.
    fn parts_of(&mut self, plan: &Plan<'_>, whole: &Block, first_step: u64, steps: u64) -> Parts {
        let Some(network) = &mut self.network else {
            return Parts { uniforms: bytemuck::bytes_of(whole).to_vec(), lists: vec![0] };
        };
        let units = plan.places - network.units.len();
        let mut parts = Parts { uniforms: Vec::new(), lists: Vec::new() };
        let blocks =
            if plan.row_group.is_some() { vec![(0, steps)] } else { network.blocks(first_step, steps) };
        for (made, count) in blocks {
            let mut block = plan.part(whole, (first_step, made), count);
            network.complete(&mut block, first_step + made, units);
            parts.uniforms.resize(parts.uniforms.len().next_multiple_of(BLOCK_STRIDE), 0);
            parts.uniforms.extend_from_slice(bytemuck::bytes_of(&block));
            parts.lists.push(block.list);
        }
        parts
    }

    /// Waits for the oldest dispatch and passes its recording to the receiver.
    fn finish_oldest(&mut self, receiver: &mut dyn Receiver) -> Result<ControlFlow<()>> {
        let Some(dispatch) = self.in_flight.pop_front() else {
            return Ok(ControlFlow::Continue(()));
        };
        let context = &self.gpu.context;
        let stage = "waiting for a block of steps";
        context.wait(&dispatch.submission, stage)?;
        let done = Instant::now();
        let began = dispatch.submitted.max(self.last_done);
        self.last_done = done;
        dispatch.kernel.allowance.learn(dispatch.steps, dispatch.work, done - began);

        let mut hand_on =
            |words: &[u32], voltages: &[f32]| receiver.take(Piece { steps: dispatch.steps, words, voltages });
        let Some(readback) = dispatch.readback else {
            return Ok(hand_on(&[], &[]));
        };
        let stage = "reading a recording";
        context.take_readback(readback, stage, |bytes| {
            let (recorded, step_number) = bytes.split_at(bytes.len() - 4);
            self.check_step_number(bytemuck::pod_read_unaligned(step_number), dispatch.end, stage)?;
            let (words, voltages) = recorded.split_at(dispatch.words * 4);
            Ok(hand_on(bytemuck::cast_slice(words), bytemuck::cast_slice(voltages)))
        })?
    }

    /// Waits for all dispatches, and drops their recordings.
    fn finish_all(&mut self) -> Result<()> {
        while !self.in_flight.is_empty() {
            let _ = self.finish_oldest(&mut |_: Piece<'_>| ControlFlow::Continue(()))?;
        }
        Ok(())
    }
}

impl GpuEngine {
    /// Advances all cells, and adds their spikes to the words of a buffer, whose first row is the block of
    /// the first step.
    pub(super) fn advance_into(
        &mut self,
        steps: (u64, u64),
        current: &Current<'_>,
        kept: &ResidentWords,
    ) -> Result<()> {
        let request = Request { spikes: SpikeRequest::All, voltages: None };
        let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
        self.advance_keeping(steps, current, Some(&request), Some(&kept.buffer), &mut go_on).map(|_| ())
    }

    /// Advances all cells. If there is a buffer `kept`, the words of spikes go there and stay on the device.
    fn advance_keeping(
        &mut self,
        (first_step, steps): (u64, u64),
        current: &Current<'_>,
        request: Option<&Request>,
        kept: Option<&wgpu::Buffer>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let observed = request.is_some();
        let nothing = Request::default();
        let request = request.unwrap_or(&nothing);
        if observed {
            // Dispatches that are still in flight are of earlier calls without a receiver.
            self.finish_all()?;
        }
        let gpu = Arc::clone(&self.gpu);
        let PreparedRun { plan, kernel, streamed, read } =
            self.prepare_run((first_step, steps, receiver.most_steps()), current, request, kept.is_some())?;
        let (host, tensor) = (current.values.host(), buffer_of(&current.values));
        let step_stride = current.strides.step;
        let arrivals = (plan.planes, plan.arrivals(steps));
        let mut spikes =
            Projections::new(&gpu, &current.spikes, &plan.cell_grid(), arrivals, &mut self.last_weights)?;
        let bindings = self.bind(&kernel, tensor, kept, spikes.as_ref().map(|spikes| &spikes.arrivals))?;
        // Without bindings, no scores are updated.
        let scored = match &self.scores {
            Some(scores) if request.spikes == SpikeRequest::Scored => scores.bind(&gpu, &self.recorded)?,
            _ => Vec::new(),
        };

        let mut made = 0;
        let mut flow = ControlFlow::Continue(());
        while made < steps {
            while self.in_flight.len() >= IN_FLIGHT {
                flow = self.finish_oldest(receiver)?;
            }
            if flow.is_break() {
                break;
            }
            let first = first_step + made;
            let count = plan.steps(first, steps - made, kernel.allowance.work());
            let start = current.offset + made as usize * step_stride;
            let input = host.filter(|_| streamed > 0 || made == 0).map(|values| {
                let steps = if streamed > 0 { count as usize } else { 1 };
                contiguous_values(&values[start..], steps, step_stride, read)
            });
            let offset = if tensor.is_some() { start } else { 0 };
            if let Some(spikes) = &mut spikes {
                spikes.upload(&gpu, plan.shape, made, count)?;
            }
            let driven_by = DrivenBy { input, offset, spikes: spikes.as_ref(), made };
            self.submit(&kernel, (&bindings, &scored), &plan, (first, count), &driven_by)?;
            made += count;
        }
        while observed && !self.in_flight.is_empty() {
            // Steps that were made are passed on, even if the receiver wants to stop.
            let _ = self.finish_oldest(receiver)?;
        }
        Ok(made)
    }
}

impl Engine for GpuEngine {
    fn prepare(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
    ) -> Result<()> {
        let nothing = Request::default();
        self.prepare_run((first_step, steps, u64::MAX), current, request.unwrap_or(&nothing), false)
            .map(|_| ())
    }

    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        self.advance_keeping((first_step, steps), current, request, None, receiver)
    }

    fn advance_resident(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
    ) -> Result<Option<Arc<dyn DeviceWords>>> {
        let words = blocks(first_step, steps) as u64 * self.cells() as u64;
        if words * 4 > self.gpu.context.largest_binding() {
            return Ok(None);
        }
        let kept = ResidentWords::room(&self.gpu, words)?;
        self.advance_into((first_step, steps), current, &kept)?;
        Ok(Some(Arc::new(kept)))
    }

    fn start_scoring(&mut self, scoring: Scoring) -> Result<()> {
        score_check::check(&self.gpu, &scoring)?;
        self.scores = Some(DeviceScores::new(&self.gpu, scoring)?);
        Ok(())
    }

    fn finish_scoring(&mut self) -> Result<Option<Scoring>> {
        let Some(scores) = self.scores.take() else { return Ok(None) };
        let read = scores.buffers().map(|(buffer, bytes)| self.read_bytes("the scores", buffer, 0..bytes));
        let read = read.collect::<Result<Vec<_>>>()?;
        scores.finish(&self.gpu.context, &read).map(Some)
    }

    fn abandon_scoring(&mut self) {
        self.scores = None;
    }

    fn read(&mut self, field: Field) -> Result<Vec<f32>> {
        let (buffer, bytes) = self.place(field);
        Ok(bytemuck::cast_vec(self.read_bytes(field.words(), &buffer, bytes)?))
    }

    fn write(&mut self, field: Field, values: &[f32]) -> Result<()> {
        let (buffer, bytes) = self.place(field);
        self.gpu.write_at(&buffer, bytes.start, field.words(), bytemuck::cast_slice(values))
    }

    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>> {
        let (buffer, bytes) = self.place_of_counter(counter);
        self.read_bytes(counter.name(), &buffer, bytes)
    }

    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()> {
        let (buffer, bytes) = self.place_of_counter(counter);
        self.gpu.write_at(&buffer, bytes.start, counter.name(), bytemuck::cast_slice(values))
    }

    fn set_next_step(&mut self, next_step: u64) -> Result<()> {
        self.finish_all()?;
        self.next_step = next_step as u32;
        let (counters, at, _) = self.step_number();
        self.gpu.write_at(counters, at, "the number of the step", &self.next_step.to_ne_bytes())
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.clear(&[self.place_of_counter(Counter::Spikes)])
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.next_step = 0;
        let ring = self.network.iter().map(|network| &network.ring);
        let all = [&self.state.state, &self.state.counters].into_iter().chain(ring);
        let all: Vec<_> = all.map(|buffer| (buffer.clone(), 0..buffer.size())).collect();
        self.clear(&all)?;
        self.write(Field::Voltages, start)
    }

    fn deliver(&mut self, spikes: &[OutsideSpike]) -> Result<()> {
        match &self.network {
            Some(network) => network.deliver_outside(&self.gpu, spikes),
            None => Ok(()),
        }
    }

    fn synapses(&self) -> u64 {
        self.network.as_ref().map_or(0, |network| network.count)
    }

    fn read_arriving(&mut self, next_step: u64) -> Result<Vec<i32>> {
        let Some(network) = &self.network else { return Ok(Vec::new()) };
        let (ring, bytes) = (network.ring.clone(), network.ring_bytes);
        let sums = bytemuck::cast_vec(self.read_bytes("what will arrive", &ring, 0..bytes)?);
        Ok(self.network.as_ref().map_or_else(Vec::new, |network| network.sorted_from(next_step, sums)))
    }

    fn write_arriving(&mut self, next_step: u64, sums: &[i32]) -> Result<()> {
        let Some(network) = &self.network else { return Ok(()) };
        let sums = network.sorted_from_place_0(next_step, sums);
        self.gpu.write(&network.ring, "what will arrive", bytemuck::cast_slice(&sums))
    }

    fn work(&mut self) -> Result<WorkDone> {
        self.finish_all()?;
        let context = &self.gpu.context;
        let kernel_time =
            self.kernel_timer.as_mut().map(|kernel_timer| kernel_timer.total(context)).transpose()?;
        Ok(WorkDone { cell_blocks: self.cell_blocks, kernel_time })
    }

    fn buffers(&self) -> Vec<(Range<usize>, Box<dyn Any>)> {
        vec![(self.state.cells.clone(), Box::new(self.state.clone()))]
    }
}

/// Returns the first `read` values of each step without gaps; they are copied only if a step has more.
fn contiguous_values(values: &[f32], steps: usize, step_stride: usize, read: usize) -> Cow<'_, [f32]> {
    if steps == 1 || step_stride == read {
        return Cow::Borrowed(&values[..steps * read]);
    }
    let of_step = |step: usize| &values[step * step_stride..][..read];
    Cow::Owned((0..steps).flat_map(of_step).copied().collect())
}
