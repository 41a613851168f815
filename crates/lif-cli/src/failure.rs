//! Why the command fails, and its exit code.

use lif::Error;
use std::fmt;
use std::process::ExitCode;

/// Exit code for options or settings that are wrong.
pub const USAGE: u8 = 2;

/// Exit code after an interrupt, as shells have it for Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// A failure, with a message for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The options or the settings are wrong.
    Usage(String),
    /// The value of a setting is wrong; `what` names it. The words of the user are not in the message yet.
    Value { what: String, message: String },
    /// Something failed: a file, a device, the disk.
    Fault(String),
    /// Interrupted before there were results.
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

    /// A file, a device or the disk failed.
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

    /// Whether the process has reached its limit of open files, which is not the fault of this file.
    pub fn is_of_open_files(&self) -> bool {
        /// The same on all systems of the Unix family.
        const EMFILE: i32 = 24;
        cfg!(unix) && self.to_string().contains(&std::io::Error::from_raw_os_error(EMFILE).to_string())
    }

    /// The same, with advice.
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
