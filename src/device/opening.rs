//! Finds the adapter for a choice, opens it, and keeps opened devices.

use super::Device;
use super::adapters::{adapter_restrictions, all, open, opengl, primary};
use super::choice::DeviceChoice;
use crate::engine::gpu::context::title;
use crate::error::Result;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Opened devices, by what distinguishes adapters: opening one costs a self-check, and some drivers fail with
/// many open devices.
static OPENED: LazyLock<Mutex<HashMap<String, Device>>> = LazyLock::new(Mutex::default);

/// A real GPU that can be opened, or else the CPU.
pub(super) fn auto() -> Device {
    // If other graphics APIs find nothing but software, OpenGL finds no more.
    let adapters = if primary().is_empty() { opengl() } else { primary() };
    first_that_opens(&best_first(adapters, |info| rank(info) < SOFTWARE_RANK), opened)
}

/// The first of these adapters that can be opened, or else the CPU.
fn first_that_opens(adapters: &[&wgpu::Adapter], open: impl Fn(&wgpu::Adapter) -> Result<Device>) -> Device {
    for adapter in adapters {
        match open(adapter) {
            Ok(device) => {
                log::info!("using {device}");
                return device;
            }
            Err(error) => log::warn!("not using {}: {error}", title(&adapter.get_info())),
        }
    }
    let device = Device::cpu();
    let restricted = adapter_restrictions().map_or_else(String::new, |set| format!(" with {set}"));
    log::info!("using {device}: no GPU that can be used was found{restricted}");
    device
}

/// Returns the device of the best adapter that fits a choice, if there is one.
pub(super) fn find(choice: &DeviceChoice) -> Result<Option<Device>> {
    let fitting = match choice {
        DeviceChoice::Auto | DeviceChoice::Gpu => candidates(|info| rank(info) < SOFTWARE_RANK),
        DeviceChoice::Cpu => Vec::new(),
        DeviceChoice::Software => candidates(|info| rank(info) == SOFTWARE_RANK),
        DeviceChoice::Named(name) => {
            let name = name.to_lowercase();
            candidates(|info| title(info).to_lowercase().contains(&name))
        }
    };
    fitting.first().map(|adapter| opened(adapter)).transpose()
}

const SOFTWARE_RANK: u32 = 4;

/// Faster kinds first.
fn rank(info: &wgpu::AdapterInfo) -> u32 {
    match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::Other => 2,
        wgpu::DeviceType::VirtualGpu => 3,
        wgpu::DeviceType::Cpu => SOFTWARE_RANK,
    }
}

/// The adapters that fit, best first. OpenGL is searched only if nothing else fits: it is the slowest way to
/// the same devices, and starting it prints complaints on headless machines.
fn candidates(fits: impl Fn(&wgpu::AdapterInfo) -> bool) -> Vec<&'static wgpu::Adapter> {
    let best = best_first(primary(), &fits);
    if best.is_empty() { best_first(opengl(), &fits) } else { best }
}

fn best_first(
    adapters: &'static [wgpu::Adapter],
    fits: impl Fn(&wgpu::AdapterInfo) -> bool,
) -> Vec<&'static wgpu::Adapter> {
    let mut fitting: Vec<_> = adapters.iter().filter(|adapter| fits(&adapter.get_info())).collect();
    fitting.sort_by_key(|adapter| rank(&adapter.get_info()));
    fitting
}

/// Returns the device of an adapter, which is opened and checked once per process.
fn opened(adapter: &wgpu::Adapter) -> Result<Device> {
    let info = adapter.get_info();
    let key = format!(
        "{:?} {} {:x} {:x} {}",
        info.backend, info.name, info.vendor, info.device, info.device_pci_bus_id
    );
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(device) = opened.get(&key).filter(|device| !device.is_lost()) {
        return Ok(device.clone());
    }
    let device = open(adapter)?;
    opened.insert(key, device.clone());
    Ok(device)
}

/// Describes the devices that there are, for an error message.
pub(super) fn seen() -> String {
    let infos: Vec<wgpu::AdapterInfo> = all().map(wgpu::Adapter::get_info).collect();
    let has_software = infos.iter().any(|info| rank(info) == SOFTWARE_RANK);
    let titles: Vec<String> = infos.iter().map(title).collect();
    found(&titles, adapter_restrictions().as_deref(), has_software)
}

fn found(titles: &[String], restrictions: Option<&str>, has_software: bool) -> String {
    let what = match (titles, restrictions) {
        ([], None) => "no adapter was found on this machine".to_owned(),
        ([], Some(set)) => format!("no adapter was found with {set}, which may hide those that there are"),
        (_, None) => format!("this machine has: {}", titles.join(", ")),
        (_, Some(set)) => format!("with {set} this machine has: {}", titles.join(", ")),
    };
    let software = if has_software {
        "'software' takes an adapter that computes on the CPU"
    } else {
        "'software' takes an adapter that computes on the CPU, once one is installed"
    };
    format!("{what}; 'cpu' is always there, and {software}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EngineKind;
    use crate::error::Error;

    #[test]
    fn a_name_that_nothing_has_is_refused_with_a_list() {
        let wish = DeviceChoice::Named("no such adapter".to_owned());
        match Device::select(&wish) {
            Err(Error::NoAdapter { requested, seen }) => {
                assert_eq!(requested, "no such adapter");
                assert!(seen.contains("'cpu' is always there"), "{seen}");
                for adapter in all() {
                    assert!(seen.contains(&adapter.get_info().name), "{seen}");
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_hides_adapters_is_told() {
        let one = ["llvmpipe (vulkan, software)".to_owned()];
        let told = found(&one, None, true);
        assert_eq!(
            told,
            "this machine has: llvmpipe (vulkan, software); 'cpu' is always there, and 'software' takes an \
             adapter that computes on the CPU"
        );
        assert!(found(&one, Some("WGPU_BACKEND=vulkan"), true).starts_with("with WGPU_BACKEND=vulkan this"));
        let told = found(&[], Some("WGPU_BACKEND=gl"), false);
        assert!(told.starts_with("no adapter was found with WGPU_BACKEND=gl, which may hide"), "{told}");
        assert!(told.ends_with("once one is installed"), "{told}");
        assert!(found(&[], None, false).starts_with("no adapter was found on this machine;"));
    }

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn auto_falls_back_to_the_cpu_where_an_adapter_fails_its_check() {
        let adapters = candidates(|_| true);
        assert!(!adapters.is_empty(), "this machine has no adapter; see docs/headless.md");
        let failing = |_: &wgpu::Adapter| {
            Err(Error::SelfCheck { adapter: "broken".to_owned(), difference: "everything".to_owned() })
        };
        assert_eq!(first_that_opens(&adapters, failing).engine_kind(), EngineKind::Cpu);
        assert_eq!(first_that_opens(&adapters, opened).engine_kind(), EngineKind::Gpu);
    }
}
