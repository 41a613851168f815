//! The command `lif`: populations of leaky integrate-and-fire neurons from the command line. Hidden items are
//! public for the fuzz targets only.
#![forbid(unsafe_code)]

mod commands;
mod failure;
mod files;
mod network;
mod numbers;
mod picture;
mod plan;
mod process;
mod quantity;
mod recording;
mod settings;
mod spikes;
mod stimulus;
mod terminal;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use commands::Arguments;
use failure::Failure;
pub use process::heaps::share_one_where_limited;
use process::{memory, signals, threads};
use std::io::Write;
use std::process::ExitCode;
use terminal::logging;

/// What the fuzz targets need.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::network::{Columns, read as network};
    pub use crate::numbers::Time;
    pub use crate::plan::neurons;
    pub use crate::quantity::spread::Spread;
    pub use crate::quantity::weight::{Unit, Weight};
    pub use crate::settings::{Settings, layers};
    pub use crate::spikes::recorded;
    pub use crate::spikes::trains::Trains;
    pub use crate::stimulus::{Level, SampleOptions, Stimulus, Transform};
}

/// Runs the command.
pub fn main() -> ExitCode {
    lif::start_quietly();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return show(&message),
    };
    logging::start(arguments.command.is_quiet());
    signals::fail_beyond_size_limit();
    // Checked again, as threads take memory.
    let enough = memory::require_some()
        .map(|()| threads::start(arguments.command.threads()))
        .and_then(|()| memory::require_some());
    if let Some(help) = arguments.command.help() {
        return end(help.and_then(|text| terminal::print(&text)).map(|()| ExitCode::SUCCESS));
    }
    if let Err(too_little) = enough {
        return end(Err(too_little));
    }
    end(commands::execute(arguments.command))
}

fn end(result: Result<ExitCode, Failure>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(failure) => {
            let before = if matches!(failure, Failure::Interrupted(_)) { "" } else { "error: " };
            let failure = if failure.is_of_open_files() {
                failure.with_advice("the limit of open files is too small: raise it with ulimit -n")
            } else {
                failure
            };
            terminal::complain(&format!("{before}{failure}"));
            failure.exit_code()
        }
    }
}

/// Shows help, the version, or what is wrong with the options.
fn show(message: &clap::Error) -> ExitCode {
    let shown = message.print().and_then(|()| std::io::stdout().flush());
    if let Some(ContextValue::String(word)) = message.get(ContextKind::InvalidArg)
        && message.kind() == ErrorKind::UnknownArgument
        && !word.starts_with('-')
    {
        terminal::complain("\nA value is one word: write 300pA for 300 pA, and 0.5:0.8 for a range.");
    }
    match shown {
        // The reader of a pipe into `head` may have gone, which is no failure.
        Err(error) if !message.use_stderr() && error.kind() != std::io::ErrorKind::BrokenPipe => {
            terminal::complain(&format!("error: cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(failure::USAGE)),
    }
}
