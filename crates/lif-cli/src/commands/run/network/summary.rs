//! The summary of a run of a network.

use super::plan::NetworkPlan;
use super::statistics::{OfGroup, mean};
use super::sweep::{self, SweepSummary};
use crate::commands::run::summary::{MemoryBytes, cells, lines, list, steps};
use crate::terminal::figures::{grouped, short};
use lif::{Device, MemoryNeed, Shape};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::PathBuf;

/// The widest name of a group in the table.
const WIDEST_NAME: usize = 24;

/// The summary, in the order of the file.
#[derive(Debug, Clone, Serialize)]
pub struct NetworkSummary {
    pub engine: String,
    pub device: String,
    /// Its name, or the file that describes it.
    pub network: String,
    pub neurons: usize,
    pub batch: usize,
    /// The number of synapses of a batch row.
    pub synapses: u64,
    /// How many synapses in lists are between the same neurons as another of their list, if there are lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated_synapses: Option<u64>,
    pub warmup_steps: u64,
    /// The steps after the warm-up, of which are all results.
    pub steps: u64,
    pub dt_ms: f64,
    pub memory_bytes: MemoryBytes,
    pub build_s: f64,
    pub wall_s: f64,
    /// Wall time over simulated time.
    pub real_time_factor: Option<f64>,
    /// Spikes that arrive at synapses.
    pub events_per_s: f64,
    pub neuron_steps_per_s: f64,
    pub spikes: u64,
    pub mean_rate_hz: Option<f64>,
    pub cv_isi: Option<f64>,
    pub groups: Vec<GroupSummary>,
    /// The batch rows, if they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepSummary>,
    pub seed: u64,
    pub spike_hash: String,
    pub version: &'static str,
    pub interrupted: bool,
    pub settings: Map<String, Value>,
}

/// A group in the summary.
#[derive(Debug, Clone, Serialize)]
pub struct GroupSummary {
    pub name: String,
    /// The number of its first neuron.
    pub first: usize,
    pub neurons: usize,
    pub spikes: u64,
    /// Hz.
    pub rate: Option<f64>,
    /// The standard deviation over the mean of the intervals of a cell with at least three spikes, and its mean over
    /// these cells.
    pub cv: Option<f64>,
    /// The variance over the mean of the number of spikes of the group in 3 ms.
    pub fano: Option<f64>,
}

/// The results of a run.
#[derive(Debug)]
pub struct Outcome<'a> {
    pub device: &'a Device,
    pub memory: &'a MemoryNeed,
    pub synapses: u64,
    pub build_s: f64,
    pub steps: u64,
    pub wall_s: f64,
    pub groups: &'a [OfGroup],
    pub hash: u64,
}

impl NetworkSummary {
    /// Sums up.
    pub fn new(plan: &NetworkPlan, settings: Map<String, Value>, outcome: &Outcome<'_>) -> Self {
        let Shape { batch, n } = plan.shape;
        let description = &plan.description;
        let simulated_s = outcome.steps as f64 * description.dt * 1e-3;
        let spikes: u64 = outcome.groups.iter().map(|group| group.spikes).sum();
        let events: f64 = outcome
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| group.spikes as f64 * description.outdegree(index))
            .sum();
        let variations: Vec<f64> =
            outcome.groups.iter().flat_map(|group| group.variations.iter().copied()).collect();
        let mut first = 0;
        let groups = description.groups.iter().zip(outcome.groups).map(|(group, of_group)| {
            let summary = GroupSummary {
                name: group.name.clone(),
                first,
                neurons: group.size,
                spikes: of_group.spikes,
                rate: of_group.rate,
                cv: of_group.cv(),
                fano: of_group.fano,
            };
            first += group.size;
            summary
        });
        let is_made = outcome.steps > 0;
        Self {
            engine: outcome.device.engine_kind().to_string(),
            device: outcome.device.name(),
            network: description.name.clone(),
            neurons: n,
            batch,
            synapses: outcome.synapses,
            repeated_synapses: description.repeated(),
            warmup_steps: plan.warmup,
            steps: outcome.steps,
            dt_ms: description.dt,
            memory_bytes: MemoryBytes::new(outcome.memory),
            build_s: outcome.build_s,
            wall_s: outcome.wall_s,
            real_time_factor: is_made.then(|| outcome.wall_s / simulated_s),
            events_per_s: events / outcome.wall_s,
            neuron_steps_per_s: (n * batch) as f64 * outcome.steps as f64 / outcome.wall_s,
            spikes,
            mean_rate_hz: is_made.then(|| spikes as f64 / ((n * batch) as f64 * simulated_s)),
            cv_isi: mean(&variations),
            groups: groups.collect(),
            sweep: SweepSummary::new(description, outcome.groups),
            seed: plan.seed,
            spike_hash: format!("{:016x}", outcome.hash),
            version: env!("CARGO_PKG_VERSION"),
            interrupted: outcome.steps < plan.steps,
            settings,
        }
    }

    /// As a table for a terminal.
    pub fn table(&self, planned_steps: u64, files: &[PathBuf]) -> String {
        let planned = self.interrupted.then_some(planned_steps);
        let factor = self
            .real_time_factor
            .map_or_else(String::new, |factor| format!(", {} times the simulated time", short(factor)));
        let warmup = match self.warmup_steps {
            0 => String::new(),
            steps => format!(" after {} ms of warm-up", short(steps as f64 * self.dt_ms)),
        };
        let repeated = match self.repeated_synapses {
            None | Some(0) => String::new(),
            Some(repeated) => format!(" ({} between the same neurons as another)", grouped(repeated)),
        };
        let rows = [
            ("network", self.network.clone()),
            ("device", self.device.clone()),
            ("cells", cells([self.batch, self.neurons].into())),
            ("synapses", grouped(self.synapses) + &repeated),
            ("steps", steps(self.steps, planned, self.dt_ms) + &warmup),
            ("memory", self.memory_bytes.text().to_owned()),
            ("built in", format!("{} s", short(self.build_s))),
            ("wall time", format!("{} s{factor}", short(self.wall_s))),
            ("speed", format!("{:.2e} synaptic events/s", self.events_per_s)),
            ("spikes", grouped(self.spikes)),
            ("spike hash", self.spike_hash.clone()),
        ];
        let groups = self.sweep.as_ref().map_or_else(|| self.groups_table(), sweep::table);
        format!("{}\n{groups}\n{}", lines(rows), list(files)).trim_end().to_owned()
    }

    fn groups_table(&self) -> String {
        let names: Vec<String> = self.groups.iter().map(|group| cut(&group.name, WIDEST_NAME)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(12);
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let mut table = String::new();
        let heading = ["neurons", "rate (Hz)", "CV", "Fano"];
        let _ = write!(table, "{:<width$}", "group");
        heading.iter().for_each(|name| {
            let _ = write!(table, " {name:>11}");
        });
        let _ = writeln!(table);
        for (group, name) in self.groups.iter().zip(names) {
            let rate = or_dash(group.rate.map(|rate| format!("{rate:.3}")));
            let cv = or_dash(group.cv.map(|cv| format!("{cv:.3}")));
            let fano = or_dash(group.fano.map(short));
            let neurons = grouped(group.neurons as u64);
            let _ = writeln!(table, "{name:<width$} {neurons:>11} {rate:>11} {cv:>11} {fano:>11}");
        }
        table
    }
}

/// A name of at most this many characters.
pub fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}
