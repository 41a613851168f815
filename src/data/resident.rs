//! [`ResidentRaster`]: spikes that stay on the device on which they were made.

use crate::data::large::Large;
use crate::data::memory;
use crate::data::raster::{self, Raster};
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::data::storage::DeviceWords;
use crate::error::Result;
use std::sync::Arc;

/// The spikes of all neurons of a population, kept on its device: returned by
/// [`Population::run_resident`](crate::Population::run_resident), or
/// [uploaded](Self::new). They can drive other populations, without a copy if these are on the
/// same device. Clones share the data.
///
/// If the population consists of several slabs, or is on the CPU, the spikes are in the memory of
/// this program.
///
/// ```
/// use lif::{Device, Params, Population};
///
/// let mut population = Population::new(Params::default(), [2, 100], &Device::auto())?;
/// let spikes = population.run_resident(500, 1.0)?;
/// assert_eq!((spikes.steps(), spikes.batch(), spikes.n()), (500, 2, 100));
/// assert_eq!(u64::from(population.counts()?.sum()), spikes.read()?.count());
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResidentRaster {
    first_step: u64,
    steps: u64,
    shape: Shape,
    /// The numbers of the neurons, unless they are all neurons of a population.
    neurons: Option<Arc<[u32]>>,
    words: ResidentData,
}

#[derive(Debug, Clone)]
pub(crate) enum ResidentData {
    Host(Arc<Large<u32>>),
    Device(Arc<dyn DeviceWords>),
}

impl ResidentRaster {
    /// Names the neurons whose spikes these are.
    pub(crate) fn of_neurons(self, neurons: Arc<[u32]>) -> Self {
        Self { neurons: Some(neurons), ..self }
    }

    pub(crate) fn kept(first_step: u64, steps: u64, shape: Shape, words: ResidentData) -> Self {
        Self { first_step, steps, shape, neurons: None, words }
    }

    /// Number of the first step.
    #[must_use]
    pub fn first_step(&self) -> u64 {
        self.first_step
    }

    /// The number of steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The number of batch rows.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.shape.batch
    }

    /// The number of neurons in a row.
    #[must_use]
    pub fn n(&self) -> usize {
        self.shape.n
    }

    /// Copies the spikes into the memory of this program.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`](crate::Error::TooLarge) if they do not fit; faults of the device.
    pub fn read(&self) -> Result<Raster> {
        // The words of a GPU are read first and then appended, so that there are two copies.
        let copies = if matches!(self.words, ResidentData::Device(_)) { 2 } else { 1 };
        let list = if self.neurons.is_none() { self.shape.n } else { 0 };
        let words = copies * blocks(self.first_step, self.steps) * self.shape.cells();
        memory::require("the spikes", raster::bytes(words as u64, list), "keep the spikes of fewer steps")?;
        let neurons =
            self.neurons.clone().unwrap_or_else(|| (0..self.shape.n as u32).collect::<Arc<[u32]>>());
        let mut raster = Raster::new(self.first_step, self.shape.batch, neurons);
        match &self.words {
            ResidentData::Host(words) => raster.append(words, self.steps),
            ResidentData::Device(words) => raster.append(&words.read()?, self.steps),
        }
        Ok(raster)
    }

    pub(crate) fn words(&self) -> &ResidentData {
        &self.words
    }
}
