//! `lif fit`: a neuron fitted to a recording.

mod checkpoint;
mod options;
mod picture;
mod report;
mod space;
mod stimuli;

pub use options::{FitOptions, HELP, Objective, UNUSED};
pub use report::{Generation, Report};
pub use space::Vary;

use crate::commands::score::{self, Experiment, Measures};
use crate::failure::Failure;
use crate::files::claim::claim;
use crate::files::folder::{CHOOSE_ANOTHER, Folder};
use crate::files::names::{FIT, FIT_PICTURE, NEURON, OF_FIT};
use crate::numbers::understood::without_rounding;
use crate::picture::stage;
use crate::plan::{Plan, above_zero, select};
use crate::process::interrupt::{self, INTERRUPTED};
use crate::process::memory;
use crate::settings::Settings;
use crate::settings::{layers, presets};
use crate::stimulus::Stimulus;
use crate::terminal;
use crate::terminal::progress;
use crc32fast::Hasher;
use lif::fit::{Evolution, Fit, Varied};
use lif::{Device, MemoryNeed, Target};
use options::SearchOptions;
use picture::FitScene;
use report::{Best, Window};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::ops::Range;
use std::process::ExitCode;

/// The length of the picture, ms.
const SHOWN_MS: f64 = 1000.0;

/// Searches, and writes the results.
pub fn fit(options: FitOptions) -> Result<ExitCode, Failure> {
    let FitOptions { words, measures, search, settings } = options;
    let settings = Settings { words, ..settings };
    layers::refuse_unused(
        &settings,
        "lif fit",
        &UNUSED,
        "a stimulus drives neurons from rest; --candidates says how many",
    )?;
    let experiments = score::experiments(&settings, &measures)?;
    let words = score::words_of(&experiments);
    fitted(experiments, &measures, &search, &settings).map_err(|failure| words.explain(failure))
}

fn fitted(
    mut experiments: Vec<Experiment>,
    measures: &Measures,
    search: &SearchOptions,
    settings: &Settings,
) -> Result<ExitCode, Failure> {
    let checkpoint = settings.checkpoint.as_deref();
    let splits: Vec<u64> = experiments
        .iter()
        .map(|experiment| {
            refuse_unused_in_a_file(&experiment.plan)?;
            stimuli::split(search.split, experiment)
        })
        .collect::<Result<_, _>>()?;
    require_memory(&experiments, search)?;
    let vary = stimuli::parameters(&search.vary, &mut experiments, &splits)?;
    let [Experiment { plan, .. }, ..] = &experiments[..] else { return Ok(ExitCode::SUCCESS) };
    refuse_graph_parameters(plan, &vary)?;
    let train = targets(&experiments, |index, scored| scored.start..splits[index])?;
    let held_out = targets(&experiments, |index, scored| splits[index]..scored.end)?;
    let varies_delay = vary.iter().any(|vary| vary.0.parameter == Varied::StimulusDelay);
    let currents = stimuli::currents(&experiments, varies_delay)?;
    let device = select(&plan.device)?;
    let (window, tau) = (
        score::steps("window", measures.window, plan.dt)?,
        above_zero("tau-distance", measures.tau_distance)? / plan.dt,
    );
    let bounds = vary.iter().map(|vary| vary.0).collect();
    let fit = Fit {
        window,
        tau,
        objective: search.objective.into(),
        ..Fit::new(&device, plan.params.clone(), bounds, currents)?
    };
    let search_id = search_id(plan, &fit, (search, &vary), &[&train[..], &held_out].concat())?;
    let shape = (plan.seed, search.candidates as usize, vary.len());
    // From here on an interrupt has something to remove.
    interrupt::listen()?;
    let folder = Folder::prepare(&plan.out, &OF_FIT, CHOOSE_ANOTHER)?;
    let mut inputs = settings.inputs();
    for Experiment { plan, recordings, .. } in &experiments {
        inputs.extend(plan.settings.inputs());
        inputs.extend(recordings.iter().map(|recorded| ("spikes", recorded.path.as_path())));
    }
    folder.refuse_to_replace(&inputs, &OF_FIT)?;
    folder.tidy();
    // Before it is read, so that no other search uses it. Released at the end.
    let _claim = checkpoint.map(|path| claim(path, "checkpoint", &folder, &inputs)).transpose()?;
    let restored = checkpoint.map(|path| checkpoint::read(path, &search_id, shape)).transpose()?.flatten();
    let mut evolution = restored.unwrap_or_else(|| fit.search(shape.0, shape.1));
    evolve(&mut evolution, &fit, &train, search, plan.settings.quiet, |evolution| {
        checkpoint.map_or(Ok(()), |path| checkpoint::save(path, &search_id, evolution))
    })?;
    if evolution.generation() == 0 {
        return Err(Failure::Interrupted(
            "interrupted before the first generation was scored; nothing is written".to_owned(),
        ));
    }
    interrupt::steps_are_over();

    let places = fit.best(&evolution, search.best as usize);
    let (scores, events) = fit.results(&places, [&train, &held_out])?;
    // The ranking can change, as the search shifts the spikes in place of the stimulus.
    let values = scores.iter().map(|parts| fit.objective.value(report::combined(parts, 0)));
    let values: Vec<f64> = values.collect();
    let mut ranking: Vec<usize> = (0..places.len()).collect();
    ranking.sort_by(|one, other| values[*other].total_cmp(&values[*one]));
    let sets: Vec<Map<String, Value>> =
        ranking.iter().map(|candidate| parameters_at(&vary, &places[*candidate], plan.dt)).collect();
    let recordings = recordings(&experiments);
    let best = sets.iter().zip(&ranking);
    let best = best.map(|(set, candidate)| Best::new(set.clone(), &recordings, &scores[*candidate]));
    let windows = experiments.iter().zip(&splits).map(|(experiment, split)| Window {
        stimulus: experiment.stimulus(),
        from_ms: experiment.ms(experiment.scored.start),
        split_ms: experiment.ms(*split),
        to_ms: experiment.ms(experiment.scored.end),
    });
    let report = Report {
        device: device.name(),
        dt_ms: plan.dt,
        objective: search.objective,
        vary: vary.clone(),
        candidates: search.candidates as usize,
        inputs: experiments.iter().flat_map(Experiment::understood).collect(),
        windows: windows.collect(),
        window_ms: without_rounding(window as f64 * plan.dt),
        tau_distance_ms: measures.tau_distance,
        best: best.collect(),
        generations: evolution.history.iter().copied().map(Generation::from).collect(),
        seed: plan.seed,
        version: env!("CARGO_PKG_VERSION"),
        interrupted: is_cut_short(&evolution, search),
        settings: score::all_settings(&experiments)?,
    };
    let scene = (!plan.settings.no_plot).then(|| {
        let (split, end) = (splits[0], experiments[0].scored.end);
        let end = end.min(split + (SHOWN_MS / plan.dt) as u64);
        let of_the_first = held_out.iter().filter(|target| target.row() == Some(0));
        let spikes_of = |rank: usize| {
            let own =
                events.iter().filter(|event| event.batch == 0 && event.neuron as usize == ranking[rank]);
            own.map(|event| event.step).collect()
        };
        FitScene {
            report: &report,
            shown: split..end,
            experiment: &experiments[0],
            current: fit.currents.column(0).iter().copied().take(end as usize).skip(split as usize).collect(),
            recorded: of_the_first.map(|target| target.spikes().to_vec()).collect(),
            predicted: (0..places.len()).map(spikes_of).collect(),
            places: evolution.places.clone(),
            scores: evolution.scores.clone(),
        }
    });
    let json = serde_json::to_string_pretty(&report).map_err(|error| Failure::fault(error.to_string()))?;
    let fires_constantly = ranking.first().is_some_and(|best| fit.fires_constantly(&places[*best]));
    let neuron = neuron(plan, sets.first(), experiments.len(), fires_constantly)?;
    let mut files = Vec::new();
    if let Some(scene) = &scene {
        files.extend(stage(&folder, FIT_PICTURE, |path| picture::draw(path, scene))?);
    }
    files.push(folder.stage(NEURON, |file, _| file.write_all(neuron.as_bytes()))?);
    files.push(folder.stage(FIT, |file, _| writeln!(file, "{json}"))?);
    let files = folder.publish(files, &inputs, checkpoint.is_some())?;
    terminal::print(&if plan.settings.json { json } else { report.table(&files) })?;
    if report.interrupted {
        terminal::complain(&format!(
            "interrupted after {} of {} generations; the files hold the best until then",
            evolution.generation() - 1,
            search.generations
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses stimuli and candidates that do not fit into memory. The simulation and the scores check their own
/// memory.
fn require_memory(experiments: &[Experiment], search: &SearchOptions) -> Result<(), Failure> {
    let value = size_of::<f32>() as u64;
    let steps = experiments.iter().map(|experiment| experiment.scored.end);
    let longest = steps.clone().max().unwrap_or(0);
    // All next to each other, one on its way there, and all in a row to find their mean.
    let stimuli = longest.saturating_mul(experiments.len() as u64 + 1).saturating_add(2 * steps.sum::<u64>());
    // A place has a number for each parameter. There are those of this generation and the next, and copies.
    let place = (size_of::<Vec<f64>>() + size_of_val(&[0.0; Varied::ALL.len()])) as u64;
    let need = MemoryNeed::of("the stimuli", stimuli.saturating_mul(value), 0);
    let need = need.and(MemoryNeed::of("the candidates", u64::from(search.candidates) * place * 4, 0));
    memory::require("the search", &need, &Device::cpu(), "take shorter stimuli or fewer --candidates")
}

/// The recorded spikes in some steps of each experiment. The stimulus of experiment k drives batch row k.
fn targets(
    experiments: &[Experiment],
    part: impl Fn(usize, &Range<u64>) -> Range<u64>,
) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for (index, experiment) in experiments.iter().enumerate() {
        let own = experiment.targets(&part(index, &experiment.scored))?;
        targets.extend(own.into_iter().map(|target| target.in_row(index)));
    }
    Ok(targets)
}

/// The files of each recording and its stimulus, in the order of the targets.
fn recordings(experiments: &[Experiment]) -> Vec<(String, String)> {
    let of_one = |experiment: &Experiment| {
        let stimulus = experiment.stimulus();
        let spikes = experiment.recordings.iter().map(|recorded| recorded.path.display().to_string());
        spikes.map(|spikes| (spikes, stimulus.clone())).collect::<Vec<_>>()
    };
    experiments.iter().flat_map(of_one).collect()
}

/// Refuses settings from a file that candidates do not have.
fn refuse_unused_in_a_file(plan: &Plan) -> Result<(), Failure> {
    let settings = &plan.settings;
    let unused = [
        ("input", !plan.random.is_empty()),
        ("events", plan.trains.is_some()),
        ("init-voltage", settings.init_voltage.is_some()),
    ];
    if let Some((name, _)) = unused.into_iter().find(|(_, is_there)| *is_there) {
        return Err(Failure::of(name, format!("the settings have {name}, for which lif fit has no use")));
    }
    if presets::of_simulator(settings, 1)?.is_some() {
        let message = format!(
            "the preset {} has its own names of parameters; lif fit varies those of lif run: take origin, normalised or \
             receptor",
            plan.preset
        );
        return Err(Failure::of("preset", message));
    }
    Ok(())
}

/// Refuses to vary what a NIR graph gives.
fn refuse_graph_parameters(plan: &Plan, vary: &[Vary]) -> Result<(), Failure> {
    let stays = [Varied::TRef, Varied::StimulusDelay];
    match vary.iter().find(|vary| plan.settings.nir.is_some() && !stays.contains(&vary.0.parameter)) {
        None => Ok(()),
        Some(vary) => {
            let message = format!(
                "{} is said by the NIR graph; with --nir only t-ref and stimulus-delay can be varied, as --vary \
                 stimulus-delay=0:20",
                vary.name()
            );
            Err(Failure::of("vary, nir", message))
        }
    }
}

/// The identity of a search. It does not depend on the number of generations.
fn search_id(
    plan: &Plan,
    fit: &Fit,
    (search, vary): (&SearchOptions, &[Vary]),
    targets: &[Target],
) -> Result<String, Failure> {
    let mut hasher = Hasher::new();
    fit.currents.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
    for target in targets {
        hasher.update(&(target.spikes().len() as u64).to_le_bytes());
        target.spikes().iter().for_each(|step| hasher.update(&step.to_le_bytes()));
    }
    let mut settings = plan.settings()?;
    settings.retain(|name, _| {
        !["device", "out", "json", "no-plot", "quiet", "memory-budget", "stimulus"].contains(&&**name)
    });
    let scored = |target: &Target| (target.row(), target.range().start, target.range().end);
    let ranges: Vec<_> = targets.iter().map(scored).collect();
    let search_id = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": settings,
        "graph": plan.graph_checksum,
        "vary": vary,
        "objective": search.objective,
        "candidates": search.candidates,
        "window": fit.window,
        "tau": fit.tau,
        "scored": ranges,
        "data": hasher.finalize(),
    });
    Ok(search_id.to_string())
}

/// Breeds the remaining generations, or until an interrupt.
fn evolve(
    evolution: &mut Evolution,
    fit: &Fit,
    train: &[Target],
    search: &SearchOptions,
    quiet: bool,
    mut keep: impl FnMut(&Evolution) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = progress::generations(all_generations(search) as u64, quiet);
    while is_cut_short(evolution, search) && !interrupt::is_requested() {
        if fit.breed(evolution, train, interrupt::control_flow)?.is_break() {
            break;
        }
        keep(evolution)?;
        bar.set_position(evolution.generation() as u64);
        if let Some(last) = evolution.history.last() {
            bar.set_message(format!("best {:.4}", last.best));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Whether generations are missing. An interrupt after the last one changes nothing.
fn is_cut_short(evolution: &Evolution, search: &SearchOptions) -> bool {
    evolution.generation() < all_generations(search)
}

/// The number of generations with the random one at the start.
fn all_generations(search: &SearchOptions) -> usize {
    search.generations as usize + 1
}

/// The parameters at a place, by the names of the options.
fn parameters_at(vary: &[Vary], place: &[f64], dt: f64) -> Map<String, Value> {
    let value = |vary: &Vary, x: f64| {
        // The shortest number that reads as the same.
        let value = vary.0.value(x, dt);
        value.to_string().parse::<f64>().unwrap_or(f64::from(value))
    };
    vary.iter().zip(place).map(|(vary, x)| (vary.name(), value(vary, *x).into())).collect()
}

/// The best neuron as a settings file, with the first of the stimuli.
fn neuron(
    plan: &Plan,
    best: Option<&Map<String, Value>>,
    stimuli: usize,
    fires_constantly: bool,
) -> Result<String, Failure> {
    let mut settings = plan.settings()?;
    settings.retain(|name, _| {
        !["device", "out", "json", "no-plot", "quiet", "memory-budget", "duration", "steps", "record", "seed"]
            .contains(&&**name)
    });
    let is_from_pipe = plan.stimulus().is_some_and(Stimulus::is_from_pipe);
    if is_from_pipe {
        settings.remove("stimulus");
    }
    if fires_constantly {
        settings.insert("allow-constant-firing".to_owned(), true.into());
    }
    settings.extend(best.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    let text = toml::to_string(&settings).map_err(|error| Failure::fault(error.to_string()))?;
    let of_several = format!("# Its stimulus is the first of {stimuli}.\n");
    let remark = match () {
        () if is_from_pipe => "# Its stimulus came through a pipe; add --stimulus FILE.\n",
        () if stimuli > 1 => &of_several,
        () => "",
    };
    Ok(format!(
        "# A neuron fitted to a recording by lif fit. Run it with `lif run --config`.\n{remark}{text}"
    ))
}
