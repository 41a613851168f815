//! A stimulus file: numpy arrays or text. It is read from end to end when it is opened, and again during the
//! run; memory never contains more than a few samples.

use super::SampleOptions;
use super::schedule::Schedule;
use super::timed::{LAYOUT, TIME_UNIT, TextRows, TimeColumn, TimedRows};
use crate::failure::Failure;
use crate::numbers::TimeUnit;
use crate::numbers::clock::Clock;
use crate::numbers::comments::doubt_of_arrays;
use crate::numbers::interval::{Interval, interval};
use crate::numbers::name::Name;
use crate::numbers::numpy::{self, Archive, Array};
use crate::numbers::origin::{Origin, time_unit};
use crate::numbers::time::Column;
use crate::numbers::{Format, Rows, Sample, Source, Time, index, refuse_other_unit, written};
use crate::spikes::trains::is_of_neurons_alone;
use crc32fast::Hasher;
use std::path::Path;

/// A file whose samples have all been checked.
#[derive(Debug)]
pub struct Samples {
    pub source: Source,
    /// `[T]`, `[T, n]` or `[T, batch, n]`.
    pub shape: Vec<usize>,
    pub times: Times,
    /// The smallest and the largest value.
    pub smallest: Extreme,
    pub largest: Extreme,
    /// A checksum of values and times.
    pub checksum: u32,
    /// The names of the columns or arrays, the values last.
    pub names: Vec<Name>,
    /// The unit of the values in a comment.
    pub value_unit: Option<&'static str>,
    /// The unread comments or arrays.
    pub unread: Vec<String>,
    form: Form,
}

/// The format of the samples.
#[derive(Debug)]
enum Form {
    Array(Array),
    /// The values, and the times with their unit.
    Timed(Array, Array, TimeUnit),
    /// Text, with the unit of times from an option, and how the times are written.
    Text(Option<TimeUnit>, Option<Column>),
}

/// The times of samples.
#[derive(Debug, Clone, PartialEq)]
pub enum Times {
    /// At an interval, which the file may give.
    Every(Option<Interval>),
    /// With a time for each sample.
    At(Range),
}

/// The times of samples, with their unit and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub schedule: Schedule,
    pub unit: (TimeUnit, Origin),
}

/// An extreme value, and its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extreme {
    pub value: f64,
    sample: u64,
    column: usize,
    line: Option<u64>,
}

impl Samples {
    /// Reads a file from end to end.
    pub fn open(path: &Path, options: &SampleOptions) -> Result<Self, Failure> {
        let refusal = |reason: String| Failure::fault(format!("stimulus {}: {reason}", path.display()));
        let source = Source::open(path).map_err(refusal)?;
        let is_used = |name: &Name| name.is_of_times() || name.clock() == Some(Clock::Interval);
        refuse_other_unit(&source, LAYOUT, options.time_unit, TIME_UNIT, is_used)
            .map_err(|reason| Failure::usage(format!("stimulus {}: {reason}", path.display())))?;
        let mut survey = Survey::new(options.dt);
        let mut value_unit = None;
        let (shape, form, times, names) = match source.format() {
            Format::Npy => {
                let array = numpy::from_npy(&source, &mut |array, rows| survey.all(&array.shape, rows));
                let array = array.map_err(refusal)?;
                (array.shape.clone(), Form::Array(array), Times::Every(None), Vec::new())
            }
            Format::Npz => from_npz(&source, options, &mut survey).map_err(refusal)?,
            Format::Text => {
                let mut rows = TextRows::open(&source, options.time_unit, None).map_err(refusal)?;
                survey.all(&[0], &mut rows).map_err(|reason| {
                    Failure::fault(format!("stimulus {}:{}: {reason}", path.display(), rows.number()))
                })?;
                if survey.samples == 0 {
                    return Err(refusal(rows.none()));
                }
                let times = rows.unit().map_or(Times::Every(None), |unit| survey.times(unit));
                if let (Times::Every(None), None) = (&times, options.interval) {
                    rows.refuse_other_interval(options.dt).map_err(refusal)?;
                }
                let unread = rows.unread(options.interval.unwrap_or(options.dt));
                for doubt in rows.doubts(&unread, options.interval) {
                    log::warn!("stimulus {}: {doubt}", path.display());
                }
                value_unit = rows.value_unit();
                survey.unread = unread.into_iter().map(|unread| unread.comment).collect();
                let shape = vec![survey.samples as usize];
                (shape, Form::Text(options.time_unit, rows.written_times()), times, rows.names().to_vec())
            }
        };
        if !(1..=3).contains(&shape.len()) || shape.contains(&0) {
            return Err(refusal(format!(
                "the array has shape {shape:?}; expected [T], [T, n] or [T, batch, n], not empty"
            )));
        }
        let (smallest, largest, checksum) = (survey.smallest, survey.largest, survey.hasher.finalize());
        Ok(Self {
            source,
            shape,
            times,
            smallest,
            largest,
            checksum,
            names,
            value_unit,
            unread: survey.unread,
            form,
        })
    }

    /// The samples from number `first` on; those with times always from the first on.
    pub fn rows(&self, first: u64) -> Result<Box<dyn Rows + Send>, String> {
        match &self.form {
            Form::Array(array) => array.rows(&self.source, first),
            Form::Timed(values, times, unit) => Ok(Box::new(TimedRows {
                values: values.rows(&self.source, 0)?,
                times: times.rows(&self.source, 0)?,
                column: TimeColumn::new(*unit),
                precision: times.precision(),
                time: Vec::new(),
            })),
            Form::Text(time_unit, times) => {
                let mut rows = TextRows::open(&self.source, *time_unit, *times)?;
                let mut passed = Vec::new();
                for _ in 0..if matches!(self.times, Times::Every(_)) { first } else { 0 } {
                    rows.next(&mut passed)?;
                }
                Ok(Box::new(rows))
            }
        }
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.shape.first().map_or(0, |count| *count as u64)
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        format!("the stimulus {}", self.source.path().display())
    }

    /// A value with its place, for messages.
    pub fn describe(&self, extreme: &Extreme) -> String {
        let Extreme { value, sample, column, line } = extreme;
        let value = written(*value);
        let path = self.source.path().display();
        match line {
            Some(line) => format!("stimulus {path}:{line}: the value is {value}"),
            None => {
                let row: usize = self.shape[1..].iter().product();
                let place = index(&self.shape, *sample as usize * row + column);
                format!("stimulus {path}: the value at {place:?} is {value}")
            }
        }
    }
}

type ArchiveContent = (Vec<usize>, Form, Times, Vec<Name>);

fn from_npz(source: &Source, options: &SampleOptions, survey: &mut Survey) -> Result<ArchiveContent, String> {
    let mut archive = Archive::open(source)?;
    let keys = archive.names();
    let (values, times) = values_and_times(&keys)?;
    let interval = interval(&mut archive, &keys, (options.time_unit, TIME_UNIT))?;
    let is_read =
        |key: &&String| *key == values || Some(key.as_str()) == times || Name::new(key).clock().is_some();
    let unread: Vec<String> = keys.iter().filter(|key| !is_read(key)).cloned().collect();
    let taken = match times {
        Some(times) => format!("'{times}' says when samples are, and --{TIME_UNIT} in which unit"),

        None => format!("'dt' and 'fs' say how often there are samples, or --{}", super::INTERVAL),
    };
    // Options about times do not give other units.
    let is_given = options.interval.is_some() || options.time_unit.is_some();
    let doubtful: Vec<String> =
        unread.iter().filter(|key| !is_given || key.to_lowercase().contains("unit")).cloned().collect();
    if let Some(doubt) = doubt_of_arrays(&doubtful, &taken) {
        log::warn!("stimulus {}: {doubt}", source.path().display());
    }
    survey.unread = unread;
    let no_value = Name::new(values);
    if no_value.is_of_no_value() || is_of_neurons_alone(&no_value) {
        return Err(format!("the array '{values}' in it has no currents by its name; call it 'stimulus'"));
    }
    let Some(times) = times else {
        let array = archive.array(values, &mut |array, rows| survey.all(&array.shape, rows))?;
        let names = vec![Name::new(values)];
        return Ok((array.shape.clone(), Form::Array(array), Times::Every(interval), names));
    };
    let names = vec![Name::new(times), Name::new(values)];
    let (unit, origin) = time_unit(options.time_unit, TIME_UNIT, names.first())?;
    // Both arrays are read at the same time.
    let mut second = Archive::open(source)?;
    let mut clock = None;
    let array = archive.array(values, &mut |array, rows| {
        let beside = second.array(times, &mut |clock, instants| {
            if !matches!(clock.shape[..], [count] | [count, 1] if Some(&count) == array.shape.first()) {
                return Err(format!(
                    "it has shape {:?}, and '{values}' has {:?}; expected a time for each sample",
                    clock.shape, array.shape
                ));
            }
            let (values, times) = (&mut *rows, instants);
            let column = TimeColumn::new(unit);
            let precision = clock.precision();
            let mut rows = TimedRows { values, times, column, precision, time: Vec::new() };
            survey.all(&array.shape, &mut rows)
        })?;
        clock = Some(beside);
        Ok(())
    })?;
    let clock = clock.ok_or("there is no sample in it")?;
    let found = survey.times((unit, origin));
    if let (Some(interval), Times::At(range)) = (&interval, &found) {
        // Within the error of single precision.
        let mean = range.schedule.last.ms_after(&range.schedule.first) / (survey.samples.max(2) - 1) as f64;
        if (mean / interval.ms - 1.0).abs() > 1e-3 && survey.samples > 1 {
            return Err(format!(
                "'{times}' in it has samples every {mean} ms, but '{}' says every {} ms; leave one of them out",
                interval.name, interval.ms
            ));
        }
    }
    Ok((array.shape.clone(), Form::Timed(array, clock, unit), found, names))
}

/// The names of the values and of the times, if there are any.
fn values_and_times(keys: &[String]) -> Result<(&str, Option<&str>), String> {
    let others: Vec<&str> =
        keys.iter().map(String::as_str).filter(|key| Name::new(key).clock().is_none()).collect();
    let (times, values): (Vec<&str>, Vec<&str>) =
        others.iter().copied().partition(|key| Name::new(key).is_of_times());
    let values = match values[..] {
        [only] => only,
        _ if values.contains(&"stimulus") => "stimulus",
        _ => return Err(format!("expected one array, or one named 'stimulus'; found {others:?}")),
    };
    match times[..] {
        [] => Ok((values, None)),
        [only] => Ok((values, Some(only))),
        _ => Err(format!("several arrays may be its times: {times:?}; leave all out but one")),
    }
}

/// What was found in the samples.
struct Survey {
    samples: u64,
    /// A step, ms.
    dt: f64,
    times: Option<Schedule>,
    smallest: Extreme,
    largest: Extreme,
    hasher: Hasher,
    /// The unread comments or arrays.
    unread: Vec<String>,
}

impl Survey {
    fn new(dt: f64) -> Self {
        let extreme = |value| Extreme { value, sample: 0, column: 0, line: None };
        Self {
            samples: 0,
            dt,
            times: None,
            smallest: extreme(f64::INFINITY),
            largest: extreme(f64::NEG_INFINITY),
            hasher: Hasher::new(),
            unread: Vec::new(),
        }
    }

    /// Checks all samples of an array of this shape.
    fn all(&mut self, shape: &[usize], rows: &mut dyn Rows) -> Result<(), String> {
        let mut row = Vec::new();
        loop {
            match rows.next(&mut row)? {
                Sample::End => return Ok(()),
                Sample::Next => {}
                Sample::At(time) => self.time(time),
            }
            for (column, value) in row.iter().copied().enumerate() {
                if !value.is_finite() {
                    let place = index(shape, self.samples as usize * row.len() + column);
                    return Err(format!("the value at {place:?} is {value}; every value must be finite"));
                }
                let extreme = Extreme { value, sample: self.samples, column, line: None };
                if value < self.smallest.value {
                    self.smallest = Extreme { line: rows.line(), ..extreme };
                }
                if value > self.largest.value {
                    self.largest = Extreme { line: rows.line(), ..extreme };
                }
            }
            self.hasher.update(bytemuck::cast_slice(&row));
            self.samples += 1;
        }
    }

    fn time(&mut self, time: Time) {
        // The precision of a time affects the step in which it is due.
        self.hasher.update(bytemuck::cast_slice(&time.bits()));
        match &mut self.times {
            Some(schedule) => schedule.add(time),
            None => self.times = Some(Schedule::new(time, self.dt)),
        }
    }

    fn times(&self, unit: (TimeUnit, Origin)) -> Times {
        let schedule = self.times.unwrap_or_else(|| Schedule::new(Time::ZERO, self.dt));
        Times::At(Range { schedule, unit })
    }
}
