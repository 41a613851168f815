//! The report of `lif fit`.

use super::options::Objective;
use super::space::Vary;
use crate::commands::score;
use crate::numbers::Understood;
use crate::terminal::figures::{counted, grouped, row};
use lif::Tally;
use lif::fit::Score;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// The result of a search, in the order of the file.
#[derive(Debug, Serialize)]
pub struct Report {
    pub device: String,
    pub dt_ms: f64,
    pub objective: Objective,
    pub vary: Vec<Vary>,
    pub candidates: usize,
    /// How the files of each stimulus and its recordings were read.
    pub inputs: Vec<Understood>,
    /// One for each stimulus.
    #[serde(rename = "stimuli")]
    pub windows: Vec<Window>,
    pub window_ms: f64,
    pub tau_distance_ms: f64,
    /// The best parameter sets, from the best on.
    pub best: Vec<Best>,
    pub generations: Vec<Generation>,
    pub seed: u64,
    pub version: &'static str,
    pub interrupted: bool,
    pub settings: Map<String, Value>,
}

/// The scores of the candidates after a generation.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Generation {
    pub best: f64,
    pub median: f64,
}

impl From<lif::fit::Generation> for Generation {
    fn from(generation: lif::fit::Generation) -> Self {
        Self { best: generation.best, median: generation.median }
    }
}

/// The fitted and the held-out part of a stimulus.
#[derive(Debug, Serialize)]
pub struct Window {
    /// The file.
    pub stimulus: String,
    pub from_ms: f64,
    pub split_ms: f64,
    pub to_ms: f64,
}

/// A parameter set with its scores.
#[derive(Debug, Serialize)]
pub struct Best {
    pub parameters: Map<String, Value>,
    /// Over all recordings.
    #[serde(flatten)]
    pub scores: Scores,
    pub recordings: Vec<RecordingScores>,
}

/// The scores against one recording.
#[derive(Debug, Serialize)]
pub struct RecordingScores {
    /// The file with the spikes, and the file with the stimulus.
    pub recording: String,
    pub stimulus: String,
    #[serde(flatten)]
    pub scores: Scores,
}

/// Scores in the fitted part and in the held-out part.
#[derive(Debug, Serialize)]
pub struct Scores {
    pub gamma_train: f64,
    pub gamma_heldout: f64,
    pub recorded_train: u64,
    pub predicted_train: u64,
    pub coincidences_train: u64,
    pub recorded_heldout: u64,
    pub predicted_heldout: u64,
    pub coincidences_heldout: u64,
    pub van_rossum_train: f64,
    pub van_rossum_heldout: f64,
}

impl Best {
    /// From the scores against each recording, and its files.
    pub fn new(
        parameters: Map<String, Value>,
        recordings: &[(String, String)],
        scores: &[[Score; 2]],
    ) -> Self {
        let [train, held_out] = [0, 1].map(|part| combined(scores, part));
        let of_one =
            |((recording, stimulus), [train, held_out]): (&(String, String), &[Score; 2])| RecordingScores {
                recording: recording.clone(),
                stimulus: stimulus.clone(),
                scores: Scores::new(*train, *held_out),
            };
        Self {
            parameters,
            scores: Scores::new(train, held_out),
            recordings: recordings.iter().zip(scores).map(of_one).collect(),
        }
    }
}

/// The scores over all recordings in the fitted part (0) or in the held-out part (1). There is at least one
/// recording.
pub fn combined(scores: &[[Score; 2]], part: usize) -> Score {
    const NONE: Score = Score {
        tally: Tally { steps: 0, window: 0, recorded: 0, predicted: 0, coincidences: 0 },
        distance: 0.0,
    };
    Score::together(scores.iter().map(|score| score[part])).unwrap_or(NONE)
}

impl Scores {
    fn new(train: Score, held_out: Score) -> Self {
        Self {
            gamma_train: train.tally.gamma(),
            gamma_heldout: held_out.tally.gamma(),
            recorded_train: train.tally.recorded,
            predicted_train: train.tally.predicted,
            coincidences_train: train.tally.coincidences,
            recorded_heldout: held_out.tally.recorded,
            predicted_heldout: held_out.tally.predicted,
            coincidences_heldout: held_out.tally.coincidences,
            van_rossum_train: train.distance,
            van_rossum_heldout: held_out.distance,
        }
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:>6.3} {:>6} {:>8.2}   {:>6.3} {:>6} {:>8.2}",
            self.gamma_train,
            self.predicted_train,
            self.van_rossum_train,
            self.gamma_heldout,
            self.predicted_heldout,
            self.van_rossum_heldout
        )
    }
}

/// A value in at most eight characters.
fn narrow(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, |value| {
        let decimals = if value.abs() < 10.0 { 3 } else { 2 };
        format!("{value:.decimals$}")
    })
}

impl Report {
    pub fn table(&self, files: &[PathBuf]) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", words.trim_end());
        };
        line(row("device", &self.device));
        score::table(&self.inputs).into_iter().for_each(&mut line);
        for Window { stimulus, from_ms, split_ms, to_ms } in &self.windows {
            let of = if self.windows.len() > 1 { format!(" of {stimulus}") } else { String::new() };
            line(format!("{:<12} {from_ms} to {split_ms} ms{of}", "fitted"));
            line(format!("{:<12} {split_ms} to {to_ms} ms{of}", "held out"));
        }
        line(format!(
            "{:<12} {} of {}",
            "searched",
            counted(self.generations.len() as u64, "generation"),
            counted(self.candidates as u64, "candidate")
        ));
        if let Some(best) = self.best.first() {
            line(format!(
                "{:<12} {} to fit, {} held out",
                "recorded",
                counted(best.scores.recorded_train, "spike"),
                grouped(best.scores.recorded_heldout)
            ));
        }
        line("            to fit                  held out".to_owned());
        line("     Gamma spikes distance    Gamma spikes distance".to_owned());
        for (rank, best) in self.best.iter().enumerate() {
            line(format!("{:>3} {}", rank + 1, best.scores));
        }
        if let Some(best) = self.best.first().filter(|best| best.recordings.len() > 1) {
            line("\n    the best by recording".to_owned());
            for RecordingScores { recording, scores, .. } in &best.recordings {
                line(format!("    {scores}  {recording}"));
            }
        }
        let mut names = "\n   ".to_owned();
        for vary in &self.vary {
            let _ = write!(names, " {:>14}", vary.name());
        }
        line(names);
        for (rank, best) in self.best.iter().enumerate() {
            let mut row = format!("{:>3}", rank + 1);
            for value in best.parameters.values() {
                let _ = write!(row, " {:>14}", narrow(value));
            }
            line(row);
        }
        line(String::new());
        for (index, file) in files.iter().map(PathBuf::as_path).enumerate() {
            line(format!("{:<12} {}", if index == 0 { "files" } else { "" }, Path::display(file)));
        }
        text.trim_end().to_owned()
    }
}
