//! The files that drive a run: the stimulus, and the spikes of other neurons.

use super::doubts;
use super::duration::above_zero;
use crate::failure::Failure;
use crate::numbers::Understood;
use crate::numbers::understood::{Extent, ms};
use crate::quantity::preset_units::AxisUnits;
use crate::quantity::spread::Spread;
use crate::quantity::weight::{Unit, Weight};
use crate::settings::Settings;
use crate::settings::random_input::RandomInput;
use crate::spikes::trains::Trains;
use crate::stimulus::{SampleOptions, Stimulus};
use lif::Shape;

/// Refuses pipes as inputs of a run with checkpoints, as they cannot be read again. They are not opened, as
/// this may block forever.
pub fn refuse_pipes(settings: &Settings) -> Result<(), Failure> {
    match settings.pipe().filter(|_| settings.checkpoint.is_some()) {
        Some((option, path)) => Err(Failure::of(
            option,
            format!(
                "{} comes through a pipe, which is gone when the run is to go on; write it to a file first, or leave out \
                 --checkpoint",
                path.display()
            ),
        )),
        None => Ok(()),
    }
}

/// The stimulus, if the settings name one. Options of the stimulus without a stimulus are refused.
pub fn read_stimulus(settings: &Settings, dt: f64) -> Result<Option<Stimulus>, Failure> {
    if let [_, _, ..] = &settings.stimulus[..] {
        return Err(Failure::of(
            "stimulus",
            "there are several stimuli; a run plays one: take one --stimulus, or a file of shape [T,batch,n] for \
             different ones at the same time",
        ));
    }
    let Some(path) = settings.stimulus.first() else {
        let useless = [
            ("stimulus-scale", settings.stimulus_scale.is_some()),
            ("stimulus-offset", settings.stimulus_offset.is_some()),
            ("stimulus-decibel", settings.stimulus_decibel.is_some()),
            ("stimulus-log", settings.stimulus_log),
            ("stimulus-rectify", settings.stimulus_rectify),
            ("stimulus-low-pass", settings.stimulus_low_pass.is_some()),
            ("stimulus-delay", settings.stimulus_delay.is_some()),
            ("stimulus-dt", settings.stimulus_dt.is_some()),
            ("stimulus-time-unit", settings.stimulus_time_unit.is_some()),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            Some((name, _)) => {
                Err(Failure::of(name, format!("{name} needs a stimulus: add --stimulus FILE")))
            }
            None => Ok(None),
        };
    };
    let interval = settings.stimulus_dt.map(|ms| above_zero("stimulus-dt", ms)).transpose()?;
    let options = SampleOptions { time_unit: settings.stimulus_time_unit, interval, dt };
    let stimulus = Stimulus::open(path, &options)?;
    if settings.stimulus_time_unit.is_some() && !stimulus.has_time_unit() {
        log::warn!("the stimulus has no times; stimulus-time-unit is not used");
    }
    if interval.is_some() && stimulus.is_timed() {
        log::warn!("the stimulus says itself when its samples hold; stimulus-dt is not used");
    }
    Ok(Some(stimulus))
}

/// A file with this many neurons is seldom meant.
const MANY_NEURONS: usize = 1000;

/// Warns of an unlikely stimulus.
pub fn warn_of_unlikely(stimulus: &Stimulus, given: &Settings, settings: &Settings, dt: f64) {
    let has_length = settings.steps.is_some() || settings.duration.is_some();
    let is_all_default = !has_length && given.dt.is_none() && given.config.is_none();
    if let Some(doubt) = doubts::of_stimulus(stimulus, dt, is_all_default) {
        log::warn!("{doubt}");
    }
    if let [1, .., n] = stimulus.shape()
        && *n > 1
        && (!has_length || *n >= MANY_NEURONS && given.neurons.is_none())
    {
        log::warn!(
            "stimulus {}: its shape {:?} is that of one sample for each of {n} neurons; samples of one after the \
             other have shape [{n}], or [{n}, 1]",
            stimulus.path().display(),
            stimulus.shape()
        );
    }
}

/// Refuses a stimulus for several neurons or batch rows if one neuron is compared with a recording.
pub fn refuse_several(stimulus: &Stimulus, settings: &Settings) -> Result<(), Failure> {
    let (neurons, batch) = stimulus.population();
    let is_one = |name: &str, number: Option<usize>| number == Some(1) && settings.words.of(name).is_none();
    let is_refused = neurons.is_some() && is_one("neurons", settings.neurons)
        || batch.is_some() && is_one("batch", settings.batch);
    if !is_refused {
        return Ok(());
    }
    Err(Failure::fault(format!(
        "stimulus {}: its shape {:?} is that of several neurons or batch rows, and one neuron is compared with a recording; \
         save the column of that one",
        stimulus.path().display(),
        stimulus.shape()
    )))
}

/// In a NIR graph spikes are currents, through the synapse.
pub const NODE_WEIGHT: Weight = Weight::new(Spread::Number(1.0), Unit::Nanoampere);
/// Without a synapse the weight is bare.
pub const DEFAULT_WEIGHT: Weight = Weight::bare(Spread::Number(1.0));

/// The spike trains, if the settings name events. Options of events without events are refused.
pub fn trains(
    settings: &mut Settings,
    default_weight: Weight,
    shape: Shape,
    time: (u64, f64),
) -> Result<Option<Trains>, Failure> {
    let Some(path) = &settings.events else {
        let useless = [
            ("events-weight", settings.events_weight.is_some()),
            ("events-matrix", settings.events_matrix.is_some()),
        ];
        return match useless.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Failure::of(name, format!("{name} needs events: add --events FILE"))),
            None => Ok(None),
        };
    };
    let weight = *settings.events_weight.get_or_insert(default_weight);
    Trains::open(path, settings.events_matrix.as_deref(), weight, shape, time).map(Some)
}

/// Refuses weights that may or may not go through the synapse, and warns of a synapse that is not used.
pub fn check_synapse(settings: &Settings, units: AxisUnits) -> Result<(), Failure> {
    let weight = settings.events_weight.filter(|_| settings.events.is_some());
    weight.map_or(Ok(()), |weight| weight.refuse_bare("events-weight", units))?;
    settings.input.iter().try_for_each(|input| input.refuse_bare(units))?;
    let is_used = weight.is_some_and(|weight| weight.unit == Unit::Nanoampere)
        || settings.input.iter().any(RandomInput::is_of_currents);
    if settings.tau_syn.is_some() && !is_used {
        log::warn!(
            "tau-syn changes nothing here: only spikes that are currents go through the synapse, those of --events and of \
             --input poisson with a weight as 1nA"
        );
    }
    Ok(())
}

/// Warns of events next to a stimulus with its own clock: their times count from the beginning of the run.
pub fn warn_of_clocks(events: &[Understood], stimulus: Option<&Stimulus>) {
    let start = stimulus.map_or(0.0, |stimulus| stimulus.start().ms());
    let have_times = events.iter().any(|events| matches!(events.extent, Extent::Times { .. }));
    if have_times && start != 0.0 {
        log::warn!(
            "the times of the events count from the beginning of the run, which is {} ms on the clock of the stimulus; \
             subtract it where they are of that clock",
            ms(start)
        );
    }
}
