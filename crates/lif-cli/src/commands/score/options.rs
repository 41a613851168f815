//! The options of `lif score`.

use crate::numbers::TimeUnit;
use crate::quantity::ms;
use crate::settings::Settings;
use crate::settings::words::Words;
use clap::Args;
use std::path::PathBuf;

const RECORDING: &str = "Recording and scores";

/// Help of options that have another meaning here than in `lif run`.
pub const HELP: [(&str, &str); 2] = [("stimulus", STIMULUS_HELP), ("current", CURRENT_HELP)];

/// Help of `--stimulus` where it can be repeated.
pub const STIMULUS_HELP: &str = "Input over time, nA, from a file; repeatable. It is .npy or .npz of shape [T], or text with one `value` or \
     `time value` per line, and is resampled to dt by holding the last value. Each of several is played on its own, from \
     rest";

/// Help of `--current` next to a stimulus.
pub const CURRENT_HELP: &str = "Constant current that is added to the stimulus, nA [default: 0]";

/// Options of `lif run` that have no meaning here.
pub const UNUSED: [&str; 22] = [
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
    "out",
    "checkpoint",
    "checkpoint-every",
    "resume",
    "no-plot",
    "plot-from",
    "plot-to",
    "rate-bin",
    "memory-budget",
    "write-nir",
];

/// The options of `lif score`.
#[derive(Debug, Args)]
pub struct ScoreOptions {
    /// First, as the others take their arguments away.
    #[command(flatten)]
    pub words: Words,
    #[command(flatten)]
    pub measures: Measures,
    #[command(flatten)]
    pub settings: Settings,
}

/// A recording, and how it is compared with.
#[derive(Debug, Clone, Args)]
pub struct Measures {
    /// Recorded spikes, from a file; repeatable
    ///
    /// Text with the time of one spike per line, on the clock of the stimulus, .npy or .npz; several are recordings
    /// of the answer to one stimulus. With several --stimulus there is one --spikes for each, in the same order, with
    /// commas between several recordings.
    #[arg(long, value_name = "FILE", required = true, help_heading = RECORDING)]
    pub spikes: Vec<PathBuf>,
    /// Unit of the spike times: us, ms or s [default: as in the file, or ms]
    ///
    /// Where the name of the times in the file says a unit, it is that. Samples of a recorder are numbers of its
    /// sampling intervals: convert them first.
    #[arg(long, value_name = "UNIT", hide_possible_values = true, help_heading = RECORDING)]
    pub spikes_time_unit: Option<TimeUnit>,
    /// How far coinciding spikes are apart at most, ms
    ///
    /// A predicted spike and a recorded one are counted together where they are no further apart; each once.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, default_value = "2", help_heading = RECORDING)]
    pub window: f64,
    /// Decay time of a spike in the van Rossum distance, ms
    ///
    /// Each spike is replaced by exp(-t / tau); short times compare single spikes, long ones the rates.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, default_value = "10", help_heading = RECORDING)]
    pub tau_distance: f64,
    /// Score from this time on, ms [default: the beginning of the stimulus]
    ///
    /// On the clock of the stimulus. What comes before is simulated, but not compared.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = RECORDING)]
    pub from: Option<f64>,
    /// Score until this time, ms [default: the end of the stimulus]
    ///
    /// On the clock of the stimulus. What comes after is not compared.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = RECORDING)]
    pub to: Option<f64>,
}
