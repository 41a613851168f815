//! The spike times of a recording, from a file.

use super::doubts;
use super::trains::is_of_neurons;
use crate::failure::Failure;
use crate::numbers::TimeUnit;
use crate::numbers::clock::Clock;
use crate::numbers::comments::{doubt_of_arrays, doubt_of_comments, refuse_comments};
use crate::numbers::name::{self, Name};
use crate::numbers::numpy::{self, Archive, Array};
use crate::numbers::origin::{Origin, time_unit};
use crate::numbers::text::{Layout, Lines};
use crate::numbers::understood::{ms, times};
use crate::numbers::unread::{Interpretation, says_nothing_else};
use crate::numbers::{
    Format, Precision, Rows, Source, Time, Understood, each_of_list, index, refuse_other_unit, written,
};
use crate::process::memory::Growing;
use crate::terminal::figures::grouped;
use std::path::{Path, PathBuf};

/// The option that says the unit of spike times.
pub const TIME_UNIT: &str = "spikes-time-unit";

const LAYOUT: Layout = Layout { columns: &[1], expected: "the time of one spike on every line" };

/// The time of the run that predicts a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The unit of times in the file, if an option gives it.
    pub unit: Option<TimeUnit>,
    /// When the stimulus begins.
    pub start: Time,
    /// The number of steps of the run.
    pub steps: u64,
    /// A step, ms.
    pub dt: f64,
}

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub path: PathBuf,
    /// The step of each spike, in the order of the file.
    pub steps: Vec<u64>,
    pub understood: Understood,
}

/// Reads a file: text with the time of one spike per line, or a numpy array of times.
pub fn read(path: &Path, timeline: &Timeline) -> Result<Recorded, Failure> {
    let refusal = |reason: String| Failure::fault(format!("spikes {}: {reason}", path.display()));
    let source = Source::open(path).map_err(refusal)?;
    refuse_other_unit(&source, LAYOUT, timeline.unit, TIME_UNIT, is_of_times)
        .map_err(|reason| Failure::usage(format!("spikes {}: {reason}", path.display())))?;
    let mut spikes = Spikes {
        timeline,
        unit: (TimeUnit::Ms, Origin::Default),
        steps: Growing::new("the spikes"),
        ends: None,
        last: f64::NEG_INFINITY,
        earlier: 0,
        unread: Vec::new(),
    };
    let mut columns = Vec::new();
    let mut shape = None;
    match source.format() {
        Format::Text => {
            let mut lines = Lines::open(&source, LAYOUT).map_err(refusal)?;
            from_text(&source, &mut lines, &mut spikes).map_err(|reason| {
                Failure::fault(format!("spikes {}:{}: {reason}", path.display(), lines.number().max(1)))
            })?;
            if spikes.ends.is_none() {
                return Err(refusal(lines.none("spike")));
            }
            columns.extend(lines.names().first().map(|name| name.text().to_owned()));
        }
        Format::Npy => {
            let unit = time_unit(timeline.unit, TIME_UNIT, None).map_err(refusal)?;
            let array = numpy::from_npy(&source, &mut |array, rows| spikes.add_all(&unit, array, rows));
            shape = Some(array.map_err(refusal)?.shape);
        }
        Format::Npz => {
            let (array, key) = from_npz(&source, &mut spikes).map_err(refusal)?;
            (columns, shape) = (vec![key], Some(array.shape));
        }
    }
    let Spikes { unit, steps, ends, earlier, unread, .. } = spikes;
    let Some((first, last)) = ends else { return Err(refusal("there is no spike in it".to_owned())) };
    if earlier > 0 {
        log::warn!(
            "spikes {}: {} after a later one, and all are sorted; they may be times between spikes, or those of several \
             trials",
            path.display(),
            if earlier == 1 { "1 time comes".to_owned() } else { format!("{} times come", grouped(earlier)) }
        );
    }
    let steps = steps.into_values();
    let mut distinct = steps.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let repeated = steps.len() - distinct.len();
    let mut understood = Understood {
        columns,
        shape,
        count: steps.len() as u64,
        thing: "spike",
        extent: times(first, last, &unit),
        unread,
        ..Understood::new("spikes", &source)
    };
    if repeated > 0 {
        let remark = format!("{} share a step with another and count once with it", grouped(repeated as u64));
        understood.remarks.push(remark);
    }
    let seen = doubts::Spikes {
        file: &path.display().to_string(),
        count: steps.len() as u64,
        repeated: repeated as u64,
        first_ms: first - timeline.start.ms(),
        last_ms: last - timeline.start.ms(),
        stimulus_ms: timeline.steps as f64 * timeline.dt,
        dt: timeline.dt,
        unit_from: &unit.1,
    };
    seen.check()?;
    Ok(Recorded { path: path.to_owned(), steps, understood })
}

/// Whether an array or a column of this name has spike times.
fn is_of_times(name: &Name) -> bool {
    name.is_of_spikes() || name.is_of_times()
}

/// A warning about a name that is not one of spike times.
fn doubt_of_name(name: &Name) -> Option<String> {
    /// Words for other properties of spikes.
    const OTHERS: [&str; 16] = [
        "neuron",
        "neurons",
        "cell",
        "cells",
        "unit",
        "units",
        "id",
        "ids",
        "cluster",
        "clusters",
        "trial",
        "trials",
        "count",
        "counts",
        "amplitude",
        "amplitudes",
    ];
    let has_time = name.has_time_unit() || ["time", "times"].iter().any(|word| name.has_word(word));
    let is_other = !is_of_times(name) || OTHERS.iter().any(|other| name.has_word(other));
    (is_other && !has_time || name.is_no_time()).then(|| {
        format!("'{}' in it is not called as times of spikes are, and is taken for them", name.text())
    })
}

fn from_text(source: &Source, lines: &mut Lines, spikes: &mut Spikes<'_>) -> Result<(), String> {
    let mut names = Vec::new();
    let mut is_first = true;
    while let Some(row) = lines.row()? {
        let time = row.first().copied().unwrap_or(f64::NAN);
        if is_first {
            names = lines.probable_names(1);
            let name = names.first();
            name.map_or(Ok(()), refuse_interval)?;
            spikes.unit = time_unit(spikes.timeline.unit, TIME_UNIT, name)?;
            refuse_intervals(lines.comments())?;
            refuse_comments(lines.comments(), &spikes.unit, Some(TIME_UNIT))?;
            lines.survey(source, 0)?;
            is_first = false;
        }
        spikes.add(time, lines.precision(0))?;
    }
    let (unit, origin) = &spikes.unit;
    let taken = format!(
        "the times are taken as {}; --{TIME_UNIT} says another unit, and ends this doubt",
        unit.text()
    );
    let understood = Interpretation { unit: Some(*unit), interval: None, things: &["spike", "spikes"] };
    let unread = lines.unread(&names, |comment| understood.unread_part(comment));
    let of_comments = || doubt_of_comments(&unread, &taken).filter(|_| *origin == Origin::Default);
    let doubt = names.first().and_then(doubt_of_name).or_else(of_comments);
    for doubt in lines.doubts().iter().cloned().chain(doubt) {
        log::warn!("spikes {}: {doubt}", source.path().display());
    }
    spikes.unread = unread.into_iter().map(|unread| unread.comment).collect();
    Ok(())
}

/// Refuses a name of times between spikes, also `dt (ms)`. Counts of steps are refused elsewhere.
fn refuse_interval(column: &Name) -> Result<(), String> {
    if column.clock() == Some(Clock::Interval) && !column.is_count() {
        return Err(column.of_intervals());
    }
    column.refuse_intervals()
}

/// Refuses comments that only name times between spikes.
fn refuse_intervals(comments: &[String]) -> Result<(), String> {
    /// Other words in such comments.
    const OTHERS: [&str; 10] =
        ["inter", "spike", "spikes", "between", "successive", "consecutive", "time", "times", "from", "to"];
    let things = [&name::BETWEEN_SPIKES[..], &OTHERS].concat();
    let is_of_intervals = |comment: &&String| says_nothing_else(comment, &things);
    comments.iter().filter(is_of_intervals).try_for_each(|comment| Name::new(comment).refuse_intervals())
}

/// The array of times in an archive, and its name.
fn from_npz(source: &Source, spikes: &mut Spikes<'_>) -> Result<(Array, String), String> {
    let mut archive = Archive::open(source)?;
    let keys = archive.names();
    let named: Vec<&String> = keys.iter().filter(|key| is_of_times(&Name::new(key))).collect();
    let key = match (&keys[..], &named[..]) {
        ([only], _) => only.clone(),
        (_, [only]) => (*only).clone(),
        _ if ["step", "neuron"].iter().all(|name| keys.iter().any(|key| key == name)) => {
            return Err(
                "it holds the spikes of a run by their steps; save the times of those of one neuron, in ms \
                        (step + 0.5) * dt"
                    .to_owned(),
            );
        }
        _ => return Err(format!("expected one array, or one named 'spikes' or 'times'; found {keys:?}")),
    };
    let name = Name::new(&key);
    refuse_interval(&name)?;
    let unit = time_unit(spikes.timeline.unit, TIME_UNIT, Some(&name))?;
    let array = archive.array(&key, &mut |array, rows| spikes.add_all(&unit, array, rows))?;
    let count: usize = array.shape.iter().product();
    spikes.unread = keys.iter().filter(|other| **other != key).cloned().collect();
    for other in &spikes.unread {
        let values = archive.count(other);
        if is_of_neurons(&Name::new(other)) && values > 1 {
            return Err(format!(
                "'{other}' in it has {values} values, so that '{key}' may hold the spikes of several neurons; save the times \
                 of those of one"
            ));
        } else if values == count && count > 1 {
            log::warn!(
                "spikes {}: '{other}' in it has a value for each spike, and is not read; all are taken as those of one \
                 neuron in one trial",
                source.path().display()
            );
        }
    }
    let taken = format!("the times are taken as {}; --{TIME_UNIT} says another unit", unit.0.text());
    let of_arrays = || doubt_of_arrays(&spikes.unread, &taken).filter(|_| unit.1 == Origin::Default);
    if let Some(doubt) = doubt_of_name(&name).or_else(of_arrays) {
        log::warn!("spikes {}: {doubt}", source.path().display());
    }
    Ok((array, key))
}

/// The spikes read so far.
struct Spikes<'a> {
    timeline: &'a Timeline,
    unit: (TimeUnit, Origin),
    steps: Growing<u64>,
    /// The first and the last time, ms.
    ends: Option<(f64, f64)>,
    /// The last number, and how many were less than the one before.
    last: f64,
    earlier: u64,
    /// The unread comments or arrays.
    unread: Vec<String>,
}

impl Spikes<'_> {
    fn add_all(
        &mut self,
        unit: &(TimeUnit, Origin),
        array: &Array,
        rows: &mut dyn Rows,
    ) -> Result<(), String> {
        self.unit = unit.clone();
        each_of_list(&array.shape, rows, |place, time| {
            self.add(time, array.precision())
                .map_err(|reason| format!("the value at {:?}: {reason}", index(&array.shape, place)))
        })
    }

    /// Adds the step of a time.
    fn add(&mut self, number: f64, precision: Precision) -> Result<(), String> {
        if !number.is_finite() {
            return Err(format!(
                "it is {number}; each must be the time of a spike: leave out what fills up rows"
            ));
        }
        let Timeline { start, steps, dt, .. } = self.timeline;
        let (unit, origin) = &self.unit;
        let time = Time::new(number, unit.ms(), precision);
        let step = time.steps_after(start, *dt);
        self.earlier += u64::from(number < self.last);
        self.last = number;
        let length = *steps as f64 * dt;
        if !(step >= 0.0 && time.ms_after(start) < length) {
            return Err(format!(
                "a spike at {}, which is {} ms after the beginning of the stimulus, lies outside it: it lasts {} \
                 ms; is the unit right, which is {} {origin}? --{TIME_UNIT} says another",
                written(number),
                ms(time.ms_after(start)),
                ms(length),
                unit.text(),
            ));
        }
        // A time within rounding of the end belongs to the last step.
        self.steps.push((step as u64).min(steps - 1))?;
        let (first, last) = self.ends.unwrap_or((time.ms(), time.ms()));
        self.ends = Some((first.min(time.ms()), last.max(time.ms())));
        Ok(())
    }
}
