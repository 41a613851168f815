//! The command `lif`: populations of leaky integrate-and-fire neurons from the command line. What is hidden here is public
//! for the fuzz targets alone.
#![forbid(unsafe_code)]

mod amount;
mod arguments;
mod bench;
mod bound;
mod budget;
mod checkpoints;
mod claim;
mod columns;
mod devices;
mod disk;
mod doubts;
mod driven;
mod events;
mod failure;
mod fi;
mod figures;
mod files;
mod fit;
mod heaps;
mod identity;
mod interrupt;
#[doc(hidden)]
pub mod layers;
mod leftovers;
mod listing;
mod lock;
mod logging;
#[cfg(test)]
mod lost_device_tests;
mod memory;
#[doc(hidden)]
pub mod neurons;
mod nir;
mod npz;
#[doc(hidden)]
pub mod numbers;
mod partials;
mod picture;
mod plan;
mod presets;
mod progress;
mod quantity;
mod random_input;
mod reading;
mod record;
#[doc(hidden)]
pub mod recorded;
mod rules;
mod run;
mod score;
#[doc(hidden)]
pub mod settings;
mod signals;
mod simulation;
mod spike_hash;
mod spools;
#[doc(hidden)]
pub mod spread;
#[doc(hidden)]
pub mod stimulus;
mod summary;
mod terminal;
mod threads;
#[doc(hidden)]
pub mod trains;
mod typed;
#[doc(hidden)]
pub mod weight;

use arguments::{Arguments, Command};
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use failure::Failure;
pub use heaps::share_one_where_limited;
use std::io::Write;
use std::process::ExitCode;

/// Does what the words of the command line say.
pub fn main() -> ExitCode {
    lif::start_quietly();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return show(&message),
    };
    logging::start(arguments.command.is_quiet());
    signals::let_long_files_fail();
    // What threads take is not there any more.
    let enough = memory::require_some().map(|()| threads::start()).and_then(|()| memory::require_some());
    if let Some(help) = arguments.command.help() {
        return end(help.and_then(|text| terminal::print(&text)).map(|()| ExitCode::SUCCESS));
    }
    if let Err(too_little) = enough {
        return end(Err(too_little));
    }
    end(match arguments.command {
        Command::Run(settings) => run::run(*settings),
        Command::Fi(settings) => fi::fi(&settings),
        Command::Score(wish) => score::score(*wish),
        Command::Fit(wish) => fit::fit(*wish),
        Command::Presets(wish) => presets::presets(&wish),
        Command::Nir(wish) => nir::list(&wish),
        Command::Devices(wish) => devices::devices(&wish),
        Command::Bench(wish) => bench::bench(&wish),
    })
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
        // The reader of help that is piped into `head` has gone; that is no failure.
        Err(error) if !message.use_stderr() && error.kind() != std::io::ErrorKind::BrokenPipe => {
            terminal::complain(&format!("error: cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(failure::USAGE)),
    }
}
