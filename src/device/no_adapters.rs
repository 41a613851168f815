//! In a build without the feature `gpu`: the CPU is the only device.

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

/// What there is instead.
pub(super) fn seen() -> String {
    "this build has no GPU engine, which is the feature 'gpu' of the crate; 'cpu' is always there".to_owned()
}
