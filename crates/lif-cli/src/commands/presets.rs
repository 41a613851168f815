//! `lif presets`: the neurons that `--preset` takes.

use crate::failure::Failure;
use crate::settings::presets::listing::{as_json, table};
use crate::terminal;
use clap::Args;
use std::process::ExitCode;

/// The options of `lif presets`.
#[derive(Debug, Args)]
pub struct PresetsOptions {
    /// Only this preset, a parameter on each line
    pub name: Option<String>,
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
}

/// Lists presets.
pub fn presets(options: &PresetsOptions) -> Result<ExitCode, Failure> {
    let text = if options.json { as_json(options.name.as_deref())? } else { table(options.name.as_deref())? };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
