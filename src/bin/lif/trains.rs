//! Spikes from a file that drive the population, and the weights that they go through.

use crate::failure::Failure;
use crate::memory::Growing;
use crate::spread::Spread;
use crate::stimulus::Rows;
use crate::stimulus::numpy::{self, Archive};
use crate::stimulus::text::Lines;
use crate::weight::{Unit, Weight};
use crc32fast::Hasher;
use lif::{Event, Raster, SpikeInput};
use ndarray::{Array1, Array2};
use std::ops::Range;
use std::path::Path;

/// What a value of a file takes, on its way to an event.
const BYTES_PER_VALUE: u64 = 24;

/// The bits of a block of spikes, in bytes.
const BLOCK_BYTES: u64 = 8 << 20;

/// The spikes of a file with their weights.
#[derive(Debug)]
pub struct Trains {
    /// Sorted by step, batch row and train.
    events: Vec<Event>,
    /// How many there are.
    trains: usize,
    /// One row of trains drives all batch rows.
    batch: usize,
    weights: Weights,
    unit: Unit,
    checksum: u32,
}

#[derive(Debug)]
enum Weights {
    /// Each train drives the neuron of its number.
    Each(lif::Parameter),
    /// `[trains, neurons]`
    Dense(Array2<f32>),
}

impl Trains {
    /// Reads the spikes, and the matrix where there is one, for a population of `batch` rows of `n`
    /// neurons and a run of so many steps.
    pub fn open(
        path: &Path,
        matrix: Option<&Path>,
        weight: Weight,
        (batch, n): (usize, usize),
        steps: u64,
    ) -> Result<Self, Failure> {
        let mut hasher = Hasher::new();
        let weights = match (matrix, weight.value) {
            (None, value) => Weights::Each(value.parameter(n)),
            (Some(path), Spread::Number(factor)) => {
                Weights::Dense(read_matrix(path, factor, n, &mut hasher)?)
            }
            (Some(_), spread) => {
                let message = format!(
                    "events-weight is {spread}, but with a matrix of weights it is the number that they are \
                     multiplied with"
                );
                return Err(Failure::of("events-weight", message));
            }
        };
        let trains = if let Weights::Dense(matrix) = &weights { matrix.nrows() } else { n };
        let mut events = read_events(path).map_err(|reason| fault("events", path, &reason))?;
        events.sort_unstable();
        let rows = events.iter().map(|event| event.batch as usize + 1).max().unwrap_or(1);
        let highest = events.iter().map(|event| event.neuron as usize).max().unwrap_or(0);
        if highest >= trains {
            let whose = if matrix.is_some() { "rows of the matrix" } else { "neurons" };
            return Err(fault(
                "events",
                path,
                &format!("there is a spike of neuron {highest}, but {trains} {whose} are numbered from 0"),
            ));
        }
        if rows > batch {
            return Err(fault(
                "events",
                path,
                &format!("there is a spike of batch row {}, but {batch} rows are numbered from 0", rows - 1),
            ));
        }
        if let Some(last) = events.last().filter(|last| last.step >= steps) {
            log::warn!("the events go on until step {}; the run ends after {steps} steps", last.step);
        }
        for event in &events {
            hasher.update(&event.step.to_le_bytes());
            hasher.update(&event.batch.to_le_bytes());
            hasher.update(&event.neuron.to_le_bytes());
        }
        let batch = if rows > 1 { batch } else { 1 };
        Ok(Self { events, trains, batch, weights, unit: weight.unit, checksum: hasher.finalize() })
    }

    /// Weighs the spikes of each neuron with a factor of its own too, where they are currents.
    pub fn weighed(mut self, factors: &Array1<f32>) -> Self {
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

    /// A number that changes with the spikes and the matrix.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// The most bytes of memory that they take while a run goes on.
    pub fn bytes(&self) -> u64 {
        let matrix = if let Weights::Dense(matrix) = &self.weights { matrix.len() as u64 * 4 } else { 0 };
        size_of_val(&self.events[..]) as u64 + matrix + 3 * BLOCK_BYTES.max(4 * self.cells())
    }

    /// Steps of a block: whole words of spikes.
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

    /// Spikes of a [raster](Self::raster) as an input.
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

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn read_events(path: &Path) -> Result<Vec<Event>, String> {
    if extension(path) != "npz" {
        return from_text(path);
    }
    let mut archive = Archive::open(path)?;
    let steps = column(&mut archive, "step")?;
    let neurons = column(&mut archive, "neuron")?;
    let has_rows = archive.names().iter().any(|name| name == "batch");
    let rows = if has_rows { column(&mut archive, "batch")? } else { vec![0.0; steps.len()] };
    if neurons.len() != steps.len() || rows.len() != steps.len() {
        return Err(format!(
            "its arrays 'step', 'batch' and 'neuron' have {}, {} and {} values; each spike has one in each",
            steps.len(),
            rows.len(),
            neurons.len()
        ));
    }
    steps.iter().zip(&rows).zip(&neurons).map(|((step, row), neuron)| event(*step, *row, *neuron)).collect()
}

fn column(archive: &mut Archive, name: &str) -> Result<Vec<f64>, String> {
    let mut values = Vec::new();
    archive.array(name, &mut |shape, rows| match shape {
        [_] => {
            values = all(shape, rows)?;
            Ok(())
        }
        _ => Err(format!("it has shape {shape:?}; expected [spikes]")),
    })?;
    Ok(values)
}

/// All values of an array.
fn all(shape: &[usize], rows: &mut dyn Rows) -> Result<Vec<f64>, String> {
    let count: usize = shape.iter().product();
    lif::require_memory("the values", count as u64 * BYTES_PER_VALUE, "take fewer at a time")
        .map_err(|error| error.to_string())?;
    let mut all = Vec::with_capacity(count);
    let mut row = Vec::new();
    for _ in 0..shape.first().copied().unwrap_or(0) {
        rows.next(&mut row)?;
        all.extend_from_slice(&row);
    }
    Ok(all)
}

/// One spike per line: `step neuron`, or `step batch neuron`.
fn from_text(path: &Path) -> Result<Vec<Event>, String> {
    let mut lines = Lines::open(path, 1.0)?;
    let mut events = Growing::new("the events");
    loop {
        let numbers = match lines.numbers() {
            Ok(Some(numbers)) => numbers,
            Ok(None) => return Ok(events.into_values()),
            Err(reason) => return Err(format!("line {}: {reason}", lines.number().max(1))),
        };
        let found = match numbers[..] {
            [] => continue,
            [step, neuron] => event(step, 0.0, neuron),
            [step, row, neuron] => event(step, row, neuron),
            _ => Err(format!("{} numbers; expected `step neuron` or `step batch neuron`", numbers.len())),
        };
        let place = |reason: String| format!("line {}: {reason}", lines.number());
        events.push(found.map_err(place)?).map_err(place)?;
    }
}

fn event(step: f64, row: f64, neuron: f64) -> Result<Event, String> {
    let whole = |what: &str, value: f64| {
        let fits = (0.0..=f64::from(u32::MAX)).contains(&value) && value.fract() == 0.0;
        if fits {
            Ok(value as u32)
        } else {
            Err(format!("the {what} is {value}; it must be a whole number from 0 on"))
        }
    };
    Ok(Event {
        step: whole("step", step)?.into(),
        batch: whole("batch row", row)?,
        neuron: whole("neuron", neuron)?,
    })
}

fn read_matrix(path: &Path, factor: f64, n: usize, hasher: &mut Hasher) -> Result<Array2<f32>, Failure> {
    let refusal = |reason: String| fault("matrix of weights", path, &reason);
    let mut values = Vec::new();
    let mut check = |shape: &[usize], rows: &mut dyn Rows| match shape {
        [trains, neurons] if *trains > 0 && *neurons == n => {
            values = all(shape, rows)?;
            Ok(())
        }
        _ => Err(format!("it has shape {shape:?}; expected [trains, {n}], a row for each train")),
    };
    let array = match extension(path).as_str() {
        "npy" => numpy::from_npy(path, &mut check),
        "npz" => Archive::open(path).and_then(|mut archive| match &archive.names()[..] {
            [only] => archive.array(&only.clone(), &mut check),
            names => Err(format!("expected one array; found {names:?}")),
        }),
        _ => Err("it must be a .npy or .npz file of numpy".to_owned()),
    };
    let trains = array.map_err(refusal)?.shape[0];
    let scaled: Vec<f32> = values.iter().map(|value| (value * factor) as f32).collect();
    if let Some(place) = scaled.iter().position(|value| !value.is_finite()) {
        let (train, neuron) = (place / n, place % n);
        return Err(refusal(format!(
            "the weight at [{train}, {neuron}] is {}; all must be finite",
            scaled[place]
        )));
    }
    for value in &scaled {
        hasher.update(&value.to_le_bytes());
    }
    Array2::from_shape_vec((trains, n), scaled).map_err(|error| refusal(error.to_string()))
}
