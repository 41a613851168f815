//! Everything about a run that can be decided before any device is touched.

use crate::claim::folder_of;
use crate::disk::Need;
use crate::doubts;
use crate::events;
use crate::failure::Failure;
use crate::figures::counted;
use crate::layers;
use crate::neurons;
use crate::nir;
use crate::numbers::understood::{Extent, ms};
use crate::numbers::{Understood, written};
use crate::presets::{self, AxisUnits, LARGEST_DRIVE, largest_of};
use crate::quantity::shown;
use crate::random_input::RandomInput;
use crate::record::Record;
use crate::settings::Settings;
use crate::spools::Parts;
use crate::spread::Spread;
use crate::stimulus::{self, Asked, Level, Stimulus, Transform};
use crate::trains::Trains;
use crate::weight::{Unit, Weight};
use lif::nir::{Neurons, Stepping};
use lif::{
    Device, DeviceChoice, Input, MemoryNeed, Params, Population, PopulationOptions, Random, Recording, Shape,
};
use ndarray::Array1;
use serde_json::{Map, Value};
use std::ops::Range;
use std::path::{Path, PathBuf};

const DEFAULT_NEURONS: usize = 100_000;
const DEFAULT_DURATION_MS: f64 = 1000.0;
const DEFAULT_DT_MS: f64 = 0.1;
const DEFAULT_CURRENT: Spread = Spread::Range(0.4, 0.8);
/// So many cells a population can have.
const MOST_CELLS: u64 = u32::MAX as u64 - 1;
/// About what a cell takes here: its state, its parameters and what is read back of it.
const BYTES_PER_CELL: u64 = 32;
/// In a NIR graph spikes are currents, which go through the synapse.
const NODE_WEIGHT: Weight = Weight::new(Spread::Number(1.0), Unit::Nanoampere);
const DEFAULT_WEIGHT: Weight = Weight::bare(Spread::Number(1.0));

/// A run, decided.
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
    /// What is added to it at random.
    pub random: Vec<Random>,
    /// Spikes that drive it.
    pub trains: Option<Trains>,
    /// A number that changes with the neurons of a NIR graph, where they are taken from one.
    pub graph_checksum: Option<u32>,
    of_graph: Option<Understood>,
    pub record: Record,
    pub recording: Recording,
    /// The steps that the picture shows.
    pub window: Range<u64>,
    /// The steps of a bin of the population's rate in the picture, where somebody said so.
    pub rate_bin: Option<u64>,
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

impl Drive {
    fn stimulus(&self) -> Option<&Stimulus> {
        match self {
            Self::Stimulus(stimulus, _) => Some(stimulus),
            Self::Same(_) | Self::Spread(_) => None,
        }
    }
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
        let settings = layers::complete(given)?;
        let words = settings.words.clone();
        Self::of(settings, given).map_err(|failure| failure.said_as(&words))
    }

    fn of(mut settings: Settings, given: &Settings) -> Result<Self, Failure> {
        refuse_pipes(&settings)?;
        let device: DeviceChoice = settings.device.get_or_insert_with(|| "auto".to_owned()).parse()?;
        let of_a_system = presets::of_a_system(&settings, 1)?;
        let dt = match &of_a_system {
            // It knows itself how long a step is.
            Some(preset) => preset.params()?.dt,
            None => above_zero("dt", *settings.dt.get_or_insert(DEFAULT_DT_MS))?,
        };
        let stimulus = read_stimulus(&settings, dt)?;
        if let Some(stimulus) = &stimulus {
            look_at(stimulus, given, &settings, dt);
        }

        if let Some(stimulus) = &stimulus {
            refuse_several(stimulus, &settings)?;
        }
        let (node, of_graph) = nir::neurons(&settings)?.unzip();
        let (neurons, batch) = stimulus.as_ref().map_or((None, None), Stimulus::population);
        let made_for = [("the stimulus", neurons), ("the NIR graph", node.as_ref().and_then(nir::size))];
        let neurons = size("neurons", &mut settings.neurons, &made_for, DEFAULT_NEURONS)?;
        let batch = size("batch", &mut settings.batch, &[("the stimulus", batch)], 1)?;
        let shape = Shape { batch, n: neurons };
        let record = settings.record.get_or_insert_default().clone();
        let cells = (neurons as u64).saturating_mul(batch as u64);
        if cells > MOST_CELLS {
            let message = format!(
                "{neurons} neurons in {batch} batch row{} are more cells than a run can have, {MOST_CELLS} (2^32 - 2); take \
                 fewer --neurons or a smaller --batch",
                if batch == 1 { "" } else { "s" }
            );
            return Err(Failure::of("neurons, batch", message));
        }
        lif::require_memory(
            "the population",
            cells.saturating_mul(bytes_per_cell(&record, neurons)),
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
        if let Some(doubt) = doubts::of_precision(&params) {
            log::warn!("{doubt}");
        }
        let graph = settings.write_nir.then(|| Neurons::from_params(&params, neurons)).transpose()?;
        let units = match (&settings.preset, node.is_some()) {
            (_, true) => nir::UNITS,
            (Some(choice), _) => choice.axis_units(),
            (None, _) => AxisUnits::PHYSICAL,
        };
        if let Some(doubt) = doubts::of_volts(&params).filter(|_| units == AxisUnits::PHYSICAL) {
            log::warn!("{doubt}");
        }
        let drive = drive(&mut settings, stimulus, &params, neurons, steps, units.input)?;
        let default_weight = if node.is_some() { NODE_WEIGHT } else { DEFAULT_WEIGHT };
        let mut trains = trains(&mut settings, default_weight, shape, (steps, dt))?;
        if let (Some(trains), Some(weight)) = (&mut trains, settings.events_weight)
            && let Some(understood) = trains.understood.first_mut()
        {
            let factor = if settings.events_matrix.is_some() { " times its weights" } else { "" };
            understood.remarks.push(format!("each {}{factor}", weight.said(units)));
        }
        if params.tau_syn.is_some() {
            look_at_synapse(&settings, units)?;
        }
        if let Some(trains) = &trains {
            warn_of_clocks(&trains.understood, drive.stimulus());
        }
        let trains = match (trains, &node) {
            (Some(trains), Some(node)) => {
                let weight = node.spike_weight(dt, params.integrator)?;
                // One for all, or one for each.
                let factors = weight.values().iter().copied().cycle().take(neurons).collect();
                Some(trains.weighed(&factors))
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
            window: window(&settings, dt, steps)?,
            rate_bin: settings
                .rate_bin
                .map(|bin| Ok::<_, Failure>(((above_zero("rate-bin", bin)? / dt).round() as u64).max(1)))
                .transpose()?,
            random: settings.input.iter().map(|input| input.random(neurons)).collect(),
            trains,
            graph_checksum: node.as_ref().map(nir::checksum),
            of_graph,
            recording: record.recording(shape, steps)?,
            record,
            graph,
            out: settings.out.get_or_insert_with(|| PathBuf::from("lif-out")).clone(),
            settings,
        })
    }

    /// How the population is to be kept.
    pub fn options(&self) -> PopulationOptions {
        let memory_budget = self.settings.memory_budget.map(|budget| budget.bytes());
        PopulationOptions { memory_budget, ..PopulationOptions::default() }
    }

    /// What the population, its input and its recording need on this device; refused where that is more than
    /// its budget.
    pub fn memory_needed(&self, device: &Device) -> Result<MemoryNeed, Failure> {
        let population = Population::memory_needed(&self.params, self.shape, device)?;
        let recording = self.recording.memory_needed_in_blocks(self.steps, self.shape, device);
        let need = population.and(recording).and(self.memory_of_input(device)?);
        self.options().require_within_budget(&need, "the run")?;
        let cells = self.shape.cells() as u64;
        let statistics = cells.saturating_mul(bytes_per_cell(&self.record, self.shape.n) - BYTES_PER_CELL);
        let all = need.clone().and(MemoryNeed::of("the statistics of the spikes", statistics, 0));
        let buffers = if device.is_software_adapter() { all.device_bytes() } else { 0 };
        lif::require_memory(
            &format!("the run ({all})"),
            all.host_bytes().saturating_add(buffers),
            "take fewer neurons or a smaller batch, or record fewer neurons",
        )?;
        Ok(need)
    }

    /// What its input takes beside the population, block by block.
    pub fn memory_of_input(&self, device: &Device) -> Result<MemoryNeed, Failure> {
        let mut need = MemoryNeed::default();
        let mut steps = self.steps;
        // The input of one step tells what that of more takes.
        let step;
        let input = match &self.drive {
            Drive::Same(current) => Input::constant(*current),
            Drive::Spread(currents) => {
                need = MemoryNeed::of("the currents", currents.len() as u64 * size_of::<f32>() as u64, 0);
                Input::constant(currents)
            }
            Drive::Stimulus(stimulus, _) => {
                need = MemoryNeed::of("the blocks of the stimulus", stimulus.bytes(self.steps), 0);
                steps = steps.min(stimulus.block_steps());
                step = stimulus.silence();
                Input::sequence(&step)
            }
        };
        let input = self.random.iter().cloned().fold(input, Input::and);
        let needed = |input: &Input<'_>, steps| input.memory_needed(steps, self.shape, device);
        let Some(trains) = &self.trains else { return Ok(need.and(needed(&input, steps))) };
        need = need.and(MemoryNeed::of("the events", trains.bytes(self.steps), 0));
        steps = steps.min(trains.block_steps());
        let raster = trains.raster(0..1)?;
        let input = input.and_spikes(trains.input(&raster));
        Ok(need.and(needed(&input, steps)))
    }

    /// What the run is known to write: what it records, the results that are put together from that, and
    /// checkpoints. Of a run that goes on some is there already.
    pub fn disk_needed(
        &self,
        parts: Option<&Parts>,
        folder: &Path,
        checkpoint: Option<&Path>,
    ) -> Result<Vec<Need>, Failure> {
        let known = self.record.known_bytes(self.shape, self.steps)?;
        let there = |name: &str| parts.and_then(|parts| parts.get(name)).map_or(0, |part| part.bytes());
        let spikes = ["step", "batch", "neuron"].map(there);
        let recorded = known.iter().map(|(_, bytes)| *bytes).chain(spikes).fold(0, u64::saturating_add);
        let left = known.into_iter().map(|(name, bytes)| {
            let what = if name == "rate" { "the rate" } else { "the membrane potentials" };
            (what, bytes.saturating_sub(there(name)))
        });
        let cells = 4 * self.shape.cells() as u64;
        let of_all = |is_kept| if is_kept { cells } else { 0 };
        let traces = of_all(self.params.trace.is_some());
        let results = ("the results with all of that", recorded.saturating_add(2 * cells + traces));
        let mut needs = vec![Need::new(folder, left.chain([results]))];
        if let Some(checkpoint) = checkpoint {
            // A new one is written beside the last.
            let copies = if parts.is_some() { 1 } else { 2 };
            let bytes = copies * (3 * cells + traces + of_all(self.params.tau_syn.is_some()));
            needs.push(Need::new(folder_of(checkpoint), [("the checkpoints", bytes)]));
        }
        Ok(needs)
    }

    /// The stimulus, where there is one.
    pub fn stimulus(&self) -> Option<&Stimulus> {
        self.drive.stimulus()
    }

    /// What was understood of the files that drive it, and of the graph that it is of.
    pub fn understood(&self) -> Vec<Understood> {
        let stimulus = match &self.drive {
            Drive::Stimulus(stimulus, transform) => {
                let mut understood = stimulus.understood();
                if transform.delay > 0.0 {
                    understood.remarks.push(format!("played {} ms later", ms(transform.delay)));
                }
                Some(understood)
            }
            _ => None,
        };
        let events = self.trains.iter().flat_map(|trains| trains.understood.iter().cloned());
        stimulus.into_iter().chain(events).chain(self.of_graph.clone()).collect()
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
fn bytes_per_cell(record: &Record, neurons: usize) -> u64 {
    BYTES_PER_CELL + if record.has_all_spikes(neurons) { events::BYTES_PER_CELL } else { 0 }
}

/// A time that must pass.
pub fn above_zero(what: &str, value: f64) -> Result<f64, Failure> {
    if value > 0.0 {
        Ok(value)
    } else {
        Err(Failure::of(what, format!("{what} is {} ms; it must be above 0", shown(value))))
    }
}

fn read_stimulus(settings: &Settings, dt: f64) -> Result<Option<Stimulus>, Failure> {
    if let [_, _, ..] = &settings.stimulus[..] {
        return Err(Failure::of(
            "stimulus",
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
            Some((name, _)) => {
                Err(Failure::of(name, format!("{name} needs a stimulus: add --stimulus FILE")))
            }
            None => Ok(None),
        };
    };
    let interval = settings.stimulus_dt.map(|ms| above_zero("stimulus-dt", ms)).transpose()?;
    let asked = Asked { time_unit: settings.stimulus_time_unit, interval, dt };
    let stimulus = Stimulus::open(path, &asked)?;
    if settings.stimulus_time_unit.is_some() && !stimulus.has_time_unit() {
        log::warn!("the stimulus has no times; stimulus-time-unit is not used");
    }
    if interval.is_some() && stimulus.is_timed() {
        log::warn!("the stimulus says itself when its samples hold; stimulus-dt is not used");
    }
    Ok(Some(stimulus))
}

/// So many neurons are seldom meant by a file alone.
const MANY_NEURONS: usize = 1000;

/// Says what is unlikely in what was understood of a stimulus.
fn look_at(stimulus: &Stimulus, given: &Settings, settings: &Settings, dt: f64) {
    let has_length = settings.steps.is_some() || settings.duration.is_some();
    let is_all_default = !has_length && given.dt.is_none() && given.config.is_none();
    if let Some(doubt) = doubts::of_stimulus(stimulus, dt, is_all_default) {
        log::warn!("{doubt}");
    }
    if let [1, .., n] = stimulus.shape()
        && *n > 1
        && (!has_length || *n >= MANY_NEURONS && given.neurons.is_none())
    {
        log::warn!(
            "stimulus {}: its shape {:?} is that of one sample for each of {n} neurons; samples of one after the \
             other have shape [{n}], or [{n}, 1]",
            stimulus.path().display(),
            stimulus.shape()
        );
    }
}

/// Refuses a stimulus of several neurons or batch rows for the one that a recording is compared with, of which no option
/// says how many there are.
fn refuse_several(stimulus: &Stimulus, settings: &Settings) -> Result<(), Failure> {
    let (neurons, batch) = stimulus.population();
    let is_one = |name: &str, asked: Option<usize>| asked == Some(1) && settings.words.of(name).is_none();
    let is_refused = neurons.is_some() && is_one("neurons", settings.neurons)
        || batch.is_some() && is_one("batch", settings.batch);
    if !is_refused {
        return Ok(());
    }
    Err(Failure::fault(format!(
        "stimulus {}: its shape {:?} is that of several neurons or batch rows, and one neuron is compared with a recording; \
         save the column of that one",
        stimulus.path().display(),
        stimulus.shape()
    )))
}

/// Refuses inputs that nobody can find again, where a run is to be taken up. They are not opened, as nobody may ever write
/// into them.
fn refuse_pipes(settings: &Settings) -> Result<(), Failure> {
    match settings.pipe().filter(|_| settings.checkpoint.is_some()) {
        Some((option, path)) => Err(Failure::of(
            option,
            format!(
                "{} comes through a pipe, which is gone when the run is to go on; write it to a file first, or leave out \
                 --checkpoint",
                path.display()
            ),
        )),
        None => Ok(()),
    }
}

/// Refuses spikes for which it is not said whether they go through the synapse that there is, and tells of one that
/// nothing goes through.
fn look_at_synapse(settings: &Settings, units: AxisUnits) -> Result<(), Failure> {
    let weight = settings.events_weight.filter(|_| settings.events.is_some());
    weight.map_or(Ok(()), |weight| weight.refuse_bare("events-weight", units))?;
    settings.input.iter().try_for_each(|input| input.refuse_bare(units))?;
    let is_used = weight.is_some_and(|weight| weight.unit == Unit::Nanoampere)
        || settings.input.iter().any(RandomInput::is_of_currents);
    if settings.tau_syn.is_some() && !is_used {
        log::warn!(
            "tau-syn changes nothing here: only spikes that are currents go through the synapse, those of --events and of \
             --input poisson with a weight as 1nA"
        );
    }
    Ok(())
}

/// Events count from the beginning of the run; a stimulus may have a clock of its own, that the events were taken from.
fn warn_of_clocks(events: &[Understood], stimulus: Option<&Stimulus>) {
    let start = stimulus.map_or(0.0, |stimulus| stimulus.start().ms());
    let have_times = events.iter().any(|events| matches!(events.extent, Extent::Times { .. }));
    if have_times && start != 0.0 {
        log::warn!(
            "the times of the events count from the beginning of the run, which is {} ms on the clock of the stimulus; \
             subtract it where they are of that clock",
            ms(start)
        );
    }
}

fn trains(
    settings: &mut Settings,
    default_weight: Weight,
    shape: Shape,
    time: (u64, f64),
) -> Result<Option<Trains>, Failure> {
    let Some(path) = &settings.events else {
        let useless = [
            ("events-weight", settings.events_weight.is_some()),
            ("events-matrix", settings.events_matrix.is_some()),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Failure::of(name, format!("{name} needs events: add --events FILE"))),
            None => Ok(None),
        };
    };
    let weight = *settings.events_weight.get_or_insert(default_weight);
    Trains::open(path, settings.events_matrix.as_deref(), weight, shape, time).map(Some)
}

/// A size as asked for, or as the files that are made for one have it.
fn size(
    what: &str,
    asked: &mut Option<usize>,
    made_for: &[(&str, Option<usize>)],
    default: usize,
) -> Result<usize, Failure> {
    if *asked == Some(0) {
        return Err(Failure::of(what, format!("{what} is 0; it must be at least 1")));
    }
    let mut files = made_for.iter().filter_map(|(file, size)| Some((file, (*size)?)));
    let Some((first, size)) = files.next() else { return Ok(*asked.get_or_insert(default)) };
    if let Some((other, others)) = files.find(|(_, others)| *others != size) {
        return Err(Failure::usage(format!(
            "{first} is made for {size} {what}, but {other} for {others}; change one of the files"
        )));
    }
    match *asked {
        Some(asked) if asked != size => Err(Failure::of(
            what,
            format!(
                "{what} is {asked}, but {first} is made for {size}; leave out --{what}, or change the file"
            ),
        )),
        _ => Ok(*asked.insert(size)),
    }
}

/// The number of steps, which the files count in 32 bits.
fn steps(settings: &mut Settings, stimulus: Option<&Stimulus>, dt: f64) -> Result<u64, Failure> {
    if settings.steps.is_none() {
        let default = stimulus.map_or(DEFAULT_DURATION_MS, Stimulus::length_ms);
        if let Some(stimulus) = stimulus.filter(|_| settings.duration.is_none() && default < 0.999 * dt) {
            return Err(Failure::usage(format!(
                "stimulus {}: {} in {} ms, which is shorter than a step of {dt} ms; is its unit of time right, which is \
                 known {}? --{} or --stimulus-dt say another, --dt another step",
                stimulus.path().display(),
                counted(stimulus.count(), "sample"),
                ms(default),
                stimulus.times_from(),
                stimulus::TIME_UNIT
            )));
        }
        settings.duration.get_or_insert(default);
    }
    match (settings.steps, settings.duration) {
        (Some(steps), _) => a_number_of_steps(steps),
        (None, duration) => steps_of("duration", duration.unwrap_or_default(), dt),
    }
}

/// How many steps a time is that has this name.
pub fn steps_of(what: &str, ms: f64, dt: f64) -> Result<u64, Failure> {
    let steps = (above_zero(what, ms)? / dt).round();
    if steps > u64::MAX as f64 {
        return Err(too_many_steps(&shown(steps)));
    }
    a_number_of_steps(steps as u64)
}

/// Refuses a run without steps, or with more than a run can have.
fn a_number_of_steps(steps: u64) -> Result<u64, Failure> {
    if steps == 0 {
        return Err(Failure::of(
            "steps, duration, dt",
            "there are 0 steps to make; simulate at least one step, of length dt",
        ));
    }
    if steps > u64::from(u32::MAX) {
        return Err(too_many_steps(&steps.to_string()));
    }
    Ok(steps)
}

fn too_many_steps(steps: &str) -> Failure {
    let most = u32::MAX;
    let message =
        format!("{steps} steps are more than one run can have, {most}; shorten the run or lengthen dt");
    Failure::of("steps, duration, dt", message)
}

/// The steps that the picture shows.
fn window(settings: &Settings, dt: f64, steps: u64) -> Result<Range<u64>, Failure> {
    let length = steps as f64 * dt;
    let from = settings.plot_from.unwrap_or(0.0);
    if !(0.0..length).contains(&from) {
        let message = format!(
            "plot-from is {from} ms; it must be at least 0 and before the end of the run, at {length} ms"
        );
        return Err(Failure::of("plot-from", message));
    }
    let start = (from / dt).round().min((steps - 1) as f64) as u64;
    let to = settings.plot_to.unwrap_or(length);
    let end = ((to / dt).round() as u64).min(steps);
    if end <= start {
        let message =
            format!("plot-to is {to} ms; it must be at least a step of {dt} ms after plot-from, {from} ms");
        return Err(Failure::of("plot-to, plot-from", message));
    }
    Ok(start..end)
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

/// Refuses usual currents that are too large to compute with, which nobody has said.
fn refuse_usual(currents: Spread, params: &Params, input_unit: &str) -> Result<(), Failure> {
    let largest = match currents {
        Spread::Number(current) => current.abs(),
        Spread::Range(first, last) => first.abs().max(last.abs()),
    };
    if largest * largest_of(&params.resistance) <= LARGEST_DRIVE {
        return Ok(());
    }
    let message = format!(
        "the current where none is said follows from --v-threshold, --v-rest and --resistance, and is up to {largest:e} \
         {input_unit}, which times the resistance is more than {LARGEST_DRIVE:e} mV; say --current, or a nearer \
         --v-threshold"
    );
    Err(Failure::of("v-threshold, v-rest, resistance", message))
}

fn drive(
    settings: &mut Settings,
    stimulus: Option<Stimulus>,
    params: &Params,
    neurons: usize,
    steps: u64,
    input_unit: &str,
) -> Result<Drive, Failure> {
    let dt = params.dt;
    let Some(stimulus) = stimulus else {
        let is_alone = settings.input.is_empty() && settings.events.is_none();
        let default = if is_alone { usual_currents(settings, params) } else { Spread::Number(0.0) };
        let given = settings.current.map(|current| current.spread);
        if given.is_none() {
            refuse_usual(default, params, input_unit)?;
        }
        // In words, as `--current 0.5A`.
        let words = settings.words.of("current").unwrap_or_default();
        let is_unit_said = words.trim_end_matches(['"', '\'']).ends_with('A');
        if let Some(doubt) =
            given.and_then(|given| doubts::of_current(given, params, input_unit, is_unit_said))
        {
            log::warn!("{doubt}");
        }
        return Ok(match settings.current.get_or_insert(default.into()).spread {
            Spread::Number(current) => Drive::Same(current as f32),
            spread => Drive::Spread(spread.values(neurons)),
        });
    };
    let current = match settings.current.map(|current| current.spread) {
        None => 0.0,
        Some(Spread::Number(current)) => current,
        Some(spread) => {
            return Err(Failure::of(
                "current",
                format!(
                    "a current of {spread} cannot go with a stimulus, only a single number can; \
                     let the neurons differ in --resistance or --v-threshold instead"
                ),
            ));
        }
    };
    let is_other = |unit: &str| unit != input_unit && input_unit.ends_with('A');
    if let Some((unit, from)) = stimulus.value_unit().filter(|(unit, _)| is_other(unit))
        && settings.stimulus_scale.is_none()
        && settings.stimulus_decibel.is_none()
        && !settings.stimulus_log
    {
        log::warn!(
            "stimulus {}: its values are in {unit} by {from}, and taken as {input_unit}; --stimulus-scale says what \
             they are multiplied with",
            stimulus.path().display()
        );
    }
    let transform = transform(settings, &stimulus, current)?;
    let duration = steps as f64 * dt;
    // Half a step is the rounding of a duration to steps.
    let end = stimulus.length_ms() + transform.delay;
    if duration > end + dt / 2.0 {
        log::warn!("the stimulus ends after {end:.1} ms; its last value stays until {duration:.1} ms");
    }
    if transform.delay_steps(dt) >= steps {
        log::warn!(
            "the run ends after {} ms, before the stimulus begins; --stimulus-delay is {} ms, and --duration says how \
             long the run is",
            ms(duration),
            ms(transform.delay)
        );
    }
    refuse_extremes(&stimulus, &transform, params, input_unit)?;
    Ok(Drive::Stimulus(Box::new(stimulus), transform))
}

/// How the values of a stimulus become currents, a constant one being added.
fn transform(settings: &mut Settings, stimulus: &Stimulus, current: f64) -> Result<Transform, Failure> {
    let level = match settings.stimulus_decibel {
        Some(reference) if reference > 0.0 => Level::Decibel { reference },
        Some(reference) => {
            let message = format!("stimulus-decibel is {}; it must be above 0", shown(reference));
            return Err(Failure::of("stimulus-decibel", message));
        }
        None if settings.stimulus_log => Level::Logarithm,
        None => Level::Itself,
    };
    let [smallest, _] = stimulus.extremes();
    if level.is_logarithmic() && smallest.value <= 0.0 {
        return Err(Failure::of(
            "stimulus, stimulus-decibel, stimulus-log",
            format!("{}, which has no logarithm; all must be above 0", stimulus.said(smallest)),
        ));
    }
    let low_pass = settings.stimulus_low_pass.map(|tau| above_zero("stimulus-low-pass", tau)).transpose()?;
    let delay = settings.stimulus_delay.unwrap_or(0.0);
    if delay < 0.0 {
        let message = format!("stimulus-delay is {} ms; it must be 0 or more", shown(delay));
        return Err(Failure::of("stimulus-delay", message));
    }
    Ok(Transform {
        level,
        scale: settings.stimulus_scale.get_or_insert(1.0.into()).number(),
        offset: settings.stimulus_offset.get_or_insert(0.0.into()).number() + current,
        rectify: settings.stimulus_rectify,
        low_pass,
        delay,
    })
}

/// Refuses a value whose current is too large to compute with. What becomes of values keeps their order,
/// or turns it round.
fn refuse_extremes(
    stimulus: &Stimulus,
    transform: &Transform,
    params: &Params,
    input_unit: &str,
) -> Result<(), Failure> {
    let resistance = largest_of(&params.resistance);
    for extreme in stimulus.extremes() {
        let current = transform.of(extreme.value);
        let reason = if !(current as f32).is_finite() {
            "which single precision does not hold".to_owned()
        } else if (current * resistance).abs() > LARGEST_DRIVE {
            format!("which times the resistance, {resistance}, is more than {LARGEST_DRIVE:e} in magnitude")
        } else {
            continue;
        };
        let said = stimulus.said(extreme);
        return Err(Failure::fault(format!(
            "{said}, a current of {} {input_unit}, {reason}",
            written(current)
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_all_spikes_are_counted_into_the_memory() {
        let bytes = |text: &str| bytes_per_cell(&text.parse().unwrap(), 9);
        assert_eq!(bytes("rate"), bytes("spikes:0..2"));
        assert_eq!(bytes("spikes") - bytes("rate"), 24);
    }
}
