//! Uploads arrays and spikes to a device, and checks which of them a population there can use.

use super::{Backend, Device};
use crate::data::broadcast::{finite, row_major};
use crate::data::large::Large;
use crate::data::memory;
use crate::data::raster::Raster;
use crate::data::resident::{ResidentData, ResidentRaster};
use crate::data::shape::Shape;
use crate::data::storage::DeviceWords;
use crate::engine::gpu;
use crate::error::{About, Argument, Error, Result};
use crate::experiment::input::{Tensor, TensorData};
use crate::prepared::current::Place;
use ndarray::{ArrayBase, Data, Dimension};
use std::sync::Arc;

impl Tensor {
    /// Uploads an array of up to three dimensions, to each device if there are several. An array that is more
    /// than a device binds at once stays in host memory, and is uploaded when it is used.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for NaN and infinite values, [`Error::TooLarge`] if there is not enough memory,
    /// and faults of the device.
    pub fn new<S, D>(device: &Device, values: &ArrayBase<S, D>) -> Result<Self>
    where
        S: Data<Elem = f32>,
        D: Dimension,
    {
        let values = values.view().into_dyn();
        let largest = finite("the tensor", &values).about(Argument::Input)?;
        let shape = values.shape().to_vec();
        Self::uploaded(device, &row_major(values)?, shape, largest)
    }

    fn uploaded(device: &Device, values: &[f32], shape: Vec<usize>, largest: f32) -> Result<Self> {
        let data = match &device.backend {
            Backend::Cpu | Backend::Gpu(_) => device.upload(values)?,
            Backend::Several(members) => TensorData::Several(
                members
                    .iter()
                    .map(|member| Self::uploaded(member, values, shape.clone(), largest))
                    .collect::<Result<_>>()?,
            ),
        };
        Ok(Self { data, shape, largest })
    }
}

impl ResidentRaster {
    /// Uploads spikes. Spikes that are more than the device binds at once stay in host memory, and are
    /// uploaded when they are used.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if there is not enough memory; faults of the device.
    pub fn new(device: &Device, raster: &Raster) -> Result<Self> {
        let words = device.upload_words(raster.words())?;
        let shape = Shape { batch: raster.batch(), n: raster.neurons().len() };
        let kept = Self::kept(raster.first_step(), raster.steps(), shape, words);
        Ok(kept.of_neurons(raster.shared_neurons()))
    }
}

impl Place for Device {
    fn has(&self, words: &Arc<dyn DeviceWords>) -> bool {
        let Backend::Gpu(gpu) = &self.backend else { return false };
        gpu.has_words(words)
    }

    fn require_own(&self, tensor: &Tensor) -> Result<()> {
        if self.owns(tensor) {
            return Ok(());
        }
        Err(Error::ForeignTensor { tensor: device_name_of(tensor), population: self.name() })
    }
}

impl Device {
    fn owns(&self, tensor: &Tensor) -> bool {
        match (&tensor.data, &self.backend) {
            (TensorData::Host(_), Backend::Cpu) => true,
            (TensorData::Device(theirs), Backend::Gpu(gpu)) => gpu.has_array(theirs),
            (TensorData::Several(copies), Backend::Several(members)) => {
                copies.len() == members.len()
                    && members.iter().zip(copies.iter()).all(|(member, copy)| member.owns(copy))
            }
            _ => false,
        }
    }

    /// Uploads values to a single device.
    pub(crate) fn upload(&self, values: &[f32]) -> Result<TensorData> {
        match &self.backend {
            Backend::Gpu(gpu) => Ok(TensorData::Device(gpu.array(values)?)),
            Backend::Cpu | Backend::Several(_) => {
                memory::require("the tensor", size_of_val(values) as u64, "take fewer values")?;
                Ok(TensorData::Host(Arc::new(Large::copy_of(values))))
            }
        }
    }

    /// Uploads words of spikes if the device is a single GPU that binds them at once; otherwise keeps them on
    /// the host.
    pub(crate) fn upload_words(&self, words: &[u32]) -> Result<ResidentData> {
        if let Backend::Gpu(gpu) = &self.backend
            && let Some(there) = gpu.words(words)?
        {
            return Ok(ResidentData::Device(there));
        }
        memory::require("the spikes", size_of_val(words) as u64, "take fewer steps at a time")?;
        Ok(ResidentData::Host(Arc::new(Large::copy_of(words))))
    }
}

/// The name of the device that stores a tensor.
fn device_name_of(tensor: &Tensor) -> String {
    match &tensor.data {
        TensorData::Host(_) => Device::cpu().name(),
        TensorData::Device(theirs) => gpu::home(theirs).unwrap_or_else(|| "another device".to_owned()),
        TensorData::Several(copies) => copies.iter().map(device_name_of).collect::<Vec<_>>().join(" + "),
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;
    use crate::engine::gpu::GpuTensor;
    use crate::engine::gpu::fault_tests::with_context;
    use crate::{Input, Params, Population};
    use ndarray::{Array2, Axis};

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn more_than_a_binding_is_sent_from_the_host() {
        with_context(|context| {
            let device = Device::checked(context).expect("the driver is right");
            let Backend::Gpu(gpu) = &device.backend else { panic!("a GPU") };
            let currents =
                Array2::from_shape_fn((64, 33), |(step, neuron)| ((step * 5 + neuron) % 9) as f32 * 0.4);
            let tensor = |values: ndarray::ArrayView2<'_, f32>, largest_binding| {
                let values = values.as_standard_layout();
                let array = GpuTensor::new(gpu, values.as_slice().expect("in order"), largest_binding);
                let data = TensorData::Device(Arc::new(array.expect("there is room")));
                Tensor { data, shape: values.shape().to_vec(), largest: 4.0 }
            };
            let outcome = |largest_binding| {
                let mut population = Population::new(Params::default(), 33, &device).expect("valid");
                let sequence = tensor(currents.view(), largest_binding);
                population.run(64, Input::sequence(&sequence)).go().expect("valid");
                let constant = tensor(currents.slice_axis(Axis(0), (3..4).into()), largest_binding);
                for _ in 0..40 {
                    population.forward(&constant).expect("valid");
                }
                (population.voltages().expect("there"), population.counts().expect("there"))
            };
            let expected = outcome(u64::MAX);
            assert!(expected.1.sum() > 0 && outcome(100) == expected);
        });
    }
}
