//! A file of events: text, or arrays of numpy.

use super::columns::{LAYOUT, is_of_times, known, names_columns, of_text, roles};
use super::{fault, require_memory};
use crate::failure::Failure;
use crate::numbers::TimeUnit;
use crate::numbers::comments::{doubt_of_arrays, doubt_of_comments, refuse_comments};
use crate::numbers::interval::interval;
use crate::numbers::name::Name;
use crate::numbers::numpy::{self, Archive, Array};
use crate::numbers::origin::{Origin, time_unit};
use crate::numbers::sampling::{interval_in_prose, intervals_alone, without_intervals};
use crate::numbers::text::Lines;
use crate::numbers::understood::times;
use crate::numbers::unread::Interpretation;
use crate::numbers::{Format, Precision, Rows, Sample, Source, Time, Understood, each_of_list, written};
use crate::process::memory::Growing;
use crate::terminal::figures::counted;
use lif::Event;
use std::path::Path;

/// The bounds of events.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The number of trains, and the word for one.
    pub trains: (usize, &'static str),
    pub batch: usize,
    /// A step, ms.
    pub dt: f64,
}

/// Reads the events of a file.
pub fn read(path: &Path, bounds: Bounds) -> Result<(Vec<Event>, Understood), Failure> {
    let refusal = |reason: String| fault("events", path, &reason);
    let source = Source::open(path).map_err(refusal)?;
    let mut understood = Understood { thing: "event", ..Understood::new("events", &source) };
    let mut list =
        EventList { bounds, when: EventTimes::Steps, events: Growing::new("the events"), ends: None };
    match source.format() {
        Format::Text => {
            let mut lines = Lines::open(&source, LAYOUT).map_err(refusal)?;
            from_text(&source, &mut lines, &mut list, &mut understood).map_err(|reason| {
                Failure::fault(format!("events {}:{}: {reason}", path.display(), lines.number().max(1)))
            })?;
        }
        Format::Npz => from_npz(&source, &mut list, &mut understood).map_err(refusal)?,
        Format::Npy => {
            let array = numpy::from_npy(&source, &mut |array, rows| from_rows(array, rows, &mut list));
            understood.shape = Some(array.map_err(refusal)?.shape);
        }
    }
    let events = list.events.into_values();
    understood.count = events.len() as u64;
    if let (EventTimes::Times(unit), Some((first, last))) = (&list.when, list.ends) {
        understood.extent = times(first, last, unit);
    }
    Ok((events, understood))
}

/// The time of events: steps, or times in a unit.
#[derive(Debug, Clone)]
enum EventTimes {
    Steps,
    Times((TimeUnit, Origin)),
}

impl EventTimes {
    /// From the name of a column.
    fn named(name: &Name) -> Result<Self, String> {
        if is_of_times(name) {
            // There is no option for the unit.
            return Ok(Self::Times(time_unit(None, "events", Some(name))?));
        }
        Ok(Self::Steps)
    }
}

/// The events read so far.
struct EventList {
    bounds: Bounds,
    when: EventTimes,
    events: Growing<Event>,
    /// The first and the last time, on the clock of the file, ms.
    ends: Option<(f64, f64)>,
}

impl EventList {
    fn add(&mut self, when: f64, precision: Precision, row: f64, neuron: f64) -> Result<(), String> {
        let step = self.step(when, precision)?;
        let Bounds { trains: (trains, each), batch: rows, .. } = self.bounds;
        let batch = below("batch row", row, rows, "batch row")?;
        let neuron = below("neuron", neuron, trains, each)?;
        self.events.push(Event { step, batch, neuron })
    }

    /// How steps or times are read, in which unit, and whether the file gives it.
    fn interpretation(&self) -> (String, Option<TimeUnit>, bool) {
        match &self.when {
            EventTimes::Steps => {
                (format!("steps are taken as {} ms long", written(self.bounds.dt)), None, false)
            }
            EventTimes::Times((unit, origin)) => {
                (format!("the times are taken as {}", unit.text()), Some(*unit), *origin != Origin::Default)
            }
        }
    }

    fn step(&mut self, value: f64, precision: Precision) -> Result<u64, String> {
        let EventTimes::Times((unit, origin)) = &self.when else {
            return whole("step", value).map(u64::from).map_err(|reason| {
                let is_time = value.fract() != 0.0 && value >= 0.0;
                let advice = "; times need names above them, as `time_ms neuron`";
                format!("{reason}{}", if is_time { advice } else { "" })
            });
        };
        let time = Time::new(value, unit.ms(), precision);
        let step = time.steps_after(&Time::ZERO, self.bounds.dt);
        if !(0.0..=f64::from(u32::MAX)).contains(&step) {
            return Err(format!(
                "the time is {}, in {} {origin}; it must be 0 or more, and within {} steps",
                written(value),
                unit.text(),
                u32::MAX
            ));
        }
        let (first, last) = self.ends.unwrap_or((time.ms(), time.ms()));
        self.ends = Some((first.min(time.ms()), last.max(time.ms())));
        Ok(step as u64)
    }
}

fn whole(what: &str, value: f64) -> Result<u32, String> {
    if (0.0..=f64::from(u32::MAX)).contains(&value) && value.fract() == 0.0 {
        return Ok(value as u32);
    }
    let value = written(value);
    Err(format!("the {what} is {value}; it must be a whole number from 0 to {}", u32::MAX))
}

/// A number below `count`.
fn below(what: &str, value: f64, count: usize, each: &str) -> Result<u32, String> {
    let number = whole(what, value)?;
    if (number as usize) < count {
        return Ok(number);
    }
    let all = counted(count as u64, each);
    Err(format!("there is a spike of {what} {number}, but only {all}, numbered from 0"))
}

/// Reads one event per line, in columns by their names, or as in [`LAYOUT`].
fn from_text(
    source: &Source,
    lines: &mut Lines,
    list: &mut EventList,
    understood: &mut Understood,
) -> Result<(), String> {
    let mut found: Option<[Option<usize>; 3]> = None;
    let mut names = Vec::new();
    while let Some(row) = lines.row()? {
        let row = [row[0], row[1], row.get(2).copied().unwrap_or(f64::NAN)];
        let columns = match found {
            Some(columns) => columns,
            None => {
                let count = if row[2].is_nan() { 2 } else { 3 };
                let columns;
                (names, columns) = of_text(lines, count)?;
                if let Some(name) = columns[0].and_then(|column| names.get(column)) {
                    list.when = EventTimes::named(name)?;
                }
                match &list.when {
                    EventTimes::Steps => refuse_other_steps_in(lines.comments().iter(), list.bounds.dt)?,
                    EventTimes::Times(unit) => {
                        refuse_comments(lines.comments(), unit, None)?;
                        lines.survey(source, columns[0].unwrap_or(0))?;
                    }
                }
                let called: Vec<&str> = match &names[..] {
                    [] if count == 2 => vec!["step", "neuron"],
                    [] => vec!["step", "batch", "neuron"],
                    names => names.iter().map(Name::text).collect(),
                };
                understood.columns = called.into_iter().map(str::to_owned).collect();
                *found.insert(columns)
            }
        };
        let at = |column: usize| columns[column].map_or(0.0, |place| row[place]);
        let neuron = columns[2].map_or("", |column| lines.field(column));
        if lines.names().is_empty() && neuron.contains('.') {
            return Err(format!(
                "the neuron is '{neuron}', which has a decimal point, as times have; write the names of the columns above \
                 the first line, as `neuron time_ms`"
            ));
        }
        list.add(at(0), lines.precision(columns[0].unwrap_or(0)), at(1), at(2))?;
    }
    let (is_taken, unit, is_explicit) = list.interpretation();
    if let EventTimes::Steps = list.when {
        refuse_other_steps_in(lines.all_comments(), list.bounds.dt)?;
    }
    let is_in_steps = matches!(list.when, EventTimes::Steps);
    let count = understood.columns.len();
    let meaning = Interpretation { unit, interval: is_in_steps.then_some(list.bounds.dt), things: &[] };
    let unread = lines.unread(&names, |comment| {
        let says_names = names_columns(&without_intervals(comment), count, is_in_steps);
        if says_names { meaning.unread_part(&intervals_alone(comment)) } else { meaning.unread_part(comment) }
    });
    let doubt = doubt_of_comments(&unread, &format!("{is_taken}, and neurons are numbered from 0"))
        .filter(|_| !is_explicit);
    for doubt in lines.doubts().iter().cloned().chain(doubt) {
        log::warn!("events {}: {doubt}", source.path().display());
    }
    understood.unread = unread.into_iter().map(|unread| unread.comment).collect();
    Ok(())
}

/// Reads the rows of an array, in columns as in text.
fn from_rows(array: &Array, rows: &mut dyn Rows, list: &mut EventList) -> Result<(), String> {
    let ([_, 2] | [_, 3]) = array.shape[..] else {
        return Err(format!(
            "it has shape {:?}; expected [events, 2 or 3], {}",
            array.shape, LAYOUT.expected
        ));
    };
    let mut row = Vec::new();
    let mut number = 0..;
    while rows.next(&mut row)? != Sample::End {
        let number: u64 = number.next().unwrap_or_default();
        let (step, batch, neuron) = match row[..] {
            [step, neuron] => (step, 0.0, neuron),
            [step, batch, neuron] => (step, batch, neuron),
            _ => continue,
        };
        list.add(step, array.precision(), batch, neuron)
            .map_err(|reason| format!("the row at [{number}]: {reason}"))?;
    }
    Ok(())
}

/// Reads the arrays of an archive, by the names of columns.
fn from_npz(source: &Source, list: &mut EventList, understood: &mut Understood) -> Result<(), String> {
    let mut archive = Archive::open(source)?;
    let keys = archive.names();
    let names: Vec<Name> = keys.iter().map(|key| Name::new(key)).collect();
    let [Some(when), row, Some(neuron)] = roles(&names)? else {
        return Err(format!(
            "expected arrays 'step' and 'neuron', and maybe 'batch'; found {keys:?}; {}",
            known()
        ));
    };
    list.when = EventTimes::named(&names[when])?;
    if let EventTimes::Steps = list.when {
        refuse_other_steps(&mut archive, &keys, list.bounds.dt)?;
    }
    // Only steps need a length.
    let is_in_steps = matches!(list.when, EventTimes::Steps);
    let is_read = |place: usize| {
        [Some(when), row, Some(neuron)].contains(&Some(place))
            || is_in_steps && names[place].clock().is_some()
    };
    // A file of a run contains more than spikes.
    let is_own = |key: &String| is_in_steps && (key == "rate" || key.starts_with("voltage"));
    understood.unread = keys
        .iter()
        .enumerate()
        .filter(|(place, key)| !is_read(*place) && !is_own(key))
        .map(|(_, key)| key.clone())
        .collect();
    let (is_taken, _, is_explicit) = list.interpretation();
    if let Some(doubt) = doubt_of_arrays(&understood.unread, &is_taken).filter(|_| !is_explicit) {
        log::warn!("events {}: {doubt}", source.path().display());
    }
    let (whens, precision) = values_of(&mut archive, &keys[when])?;
    let rows = row.map(|row| values_of(&mut archive, &keys[row])).transpose()?.map(|(rows, _)| rows);
    let (neurons, _) = values_of(&mut archive, &keys[neuron])?;
    let columns: Vec<&String> =
        [Some(when), row, Some(neuron)].iter().flatten().map(|at| &keys[*at]).collect();
    let counts: Vec<usize> =
        [Some(&whens), rows.as_ref(), Some(&neurons)].into_iter().flatten().map(Vec::len).collect();
    if counts.iter().any(|count| *count != whens.len()) {
        return Err(format!("its arrays {columns:?} have {counts:?} values; each event has one in each"));
    }
    understood.columns = columns.into_iter().cloned().collect();
    for other in &understood.unread {
        if archive.count(other) == whens.len() && whens.len() > 1 {
            log::warn!(
                "events {}: '{other}' in it has a value for each event, and is not read; --events-weight is that of all",
                source.path().display()
            );
        }
    }
    for (place, (time, neuron)) in whens.iter().zip(&neurons).enumerate() {
        let row = rows.as_ref().map_or(0.0, |rows| rows[place]);
        list.add(*time, precision, row, *neuron)
            .map_err(|reason| format!("the event at [{place}]: {reason}"))?;
    }
    Ok(())
}

/// Refuses an archive whose steps have another length than those of the run.
fn refuse_other_steps(archive: &mut Archive, keys: &[String], dt: f64) -> Result<(), String> {
    match interval(archive, keys, (None, "events"))? {
        Some(own) => refuse_other_step(&own.name, own.ms, dt),
        None => Ok(()),
    }
}

/// Refuses comments that give steps another length.
fn refuse_other_steps_in<'a>(mut comments: impl Iterator<Item = &'a String>, dt: f64) -> Result<(), String> {
    comments.try_for_each(|comment| match interval_in_prose(comment) {
        Some(own) => refuse_other_step(comment, own, dt),
        None => Ok(()),
    })
}

fn refuse_other_step(who: &str, own: f64, dt: f64) -> Result<(), String> {
    if (own / dt - 1.0).abs() <= 1e-6 {
        return Ok(());
    }
    Err(format!(
        "'{who}' in it says that its steps are {} ms long, but those of this run are {} ms; take --dt {}, or save \
         times, as 'time_ms'",
        written(own),
        written(dt),
        written(own)
    ))
}

/// All values of a list in an archive, and their precision.
fn values_of(archive: &mut Archive, key: &str) -> Result<(Vec<f64>, Precision), String> {
    let mut values = Vec::new();
    let array = archive.array(key, &mut |array, rows| {
        require_memory(array)?;
        each_of_list(&array.shape, rows, |_, value| {
            values.push(value);
            Ok(())
        })
    })?;
    Ok((values, array.precision()))
}
