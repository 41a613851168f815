//! The summary of a run.

use crate::numbers::Understood;
use crate::plan::Plan;
use crate::recording::events::Statistics;
use crate::recording::spike_hash;
use crate::terminal::figures::{bytes, counted, grouped, row, short};
use lif::{Device, MemoryNeed, Shape};
use ndarray::Array2;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::PathBuf;

/// The summary of a run, in the order of the file.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub engine: String,
    pub device: String,
    pub neurons: usize,
    pub batch: usize,
    pub steps: u64,
    pub dt_ms: f64,
    /// How its input files were read.
    pub inputs: Vec<Understood>,
    pub memory_bytes: MemoryBytes,
    pub wall_s: f64,
    pub neuron_steps_per_s: f64,
    pub spikes: u64,
    pub mean_rate_hz: Option<f64>,
    pub cv_isi: Option<f64>,
    pub seed: u64,
    pub spike_hash: String,
    pub version: &'static str,
    pub preset: String,
    pub interrupted: bool,
    pub settings: Map<String, Value>,
}

/// The memory that the population and its recording needed, in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct MemoryBytes {
    pub host: u64,
    pub device: u64,
    /// The same for people.
    #[serde(skip)]
    text: String,
}

impl MemoryBytes {
    pub fn new(need: &MemoryNeed) -> Self {
        let (host, device) = (need.host_bytes(), need.device_bytes());
        let on_device = if device > 0 { format!(", {} on the device", bytes(device)) } else { String::new() };
        Self { host, device, text: format!("{}{on_device}", bytes(host)) }
    }

    /// For people.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The results of a run.
#[derive(Debug)]
pub struct Outcome<'a> {
    pub device: &'a Device,
    pub memory: &'a MemoryNeed,
    /// Steps made; fewer than planned after an interrupt.
    pub steps: u64,
    pub wall_s: f64,
    pub counts: &'a Array2<u32>,
    /// Statistics of the spikes of all neurons, if recorded.
    pub events: Option<Statistics>,
}

impl Summary {
    /// Sums up.
    pub fn new(plan: &Plan, settings: Map<String, Value>, outcome: &Outcome<'_>) -> Self {
        let Shape { batch, n } = plan.shape;
        let cells = (n * batch) as f64;
        let spikes: u64 = outcome.counts.iter().map(|count| u64::from(*count)).sum();
        let simulated_s = outcome.steps as f64 * plan.dt * 1e-3;
        let hash = match outcome.events {
            Some(events) => events.hash,
            None => spike_hash::of_counts(outcome.counts),
        };
        Self {
            engine: outcome.device.engine_kind().to_string(),
            device: outcome.device.name(),
            neurons: n,
            batch,
            steps: outcome.steps,
            dt_ms: plan.dt,
            inputs: plan.understood(),
            memory_bytes: MemoryBytes::new(outcome.memory),
            wall_s: outcome.wall_s,
            neuron_steps_per_s: cells * outcome.steps as f64 / outcome.wall_s,
            spikes,
            mean_rate_hz: (outcome.steps > 0).then(|| spikes as f64 / (cells * simulated_s)),
            cv_isi: outcome.events.and_then(|events| events.interval_variation),
            seed: plan.seed,
            spike_hash: format!("{hash:016x}"),
            version: env!("CARGO_PKG_VERSION"),
            preset: plan.preset.clone(),
            interrupted: outcome.steps < plan.steps,
            settings,
        }
    }

    /// As a table for a terminal.
    pub fn table(&self, planned_steps: u64, files: &[PathBuf]) -> String {
        let planned = self.interrupted.then_some(planned_steps);
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        let rows = [
            ("device", self.device.clone()),
            ("cells", cells([self.batch, self.neurons].into())),
            ("steps", steps(self.steps, planned, self.dt_ms)),
        ];
        let inputs = self.inputs.iter().map(|input| (input.label(), input.line()));
        let results = [
            ("memory", self.memory_bytes.text.clone()),
            ("wall time", format!("{} s", short(self.wall_s))),
            ("speed", format!("{:.2e} neuron-steps/s", self.neuron_steps_per_s)),
            ("spikes", grouped(self.spikes)),
            ("mean rate", or_none(self.mean_rate_hz.map(|rate| format!("{} Hz", short(rate))))),
            ("interval CV", or_none(self.cv_isi.map(|variation| format!("{variation:.3}")))),
            ("spike hash", self.spike_hash.clone()),
        ];
        let mut table = lines(rows.into_iter().chain(inputs).chain(results));
        table.push_str(&list(files));
        table.trim_end().to_owned()
    }
}

/// Rows of a table.
pub fn lines<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = String::new();
    for (name, value) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}", row(name, &value));
    }
    table
}

/// The rows for files, one below the other.
pub fn list(files: &[PathBuf]) -> String {
    let mut table = String::new();
    for (index, file) in files.iter().enumerate() {
        let _ = writeln!(table, "{:<12} {}", if index == 0 { "files" } else { "" }, file.display());
    }
    table
}

/// The steps that were made, of those that were planned if there was an interrupt.
pub fn steps(made: u64, planned: Option<u64>, dt_ms: f64) -> String {
    let of = planned.map_or_else(String::new, |planned| format!(" of {}, interrupted", grouped(planned)));
    format!("{}{of} ({} ms at dt {dt_ms} ms)", grouped(made), short(made as f64 * dt_ms))
}

/// The size of a population as text.
pub fn cells(Shape { batch, n }: Shape) -> String {
    let neurons = counted(n as u64, "neuron");
    if batch == 1 { neurons } else { format!("{neurons} x {}", counted(batch as u64, "batch row")) }
}
