//! The error type of this crate. Its messages say what is wrong and what to do about it.

use std::fmt;

/// The result of a call of this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Which argument of a call an [`Error`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Argument {
    /// A parameter of the neurons. The message begins with its name, as `tau_m`, or with both names if it is about two,
    /// as `dt / tau_m`.
    Parameter,
    /// The number of neurons or of batch rows.
    Shape,
    /// The number of steps.
    Steps,
    /// The input: a current, or blocks of a current.
    Input,
    /// A random source.
    Random,
    /// Input spikes, or their weights.
    Spikes,
    /// The choice of what to record.
    Recording,
    /// A network: its groups, rules, weights or delays.
    Network,
    /// State that the caller sets.
    State,
    /// A target, or the settings of its score.
    Score,
    /// The parameters that a fit varies, or the recordings that it is fitted to.
    Fit,
    /// The device.
    Device,
}

/// Why a call was refused or failed.
///
/// A refused call changes nothing. After a fault of the device ([`Error::is_fault`]) the population returns no
/// results until it is [reset](crate::Population::reset), so that nothing computed after a fault is taken for a
/// result.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array does not broadcast to the population.
    #[error("{what}: expected shape {expected}, got {got}")]
    Shape {
        /// Which argument, if that is known.
        argument: Option<Argument>,
        /// Which argument, in words.
        what: String,
        /// The shapes that would have been accepted.
        expected: String,
        /// The shape that was passed.
        got: String,
    },

    /// A NaN or infinite number.
    #[error("{what}: {value}{place}; every value must be finite")]
    NonFinite {
        /// Which argument, if that is known.
        argument: Option<Argument>,
        /// Which argument, in words.
        what: String,
        /// The position of the first such value in the array (empty for a scalar).
        place: String,
        /// The value itself.
        value: f32,
    },

    /// A number outside its valid range.
    #[error("{what} is {value}{place}; it must be {requirement}")]
    OutOfRange {
        /// Which argument, if that is known.
        argument: Option<Argument>,
        /// Which argument, in words.
        what: String,
        /// The value, with its unit.
        value: String,
        /// Its position in the array (empty for a scalar).
        place: String,
        /// What would have been accepted, and what to do.
        requirement: String,
    },

    /// The population, an input or a recording needs more than the device or the machine has.
    #[error("{what}: {} needed, but {limit_name} is {}; {advice}", size(*need), size(*limit))]
    TooLarge {
        /// What was to be allocated.
        what: String,
        /// The number of bytes needed.
        need: u64,
        /// The name of the limit that is exceeded.
        limit_name: String,
        /// The number of bytes allowed.
        limit: u64,
        /// What to do.
        advice: String,
    },

    /// No adapter fits the request.
    #[error("no device fits '{requested}'; {seen}")]
    NoAdapter {
        /// The device that was requested.
        requested: String,
        /// The adapters found on this machine.
        seen: String,
    },

    /// The adapter computes results that differ from the model.
    #[error(
        "'{adapter}' failed the self-check and is refused: {difference}; \
         use another device, or 'cpu', and please report the driver"
    )]
    SelfCheck {
        /// The adapter's name.
        adapter: String,
        /// What differed.
        difference: String,
    },

    /// A tensor was uploaded to a device other than the population's.
    #[error("the input tensor lives on '{tensor}', the population on '{population}'; upload it there")]
    ForeignTensor {
        /// Device of the tensor.
        tensor: String,
        /// Device of the population.
        population: String,
    },

    /// The graphics API or the driver reported an error.
    #[error("the GPU failed while {stage}: {reason}")]
    Gpu {
        /// What was being done.
        stage: String,
        /// The message of the driver.
        reason: String,
    },

    /// The device is gone: driver reset, unplugged, or destroyed.
    #[error("the device was lost while {stage}: {reason}")]
    DeviceLost {
        /// What was being done.
        stage: String,
        /// The message of the driver.
        reason: String,
    },

    /// The device did not answer in time.
    #[error("the device did not finish {stage} within {seconds} s")]
    Timeout {
        /// What was being done.
        stage: String,
        /// The waiting time, s.
        seconds: u64,
    },

    /// A checkpoint cannot be written, or a file cannot be read as a checkpoint.
    #[cfg(feature = "checkpoint")]
    #[error("checkpoint {path}: {reason}")]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },

    /// A NIR graph cannot be written, or a file cannot be read as a NIR graph.
    #[cfg(feature = "nir")]
    #[error("NIR graph {path}: {reason}")]
    Nir {
        /// The file.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },

    /// A sink failed to take a recording; the run stopped there.
    #[error("cannot write {what}: {reason}")]
    Sink {
        /// What was to be written.
        what: String,
        /// Why that failed.
        reason: String,
    },

    /// A source of input blocks failed; the run stopped there.
    #[error("cannot read {what}: {reason}")]
    Unreadable {
        /// What was to be read.
        what: String,
        /// Why that failed.
        reason: String,
    },

    /// An earlier fault left the population without a valid state.
    #[error(
        "the population has no valid state since an earlier fault ({reason}); call reset() or build a new one"
    )]
    Faulted {
        /// The earlier fault.
        reason: String,
    },
}

/// Shortens a number for people: in scientific notation where that saves many digits.
pub(crate) fn number(text: String) -> String {
    /// The smallest number of characters saved for which scientific notation is used.
    const MANY: usize = 8;
    match text.parse::<f64>().map(|value| format!("{value:e}")) {
        Ok(short) if short.len() + MANY < text.len() => short,
        _ => text,
    }
}

/// Writes a number of bytes for people, with a unit.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (0..UNITS.len() - 1).find(|unit| bytes >> (10 * unit) < 1024).unwrap_or(UNITS.len() - 1);
    let value = bytes as f64 / (1_u64 << (10 * unit)) as f64;
    // Two decimals, so that slightly too much does not look equal to the limit.
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.2} {}", UNITS[unit]) }
}

/// The same text as [`Display`](std::fmt::Display): `fn main() -> lif::Result<()>` prints errors this way to people.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error {
    /// Returns which argument the error is about, if that is known.
    ///
    /// ```
    /// use lif::{Argument, Device, Error, Params, Population};
    ///
    /// let params = Params { tau_m: (-10.0).into(), ..Params::default() };
    /// let error = Population::new(params, 100, &Device::cpu()).map(drop).unwrap_err();
    /// assert_eq!((error.argument(), error.value()), (Some(Argument::Parameter), Some(-10.0)));
    /// assert!(matches!(error, Error::OutOfRange { what, .. } if what == "tau_m"));
    /// ```
    #[must_use]
    pub fn argument(&self) -> Option<Argument> {
        match self {
            Self::Shape { argument, .. }
            | Self::NonFinite { argument, .. }
            | Self::OutOfRange { argument, .. } => *argument,
            Self::ForeignTensor { .. } => Some(Argument::Input),
            Self::NoAdapter { .. } => Some(Argument::Device),
            _ => None,
        }
    }

    /// Returns the value that was refused, if it is a number, in the unit that the message names.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::NonFinite { value, .. } => Some(f64::from(*value)),
            Self::OutOfRange { value, .. } => {
                let mut words = value.split_whitespace();
                let number = words.next()?.parse().ok();
                // Behind it there is a unit at most.
                number.filter(|_| words.nth(1).is_none())
            }
            _ => None,
        }
    }

    /// Marks the error as one about this argument, unless it is marked with another already.
    #[must_use]
    pub(crate) fn about(mut self, of: Argument) -> Self {
        if let Self::Shape { argument, .. }
        | Self::NonFinite { argument, .. }
        | Self::OutOfRange { argument, .. } = &mut self
        {
            argument.get_or_insert(of);
        }
        self
    }

    /// Whether this is a fault of the device, after which the state of a population cannot be trusted, rather than a
    /// refusal of arguments.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Gpu { .. } | Self::DeviceLost { .. } | Self::Timeout { .. })
    }

    /// Whether the arguments are wrong everywhere, rather than too much for this machine or this run.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Shape { .. }
                | Self::NonFinite { .. }
                | Self::OutOfRange { .. }
                | Self::ForeignTensor { .. }
        )
    }

    pub(crate) fn shape(what: &str, expected: impl Into<String>, got: &[usize]) -> Self {
        Self::Shape {
            argument: None,
            what: what.to_owned(),
            expected: expected.into(),
            got: format!("{got:?}"),
        }
    }

    pub(crate) fn out_of_range(
        what: &str,
        value: impl std::fmt::Display,
        requirement: impl Into<String>,
    ) -> Self {
        Self::OutOfRange {
            argument: None,
            what: what.to_owned(),
            value: number(value.to_string()),
            place: String::new(),
            requirement: requirement.into(),
        }
    }
}

/// Marks the error of a result as one about an argument.
pub(crate) trait About {
    /// See [`Error::about`].
    fn about(self, argument: Argument) -> Self;
}

impl<T> About for Result<T> {
    fn about(self, argument: Argument) -> Self {
        self.map_err(|error| error.about(argument))
    }
}

#[cfg(test)]
mod tests {
    use super::{number, size};

    #[test]
    fn numbers_are_said_with_few_digits() {
        let said = |value: f64| number(value.to_string());
        assert_eq!([1e30, -1e30, 0.0, 0.1, 1e-12].map(said), ["1e30", "-1e30", "0", "0.1", "1e-12"]);
        assert_eq!(said(1e-20), "1e-20");
        assert_eq!(number("12345678901234567890".to_owned()), "12345678901234567890");
        assert_eq!(number("3 x 4294967296000000".to_owned()), "3 x 4294967296000000");
    }

    #[test]
    fn sizes_are_said_in_units_that_fit() {
        assert_eq!([size(0), size(1)], ["0 bytes", "1 byte"]);
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1024), "1.00 KiB");
        assert_eq!(size(160_000_000), "152.59 MiB");
        assert_eq!(size(128 << 20), "128.00 MiB");
        assert_eq!(size(u64::MAX), "16.00 EiB");
    }
}
