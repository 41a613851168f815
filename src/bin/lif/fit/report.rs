//! What `lif fit` says.

use super::evolution::Generation;
use super::space::Vary;
use super::wish::Objective;
use crate::figures::{counted, grouped};
use lif::Tally;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What came of a search, in the order in which it is written.
#[derive(Debug, Serialize)]
pub struct Report {
    pub device: String,
    pub dt_ms: f64,
    pub objective: Objective,
    pub vary: Vec<Vary>,
    pub candidates: usize,
    pub from_ms: f64,
    pub split_ms: f64,
    pub to_ms: f64,
    pub window_ms: f64,
    pub tau_distance_ms: f64,
    /// From the best on.
    pub best: Vec<Best>,
    pub generations: Vec<Generation>,
    pub seed: u64,
    pub version: &'static str,
    pub interrupted: bool,
    pub settings: Map<String, Value>,
}

/// A parameter set with its scores.
#[derive(Debug, Serialize)]
pub struct Best {
    pub parameters: Map<String, Value>,
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
    pub fn new(parameters: Map<String, Value>, train: (Tally, f64), held_out: (Tally, f64)) -> Self {
        Self {
            parameters,
            gamma_train: train.0.gamma(),
            gamma_heldout: held_out.0.gamma(),
            recorded_train: train.0.recorded,
            predicted_train: train.0.predicted,
            coincidences_train: train.0.coincidences,
            recorded_heldout: held_out.0.recorded,
            predicted_heldout: held_out.0.predicted,
            coincidences_heldout: held_out.0.coincidences,
            van_rossum_train: train.1,
            van_rossum_heldout: held_out.1,
        }
    }
}

/// A value of a parameter in at most eight letters.
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
        line(format!("{:<12} {}", "device", self.device));
        line(format!("{:<12} {} to {} ms", "fitted", self.from_ms, self.split_ms));
        line(format!("{:<12} {} to {} ms", "held out", self.split_ms, self.to_ms));
        line(format!(
            "{:<12} {} of {}",
            "searched",
            counted(self.generations.len() as u64, "generation"),
            counted(self.candidates as u64, "candidate")
        ));
        if let Some(best) = self.best.first() {
            line(format!(
                "{:<12} {} to fit, {} held out\n",
                "recorded",
                counted(best.recorded_train, "spike"),
                grouped(best.recorded_heldout)
            ));
        }
        line("            to fit                  held out".to_owned());
        line("     Gamma spikes distance    Gamma spikes distance".to_owned());
        for (rank, best) in self.best.iter().enumerate() {
            line(format!(
                "{:>3} {:>6.3} {:>6} {:>8.2}   {:>6.3} {:>6} {:>8.2}",
                rank + 1,
                best.gamma_train,
                best.predicted_train,
                best.van_rossum_train,
                best.gamma_heldout,
                best.predicted_heldout,
                best.van_rossum_heldout
            ));
        }
        let mut names = "\n   ".to_owned();
        for vary in &self.vary {
            let _ = write!(names, " {:>14}", vary.name.text());
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
