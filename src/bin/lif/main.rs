//! The command `lif`: populations of leaky integrate-and-fire neurons from the command line.
#![forbid(unsafe_code)]

mod advance;
mod arguments;
mod bench;
mod bound;
mod budget;
mod checkpoints;
mod columns;
mod devices;
mod doubts;
mod driven;
mod events;
mod failure;
mod fi;
mod figures;
mod files;
mod fit;
mod headless;
mod interrupt;
mod layers;
mod leftovers;
mod logging;
#[cfg(test)]
mod lost_device_tests;
mod neurons;
mod nir;
mod npz;
mod numbers;
mod picture;
mod plan;
mod presets;
mod progress;
mod random_input;
mod record;
mod recorded;
mod rules;
mod run;
mod score;
mod settings;
mod simulation;
mod spike_hash;
mod spools;
mod spread;
mod stimulus;
mod summary;
mod terminal;
mod trains;
mod weight;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    headless::start_quietly();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // The reader of help that is piped into `head` has gone; that is no failure.
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    let result = match arguments.command {
        Command::Run(settings) => run::run(*settings),
        Command::Fi(settings) => fi::fi(&settings),
        Command::Score(wish) => score::score(*wish),
        Command::Fit(wish) => fit::fit(*wish),
        Command::Nir(wish) => nir::list(&wish),
        Command::Devices(wish) => devices::devices(&wish),
        Command::Bench(wish) => bench::bench(&wish),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            terminal::complain(&format!("error: {failure}"));
            failure.exit_code()
        }
    }
}
