//! Arrays that were uploaded to a device.

use super::Gpu;
use crate::data::memory;
use crate::data::storage::{DeviceArray, array_as};
use crate::error::Result;
use crate::prepared::current::Values;
use std::sync::Arc;

/// Values on a device.
#[derive(Debug)]
pub(crate) struct GpuTensor {
    pub(crate) gpu: Arc<Gpu>,
    values: TensorValues,
}

#[derive(Debug)]
enum TensorValues {
    Resident(wgpu::Buffer),
    /// More than the device binds at once: kept on the host and uploaded part by part.
    OnHost(Vec<f32>),
}

impl GpuTensor {
    pub(crate) fn new(gpu: &Arc<Gpu>, values: &[f32], largest_binding: u64) -> Result<Self> {
        let bytes = size_of_val(values) as u64;
        let values = if bytes <= largest_binding {
            TensorValues::Resident(gpu.upload("the tensor", bytemuck::cast_slice(values))?)
        } else {
            memory::require("the tensor", bytes, "take fewer values")?;
            TensorValues::OnHost(values.to_vec())
        };
        Ok(Self { gpu: Arc::clone(gpu), values })
    }
}

impl DeviceArray for GpuTensor {
    fn kept(&self) -> Option<&[f32]> {
        match &self.values {
            TensorValues::Resident(_) => None,
            TensorValues::OnHost(values) => Some(values),
        }
    }
}

/// The buffer of a current that is on a GPU.
pub(crate) fn buffer_of<'a>(values: &'a Values<'_>) -> Option<&'a wgpu::Buffer> {
    array_as::<GpuTensor>(values.on_device()?)?.buffer()
}

impl GpuTensor {
    /// The buffer, if the values are on the device.
    pub(crate) fn buffer(&self) -> Option<&wgpu::Buffer> {
        match &self.values {
            TensorValues::Resident(buffer) => Some(buffer),
            TensorValues::OnHost(_) => None,
        }
    }
}
