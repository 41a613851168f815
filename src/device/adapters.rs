//! The adapters of this machine and what they can do.

use super::Device;
use crate::engine::gpu::context::GpuContext;
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
    /// The most bytes that a kernel binds at once, which bounds a population to a quarter as many
    /// cells.
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

fn kind(device_type: wgpu::DeviceType) -> &'static str {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "other",
    }
}

/// How a device made of this adapter is called.
pub(super) fn title(info: &wgpu::AdapterInfo) -> String {
    format!("{} ({}, {})", info.name, info.backend, kind(info.device_type))
}

/// All adapters of this machine. The variables `WGPU_BACKEND` (a list of `vulkan`, `metal`,
/// `dx12`, `gl`) and `WGPU_ADAPTER_NAME` (part of a name) restrict them.
#[must_use]
pub fn adapters() -> Vec<AdapterDescription> {
    all().map(AdapterDescription::of).collect()
}

/// Runs the self-check on each adapter of this machine: its description, the outcome, and how long
/// it took, opening included.
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

/// The adapters of Vulkan, Metal and DirectX. They are looked for once per process.
pub(super) fn primary() -> &'static [wgpu::Adapter] {
    static ADAPTERS: LazyLock<Vec<wgpu::Adapter>> = LazyLock::new(|| find(wgpu::Backends::PRIMARY));
    &ADAPTERS
}

/// The adapters of OpenGL, likewise.
pub(super) fn opengl() -> &'static [wgpu::Adapter] {
    static ADAPTERS: LazyLock<Vec<wgpu::Adapter>> = LazyLock::new(|| find(wgpu::Backends::GL));
    &ADAPTERS
}

/// All adapters.
pub(super) fn all() -> impl Iterator<Item = &'static wgpu::Adapter> {
    primary().iter().chain(opengl())
}

fn find(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends &= backends;
    let backends = descriptor.backends;
    let instance = wgpu::Instance::new(descriptor);
    let name = std::env::var("WGPU_ADAPTER_NAME").unwrap_or_default().to_lowercase();
    let mut adapters = pollster::block_on(instance.enumerate_adapters(backends));
    adapters.retain(|adapter| adapter.get_info().name.to_lowercase().contains(&name));
    adapters
}

/// Opens an adapter and checks it.
pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Device> {
    Device::checked(GpuContext::open(adapter)?)
}
