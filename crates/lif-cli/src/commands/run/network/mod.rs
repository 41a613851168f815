//! `lif run` with a network: from settings to files.

mod by_id;
mod picture;
mod plan;
mod simulation;
mod statistics;
mod summary;
mod sweep;

use super::checkpoints::{Checkpoints, Interrupted, Kept};
use super::{exit_code, json};
use crate::failure::Failure;
use crate::files::disk::{self, Need};
use crate::files::folder::{CHOOSE_ANOTHER, Folder, MEND_IT, Staged};
use crate::files::folder_of;
use crate::files::names::{ARRAYS, GRAPH, NETWORK, OF_RUN, PICTURE, RATES, SUMMARY, SWEEP, SWEEP_PICTURE};
#[cfg(feature = "parquet")]
use crate::files::names::{RATE_COLUMNS, SPIKE_COLUMNS};
use crate::network::Description;
use crate::picture::stage;
use crate::plan::select;
use crate::process::interrupt::{self, INTERRUPTED};
use crate::process::memory;
use crate::recording::npz::{self, Arrays};
use crate::recording::spools::{Parts, Spools};
use crate::settings::{Settings, layers};
use crate::terminal;
use crate::terminal::figures::grouped;
use by_id::Rates;
use lif::{Device, MemoryNeed, Network, Population};
use picture::NetworkScene;
use plan::NetworkPlan;
use simulation::{Results, Simulation};
use statistics::OfGroup;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use summary::{NetworkSummary, Outcome};

/// Simulates a network, writes the files and prints a summary. A run that goes on has its description from its
/// checkpoint.
pub fn run(
    settings: Settings,
    described: Option<Description>,
    interrupted: Option<Interrupted>,
) -> Result<ExitCode, Failure> {
    let words = settings.words.clone();
    let plan = match (described, &interrupted) {
        (Some(description), Some(_)) => NetworkPlan::of(settings, description),
        (described, _) => NetworkPlan::new(settings, described),
    };
    plan.and_then(|plan| execute(&plan, interrupted)).map_err(|failure| words.explain(failure))
}

fn execute(plan: &NetworkPlan, interrupted: Option<Interrupted>) -> Result<ExitCode, Failure> {
    let explain = |failure: Failure| plan.description.explain(failure);
    // A resumed run cannot be changed, so the advice is different.
    let [take_less, choose_another, write_less] = match interrupted {
        None => ["take a smaller network or batch, or record less", CHOOSE_ANOTHER, disk::WRITE_LESS],
        Some(_) => ["resume it where there is more", MEND_IT, disk::MAKE_ROOM],
    };
    let network_file = (plan.description.name.clone(), plan.written());
    let kept = Kept::of_network(&plan.settings, &plan.out, plan.all_steps(), network_file);
    let checkpoints = Checkpoints::keeping(kept, interrupted.as_ref())?;
    let device = select(&plan.device)?;
    let network = plan.description.network(plan.seed, plan.options()).map_err(explain)?;
    let memory = memory_needed(plan, &network, &device).map_err(explain)?;
    memory::require("the run", &memory, &device, take_less)?;
    let out = interrupted.as_ref().map_or(plan.out.as_path(), Interrupted::folder).to_owned();
    interrupt::listen()?;
    let folder = Folder::prepare(&out, &OF_RUN, choose_another)?;
    let replaced: Vec<&str> = OF_RUN.into_iter().filter(|name| *name != GRAPH).collect();
    folder.refuse_to_replace(&plan.inputs(), &replaced)?;
    let checkpoints =
        checkpoints.map(|checkpoints| checkpoints.claim(&folder, &plan.inputs())).transpose()?;
    let partial_files = checkpoints.as_ref().map(Checkpoints::run);
    let parts = interrupted.as_ref().map(Interrupted::parts);
    disk::require(
        disk_needed(plan, parts, &out, partial_files.map(|(checkpoint, _)| checkpoint))?,
        write_less,
    )?;

    let start = Instant::now();
    let (population, spools, wall_s) = match interrupted {
        Some(interrupted) => interrupted.take_up_network(&network, &plan.record, &device, &folder)?,
        None => {
            folder.tidy();
            let mut population =
                network.build(plan.shape.batch, &device).map_err(|error| explain(error.into()))?;
            population.set_seed(plan.seed)?;
            if let Some(voltages) = plan.description.initial_voltages(plan.shape.batch, plan.seed) {
                population.set_voltages(&voltages)?;
            }
            if interrupt::is_requested() {
                let message = "interrupted before the first step; nothing is written";
                return Err(Failure::Interrupted(message.to_owned()));
            }
            (population, Spools::create(&folder, &plan.record, partial_files, true)?, 0.0)
        }
    };
    let build_s = start.elapsed().as_secs_f64();
    let results = Results::new(plan, spools)?;
    let drive = plan.description.drive();
    let mut simulation =
        Simulation { plan, drive: &drive, checkpoints: checkpoints.as_ref(), population, wall_s };
    let result = simulation.run(results);
    let (made, all) = (simulation.population.steps(), plan.all_steps());
    let with_resume_advice = |failure| match &checkpoints {
        Some(checkpoints) => checkpoints.after(failure, made, made == all),
        None => failure,
    };
    let mut results = result.map_err(with_resume_advice)?;
    if made < all
        && let Some(checkpoints) = &checkpoints
    {
        let of_warmup = if plan.warmup > 0 { " (with those of the warm-up)" } else { "" };
        terminal::complain(&format!(
            "interrupted after {} of {} steps{of_warmup}; {}",
            grouped(made),
            grouped(all),
            checkpoints.interrupted_advice(&results.spools)
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if made < plan.warmup {
        return Err(Failure::Interrupted("interrupted during the warm-up; nothing is written".to_owned()));
    }
    interrupt::steps_are_over();

    let of_run = OfRun { device: &device, memory: &memory, build_s };
    // The checkpoint is removed when the results exist, so they have to be on the disk.
    let must_last = checkpoints.is_some();
    let finished = finish(&folder, &of_run, &mut simulation, &mut results, must_last);
    let (summary, files) = finished.map_err(with_resume_advice)?;
    if let Some(checkpoints) = checkpoints {
        checkpoints.finish()?;
    }
    results.spools.release_files();
    drop(results);

    if plan.settings.json {
        terminal::print(&json(&summary)?)?;
    } else {
        terminal::print(&summary.table(plan.steps, &files))?;
    }
    Ok(exit_code(summary.interrupted, summary.steps, plan.steps))
}

/// What is known of a run before its steps.
struct OfRun<'a> {
    device: &'a Device,
    memory: &'a MemoryNeed,
    build_s: f64,
}

/// Sums up, and writes the files.
fn finish(
    folder: &Folder,
    of_run: &OfRun<'_>,
    simulation: &mut Simulation<'_>,
    results: &mut Results,
    must_last: bool,
) -> Result<(NetworkSummary, Vec<PathBuf>), Failure> {
    let plan = simulation.plan;
    results.spools.flush()?;
    let steps = simulation.steps();
    let groups = results.statistics.of_groups(steps, plan.description.dt);
    let outcome = Outcome {
        device: of_run.device,
        memory: of_run.memory,
        synapses: simulation.population.synapses(),
        build_s: of_run.build_s,
        steps,
        wall_s: simulation.wall_s,
        groups: &groups,
        hash: results.statistics.hash(),
    };
    let summary = NetworkSummary::new(plan, layers::layer(&plan.settings)?, &outcome);
    let files = write(plan, folder, &summary, &groups, results, &mut simulation.population)?;
    let files = folder.publish(files, &plan.inputs(), must_last)?;
    Ok((summary, files))
}

/// What the run will write: recordings, results and checkpoints. A resumed run has written some of it.
fn disk_needed(
    plan: &NetworkPlan,
    parts: Option<&Parts>,
    out: &Path,
    checkpoint: Option<&Path>,
) -> Result<Vec<Need>, Failure> {
    let known = plan.record.known_bytes(plan.shape, plan.steps)?;
    let bytes_of = |name: &str| parts.and_then(|parts| parts.get(name)).map_or(0, |part| part.bytes());
    let cells = plan.shape.cells() as u64;
    let ids = if plan.description.has_ids() { 8 * plan.shape.n as u64 } else { 0 };
    let all = known.iter().fold(8 * cells + ids, |sum, (_, bytes)| sum.saturating_add(*bytes));
    let left = known
        .iter()
        .fold(8 * cells + ids, |sum, (name, bytes)| sum.saturating_add(bytes.saturating_sub(bytes_of(name))));
    let mut needs = vec![Need::new(out, [("the recording", left), ("the results with it", all)])];
    if let Some(checkpoint) = checkpoint {
        // A new one is written before the last one is removed.
        let copies = if parts.is_some() { 1 } else { 2 };
        needs.push(Need::new(out, [("the statistics so far", copies * statistics::BYTES_PER_CELL * cells)]));
        needs.push(Need::new(folder_of(checkpoint), [("the checkpoints", copies * 12 * cells)]));
    }
    Ok(needs)
}

/// The memory of the population, its input, its recording and its statistics. Refuses more than the budget.
fn memory_needed(plan: &NetworkPlan, network: &Network, device: &Device) -> Result<MemoryNeed, Failure> {
    let recording = plan.recording.memory_needed_in_blocks(plan.steps, plan.shape, device);
    let cells = plan.shape.cells() as u64;
    let rows = plan.shape.batch as u64 * plan.description.groups.len() as u64;
    let statistics = cells * statistics::BYTES_PER_CELL + rows * statistics::BYTES_PER_ROW;
    let need = network
        .memory_needed(plan.shape.batch, device)?
        .and(recording)
        .and(MemoryNeed::of("the input", plan.description.bytes_of_drive(), 0))
        .and(MemoryNeed::of("the positions of the neurons", plan.description.position_bytes(), 0))
        .and(MemoryNeed::of("the statistics of the spikes", statistics, 0));
    plan.options().require_within_budget(&need, "the run")?;
    Ok(need)
}

fn write(
    plan: &NetworkPlan,
    folder: &Folder,
    summary: &NetworkSummary,
    groups: &[OfGroup],
    results: &Results,
    population: &mut Population,
) -> Result<Vec<Staged>, Failure> {
    let mut files = Vec::new();
    if let Some(of_rows) = &summary.sweep {
        files.push(folder.stage(SWEEP, |file, _| of_rows.write(&mut BufWriter::new(file)))?);
    }
    if plan.settings.no_plot || summary.steps == 0 {
        // No picture.
    } else if let Some(of_rows) = &summary.sweep {
        let title = picture::title(summary);
        files.extend(stage(folder, SWEEP_PICTURE, |path| sweep::picture::draw(path, &title, of_rows))?);
    } else {
        let scene = NetworkScene::new(plan, summary, groups, &results.statistics.sample);
        files.extend(stage(folder, PICTURE, |path| picture::draw(path, &scene))?);
    }
    let counts = population.counts()?;
    if let Some(rates) = Rates::new(plan, &counts, summary.steps) {
        files.push(folder.stage(RATES, |file, _| rates.write(&mut BufWriter::new(file)))?);
        #[cfg(feature = "parquet")]
        {
            files.push(folder.stage(RATE_COLUMNS, |file, _| by_id::write_rates(file, &rates))?);
            if let Some(events) = results.spools.events() {
                files.push(folder.stage(SPIKE_COLUMNS, |file, _| by_id::write_spikes(file, plan, &events))?);
            }
        }
    }
    drop(counts);
    let voltage_neurons = plan.record.voltage_neurons(plan.shape.n)?.into();
    let ids = plan.description.ids().map(Into::into);
    let mut arrays = Arrays { spools: &results.spools, population, voltage_neurons, ids };
    files.push(folder.stage(ARRAYS, |file, _| npz::write(file, &mut arrays))?);
    let text = plan.written();
    files.push(folder.stage(NETWORK, |file, _| write!(file, "{text}"))?);
    let text = json(summary)?;
    files.push(folder.stage(SUMMARY, |file, _| writeln!(file, "{text}"))?);
    Ok(files)
}
