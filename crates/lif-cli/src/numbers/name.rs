//! What columns and arrays are called, and the units that their names carry: `time (s)`, `t [ms]`,
//! `spikes_us`.

use super::TimeUnit;
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

/// What counts samples or steps, whose interval nobody knows,
const COUNTS: [&str; 15] = [
    "sample",
    "samples",
    "frame",
    "frames",
    "tick",
    "ticks",
    "index",
    "indices",
    "inds",
    "step",
    "steps",
    "timestep",
    "timesteps",
    "bin",
    "bins",
];
/// and what numbers the rows of a table.
const ROW_NUMBERS: [&str; 4] = ["idx", "unnamed", "rownames", "row"];

/// Units of currents, each with the beginning of its long name.
const CURRENT_UNITS: [(&str, &str, &str); 6] = [
    ("fa", "femto", "fA"),
    ("pa", "pico", "pA"),
    ("na", "nano", "nA"),
    ("ua", "micro", "uA"),
    ("ma", "milli", "mA"),
    ("a", "", "A"),
];

/// Units of values that are no currents, in whatever letters,
const OTHER_VALUE_UNITS: [&str; 5] = ["mV", "uV", "V", "volt", "dB"];
/// and those that only capitals tell from others.
const CAPITAL_UNITS: [&str; 8] = ["A", "Hz", "kHz", "MHz", "mS", "uS", "nS", "pS"];

/// What values are called.
const VALUES: [&str; 18] = [
    "i",
    "current",
    "currents",
    "value",
    "values",
    "stimulus",
    "stim",
    "input",
    "amplitude",
    "amplitudes",
    "v",
    "voltage",
    "level",
    "rate",
    "g",
    "conductance",
    "signal",
    "data",
];

/// How long something lasts, and where times count from another end.
const NO_TIMES: [&str; 15] = [
    "duration",
    "durations",
    "dur",
    "width",
    "length",
    "period",
    "lag",
    "delay",
    "before",
    "until",
    "remaining",
    "last",
    "next",
    "end",
    "stop",
];

const RATE_UNITS: [(&str, f64); 3] = [("hz", 1.0), ("khz", 1e3), ("mhz", 1e6)];

/// What lies between spikes.
pub const BETWEEN_SPIKES: [&str; 7] = ["isi", "isis", "interspike", "interval", "intervals", "diff", "diffs"];

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
    /// In small letters.
    unit: Option<String>,
    /// Whether it says that the numbers are changed: `t(ms)*10`, `time_ms_x10`.
    is_changed: bool,
}

impl Name {
    pub fn new(text: &str) -> Self {
        let text = text.trim().trim_matches(['"', '\'']).trim().to_owned();
        let plain = text.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
        let (outside, bracketed) = match plain.split_once(['(', '[', '{']) {
            Some((outside, rest)) => (outside, rest.split([')', ']', '}']).next()),
            None => (plain.as_str(), None),
        };
        let mut words: Vec<String> = outside
            .split(|sign: char| !sign.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let unit = match bracketed {
            // Other remarks stand in brackets too, and behind a unit.
            Some(inside) => {
                let first = inside.split([',', ';']).next().unwrap_or_default().trim().trim_end_matches('.');
                let inside = if is_word(first) { first } else { inside.trim() };
                (is_word(inside) || has_unit_in_it(inside)).then(|| inside.to_owned())
            }
            None if is_in_ampere(&text) => words.pop(),
            // A single letter alone is as likely to be a name.
            None => words
                .pop_if(|last| is_unit(without_digits(last)) && (outside.trim() != last || last.len() > 1)),
        };
        if unit.is_some() && words.last().is_some_and(|last| last == "in") {
            words.pop();
        }
        let is_changed = is_changed(&plain);
        Self { text, words, unit, is_changed }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it consists of these words, the unit aside.
    pub fn is(&self, words: &str) -> bool {
        self.words.iter().map(String::as_str).eq(words.split(' '))
    }

    /// Whether this is one of its words.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Whether it is that of times.
    pub fn is_of_times(&self) -> bool {
        self.is_lone_unit() || TIMES.iter().any(|words| self.is(words))
    }

    /// Whether it can be that of times, in words that nobody knows.
    pub fn may_be_of_times(&self) -> bool {
        let speaks_of_times = self.words.iter().any(|word| TIMES.contains(&word.as_str()));
        let is_other = self.clock().is_some() || self.refuse_intervals().is_err() || self.is_no_time();
        (speaks_of_times || self.known_time_unit().is_some()) && !is_other
    }

    /// Whether it says how long something lasts, or counts from another end than the beginning.
    pub fn is_no_time(&self) -> bool {
        self.words.iter().any(|word| NO_TIMES.contains(&word.as_str()))
    }

    /// Whether it counts samples or steps.
    pub fn is_count(&self) -> bool {
        self.words.iter().any(|word| COUNTS.iter().chain(&ROW_NUMBERS).any(|count| count == word))
    }

    /// Whether it says what no value of a current is.
    pub fn is_of_no_value(&self) -> bool {
        let is_length = self.is_no_time() && self.has_time_unit();
        let is_other = self.is_of_spikes() || self.is_count() || self.refuse_intervals().is_err();
        self.is_of_times() || is_length || is_other
    }

    /// Whether it is that of spikes.
    pub fn is_of_spikes(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("spike"))
    }

    fn known_time_unit(&self) -> Option<TimeUnit> {
        self.unit.as_deref().and_then(time_unit_of)
    }

    /// The unit of the times that it is the name of, where it says it.
    pub fn time_unit(&self) -> Result<Option<TimeUnit>, String> {
        let unread = |what: &str| {
            let text = &self.text;
            Err(format!("'{text}' in it {what}; write times in us, ms or s, and the unit into the name"))
        };
        match &self.unit {
            _ if self.is_changed || self.unit.is_some() && self.words.iter().any(|word| is_factor(word)) => {
                unread("has a factor or an offset, with which times are not read")
            }
            Some(unit) => match self.known_time_unit() {
                None => unread(&format!("has the unit '{unit}', in which times are not read")),
                known => Ok(known),
            },
            None if self.is_count() => unread("counts samples or steps, whose interval it does not say"),
            None => Ok(None),
        }
    }

    /// The unit of the interval that it is the name of, which counts steps in no case.
    pub fn interval_unit(&self) -> Result<Option<TimeUnit>, String> {
        if self.unit.is_none() && !self.is_changed { Ok(None) } else { self.time_unit() }
    }

    /// The unit of the values that it is the name of, where it says one.
    pub fn value_unit(&self) -> Option<&str> {
        let unit = self.unit.as_deref()?;
        let as_written = match self.text.split_once(['(', '[', '{']) {
            Some((_, rest)) => rest.split([')', ']', '}']).next(),
            None => self.text.rsplit(|sign: char| !sign.is_alphanumeric()).find(|word| !word.is_empty()),
        };
        let as_written = as_written.unwrap_or(unit);
        // Pascal, and what else stands in brackets, as `(filtered)` or `(t)`, is no unit of a current.
        if as_written == "Pa" {
            return None;
        }
        // A unit divided by another is a third.
        let is_ratio = self.words.last().is_some_and(|word| is_unit(word)) && self.text.contains('/');
        if is_ratio && as_written.len() < self.text.len() && !self.text.contains(['(', '[', '{']) {
            return Some(&self.text);
        }
        let is_of_values =
            |word: &str| current_unit(&word.to_lowercase()).is_some() || other_value_unit(word).is_some();
        let mut words = as_written.split(|sign: char| !sign.is_alphanumeric()).map(without_digits);
        current_unit(unit).or_else(|| words.any(is_of_values).then_some(as_written))
    }

    /// Whether it is that of values.
    pub fn is_of_values(&self) -> bool {
        let is_called_so = || self.words.last().is_some_and(|word| is_word_of_values(word));
        !self.is_of_times() && (self.value_unit().is_some() || is_called_so())
    }

    /// Whether it is a unit of values and nothing else.
    pub fn is_lone_value_unit(&self) -> bool {
        self.words.is_empty() && self.value_unit().is_some()
    }

    /// Whether it carries a unit of times.
    pub fn has_time_unit(&self) -> bool {
        self.known_time_unit().is_some()
    }

    /// Whether it carries a unit.
    pub fn has_unit(&self) -> bool {
        self.unit.as_deref().is_some_and(|unit| has_unit_in_it(unit) || current_unit(unit).is_some())
    }

    /// Whether it says how often something comes: `per ms`, `every ms`.
    pub fn is_said_of_intervals(&self) -> bool {
        self.words.first().is_some_and(|first| ["per", "each", "every"].contains(&first.as_str()))
    }

    /// Whether it is a unit and nothing else, or says that it is one: `ms`, `in ms`, `Units: ms`.
    pub fn is_lone_unit(&self) -> bool {
        let says_nothing = self.words.iter().all(|word| ["unit", "units"].contains(&word.as_str()));
        says_nothing && self.known_time_unit().is_some()
    }

    /// Whether it says the unit of times, of spikes or of anything.
    pub fn is_of_times_in_a_unit(&self) -> bool {
        let is_of_spikes = ["spikes", "spike time", "spike times"].iter().any(|words| self.is(words));
        (self.is_of_times() || is_of_spikes) && self.has_unit()
    }

    /// Refuses to be the name of spike times where it is that of the time between spikes.
    pub fn refuse_intervals(&self) -> Result<(), String> {
        // There are gap junctions too.
        let is_gap = (self.has_word("gap") || self.has_word("gaps"))
            && (self.words.len() == 1 || self.has_time_unit());
        if is_gap || self.words.iter().any(|word| BETWEEN_SPIKES.contains(&word.as_str())) {
            return Err(self.of_intervals());
        }
        Ok(())
    }

    /// That it names times between spikes.
    pub fn of_intervals(&self) -> String {
        format!(
            "'{}' in it names times between spikes; write the time of each spike from the beginning of the stimulus",
            self.text
        )
    }

    /// What a number of this name says of how often there are samples.
    pub fn clock(&self) -> Option<Clock> {
        const INTERVALS: [&str; 14] = [
            "dt",
            "d t",
            "\u{3b4}t",
            "\u{3b4} t",
            "time delta",
            "timedelta",
            "delta t",
            "interval",
            "time step",
            "timestep",
            "sample interval",
            "sampling interval",
            "sample period",
            "sampling period",
        ];
        const RATES: [&str; 11] = [
            "fs",
            "sfreq",
            "srate",
            "samplerate",
            "samplingrate",
            "sample rate",
            "sampling rate",
            "sample freq",
            "sampling freq",
            "sample frequency",
            "sampling frequency",
        ];
        if INTERVALS.iter().any(|words| self.is(words)) {
            return Some(Clock::Interval);
        }
        if !RATES.iter().any(|words| self.is(words)) {
            return None;
        }
        Some(Clock::Rate { hertz: self.hertz().unwrap_or(1.0) })
    }

    fn hertz(&self) -> Option<f64> {
        let unit = self.unit.as_deref()?;
        RATE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, hertz)| *hertz)
    }

    /// Whether a number of this name may say how often there are samples, though it is not read as that.
    pub fn may_be_clock(&self) -> bool {
        self.clock().is_none()
            && (self.hertz().is_some() || self.words.iter().any(|word| word.starts_with("sampl")))
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
    /// The interval that a number means, ms; of an interval, by the unit of its name.
    pub fn interval_ms(self, number: f64, unit: TimeUnit) -> f64 {
        match self {
            Self::Rate { hertz } => 1e3 / (number * hertz),
            Self::Interval => number * unit.ms(),
        }
    }

    /// What it is.
    pub fn text(self) -> &'static str {
        match self {
            Self::Interval => "the sample interval, in ms where its name says nothing else",
            Self::Rate { .. } => "the sampling rate, in Hz where its name says nothing else",
        }
    }
}

fn is_unit(word: &str) -> bool {
    time_unit_of(word).is_some()
        || OTHER_TIME_UNITS.contains(&word)
        || OTHER_VALUE_UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word))
        || RATE_UNITS.iter().any(|(name, _)| *name == word)
        // A single letter is more often a name.
        || word.len() > 1 && current_unit(word).is_some()
}

/// Whether a word is that of times, of what counts samples, or of how often there are samples: all but `t`, which may
/// be any name.
pub fn is_of_clocks(word: &str) -> bool {
    word != "t" && TIMES.contains(&word) || COUNTS.contains(&word) || Name::new(word).clock().is_some()
}

/// Whether a word in a line of units is one.
pub fn is_unit_of_a_column(word: &str) -> bool {
    let word = word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
    is_unit(&word) || current_unit(&word).is_some()
}

/// The unit of values that a word is which needs to be said of values: one of no currents, or `A`.
pub fn other_value_unit(word: &str) -> Option<&'static str> {
    let word = word.replace(['\u{b5}', '\u{3bc}'], "u");
    let capital = CAPITAL_UNITS.iter().find(|unit| **unit == word);
    let other = || OTHER_VALUE_UNITS.iter().find(|unit| unit.eq_ignore_ascii_case(&word));
    capital.or_else(other).copied()
}

/// Whether values are called so.
pub fn is_word_of_values(word: &str) -> bool {
    VALUES.contains(&word.to_lowercase().as_str())
}

pub fn current_unit(unit: &str) -> Option<&'static str> {
    let long = ["amperes", "ampere", "amps", "amp"].into_iter().find_map(|name| unit.strip_suffix(name));
    let is_it = |(short, prefix, _): &&(&str, &str, &str)| unit == *short || long == Some(prefix);
    CURRENT_UNITS.iter().find(is_it).map(|(_, _, unit)| *unit)
}

/// Whether a name without brackets ends in ampere: `I/A`, `current_A`.
fn is_in_ampere(text: &str) -> bool {
    let is_of_current = |text: &str| {
        let text = text.to_lowercase();
        text == "i" || text.contains("curr") || text.contains("stim")
    };
    text.ends_with("/A") || text.strip_suffix("_A").is_some_and(is_of_current)
}

/// Whether a word multiplies a unit: `x10`, `10`, `1e3`.
fn is_factor(word: &str) -> bool {
    word.trim_start_matches('x').parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphabetic)
}

/// Whether a name in small letters says behind its unit, or behind all, that numbers are multiplied, divided or shifted.
fn is_changed(plain: &str) -> bool {
    let is_number = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit());
    if let Some((_, behind)) = plain.rsplit_once([')', ']', '}']) {
        let behind = behind.trim();
        let rest = behind.trim_start_matches(['/', '-', '\u{2212}', '^', 'x']).trim();
        return behind.starts_with(['*', '\u{d7}', '\u{b7}', '+'])
            || rest.len() < behind.len() && is_number(rest);
    }
    let words = plain.split(|sign: char| !sign.is_alphanumeric());
    let is_times = words.clone().next_back().is_some_and(|last| last.starts_with('x') && is_factor(last));
    let last = plain.rsplit(['*', '/', '\u{d7}', '\u{b7}', '+']).next().unwrap_or_default();
    is_times && words.count() > 1 || last.len() < plain.len() && is_number(last.trim())
}

/// Whether there is a unit among what else is written: `100 us`, `1e-4 s`, `pA/cm2`.
fn has_unit_in_it(text: &str) -> bool {
    let is_ratio = text.contains('/');
    text.split(|sign: char| !sign.is_alphanumeric())
        .map(without_digits)
        .any(|word| is_unit(word) || is_ratio && current_unit(word).is_some())
}

fn without_digits(word: &str) -> &str {
    word.trim_start_matches(|sign: char| sign.is_ascii_digit())
}

/// Whether a word can only be a unit of times: a single letter is as likely to be a name.
pub fn is_plain_time_unit(word: &str) -> bool {
    word.chars().count() > 1 && time_unit_of(word).is_some()
}

/// The unit of times that a word is.
pub fn time_unit_of(word: &str) -> Option<TimeUnit> {
    let word = word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
    TIME_UNITS.iter().find(|(_, names)| names.contains(&word.as_str())).map(|(unit, _)| *unit)
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
            ("time (sec.)", TimeUnit::S),
            ("t (ms.)", TimeUnit::Ms),
            ("time (ms )", TimeUnit::Ms),
            ("Units: us", TimeUnit::Us),
            ("t (s, from the start)", TimeUnit::S),
        ] {
            let name = Name::new(text);
            assert_eq!(name.time_unit(), Ok(Some(unit)), "{text}");
            assert!(name.is_of_times() || name.is_of_spikes(), "{text}");
        }
        for text in
            ["time", "times", "t", "s", "spikes", "x", "timestamps", "spikes (unit 3)", "t (1)", "spikes ()"]
        {
            assert_eq!(Name::new(text).time_unit(), Ok(None), "{text}");
        }
        for text in [
            "time (min)",
            "t_ns",
            "sample",
            "spike sample",
            "time (furlongs)",
            "t (100 us)",
            "time (10us)",
            "times (1e-4 s)",
            "(1/10 ms)",
            "[10us]",
            "t (1/s)",
            "t (s^1)",
            "time_100us",
            "t (1,5 us)",
            "t(ms)*10",
            "t (ms) + 100",
            "t(ms)/10",
            "t (ms) x10",
            "time_ms_x10",
            "time_ms*10",
            "time_x10",
            "time_step",
            "timestep",
        ] {
            assert!(Name::new(text).time_unit().is_err(), "{text}");
        }
        for text in ["current (nA)", "value", "t_max", "time constant (ms)", "stimulus"] {
            assert!(!Name::new(text).is_of_times() && !Name::new(text).is_of_spikes(), "{text}");
        }
    }

    #[test]
    fn values_have_units() {
        for (text, unit) in [
            ("I (pA)", "pA"),
            ("current_nA", "nA"),
            ("I (nanoampere)", "nA"),
            ("I_picoamps", "pA"),
            ("I (A)", "A"),
            ("I [A]", "A"),
            ("I/A", "A"),
            ("current_A", "A"),
            ("Ampere", "A"),
            ("I (\u{b5}A)", "uA"),
            ("I (pA/cm2)", "pA/cm2"),
            ("I (A/m2)", "A/m2"),
            ("I (nA, filtered)", "nA"),
            ("V (mV)", "mV"),
            ("pA/nA", "pA/nA"),
        ] {
            assert_eq!(Name::new(text).value_unit(), Some(unit), "{text}");
        }
        let without = [
            "current",
            "a",
            "neuron A",
            "group_A",
            "I",
            "I (1)",
            "I (unit 3)",
            "i(t)",
            "I (filtered)",
            "I_h",
            "stim_min",
            "sound (Pa)",
        ];
        for text in without {
            assert_eq!(Name::new(text).value_unit(), None, "{text}");
        }
    }

    #[test]
    fn times_between_spikes_are_not_times() {
        for text in [
            "isi_ms",
            "ISI",
            "gap (ms)",
            "gaps",
            "interspike (ms)",
            "inter-spike interval (ms)",
            "spike_intervals",
        ] {
            assert!(Name::new(text).refuse_intervals().is_err(), "{text}");
        }
        for text in ["spike_times", "gap junction (nA)"] {
            assert_eq!(Name::new(text).refuse_intervals(), Ok(()), "{text}");
        }
    }

    #[test]
    fn intervals_and_rates_are_told_apart() {
        let clock = |text: &str| Name::new(text).clock();
        for text in [
            "dt",
            "dt_ms",
            "\u{394}t (ms)",
            "time_delta",
            "d_t",
            "dt_s",
            "Sampling interval (us)",
            "time_step",
            "interval_ms",
        ] {
            assert_eq!(clock(text), Some(Clock::Interval), "{text}");
        }
        assert_eq!(clock("fs"), Some(Clock::Rate { hertz: 1.0 }));
        assert_eq!(clock("sampling_rate_kHz"), Some(Clock::Rate { hertz: 1e3 }));
        assert_eq!(clock("fs_MHz"), Some(Clock::Rate { hertz: 1e6 }));
        for text in ["samplingrate", "sampling_freq", "srate"] {
            assert_eq!(clock(text), Some(Clock::Rate { hertz: 1.0 }), "{text}");
        }
        assert!(Name::new("sampling").may_be_clock() && Name::new("f (Hz)").may_be_clock());
        assert!(!Name::new("stimulus").may_be_clock() && !Name::new("fs").may_be_clock());
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
