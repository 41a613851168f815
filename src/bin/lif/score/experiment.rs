//! Stimuli, and the recordings of the answers to each.

use super::wish::Measures;
use crate::failure::Failure;
use crate::layers;
use crate::plan::{Drive, Plan};
use crate::recorded::{self, Clock};
use crate::settings::Settings;
use crate::stimulus::Times;
use lif::Target;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A stimulus that is played to one neuron, and what was recorded meanwhile.
#[derive(Debug)]
pub struct Experiment {
    /// The run of one neuron that hears it.
    pub plan: Plan,
    /// Files with the spikes of each recording.
    pub spikes: Vec<PathBuf>,
    /// The steps that are scored.
    pub scored: Range<u64>,
}

/// Those that these settings are of, one for each stimulus.
pub fn experiments(given: &Settings, measures: &Measures) -> Result<Vec<Experiment>, Failure> {
    let complete = layers::complete(given)?;
    let words = complete.words.clone();
    of_each_stimulus(complete, measures).map_err(|failure| failure.said_as(&words))
}

fn of_each_stimulus(complete: Settings, measures: &Measures) -> Result<Vec<Experiment>, Failure> {
    let cells = complete.neurons.unwrap_or(1).saturating_mul(complete.batch.unwrap_or(1));
    if cells != 1 {
        let message =
            format!("the settings are of {cells} neurons; those of one are compared with a recording");
        return Err(Failure::of("neurons, batch", message));
    }
    layers::refuse_spreads(&complete, "one neuron is compared with a recording")?;
    let stimuli = complete.stimulus.clone();
    let spikes = spikes_of_each(&measures.spikes, stimuli.len())?;
    // As a settings file of `lif run` may say how long and what to record.
    let mut alone = Settings { neurons: Some(1), batch: Some(1), config: None, ..complete };
    (alone.steps, alone.duration, alone.record) = (None, None, None);
    (alone.checkpoint, alone.checkpoint_every) = (None, None);
    let experiment = |(stimulus, spikes): (&PathBuf, Vec<PathBuf>)| {
        let plan = Plan::new(&Settings { stimulus: vec![stimulus.clone()], ..alone.clone() })?;
        let scored = scored(measures, &plan, stimulus)?;
        Ok(Experiment { plan, spikes, scored })
    };
    stimuli.iter().zip(spikes).map(experiment).collect()
}

/// The files with the spikes that each stimulus caused: of one stimulus all, otherwise those of the option
/// with its number, with commas between them.
fn spikes_of_each(given: &[PathBuf], stimuli: usize) -> Result<Vec<Vec<PathBuf>>, Failure> {
    match stimuli {
        0 => Err(Failure::usage(
            "there is nothing to predict spikes from without a stimulus: add --stimulus FILE",
        )),
        1 => Ok(vec![given.to_vec()]),
        _ if given.len() == stimuli => Ok(given.iter().map(|list| apart(list)).collect()),
        _ => Err(Failure::usage(format!(
            "{stimuli} stimuli need as many --spikes, and there are {}: say --spikes once for each --stimulus, in the \
             same order; several recordings of the answer to one stimulus go with commas, as --spikes \
             first.txt,second.txt",
            given.len()
        ))),
    }
}

fn apart(list: &Path) -> Vec<PathBuf> {
    match list.to_str() {
        Some(list) => list.split(',').map(PathBuf::from).collect(),
        None => vec![list.to_path_buf()],
    }
}

/// A time in whole steps.
pub fn steps(what: &str, ms: f64, dt: f64) -> Result<u64, Failure> {
    if ms < 0.0 {
        return Err(Failure::of(what, format!("{what} is {ms} ms; it must be 0 or more")));
    }
    Ok((ms / dt).round() as u64)
}

/// The steps that are scored.
fn scored(measures: &Measures, plan: &Plan, stimulus: &Path) -> Result<Range<u64>, Failure> {
    let from = steps("from", measures.from, plan.dt)?;
    let to = measures.to.map_or(Ok(plan.steps), |to| steps("to", to, plan.dt))?;
    if from >= to || to > plan.steps {
        let message = format!(
            "from is {} ms and to {} ms; from must come before to, and neither lie after the end of the stimulus {} at \
             {} ms",
            measures.from,
            to as f64 * plan.dt,
            stimulus.display(),
            plan.steps as f64 * plan.dt
        );
        return Err(Failure::of("from, to", message));
    }
    Ok(from..to)
}

impl Experiment {
    /// The file of the stimulus.
    pub fn stimulus(&self) -> String {
        self.plan.settings.stimulus.first().map_or_else(String::new, |path| path.display().to_string())
    }

    /// What was recorded in these steps, by recording.
    pub fn targets(&self, measures: &Measures, range: &Range<u64>) -> Result<Vec<Target>, Failure> {
        let plan = &self.plan;
        let start = match &plan.drive {
            Drive::Stimulus(stimulus, _) => match stimulus.times() {
                Times::At { first, .. } => first,
                Times::Every(_) => 0.0,
            },
            Drive::Same(_) | Drive::Spread(_) => 0.0,
        };
        let length = plan.steps as f64 * plan.dt;
        let clock = Clock { unit: measures.spikes_time_unit.ms(), start, length, dt: plan.dt };
        let target = |path: &PathBuf| {
            let spikes = recorded::read(path, &clock)?;
            let of_the_file =
                |error: lif::Error| Failure::fault(format!("spikes {}: {error}", path.display()));
            Target::new(spikes, range.clone()).map_err(of_the_file)
        };
        self.spikes.iter().map(target).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stimulus_has_its_own_recordings() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(spikes_of_each(&paths(&["a,b", "c"]), 1).unwrap(), [paths(&["a,b", "c"])]);
        assert_eq!(spikes_of_each(&paths(&["a,b", "c"]), 2).unwrap(), [paths(&["a", "b"]), paths(&["c"])]);
        let refused = spikes_of_each(&paths(&["a"]), 2).unwrap_err().to_string();
        assert!(refused.starts_with("2 stimuli need as many --spikes, and there are 1: say"), "{refused}");
    }
}
