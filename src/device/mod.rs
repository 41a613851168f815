//! Devices: what there is, which one to take, and what it is called.

mod adapters;
mod arrays;
mod choice;
pub(crate) mod headless;
mod inputs;
mod placement;
mod recordings;
pub(crate) mod roofline;

pub use adapters::{AdapterDescription, adapter_restrictions, adapters, check_adapters};
pub use choice::DeviceChoice;

use crate::data::memory::MemoryNeed;
use crate::engine::gpu::context::GpuContext;
use crate::engine::gpu::{Gpu, MOST_STEPS, self_check};
use crate::error::{Error, Result};
use std::fmt;
use std::ops::Range;
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
pub struct Device {
    pub(crate) kind: Kind,
    /// Bytes of a buffer after which populations are cut into slabs, where less than the device can.
    largest_binding: Option<u64>,
    memory_budget: Option<u64>,
    /// Of lists of devices that are part of this one: which of the members, and what these may need together.
    budgets_of_lists: Vec<(Range<usize>, u64)>,
    kernel_times: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Cpu,
    Gpu(Arc<Gpu>),
    Several(Arc<[Device]>),
}

/// Which of the two engines a device uses.
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
        Self::of(Kind::Cpu)
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            largest_binding: None,
            memory_budget: None,
            budgets_of_lists: Vec::new(),
            kernel_times: false,
        }
    }

    /// Several devices of this machine that share each population: the first cells live on the
    /// first device, and so on, equally many on each, however fast it is. They compute at the same
    /// time (CPUs take turns, as each has all threads), so that a population is as fast as the slowest of them. The results are those of any
    /// one device.
    ///
    /// Each keeps its options: on a device with a [budget](Self::with_memory_budget), what the population's cells on
    /// it need, state, parameters and scores with them, must be within that. A list among the devices stands for its
    /// members, its options hold for these, and its budget for what they need together.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let both = Device::several(&[Device::cpu(), Device::auto()])?;
    /// let mut population = Population::new(Params::default(), 1000, 3, &both)?;
    /// let mut alone = Population::new(Params::default(), 1000, 3, &Device::cpu())?;
    /// population.run(100, 2.0, &Recording::none())?;
    /// alone.run(100, 2.0, &Recording::none())?;
    /// assert_eq!(population.voltages()?, alone.voltages()?);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an empty list.
    pub fn several(devices: &[Self]) -> Result<Self> {
        match devices {
            [] => return Err(Error::out_of_range("the list of devices", "empty", "at least one device")),
            [one] => return Ok(one.clone()),
            _ => {}
        }
        let mut members = Vec::new();
        let mut budgets_of_lists = Vec::new();
        for device in devices {
            let Kind::Several(inner) = &device.kind else {
                members.push(device.clone());
                continue;
            };
            let first = members.len();
            let bound = |member: &Self| {
                let bytes = [member.largest_binding, device.largest_binding].into_iter().flatten().min();
                Self { largest_binding: bytes, ..member.clone() }
            };
            members.extend(inner.iter().map(bound));
            let inside = device.budgets_of_lists.iter();
            budgets_of_lists
                .extend(inside.map(|(range, bytes)| (first + range.start..first + range.end, *bytes)));
            budgets_of_lists.extend(device.memory_budget.map(|bytes| (first..members.len(), bytes)));
        }
        Ok(Self { budgets_of_lists, ..Self::of(Kind::Several(members.into())) })
    }

    /// The same device, on which no buffer of a population takes more than `bytes`: larger
    /// populations are cut into slabs, as they are in any case where the device cannot bind more.
    /// The results stay the same.
    #[must_use]
    pub fn with_largest_binding(mut self, bytes: u64) -> Self {
        self.largest_binding = Some(bytes);
        self
    }

    /// The same device, on which each population with what it records may need no more than
    /// `bytes`, in the device's and this program's memory together. What needs more is refused
    /// before any memory is taken; [`Population::memory_needed`](crate::Population::memory_needed)
    /// tells how much that is.
    ///
    /// ```
    /// use lif::{Device, Error, Params, Population};
    ///
    /// let device = Device::cpu().with_memory_budget(100 << 20);
    /// let refused = Population::new(Params::default(), 100_000_000, 1, &device);
    /// assert!(matches!(refused, Err(Error::TooLarge { .. })));
    /// ```
    #[must_use]
    pub fn with_memory_budget(mut self, bytes: u64) -> Self {
        self.memory_budget = Some(bytes);
        self
    }

    /// The same device, whose clock takes the time of each kernel, where it has one:
    /// [`Population::work`](crate::Population::work) tells the sum. The results stay the same.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let device = Device::auto().with_kernel_times();
    /// let mut population = Population::new(Params::default(), 1000, 1, &device)?;
    /// population.run(1000, 1.0, &Recording::none())?;
    /// match population.work()?.kernel_time {
    ///     Some(time) => println!("{time:?} on the device"),
    ///     None => println!("{device} has no clock for this"),
    /// }
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn with_kernel_times(mut self) -> Self {
        self.kernel_times = true;
        if let Kind::Several(members) = &self.kind {
            self.kind = Kind::Several(members.iter().cloned().map(Self::with_kernel_times).collect());
        }
        self
    }

    /// The devices that it consists of; none where it is a single one.
    pub(crate) fn members(&self) -> &[Self] {
        match &self.kind {
            Kind::Several(members) => members,
            Kind::Cpu | Kind::Gpu(_) => &[],
        }
    }

    /// Refuses what needs more than the [budget](Self::with_memory_budget), if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], which names each part, their sum and the budget.
    pub fn require_within_budget(&self, need: &MemoryNeed, what: &str) -> Result<()> {
        within(self.memory_budget, need, what, "the memory budget")
    }

    /// What the budget leaves beside something, if there is one.
    pub(crate) fn left_of_budget(&self, need: &MemoryNeed) -> Option<u64> {
        self.memory_budget.map(|budget| budget.saturating_sub(need.total()))
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
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        Self::checked(GpuContext::new(device.adapter_info(), device, queue))
    }

    /// Takes an opened adapter if it passes the self-check.
    pub(crate) fn checked(context: GpuContext) -> Result<Self> {
        Self::of_gpu(Gpu::new(context, MOST_STEPS)?)
    }

    pub(crate) fn of_gpu(gpu: Gpu) -> Result<Self> {
        let gpu = Arc::new(gpu);
        self_check::check(&gpu)?;
        Ok(Self::of(Kind::Gpu(gpu)))
    }

    /// Which engine it uses.
    #[must_use]
    pub fn engine_kind(&self) -> EngineKind {
        match &self.kind {
            Kind::Cpu => EngineKind::Cpu,
            Kind::Gpu(_) => EngineKind::Gpu,
            Kind::Several(members) => members
                .iter()
                .map(Self::engine_kind)
                .reduce(|one, other| if one == other { one } else { EngineKind::Mixed })
                .unwrap_or(EngineKind::Mixed),
        }
    }

    /// Whether it is an adapter that runs shaders on the CPU; of several, whether all are.
    #[must_use]
    pub fn is_software_adapter(&self) -> bool {
        match &self.kind {
            Kind::Cpu => false,
            Kind::Gpu(gpu) => gpu.context.is_software(),
            Kind::Several(members) => members.iter().all(Self::is_software_adapter),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Cpu => format!("CPU, {} threads", rayon::current_num_threads()),
            Kind::Gpu(gpu) => adapters::title(&gpu.context.info),
            Kind::Several(members) => members.iter().map(Self::name).collect::<Vec<_>>().join(" + "),
        }
    }

    fn is_lost(&self) -> bool {
        match &self.kind {
            Kind::Cpu => false,
            Kind::Gpu(gpu) => gpu.context.is_lost(),
            Kind::Several(members) => members.iter().any(Self::is_lost),
        }
    }
}

/// Refuses what needs more than a budget, if there is one.
fn within(budget: Option<u64>, need: &MemoryNeed, what: &str, whose: &str) -> Result<()> {
    match budget {
        Some(budget) if need.total() > budget => Err(Error::TooLarge {
            what: format!("{what} ({need})"),
            need: need.total(),
            limit_name: whose.to_owned(),
            limit: budget,
            advice: "take fewer neurons or a smaller batch, record less, or raise the budget".to_owned(),
        }),
        _ => Ok(()),
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}
