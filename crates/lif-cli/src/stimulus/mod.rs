//! The stimulus: input current over time, read from its file during the run.

mod currents;
mod samples;
mod schedule;
mod timed;
mod transform;

pub use currents::Currents;
pub use timed::TIME_UNIT;
pub use transform::{Level, Transform};

use crate::failure::Failure;
use crate::numbers::TimeUnit;
use crate::numbers::understood::{self, Extent};
use crate::numbers::{Format, Origin, Time, Understood};
use crc32fast::Hasher;
use ndarray::ArrayD;
use samples::{Extreme, Range, Samples, Times};
use std::path::Path;

/// The option with the interval of samples.
const INTERVAL: &str = "stimulus-dt";

/// The options for the times of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleOptions {
    /// The unit of the times in the file.
    pub time_unit: Option<TimeUnit>,
    /// The interval of samples without times, ms.
    pub interval: Option<f64>,
    /// A step, ms, which is the default interval.
    pub dt: f64,
}

/// A stimulus with known times.
#[derive(Debug)]
pub struct Stimulus {
    samples: Samples,
    /// The interval of samples without times, ms.
    interval: f64,
    /// Where the interval comes from, or its unit if the file gives the interval.
    interval_from: Origin,
}

impl Stimulus {
    /// Reads a file from end to end, so that its faults are found before the first step.
    pub fn open(path: &Path, options: &SampleOptions) -> Result<Self, Failure> {
        let samples = Samples::open(path, options)?;
        let (interval, interval_from) = match (&samples.times, options.interval) {
            (Times::Every(Some(own)), Some(interval)) if (own.ms / interval - 1.0).abs() > 1e-6 => {
                return Err(Failure::usage(format!(
                    "stimulus {}: '{}' in it says that there is a sample every {} ms, but --{INTERVAL} says every \
                     {interval} ms; leave the option out, or change the file",
                    path.display(),
                    own.name,
                    own.ms
                )));
            }
            (Times::Every(Some(own)), _) => (own.ms, own.unit_from.clone()),
            (_, Some(interval)) => (interval, Origin::Option(INTERVAL)),
            (_, None) => (options.dt, Origin::Default),
        };
        Ok(Self { samples, interval, interval_from })
    }

    /// Whether its samples have times of their own.
    pub fn is_timed(&self) -> bool {
        matches!(self.samples.times, Times::At(_))
    }

    /// Whether the unit of times matters.
    pub fn has_time_unit(&self) -> bool {
        self.is_timed() || matches!(&self.samples.times, Times::Every(Some(_)))
    }

    /// When it begins, on its own clock.
    pub fn start(&self) -> Time {
        match &self.samples.times {
            Times::Every(_) => Time::ZERO,
            Times::At(range) => range.schedule.first,
        }
    }

    /// The smallest and the largest value.
    pub fn extremes(&self) -> [&Extreme; 2] {
        [&self.samples.smallest, &self.samples.largest]
    }

    /// A value with its place, for messages.
    pub fn describe(&self, extreme: &Extreme) -> String {
        self.samples.describe(extreme)
    }

    /// The path of its file.
    pub fn path(&self) -> &Path {
        self.samples.source.path()
    }

    /// Whether it came through a pipe, which cannot be read again.
    pub fn is_from_pipe(&self) -> bool {
        self.samples.source.is_from_pipe()
    }

    /// A checksum of its samples, shape and times.
    pub fn checksum(&self) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(&self.samples.checksum.to_le_bytes());
        // With times, the checksum of the samples includes them.
        let interval = if self.is_timed() { 0.0 } else { self.interval };
        hasher.update(&interval.to_le_bytes());
        for length in &self.samples.shape {
            hasher.update(&(*length as u64).to_le_bytes());
        }
        hasher.finalize()
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.samples.count()
    }

    /// Its shape, `[T]`, `[T, n]` or `[T, batch, n]`.
    pub fn shape(&self) -> &[usize] {
        &self.samples.shape
    }

    /// The neurons and batch rows of its shape; `None` where it fits any number.
    pub fn population(&self) -> (Option<usize>, Option<usize>) {
        let fixed = |length: &usize| (*length > 1).then_some(*length);
        match &self.samples.shape[..] {
            [_, n] => (fixed(n), None),
            [_, batch, n] => (fixed(n), fixed(batch)),
            _ => (None, None),
        }
    }

    /// Its duration, ms. The last of samples with times lasts as long as the one before.
    pub fn length_ms(&self) -> f64 {
        match &self.samples.times {
            Times::Every(_) => self.samples.count() as f64 * self.interval,
            Times::At(Range { schedule, .. }) => match schedule.before {
                Some(before) => schedule.last.ms_after(&schedule.first) + before,
                None => self.interval,
            },
        }
    }

    /// The shortest interval between samples, ms, if there are several.
    pub fn shortest_ms(&self) -> Option<f64> {
        let shortest = match &self.samples.times {
            Times::Every(_) => self.interval,
            Times::At(range) => range.schedule.shortest,
        };
        (self.samples.count() > 1).then_some(shortest)
    }

    /// Where the times of its samples come from: their unit, or their interval.
    pub fn times_from(&self) -> &Origin {
        match &self.samples.times {
            Times::Every(_) => &self.interval_from,
            Times::At(range) => &range.unit.1,
        }
    }

    /// The unit of its values, and where it comes from, if it is known.
    pub fn value_unit(&self) -> Option<(&str, &'static str)> {
        let named = self.samples.names.last().and_then(|name| name.value_unit());
        named.map(|unit| (unit, "their name")).or_else(|| Some((self.samples.value_unit?, "a comment")))
    }

    /// How the file was understood.
    pub fn understood(&self) -> Understood {
        let Samples { source, shape, times, names, .. } = &self.samples;
        let extent = match times {
            Times::Every(own) => Extent::Samples {
                from_ms: 0.0,
                to_ms: self.length_ms(),
                interval_ms: self.interval,
                interval_from: match (own, &self.interval_from) {
                    // The name gives the interval, even without a unit.
                    (Some(own), Origin::Default) => Origin::Name(own.name.clone()),
                    (_, from) => from.clone(),
                },
            },
            Times::At(Range { schedule, unit }) => {
                understood::times(schedule.first.ms(), schedule.last.ms(), unit)
            }
        };
        let columns: Vec<String> = match (&names[..], self.is_timed()) {
            ([], true) => ["time", "value"].map(str::to_owned).into(),
            ([], false) if source.format() == Format::Text => vec!["value".to_owned()],
            _ => names.iter().map(|name| name.text().to_owned()).collect(),
        };
        Understood {
            unread: self.samples.unread.clone(),
            columns,
            shape: (source.format() != Format::Text).then(|| shape.clone()),
            count: self.samples.count(),
            thing: "sample",
            extent,
            ..Understood::new("stimulus", source)
        }
    }

    /// The currents of these steps, in blocks.
    pub fn currents(
        &self,
        steps: std::ops::Range<u64>,
        dt: f64,
        transform: Transform,
    ) -> lif::Result<Currents> {
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

    /// The most bytes of memory during a run of this many steps.
    pub fn bytes(&self, steps: u64) -> u64 {
        currents::bytes(&self.samples, steps) + self.samples.source.memory_bytes()
    }
}
