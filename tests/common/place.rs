//! [`Place`]: a device, and the options of populations on it.

use lif::{Device, Params, Population, PopulationOptions, Shape};
use std::fmt;

#[derive(Debug, Clone)]
pub struct Place {
    pub device: Device,
    pub options: PopulationOptions,
}

impl From<&Device> for Place {
    fn from(device: &Device) -> Self {
        Self { device: device.clone(), options: PopulationOptions::default() }
    }
}

impl Place {
    /// A place on this device with buffers of at most this many bytes, so that populations are cut into slabs.
    pub fn in_slabs(device: &Device, bytes: u64) -> Self {
        let options = PopulationOptions { largest_binding: Some(bytes), ..PopulationOptions::default() };
        Self { device: device.clone(), options }
    }

    pub fn population(&self, params: Params, shape: impl Into<Shape>) -> lif::Result<Population> {
        Population::with_options(params, shape, &self.device, self.options)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {:?}", self.device, self.options)
    }
}
