//! `lif run` with a network: from settings to files.

mod picture;
mod plan;
mod simulation;
mod statistics;
mod summary;

use crate::failure::Failure;
use crate::files::disk::{self, Need};
use crate::files::folder::{CHOOSE_ANOTHER, Folder, Staged};
use crate::files::names::{ARRAYS, GRAPH, NETWORK, OF_RUN, PICTURE, SUMMARY};
use crate::network::{Description, built};
use crate::picture::stage;
use crate::plan::select;
use crate::process::interrupt::{self, INTERRUPTED};
use crate::process::memory;
use crate::recording::npz::{self, Arrays};
use crate::recording::spools::Spools;
use crate::settings::{Settings, layers};
use crate::terminal;
use crate::terminal::figures::grouped;
use lif::{Device, MemoryNeed, Network, Population};
use picture::NetworkScene;
use plan::NetworkPlan;
use simulation::{Simulated, simulate};
use statistics::OfGroup;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;
use summary::{NetworkSummary, Outcome};

/// Simulates a network, writes the files and prints a summary.
pub fn run(settings: Settings, described: Option<Description>) -> Result<ExitCode, Failure> {
    let words = settings.words.clone();
    NetworkPlan::new(settings, described)
        .and_then(|plan| execute(&plan))
        .map_err(|failure| words.explain(failure))
}

fn execute(plan: &NetworkPlan) -> Result<ExitCode, Failure> {
    let explain = |failure: Failure| plan.description.explain(failure);
    let device = select(&plan.device)?;
    let network = plan.description.network(plan.seed, plan.options()).map_err(explain)?;
    let memory = memory_needed(plan, &network, &device).map_err(explain)?;
    memory::require("the run", &memory, &device, "take a smaller network or batch, or record less")?;
    interrupt::listen()?;
    let folder = Folder::prepare(&plan.out, &OF_RUN, CHOOSE_ANOTHER)?;
    let replaced: Vec<&str> = OF_RUN.into_iter().filter(|name| *name != GRAPH).collect();
    folder.refuse_to_replace(&plan.inputs(), &replaced)?;
    let known = plan.record.known_bytes(plan.shape, plan.steps)?;
    let bytes =
        known.iter().fold(8 * plan.shape.cells() as u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
    disk::require(
        vec![Need::new(&plan.out, [("the recording", bytes), ("the results with it", bytes)])],
        disk::WRITE_LESS,
    )?;
    folder.tidy();

    let start = Instant::now();
    let mut population = network.build(plan.shape.batch, &device).map_err(|error| explain(error.into()))?;
    let build_s = start.elapsed().as_secs_f64();
    population.set_seed(plan.seed)?;
    if let Some(voltages) = plan.description.initial_voltages(plan.shape.batch, plan.seed) {
        population.set_voltages(&voltages)?;
    }
    if interrupt::is_requested() {
        let message = "interrupted before the first step; nothing is written";
        return Err(Failure::Interrupted(message.to_owned()));
    }
    let drive = plan.description.drive();
    let spools = Spools::create(&folder, &plan.record, None)?;
    let mut simulated = simulate(plan, &drive, &mut population, spools)?;
    interrupt::steps_are_over();

    simulated.spools.flush()?;
    let groups = simulated.statistics.of_groups(simulated.steps, plan.description.dt);
    let outcome = Outcome {
        device: &device,
        memory: &memory,
        synapses: population.synapses(),
        build_s,
        steps: simulated.steps,
        wall_s: simulated.wall_s,
        groups: &groups,
        hash: simulated.statistics.hash(),
    };
    let summary = NetworkSummary::new(plan, layers::layer(&plan.settings)?, &outcome);
    let files = write(plan, &folder, &summary, &groups, &mut simulated, &mut population)?;
    let files = folder.publish(files, &plan.inputs(), false)?;
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

/// The memory of the population, its input, its recording and its statistics. Refuses more than the budget.
fn memory_needed(plan: &NetworkPlan, network: &Network, device: &Device) -> Result<MemoryNeed, Failure> {
    let recording = plan.recording.memory_needed_in_blocks(plan.steps, plan.shape, device);
    let cells = plan.shape.cells() as u64;
    let statistics = cells.saturating_mul(statistics::BYTES_PER_CELL);
    let need = network
        .memory_needed(plan.shape.batch, device)?
        .and(recording)
        .and(MemoryNeed::of("the input", built::bytes_of_drive(plan.shape), 0))
        .and(MemoryNeed::of("the statistics of the spikes", statistics, 0));
    plan.options().require_within_budget(&need, "the run")?;
    Ok(need)
}

fn write(
    plan: &NetworkPlan,
    folder: &Folder,
    summary: &NetworkSummary,
    groups: &[OfGroup],
    simulated: &mut Simulated,
    population: &mut Population,
) -> Result<Vec<Staged>, Failure> {
    let mut files = Vec::new();
    if !plan.settings.no_plot && simulated.steps > 0 {
        let scene = NetworkScene::new(plan, summary, groups, &simulated.statistics.sample);
        files.extend(stage(folder, PICTURE, |path| picture::draw(path, &scene))?);
    }
    let voltage_neurons = plan.record.voltage_neurons(plan.shape.n)?.into();
    let mut arrays = Arrays { spools: &simulated.spools, population, voltage_neurons };
    files.push(folder.stage(ARRAYS, |file, _| npz::write(file, &mut arrays))?);
    let text = plan.written();
    files.push(folder.stage(NETWORK, |file, _| write!(file, "{text}"))?);
    let text = json(summary)?;
    files.push(folder.stage(SUMMARY, |file, _| writeln!(file, "{text}"))?);
    Ok(files)
}

fn json(summary: &NetworkSummary) -> Result<String, Failure> {
    serde_json::to_string_pretty(summary).map_err(|error| Failure::fault(error.to_string()))
}
