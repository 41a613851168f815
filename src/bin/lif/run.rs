//! `lif run`: from settings to files.

use crate::arguments::Settings;
use crate::events::Events;
use crate::failure::Failure;
use crate::figures::grouped;
use crate::files::{ARRAYS, Folder, PICTURE, SUMMARY};
use crate::interrupt::{self, INTERRUPTED};
use crate::npz::{self, Arrays};
use crate::picture::{self, Scene};
use crate::plan::{Drive, Plan};
use crate::summary::{Outcome, Summary};
use crate::{logging, neurons, progress, terminal};
use lif::{Device, DeviceChoice, Error, Input, Population, Recorded};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Simulates, writes the files and says what came out.
pub fn run(given: Settings) -> Result<ExitCode, Failure> {
    logging::start(given.quiet);
    let plan = Plan::new(&given)?;
    let settings = plan.settings()?;
    let mut device = select(&plan.device)?;
    if let Some(budget) = plan.settings.memory_budget {
        device = device.with_memory_budget(budget.bytes());
    }
    let memory = plan.memory_needed(&device)?;
    let mut population = Population::new(plan.params.clone(), plan.neurons, plan.batch, &device)?;
    if let Some(voltages) = neurons::initial_voltages(&plan.settings, plan.neurons, plan.batch) {
        population.set_voltages(&voltages)?;
    }
    interrupt::listen()?;
    let folder = Folder::prepare(&plan.out)?;

    let start = Instant::now();
    let recorded = simulate(&mut population, &plan)?;
    interrupt::steps_are_over();
    let wall_s = start.elapsed().as_secs_f64();

    let events = recorded.spikes.as_ref().map(Events::new).transpose()?;
    let counts = recorded.counts.clone().unwrap_or_default();
    let outcome = Outcome {
        device: &device,
        memory: &memory,
        steps: recorded.steps,
        wall_s,
        counts: &counts,
        events: events.as_ref().filter(|_| plan.record.has_all_spikes()),
    };
    let summary = Summary::new(&plan, settings, &outcome);
    let arrays = Arrays {
        events: events.as_ref(),
        counts: &counts,
        rate: recorded.rate.as_ref(),
        voltages: recorded.voltages.as_ref(),
        voltage_final: population.voltages()?,
        trace_final: if plan.params.trace.is_some() { Some(population.traces()?) } else { None },
    };
    let scene = Scene::new(&plan, &summary, &recorded, events.as_ref());
    let files = write(&folder, &plan, &summary, &arrays, &scene)?;

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

fn select(choice: &DeviceChoice) -> Result<Device, Failure> {
    Device::select(choice).map_err(|error| match (&error, choice) {
        // A misspelt name is the caller's to mend, a machine without a GPU is not.
        (Error::NoAdapter { .. }, DeviceChoice::Named(_)) => Failure::usage(error.to_string()),
        _ => error.into(),
    })
}

fn simulate(population: &mut Population, plan: &Plan) -> Result<Recorded, Failure> {
    let input = match &plan.drive {
        Drive::Same(current) => Input::constant(*current),
        Drive::Spread(currents) => Input::constant(currents),
        Drive::Stimulus(currents) => Input::sequence(currents),
    };
    let bar = progress::bar(plan.steps, plan.settings.quiet);
    let recorded = population.run_observed(plan.steps, input, &plan.recording, |made| {
        bar.set_position(made);
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    Ok(recorded?)
}

fn write(
    folder: &Folder,
    plan: &Plan,
    summary: &Summary,
    arrays: &Arrays<'_>,
    scene: &Scene<'_>,
) -> Result<Vec<PathBuf>, Failure> {
    let has_picture = !plan.settings.no_plot && !scene.is_empty();
    let mut files = Vec::new();
    if has_picture {
        files.push(folder.stage(PICTURE, |file| picture::draw(file.path(), scene))?);
    }
    files.push(folder.stage(ARRAYS, |file| npz::write(file, arrays))?);
    let text = json(summary)?;
    files.push(folder.stage(SUMMARY, |file| writeln!(file, "{text}"))?);
    folder.publish(files, (!has_picture).then_some(PICTURE))
}

fn json(summary: &Summary) -> Result<String, Failure> {
    serde_json::to_string_pretty(summary).map_err(|error| Failure::fault(error.to_string()))
}
