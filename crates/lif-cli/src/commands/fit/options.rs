//! The options of `lif fit`.

use crate::commands::score::{CURRENT_HELP, Measures, STIMULUS_HELP};
use crate::quantity::{count, count_between, ms};
use crate::settings::Settings;
use crate::settings::words::Words;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::space::Vary;

const SEARCH: &str = "Search";

/// Options of `lif run` that have no meaning here.
pub const UNUSED: [&str; 23] = [
    "network",
    "scale",
    "regime",
    "g",
    "eta",
    "drive",
    "warmup",
    "neurons",
    "batch",
    "steps",
    "duration",
    "record",
    "checkpoint-every",
    "resume",
    "init-voltage",
    "input",
    "events",
    "events-weight",
    "events-matrix",
    "plot-from",
    "plot-to",
    "rate-bin",
    "write-nir",
];

/// Help of options that have another meaning here than in `lif run`.
pub const HELP: [(&str, &str); 5] = [
    ("stimulus", STIMULUS_HELP),
    ("current", CURRENT_HELP),
    ("out", "Folder for fit.json, neuron.toml and fit.png, made if missing [default: lif-out]"),
    ("checkpoint", "Keep the search in this file after each generation, and go on from it where it is there"),
    ("seed", "Seed of the search [default: 0]"),
];

/// The options of `lif fit`.
#[derive(Debug, Args)]
pub struct FitOptions {
    /// First, as the others take their arguments away.
    #[command(flatten)]
    pub words: Words,
    #[command(flatten)]
    pub measures: Measures,
    #[command(flatten)]
    pub search: SearchOptions,
    #[command(flatten)]
    pub settings: Settings,
}

/// How it searches.
#[derive(Debug, Clone, Args)]
pub struct SearchOptions {
    /// A parameter to find between bounds; repeatable
    ///
    /// Evenly or on a logarithmic scale. NAME is tau-m, resistance, v-rest, v-reset, v-threshold, t-ref or
    /// stimulus-delay [default: tau-m, resistance, v-rest, t-ref and stimulus-delay between bounds that fit the
    /// stimulus].
    #[arg(long, value_name = "NAME=LO:HI[:log]", help_heading = SEARCH)]
    pub vary: Vec<Vary>,
    /// Fit to what comes before this time, ms [default: half]
    ///
    /// On the clock of the stimulus. The rest is held out: it is not fitted to, and says how well the neuron predicts
    /// what it has not seen.
    /// By default it is the second half of what is scored.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = SEARCH)]
    pub split: Option<f64>,
    /// What is made as high as can be
    ///
    /// With several recordings it is that of all together.
    #[arg(long, value_name = "NAME", default_value = "gamma", help_heading = SEARCH)]
    pub objective: Objective,
    /// Neurons that are simulated at a time
    ///
    /// The more, the better is the space between the bounds searched; a GPU takes a hundred thousand easily.
    #[arg(long, value_name = "N", default_value = "2000", value_parser = |text: &str| count_between(text, 8_u32, 10_000_000), allow_hyphen_values = true, help_heading = SEARCH)]
    pub candidates: u32,
    /// How often the best of them are bred
    ///
    /// Where the search is kept by --checkpoint, more generations go on with it.
    #[arg(long, value_name = "N", default_value = "40", value_parser = count::<u32>, allow_hyphen_values = true, help_heading = SEARCH)]
    pub generations: u32,
    /// Parameter sets in the result
    ///
    /// The best ones that differ, which tell how well each parameter is known.
    #[arg(long, value_name = "N", default_value = "10", value_parser = |text: &str| count_between(text, 1_u32, 1000), allow_hyphen_values = true, help_heading = SEARCH)]
    pub best: u32,
}

/// What a search makes as high as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The coincidence factor
    Gamma,
    /// The same, less the error of the spike count as a part of the recorded spikes
    GammaCount,
    /// The van Rossum distance, which is made small
    VanRossum,
}

impl From<Objective> for lif::fit::Objective {
    fn from(objective: Objective) -> Self {
        match objective {
            Objective::Gamma => Self::Gamma,
            Objective::GammaCount => Self::GammaCount,
            Objective::VanRossum => Self::VanRossum,
        }
    }
}
