//! Why the command ends without a result, and the exit code that says which kind of reason it was.

use lif::Error;
use std::fmt;
use std::process::ExitCode;

/// Exit code where the command was asked for something that cannot be.
pub const USAGE: u8 = 2;

/// Exit code where somebody interrupted, as shells have it for Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// A reason to end, with a message for the person at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The options or the settings file ask for something that cannot be.
    Usage(String),
    /// The same of a value, by the names of what is wrong, before it is said who wrote it where.
    Value { what: String, message: String },
    /// What was asked for failed: a file, a device, the disk.
    Fault(String),
    /// Somebody interrupted before there was anything to keep.
    Interrupted(String),
}

impl Failure {
    /// A wrong value of an option.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A wrong value of the setting of this name.
    pub fn of(name: &str, message: impl Into<String>) -> Self {
        Self::Value { what: name.to_owned(), message: message.into() }
    }

    /// Something that went wrong.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::Fault(message.into())
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Value { .. } => ExitCode::from(USAGE),
            Self::Fault(_) => ExitCode::FAILURE,
            Self::Interrupted(_) => ExitCode::from(INTERRUPTED),
        }
    }

    /// Whether the process may open no more files, which is no fault of the one at hand.
    pub fn is_of_open_files(&self) -> bool {
        /// On all systems of this family.
        const EMFILE: i32 = 24;
        cfg!(unix) && self.to_string().contains(&std::io::Error::from_raw_os_error(EMFILE).to_string())
    }

    /// The same, with something to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: &str) -> Self {
        let (Self::Usage(message)
        | Self::Value { message, .. }
        | Self::Fault(message)
        | Self::Interrupted(message)) = &mut self;
        message.push_str("; ");
        message.push_str(advice);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message)
            | Self::Value { message, .. }
            | Self::Fault(message)
            | Self::Interrupted(message) => formatter.write_str(message),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Shape { what, .. } | Error::NonFinite { what, .. } | Error::OutOfRange { what, .. } => {
                Self::Value { what, message }
            }
            error if error.is_usage() => Self::Usage(message),
            _ => Self::Fault(message),
        }
    }
}
