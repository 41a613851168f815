//! Spikes from a file that drive the population, and the weights that they go through.

use crate::failure::Failure;
use crate::figures::grouped;
use crate::memory::Growing;
use crate::numbers::name::{Name, Origin, time_unit};
use crate::numbers::numpy::{self, Archive, Array};
use crate::numbers::text::{Layout, Lines};
use crate::numbers::understood::{Extent, times};
use crate::numbers::{
    Format, Precision, Rows, Sample, Source, Time, Understood, each_of_list, index, written,
};
use crate::rules::TimeUnit;
use crate::spread::Spread;
use crate::weight::{Unit, Weight};
use crc32fast::Hasher;
use lif::{Event, Raster, SpikeInput};
use ndarray::{Array1, Array2};
use std::ops::Range;
use std::path::Path;

/// What a value of a file takes, on its way to an event.
const BYTES_PER_VALUE: u64 = 24;

/// The rows of a text, and of an array without names.
const LAYOUT: Layout = Layout { columns: &[2, 3], expected: "`step neuron` or `step batch neuron`" };

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
    /// What was understood of the files.
    pub understood: Vec<Understood>,
    /// Whether a file came through a pipe, so that nobody finds it again.
    pub is_kept: bool,
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
    /// neurons and a run of so many steps of `dt` ms.
    pub fn open(
        path: &Path,
        matrix: Option<&Path>,
        weight: Weight,
        (batch, n): (usize, usize),
        (steps, dt): (u64, f64),
    ) -> Result<Self, Failure> {
        let mut hasher = Hasher::new();
        let mut understood = Vec::new();
        let mut is_kept = false;
        let weights = match (matrix, weight.value) {
            (None, value) => Weights::Each(value.parameter(n)),
            (Some(path), Spread::Number(factor)) => {
                let (matrix, of_it, source) = read_matrix(path, factor, n, &mut hasher)?;
                understood.push(of_it);
                is_kept |= source.is_kept();
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
        let trains = if let Weights::Dense(matrix) = &weights { matrix.nrows() } else { n };
        let (mut events, mut of_them, source) = read_events(path, dt)?;
        is_kept |= source.is_kept();
        events.sort_unstable();
        let refusal = |reason: String| Err(fault("events", path, &reason));
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return refusal("there is no event in it".to_owned());
        };
        let rows = events.iter().map(|event| event.batch as usize + 1).max().unwrap_or(1);
        let highest = events.iter().map(|event| event.neuron as usize).max().unwrap_or(0);
        if highest >= trains {
            let whose = if matrix.is_some() { "rows of the matrix" } else { "neurons" };
            return refusal(format!(
                "there is a spike of neuron {highest}, but {trains} {whose} are numbered from 0"
            ));
        }
        if rows > batch {
            return refusal(format!(
                "there is a spike of batch row {}, but {batch} rows are numbered from 0",
                rows - 1
            ));
        }
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
            of_them.remarks.push(format!("{} are there twice and count once", grouped(repeated as u64)));
        }
        if let Extent::None {} = of_them.extent {
            of_them.extent = Extent::Steps { from_step: first.step, to_step: last.step };
        }
        understood.insert(0, of_them);
        for event in &events {
            hasher.update(&event.step.to_le_bytes());
            hasher.update(&event.batch.to_le_bytes());
            hasher.update(&event.neuron.to_le_bytes());
        }
        let batch = if rows > 1 { batch } else { 1 };
        let checksum = hasher.finalize();
        Ok(Self { events, trains, batch, weights, unit: weight.unit, checksum, understood, is_kept })
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

    /// The most bytes of memory that they take while a run of so many steps goes on.
    pub fn bytes(&self, steps: u64) -> u64 {
        let matrix = if let Weights::Dense(matrix) = &self.weights { matrix.len() as u64 * 4 } else { 0 };
        let row = 4 * self.cells();
        let blocks = row.saturating_mul(steps.div_ceil(32)).min(3 * BLOCK_BYTES.max(row));
        size_of_val(&self.events[..]) as u64 + matrix + blocks
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

/// When spikes happen: at steps, or at times.
#[derive(Debug, Clone)]
enum When {
    Steps,
    Times { unit: (TimeUnit, Origin), dt: f64 },
}

impl When {
    /// As the name of its column says.
    fn named(name: Option<&Name>, dt: f64) -> Result<Self, String> {
        match name {
            Some(name) if name.is_of_times() => {
                // No option says a unit here.
                Ok(Self::Times { unit: time_unit(None, "events", Some(name))?, dt })
            }
            _ => Ok(Self::Steps),
        }
    }

    fn step(&self, value: f64, precision: Precision) -> Result<u64, String> {
        match self {
            Self::Steps => whole("step", value).map(u64::from).map_err(|reason| {
                let is_time = value.fract() != 0.0 && value >= 0.0;
                let advice = "; times need names above them, as `time_ms neuron`";
                format!("{reason}{}", if is_time { advice } else { "" })
            }),
            Self::Times { unit, dt } => {
                let step = Time::new(value, unit.0.ms(), precision).steps_after(&Time::ZERO, *dt);
                if (0.0..=f64::from(u32::MAX)).contains(&step) {
                    return Ok(step as u64);
                }
                Err(format!(
                    "the time is {}, in {} {}; it must be 0 or more, and within {} steps",
                    written(value),
                    unit.0.text(),
                    unit.1,
                    u32::MAX
                ))
            }
        }
    }
}

fn whole(what: &str, value: f64) -> Result<u32, String> {
    if (0.0..=f64::from(u32::MAX)).contains(&value) && value.fract() == 0.0 {
        return Ok(value as u32);
    }
    let value = written(value);
    Err(format!("the {what} is {value}; it must be a whole number from 0 to {}", u32::MAX))
}

fn event(step: u64, row: f64, neuron: f64) -> Result<Event, String> {
    Ok(Event { step, batch: whole("batch row", row)?, neuron: whole("neuron", neuron)? })
}

/// The spikes of a file, and what was understood of it.
fn read_events(path: &Path, dt: f64) -> Result<(Vec<Event>, Understood, Source), Failure> {
    let refusal = |reason: String| fault("events", path, &reason);
    let source = Source::open(path).map_err(refusal)?;
    let mut understood = Understood { thing: "event", ..Understood::new("events", &source) };
    let mut events = Growing::new("the events");
    let when = match source.format() {
        Format::Text => {
            let mut lines = Lines::open(&source, LAYOUT).map_err(refusal)?;
            from_text(&mut lines, dt, &mut events, &mut understood).map_err(|reason| {
                Failure::fault(format!("events {}:{}: {reason}", path.display(), lines.number().max(1)))
            })?
        }
        Format::Npz => from_npz(&source, dt, &mut events, &mut understood).map_err(refusal)?,
        Format::Npy => {
            let array = numpy::from_npy(&source, &mut |array, rows| from_rows(array, rows, &mut events));
            understood.shape = Some(array.map_err(refusal)?.shape);
            When::Steps
        }
    };
    let events = events.into_values();
    understood.count = events.len() as u64;
    if let When::Times { unit, dt } = when {
        let ms = |event: Option<&Event>| event.map_or(0.0, |event| event.step as f64 * dt);
        let ends = (events.iter().min(), events.iter().max());
        understood.extent = times(ms(ends.0), ms(ends.1), &unit);
    }
    Ok((events, understood, source))
}

/// One spike per line, in the columns that names say, or as [`LAYOUT`] has them.
fn from_text(
    lines: &mut Lines,
    dt: f64,
    events: &mut Growing<Event>,
    understood: &mut Understood,
) -> Result<When, String> {
    let mut found: Option<(When, [Option<usize>; 3])> = None;
    while let Some(row) = lines.row()? {
        let row = [row[0], row[1], row.get(2).copied().unwrap_or(f64::NAN)];
        if found.is_none() {
            let count = if row[2].is_nan() { 2 } else { 3 };
            let columns = columns(lines.names(), count)?;
            let name = columns[0].and_then(|column| lines.names().get(column));
            let names: Vec<&str> = match lines.names() {
                [] if count == 2 => vec!["step", "neuron"],
                [] => vec!["step", "batch", "neuron"],
                names => names.iter().map(Name::text).collect(),
            };
            understood.columns = names.into_iter().map(str::to_owned).collect();
            found = Some((When::named(name, dt)?, columns));
        }
        let Some((when, columns)) = &found else { continue };
        let at = |column: usize| columns[column].map_or(0.0, |place| row[place]);
        let precision = lines.precision(columns[0].unwrap_or(0));
        events.push(event(when.step(at(0), precision)?, at(1), at(2))?)?;
    }
    Ok(found.map_or(When::Steps, |(when, _)| when))
}

/// Where step, batch row and neuron are among so many columns.
fn columns(names: &[Name], count: usize) -> Result<[Option<usize>; 3], String> {
    let usual = if count == 2 { [Some(0), None, Some(1)] } else { [Some(0), Some(1), Some(2)] };
    let is_one = |name: &Name, words: &[&str]| words.iter().any(|word| name.is(word));
    let find = |is_it: &dyn Fn(&Name) -> bool| names.iter().position(is_it);
    let step = find(&|name| name.is_of_times() || is_one(name, &["step", "steps"]));
    let row = find(&|name| is_one(name, &["batch", "batch row", "row"]));
    let neuron =
        find(&|name| is_one(name, &["neuron", "neurons", "neuron id", "neuron index", "cell", "train"]));
    if names.is_empty() || (step, row, neuron) == (None, None, None) {
        return Ok(usual);
    }
    match (step, row, neuron) {
        (Some(_), None, Some(_)) if count == 2 => Ok([step, None, neuron]),
        (Some(_), Some(_), Some(_)) => Ok([step, row, neuron]),
        _ => Err(format!(
            "the columns are {:?}; expected step (or time), neuron, and batch where there is one",
            names.iter().map(Name::text).collect::<Vec<_>>()
        )),
    }
}

/// Rows of an array as they are in text.
fn from_rows(array: &Array, rows: &mut dyn Rows, events: &mut Growing<Event>) -> Result<(), String> {
    let ([_, 2] | [_, 3]) = array.shape[..] else {
        return Err(format!(
            "it has shape {:?}; expected [events, 2 or 3], {}",
            array.shape, LAYOUT.expected
        ));
    };
    let mut row = Vec::new();
    let mut number = 0..;
    while rows.next(&mut row)? != Sample::None {
        let number: u64 = number.next().unwrap_or_default();
        let place = |reason: String| format!("the row at [{number}]: {reason}");
        let (step, batch, neuron) = match row[..] {
            [step, neuron] => (step, 0.0, neuron),
            [step, batch, neuron] => (step, batch, neuron),
            _ => continue,
        };
        let step = When::Steps.step(step, array.precision()).map_err(place)?;
        let event = event(step, batch, neuron).map_err(place)?;
        events.push(event)?;
    }
    Ok(())
}

fn from_npz(
    source: &Source,
    dt: f64,
    events: &mut Growing<Event>,
    understood: &mut Understood,
) -> Result<When, String> {
    let mut archive = Archive::open(source)?;
    let keys = archive.names();
    let timed: Vec<&String> = keys.iter().filter(|key| Name::new(key).is_of_times()).collect();
    let is_there = |name: &str| keys.iter().any(|key| key == name);
    let key = match timed[..] {
        _ if is_there("step") => "step",
        [only] => only.as_str(),
        _ => return Err(format!("expected arrays 'step' and 'neuron', and maybe 'batch'; found {keys:?}")),
    };
    let when = if key == "step" { When::Steps } else { When::named(Some(&Name::new(key)), dt)? };
    let mut steps = Vec::new();
    list(&mut archive, key, |value, precision| {
        steps.push(when.step(value, precision)?);
        Ok(())
    })?;
    let mut neurons = Vec::new();
    list(&mut archive, "neuron", |value, _| {
        neurons.push(value);
        Ok(())
    })?;
    let mut rows = Vec::new();
    if is_there("batch") {
        list(&mut archive, "batch", |value, _| {
            rows.push(value);
            Ok(())
        })?;
    } else {
        rows.resize(steps.len(), 0.0);
    }
    if neurons.len() != steps.len() || rows.len() != steps.len() {
        return Err(format!(
            "its arrays '{key}', 'batch' and 'neuron' have {}, {} and {} values; each spike has one in each",
            steps.len(),
            rows.len(),
            neurons.len()
        ));
    }
    understood.columns = [key, "batch", "neuron"]
        .into_iter()
        .filter(|name| *name != "batch" || is_there("batch"))
        .map(str::to_owned)
        .collect();
    for (place, ((step, row), neuron)) in steps.iter().zip(&rows).zip(&neurons).enumerate() {
        let event =
            event(*step, *row, *neuron).map_err(|reason| format!("the event at [{place}]: {reason}"))?;
        events.push(event)?;
    }
    Ok(when)
}

/// Shows all values of a list in an archive.
fn list(
    archive: &mut Archive,
    key: &str,
    mut visit: impl FnMut(f64, Precision) -> Result<(), String>,
) -> Result<(), String> {
    let mut check = |array: &Array, rows: &mut dyn Rows| {
        require_memory(array)?;
        each_of_list(&array.shape, rows, |place, value| {
            visit(value, array.precision())
                .map_err(|reason| format!("the value at {:?}: {reason}", index(&array.shape, place)))
        })
    };
    archive.array(key, &mut check).map(drop)
}

/// Asks for the memory that the values of an array take.
fn require_memory(array: &Array) -> Result<(), String> {
    let count: usize = array.shape.iter().product();
    lif::require_memory("the values", count as u64 * BYTES_PER_VALUE, "take fewer at a time")
        .map_err(|error| error.to_string())
}

/// The weights of a file, multiplied, and what was understood of it.
fn read_matrix(
    path: &Path,
    factor: f64,
    n: usize,
    hasher: &mut Hasher,
) -> Result<(Array2<f32>, Understood, Source), Failure> {
    let refusal = |reason: String| fault("matrix of weights", path, &reason);
    let source = Source::open(path).map_err(refusal)?;
    let mut values = Vec::new();
    let mut check = |array: &Array, rows: &mut dyn Rows| {
        let shape = &array.shape;
        if !matches!(shape[..], [trains, neurons] if trains > 0 && neurons == n) {
            return Err(format!("it has shape {shape:?}; expected [trains, {n}], a row for each train"));
        }
        require_memory(array)?;
        let mut row = Vec::new();
        while rows.next(&mut row)? != Sample::None {
            for value in &row {
                let scaled = (value * factor) as f32;
                if !scaled.is_finite() {
                    let place = index(shape, values.len());
                    return Err(format!(
                        "the weight at {place:?} is {}, multiplied with {}; all must be finite in single precision",
                        written(*value),
                        written(factor)
                    ));
                }
                hasher.update(&scaled.to_le_bytes());
                values.push(scaled);
            }
        }
        Ok(())
    };
    let mut key = None;
    let array = match source.format() {
        Format::Npy => numpy::from_npy(&source, &mut check),
        Format::Npz => Archive::open(&source).and_then(|mut archive| match &archive.names()[..] {
            [only] => archive.array(key.insert(only.clone()), &mut check),
            names => Err(format!("expected one array; found {}", names.join(", "))),
        }),
        Format::Text => Err("it is text; it must be a .npy or .npz file of numpy".to_owned()),
    };
    let shape = array.map_err(refusal)?.shape;
    let understood = Understood {
        columns: key.into_iter().collect(),
        shape: Some(shape.clone()),
        count: values.len() as u64,
        thing: "weight",
        ..Understood::new("events-matrix", &source)
    };
    // An array without any value has not been looked at.
    let trains = shape.first().copied().unwrap_or(0);
    let matrix = Array2::from_shape_vec((trains, n), values).map_err(|error| refusal(error.to_string()))?;
    Ok((matrix, understood, source))
}
