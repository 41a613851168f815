//! `lif score`: how well a neuron predicts a recording.

mod comparison;
mod report;
mod wish;

pub use comparison::{plan, scored, steps, targets};
pub use wish::{Measures, ScoreWish, UNUSED};

use crate::advance::advance_scored;
use crate::failure::Failure;
use crate::plan::above_zero;
use crate::run::{select, start};
use crate::{layers, logging, progress, terminal};
use lif::Scorer;
use report::{Report, Score};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// Simulates the neuron and says how well it predicts.
pub fn score(wish: ScoreWish) -> Result<ExitCode, Failure> {
    let ScoreWish { measures, settings } = wish;
    logging::start(settings.quiet);
    layers::refuse_unused(
        &settings,
        "lif score",
        &UNUSED,
        "it plays a stimulus to one neuron and writes no files",
    )?;
    let plan = plan(settings)?;
    let range = scored(&measures, &plan)?;
    let targets = targets(&measures, &plan, &range)?;
    let window = steps("window", measures.window, plan.dt)?;
    let tau = above_zero("tau-distance", measures.tau_distance)? / plan.dt;
    let device = select(&plan.device)?;
    let mut scorer = Scorer::new((1, 1), targets, window)?.with_distances(tau)?;
    let mut population = start(&plan, &device)?;
    let bar = progress::bar(plan.steps, plan.settings.quiet);
    let result = advance_scored(&plan, &mut population, range.end, &mut scorer, |made| {
        bar.set_position(made);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    result?;

    let scores = measures.spikes.iter().enumerate().flat_map(|(index, path)| {
        let found = scorer.tallies(index).zip(scorer.distances(index));
        found.map(|(tally, distance)| Score::new(path.display().to_string(), tally, distance))
    });
    let together = (0..measures.spikes.len()).flat_map(|index| scorer.tallies(index)).reduce(lif::Tally::and);
    let report = Report {
        device: device.name(),
        dt_ms: plan.dt,
        window_ms: measures.window,
        tau_distance_ms: measures.tau_distance,
        from_ms: range.start as f64 * plan.dt,
        to_ms: range.end as f64 * plan.dt,
        scores: scores.collect(),
        gamma: together.map_or(0.0, |tally| tally.gamma()),
        version: env!("CARGO_PKG_VERSION"),
        settings: plan.settings()?,
    };
    let text = if plan.settings.json {
        serde_json::to_string_pretty(&report).map_err(|error| Failure::fault(error.to_string()))?
    } else {
        report.table()
    };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
