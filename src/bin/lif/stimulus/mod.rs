//! The input current over time, read from its file while the steps are made.

mod currents;
pub mod files;
pub mod numpy;
mod samples;
pub mod text;
mod transform;

pub use currents::Currents;
pub use samples::{Rows, Times};
pub use transform::{Level, Transform};

use crate::failure::Failure;
use ndarray::ArrayD;
use samples::Samples;
use std::ops::Range;
use std::path::Path;

/// Samples whose sample interval is known.
#[derive(Debug)]
pub struct Stimulus {
    samples: Samples,
    /// Interval of the samples without times, ms.
    interval: f64,
}

impl Stimulus {
    /// Reads a file from end to end, so that what is wrong with it is found before any step is made.
    /// A number in a time column counts `time_unit` ms. Samples without times come each `interval`
    /// ms; where the file itself says so, that holds.
    pub fn open(path: &Path, time_unit: f64, interval: f64) -> Result<Self, Failure> {
        let samples = Samples::open(path, time_unit)?;
        let interval = match samples.times {
            Times::Every(Some(own)) => own,
            _ => interval,
        };
        Ok(Self { samples, interval })
    }

    /// When its samples hold, as the file says it.
    pub fn times(&self) -> Times {
        self.samples.times
    }

    /// The smallest of its values.
    pub fn smallest(&self) -> f64 {
        self.samples.smallest
    }

    /// A number that changes with its samples.
    pub fn checksum(&self) -> u32 {
        self.samples.checksum
    }

    /// How many neurons and batch rows its shape fixes; `None` where any number will do.
    pub fn population(&self) -> (Option<usize>, Option<usize>) {
        let fixed = |length: &usize| (*length > 1).then_some(*length);
        match &self.samples.shape[..] {
            [_, n] => (fixed(n), None),
            [_, batch, n] => (fixed(n), fixed(batch)),
            _ => (None, None),
        }
    }

    /// How long it lasts, ms. The last of samples with times lasts as long as the one before.
    pub fn length_ms(&self) -> f64 {
        match self.samples.times {
            Times::Every(_) => self.samples.shape[0] as f64 * self.interval,
            Times::At { first, last, before: Some(before) } => last - first + before,
            Times::At { before: None, .. } => self.interval,
        }
    }

    /// The currents of these steps, in blocks.
    pub fn currents(&self, steps: Range<u64>, dt: f64, transform: Transform) -> lif::Result<Currents> {
        Currents::new(&self.samples, self.interval, steps, dt, transform)
    }

    /// The most steps of a block of its currents.
    pub fn block_steps(&self) -> u64 {
        currents::most_steps(&self.samples)
    }

    /// One step of no current, in the shape of its samples.
    pub fn silence(&self) -> ArrayD<f32> {
        ArrayD::zeros([&[1], &self.samples.shape[1..]].concat())
    }

    /// The most bytes of memory that its currents take while a run goes on.
    pub fn bytes(&self) -> u64 {
        currents::bytes(&self.samples)
    }
}
