//! Names of columns and arrays, with the units in them: `time (s)`, `t [ms]`, `spikes_us`.

use super::TimeUnit;
use super::units::{
    current_unit, has_unit_in_it, is_in_ampere, is_unit, other_value_unit, time_unit_of, without_digits,
};

/// Words for counts of samples or steps, whose interval is unknown.
pub const COUNTS: [&str; 15] = [
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

/// Words for row numbers of a table.
const ROW_NUMBERS: [&str; 4] = ["idx", "unnamed", "rownames", "row"];

/// Words for values.
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

/// Words for durations, and for times that count from another end.
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

/// Words for intervals between spikes.
pub const BETWEEN_SPIKES: [&str; 7] = ["isi", "isis", "interspike", "interval", "intervals", "diff", "diffs"];

/// Words for times, apart from spikes.
pub const TIMES: [&str; 9] = [
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
    /// Its words in lower case, without the unit.
    pub(super) words: Vec<String>,
    /// In lower case.
    pub(super) unit: Option<String>,
    /// Whether it contains a factor or an offset: `t(ms)*10`, `time_ms_x10`.
    pub(super) is_changed: bool,
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
            // Brackets may contain other notes, and notes after a unit.
            Some(inside) => {
                let first = inside.split([',', ';']).next().unwrap_or_default().trim().trim_end_matches('.');
                let inside = if is_word(first) { first } else { inside.trim() };
                (is_word(inside) || has_unit_in_it(inside)).then(|| inside.to_owned())
            }
            None if is_in_ampere(&text) => words.pop(),
            // A single letter is as likely to be a name.
            None => words
                .pop_if(|last| is_unit(without_digits(last)) && (outside.trim() != last || last.len() > 1)),
        };
        if unit.is_some() && words.last().is_some_and(|last| last == "in") {
            words.pop();
        }
        let is_changed = is_changed(&plain);
        Self { text, words, unit, is_changed }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it consists of these words and a unit at most.
    pub fn is(&self, words: &str) -> bool {
        self.words.iter().map(String::as_str).eq(words.split(' '))
    }

    /// Whether it contains this word.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Whether it names times.
    pub fn is_of_times(&self) -> bool {
        self.is_lone_unit() || TIMES.iter().any(|words| self.is(words))
    }

    /// Whether it may name times in unknown words.
    pub fn may_be_of_times(&self) -> bool {
        let speaks_of_times = self.words.iter().any(|word| TIMES.contains(&word.as_str()));
        let is_other = self.clock().is_some() || self.refuse_intervals().is_err() || self.is_no_time();
        (speaks_of_times || self.known_time_unit().is_some()) && !is_other
    }

    /// Whether it names a duration, or times that count from another end.
    pub fn is_no_time(&self) -> bool {
        self.words.iter().any(|word| NO_TIMES.contains(&word.as_str()))
    }

    /// Whether it names counts of samples or steps.
    pub fn is_count(&self) -> bool {
        self.words.iter().any(|word| COUNTS.iter().chain(&ROW_NUMBERS).any(|count| count == word))
    }

    /// Whether it cannot name currents.
    pub fn is_of_no_value(&self) -> bool {
        let is_length = self.is_no_time() && self.has_time_unit();
        let is_other = self.is_of_spikes() || self.is_count() || self.refuse_intervals().is_err();
        self.is_of_times() || is_length || is_other
    }

    /// Whether it names spikes.
    pub fn is_of_spikes(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("spike"))
    }

    fn known_time_unit(&self) -> Option<TimeUnit> {
        self.unit.as_deref().and_then(time_unit_of)
    }

    /// The unit of times, if the name has one.
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

    /// The unit of values, if the name has one.
    pub fn value_unit(&self) -> Option<&str> {
        let unit = self.unit.as_deref()?;
        let as_written = match self.text.split_once(['(', '[', '{']) {
            Some((_, rest)) => rest.split([')', ']', '}']).next(),
            None => self.text.rsplit(|sign: char| !sign.is_alphanumeric()).find(|word| !word.is_empty()),
        };
        let as_written = as_written.unwrap_or(unit);
        // Pascal, and other text in brackets, as `(filtered)` or `(t)`, is no unit of a current.
        if as_written == "Pa" {
            return None;
        }
        // A ratio of units is another unit.
        let is_ratio = self.words.last().is_some_and(|word| is_unit(word)) && self.text.contains('/');
        if is_ratio && as_written.len() < self.text.len() && !self.text.contains(['(', '[', '{']) {
            return Some(&self.text);
        }
        let is_of_values =
            |word: &str| current_unit(&word.to_lowercase()).is_some() || other_value_unit(word).is_some();
        let mut words = as_written.split(|sign: char| !sign.is_alphanumeric()).map(without_digits);
        current_unit(unit).or_else(|| words.any(is_of_values).then_some(as_written))
    }

    /// Whether it names values.
    pub fn is_of_values(&self) -> bool {
        let is_called_so = || self.words.last().is_some_and(|word| is_word_of_values(word));
        !self.is_of_times() && (self.value_unit().is_some() || is_called_so())
    }

    /// Whether it is only a unit of values.
    pub fn is_lone_value_unit(&self) -> bool {
        self.words.is_empty() && self.value_unit().is_some()
    }

    /// Whether it has a unit of times.
    pub fn has_time_unit(&self) -> bool {
        self.known_time_unit().is_some()
    }

    /// Whether it has a unit.
    pub fn has_unit(&self) -> bool {
        self.unit.as_deref().is_some_and(|unit| has_unit_in_it(unit) || current_unit(unit).is_some())
    }

    /// Whether it is about intervals: `per ms`, `every ms`.
    pub fn is_about_intervals(&self) -> bool {
        self.words.first().is_some_and(|first| ["per", "each", "every"].contains(&first.as_str()))
    }

    /// Whether it is only a unit, or a unit with a word for it: `ms`, `in ms`, `Units: ms`.
    pub fn is_lone_unit(&self) -> bool {
        let says_nothing = self.words.iter().all(|word| ["unit", "units"].contains(&word.as_str()));
        says_nothing && self.known_time_unit().is_some()
    }

    /// Whether it gives the unit of times or of spikes.
    pub fn is_of_times_in_a_unit(&self) -> bool {
        let is_of_spikes = ["spikes", "spike time", "spike times"].iter().any(|words| self.is(words));
        (self.is_of_times() || is_of_spikes) && self.has_unit()
    }

    /// Refuses a name of times between spikes as a name of spike times.
    pub fn refuse_intervals(&self) -> Result<(), String> {
        // Gap junctions are something else.
        let is_gap = (self.has_word("gap") || self.has_word("gaps"))
            && (self.words.len() == 1 || self.has_time_unit());
        if is_gap || self.words.iter().any(|word| BETWEEN_SPIKES.contains(&word.as_str())) {
            return Err(self.of_intervals());
        }
        Ok(())
    }

    /// The message for times between spikes.
    pub fn of_intervals(&self) -> String {
        format!(
            "'{}' in it names times between spikes; write the time of each spike from the beginning of the stimulus",
            self.text
        )
    }
}

/// Whether it is a word for values.
pub fn is_word_of_values(word: &str) -> bool {
    VALUES.contains(&word.to_lowercase().as_str())
}

/// Whether a word multiplies a unit: `x10`, `10`, `1e3`.
fn is_factor(word: &str) -> bool {
    word.trim_start_matches('x').parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphabetic)
}

/// Whether a name in lower case ends in a factor or an offset.
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
}
