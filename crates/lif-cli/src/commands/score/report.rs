//! The report of `lif score`.

use super::experiment;
use crate::numbers::Understood;
use crate::terminal::figures::row;
use lif::Tally;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;

/// The scores of a neuron, in the order of the file.
#[derive(Debug, Serialize)]
pub struct Report {
    pub device: String,
    pub dt_ms: f64,
    pub window_ms: f64,
    pub tau_distance_ms: f64,
    pub from_ms: f64,
    pub to_ms: f64,
    /// How the files of each stimulus and its recordings were read.
    pub inputs: Vec<Understood>,
    pub scores: Vec<Score>,
    /// Of all recordings together.
    pub gamma: f64,
    pub version: &'static str,
    pub settings: Map<String, Value>,
}

/// The scores of one recording.
#[derive(Debug, Serialize)]
pub struct Score {
    /// The file.
    pub recording: String,
    /// The file of the stimulus, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stimulus: Option<String>,
    pub recorded: u64,
    pub predicted: u64,
    pub coincidences: u64,
    pub gamma: f64,
    pub count_error: i64,
    pub van_rossum: f64,
    #[serde(skip)]
    pub tally: Tally,
}

impl Score {
    pub fn new(recording: String, stimulus: Option<String>, tally: Tally, van_rossum: f64) -> Self {
        Self {
            recording,
            stimulus,
            tally,
            recorded: tally.recorded,
            predicted: tally.predicted,
            coincidences: tally.coincidences,
            gamma: tally.gamma(),
            count_error: tally.count_error(),
            van_rossum,
        }
    }
}

impl Report {
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", words.trim_end());
        };
        line(row("device", &self.device));
        experiment::table(&self.inputs).into_iter().for_each(&mut line);
        line(format!("{:<12} {} to {} ms at dt {} ms", "scored", self.from_ms, self.to_ms, self.dt_ms));
        line(format!("{:<12} {} ms", "window", self.window_ms));
        line(format!("{:<12} {} ms", "tau distance", self.tau_distance_ms));
        line(String::new());
        line("recorded predicted coincidences   gamma count error van Rossum  recording".to_owned());
        for score in &self.scores {
            line(format!(
                "{:>8} {:>9} {:>12} {:>7.3} {:>+11} {:>10.2}  {}",
                score.recorded,
                score.predicted,
                score.coincidences,
                score.gamma,
                score.count_error,
                score.van_rossum,
                score.recording
            ));
        }
        if self.scores.len() > 1 {
            line(format!("{:>39.3}{:>24} all together", self.gamma, ""));
        }
        text.trim_end().to_owned()
    }
}
