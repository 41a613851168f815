//! The GPU engine: state in buffers of the device, one dispatch for many steps. [`Gpu`] is an opened device
//! with its kernels, [`GpuEngine`] the engine of one population or slab on it.

mod allowance;
mod batch_row;
mod compiled_kernel;
pub(crate) mod context;
mod engine;
pub(crate) mod kernel;
mod kernel_check;
mod kernel_timer;
pub(crate) mod network;
mod noise;
mod plan;
pub(crate) mod projection;
mod resident_words;
mod score;
mod score_check;
pub(crate) mod self_check;
mod state_buffers;
mod synapses;
mod tensor;
mod uploads;
mod workgroup_size;

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

pub(crate) use engine::GpuEngine;
pub(crate) use resident_words::ResidentWords;
pub use state_buffers::StateBuffers;
pub(crate) use tensor::{GpuTensor, buffer_of};

use crate::data::shape::Shape;
use crate::data::storage::{DeviceArray, DeviceWords, array_as, words_as};
use crate::engine::Engine;
use crate::error::Result;
use crate::prepared::coefficients::Table;
use crate::prepared::network::Part;
use batch_row::BATCH_ROW_SHADER;
use context::GpuContext;
use kernel::{BLOCK_SHADER, Kernel, Kernels, Specialisation};
use network::DeliveryKernel;
use projection::ProjectionKernels;
use score::{SCORE_SHADER, ScoreKernels};
use score_check::ScoreChecks;
use std::sync::{Arc, OnceLock};

/// The most steps of one dispatch. On llvmpipe the loops of an invocation may make 65,535 rounds in all; it
/// silently drops what exceeds them. A dispatch makes five rounds for each word of 32 steps, and one for each
/// step of words that it makes in part.
pub(crate) const MOST_STEPS_OF_A_DISPATCH: u64 = 1 << 16;

const STATE: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);

const UNIFORM: wgpu::BufferUsages = wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::COPY_DST);

/// A device that passed its self-check, with its kernels.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(crate) context: GpuContext,
    kernels: Kernels,
    projections: ProjectionKernels,
    delivery: DeliveryKernel,
    score_kernels: ScoreKernels,
    score_checks: ScoreChecks,
    zero: wgpu::Buffer,
    /// Bound in the place of what will arrive and of lists of spikes where there is no network.
    no_network: [wgpu::Buffer; 2],
    /// Invocations in a workgroup of the kernel for large populations, after they were measured.
    workgroup: OnceLock<u32>,
    /// [`MOST_STEPS_OF_A_DISPATCH`], unless a test needs a driver to fail.
    most_steps: u64,
}

impl Gpu {
    pub(crate) fn new(context: GpuContext, most_steps: u64) -> Result<Self> {
        Self::with_shaders(context, most_steps, [BLOCK_SHADER, BATCH_ROW_SHADER])
    }

    #[cfg(test)]
    pub(crate) fn with_shader(context: GpuContext, most_steps: u64, shader: &str) -> Result<Self> {
        Self::with_shaders(context, most_steps, [shader, BATCH_ROW_SHADER])
    }

    /// With these shaders of blocks of steps and of batch rows.
    fn with_shaders(context: GpuContext, most_steps: u64, [shader, batch_rows]: [&str; 2]) -> Result<Self> {
        let kernels = Kernels::new(&context, shader, batch_rows)?;
        let zero = context.buffer("the constant zero", 16, UNIFORM)?;
        let no_network =
            [context.buffer("no network", 4, STATE)?, context.buffer("no lists of spikes", 4, STATE)?];
        Ok(Self {
            context,
            kernels,
            projections: ProjectionKernels::default(),
            delivery: DeliveryKernel::default(),
            score_kernels: ScoreKernels::new(SCORE_SHADER),
            score_checks: ScoreChecks::default(),
            zero,
            no_network,
            workgroup: OnceLock::new(),
            most_steps,
        })
    }

    /// Invocations in a workgroup of the kernel for this many cells. It is measured once for populations that
    /// keep a device busy; drivers that compute on the CPU run one invocation after the other in any case.
    fn workgroup(self: &Arc<Self>, cells: usize) -> u32 {
        if self.context.is_software() || cells < workgroup_size::MANY_CELLS {
            return kernel::WORKGROUP;
        }
        *self.workgroup.get_or_init(|| {
            workgroup_size::measure(self, workgroup_size::MANY_CELLS).unwrap_or_else(|error| {
                log::warn!("{}: no size of workgroups was measured: {error}", self.context.info.name);
                kernel::WORKGROUP
            })
        })
    }

    /// Returns the kernel of this specialisation, after it has been checked against the model.
    fn kernel(self: &Arc<Self>, key: Specialisation) -> Result<Arc<Kernel>> {
        let kernel = self.kernels.get(&self.context, key)?;
        kernel_check::check_once(self, key, &kernel)?;
        Ok(kernel)
    }

    /// The least steps of a dispatch, however long they take. Drivers that compute on the CPU never kill a
    /// long dispatch, and there whole words of spikes save time.
    fn least_steps(&self) -> u64 {
        if self.context.is_software() { 32 } else { 1 }
    }

    /// The most bytes of one of the buffers of a slab.
    pub(crate) fn largest_slab(&self) -> u64 {
        let largest = self.context.largest_binding();
        // So that 32 steps of a slab stay far from the time after which a device counts as hung.
        if self.context.is_software() { largest.min(128 << 20) } else { largest }
    }

    /// The most bytes that a kernel binds at once.
    pub(crate) fn largest_binding(&self) -> u64 {
        self.context.largest_binding()
    }

    /// Whether the adapter computes on the CPU.
    pub(crate) fn is_software(&self) -> bool {
        self.context.is_software()
    }

    /// Whether the device is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.context.is_lost()
    }

    /// The name of a device made of it.
    pub(crate) fn title(&self) -> String {
        context::title(&self.context.info)
    }

    /// Builds the engine of a slab, with or without measuring kernel times.
    pub(crate) fn engine(
        self: &Arc<Self>,
        table: &Table,
        shape: Shape,
        network: Option<Part<'_>>,
        kernel_times: bool,
    ) -> Result<Box<dyn Engine>> {
        let mut engine = GpuEngine::new(self, table, shape)?;
        match network {
            None => {}
            Some(Part::Whole(connections)) => engine.connect(table, connections)?,
            Some(Part::Slab(wired)) => engine.connect_part(table, wired)?,
        }
        if kernel_times {
            engine.take_times()?;
        }
        Ok(Box::new(engine))
    }

    /// Uploads an array, or keeps it on the host if it is more than the device binds at once.
    pub(crate) fn array(self: &Arc<Self>, values: &[f32]) -> Result<Arc<dyn DeviceArray>> {
        let largest = self.largest_slab().min(self.context.largest_binding());
        Ok(Arc::new(GpuTensor::new(self, values, largest)?))
    }

    /// Uploads words of spikes; `None` if they are more than the device binds at once.
    pub(crate) fn words(self: &Arc<Self>, words: &[u32]) -> Result<Option<Arc<dyn DeviceWords>>> {
        if size_of_val(words) as u64 > self.context.largest_binding() {
            return Ok(None);
        }
        Ok(Some(Arc::new(ResidentWords::upload(self, words)?)))
    }

    /// Whether an array is on this device.
    pub(crate) fn has_array(self: &Arc<Self>, array: &Arc<dyn DeviceArray>) -> bool {
        array_as::<GpuTensor>(array).is_some_and(|array| Arc::ptr_eq(&array.gpu, self))
    }

    /// Whether words are on this device.
    pub(crate) fn has_words(self: &Arc<Self>, words: &Arc<dyn DeviceWords>) -> bool {
        words_as::<ResidentWords>(words).is_some_and(|words| Arc::ptr_eq(words.gpu(), self))
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

    /// Writes to a buffer from this byte on.
    fn write_at(&self, buffer: &wgpu::Buffer, offset: u64, what: &str, values: &[u8]) -> Result<()> {
        self.context.scoped(&format!("uploading {what}"), || {
            self.context.queue.write_buffer(buffer, offset, values);
            // wgpu keeps written data in staging memory until something is submitted.
            self.context.queue.submit([]);
        })
    }
}

/// The name of the device that stores an array.
pub(crate) fn home(array: &Arc<dyn DeviceArray>) -> Option<String> {
    array_as::<GpuTensor>(array).map(|array| array.gpu.title())
}
