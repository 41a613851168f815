//! The currents of a stimulus in the steps of a run: each step has the latest sample at its beginning.

use super::samples::{Samples, Times};
use super::schedule::Schedule;
use super::transform::{Filter, Transform};
use crate::numbers::time::TIME_TOLERANCE;
use crate::numbers::{Rows, Sample, Time};
use ndarray::{ArrayD, IxDyn};
use std::ops::Range;

/// The size of a block of currents, bytes.
const BLOCK_BYTES: usize = 8 << 20;

/// A block has at least the steps of a word of spikes, unless this is too large.
const WORD_STEPS: usize = 32;
const WIDE_BLOCK_BYTES: usize = 64 << 20;

/// Blocks in memory: one drives the population, one waits, one is being made.
const BLOCKS: u64 = 3;

/// Currents in blocks of steps, for [`lif::Blocks`]. Time counts from the first sample, after the delay.
/// After the last sample its value stays.
pub struct Currents {
    name: String,
    rows: Box<dyn Rows + Send>,
    position: Position,
    /// The values of the current sample.
    row: Vec<f64>,
    /// The transformed values, before the filter.
    level: Vec<f64>,
    filter: Option<Filter>,
    /// The currents.
    current: Vec<f32>,
    /// The shape of the currents of one step.
    step_shape: Vec<usize>,
    steps: Range<u64>,
    dt: f64,
    transform: Transform,
    /// Steps before the first sample.
    delay: u64,
}

/// The position in the samples.
enum Position {
    /// For samples at an interval, ms: the number of the current sample, the next one to read, and the last
    /// one.
    Every { holds: Option<u64>, next: u64, last: u64, interval: f64 },
    /// For samples with times: the next sample with its time.
    At { next: Option<(Time, Vec<f64>)>, schedule: Schedule },
}

impl Currents {
    pub(super) fn new(
        samples: &Samples,
        interval: f64,
        steps: Range<u64>,
        dt: f64,
        transform: Transform,
    ) -> lif::Result<Self> {
        let name = samples.name();
        let delay = transform.delay_steps(dt);
        let filter = transform.low_pass.map(|tau| Filter::new(tau, dt));
        let wanted = steps.start.saturating_sub(delay);
        // A filter depends on all steps before.
        let earliest = if filter.is_some() { 0 } else { wanted };
        let position = match &samples.times {
            Times::Every(_) => {
                let last = samples.count() - 1;
                let next = sample_at(earliest, dt, interval, last);
                Position::Every { holds: None, next, last, interval }
            }
            Times::At(range) => Position::At { next: None, schedule: range.schedule },
        };
        let first = if let Position::Every { next, .. } = position { next } else { 0 };
        let rows = samples.rows(first).map_err(|reason| unreadable(&name, reason))?;
        let mut currents = Self {
            name,
            rows,
            position,
            row: Vec::new(),
            level: Vec::new(),
            filter,
            current: Vec::new(),
            step_shape: samples.shape[1..].to_vec(),
            steps,
            dt,
            transform,
            delay,
        };
        currents.start(earliest..wanted).map_err(|reason| unreadable(&currents.name, reason))?;
        Ok(currents)
    }

    /// Reads the first sample with a time and the next one, and passes the steps before the first one wanted.
    fn start(&mut self, passed: Range<u64>) -> Result<(), String> {
        if let Position::At { next, .. } = &mut self.position {
            self.rows.next(&mut self.row)?;
            *next = with_time(self.rows.as_mut())?;
            self.transform();
        }
        for step in passed {
            self.advance_to(step)?;
            self.filter();
        }
        Ok(())
    }

    /// Moves to the sample of a step, which is not before the last one.
    fn advance_to(&mut self, step: u64) -> Result<(), String> {
        match &mut self.position {
            Position::Every { holds, next, last, interval } => {
                let sample = sample_at(step, self.dt, *interval, *last);
                if *holds == Some(sample) {
                    return Ok(());
                }
                while *next <= sample {
                    if self.rows.next(&mut self.row)? == Sample::End {
                        return Err("it has become shorter since it was looked through".to_owned());
                    }
                    *next += 1;
                }
                *holds = Some(sample);
            }
            Position::At { next, schedule } => {
                let mut is_new = false;
                while let Some((_, row)) = next.take_if(|(time, _)| schedule.is_due(time, step, self.dt)) {
                    self.row = row;
                    *next = with_time(self.rows.as_mut())?;
                    is_new = true;
                }
                if !is_new {
                    return Ok(());
                }
            }
        }
        self.transform();
        Ok(())
    }

    fn transform(&mut self) {
        self.level.clear();
        self.level.extend(self.row.iter().map(|raw| self.transform.of(*raw)));
        if self.filter.is_none() {
            self.current.clear();
            self.current.extend(self.level.iter().map(|level| *level as f32));
        }
    }

    /// Filters the next step, if there is a filter.
    fn filter(&mut self) {
        if let Some(filter) = &mut self.filter {
            self.current.clear();
            self.current.extend(filter.step(&self.level).iter().map(|level| *level as f32));
        }
    }

    fn block(&mut self) -> Result<ArrayD<f32>, String> {
        let row = self.step_shape.iter().product();
        let count = block_steps(row).min(self.steps.end - self.steps.start);
        let mut values = Vec::with_capacity(count as usize * row);
        for _ in 0..count {
            match self.steps.start.checked_sub(self.delay) {
                Some(step) => {
                    self.advance_to(step)?;
                    self.filter();
                    values.extend_from_slice(&self.current);
                }
                None => values.extend(std::iter::repeat_n(0.0, row)),
            }
            self.steps.start += 1;
        }
        let shape = [&[count as usize], &self.step_shape[..]].concat();
        ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|error| error.to_string())
    }
}

impl Iterator for Currents {
    type Item = lif::Result<ArrayD<f32>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.steps.is_empty() {
            return None;
        }
        let block = self.block().map_err(|reason| unreadable(&self.name, reason));
        if block.is_err() {
            self.steps.start = self.steps.end;
        }
        Some(block)
    }
}

/// The most bytes of blocks in memory in a run of this many steps.
pub(super) fn bytes(samples: &Samples, steps: u64) -> u64 {
    let row = samples.shape[1..].iter().product::<usize>();
    steps.min(BLOCKS * block_steps(row)).saturating_mul(4 * row as u64)
}

/// The most steps of a block.
pub(super) fn most_steps(samples: &Samples) -> u64 {
    block_steps(samples.shape[1..].iter().product())
}

/// Steps of a block.
fn block_steps(row: usize) -> u64 {
    let bytes = (4 * row).max(1);
    (BLOCK_BYTES / bytes).max(WORD_STEPS.min(WIDE_BLOCK_BYTES / bytes)).max(1) as u64
}

/// The number of the sample in a step, for samples at an interval.
fn sample_at(step: u64, dt: f64, interval: f64, last: u64) -> u64 {
    ((step as f64 * dt / interval + TIME_TOLERANCE) as u64).min(last)
}

/// The next sample with its time; `None` at the end.
fn with_time(rows: &mut dyn Rows) -> Result<Option<(Time, Vec<f64>)>, String> {
    let mut row = Vec::new();
    Ok(match rows.next(&mut row)? {
        Sample::At(time) => Some((time, row)),
        Sample::End | Sample::Next => None,
    })
}

fn unreadable(name: &str, reason: String) -> lif::Error {
    lif::Error::Unreadable { what: name.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimulus::{Level, SampleOptions, Stimulus};
    use ndarray::{Array1, Array2};
    use ndarray_npy::{WriteNpyExt, write_npy};
    use std::fmt::Write as _;
    use std::io::Write as _;
    use std::path::PathBuf;
    use tempfile::TempDir;

    const PLAIN: Transform =
        Transform { level: Level::Raw, scale: 1.0, offset: 0.0, rectify: false, low_pass: None, delay: 0.0 };

    /// A stimulus file of these bytes.
    fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    /// Options with only the interval of samples.
    fn every(ms: f64) -> SampleOptions {
        SampleOptions { time_unit: None, interval: Some(ms), dt: ms }
    }

    fn stimulus(text: &str, interval: f64) -> (TempDir, Stimulus) {
        let (folder, path) = file("in.txt", text.as_bytes());
        let stimulus = Stimulus::open(&path, &every(interval)).unwrap();
        (folder, stimulus)
    }

    fn currents(stimulus: &Stimulus, steps: Range<u64>, dt: f64) -> Vec<f32> {
        stimulus.currents(steps, dt, PLAIN).unwrap().flat_map(Result::unwrap).collect()
    }

    #[test]
    fn a_sample_is_held_until_the_next() {
        let (_folder, stimulus) = stimulus("1\n2\n3\n", 0.2);
        assert_eq!(currents(&stimulus, 0..8, 0.1), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0]);
        assert_eq!(currents(&stimulus, 3..5, 0.1), [2.0, 3.0]);
        assert_eq!(currents(&stimulus, 0..2, 0.4), [1.0, 3.0]);
        assert_eq!(currents(&stimulus, 100..102, 0.4), [3.0, 3.0]);
        assert!((stimulus.length_ms() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn times_count_from_the_first() {
        let (_folder, stimulus) = stimulus("10 1\n10.3 2\n10.4 3\n", 0.1);
        assert_eq!(currents(&stimulus, 0..6, 0.1), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(currents(&stimulus, 3..4, 0.1), [2.0]);
        assert_eq!(currents(&stimulus, 0..3, 0.2), [1.0, 1.0, 3.0]);
        assert!((stimulus.length_ms() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn columns_stay_columns_and_are_scaled() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("in.npy");
        let values = Array2::from_shape_fn((2, 3), |(time, column)| (10 * time + column) as f64);
        write_npy(&path, &values).unwrap();
        let stimulus = Stimulus::open(&path, &every(1.0)).unwrap();
        let transform = Transform { scale: 2.0, offset: 1.0, ..PLAIN };
        let block = stimulus.currents(0..4, 0.5, transform).unwrap().next().unwrap().unwrap();
        assert_eq!(block.shape(), [4, 3]);
        assert_eq!(block[[3, 2]], 25.0);
        assert_eq!(stimulus.population(), (Some(3), None));
    }

    #[test]
    fn transforms_happen_one_after_the_other_from_any_step_on() {
        let (_folder, stimulus) = stimulus("1\n10\n100\n0.1\n", 1.0);
        let seen = |transform: Transform, steps| -> Vec<f32> {
            stimulus.currents(steps, 1.0, transform).unwrap().flat_map(Result::unwrap).collect()
        };
        let decibel = Transform { level: Level::Decibel { reference: 1.0 }, scale: 0.5, ..PLAIN };
        assert_eq!(seen(decibel, 0..4), [0.0, 10.0, 20.0, -10.0]);
        let logarithm = Transform { level: Level::Logarithm, offset: 1.0, ..PLAIN };
        assert_eq!(seen(logarithm, 0..2), [1.0, 1.0 + libm::log(10.0) as f32]);
        let rectified = Transform { rectify: true, delay: 2.0, ..decibel };
        assert_eq!(seen(rectified, 0..7), [0.0, 0.0, 0.0, 10.0, 20.0, 0.0, 0.0]);
        // The output approaches the input by half in each step.
        let filtered = Transform { low_pass: Some(1.0 / libm::log(2.0)), delay: 1.0, ..rectified };
        assert_eq!(seen(filtered, 0..6), [0.0, 0.0, 5.0, 12.5, 6.25, 3.125]);
        for first in 0..6 {
            let whole = seen(filtered, 0..6);
            assert_eq!(seen(filtered, first..6), whole[first as usize..]);
        }
    }

    /// In any format, a stimulus longer than a block gives the same currents from any step on.
    #[test]
    fn all_formats_give_the_same_in_blocks_from_any_step_on() {
        let (length, columns) = (1_000_000, 5);
        let value = |place: usize| (place * 7919 % 10_007) as f32;
        let values = Array2::from_shape_fn((length, columns), |(time, n)| value(time * columns + n));
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        write_npy(path("rows.npy"), &values).unwrap();
        write_npy(path("columns.npy"), &values.t().as_standard_layout().to_owned().t()).unwrap();
        for (name, method) in [
            ("stored.npz", zip::CompressionMethod::Stored),
            ("deflated.npz", zip::CompressionMethod::Deflated),
        ] {
            let mut archive = zip::ZipWriter::new(std::fs::File::create(path(name)).unwrap());
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            archive.start_file("before.npy", options).unwrap();
            archive.write_all(b"something else").unwrap();
            archive.start_file("stimulus.npy", options).unwrap();
            values.write_npy(&mut archive).unwrap();
            archive.finish().unwrap();
        }
        let expected = |steps: Range<u64>| -> Vec<f32> {
            steps.flat_map(|step| (0..columns).map(move |n| value(step as usize * columns + n))).collect()
        };
        let mut checksums = Vec::new();
        for name in ["rows.npy", "columns.npy", "stored.npz", "deflated.npz"] {
            let stimulus = Stimulus::open(&path(name), &every(0.1)).unwrap();
            checksums.push(stimulus.checksum());
            for steps in [0..length as u64, 999_990..1_000_000, 500_001..500_002] {
                assert!(currents(&stimulus, steps.clone(), 0.1) == expected(steps), "{name}");
            }
            let blocks: Vec<usize> = stimulus
                .currents(0..1_000_000, 0.1, PLAIN)
                .unwrap()
                .map(|block| block.unwrap().len())
                .collect();
            assert!(blocks.len() > 2 && blocks.iter().all(|values| values * 4 <= BLOCK_BYTES));
        }
        checksums.dedup();
        assert_eq!(checksums.len(), 1);
    }

    #[test]
    fn long_texts_give_the_same_from_any_step_on() {
        let (mut values, mut times) = (String::new(), String::new());
        for line in 0..30_000 {
            writeln!(values, "{line}").unwrap();
            writeln!(times, "{} {line}", 5.0 + f64::from(line) * 0.1).unwrap();
        }
        let whole: Vec<f32> = Array1::range(0.0, 30_000.0, 1.0).to_vec();
        for text in [values, times] {
            let (_folder, stimulus) = stimulus(&text, 0.1);
            assert!(currents(&stimulus, 0..30_000, 0.1) == whole);
            assert!(currents(&stimulus, 12_345..30_000, 0.1) == whole[12_345..]);
        }
    }

    #[test]
    fn times_that_were_rounded_hold_from_their_steps_on() {
        // Samples at 30 kHz: as text with four decimals, and in single precision.
        let (dt, count) = (1.0 / 30.0, 20_000);
        let mut text = String::new();
        for line in 0..count {
            writeln!(text, "{:.4} {line}", 2.0 + f64::from(line) * dt).unwrap();
        }
        let (_folder, written) = stimulus(&text, dt);
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("in.npz");
        let mut archive = ndarray_npy::NpzWriter::new(std::fs::File::create(&path).unwrap());
        let times = Array1::from_iter((0..count).map(|k| ((2.0 + f64::from(k) * dt) * 1e-3) as f32));
        archive.add_array("time_s", &times).unwrap();
        archive.add_array("current", &Array1::range(0.0_f32, count as f32, 1.0)).unwrap();
        archive.finish().unwrap();
        let single = Stimulus::open(&path, &SampleOptions { time_unit: None, interval: None, dt }).unwrap();
        let expected: Vec<f32> = Array1::range(0.0, count as f32, 1.0).to_vec();
        for stimulus in [written, single] {
            assert!(currents(&stimulus, 0..count as u64, dt) == expected);
            assert!(currents(&stimulus, 9999..count as u64, dt) == expected[9999..]);
        }
    }

    #[test]
    fn a_file_that_changes_on_the_way_is_noticed() {
        let (_folder, path) = file("in.txt", b"1\n2\n3\n");
        let stimulus = Stimulus::open(&path, &every(1.0)).unwrap();
        std::fs::write(&path, "1\n2\n").unwrap();
        let refused = stimulus.currents(0..3, 1.0, PLAIN).err().unwrap();
        assert!(refused.to_string().contains("somebody writes into it"), "{refused}");
    }
}
