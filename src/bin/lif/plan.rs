//! Everything about a run that can be decided before any device is touched.

use crate::events;
use crate::failure::Failure;
use crate::layers;
use crate::neurons;
use crate::nir;
use crate::presets;
use crate::record::Record;
use crate::rules::TimeUnit;
use crate::settings::Settings;
use crate::spread::Spread;
use crate::stimulus::{Level, Stimulus, Times, Transform};
use crate::trains::Trains;
use crate::weight::{Unit, Weight};
use lif::nir::{Neurons, Stepping};
use lif::{Device, DeviceChoice, MemoryNeed, Params, Population, Random, Recording};
use ndarray::Array1;
use serde_json::{Map, Value};
use std::path::PathBuf;

const DEFAULT_NEURONS: usize = 100_000;
const DEFAULT_DURATION_MS: f64 = 1000.0;
const DEFAULT_DT_MS: f64 = 0.1;
const DEFAULT_CURRENT: Spread = Spread::Range(0.4, 0.8);
/// About what a cell takes here: its state, its parameters and what is read back of it.
const BYTES_PER_CELL: u64 = 32;
/// In a NIR graph spikes are currents, which go through the synapse.
const NODE_WEIGHT: Weight = Weight { value: Spread::Number(1.0), unit: Unit::Nanoampere };
const DEFAULT_WEIGHT: Weight = Weight { value: Spread::Number(1.0), unit: Unit::Millivolt };

/// A run, decided.
#[derive(Debug)]
pub struct Plan {
    pub neurons: usize,
    pub batch: usize,
    pub steps: u64,
    pub dt: f64,
    pub seed: u64,
    pub device: DeviceChoice,
    pub preset: String,
    pub params: Params,
    pub drive: Drive,
    /// Unit of the drive.
    pub input_unit: &'static str,
    /// What is added to it at random.
    pub random: Vec<Random>,
    /// Spikes that drive it.
    pub trains: Option<Trains>,
    pub record: Record,
    pub recording: Recording,
    pub out: PathBuf,
    /// The neurons as a node of a NIR graph, where that is to be written.
    pub graph: Option<Neurons>,
    /// All settings with the defaults filled in.
    pub settings: Settings,
}

/// What drives the population, nA.
#[derive(Debug)]
pub enum Drive {
    /// One current for all neurons.
    Same(f32),
    /// A current for each neuron.
    Spread(Array1<f32>),
    /// A current for each step.
    Stimulus(Box<Stimulus>, Transform),
}

impl Plan {
    /// Lets go of a current for each neuron, once all steps are made: it takes as much memory as an
    /// array that is read back then.
    pub fn forget_currents(&mut self) {
        if let Drive::Spread(currents) = &mut self.drive {
            *currents = Array1::default(0);
        }
    }

    /// Decides, and looks through the stimulus.
    pub fn new(given: &Settings) -> Result<Self, Failure> {
        let mut settings = layers::complete(given)?;
        let device: DeviceChoice = settings.device.get_or_insert_with(|| "auto".to_owned()).parse()?;
        let of_a_system = presets::of_a_system(&settings, 1)?;
        let dt = match &of_a_system {
            // It knows itself how long a step is.
            Some(preset) => preset.params()?.dt,
            None => above_zero("dt", *settings.dt.get_or_insert(DEFAULT_DT_MS))?,
        };
        let stimulus = read_stimulus(&mut settings, dt)?;

        let node = nir::neurons(&settings)?;
        let (neurons, batch) = stimulus.as_ref().map_or((None, None), Stimulus::population);
        let made_for = [("the stimulus", neurons), ("the NIR graph", node.as_ref().and_then(nir::size))];
        let neurons = size("neurons", &mut settings.neurons, &made_for, DEFAULT_NEURONS)?;
        let batch = size("batch", &mut settings.batch, &[("the stimulus", batch)], 1)?;
        let record = settings.record.get_or_insert_default().clone();
        let cells = (neurons as u64).saturating_mul(batch as u64);
        lif::require_memory(
            "the population",
            cells.saturating_mul(bytes_per_cell(&record)),
            "take fewer neurons or a smaller batch",
        )?;
        let steps = steps(&mut settings, stimulus.as_ref(), dt)?;
        let params = match &node {
            Some(node) => {
                let base = node.params(&Stepping::of(&Params::default()))?;
                neurons::laid_over(base, &settings, neurons)?
            }
            None => neurons::params(&settings, neurons)?,
        };
        let graph = settings.write_nir.then(|| Neurons::from_params(&params, neurons)).transpose()?;
        let drive = drive(&mut settings, stimulus, &params, neurons, steps)?;
        let default_weight = if node.is_some() { NODE_WEIGHT } else { DEFAULT_WEIGHT };
        let trains = trains(&mut settings, default_weight, (batch, neurons), steps)?;
        let trains = match (trains, &node) {
            (Some(trains), Some(node)) => {
                let weight = node.spike_weight(dt)?;
                // One for all, or one for each.
                let factors = weight.values().iter().copied().cycle().take(neurons).collect();
                Some(trains.weighed(&factors))
            }
            (trains, _) => trains,
        };

        Ok(Self {
            neurons,
            batch,
            steps,
            dt,
            seed: *settings.seed.get_or_insert(0),
            device,
            preset: settings.preset.as_ref().map_or_else(|| "nir".to_owned(), ToString::to_string),
            params,
            drive,
            input_unit: match of_a_system {
                Some(preset) => preset.input_unit(),
                None if node.is_some() => nir::INPUT_UNIT,
                None => "nA",
            },
            random: settings.input.iter().map(|input| input.random(neurons)).collect(),
            trains,
            recording: record.recording(neurons, batch, steps)?,
            record,
            graph,
            out: settings.out.get_or_insert_with(|| PathBuf::from("lif-out")).clone(),
            settings,
        })
    }

    /// What the population and its recording need on this device; refused where that is more than
    /// its budget.
    pub fn memory_needed(&self, device: &Device) -> Result<MemoryNeed, Failure> {
        let population = Population::memory_needed(&self.params, self.neurons, self.batch, device)?;
        let recording = self.recording.memory_needed_in_blocks(self.steps, self.neurons, self.batch);
        let mut need = population.and(recording);
        if let Drive::Stimulus(stimulus, _) = &self.drive {
            need = need.and(MemoryNeed::of("the blocks of the stimulus", stimulus.bytes(), 0));
        }
        if let Some(trains) = &self.trains {
            need = need.and(MemoryNeed::of("the events", trains.bytes(), 0));
        }
        device.require_within_budget(&need, "the run")?;
        Ok(need)
    }

    /// The settings for the summary, by the names of the options.
    pub fn settings(&self) -> Result<Map<String, Value>, Failure> {
        layers::layer(&self.portable_settings())
    }

    /// The settings, whose stimulus is found from any folder.
    pub fn portable_settings(&self) -> Settings {
        let mut settings = self.settings.clone();
        // So that they name the same files wherever they are copied to.
        let inputs = [&mut settings.events, &mut settings.events_matrix, &mut settings.nir];
        for path in inputs.into_iter().flatten().chain(&mut settings.stimulus) {
            let absolute = std::path::absolute(&*path).ok().filter(|absolute| absolute.to_str().is_some());
            *path = absolute.unwrap_or_else(|| path.clone());
        }
        settings
    }
}

/// What a cell takes in a run and in the statistics after it, for which it would be too late to ask
/// when the steps are made.
fn bytes_per_cell(record: &Record) -> u64 {
    BYTES_PER_CELL + if record.has_all_spikes() { events::BYTES_PER_CELL } else { 0 }
}

/// A time that must pass.
pub fn above_zero(what: &str, value: f64) -> Result<f64, Failure> {
    if value > 0.0 {
        Ok(value)
    } else {
        Err(Failure::usage(format!("{what} is {value} ms; it must be above 0")))
    }
}

fn read_stimulus(settings: &mut Settings, dt: f64) -> Result<Option<Stimulus>, Failure> {
    if let [_, _, ..] = &settings.stimulus[..] {
        return Err(Failure::usage(
            "there are several stimuli; a run plays one: take one --stimulus, or a file of shape [T,batch,n] for \
             different ones at the same time",
        ));
    }
    let Some(path) = settings.stimulus.first() else {
        let useless = [
            ("stimulus-scale", settings.stimulus_scale.is_some()),
            ("stimulus-offset", settings.stimulus_offset.is_some()),
            ("stimulus-decibel", settings.stimulus_decibel.is_some()),
            ("stimulus-log", settings.stimulus_log),
            ("stimulus-rectify", settings.stimulus_rectify),
            ("stimulus-low-pass", settings.stimulus_low_pass.is_some()),
            ("stimulus-delay", settings.stimulus_delay.is_some()),
            ("stimulus-dt", settings.stimulus_dt.is_some()),
            ("stimulus-time-unit", settings.stimulus_time_unit.is_some()),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Failure::usage(format!("{name} needs a stimulus: add --stimulus FILE"))),
            None => Ok(None),
        };
    };
    let interval = above_zero("stimulus-dt", settings.stimulus_dt.unwrap_or(dt))?;
    let unit = settings.stimulus_time_unit.unwrap_or(TimeUnit::Ms);
    let stimulus = Stimulus::open(path, unit.ms(), interval)?;
    if matches!(stimulus.times(), Times::At { .. }) {
        settings.stimulus_time_unit = Some(unit);
    } else if settings.stimulus_time_unit.is_some() {
        log::warn!("the stimulus has no times; stimulus-time-unit is not used");
    }
    if settings.stimulus_dt.is_some() && stimulus.times() != Times::Every(None) {
        log::warn!("the stimulus says itself when its samples hold; stimulus-dt is not used");
    }
    Ok(Some(stimulus))
}

fn trains(
    settings: &mut Settings,
    default_weight: Weight,
    shape: (usize, usize),
    steps: u64,
) -> Result<Option<Trains>, Failure> {
    let Some(path) = &settings.events else {
        let useless = [
            ("events-weight", settings.events_weight.is_some()),
            ("events-matrix", settings.events_matrix.is_some()),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Failure::usage(format!("{name} needs events: add --events FILE"))),
            None => Ok(None),
        };
    };
    let weight = *settings.events_weight.get_or_insert(default_weight);
    Trains::open(path, settings.events_matrix.as_deref(), weight, shape, steps).map(Some)
}

/// A size as asked for, or as the files that are made for one have it.
fn size(
    what: &str,
    asked: &mut Option<usize>,
    made_for: &[(&str, Option<usize>)],
    default: usize,
) -> Result<usize, Failure> {
    if *asked == Some(0) {
        return Err(Failure::usage(format!("{what} is 0; it must be at least 1")));
    }
    let mut files = made_for.iter().filter_map(|(file, size)| Some((file, (*size)?)));
    let Some((first, size)) = files.next() else { return Ok(*asked.get_or_insert(default)) };
    if let Some((other, others)) = files.find(|(_, others)| *others != size) {
        return Err(Failure::usage(format!(
            "{first} is made for {size} {what}, but {other} for {others}; change one of the files"
        )));
    }
    match *asked {
        Some(asked) if asked != size => Err(Failure::usage(format!(
            "{what} is {asked}, but {first} is made for {size}; leave out --{what}, or change the file"
        ))),
        _ => Ok(*asked.insert(size)),
    }
}

/// The number of steps, which the files count in 32 bits.
fn steps(settings: &mut Settings, stimulus: Option<&Stimulus>, dt: f64) -> Result<u64, Failure> {
    if settings.steps.is_none() {
        let default = stimulus.map_or(DEFAULT_DURATION_MS, Stimulus::length_ms);
        settings.duration.get_or_insert(default);
    }
    let steps = match (settings.steps, settings.duration) {
        (Some(steps), _) => steps,
        // Casting saturates, and what is too long is refused below.
        (None, duration) => (above_zero("duration", duration.unwrap_or_default())? / dt).round() as u64,
    };
    if steps == 0 {
        return Err(Failure::usage("there are 0 steps to make; simulate at least one step, of length dt"));
    }
    if steps > u64::from(u32::MAX) {
        return Err(Failure::usage(format!(
            "{steps} steps are more than one run can have, {}; shorten the run or lengthen dt",
            u32::MAX
        )));
    }
    Ok(steps)
}

/// The currents where none are given: the usual ones of the unit, unless no neuron reaches its threshold
/// with them.
fn usual_currents(settings: &Settings, params: &Params) -> Spread {
    match &settings.preset {
        Some(choice)
            if choice.settings().is_some() && presets::is_enough(params, DEFAULT_CURRENT.at(1, 2)) =>
        {
            DEFAULT_CURRENT
        }
        // The neurons of another simulator, or of a NIR graph.
        _ => presets::usual_currents(params),
    }
}

fn drive(
    settings: &mut Settings,
    stimulus: Option<Stimulus>,
    params: &Params,
    neurons: usize,
    steps: u64,
) -> Result<Drive, Failure> {
    let dt = params.dt;
    let Some(stimulus) = stimulus else {
        let is_alone = settings.input.is_empty() && settings.events.is_none();
        let default = if is_alone { usual_currents(settings, params) } else { Spread::Number(0.0) };
        return Ok(match *settings.current.get_or_insert(default) {
            Spread::Number(current) => Drive::Same(current as f32),
            spread => Drive::Spread(spread.values(neurons)),
        });
    };
    let current = match settings.current {
        None => 0.0,
        Some(Spread::Number(current)) => current,
        Some(spread) => {
            return Err(Failure::usage(format!(
                "a current of {spread} cannot go with a stimulus, only a single number can; \
                 let the neurons differ in --resistance or --v-threshold instead"
            )));
        }
    };
    let duration = steps as f64 * dt;
    // Half a step is the rounding of a duration to steps.
    if duration > stimulus.length_ms() + dt / 2.0 {
        log::warn!(
            "the stimulus lasts {:.1} ms; its last value stays until {duration:.1} ms",
            stimulus.length_ms()
        );
    }
    let transform = transform(settings, &stimulus, current)?;
    Ok(Drive::Stimulus(Box::new(stimulus), transform))
}

/// How the values of a stimulus become currents, a constant one being added.
fn transform(settings: &mut Settings, stimulus: &Stimulus, current: f64) -> Result<Transform, Failure> {
    let level = match settings.stimulus_decibel {
        Some(reference) if reference > 0.0 => Level::Decibel { reference },
        Some(reference) => {
            return Err(Failure::usage(format!("stimulus-decibel is {reference}; it must be above 0")));
        }
        None if settings.stimulus_log => Level::Logarithm,
        None => Level::Itself,
    };
    if level.is_logarithmic() && stimulus.smallest() <= 0.0 {
        return Err(Failure::usage(format!(
            "the stimulus has a value of {}, which has no logarithm; all must be above 0",
            stimulus.smallest()
        )));
    }
    let low_pass = settings.stimulus_low_pass.map(|tau| above_zero("stimulus-low-pass", tau)).transpose()?;
    let delay = settings.stimulus_delay.unwrap_or(0.0);
    if delay < 0.0 {
        return Err(Failure::usage(format!("stimulus-delay is {delay} ms; it must be 0 or more")));
    }
    Ok(Transform {
        level,
        scale: *settings.stimulus_scale.get_or_insert(1.0),
        offset: *settings.stimulus_offset.get_or_insert(0.0) + current,
        rectify: settings.stimulus_rectify,
        low_pass,
        delay,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_all_spikes_are_counted_into_the_memory() {
        let bytes = |text: &str| bytes_per_cell(&text.parse().unwrap());
        assert_eq!(bytes("rate"), bytes("spikes:0..2"));
        assert_eq!(bytes("spikes") - bytes("rate"), 24);
    }
}
