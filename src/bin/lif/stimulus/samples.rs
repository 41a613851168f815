//! A stimulus file: arrays of numpy, or text. It is read from end to end when it is opened, and again
//! while the steps are made; at no time does memory hold more than a few samples of it.

use super::numpy::{self, Archive, Array};
use super::text::Lines;
use crate::failure::Failure;
use crc32fast::Hasher;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file whose samples have all been looked at.
#[derive(Debug)]
pub struct Samples {
    path: PathBuf,
    /// `[T]`, `[T, n]` or `[T, batch, n]`.
    pub shape: Vec<usize>,
    pub times: Times,
    /// The smallest value.
    pub smallest: f64,
    /// Changes with the values and their times.
    pub checksum: u32,
    format: Format,
    state: FileState,
}

#[derive(Debug)]
enum Format {
    Array(Array),
    /// Text, with what a number in its column of times counts, ms.
    Text(f64),
}

/// When samples hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Times {
    /// One after the other; the interval in ms where the file says it.
    Every(Option<f64>),
    /// Each from its own time on: the first and the last of these, and how long before the last the
    /// one before it is, where there is one; ms.
    At { first: f64, last: f64, before: Option<f64> },
}

/// One sample beside its values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// There is none any more.
    None,
    /// It follows the one before.
    InTurn,
    /// It holds from this time on, ms.
    At(f64),
}

/// Samples one after the other.
pub trait Rows {
    /// Puts the values of the next sample into `row`.
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String>;
}

/// What a file shows of itself without being read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct FileState {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl FileState {
    fn of(path: &Path) -> Result<Self, String> {
        let data = path.metadata().map_err(|error| error.to_string())?;
        Ok(Self { bytes: data.len(), changed: data.modified().ok() })
    }
}

impl Samples {
    /// Reads a file from end to end. A number in a time column counts `time_unit` ms.
    pub fn open(path: &Path, time_unit: f64) -> Result<Self, Failure> {
        let refusal = |reason: String| fault(path, &reason);
        let state = FileState::of(path).map_err(refusal)?;
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let mut checked = Checked::default();
        let (shape, format, interval) = match extension.as_deref() {
            Some("npy") => {
                let array = numpy::from_npy(path, &mut |shape, rows| checked.all(shape, rows));
                let array = array.map_err(refusal)?;
                (array.shape.clone(), Format::Array(array), None)
            }
            Some("npz") => {
                let (array, interval) = from_npz(path, &mut checked).map_err(refusal)?;
                (array.shape.clone(), Format::Array(array), interval)
            }
            _ => {
                let mut lines = Lines::open(path, time_unit).map_err(refusal)?;
                checked.all(&[0], &mut lines).map_err(|reason| {
                    Failure::fault(format!("stimulus {}:{}: {reason}", path.display(), lines.number()))
                })?;
                (vec![checked.samples as usize], Format::Text(time_unit), None)
            }
        };
        if !(1..=3).contains(&shape.len()) || shape.contains(&0) {
            return Err(refusal(format!(
                "the array has shape {shape:?}; expected [T], [T, n] or [T, batch, n], not empty"
            )));
        }
        let times = checked.times.unwrap_or(Times::Every(interval));
        let (smallest, checksum) = (checked.smallest, checked.hasher.finalize());
        Ok(Self { path: path.to_owned(), shape, times, smallest, checksum, format, state })
    }

    /// The samples from the one of a number on; of those that have times, from the first on.
    pub fn rows(&self, first: u64) -> Result<Box<dyn Rows + Send>, String> {
        if FileState::of(&self.path)? != self.state {
            return Err("it has changed since the run began".to_owned());
        }
        match (&self.format, self.times) {
            (Format::Array(array), _) => array.rows(&self.path, first),
            (Format::Text(time_unit), times) => {
                let mut lines = Lines::open(&self.path, *time_unit)?;
                let mut passed = Vec::new();
                for _ in 0..if matches!(times, Times::Every(_)) { first } else { 0 } {
                    lines.next(&mut passed)?;
                }
                Ok(Box::new(lines))
            }
        }
    }

    /// The file, as messages name it.
    pub fn name(&self) -> String {
        format!("the stimulus {}", self.path.display())
    }
}

fn fault(path: &Path, reason: &str) -> Failure {
    Failure::fault(format!("stimulus {}: {reason}", path.display()))
}

fn from_npz(path: &Path, checked: &mut Checked) -> Result<(Array, Option<f64>), String> {
    let mut archive = Archive::open(path)?;
    let names = archive.names();
    let others: Vec<&String> = names.iter().filter(|name| *name != "dt_ms").collect();
    let name = match others.as_slice() {
        [only] => only.as_str(),
        several if several.iter().any(|name| *name == "stimulus") => "stimulus",
        several => return Err(format!("expected one array, or one named 'stimulus'; found {several:?}")),
    };
    let array = archive.array(name, &mut |shape, rows| checked.all(shape, rows))?;
    if !names.iter().any(|name| name == "dt_ms") {
        return Ok((array, None));
    }
    let mut interval = Vec::new();
    let shape = archive.array("dt_ms", &mut |_, rows| rows.next(&mut interval).map(|_| ()))?.shape;
    match interval[..] {
        [ms] if ms.is_finite() && ms > 0.0 && shape.iter().all(|length| *length == 1) => {
            Ok((array, Some(ms)))
        }
        _ => Err("'dt_ms' must be one number above 0: the sample interval in ms".to_owned()),
    }
}

/// What has been found in the samples.
struct Checked {
    samples: u64,
    times: Option<Times>,
    smallest: f64,
    hasher: Hasher,
}

impl Default for Checked {
    fn default() -> Self {
        Self { samples: 0, times: None, smallest: f64::INFINITY, hasher: Hasher::new() }
    }
}

impl Checked {
    /// Looks at all samples of an array of this shape.
    fn all(&mut self, shape: &[usize], rows: &mut dyn Rows) -> Result<(), String> {
        let mut row = Vec::new();
        loop {
            match rows.next(&mut row)? {
                Sample::None => return Ok(()),
                Sample::InTurn => {}
                Sample::At(time) => self.time(time),
            }
            if let Some(place) = row.iter().position(|value| !value.is_finite()) {
                let mut index = vec![self.samples as usize];
                if let [_, .., n] = shape {
                    index.extend((shape.len() == 3).then_some(place / n));
                    index.push(place % n);
                }
                return Err(format!("the value at {index:?} is {}; every value must be finite", row[place]));
            }
            self.smallest = row.iter().copied().fold(self.smallest, f64::min);
            self.hasher.update(bytemuck::cast_slice(&row));
            self.samples += 1;
        }
    }

    fn time(&mut self, time: f64) {
        self.hasher.update(&time.to_ne_bytes());
        self.times = Some(match self.times {
            Some(Times::At { first, last, .. }) => Times::At { first, last: time, before: Some(time - last) },
            _ => Times::At { first: time, last: time, before: None },
        });
    }
}
