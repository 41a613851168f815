//! Devices: what there is, which one to take, and what it is called.

mod adapters;
mod choice;

pub use adapters::{AdapterDescription, adapters, check_adapters};
pub use choice::DeviceChoice;

use crate::coefficients::Table;
use crate::engine::Engine;
use crate::engine::cpu::CpuEngine;
use crate::engine::gpu::context::GpuContext;
use crate::engine::gpu::{Gpu, GpuEngine, GpuTensor, MOST_STEPS, self_check};
use crate::error::{Error, Result};
use crate::input::{Tensor, TensorData};
use crate::memory;
use crate::model::TraceRule;
use std::fmt;
use std::sync::Arc;

/// Where populations live: the CPU, or an adapter that passed its self-check. Clones are the same
/// device.
///
/// ```
/// use lif::Device;
///
/// let device = Device::auto();                  // a real GPU if there is one, else the CPU
/// let cpu = Device::cpu();
/// let named = Device::select(&"nvidia".parse()?);   // part of an adapter's name
/// println!("{device}");
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Device(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Cpu,
    Gpu(Arc<Gpu>),
}

/// Which of the two engines a device uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// Threads and vector instructions.
    Cpu,
    /// Compute shaders, also where an adapter runs them on the CPU.
    Gpu,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        })
    }
}

impl Device {
    /// The CPU engine.
    #[must_use]
    pub fn cpu() -> Self {
        Self(Kind::Cpu)
    }

    /// A real GPU if there is one that passes its self-check, otherwise the CPU engine: software
    /// adapters are slower than that. The log says which was taken and why.
    #[must_use]
    pub fn auto() -> Self {
        choice::auto()
    }

    /// The device that fits a choice.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`], which lists what was seen; [`Error::SelfCheck`] where the adapter
    /// computes something else than the model; faults of the device.
    pub fn select(choice: &DeviceChoice) -> Result<Self> {
        choice::select(choice)
    }

    /// A device of a program that has its own wgpu code, after a self-check. The device's handlers
    /// for errors and for its loss stay the program's own.
    ///
    /// ```no_run
    /// # async fn example(adapter: wgpu::Adapter) -> Result<(), Box<dyn std::error::Error>> {
    /// let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
    /// let device = lif::Device::from_wgpu(device, queue)?;
    /// let mut population = lif::Population::new(lif::Params::default(), 1000, 1, &device)?;
    /// population.run(100, 1.0, &lif::Recording::none())?;
    /// if let Some(buffers) = population.buffers()? {
    ///     println!("{} bytes of membrane potentials", buffers.voltages.size());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SelfCheck`] and faults of the device.
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        Self::checked(GpuContext::new(device.adapter_info(), device, queue))
    }

    /// Takes an opened adapter if it passes the self-check.
    pub(crate) fn checked(context: GpuContext) -> Result<Self> {
        let gpu = Arc::new(Gpu::new(context, MOST_STEPS)?);
        self_check::check(&gpu)?;
        Ok(Self(Kind::Gpu(gpu)))
    }

    /// Which engine it uses.
    #[must_use]
    pub fn engine_kind(&self) -> EngineKind {
        match self.0 {
            Kind::Cpu => EngineKind::Cpu,
            Kind::Gpu(_) => EngineKind::Gpu,
        }
    }

    /// Whether it is an adapter that runs shaders on the CPU.
    #[must_use]
    pub fn is_software_adapter(&self) -> bool {
        match &self.0 {
            Kind::Cpu => false,
            Kind::Gpu(gpu) => gpu.context.is_software(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Cpu => format!("CPU, {} threads", rayon::current_num_threads()),
            Kind::Gpu(gpu) => adapters::title(&gpu.context.info),
        }
    }

    fn is_lost(&self) -> bool {
        match &self.0 {
            Kind::Cpu => false,
            Kind::Gpu(gpu) => gpu.context.is_lost(),
        }
    }

    /// Builds an engine whose membrane potentials are at `start`.
    pub(crate) fn engine(
        &self,
        table: &Arc<Table>,
        shape: (usize, usize),
        start: impl FnOnce() -> Vec<f32>,
    ) -> Result<Box<dyn Engine>> {
        let cells = (shape.0 * shape.1) as u64;
        let state_words = if table.options.trace == TraceRule::Off { 3 } else { 4 };
        let host_words = match &self.0 {
            Kind::Cpu => state_words,
            // The starting potentials, and where the adapter computes in the host's memory the state.
            Kind::Gpu(gpu) if gpu.context.is_software() => 1 + state_words,
            Kind::Gpu(_) => 1,
        };
        memory::require("the population", cells * 4 * host_words, "take fewer neurons or a smaller batch")?;
        match &self.0 {
            Kind::Cpu => Ok(Box::new(CpuEngine::new(Arc::clone(table), shape, start()))),
            Kind::Gpu(gpu) => Ok(Box::new(GpuEngine::new(gpu, table, shape, start)?)),
        }
    }

    pub(crate) fn upload(&self, values: &[f32]) -> Result<TensorData> {
        match &self.0 {
            Kind::Cpu => Ok(TensorData::Host(values.into())),
            Kind::Gpu(gpu) => {
                let buffer = gpu.upload("the tensor", bytemuck::cast_slice(values))?;
                let gpu = Arc::clone(gpu);
                Ok(TensorData::Gpu(Arc::new(GpuTensor { gpu, buffer })))
            }
        }
    }

    /// Refuses a tensor of another device.
    pub(crate) fn owns(&self, tensor: &Tensor) -> Result<()> {
        let theirs = match (&tensor.data, &self.0) {
            (TensorData::Host(_), Kind::Cpu) => return Ok(()),
            (TensorData::Gpu(theirs), Kind::Gpu(gpu)) if Arc::ptr_eq(&theirs.gpu, gpu) => return Ok(()),
            (TensorData::Host(_), _) => Self::cpu().name(),
            (TensorData::Gpu(theirs), _) => adapters::title(&theirs.gpu.context.info),
        };
        Err(Error::ForeignTensor { tensor: theirs, population: self.name() })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}
