//! Experiments: a stimulus, and recordings of the response.

use super::options::Measures;
use crate::failure::Failure;
use crate::numbers::understood::without_rounding;
use crate::numbers::{Time, Understood};
use crate::plan::Plan;
use crate::quantity::shown;
use crate::settings::Settings;
use crate::settings::layers;
use crate::spikes::recorded::{self, Recorded, Timeline};
use crate::stimulus::Stimulus;
use crate::terminal::figures::row;
use lif::Target;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A stimulus for one neuron, and recordings of the response.
#[derive(Debug)]
pub struct Experiment {
    /// The run of the neuron with this stimulus.
    pub plan: Plan,
    /// The recordings of the response.
    pub recordings: Vec<Recorded>,
    /// When the stimulus begins, on its own clock.
    pub start: Time,
    /// The steps that are scored.
    pub scored: Range<u64>,
}

/// The experiments of these settings, one for each stimulus.
pub fn experiments(given: &Settings, measures: &Measures) -> Result<Vec<Experiment>, Failure> {
    let complete = layers::complete(given)?;
    let words = complete.words.clone();
    of_each_stimulus(complete, measures).map_err(|failure| words.explain(failure))
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
    measures.spikes.iter().try_for_each(|path| layers::refuse_other_than_utf8("spikes", path))?;
    let spikes = spikes_of_each(&measures.spikes, stimuli.len())?;
    // A settings file of `lif run` may give a duration and recordings.
    let mut alone = Settings { neurons: Some(1), batch: Some(1), config: None, ..complete };
    (alone.steps, alone.duration, alone.record) = (None, None, None);
    (alone.checkpoint, alone.checkpoint_every) = (None, None);
    let experiment = |(stimulus, spikes): (&PathBuf, Vec<PathBuf>)| {
        let plan = Plan::new(&Settings { stimulus: vec![stimulus.clone()], ..alone.clone() })?;
        let start = plan.stimulus().map_or(Time::ZERO, Stimulus::start);
        let timeline = Timeline { unit: measures.spikes_time_unit, start, steps: plan.steps, dt: plan.dt };
        let recordings =
            spikes.iter().map(|path| recorded::read(path, &timeline)).collect::<Result<_, _>>()?;
        let mut experiment = Experiment { scored: 0..plan.steps, plan, start, recordings };
        experiment.scored = experiment.scored_steps(measures)?;
        Ok(experiment)
    };
    stimuli.iter().zip(spikes).map(experiment).collect()
}

/// The spike files for each stimulus. With one stimulus these are all; otherwise each option has a list with
/// commas.
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
        return Err(Failure::of(what, format!("{what} is {} ms; it must be 0 or more", shown(ms))));
    }
    let steps = (ms / dt).round();
    if steps > f64::from(u32::MAX) {
        let message = format!("{what} is {} ms; it must be at most {} steps of {dt} ms", shown(ms), u32::MAX);
        return Err(Failure::of(what, message));
    }
    Ok(steps as u64)
}

impl Experiment {
    /// The step at a time on the clock of the stimulus.
    pub fn step_at(&self, what: &str, ms: f64) -> Result<u64, Failure> {
        let start = self.start.ms();
        if ms < start && start != 0.0 {
            let message = format!("{what} is {} ms; the stimulus begins at {} ms", shown(ms), shown(start));
            return Err(Failure::of(what, message));
        }
        steps(what, ms - start, self.plan.dt)
    }

    /// When a step begins, on the clock of the stimulus, ms.
    pub fn ms(&self, step: u64) -> f64 {
        without_rounding(self.start.ms() + step as f64 * self.plan.dt)
    }

    /// The steps that the options ask to score.
    fn scored_steps(&self, measures: &Measures) -> Result<Range<u64>, Failure> {
        let step_at = |what, ms: Option<f64>| ms.map(|ms| self.step_at(what, ms)).transpose();
        let (from, to) = (step_at("from", measures.from)?, step_at("to", measures.to)?);
        let (from, to) = (from.unwrap_or(0), to.unwrap_or(self.plan.steps));
        if from < to && to <= self.plan.steps {
            return Ok(from..to);
        }
        let message = format!(
            "from is {} ms and to {} ms; from must come before to, and neither lie after the end of the stimulus {} at \
             {} ms",
            measures.from.unwrap_or(self.ms(0)),
            self.ms(to),
            self.stimulus(),
            self.ms(self.plan.steps)
        );
        Err(Failure::of("from, to", message))
    }

    /// The file of the stimulus.
    pub fn stimulus(&self) -> String {
        self.plan.settings.stimulus.first().map_or_else(String::new, |path| path.display().to_string())
    }

    /// The recorded spikes in these steps, for each recording.
    pub fn targets(&self, range: &Range<u64>) -> Result<Vec<Target>, Failure> {
        let target = |recorded: &Recorded| {
            let path = recorded.path.display();
            Target::new(recorded.steps.iter().copied(), range.clone())
                .map_err(|error: lif::Error| Failure::fault(format!("spikes {path}: {error}")))
        };
        self.recordings.iter().map(target).collect()
    }

    /// How the files were read, the stimulus first.
    pub fn understood(&self) -> Vec<Understood> {
        let recordings = self.recordings.iter().map(|recorded| recorded.understood.clone());
        self.plan.understood().into_iter().chain(recordings).collect()
    }
}

/// How all files were read, as lines of a table; with their names if there are several.
pub fn table(inputs: &[Understood]) -> Vec<String> {
    let is_one_of_several =
        |input: &Understood| inputs.iter().filter(|other| other.option == input.option).count() > 1;
    let line = |input: &Understood| {
        let of = if is_one_of_several(input) { format!(": {}", input.given) } else { String::new() };
        row(input.label(), &format!("{}{of}", input.line()))
    };
    inputs.iter().map(line).collect()
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
