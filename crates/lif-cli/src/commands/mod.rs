//! The commands: `lif run`, `lif fi`, `lif score` and so on, each in a module of its own, with its options.

mod arguments;
mod bench;
mod devices;
mod fi;
mod fit;
mod fly_files;
mod nir;
mod presets;
mod run;
mod score;
mod synapses;

pub use arguments::{Arguments, Command};

use crate::failure::Failure;
use std::process::ExitCode;

/// Runs a command.
pub fn execute(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(settings) => run::run(*settings),
        Command::Fi(settings) => fi::fi(&settings),
        Command::Score(options) => score::score(*options),
        Command::Fit(options) => fit::fit(*options),
        Command::Presets(options) => presets::presets(&options),
        Command::Nir(options) => nir::list(&options),
        Command::Synapses(options) => synapses::synapses(&options),
        Command::FlyFiles(options) => fly_files::fly_files(&options),
        Command::Devices(options) => devices::devices(&options),
        Command::Bench(options) => bench::bench(&options),
    }
}
