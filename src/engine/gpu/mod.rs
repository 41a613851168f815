//! The GPU engine: state in buffers of the device, one dispatch for many steps.

mod allowance;
pub(crate) mod context;
mod engine;
pub(crate) mod kernel;
mod kernel_check;
mod noise;
mod plan;
pub(crate) mod projection;
mod resident;
mod score;
mod score_check;
pub(crate) mod self_check;
mod stopwatch;
mod uploads;
mod workgroup;

#[cfg(test)]
mod buffer_tests;
#[cfg(test)]
mod dropped_work_tests;
#[cfg(test)]
pub(crate) mod fault_tests;
#[cfg(test)]
mod injected_fault_tests;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod kernel_check_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod score_tests;
#[cfg(test)]
mod shader_tests;
#[cfg(test)]
mod translation_tests;

pub(crate) use engine::{GpuEngine, IN_FLIGHT};
pub(crate) use noise::words_of_sources;
pub(crate) use plan::{MOST_MOVED_BYTES, MOST_RECORDED_BYTES, MOST_SCORED_BYTES};
pub(crate) use projection::MOST_KEPT_WEIGHT_BYTES;
pub(crate) use resident::ResidentWords;

use crate::data::memory;
use crate::data::storage::{DeviceArray, array_as};
use crate::error::Result;
use crate::model::Options;
use crate::prepared::current::Values;
use crate::prepared::field::{Counter, Field};
use context::GpuContext;
use kernel::{BLOCK_SHADER, Kernel, Kernels, Specialisation};
use projection::ProjectionKernel;
use score::{SCORE_SHADER, ScoreKernels};
use score_check::ScoreChecks;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The most steps of one dispatch. An invocation may loop 65,535 times in all on llvmpipe, which
/// drops what exceeds it without a word; a dispatch loops five times per word of 32 steps, and once
/// per step of words that it makes in part.
pub(crate) const MOST_STEPS_OF_A_DISPATCH: u64 = 1 << 16;

const STATE: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);

const UNIFORM: wgpu::BufferUsages = wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);

/// A device that passed its self-check, with its kernels.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(crate) context: GpuContext,
    kernels: Kernels,
    projection: ProjectionKernel,
    score_kernels: ScoreKernels,
    score_checks: ScoreChecks,
    zero: wgpu::Buffer,
    /// Invocations in a workgroup of the kernel for large populations, once it was measured.
    workgroup: OnceLock<u32>,
    /// [`MOST_STEPS_OF_A_DISPATCH`], unless a test wants to see a driver fail.
    most_steps: u64,
}

impl Gpu {
    pub(crate) fn new(context: GpuContext, most_steps: u64) -> Result<Self> {
        Self::with_shader(context, most_steps, BLOCK_SHADER)
    }

    pub(crate) fn with_shader(context: GpuContext, most_steps: u64, shader: &str) -> Result<Self> {
        let kernels = Kernels::new(&context, shader)?;
        let zero = context.buffer("the constant zero", 16, UNIFORM)?;
        Ok(Self {
            context,
            kernels,
            projection: ProjectionKernel::default(),
            score_kernels: ScoreKernels::new(SCORE_SHADER),
            score_checks: ScoreChecks::default(),
            zero,
            workgroup: OnceLock::new(),
            most_steps,
        })
    }

    /// Invocations in a workgroup of the kernel for so many cells. Where many keep a device busy it is
    /// measured once; drivers that compute on the CPU go through one invocation after the other in any case.
    fn workgroup(self: &Arc<Self>, cells: usize) -> u32 {
        if self.context.is_software() || cells < workgroup::MANY_CELLS {
            return kernel::WORKGROUP;
        }
        *self.workgroup.get_or_init(|| {
            workgroup::measure(self, workgroup::MANY_CELLS).unwrap_or_else(|error| {
                log::warn!("{}: no size of workgroups was measured: {error}", self.context.info.name);
                kernel::WORKGROUP
            })
        })
    }

    /// The kernel of this specialisation, which has shown that it computes the model.
    fn kernel(self: &Arc<Self>, key: Specialisation) -> Result<Arc<Kernel>> {
        let kernel = self.kernels.get(&self.context, key)?;
        kernel_check::once(self, key, &kernel)?;
        Ok(kernel)
    }

    /// Steps of a dispatch however long they take. Drivers that compute on the CPU never kill what
    /// takes long, and whole words of spikes are worth having.
    fn least_steps(&self) -> u64 {
        if self.context.is_software() { 32 } else { 1 }
    }

    /// The most bytes of one of the buffers of a slab.
    pub(crate) fn largest_slab(&self) -> u64 {
        let largest = self.context.largest_binding();
        // So that 32 steps of a slab stay far from the time after which a device counts as hung.
        if self.context.is_software() { largest.min(128 << 20) } else { largest }
    }

    /// Uploads values that kernels read.
    pub(crate) fn upload(&self, what: &str, values: &[u8]) -> Result<wgpu::Buffer> {
        let buffer = self.context.buffer(what, values.len() as u64, STATE)?;
        self.write(&buffer, what, values)?;
        Ok(buffer)
    }

    fn write(&self, buffer: &wgpu::Buffer, what: &str, values: &[u8]) -> Result<()> {
        self.write_at(buffer, 0, what, values)
    }

    /// Writes from this byte of a buffer on.
    fn write_at(&self, buffer: &wgpu::Buffer, offset: u64, what: &str, values: &[u8]) -> Result<()> {
        self.context.scoped(&format!("uploading {what}"), || {
            self.context.queue.write_buffer(buffer, offset, values);
            // Written data waits in memory of its own until something is submitted.
            self.context.queue.submit([]);
        })
    }
}

/// Values on a device.
#[derive(Debug)]
pub(crate) struct GpuTensor {
    pub(crate) gpu: Arc<Gpu>,
    values: TensorValues,
}

#[derive(Debug)]
enum TensorValues {
    Resident(wgpu::Buffer),
    /// More than the device binds at once: kept by the host and sent part by part.
    Delivery(Vec<f32>),
}

impl GpuTensor {
    pub(crate) fn new(gpu: &Arc<Gpu>, values: &[f32], largest_binding: u64) -> Result<Self> {
        let bytes = size_of_val(values) as u64;
        let values = if bytes <= largest_binding {
            TensorValues::Resident(gpu.upload("the tensor", bytemuck::cast_slice(values))?)
        } else {
            memory::require("the tensor", bytes, "take fewer values")?;
            TensorValues::Delivery(values.to_vec())
        };
        Ok(Self { gpu: Arc::clone(gpu), values })
    }
}

impl DeviceArray for GpuTensor {
    fn kept(&self) -> Option<&[f32]> {
        match &self.values {
            TensorValues::Resident(_) => None,
            TensorValues::Delivery(values) => Some(values),
        }
    }
}

/// The buffer of a current, where it lies on a GPU.
pub(crate) fn buffer_of<'a>(values: &'a Values<'_>) -> Option<&'a wgpu::Buffer> {
    array_as::<GpuTensor>(values.on_device()?)?.buffer()
}

impl GpuTensor {
    /// The buffer, where the device has them.
    pub(crate) fn buffer(&self) -> Option<&wgpu::Buffer> {
        match &self.values {
            TensorValues::Resident(buffer) => Some(buffer),
            TensorValues::Delivery(_) => None,
        }
    }
}

/// Buffers in which a population keeps the state of some of its cells, in the order of their numbers
/// `row * n + neuron`: of all cells, unless the population is too large for one buffer or lives on
/// several devices. Each buffer has several numbers of each cell: one of all cells, behind them another of all cells.
///
/// The buffers have the usages `STORAGE | COPY_SRC | COPY_DST`, and at least 16 bytes, so that
/// their length does not always tell the number of cells. Whoever writes to them is responsible for
/// what the population then does.
#[derive(Debug, Clone)]
pub struct StateBuffers {
    /// The numbers of the cells. The first is the first of each part of a buffer.
    pub cells: Range<usize>,
    /// `array<f32>`: first the membrane potentials, mV, as differences from
    /// [`v_reference`](crate::Params::v_reference); then the spike [traces](Self::traces_at) and the
    /// [synaptic currents](Self::synaptic_currents_at), where there are any.
    pub state: wgpu::Buffer,
    /// `array<u32>`: first the refractory counters, of which bits 0 to 30 are the steps that a cell is still refractory,
    /// and bit 31 says whether it spiked at the last step; then the spike [counts](Self::counts_at); and at the end the
    /// number of the last step, modulo 2^32.
    pub counters: wgpu::Buffer,
    options: Options,
}

impl StateBuffers {
    /// The same as those of cells with other numbers, as many.
    pub(crate) fn of(self, cells: Range<usize>) -> Self {
        Self { cells, ..self }
    }

    /// The index in `state` of the first spike trace, where the population has traces.
    #[must_use]
    pub fn traces_at(&self) -> Option<usize> {
        self.place(Field::Traces)
    }

    /// The index in `state` of the first synaptic current, nA, where the population has them.
    #[must_use]
    pub fn synaptic_currents_at(&self) -> Option<usize> {
        self.place(Field::SynapticCurrents)
    }

    /// The index in `counters` of the first count of spikes, since the counts were cleared.
    #[must_use]
    pub fn counts_at(&self) -> usize {
        self.place_of_counter(Counter::Spikes)
    }

    fn place(&self, field: Field) -> Option<usize> {
        Field::of(self.options).position(|other| other == field).map(|before| before * self.cells.len())
    }

    fn place_of_counter(&self, counter: Counter) -> usize {
        Counter::ALL.iter().take_while(|other| **other != counter).count() * self.cells.len()
    }

    /// The index in `counters` of the number of the last step.
    fn step_at(&self) -> usize {
        Counter::ALL.len() * self.cells.len()
    }
}
