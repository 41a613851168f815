//! Spike trains from a file that drive the population, and their weights.

mod columns;
mod file;
mod matrix;

use crate::failure::Failure;
use crate::numbers::Understood;
use crate::numbers::numpy::Array;
use crate::numbers::understood::Extent;
use crate::quantity::spread::Spread;
use crate::quantity::weight::{Unit, Weight};
use crate::terminal::figures::grouped;
pub use columns::{is_of_neurons, is_of_neurons_alone};
use crc32fast::Hasher;
use file::Bounds;
use lif::{Event, Raster, Shape, SpikeInput};
use ndarray::{Array1, Array2};
use std::ops::Range;
use std::path::Path;

/// Bytes per value of a file on its way to an event.
const BYTES_PER_VALUE: u64 = 24;

/// The size of a block of spikes, bytes.
const BLOCK_BYTES: u64 = 8 << 20;

/// The spikes of a file with their weights.
#[derive(Debug)]
pub struct Trains {
    /// Sorted by step, batch row and train.
    events: Vec<Event>,
    /// The number of trains.
    trains: usize,
    /// The number of batch rows; trains with one row drive all.
    batch: usize,
    weights: Weights,
    unit: Unit,
    checksum: u32,
    /// How the files were understood.
    pub understood: Vec<Understood>,
}

#[derive(Debug)]
enum Weights {
    /// Train k drives neuron k.
    Each(lif::Parameter),
    /// `[trains, neurons]`
    Dense(Array2<f32>),
}

impl Trains {
    /// Reads the spikes, and the matrix if there is one, for a population of `batch` rows of `n` neurons and
    /// a run of `steps` steps of `dt` ms.
    pub fn open(
        path: &Path,
        matrix: Option<&Path>,
        weight: Weight,
        Shape { batch, n }: Shape,
        (steps, dt): (u64, f64),
    ) -> Result<Self, Failure> {
        let mut hasher = Hasher::new();
        let mut understood = Vec::new();
        let weights = match (matrix, weight.value) {
            (None, value) => Weights::Each(value.parameter(n)),
            (Some(path), Spread::Number(factor)) => {
                let (matrix, of_it) = matrix::read(path, factor, n, &mut hasher)?;
                understood.push(of_it);
                Weights::Dense(matrix)
            }
            (Some(_), spread) => {
                let message = format!(
                    "events-weight is {spread}, but with a matrix of weights it is the number that they are \
                     multiplied with"
                );
                return Err(Failure::of("events-weight", message));
            }
        };
        let (trains, each) = match &weights {
            Weights::Dense(matrix) => (matrix.nrows(), "matrix row"),
            Weights::Each(_) => (n, "neuron"),
        };
        let bounds = Bounds { trains: (trains, each), batch, dt };
        let (mut events, mut of_them) = file::read(path, bounds)?;
        events.sort_unstable();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Err(fault("events", path, "there is no event in it"));
        };
        if last.step >= steps {
            let late = events.len() - events.partition_point(|event| event.step < steps);
            log::warn!(
                "the events go on until step {}; the run ends after {steps} steps, before {} of {}",
                last.step,
                if late == events.len() { "all".to_owned() } else { grouped(late as u64) },
                grouped(events.len() as u64)
            );
        }
        let repeated = events.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if repeated > 0 {
            let remark = match repeated {
                1 => "1 is there more than once and counts once".to_owned(),
                _ => format!("{} are there more than once and count once", grouped(repeated as u64)),
            };
            of_them.remarks.push(remark);
        }
        if let Extent::None {} = of_them.extent {
            of_them.extent = Extent::Steps { from_step: first.step, to_step: last.step };
        }
        // A recording with one row drives all rows.
        let is_of_one_row = events.iter().all(|event| event.batch == 0);
        if is_of_one_row && batch > 1 {
            of_them.remarks.push(format!("all are of batch row 0 and drive all {batch} batch rows"));
        }
        let batch = if is_of_one_row { 1 } else { batch };
        understood.insert(0, of_them);
        hasher.update(&(trains as u64).to_le_bytes());
        for event in &events {
            hasher.update(&event.step.to_le_bytes());
            hasher.update(&event.batch.to_le_bytes());
            hasher.update(&event.neuron.to_le_bytes());
        }
        let checksum = hasher.finalize();
        Ok(Self { events, trains, batch, weights, unit: weight.unit, checksum, understood })
    }

    /// Also multiplies the weights of each neuron by its factor, if they are currents.
    pub fn with_factors(mut self, factors: &Array1<f32>) -> Self {
        if self.unit == Unit::Nanoampere {
            self.weights = match self.weights {
                Weights::Each(weight) => {
                    Weights::Each(lif::Parameter::from(&(weight.values() * &factors.view().into_dyn())))
                }
                Weights::Dense(matrix) => Weights::Dense(matrix * factors),
            };
        }
        self
    }

    /// A checksum of the spikes and the matrix.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// The most bytes of memory during a run of this many steps.
    pub fn bytes(&self, steps: u64) -> u64 {
        let matrix = if let Weights::Dense(matrix) = &self.weights { matrix.len() as u64 * 4 } else { 0 };
        let row = 4 * self.cells();
        let blocks = row.saturating_mul(steps.div_ceil(32)).min(3 * BLOCK_BYTES.max(row));
        size_of_val(&self.events[..]) as u64 + matrix + blocks
    }

    /// Steps of a block, in whole words of spikes.
    pub fn block_steps(&self) -> u64 {
        (BLOCK_BYTES / (4 * self.cells())).max(1) * 32
    }

    fn cells(&self) -> u64 {
        (self.batch * self.trains) as u64
    }

    /// The spikes of some steps.
    pub fn raster(&self, steps: Range<u64>) -> lif::Result<Raster> {
        let start = self.events.partition_point(|event| event.step < steps.start);
        let end = self.events.partition_point(|event| event.step < steps.end);
        let events = self.events[start..end].iter().copied();
        Raster::from_events(events, steps.start, steps.end - steps.start, self.batch, self.trains)
    }

    /// The spikes of a [raster](Self::raster) as an input.
    pub fn input<'a>(&'a self, raster: &'a Raster) -> SpikeInput<'a> {
        let input = match &self.weights {
            Weights::Each(weight) => SpikeInput::each(raster, weight.clone()),
            Weights::Dense(matrix) => SpikeInput::dense(raster, matrix),
        };
        match self.unit {
            Unit::Millivolt => input.jumps(),
            Unit::Nanoampere => input,
        }
    }
}

fn fault(what: &str, path: &Path, reason: &str) -> Failure {
    Failure::fault(format!("{what} {}: {reason}", path.display()))
}

/// Checks for memory for the values of an array.
fn require_memory(array: &Array) -> Result<(), String> {
    let count: usize = array.shape.iter().product();
    lif::require_memory("the values", count as u64 * BYTES_PER_VALUE, "take fewer at a time")
        .map_err(|error| error.to_string())
}
