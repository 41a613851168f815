//! Why the command ends without a result, and the exit code that says which kind of reason it was.

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

    /// Something that went wrong.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::Fault(message.into())
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Fault(_) => ExitCode::FAILURE,
            Self::Interrupted(_) => ExitCode::from(INTERRUPTED),
        }
    }

    /// The same, with something to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: &str) -> Self {
        let (Self::Usage(message) | Self::Fault(message) | Self::Interrupted(message)) = &mut self;
        message.push_str("; ");
        message.push_str(advice);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Fault(message) | Self::Interrupted(message) => {
                formatter.write_str(message)
            }
        }
    }
}

impl From<lif::Error> for Failure {
    fn from(error: lif::Error) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Fault(error.to_string()) }
    }
}
