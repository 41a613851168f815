//! What columns and arrays are called, and the units that their names carry: `time (s)`, `t [ms]`,
//! `spikes_us`.

use crate::rules::TimeUnit;
use serde::{Serialize, Serializer};
use std::fmt;

const TIME_UNITS: [(TimeUnit, &[&str]); 3] = [
    (TimeUnit::Us, &["us", "usec", "usecs", "microsec", "microsecs", "microsecond", "microseconds"]),
    (TimeUnit::Ms, &["ms", "msec", "msecs", "millisec", "millisecs", "millisecond", "milliseconds"]),
    (TimeUnit::S, &["s", "sec", "secs", "second", "seconds"]),
];

/// Units of times that are not read.
const OTHER_TIME_UNITS: [&str; 13] = [
    "ns",
    "nsec",
    "nanosecond",
    "nanoseconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "h",
    "hr",
    "hour",
    "hours",
    "days",
];

/// What counts samples, whose interval nobody knows.
const COUNTS: [&str; 8] = ["sample", "samples", "frame", "frames", "tick", "ticks", "idx", "index"];

const CURRENT_UNITS: [(&str, &str); 6] =
    [("fa", "fA"), ("pa", "pA"), ("na", "nA"), ("ua", "uA"), ("ma", "mA"), ("amp", "A")];

/// Names of times, apart from spikes.
const TIMES: [&str; 9] = [
    "t",
    "time",
    "times",
    "timestamp",
    "timestamps",
    "time stamp",
    "time stamps",
    "sample time",
    "sample times",
];

/// The name of a column or an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    /// Its words in small letters, without the unit.
    words: Vec<String>,
    unit: Option<String>,
}

impl Name {
    pub fn new(text: &str) -> Self {
        let text = text.trim().trim_matches(['"', '\'']).trim().to_owned();
        let plain = text.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
        let (outside, bracketed) = match plain.split_once(['(', '[', '{']) {
            Some((outside, rest)) => (outside, rest.split([')', ']', '}']).next().map(str::trim)),
            None => (plain.as_str(), None),
        };
        let mut words: Vec<String> = outside
            .split(|sign: char| !sign.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let unit = match bracketed {
            // Other remarks stand in brackets too.
            Some(unit) => Some(unit.to_owned()).filter(|unit| unit.chars().all(char::is_alphabetic)),
            // A single letter alone is as likely to be a name.
            None => words.pop_if(|last| is_unit(last) && (outside.trim() != last || last.len() > 1)),
        };
        if unit.is_some() && words.last().is_some_and(|last| last == "in") {
            words.pop();
        }
        Self { text, words, unit }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it consists of these words, the unit aside.
    pub fn is(&self, words: &str) -> bool {
        self.words.iter().map(String::as_str).eq(words.split(' '))
    }

    /// Whether it is that of times.
    pub fn is_of_times(&self) -> bool {
        let is_lone_unit = self.words.is_empty() && self.known_time_unit().is_some();
        is_lone_unit || TIMES.iter().any(|words| self.is(words))
    }

    /// Whether it is that of spikes.
    pub fn is_of_spikes(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("spike"))
    }

    fn known_time_unit(&self) -> Option<TimeUnit> {
        let unit = self.unit.as_deref()?;
        TIME_UNITS.iter().find(|(_, names)| names.contains(&unit)).map(|(unit, _)| *unit)
    }

    /// The unit of the times that it is the name of, where it says it.
    pub fn time_unit(&self) -> Result<Option<TimeUnit>, String> {
        let unread = |what: &str| {
            let text = &self.text;
            Err(format!("'{text}' in it {what}; write times in us, ms or s, and the unit into the name"))
        };
        match &self.unit {
            Some(unit) => match self.known_time_unit() {
                None => unread(&format!("has the unit '{unit}', in which times are not read")),
                known => Ok(known),
            },
            None if self.words.iter().any(|word| COUNTS.contains(&word.as_str())) => {
                unread("counts samples, whose interval it does not say")
            }
            None => Ok(None),
        }
    }

    /// The unit of the currents that it is the name of, where it says one.
    pub fn current_unit(&self) -> Option<&'static str> {
        let unit = self.unit.as_deref()?;
        CURRENT_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, unit)| *unit)
    }

    /// Whether it carries a unit.
    pub fn has_unit(&self) -> bool {
        self.unit.as_deref().is_some_and(is_unit)
    }

    /// What a number of this name says of how often there are samples.
    pub fn clock(&self) -> Option<Clock> {
        const INTERVALS: [&str; 6] =
            ["dt", "delta t", "sample interval", "sampling interval", "sample period", "sampling period"];
        const RATES: [&str; 6] =
            ["fs", "samplerate", "sample rate", "sampling rate", "sample frequency", "sampling frequency"];
        if INTERVALS.iter().any(|words| self.is(words)) {
            return Some(Clock::Interval);
        }
        let hertz = if self.unit.as_deref() == Some("khz") { 1e3 } else { 1.0 };
        RATES.iter().any(|words| self.is(words)).then_some(Clock::Rate { hertz })
    }
}

/// What says how often there are samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    /// The time from one to the next.
    Interval,
    /// How many there are in a time; so many hertz is a rate of 1.
    Rate { hertz: f64 },
}

impl Clock {
    /// What it is.
    pub fn text(self) -> &'static str {
        match self {
            Self::Interval => "the sample interval, in ms where its name says nothing else",
            Self::Rate { .. } => "the sampling rate, in Hz where its name says nothing else",
        }
    }
}

fn is_unit(word: &str) -> bool {
    TIME_UNITS.iter().any(|(_, names)| names.contains(&word))
        || OTHER_TIME_UNITS.contains(&word)
        || CURRENT_UNITS.iter().any(|(name, _)| *name == word)
        || ["hz", "khz"].contains(&word)
}

/// Where a unit is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said it.
    Default,
    /// This option.
    Option(&'static str),
    /// This name in the file.
    Name(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("by default"),
            Self::Option(option) => write!(formatter, "by --{option}"),
            Self::Name(name) => write!(formatter, "by the name '{name}'"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Default => serializer.serialize_str("default"),
            Self::Option(option) => serializer.serialize_str(&format!("--{option}")),
            Self::Name(name) => serializer.serialize_str(&format!("name '{name}'")),
        }
    }
}

/// The unit of times, which an option or the name of the times can say, but not differently.
pub fn time_unit(
    asked: Option<TimeUnit>,
    option: &'static str,
    name: Option<&Name>,
) -> Result<(TimeUnit, Origin), String> {
    let named = match name {
        Some(name) => name.time_unit()?.map(|unit| (unit, name.text())),
        None => None,
    };
    match (asked, named) {
        (Some(asked), Some((unit, name))) if asked != unit => Err(format!(
            "its times are in {} by the name '{name}', but --{option} says {}; leave the option out, or change the name",
            unit.text(),
            asked.text()
        )),
        (_, Some((unit, name))) => Ok((unit, Origin::Name(name.to_owned()))),
        (Some(asked), None) => Ok((asked, Origin::Option(option))),
        (None, None) => Ok((TimeUnit::Ms, Origin::Default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_units() {
        for (text, unit) in [
            ("spikes_us", TimeUnit::Us),
            ("time (s)", TimeUnit::S),
            ("t [ms]", TimeUnit::Ms),
            ("time_ms", TimeUnit::Ms),
            ("\"Time (\u{b5}s)\"", TimeUnit::Us),
            ("t (\u{3bc}s)", TimeUnit::Us),
            ("time/ms", TimeUnit::Ms),
            ("Spike times in seconds", TimeUnit::S),
            ("spike_times_s", TimeUnit::S),
            ("usec", TimeUnit::Us),
            ("spike times (ms) of unit 3", TimeUnit::Ms),
        ] {
            let name = Name::new(text);
            assert_eq!(name.time_unit(), Ok(Some(unit)), "{text}");
            assert!(name.is_of_times() || name.is_of_spikes(), "{text}");
        }
        for text in ["time", "times", "t", "s", "spikes", "x", "timestamps", "spikes (unit 3)"] {
            assert_eq!(Name::new(text).time_unit(), Ok(None), "{text}");
        }
        for text in ["time (min)", "t_ns", "sample", "spike sample", "time (furlongs)"] {
            assert!(Name::new(text).time_unit().is_err(), "{text}");
        }
        for text in ["current (nA)", "value", "t_max", "time constant (ms)", "stimulus"] {
            assert!(!Name::new(text).is_of_times() && !Name::new(text).is_of_spikes(), "{text}");
        }
        assert_eq!(Name::new("I (pA)").current_unit(), Some("pA"));
        assert_eq!(Name::new("current_nA").current_unit(), Some("nA"));
        assert_eq!(Name::new("current").current_unit(), None);
    }

    #[test]
    fn intervals_and_rates_are_told_apart() {
        let clock = |text: &str| Name::new(text).clock();
        for text in ["dt", "dt_ms", "dt_s", "Sampling interval (us)"] {
            assert_eq!(clock(text), Some(Clock::Interval), "{text}");
        }
        assert_eq!(clock("fs"), Some(Clock::Rate { hertz: 1.0 }));
        assert_eq!(clock("sampling_rate_kHz"), Some(Clock::Rate { hertz: 1e3 }));
        assert_eq!([clock("stimulus"), clock("rate"), clock("time")], [None; 3]);
    }

    #[test]
    fn a_unit_is_said_once() {
        let name = Name::new("time (s)");
        let unit = |asked, name| time_unit(asked, "spikes-time-unit", name);
        assert_eq!(unit(None, None), Ok((TimeUnit::Ms, Origin::Default)));
        assert_eq!(unit(Some(TimeUnit::Us), None).unwrap().1, Origin::Option("spikes-time-unit"));
        assert_eq!(unit(Some(TimeUnit::S), Some(&name)).unwrap().0, TimeUnit::S);
        let refused = unit(Some(TimeUnit::Ms), Some(&name)).unwrap_err();
        assert!(refused.contains("'time (s)', but --spikes-time-unit says ms"), "{refused}");
    }
}
