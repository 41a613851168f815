//! The stimuli of a search, and which part of each is fitted.

use super::space::Vary;
use crate::commands::score::Experiment;
use crate::failure::Failure;
use crate::plan::currents::rounded;
use crate::plan::{Drive, Plan};
use crate::stimulus::Transform;
use lif::fit::{self, Varied};
use ndarray::Array2;

/// The first step of the held-out part.
pub fn split(given: Option<f64>, experiment: &Experiment) -> Result<u64, Failure> {
    let scored = &experiment.scored;
    let split = match given {
        Some(ms) => experiment.step_at("split", ms)?,
        None => scored.start.midpoint(scored.end),
    };
    if !(scored.start + 1..scored.end).contains(&split) {
        let message = format!(
            "split is {} ms; it must lie between from and to, {} and {} ms of {}",
            experiment.ms(split),
            experiment.ms(scored.start),
            experiment.ms(scored.end),
            experiment.stimulus()
        );
        return Err(Failure::of("split, from, to", message));
    }
    Ok(split)
}

/// The current in each step of each stimulus, `[steps, stimuli]`, without a delay that is varied. Shorter
/// stimuli keep their last value.
pub fn currents(experiments: &[Experiment], varies_delay: bool) -> Result<Array2<f32>, Failure> {
    let steps = experiments.iter().map(|experiment| experiment.scored.end).max().unwrap_or(0);
    let mut currents = Array2::zeros((steps as usize, experiments.len()));
    for (mut column, experiment) in currents.columns_mut().into_iter().zip(experiments) {
        let values = current(&experiment.plan, steps, varies_delay)?;
        column.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    }
    Ok(currents)
}

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

/// The parameters to vary. By default the stimuli together are scaled to mean 0 and standard deviation 1 in
/// the fitted part, so that the default bounds fit any stimulus.
pub fn parameters(
    given: &[Vary],
    experiments: &mut [Experiment],
    splits: &[u64],
) -> Result<Vec<Vary>, Failure> {
    if let Some(twice) =
        (1..given.len()).find(|index| given[..*index].iter().any(|vary| vary.name() == given[*index].name()))
    {
        return Err(Failure::of("vary", format!("{} is varied twice", given[twice].name())));
    }
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let mut fitted = Vec::new();
    for (experiment, split) in experiments.iter().zip(splits) {
        fitted.extend(current(&experiment.plan, *split, true)?);
    }
    let (scale, offset) = standardised(&fitted)?;
    for Experiment { plan, .. } in &mut *experiments {
        let Drive::Stimulus(_, transform) = &mut plan.drive else { continue };
        if transform.scale != 1.0 || transform.offset != 0.0 || transform.rectify {
            return Err(Failure::usage(
                "with a scaled or rectified stimulus the bounds are yours to say: add --vary tau-m=0.5:30:log --vary \
                 resistance=LO:HI:log ...",
            ));
        }
        (transform.scale, transform.offset) = (scale, offset);
        plan.settings.stimulus_scale = Some(scale.into());
        plan.settings.stimulus_offset = Some(offset.into());
    }
    Ok(experiments
        .first()
        .map_or_else(|| Ok(Vec::new()), |experiment| default_parameters(&experiment.plan))?)
}

/// The factor and the offset that give currents mean 0 and standard deviation 1.
fn standardised(current: &[f32]) -> Result<(f64, f64), Failure> {
    let count = current.len() as f64;
    let mean = current.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let squares = current.iter().map(|value| {
        let from_mean = f64::from(*value) - mean;
        from_mean * from_mean
    });
    let variance = squares.sum::<f64>() / count;
    if variance <= 0.0 {
        return Err(Failure::usage(
            "the stimulus does not change in the part to fit, so that nothing can be fitted",
        ));
    }
    let deviation = variance.sqrt();
    Ok((rounded(1.0 / deviation), rounded(-mean / deviation)))
}

/// The default parameters and bounds.
fn default_parameters(plan: &Plan) -> lif::Result<Vec<Vary>> {
    let first = |parameter: &lif::Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
    let (reset, threshold) = (first(&plan.params.v_reset), first(&plan.params.v_threshold));
    let way = (threshold - reset).abs().max(1e-3);
    let between = |parameter, low, high| fit::Vary::new(parameter, rounded(low)..=rounded(high));
    let bounds = [
        between(Varied::TauM, (2.0 * plan.dt).max(0.5), 30.0_f64.max(4.0 * plan.dt))
            .and_then(fit::Vary::logarithmic),
        between(Varied::Resistance, 0.1 * way, 20.0 * way).and_then(fit::Vary::logarithmic),
        between(Varied::VRest, reset - 2.0 * way, threshold + 2.0 * way),
        between(Varied::TRef, 0.0, 8.0),
        between(Varied::StimulusDelay, 0.0, 20.0),
    ];
    bounds.into_iter().map(|bounds| bounds.map(Vary)).collect()
}
