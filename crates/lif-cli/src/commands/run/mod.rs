//! `lif run`: from settings to files.

mod checkpoints;
#[cfg(test)]
mod lost_device_tests;
mod network;
mod picture;
mod simulation;
mod summary;

use crate::failure::Failure;
use crate::files::disk;
use crate::files::folder::{CHOOSE_ANOTHER, Folder, MEND_IT, Staged};
use crate::files::names::{
    ARRAYS, GRAPH, NETWORK, OF_RUN, PICTURE, RATE_COLUMNS, RATES, SPIKE_COLUMNS, SUMMARY, SWEEP,
    SWEEP_PICTURE,
};
use crate::picture::stage;
use crate::plan::Plan;
use crate::plan::{select, start};
use crate::process::interrupt::{self, INTERRUPTED};
use crate::process::memory;
use crate::recording::npz::{self, Arrays};
use crate::recording::spools::Spools;
use crate::settings::{Settings, layers};
use crate::terminal;
use crate::terminal::figures::grouped;
use checkpoints::{Checkpoints, Interrupted};
use lif::nir;
use lif::{Device, Error, MemoryNeed, Population};
use picture::Scene;
use serde::Serialize;
use simulation::Simulation;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use summary::{Outcome, Summary};

/// Simulates, writes the files and prints a summary.
pub fn run(given: Settings) -> Result<ExitCode, Failure> {
    if let Some((settings, described)) = layers::of_a_network(&given)? {
        return network::run(settings, described, None);
    }
    let interrupted = Interrupted::open(&given)?;
    let of_network = interrupted
        .as_ref()
        .and_then(|interrupted| Some((interrupted.settings().clone(), interrupted.network()?.clone())));
    if let Some((settings, description)) = of_network {
        return network::run(settings, Some(description), interrupted);
    }
    let plan = Plan::new(interrupted.as_ref().map_or(&given, Interrupted::settings))?;
    let words = plan.settings.words.clone();
    execute(plan, interrupted).map_err(|failure| words.explain(failure))
}

fn execute(mut plan: Plan, interrupted: Option<Interrupted>) -> Result<ExitCode, Failure> {
    // A resumed run cannot be changed, so the advice is different.
    let [record_less, choose_another, write_less] = match interrupted {
        None => ["take fewer neurons or a smaller batch, or record less", CHOOSE_ANOTHER, disk::WRITE_LESS],
        Some(_) => ["resume it where there is more", MEND_IT, disk::MAKE_ROOM],
    };
    if let Some(every) = plan.record.thinned(plan.shape, plan.steps)?
        && interrupted.is_none()
    {
        log::warn!(
            "in so long a run membrane potentials are recorded once in {every} steps, as nobody said how often; \
             --record {} records them at each step",
            plan.record.at_each_step()
        );
    }
    let checkpoints = Checkpoints::new(&plan, interrupted.as_ref())?;
    let device = select(&plan.device)?;
    let memory = plan.memory_needed(&device)?;
    memory::require("the run", &memory, &device, record_less)?;
    let out = interrupted.as_ref().map_or(plan.out.as_path(), Interrupted::folder).to_owned();
    // From here on an interrupt has something to remove.
    interrupt::listen()?;
    let folder = Folder::prepare(&out, &OF_RUN, choose_another)?;
    // A graph is only replaced where this run writes one, and a network never.
    let of_networks = [NETWORK, SWEEP, SWEEP_PICTURE, RATES, RATE_COLUMNS, SPIKE_COLUMNS];
    let is_replaced = |name: &&str| !of_networks.contains(name) && (*name != GRAPH || plan.graph.is_some());
    let replaced: Vec<&str> = OF_RUN.into_iter().filter(is_replaced).collect();
    folder.refuse_to_replace(&plan.settings.inputs(), &replaced)?;
    let checkpoints =
        checkpoints.map(|checkpoints| checkpoints.claim(&folder, &plan.settings.inputs())).transpose()?;
    let partial_files = checkpoints.as_ref().map(Checkpoints::run);
    let parts = interrupted.as_ref().map(Interrupted::parts);
    let needed = plan.disk_needed(parts, &out, partial_files.map(|(checkpoint, _)| checkpoint))?;
    disk::require(needed, write_less)?;
    let (population, spools, wall_s) = match interrupted {
        Some(interrupted) => interrupted.take_up(&plan, &device, &folder)?,
        None => {
            folder.tidy();
            let population = start(&plan, &device)?;
            if interrupt::is_requested() {
                return Err(Failure::Interrupted(
                    "interrupted before the first step; nothing is written".to_owned(),
                ));
            }
            (population, Spools::create(&folder, &plan.record, partial_files, false)?, 0.0)
        }
    };
    let mut simulation =
        Simulation { plan: &plan, checkpoints: checkpoints.as_ref(), population, spools, wall_s };
    let result = simulation.run();
    let Simulation { population, spools, wall_s, .. } = simulation;
    let (steps, all) = (population.steps(), plan.steps);
    let with_resume_advice = |failure| match &checkpoints {
        Some(checkpoints) => checkpoints.after(failure, steps, steps == all),
        None => failure,
    };
    result.map_err(with_resume_advice)?;
    if let Some(checkpoints) = checkpoints.as_ref().filter(|_| steps < plan.steps) {
        terminal::complain(&format!(
            "interrupted after {} of {} steps; {}",
            grouped(steps),
            grouped(plan.steps),
            checkpoints.interrupted_advice(&spools)
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    interrupt::steps_are_over();
    plan.free_currents();
    let mut simulated = Simulated { population, spools, wall_s };
    // The checkpoint is removed when the results exist, so they have to be on the disk.
    let must_last = checkpoints.is_some();
    let finished = finish(&plan, &device, &memory, &folder, &mut simulated, must_last);
    let (summary, files) = finished.map_err(with_resume_advice)?;
    if let Some(checkpoints) = checkpoints {
        checkpoints.finish()?;
    }
    simulated.spools.release_files();
    drop(simulated);

    if plan.settings.json {
        terminal::print(&json(&summary)?)?;
    } else {
        terminal::print(&summary.table(plan.steps, &files))?;
    }
    Ok(exit_code(summary.interrupted, summary.steps, plan.steps))
}

/// The exit code of a run whose files are written; says so if they end early.
fn exit_code(interrupted: bool, steps: u64, of_steps: u64) -> ExitCode {
    if !interrupted {
        return ExitCode::SUCCESS;
    }
    terminal::complain(&format!(
        "interrupted after {} of {} steps; the files hold what was simulated until then",
        grouped(steps),
        grouped(of_steps)
    ));
    ExitCode::from(INTERRUPTED)
}

/// The results of the steps.
struct Simulated {
    population: Population,
    spools: Spools,
    wall_s: f64,
}

/// Sums up, and writes the files.
fn finish(
    plan: &Plan,
    device: &Device,
    memory: &MemoryNeed,
    folder: &Folder,
    simulated: &mut Simulated,
    must_last: bool,
) -> Result<(Summary, Vec<PathBuf>), Failure> {
    let Simulated { population, spools, wall_s } = simulated;
    spools.flush()?;
    let steps = population.steps();
    let counts = population.counts()?;
    let all_events = spools.events().filter(|_| plan.record.has_all_spikes(plan.shape.n));
    let statistics = all_events.map(|events| events.statistics(plan.shape)).transpose();
    let events = statistics.map_err(Failure::fault)?;
    let outcome = Outcome { device, memory, steps, wall_s: *wall_s, counts: &counts, events };
    let summary = Summary::new(plan, plan.settings()?, &outcome);
    let is_drawn = !plan.settings.no_plot;
    let scene = is_drawn.then(|| Scene::new(plan, &summary, steps, spools, &counts)).transpose()?;
    let scene = scene.filter(|scene| !scene.is_empty());
    drop(counts);
    let mut arrays = Arrays {
        spools,
        population,
        voltage_neurons: plan.record.voltage_neurons(plan.shape.n)?.into(),
        ids: None,
    };
    let files = write(folder, &summary, &mut arrays, scene.as_ref(), plan)?;
    let files = folder.publish(files, &plan.settings.inputs(), must_last)?;
    Ok((summary, files))
}

fn write(
    folder: &Folder,
    summary: &Summary,
    arrays: &mut Arrays<'_>,
    scene: Option<&Scene>,
    plan: &Plan,
) -> Result<Vec<Staged>, Failure> {
    let mut files = Vec::new();
    if let Some(scene) = scene {
        files.extend(stage(folder, PICTURE, |path| picture::draw(path, scene))?);
    }
    files.push(folder.stage(ARRAYS, |file, _| npz::write(file, arrays))?);
    if let Some(neurons) = &plan.graph {
        files.push(folder.stage(GRAPH, |_, path| {
            nir::write(path, "neurons", neurons).map_err(|error| match error {
                // The message without the temporary name.
                Error::Nir { reason, .. } => reason,
                error => error.to_string(),
            })
        })?);
    }
    let text = json(summary)?;
    files.push(folder.stage(SUMMARY, |file, _| writeln!(file, "{text}"))?);
    Ok(files)
}

/// A summary as it is printed and written.
fn json(summary: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(summary).map_err(|error| Failure::fault(error.to_string()))
}
