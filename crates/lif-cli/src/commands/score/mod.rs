//! `lif score`: how well a neuron predicts a recording.

mod experiment;
mod options;
mod report;

pub use experiment::{Experiment, experiments, steps, table};
pub use options::{CURRENT_HELP, HELP, Measures, STIMULUS_HELP, ScoreOptions, UNUSED};

use crate::failure::Failure;
use crate::numbers::understood::without_rounding;
use crate::plan::above_zero;
use crate::plan::drive;
use crate::plan::{select, start};
use crate::process::memory;
use crate::settings::Settings;
use crate::settings::layers;
use crate::settings::words::Words;
use crate::terminal;
use crate::terminal::progress;
use lif::{Device, Population, Scorer};
use report::{Report, Score};
use serde_json::{Map, Value};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// Simulates the neuron and prints its scores.
pub fn score(options: ScoreOptions) -> Result<ExitCode, Failure> {
    let ScoreOptions { words, measures, settings } = options;
    let settings = Settings { words, ..settings };
    layers::refuse_unused(
        &settings,
        "lif score",
        &UNUSED,
        "it plays a stimulus to one neuron and writes no files",
    )?;
    let experiments = experiments(&settings, &measures)?;
    let words = words_of(&experiments);
    compared(&experiments, &measures).map_err(|failure| words.explain(failure))
}

/// The words in which the user gave the settings.
pub fn words_of(experiments: &[Experiment]) -> Words {
    experiments.first().map_or_else(Words::default, |experiment| experiment.plan.settings.words.clone())
}

fn compared(experiments: &[Experiment], measures: &Measures) -> Result<ExitCode, Failure> {
    let [Experiment { plan, .. }, ..] = experiments else { return Ok(ExitCode::SUCCESS) };
    let device = select(&plan.device)?;
    let mut scores = Vec::new();
    for experiment in experiments {
        scores.extend(compare(experiment, measures, &device, experiments.len() > 1)?);
    }
    let together = scores.iter().map(|score| score.tally).reduce(lif::Tally::and);
    let report = Report {
        device: device.name(),
        dt_ms: plan.dt,
        window_ms: without_rounding(steps("window", measures.window, plan.dt)? as f64 * plan.dt),
        tau_distance_ms: measures.tau_distance,
        from_ms: experiments.iter().map(|own| own.ms(own.scored.start)).fold(f64::INFINITY, f64::min),
        to_ms: experiments.iter().map(|own| own.ms(own.scored.end)).fold(f64::NEG_INFINITY, f64::max),
        inputs: experiments.iter().flat_map(Experiment::understood).collect(),
        scores,
        gamma: together.map_or(0.0, |tally| tally.gamma()),
        version: env!("CARGO_PKG_VERSION"),
        settings: all_settings(experiments)?,
    };
    let text = if plan.settings.json {
        serde_json::to_string_pretty(&report).map_err(|error| Failure::fault(error.to_string()))?
    } else {
        report.table()
    };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Simulates the response to a stimulus, and compares its spikes with each recording.
fn compare(
    experiment: &Experiment,
    measures: &Measures,
    device: &Device,
    is_one_of_several: bool,
) -> Result<Vec<Score>, Failure> {
    let Experiment { plan, recordings, scored, .. } = experiment;
    let targets = experiment.targets(scored)?;
    let window = steps("window", measures.window, plan.dt)?;
    let tau = above_zero("tau-distance", measures.tau_distance)? / plan.dt;
    let mut scorer = Scorer::new(1, targets, window)?.with_distances(tau)?;
    let need = Population::memory_needed(&plan.params, plan.shape, device)?
        .and(plan.memory_of_input(device)?)
        .and(scorer.memory_needed(device, plan.steps));
    memory::require("the run", &need, device, "take a stimulus with fewer columns")?;
    let mut population = start(plan, device)?;
    let bar = progress::bar(plan.steps, plan.settings.quiet);
    let observe = |made| {
        bar.set_position(made);
        ControlFlow::Continue(())
    };
    let run = population.run(scored.end, drive(plan, 0..scored.end)?).score(&mut scorer);
    let result = run.observe(observe).go();
    bar.finish_and_clear();
    result?;
    let scores = recordings.iter().enumerate().flat_map(|(index, recorded)| {
        let found = scorer.tallies(index).zip(scorer.distances(index));
        found.map(|(tally, distance)| {
            let stimulus = is_one_of_several.then(|| experiment.stimulus());
            Score::new(recorded.path.display().to_string(), stimulus, tally, distance)
        })
    });
    Ok(scores.collect())
}

/// The settings of all experiments, which differ in the stimulus.
pub fn all_settings(experiments: &[Experiment]) -> Result<Map<String, Value>, Failure> {
    let [first, ..] = experiments else { return Ok(Map::new()) };
    let all = experiments.iter().flat_map(|experiment| experiment.plan.portable_settings().stimulus);
    layers::layer(&Settings { stimulus: all.collect(), ..first.plan.portable_settings() })
}
