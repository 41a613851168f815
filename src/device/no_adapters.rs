//! Stands in for adapters in builds without the feature `gpu`, where the CPU is the only device.

use super::Device;
use super::choice::DeviceChoice;
use crate::error::Result;

pub(super) fn auto() -> Device {
    let device = Device::cpu();
    log::info!("using {device}");
    device
}

pub(super) fn find(_: &DeviceChoice) -> Result<Option<Device>> {
    Ok(None)
}

/// Describes the devices that there are, for an error message.
pub(super) fn seen() -> String {
    "this build has no GPU engine, which is the feature 'gpu' of the crate; 'cpu' is always there".to_owned()
}
