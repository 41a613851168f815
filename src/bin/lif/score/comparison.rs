//! A neuron and a recording that it is compared with.

use super::wish::Measures;
use crate::failure::Failure;
use crate::layers;
use crate::plan::{Drive, Plan};
use crate::recorded::{self, Clock};
use crate::settings::Settings;
use crate::stimulus::Times;
use lif::Target;
use std::ops::Range;

/// The run of one neuron that these settings are of.
pub fn plan(given: Settings) -> Result<Plan, Failure> {
    let complete = layers::complete(&given)?;
    if complete.stimulus.is_none() {
        return Err(Failure::usage(
            "there is nothing to predict spikes from without a stimulus: add --stimulus FILE",
        ));
    }
    let cells = complete.neurons.unwrap_or(1).saturating_mul(complete.batch.unwrap_or(1));
    if cells != 1 {
        return Err(Failure::usage(format!(
            "the settings are of {cells} neurons; those of one are compared with a recording"
        )));
    }
    // As a settings file of `lif run` may say how long and what to record.
    let mut alone = Settings { neurons: Some(1), batch: Some(1), config: None, ..complete };
    (alone.steps, alone.duration, alone.record) = (None, None, None);
    (alone.checkpoint, alone.checkpoint_every) = (None, None);
    Plan::new(&alone)
}

/// A time in whole steps.
pub fn steps(what: &str, ms: f64, dt: f64) -> Result<u64, Failure> {
    if ms < 0.0 {
        return Err(Failure::usage(format!("{what} is {ms} ms; it must be 0 or more")));
    }
    Ok((ms / dt).round() as u64)
}

/// The steps that are scored.
pub fn scored(measures: &Measures, plan: &Plan) -> Result<Range<u64>, Failure> {
    let from = steps("from", measures.from, plan.dt)?;
    let to = measures.to.map_or(Ok(plan.steps), |to| steps("to", to, plan.dt))?;
    if from >= to || to > plan.steps {
        return Err(Failure::usage(format!(
            "from is {} ms and to {} ms; from must come before to, and neither lie after the end of the stimulus at \
             {} ms",
            measures.from,
            to as f64 * plan.dt,
            plan.steps as f64 * plan.dt
        )));
    }
    Ok(from..to)
}

/// What was recorded in these steps, by recording.
pub fn targets(measures: &Measures, plan: &Plan, range: &Range<u64>) -> Result<Vec<Target>, Failure> {
    let start = match &plan.drive {
        Drive::Stimulus(stimulus, _) => match stimulus.times() {
            Times::At { first, .. } => first,
            Times::Every(_) => 0.0,
        },
        Drive::Same(_) | Drive::Spread(_) => 0.0,
    };
    let length = plan.steps as f64 * plan.dt;
    let clock = Clock { unit: measures.spikes_time_unit.ms(), start, length, dt: plan.dt };
    let target = |path| {
        let spikes = recorded::read(path, &clock)?;
        let of_the_file = |error: lif::Error| Failure::fault(format!("spikes {}: {error}", path.display()));
        Target::new(spikes, range.clone()).map_err(of_the_file)
    };
    measures.spikes.iter().map(|path| target(path)).collect()
}
