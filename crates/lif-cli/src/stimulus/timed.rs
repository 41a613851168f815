//! Samples with times: lines of text, or an array of times next to an array of values.

use super::INTERVAL;
use crate::numbers::TimeUnit;
use crate::numbers::comments::{doubt_of_comments, refuse_comments, value_unit_in_prose};
use crate::numbers::name::Name;
use crate::numbers::origin::{Origin, time_unit};
use crate::numbers::sampling::interval_in_prose;
use crate::numbers::text::{Layout, Lines};
use crate::numbers::time::Column;
use crate::numbers::units::{is_unit_of_a_column, time_unit_of};
use crate::numbers::unread::{Interpretation, Unread, is_other_order, says_nothing_else};
use crate::numbers::{Precision, Rows, Sample, Source, Time, written};
use crate::spikes::trains::is_of_neurons_alone;

/// The rows of a text.
pub const LAYOUT: Layout =
    Layout { columns: &[1, 2], expected: "`value` on every line, or `time value` on every line" };

/// The option with the unit of times.
pub const TIME_UNIT: &str = "stimulus-time-unit";

/// Words for values in comments.
const VALUES: [&str; 7] = ["i", "current", "currents", "value", "values", "stimulus", "input"];

/// Times, which must increase.
#[derive(Debug)]
pub struct TimeColumn {
    unit: TimeUnit,
    /// The last number.
    last: Option<f64>,
}

impl TimeColumn {
    pub fn new(unit: TimeUnit) -> Self {
        Self { unit, last: None }
    }

    fn at(&mut self, number: f64, precision: Precision) -> Result<Sample, String> {
        if let Some(last) = self.last.filter(|last| *last >= number) {
            return Err(format!("time {number} does not come after {last}"));
        }
        self.last = Some(number);
        Ok(Sample::At(Time::new(number, self.unit.ms(), precision)))
    }
}

/// The samples of a text.
pub struct TextRows {
    source: Source,
    lines: Lines,
    names: Vec<Name>,
    time_unit: Option<TimeUnit>,
    /// The times, and where their unit comes from, once a line had a time.
    times: Option<(TimeColumn, Origin)>,
    /// Whether a line was read.
    has_begun: bool,
}

impl TextRows {
    /// Opens a text. The unit of times may come from an option, and how they are written may be known.
    pub fn open(source: &Source, time_unit: Option<TimeUnit>, times: Option<Column>) -> Result<Self, String> {
        let mut lines = Lines::open(source, LAYOUT)?;
        lines.surveyed = times.map(|times| (0, times));
        Ok(Self {
            source: source.clone(),
            lines,
            names: Vec::new(),
            time_unit,
            times: None,
            has_begun: false,
        })
    }

    /// The number of the last line, from 1.
    pub fn number(&self) -> u64 {
        self.lines.number()
    }

    /// The unit of the times, if there are any.
    pub fn unit(&self) -> Option<(TimeUnit, Origin)> {
        self.times.as_ref().map(|(times, origin)| (times.unit, origin.clone()))
    }

    /// How the times are written, if there are any.
    pub fn written_times(&self) -> Option<Column> {
        self.lines.surveyed.map(|(_, times)| times)
    }

    /// The message that there is no sample, with a possible reason.
    pub fn none(&self) -> String {
        self.lines.none("sample")
    }

    /// Refuses comments with another interval of samples than this one, ms.
    pub fn refuse_other_interval(&self, taken: f64) -> Result<(), String> {
        for comment in self.lines.all_comments() {
            if let Some(said) = interval_in_prose(comment).filter(|said| (said / taken - 1.0).abs() > 1e-6) {
                return Err(format!(
                    "the comment '{comment}' may say that there is a sample every {} ms, but they are \
                     taken as one every {} ms, a step; say --{INTERVAL} {}, or --{INTERVAL} {} if it does not",
                    written(said),
                    written(taken),
                    written(said),
                    written(taken)
                ));
            }
        }
        Ok(())
    }

    /// The names of the columns.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Refuses names of `count` columns that do not fit.
    fn refuse_names(&self, names: &[Name], count: usize) -> Result<(), String> {
        match (names, count) {
            ([only], 1) if only.is_of_no_value() => {
                Err(format!("the only column is '{}', and there is no column of values", only.text()))
            }
            ([first, second], 2)
                if second.is_of_times() && !first.is_of_times()
                    || second.may_be_of_times() && first.is_of_values() =>
            {
                Err(format!(
                    "the columns are '{}' and '{}'; times have to come first",
                    first.text(),
                    second.text()
                ))
            }
            ([_, second], 2) if second.is("i") && is_of_neurons_alone(second) => Err(
                "the second column is 'i', which is what numbers of neurons are called; call currents 'I'"
                    .to_owned(),
            ),
            ([_, second], 2) if second.is_of_no_value() || is_of_neurons_alone(second) => {
                Err(format!("the second column is '{}', and there is no column of values", second.text()))
            }
            ([first, _], 2)
                if !first.may_be_of_times()
                    && (!first.is_count()
                        || first.is_no_time()
                        || first.has_unit() && first.clock().is_some())
                    && self.time_unit.is_none() =>
            {
                Err(format!(
                    "the first column is '{}', which is not a name of times; call it `time_ms`, or say --{TIME_UNIT} if it has \
                 times",
                    first.text()
                ))
            }
            _ => Ok(()),
        }
    }

    /// The comments that were not fully understood, after the last line; `interval` is that of samples
    /// without times.
    pub fn unread(&self, interval: f64) -> Vec<Unread> {
        let meaning = match &self.times {
            Some((times, _)) => Interpretation { unit: Some(times.unit), interval: None, things: &VALUES },
            None => Interpretation { unit: None, interval: Some(interval), things: &VALUES },
        };
        self.lines.unread(&self.names, |comment| {
            if self.may_be_turned(comment) { Some(comment.to_owned()) } else { meaning.unread_part(comment) }
        })
    }

    /// Whether a comment mentions values before times, if nothing names the columns.
    fn may_be_turned(&self, comment: &str) -> bool {
        self.times.is_some() && self.names.is_empty() && is_other_order(comment)
    }

    /// Refuses comments that only say that values come before times.
    fn refuse_turned(&self) -> Result<(), String> {
        let understood = self.lines.comments().iter().filter(|comment| says_nothing_else(comment, &VALUES));
        let together = understood.map(String::as_str).collect::<Vec<_>>().join("; ");
        if !self.names.is_empty() || !is_other_order(&together) {
            return Ok(());
        }
        Err(format!(
            "the comment '{together}' may name the columns in another order than `time value`; times \
             have to come first; write the names above the first line, as `time_ms value`"
        ))
    }

    /// Warnings about what may have been meant otherwise, after the last line.
    pub fn doubts(&self, unread: &[Unread], interval: Option<f64>) -> Vec<String> {
        let mut doubts = self.lines.doubts().to_vec();
        if let Some(name) =
            self.names.last().filter(|name| name.text().starts_with(['-', '\u{2212}', '|', '*', '+']))
        {
            doubts.push(format!(
                "the values of the column '{}' are taken as they are written; the signs in its name are not read",
                name.text()
            ));
        }
        let is_given = if self.times.is_some() { self.time_unit.is_some() } else { interval.is_some() };
        let taken = match &self.times {
            Some((times, _)) => format!(
                "the times are taken as {}; --{TIME_UNIT} says another unit, and ends this doubt",
                times.unit.text()
            ),
            None => format!(
                "a sample is taken for each step; --{INTERVAL} says how often there are, and ends this doubt"
            ),
        };
        // Names with units are understood.
        let is_named = self.names.first().is_some_and(Name::has_unit);
        // Options about units do not give the order.
        if let Some(unread) = unread.iter().find(|unread| self.may_be_turned(&unread.comment)) {
            doubts.push(format!(
                "the comment '{}' may name the columns in another order than `time value`, as which they are taken; write \
                 the names above the first line",
                unread.comment
            ));
        } else if !is_given && !is_named {
            doubts.extend(doubt_of_comments(unread, &taken));
        }
        doubts
    }

    /// The unit of values in a comment.
    pub fn value_unit(&self) -> Option<&'static str> {
        self.lines.all_comments().find_map(|comment| value_unit_in_prose(comment))
    }
}

impl Rows for TextRows {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        let (time, value) = match self.lines.row()? {
            None => return Ok(Sample::End),
            Some([time, value]) => (Some(*time), *value),
            Some(values) => (None, values.last().copied().unwrap_or(f64::NAN)),
        };
        if !self.has_begun {
            let count = 1 + usize::from(time.is_some());
            self.names = self.lines.probable_names(count);
            // Two units are names; alone, `s` would be a name without a unit.
            if let [first, second] = &mut self.names[..]
                && [&*first, &*second].into_iter().all(|name| is_unit_of_a_column(name.text()))
            {
                for name in [first, second].into_iter().filter(|name| time_unit_of(name.text()).is_some()) {
                    *name = Name::new(&format!("({})", name.text()));
                }
            }
            self.refuse_names(&self.names, count)?;
            self.has_begun = true;
        }
        row.clear();
        row.push(value);
        let Some(time) = time else { return Ok(Sample::Next) };
        if self.times.is_none() {
            let unit = time_unit(self.time_unit, TIME_UNIT, self.names.first())?;
            refuse_comments(self.lines.comments(), &unit, Some(TIME_UNIT))?;
            self.refuse_turned()?;
            if self.lines.surveyed.is_none() {
                self.lines.survey(&self.source, 0)?;
            }
            self.times = Some((TimeColumn::new(unit.0), unit.1));
        }
        let precision = self.lines.precision(0);
        let Some((times, _)) = &mut self.times else { return Ok(Sample::Next) };
        times.at(time, precision).map_err(|reason| {
            let advice = "; or is the comma a decimal comma, which is not read?";
            format!("{reason}{}", if self.lines.may_have_decimal_comma() { advice } else { "" })
        })
    }

    fn line(&self) -> Option<u64> {
        Some(self.number())
    }
}

/// The rows of an array, with times from another array.
pub struct TimedRows<V, T> {
    pub values: V,
    pub times: T,
    pub column: TimeColumn,
    pub precision: Precision,
    /// The last time.
    pub time: Vec<f64>,
}

impl<V: Rows, T: Rows> Rows for TimedRows<V, T> {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        if self.values.next(row)? == Sample::End || self.times.next(&mut self.time)? == Sample::End {
            return Ok(Sample::End);
        }
        let time = self.time.first().copied().unwrap_or(f64::NAN);
        if !time.is_finite() {
            return Err(format!("a time is {time}; every time must be finite"));
        }
        self.column.at(time, self.precision)
    }
}
