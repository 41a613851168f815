//! `lif run`: from settings to files.

use crate::checkpoints::{Interrupted, Keeper};
use crate::failure::Failure;
use crate::figures::grouped;
use crate::files::{ARRAYS, Folder, GRAPH, PICTURE, SUMMARY};
use crate::interrupt::{self, INTERRUPTED};
use crate::npz::{self, Arrays};
use crate::picture::{self, Scene};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::simulation::Simulation;
use crate::spools::Spools;
use crate::summary::{Outcome, Summary};
use crate::{logging, neurons, terminal};
use lif::nir::{self, Neurons};
use lif::{Device, DeviceChoice, Error, Population};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Simulates, writes the files and says what came out.
pub fn run(given: Settings) -> Result<ExitCode, Failure> {
    logging::start(given.quiet);
    let interrupted = Interrupted::open(&given)?;
    let plan = Plan::new(interrupted.as_ref().map_or(&given, Interrupted::settings))?;
    let words = plan.settings.words.clone();
    carry_out(plan, interrupted).map_err(|failure| failure.said_as(&words))
}

fn carry_out(mut plan: Plan, interrupted: Option<Interrupted>) -> Result<ExitCode, Failure> {
    let settings = plan.settings()?;
    let keeper = Keeper::new(&plan, interrupted.as_ref())?;
    let device = device(&plan)?;
    let memory = plan.memory_needed(&device)?;
    let out = interrupted.as_ref().map_or(plan.out.as_path(), Interrupted::folder).to_owned();
    let folder;
    let (population, spools, wall_s) = match interrupted {
        Some(interrupted) => {
            interrupt::listen()?;
            folder = Folder::prepare(&out)?;
            interrupted.take_up(&plan, &device, &folder)?
        }
        None => {
            let population = start(&plan, &device)?;
            interrupt::listen()?;
            folder = Folder::prepare(&out)?;
            (population, Spools::create(&folder, &plan.record, keeper.is_some())?, 0.0)
        }
    };
    let mut simulation = Simulation { plan: &plan, keeper: keeper.as_ref(), population, spools, wall_s };
    simulation.run()?;
    let Simulation { mut population, mut spools, wall_s, .. } = simulation;
    let steps = population.steps();
    if let Some(keeper) = keeper.as_ref().filter(|_| steps < plan.steps) {
        terminal::complain(&format!(
            "interrupted after {} of {} steps; go on with: lif run --resume {}",
            grouped(steps),
            grouped(plan.steps),
            keeper.path().display()
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    interrupt::steps_are_over();
    plan.forget_currents();

    spools.flush()?;
    let counts = population.counts()?;
    let all_events = spools.events().filter(|_| plan.record.has_all_spikes());
    let statistics = all_events.map(|events| events.statistics(plan.neurons, plan.batch)).transpose();
    let events = statistics.map_err(Failure::fault)?;
    let outcome = Outcome { device: &device, memory: &memory, steps, wall_s, counts: &counts, events };
    let summary = Summary::new(&plan, settings, &outcome);
    drop(counts);
    let mut arrays = Arrays {
        spools: &spools,
        population: &mut population,
        voltage_neurons: plan.record.voltage_neurons(plan.neurons)?.into(),
    };
    let is_drawn = !plan.settings.no_plot;
    let scene = is_drawn.then(|| Scene::new(&plan, &summary, steps, &spools)).transpose()?;
    let scene = scene.filter(|scene| !scene.is_empty());
    let files = write(&folder, &summary, &mut arrays, scene.as_ref(), plan.graph.as_ref())?;
    if let Some(keeper) = keeper {
        keeper.finish()?;
    }
    spools.are_done();
    drop(spools);

    if plan.settings.json {
        terminal::print(&json(&summary)?)?;
    } else {
        terminal::print(&summary.table(plan.steps, &files))?;
    }
    if summary.interrupted {
        terminal::complain(&format!(
            "interrupted after {} of {} steps; the files hold what was simulated until then",
            grouped(summary.steps),
            grouped(plan.steps)
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// A population before its first step.
pub fn start(plan: &Plan, device: &Device) -> Result<Population, Failure> {
    let mut population = Population::new(plan.params.clone(), plan.neurons, plan.batch, device)?;
    if let Some(voltages) = neurons::initial_voltages(&plan.settings, plan.neurons, plan.batch) {
        population.set_voltages(&voltages)?;
    }
    population.set_seed(plan.seed)?;
    Ok(population)
}

/// The device of a plan, with its budget.
pub fn device(plan: &Plan) -> Result<Device, Failure> {
    let device = select(&plan.device)?;
    Ok(match plan.settings.memory_budget {
        Some(budget) => device.with_memory_budget(budget.bytes()),
        None => device,
    })
}

/// The device of a choice.
pub fn select(choice: &DeviceChoice) -> Result<Device, Failure> {
    Device::select(choice).map_err(|error| match (&error, choice) {
        // A misspelt name is the caller's to mend, a machine without a GPU is not.
        (Error::NoAdapter { .. }, DeviceChoice::Named(_)) => Failure::of("device", error.to_string()),
        _ => error.into(),
    })
}

fn write(
    folder: &Folder,
    summary: &Summary,
    arrays: &mut Arrays<'_>,
    scene: Option<&Scene>,
    graph: Option<&Neurons>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    if let Some(scene) = scene {
        files.push(folder.stage(PICTURE, |file| picture::draw(file.path(), scene))?);
    }
    files.push(folder.stage(ARRAYS, |file| npz::write(file, arrays))?);
    if let Some(neurons) = graph {
        files.push(folder.stage(GRAPH, |file| nir::write(file.path(), "neurons", neurons))?);
    }
    let text = json(summary)?;
    files.push(folder.stage(SUMMARY, |file| writeln!(file, "{text}"))?);
    folder.publish(files, scene.is_none().then_some(PICTURE))
}

fn json(summary: &Summary) -> Result<String, Failure> {
    serde_json::to_string_pretty(summary).map_err(|error| Failure::fault(error.to_string()))
}
