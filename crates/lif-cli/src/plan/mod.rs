//! The plan of a run: everything that can be decided before a device is opened, and the input of its steps.

mod blocks;
pub mod currents;
pub mod doubts;
mod drive;
mod duration;
pub mod graph;
mod input_files;
mod needs;
pub mod neurons;
mod population;

pub use blocks::drive;
pub use drive::Drive;
pub use duration::{above_zero, steps_of, window};
pub use population::{select, start};

use crate::failure::Failure;
use crate::numbers::Understood;
use crate::numbers::understood::ms;
use crate::quantity::preset_units::AxisUnits;
use crate::settings::record::Record;
use crate::settings::{Settings, layers, presets};
use crate::spikes::trains::Trains;
use crate::stimulus::Stimulus;
use lif::nir::{Neurons, Stepping};
use lif::{DeviceChoice, Params, PopulationOptions, Random, Recording, Shape};
use ndarray::Array1;
use serde_json::{Map, Value};
use std::ops::Range;
use std::path::PathBuf;

/// The number of steps in settings without a stimulus.
pub fn steps(settings: &mut Settings, dt: f64) -> Result<u64, Failure> {
    duration::steps(settings, None, dt)
}

const DEFAULT_NEURONS: usize = 100_000;
const DEFAULT_DT_MS: f64 = 0.1;

/// A run with all decisions made.
#[derive(Debug)]
pub struct Plan {
    pub shape: Shape,
    pub steps: u64,
    pub dt: f64,
    pub seed: u64,
    pub device: DeviceChoice,
    pub preset: String,
    pub params: Params,
    pub drive: Drive,
    pub units: AxisUnits,
    /// Random input.
    pub random: Vec<Random>,
    /// Spikes that drive the population.
    pub trains: Option<Trains>,
    /// A checksum of the neurons from a NIR graph.
    pub graph_checksum: Option<u32>,
    graph_understood: Option<Understood>,
    pub record: Record,
    pub recording: Recording,
    /// The steps in the picture.
    pub window: Range<u64>,
    /// The bins of the population rate in the picture, in steps, if the user chose them.
    pub rate_bin: Option<u64>,
    pub out: PathBuf,
    /// The neurons as a node of a NIR graph, if this is to be written.
    pub graph: Option<Neurons>,
    /// All settings with the defaults filled in.
    pub settings: Settings,
}

impl Plan {
    /// Frees the currents after the last step: they take as much memory as an array that is read back then.
    pub fn free_currents(&mut self) {
        if let Drive::Spread(currents) = &mut self.drive {
            *currents = Array1::default(0);
        }
    }

    /// Decides, and reads the stimulus once.
    pub fn new(given: &Settings) -> Result<Self, Failure> {
        let settings = layers::complete(given)?;
        let words = settings.words.clone();
        Self::of(settings, given).map_err(|failure| words.explain(failure))
    }

    fn of(mut settings: Settings, given: &Settings) -> Result<Self, Failure> {
        input_files::refuse_pipes(&settings)?;
        let device: DeviceChoice = settings.device.get_or_insert_with(|| "auto".to_owned()).parse()?;
        let of_simulator = presets::of_simulator(&settings, 1)?;
        let dt = match &of_simulator {
            // The preset has its own step.
            Some(preset) => preset.params()?.dt,
            None => above_zero("dt", *settings.dt.get_or_insert(DEFAULT_DT_MS))?,
        };
        let stimulus = input_files::read_stimulus(&settings, dt)?;
        if let Some(stimulus) = &stimulus {
            input_files::warn_of_unlikely(stimulus, given, &settings, dt);
        }

        if let Some(stimulus) = &stimulus {
            input_files::refuse_several(stimulus, &settings)?;
        }
        let (node, graph_understood) = graph::neurons(&settings)?.unzip();
        let (neurons, batch) = stimulus.as_ref().map_or((None, None), Stimulus::population);
        let made_for = [("the stimulus", neurons), ("the NIR graph", node.as_ref().and_then(graph::size))];
        let neurons = population::size("neurons", &mut settings.neurons, &made_for, DEFAULT_NEURONS)?;
        let batch = population::size("batch", &mut settings.batch, &[("the stimulus", batch)], 1)?;
        let shape = Shape { batch, n: neurons };
        let record = settings.record.get_or_insert_default().clone();
        let cells = (neurons as u64).saturating_mul(batch as u64);
        if cells > population::MOST_CELLS {
            let message = format!(
                "{neurons} neurons in {batch} batch row{} are more cells than a run can have, {} (2^32 - 2); take \
                 fewer --neurons or a smaller --batch",
                if batch == 1 { "" } else { "s" },
                population::MOST_CELLS
            );
            return Err(Failure::of("neurons, batch", message));
        }
        lif::require_memory(
            "the population",
            cells.saturating_mul(needs::bytes_per_cell(&record, neurons)),
            "take fewer neurons or a smaller batch",
        )?;
        let steps = duration::steps(&mut settings, stimulus.as_ref(), dt)?;
        let params = match &node {
            Some(node) => {
                let base = node.params(&Stepping::of(&Params::default()))?;
                neurons::with_settings(base, &settings, neurons)?
            }
            None => neurons::params(&settings, neurons)?,
        };
        if let Some(doubt) = doubts::of_precision(&params) {
            log::warn!("{doubt}");
        }
        let graph = settings.write_nir.then(|| Neurons::from_params(&params, neurons)).transpose()?;
        let units = match (&settings.preset, node.is_some()) {
            (_, true) => graph::UNITS,
            (Some(choice), _) => choice.axis_units(),
            (None, _) => AxisUnits::PHYSICAL,
        };
        if let Some(doubt) = doubts::of_volts(&params).filter(|_| units == AxisUnits::PHYSICAL) {
            log::warn!("{doubt}");
        }
        let drive = drive::drive(&mut settings, stimulus, &params, neurons, steps, units.input)?;
        let default_weight =
            if node.is_some() { input_files::NODE_WEIGHT } else { input_files::DEFAULT_WEIGHT };
        let mut trains = input_files::trains(&mut settings, default_weight, shape, (steps, dt))?;
        if let (Some(trains), Some(weight)) = (&mut trains, settings.events_weight)
            && let Some(understood) = trains.understood.first_mut()
        {
            let factor = if settings.events_matrix.is_some() { " times its weights" } else { "" };
            understood.remarks.push(format!("each {}{factor}", weight.effect(units)));
        }
        if params.tau_syn.is_some() {
            input_files::check_synapse(&settings, units)?;
        }
        if let Some(trains) = &trains {
            input_files::warn_of_clocks(&trains.understood, drive.stimulus());
        }
        let trains = match (trains, &node) {
            (Some(trains), Some(node)) => {
                let weight = node.spike_weight(dt, params.integrator)?;
                // One for all, or one for each.
                let factors = weight.values().iter().copied().cycle().take(neurons).collect();
                Some(trains.with_factors(&factors))
            }
            (trains, _) => trains,
        };

        Ok(Self {
            shape,
            steps,
            dt,
            seed: *settings.seed.get_or_insert(0),
            device,
            preset: settings.preset.as_ref().map_or_else(|| "nir".to_owned(), ToString::to_string),
            params,
            drive,
            units,
            window: duration::window(&settings, dt, steps)?,
            rate_bin: settings
                .rate_bin
                .map(|bin| Ok::<_, Failure>(((above_zero("rate-bin", bin)? / dt).round() as u64).max(1)))
                .transpose()?,
            random: settings.input.iter().map(|input| input.random(neurons)).collect(),
            trains,
            graph_checksum: node.as_ref().map(graph::checksum),
            graph_understood,
            recording: record.recording(shape, steps)?,
            record,
            graph,
            out: settings.out.get_or_insert_with(|| PathBuf::from("lif-out")).clone(),
            settings,
        })
    }

    /// The memory budget of the population.
    pub fn options(&self) -> PopulationOptions {
        let memory_budget = self.settings.memory_budget.map(|budget| budget.bytes());
        PopulationOptions { memory_budget, ..PopulationOptions::default() }
    }

    /// The stimulus, if there is one.
    pub fn stimulus(&self) -> Option<&Stimulus> {
        self.drive.stimulus()
    }

    /// How the input files and the graph were understood.
    pub fn understood(&self) -> Vec<Understood> {
        let stimulus = match &self.drive {
            Drive::Stimulus(stimulus, transform) => {
                let mut understood = stimulus.understood();
                if transform.delay > 0.0 {
                    understood.remarks.push(format!("played {} ms later", ms(transform.delay)));
                }
                Some(understood)
            }
            Drive::Same(_) | Drive::Spread(_) => None,
        };
        let events = self.trains.iter().flat_map(|trains| trains.understood.iter().cloned());
        stimulus.into_iter().chain(events).chain(self.graph_understood.clone()).collect()
    }

    /// The settings for the summary, by the names of the options.
    pub fn settings(&self) -> Result<Map<String, Value>, Failure> {
        layers::layer(&self.portable_settings())
    }

    /// The settings with absolute paths of the inputs.
    pub fn portable_settings(&self) -> Settings {
        let mut settings = self.settings.clone();
        // So that they name the same files from any folder.
        let inputs = [&mut settings.events, &mut settings.events_matrix, &mut settings.nir];
        for path in inputs.into_iter().flatten().chain(&mut settings.stimulus) {
            let absolute = std::path::absolute(&*path).ok().filter(|absolute| absolute.to_str().is_some());
            *path = absolute.unwrap_or_else(|| path.clone());
        }
        settings
    }
}
