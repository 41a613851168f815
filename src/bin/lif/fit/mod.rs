//! `lif fit`: a neuron fitted to a recording.

mod evolution;
mod kept;
mod report;
mod space;
mod trial;
mod wish;

pub use evolution::Generation;
pub use report::Report;
pub use wish::{FitWish, HELP, UNUSED};

use crate::failure::Failure;
use crate::files::{FIT, FIT_PICTURE, Folder, NEURON};
use crate::interrupt::{self, INTERRUPTED};
use crate::picture::{self, FitScene};
use crate::plan::{Drive, Plan, above_zero};
use crate::score;
use crate::stimulus::Transform;
use crate::{layers, logging, presets, progress, run, terminal};
use crc32fast::Hasher;
use evolution::Evolution;
use lif::Target;
use report::Best;
use serde_json::{Map, Value, json};
use space::{Name, Vary};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use trial::Trial;
use wish::SearchWish;

/// Time that the picture shows, ms.
const SHOWN_MS: f64 = 1000.0;

/// Searches, and writes what was found.
pub fn fit(wish: FitWish) -> Result<ExitCode, Failure> {
    let FitWish { measures, search, settings } = wish;
    logging::start(settings.quiet);
    layers::refuse_unused(
        &settings,
        "lif fit",
        &UNUSED,
        "a stimulus drives neurons from rest; --candidates says how many",
    )?;
    let checkpoint = settings.checkpoint.clone();
    let mut plan = score::plan(settings)?;
    refuse_unused_in_a_file(&plan)?;
    let range = score::scored(&measures, &plan)?;
    let split = match search.split {
        Some(ms) => score::steps("split", ms, plan.dt)?,
        None => range.start.midpoint(range.end),
    };
    if !(range.start + 1..range.end).contains(&split) {
        return Err(Failure::usage(format!(
            "split is {} ms; it must lie between from and to, {} and {} ms",
            split as f64 * plan.dt,
            range.start as f64 * plan.dt,
            range.end as f64 * plan.dt
        )));
    }
    let train = score::targets(&measures, &plan, &(range.start..split))?;
    let held_out = score::targets(&measures, &plan, &(split..range.end))?;

    let vary = parameters(&search.vary, &mut plan, split)?;
    let vary: Vec<Vary> = vary.into_iter().map(|vary| vary.in_steps(plan.dt)).collect();
    let trial = Trial {
        device: run::device(&plan)?,
        params: plan.params.clone(),
        current: current(&plan, range.end, vary.iter().any(|vary| vary.name == Name::StimulusDelay))?,
        vary,
        window: score::steps("window", measures.window, plan.dt)?,
        tau: above_zero("tau-distance", measures.tau_distance)? / plan.dt,
    };
    let aim = aim(&plan, &trial, &search, &[&train[..], &held_out].concat())?;
    let shape = (plan.seed, search.candidates as usize, trial.vary.len());
    let kept = checkpoint.as_deref().map(|path| kept::read(path, &aim, shape)).transpose()?.flatten();
    let mut evolution = kept.unwrap_or_else(|| Evolution::new(shape.0, shape.1, shape.2));
    interrupt::listen()?;
    let folder = Folder::prepare(&plan.out)?;
    evolve(&mut evolution, &trial, &train, &search, plan.settings.quiet, |evolution| {
        checkpoint.as_deref().map_or(Ok(()), |path: &Path| kept::save(path, &aim, evolution))
    })?;
    if evolution.generation() == 0 {
        return Err(Failure::fault("interrupted before the first generation was scored"));
    }
    interrupt::steps_are_over();

    let places = best_places(&evolution, &trial.vary, search.best as usize);
    let (parts, events) = trial.results(&places, &[&train, &held_out])?;
    let sets: Vec<Map<String, Value>> = places.iter().map(|place| named(&trial.vary, place)).collect();
    let best = sets.iter().enumerate().map(|(rank, set)| {
        let of = |part: usize| parts[part][rank];
        Best::new(set.clone(), of(0), of(1))
    });
    let ms = |steps: u64| steps as f64 * plan.dt;
    let report = Report {
        device: trial.device.name(),
        dt_ms: plan.dt,
        objective: search.objective,
        vary: trial.vary.clone(),
        candidates: search.candidates as usize,
        from_ms: ms(range.start),
        split_ms: ms(split),
        to_ms: ms(range.end),
        window_ms: measures.window,
        tau_distance_ms: measures.tau_distance,
        best: best.collect(),
        generations: evolution.history.clone(),
        seed: plan.seed,
        version: env!("CARGO_PKG_VERSION"),
        interrupted: interrupt::asked(),
        settings: plan.settings()?,
    };
    let scene = (!plan.settings.no_plot).then(|| {
        let end = range.end.min(split + (SHOWN_MS / plan.dt) as u64);
        FitScene {
            report: &report,
            shown: split..end,
            dt: plan.dt,
            current: trial.current[split as usize..end as usize].to_vec(),
            recorded: held_out.iter().map(|target| target.spikes().to_vec()).collect(),
            predicted: (0..places.len())
                .map(|rank| {
                    events
                        .iter()
                        .filter(|event| event.neuron as usize == rank)
                        .map(|event| event.step)
                        .collect()
                })
                .collect(),
            places: evolution.places.clone(),
            scores: evolution.scores.clone(),
        }
    });
    let json = serde_json::to_string_pretty(&report).map_err(|error| Failure::fault(error.to_string()))?;
    let neuron = neuron(&plan, sets.first())?;
    let mut files = Vec::new();
    if let Some(scene) = &scene {
        files.push(folder.stage(FIT_PICTURE, |file| picture::draw_fit(file.path(), scene))?);
    }
    files.push(folder.stage(FIT, |file| writeln!(file, "{json}"))?);
    files.push(folder.stage(NEURON, |file| file.write_all(neuron.as_bytes()))?);
    let files = folder.publish(files, scene.is_none().then_some(FIT_PICTURE))?;
    terminal::print(&if plan.settings.json { json } else { report.table(&files) })?;
    if report.interrupted {
        terminal::complain(&format!(
            "interrupted after {} of {} generations; the files hold the best until then",
            evolution.generation(),
            search.generations
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a settings file may ask for that candidates do not have.
fn refuse_unused_in_a_file(plan: &Plan) -> Result<(), Failure> {
    let settings = &plan.settings;
    let unused = [
        ("input", !plan.random.is_empty()),
        ("events", plan.trains.is_some()),
        ("init-voltage", settings.init_voltage.is_some()),
    ];
    if let Some((name, _)) = unused.into_iter().find(|(_, is_there)| *is_there) {
        return Err(Failure::usage(format!("the settings have {name}, for which lif fit has no use")));
    }
    if presets::of_a_system(settings, 1)?.is_some() {
        return Err(Failure::usage(format!(
            "the preset {} has its own names of parameters; lif fit varies those of lif run: take origin, normalised or \
             receptor",
            plan.preset
        )));
    }
    Ok(())
}

/// The current at each step; without its delay where that is varied.
fn current(plan: &Plan, steps: u64, varies_delay: bool) -> Result<Vec<f32>, Failure> {
    let Drive::Stimulus(stimulus, transform) = &plan.drive else { return Ok(vec![0.0; steps as usize]) };
    let delay = if varies_delay { 0.0 } else { transform.delay };
    let transform = Transform { delay, ..*transform };
    let mut current = Vec::with_capacity(steps as usize);
    for block in stimulus.currents(0..steps, plan.dt, transform)? {
        current.extend(block?);
    }
    Ok(current)
}

/// What is varied. Where nobody said how the stimulus is scaled, it gets mean 0 and standard deviation 1
/// in what is fitted, so that bounds can be told that fit any stimulus.
fn parameters(asked: &[Vary], plan: &mut Plan, split: u64) -> Result<Vec<Vary>, Failure> {
    if let Some(twice) =
        (1..asked.len()).find(|index| asked[..*index].iter().any(|vary| vary.name == asked[*index].name))
    {
        return Err(Failure::usage(format!("{} is varied twice", asked[twice].name.text())));
    }
    if !asked.is_empty() {
        return Ok(asked.to_vec());
    }
    let current = current(plan, split, true)?;
    let Drive::Stimulus(_, transform) = &mut plan.drive else { return Ok(Vec::new()) };
    if transform.scale != 1.0 || transform.offset != 0.0 || transform.rectify {
        return Err(Failure::usage(
            "with a scaled or rectified stimulus the bounds are yours to say: add --vary tau-m=0.5:30:log --vary \
             resistance=LO:HI:log ...",
        ));
    }
    let count = current.len() as f64;
    let mean = current.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = current.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    if variance <= 0.0 {
        return Err(Failure::usage(
            "the stimulus does not change in the part to fit, so that nothing can be fitted",
        ));
    }
    let deviation = variance.sqrt();
    transform.scale = presets::rounded(1.0 / deviation);
    transform.offset = presets::rounded(-mean / deviation);
    plan.settings.stimulus_scale = Some(transform.scale);
    plan.settings.stimulus_offset = Some(transform.offset);

    let first = |parameter: &lif::Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
    let (reset, threshold) = (first(&plan.params.v_reset), first(&plan.params.v_threshold));
    let way = (threshold - reset).abs().max(1e-3);
    let bounds = |name, low, high, is_logarithmic| Vary {
        name,
        low: presets::rounded(low),
        high: presets::rounded(high),
        is_logarithmic,
        grid: None,
    };
    Ok(vec![
        bounds(Name::TauM, (2.0 * plan.dt).max(0.5), 30.0_f64.max(4.0 * plan.dt), true),
        bounds(Name::Resistance, 0.1 * way, 20.0 * way, true),
        bounds(Name::VRest, reset - 2.0 * way, threshold + 2.0 * way, false),
        bounds(Name::TRef, 0.0, 8.0, false),
        bounds(Name::StimulusDelay, 0.0, 20.0, false),
    ])
}

/// All that a search is for; another number of generations does not make it another search.
fn aim(plan: &Plan, trial: &Trial, search: &SearchWish, targets: &[Target]) -> Result<String, Failure> {
    let mut hasher = Hasher::new();
    trial.current.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
    targets.iter().flat_map(Target::spikes).for_each(|step| hasher.update(&step.to_le_bytes()));
    let mut settings = plan.settings()?;
    settings.retain(|name, _| {
        !["device", "out", "json", "no-plot", "quiet", "memory-budget", "stimulus"].contains(&&**name)
    });
    let ranges: Vec<_> = targets.iter().map(Target::range).map(|range| [range.start, range.end]).collect();
    let aim = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": settings,
        "vary": trial.vary,
        "objective": search.objective,
        "candidates": search.candidates,
        "window": trial.window,
        "tau": trial.tau,
        "scored": ranges,
        "data": hasher.finalize(),
    });
    Ok(aim.to_string())
}

/// Makes the generations that are left, or those until somebody interrupts.
fn evolve(
    evolution: &mut Evolution,
    trial: &Trial,
    train: &[Target],
    search: &SearchWish,
    quiet: bool,
    mut keep: impl FnMut(&Evolution) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = progress::generations(u64::from(search.generations) + 1, quiet);
    // The first is the start, from which the others are bred.
    while evolution.generation() < search.generations as usize + 1 && !interrupt::asked() {
        let places = evolution.ask();
        let Some(scores) = trial.scores(&places, train, search.objective)? else { break };
        evolution.tell(places, scores);
        keep(evolution)?;
        bar.set_position(evolution.generation() as u64);
        if let Some(last) = evolution.history.last() {
            bar.set_message(format!("best {:.4}", last.best));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// The best places that are different neurons.
fn best_places(evolution: &Evolution, vary: &[Vary], count: usize) -> Vec<Vec<f64>> {
    let mut best: Vec<Vec<f64>> = Vec::new();
    for candidate in evolution.ranking() {
        let place = &evolution.places[candidate];
        if best.len() < count && best.iter().all(|other| named(vary, other) != named(vary, place)) {
            best.push(place.clone());
        }
    }
    best
}

/// The parameters at a place, as settings have them.
fn named(vary: &[Vary], place: &[f64]) -> Map<String, Value> {
    let value = |vary: &Vary, x: f64| {
        // The shortest number that is read as the same.
        let value = vary.value(x);
        value.to_string().parse::<f64>().unwrap_or(f64::from(value))
    };
    vary.iter().zip(place).map(|(vary, x)| (vary.name.text().to_owned(), value(vary, *x).into())).collect()
}

/// The best neuron as a settings file.
fn neuron(plan: &Plan, best: Option<&Map<String, Value>>) -> Result<String, Failure> {
    let mut settings = plan.settings()?;
    settings.retain(|name, _| {
        !["device", "out", "json", "no-plot", "quiet", "memory-budget", "duration", "steps", "record", "seed"]
            .contains(&&**name)
    });
    settings.extend(best.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    let text = toml::to_string(&settings).map_err(|error| Failure::fault(error.to_string()))?;
    Ok(format!("# A neuron fitted to a recording by lif fit. Run it with `lif run --config`.\n{text}"))
}
