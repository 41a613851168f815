//! Names of numbers that give the interval of samples, or their rate.

use super::TimeUnit;
use super::name::{COUNTS, Name, TIMES};
use super::units::RATE_UNITS;

/// A number that gives the interval of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    /// The interval itself.
    Interval,
    /// The number of samples per time; a rate of 1 is this many hertz.
    Rate { hertz: f64 },
}

impl Clock {
    /// The interval, ms. The unit is that of an interval.
    pub fn interval_ms(self, number: f64, unit: TimeUnit) -> f64 {
        match self {
            Self::Rate { hertz } => 1e3 / (number * hertz),
            Self::Interval => number * unit.ms(),
        }
    }

    /// As text for messages.
    pub fn text(self) -> &'static str {
        match self {
            Self::Interval => "the sample interval, in ms where its name says nothing else",
            Self::Rate { .. } => "the sampling rate, in Hz where its name says nothing else",
        }
    }
}

impl Name {
    /// What a number with this name says about the interval of samples.
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

    /// Whether a number with this name may give the interval of samples, though it is not read as such.
    pub fn may_be_clock(&self) -> bool {
        self.clock().is_none()
            && (self.hertz().is_some() || self.words.iter().any(|word| word.starts_with("sampl")))
    }

    /// The unit of the interval with this name.
    pub fn interval_unit(&self) -> Result<Option<TimeUnit>, String> {
        if self.unit.is_none() && !self.is_changed { Ok(None) } else { self.time_unit() }
    }
}

/// Whether a word is about times, counts of samples, or intervals. Not `t`, which may be any name.
pub fn is_of_clocks(word: &str) -> bool {
    word != "t" && TIMES.contains(&word) || COUNTS.contains(&word) || Name::new(word).clock().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
