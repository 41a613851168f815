//! The plan of a run of a network: all that can be decided before a device is opened.

use super::statistics;
use crate::failure::Failure;
use crate::network::{Description, written};
use crate::plan::{self, steps_of};
use crate::quantity::shown;
use crate::settings::record::Record;
use crate::settings::{Settings, layers};
use lif::{DeviceChoice, PopulationOptions, Recording, Shape};
use std::ops::Range;
use std::path::PathBuf;

/// Approximate bytes per cell: state, parameters that differ between groups, and what is read back. The exact need is
/// known later, when some of it is already taken.
const BYTES_PER_CELL: u64 = 64;

const DEFAULT_WARMUP_MS: f64 = 500.0;

/// Options that a network has; the rest of its settings are in its description.
const USED: [&str; 26] = [
    "network",
    "scale",
    "regime",
    "g",
    "eta",
    "drive",
    "neurons-file",
    "edges",
    "activate",
    "silence",
    "warmup",
    "batch",
    "steps",
    "duration",
    "device",
    "memory-budget",
    "seed",
    "record",
    "out",
    "checkpoint",
    "checkpoint-every",
    "json",
    "plot-from",
    "plot-to",
    "no-plot",
    "quiet",
];

/// A run of a network with all decisions made.
#[derive(Debug)]
pub struct NetworkPlan {
    pub description: Description,
    pub shape: Shape,
    /// The steps that are simulated first, and left out of all results.
    pub warmup: u64,
    /// The steps after those.
    pub steps: u64,
    pub seed: u64,
    pub device: DeviceChoice,
    pub record: Record,
    /// What the run hands out: the spikes of all neurons, and what else is to be recorded.
    pub recording: Recording,
    /// The steps in the picture, if they were chosen, counted after the warm-up.
    pub window: Option<Range<u64>>,
    pub out: PathBuf,
    /// All settings with the defaults filled in.
    pub settings: Settings,
}

impl NetworkPlan {
    /// Decides. The description is that of a file; without it the settings name a network.
    pub fn new(mut settings: Settings, described: Option<Description>) -> Result<Self, Failure> {
        refuse_unused(&settings)?;
        let description = match (settings.network, described) {
            (Some(model), None) => model.description(&mut settings)?,
            (None, Some(description)) => {
                let name = ["scale", "regime", "g", "eta", "drive"];
                let options = layers::layer(&settings)?;
                if let Some(name) = name.into_iter().find(|name| options.contains_key(*name)) {
                    let message = format!("{name} is of networks with a name: the file says all of this one");
                    return Err(Failure::of(name, message));
                }
                description
            }
            (Some(_), Some(description)) => {
                let message = format!("there are two networks, this one and that of {}", description.name);
                return Err(Failure::of("network", message));
            }
            (None, None) => return Err(Failure::usage("there is no network: add --network NAME")),
        };
        Self::of(settings, description)
    }

    /// The same for a run that goes on: the description is that of its checkpoint, also if its settings name one.
    pub fn of(mut settings: Settings, description: Description) -> Result<Self, Failure> {
        let device: DeviceChoice = settings.device.get_or_insert_with(|| "auto".to_owned()).parse()?;
        let dt = description.dt;
        let rows = description.sweep.rows();
        let batch = *settings.batch.get_or_insert(rows.unwrap_or(1));
        if let Some(rows) = rows.filter(|rows| *rows != batch) {
            let message = format!("batch is {batch}, and the sweep has {rows} rows; leave out the batch");
            return Err(Failure::of("batch", message));
        }
        if batch == 0 {
            return Err(Failure::of("batch", "batch is 0; it must be at least 1"));
        }
        let shape = Shape { batch, n: description.n() };
        let cells = (shape.n as u64).saturating_mul(batch as u64);
        let bytes = cells.saturating_mul(BYTES_PER_CELL + statistics::BYTES_PER_CELL);
        lif::require_memory("the network", bytes, "take a smaller network or batch")?;
        let steps = plan::steps(&mut settings, dt)?;
        let warmup = *settings.warmup.get_or_insert(DEFAULT_WARMUP_MS);
        let warmup = match warmup {
            0.0 => 0,
            ms if ms < 0.0 => {
                let message = format!("warmup is {} ms; it must be 0 or more", shown(ms));
                return Err(Failure::of("warmup", message));
            }
            // Less than half a step is none.
            ms if ms < dt / 2.0 => 0,
            ms => steps_of("warmup", ms, dt)?,
        };
        let spikes = || "spikes".parse::<Record>().map_err(Failure::usage);
        let record = match &settings.record {
            Some(record) => record.clone(),
            None => settings.record.insert(spikes()?).clone(),
        };
        let is_chosen = settings.plot_from.or(settings.plot_to).is_some();
        if is_chosen && rows.is_some() {
            let name = if settings.plot_from.is_some() { "plot-from" } else { "plot-to" };
            let message = format!("{name} is of pictures over time; that of a sweep is over its keys");
            return Err(Failure::of(name, message));
        }
        Ok(Self {
            // Statistics need the spikes of all neurons.
            recording: record.recording(shape, steps)?.spikes(),
            window: is_chosen.then(|| plan::window(&settings, dt, steps)).transpose()?,
            seed: *settings.seed.get_or_insert(0),
            out: settings.out.get_or_insert_with(|| PathBuf::from("lif-out")).clone(),
            description,
            shape,
            warmup,
            steps,
            device,
            record,
            settings,
        })
    }

    /// The memory budget of the population.
    pub fn options(&self) -> PopulationOptions {
        let memory_budget = self.settings.memory_budget.map(|budget| budget.bytes());
        PopulationOptions { memory_budget, ..PopulationOptions::default() }
    }

    /// The network and its settings as a file, which repeats the run.
    pub fn written(&self) -> String {
        let ms = |steps: u64| steps as f64 * self.description.dt;
        let settings = [
            ("steps", self.steps.to_string()),
            ("warmup", format!("{:?}", ms(self.warmup))),
            ("seed", written::quoted(&self.seed.to_string())),
            ("batch", self.shape.batch.to_string()),
            ("record", written::quoted(&self.record.to_string())),
        ];
        self.description.written(&settings)
    }

    /// The steps of the warm-up and those after it.
    pub fn all_steps(&self) -> u64 {
        self.warmup + self.steps
    }

    /// The input files, with their options.
    pub fn inputs(&self) -> Vec<(&'static str, &std::path::Path)> {
        self.settings.inputs()
    }
}

fn refuse_unused(settings: &Settings) -> Result<(), Failure> {
    let options = layers::layer(settings)?;
    match options.keys().find(|name| !USED.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message = format!(
                "a network has no use for {name}: the description of a network says it, in a file for --config"
            );
            Err(Failure::of(name, message))
        }
    }
}
