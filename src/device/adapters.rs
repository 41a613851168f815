//! Lists, opens and checks the adapters of this machine.

use super::Device;
use crate::data::memory;
use crate::engine::gpu::context::{self, GpuContext, kind};
use crate::error::Result;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What is known of an adapter before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdapterDescription {
    /// The adapter's name.
    pub name: String,
    /// The graphics API: `vulkan`, `metal`, `dx12`, `gl`.
    pub backend: String,
    /// `discrete GPU`, `integrated GPU`, `virtual GPU`, `software` or `other`.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it runs shaders on the CPU.
    pub is_software: bool,
    /// The most bytes in one buffer.
    pub largest_buffer: u64,
    /// The most bytes that a kernel binds at once. A population with a larger buffer is split into several
    /// slabs.
    pub largest_binding: u64,
}

impl AdapterDescription {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let limits = adapter.limits();
        Self {
            name: info.name.clone(),
            backend: info.backend.to_string(),
            kind: kind(info.device_type).to_owned(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            largest_buffer: limits.max_buffer_size,
            largest_binding: limits.max_storage_buffer_binding_size,
        }
    }
}

/// All adapters of this machine. The variables `WGPU_BACKEND` (a list of `vulkan`, `metal`,
/// `dx12`, `gl`) and `WGPU_ADAPTER_NAME` (part of a name) restrict them; see [`adapter_restrictions`].
#[must_use]
pub fn adapters() -> Vec<AdapterDescription> {
    all().map(AdapterDescription::of).collect()
}

/// The least address space for drivers, which load compilers and start threads, though they use little
/// memory. With less, some of them end the process.
const DRIVERS: u64 = 3 << 29;

/// The limit of the address space, as the command that sets it, if it is too small for drivers.
fn narrow_address_space() -> Option<String> {
    static NARROW: LazyLock<Option<String>> = LazyLock::new(|| {
        let (_, limit) = memory::address_space().filter(|(left, _)| *left < DRIVERS)?;
        Some(format!("ulimit -v {}", limit >> 10))
    });
    NARROW.clone()
}

/// Variables that hide adapters from this program: two of wgpu, two of the Vulkan loader. Graphics APIs may
/// have others.
const RESTRICTIONS: [&str; 4] = ["WGPU_BACKEND", "WGPU_ADAPTER_NAME", "VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// The variables that hide adapters and are set: `WGPU_BACKEND=gl and VK_DRIVER_FILES=/some.json`; and a
/// limit of the address space, `ulimit -v 400000`, within which no drivers are started. With such a
/// restriction, a machine without adapters in this list may well have one. Hidden adapters are not searched
/// for, as drivers are hidden for good reasons.
#[must_use]
pub fn adapter_restrictions() -> Option<String> {
    let restriction = |name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(format!("{name}={value}"))
    };
    let set: Vec<String> =
        RESTRICTIONS.into_iter().filter_map(restriction).chain(narrow_address_space()).collect();
    (!set.is_empty()).then(|| set.join(" and "))
}

/// Runs the self-check on each adapter of this machine. Returns its description, the outcome, and how long it
/// took, including the opening.
#[must_use]
pub fn check_adapters() -> Vec<(AdapterDescription, Result<()>, Duration)> {
    all()
        .map(|adapter| {
            let start = Instant::now();
            let outcome = open(adapter).map(|_| ());
            (AdapterDescription::of(adapter), outcome, start.elapsed())
        })
        .collect()
}

/// The adapters of Vulkan, Metal and DirectX, which are searched for once per process.
pub(super) fn primary() -> &'static [wgpu::Adapter] {
    static ADAPTERS: LazyLock<Vec<wgpu::Adapter>> = LazyLock::new(|| find(wgpu::Backends::PRIMARY));
    &ADAPTERS
}

/// The adapters of OpenGL, which are searched for once per process.
pub(super) fn opengl() -> &'static [wgpu::Adapter] {
    static ADAPTERS: LazyLock<Vec<wgpu::Adapter>> = LazyLock::new(|| find(wgpu::Backends::GL));
    &ADAPTERS
}

/// All adapters.
pub(super) fn all() -> impl Iterator<Item = &'static wgpu::Adapter> {
    primary().iter().chain(opengl())
}

fn find(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    if let Some(limit) = narrow_address_space() {
        log::info!("no adapter is looked for with {limit}");
        return Vec::new();
    }
    let (instance, backends) = context::instance(backends);
    let name = std::env::var("WGPU_ADAPTER_NAME").unwrap_or_default().to_lowercase();
    let mut adapters = pollster::block_on(instance.enumerate_adapters(backends));
    adapters.retain(|adapter| adapter.get_info().name.to_lowercase().contains(&name));
    adapters.retain(context::computes);
    adapters
}

/// Opens an adapter and checks it.
pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Device> {
    Device::checked(GpuContext::open(adapter)?)
}
