//! Devices: the CPU, adapters, and several of these together. A [`Device`] is chosen here, checked, and given
//! to populations.

#[cfg(feature = "gpu")]
mod adapters;
mod arrays;
mod choice;
mod input_memory;
#[cfg(feature = "gpu")]
mod opening;
#[cfg(not(feature = "gpu"))]
#[path = "no_adapters.rs"]
mod opening;
pub(crate) mod placement;
pub(crate) mod quiet_start;
mod recording_memory;
pub(crate) mod roofline;

#[cfg(feature = "gpu")]
pub use adapters::{AdapterDescription, adapter_restrictions, adapters, check_adapters};
pub use choice::DeviceChoice;

use crate::engine::gpu::Gpu;
#[cfg(feature = "gpu")]
use crate::engine::gpu::{MOST_STEPS_OF_A_DISPATCH, context::GpuContext, self_check};
use crate::error::{Argument, Error, Result};
use std::fmt;
use std::sync::Arc;

/// A device for populations: the CPU, or an adapter that passed its self-check. Clones are the same device.
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
pub struct Device {
    pub(crate) backend: Backend,
}

#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Cpu,
    Gpu(Arc<Gpu>),
    Several(Arc<[Device]>),
}

/// The engine that a device uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// Threads and vector instructions.
    Cpu,
    /// Compute shaders, also where an adapter runs them on the CPU.
    Gpu,
    /// Both: several devices, some of each.
    Mixed,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Mixed => "cpu+gpu",
        })
    }
}

impl Device {
    /// The CPU engine.
    #[must_use]
    pub fn cpu() -> Self {
        Self::of(Backend::Cpu)
    }

    fn of(backend: Backend) -> Self {
        Self { backend }
    }

    /// Several devices of this machine that share each population: the first cells are on the first device,
    /// and so on, the same number on each, however fast it is. They compute at the same time (CPUs take
    /// turns, as each uses all threads), so that a population is as fast as the slowest of them. The results
    /// are the same as on any one device.
    ///
    /// A device in the list that consists of several counts as its members.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let both = Device::several(&[Device::cpu(), Device::auto()])?;
    /// let mut population = Population::new(Params::default(), [3, 1000], &both)?;
    /// let mut alone = Population::new(Params::default(), [3, 1000], &Device::cpu())?;
    /// population.run(100, 2.0).go()?;
    /// alone.run(100, 2.0).go()?;
    /// assert_eq!(population.voltages()?, alone.voltages()?);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an empty list.
    pub fn several(devices: &[Self]) -> Result<Self> {
        match devices {
            [] => {
                let error = Error::out_of_range("the list of devices", "empty", "at least one device");
                return Err(error.about(Argument::Device));
            }
            [one] => return Ok(one.clone()),
            _ => {}
        }
        Ok(Self::of(Backend::Several(devices.iter().flat_map(Self::members).cloned().collect())))
    }

    /// The single devices of which it consists.
    pub(crate) fn members(&self) -> &[Self] {
        match &self.backend {
            Backend::Several(members) => members,
            Backend::Cpu | Backend::Gpu(_) => std::slice::from_ref(self),
        }
    }

    /// The most bytes in one buffer of a slab on a single device, if there is such a limit.
    pub(crate) fn most_bytes(&self) -> Option<u64> {
        match &self.backend {
            Backend::Gpu(gpu) => Some(gpu.largest_slab()),
            Backend::Cpu | Backend::Several(_) => None,
        }
    }

    /// A real GPU if there is one that passes its self-check, otherwise the CPU engine, which is faster than
    /// software adapters. The log says which was chosen and why.
    #[must_use]
    pub fn auto() -> Self {
        opening::auto()
    }

    /// Returns the device that fits a choice.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`], which lists the adapters that there are; [`Error::SelfCheck`] if the adapter
    /// computes something else than the model; faults of the device.
    pub fn select(choice: &DeviceChoice) -> Result<Self> {
        choice::select(choice)
    }

    /// Uses the wgpu device of a program with its own wgpu code, after a self-check. The handlers for errors
    /// and for the loss of the device stay as the program set them.
    ///
    /// ```no_run
    /// # async fn example(adapter: wgpu::Adapter) -> Result<(), Box<dyn std::error::Error>> {
    /// let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
    /// let device = lif::Device::from_wgpu(device, queue)?;
    /// let mut population = lif::Population::new(lif::Params::default(), 1000, &device)?;
    /// population.run(100, 1.0).go()?;
    /// for buffers in population.buffers()? {
    ///     println!("{} bytes of state", buffers.state.size());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SelfCheck`] and faults of the device.
    #[cfg(feature = "gpu")]
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        Self::checked(GpuContext::new(device.adapter_info(), device, queue))
    }

    /// Makes a device of an opened adapter that passes the self-check.
    #[cfg(feature = "gpu")]
    pub(crate) fn checked(context: GpuContext) -> Result<Self> {
        Self::of_gpu(Gpu::new(context, MOST_STEPS_OF_A_DISPATCH)?)
    }

    #[cfg(feature = "gpu")]
    pub(crate) fn of_gpu(gpu: Gpu) -> Result<Self> {
        let gpu = Arc::new(gpu);
        self_check::check(&gpu)?;
        Ok(Self::of(Backend::Gpu(gpu)))
    }

    /// The engine that it uses.
    #[must_use]
    pub fn engine_kind(&self) -> EngineKind {
        match &self.backend {
            Backend::Cpu => EngineKind::Cpu,
            Backend::Gpu(_) => EngineKind::Gpu,
            Backend::Several(members) => members
                .iter()
                .map(Self::engine_kind)
                .reduce(|one, other| if one == other { one } else { EngineKind::Mixed })
                .unwrap_or(EngineKind::Mixed),
        }
    }

    /// Whether it is an adapter that runs shaders on the CPU; for several devices, whether all are.
    #[must_use]
    pub fn is_software_adapter(&self) -> bool {
        match &self.backend {
            Backend::Cpu => false,
            Backend::Gpu(gpu) => gpu.is_software(),
            Backend::Several(members) => members.iter().all(Self::is_software_adapter),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.backend {
            Backend::Cpu => format!("CPU, {} threads", rayon::current_num_threads()),
            Backend::Gpu(gpu) => gpu.title(),
            Backend::Several(members) => members.iter().map(Self::name).collect::<Vec<_>>().join(" + "),
        }
    }

    #[cfg(feature = "gpu")]
    fn is_lost(&self) -> bool {
        match &self.backend {
            Backend::Cpu => false,
            Backend::Gpu(gpu) => gpu.is_lost(),
            Backend::Several(members) => members.iter().any(Self::is_lost),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}
