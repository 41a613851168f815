//! What can be said of a recording that a neuron is compared with.

use crate::rules::TimeUnit;
use crate::settings::Settings;
use crate::spread::number;
use clap::Args;
use std::path::PathBuf;

const RECORDING: &str = "Recording and scores";

/// What the other options say in the help of `lif score`, where that is something else.
pub const HELP: [(&str, &str); 1] = [("stimulus", STIMULUS_HELP)];

/// What `--stimulus` says where it can be repeated.
pub const STIMULUS_HELP: &str = "Input over time, nA: .npy or .npz of shape [T], or text with one `value` or `time value` per line; resampled to \
     dt by holding the last value. Repeatable: each is played on its own, from rest";

/// Options of `lif run` that say nothing here.
pub const UNUSED: [&str; 12] = [
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
    "memory-budget",
    "write-nir",
];

/// The options of `lif score`.
#[derive(Debug, Args)]
pub struct ScoreWish {
    #[command(flatten)]
    pub measures: Measures,
    #[command(flatten)]
    pub settings: Settings,
}

/// A recording, and how it is compared with.
#[derive(Debug, Clone, Args)]
pub struct Measures {
    /// Recorded spikes: text with the time of one spike per line, on the clock of the stimulus, .npy or
    /// .npz; repeatable for several recordings of the answer to one stimulus. With several --stimulus there is
    /// one --spikes for each, in the same order, with commas between several recordings
    #[arg(long, value_name = "FILE", required = true, help_heading = RECORDING)]
    pub spikes: Vec<PathBuf>,
    /// Unit of the spike times: us, ms or s [default: as their name in the file says, or ms]
    #[arg(long, value_name = "UNIT", hide_possible_values = true, help_heading = RECORDING)]
    pub spikes_time_unit: Option<TimeUnit>,
    /// How far coinciding spikes are apart at most, ms
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, default_value = "2", help_heading = RECORDING)]
    pub window: f64,
    /// Decay time of a spike in the van Rossum distance, ms
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, default_value = "10", help_heading = RECORDING)]
    pub tau_distance: f64,
    /// Score from this time of the stimulus on, ms
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, default_value = "0", help_heading = RECORDING)]
    pub from: f64,
    /// Score until this time, ms [default: the end of the stimulus]
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = RECORDING)]
    pub to: Option<f64>,
}
