//! What drives a run: a current for all neurons, one for each, or a stimulus.

use super::currents::{self, LARGEST_DRIVE, largest_magnitude};
use super::doubts;
use super::duration::above_zero;
use crate::failure::Failure;
use crate::numbers::understood::ms;
use crate::numbers::written;
use crate::quantity::shown;
use crate::quantity::spread::Spread;
use crate::settings::Settings;
use crate::stimulus::{Level, Stimulus, Transform};
use lif::Params;
use ndarray::Array1;

const DEFAULT_CURRENT: Spread = Spread::Range(0.4, 0.8);

/// The input current of a run, nA.
#[derive(Debug)]
pub enum Drive {
    /// One current for all neurons.
    Same(f32),
    /// A current for each neuron.
    Spread(Array1<f32>),
    /// A current for each step.
    Stimulus(Box<Stimulus>, Transform),
}

impl Drive {
    /// The stimulus, if one drives the neurons.
    pub fn stimulus(&self) -> Option<&Stimulus> {
        match self {
            Self::Stimulus(stimulus, _) => Some(stimulus),
            Self::Same(_) | Self::Spread(_) => None,
        }
    }
}

/// The drive that the settings ask for. Warns of an unlikely current.
pub fn drive(
    settings: &mut Settings,
    stimulus: Option<Stimulus>,
    params: &Params,
    neurons: usize,
    steps: u64,
    input_unit: &str,
) -> Result<Drive, Failure> {
    let dt = params.dt;
    let Some(stimulus) = stimulus else {
        let is_alone = settings.input.is_empty() && settings.events.is_none();
        let default = if is_alone { default_currents(settings, params) } else { Spread::Number(0.0) };
        let given = settings.current.map(|current| current.spread);
        if given.is_none() {
            refuse_large_default(default, params, input_unit)?;
        }
        // The words of the user, as `--current 0.5A`.
        let words = settings.words.of("current").unwrap_or_default();
        let has_unit = words.trim_end_matches(['"', '\'']).ends_with('A');
        if let Some(doubt) = given.and_then(|given| doubts::of_current(given, params, input_unit, has_unit)) {
            log::warn!("{doubt}");
        }
        let small = given.filter(|_| is_alone);
        if let Some(doubt) = small.and_then(|given| doubts::of_small_current(given, params, input_unit)) {
            log::warn!("{doubt}");
        }
        return Ok(match settings.current.get_or_insert(default.into()).spread {
            Spread::Number(current) => Drive::Same(current as f32),
            spread => Drive::Spread(spread.values(neurons)),
        });
    };
    let current = match settings.current.map(|current| current.spread) {
        None => 0.0,
        Some(Spread::Number(current)) => current,
        Some(spread) => {
            return Err(Failure::of(
                "current",
                format!(
                    "a current of {spread} cannot go with a stimulus, only a single number can; \
                     let the neurons differ in --resistance or --v-threshold instead"
                ),
            ));
        }
    };
    let is_other = |unit: &str| unit != input_unit && input_unit.ends_with('A');
    if let Some((unit, from)) = stimulus.value_unit().filter(|(unit, _)| is_other(unit))
        && settings.stimulus_scale.is_none()
        && settings.stimulus_decibel.is_none()
        && !settings.stimulus_log
    {
        log::warn!(
            "stimulus {}: its values are in {unit} by {from}, and taken as {input_unit}; --stimulus-scale says what \
             they are multiplied with",
            stimulus.path().display()
        );
    }
    let transform = transform(settings, &stimulus, current)?;
    let duration = steps as f64 * dt;
    // A duration is rounded to steps, so half a step is no difference.
    let end = stimulus.length_ms() + transform.delay;
    if duration > end + dt / 2.0 {
        log::warn!("the stimulus ends after {end:.1} ms; its last value stays until {duration:.1} ms");
    }
    if transform.delay_steps(dt) >= steps {
        log::warn!(
            "the run ends after {} ms, before the stimulus begins; --stimulus-delay is {} ms, and --duration says how \
             long the run is",
            ms(duration),
            ms(transform.delay)
        );
    }
    refuse_extremes(&stimulus, &transform, params, input_unit)?;
    Ok(Drive::Stimulus(Box::new(stimulus), transform))
}

/// The default currents: those for nA, unless no neuron reaches its threshold with them.
fn default_currents(settings: &Settings, params: &Params) -> Spread {
    match &settings.preset {
        Some(choice)
            if choice.settings().is_some()
                && currents::reaches_threshold(params, DEFAULT_CURRENT.at(1, 2)) =>
        {
            DEFAULT_CURRENT
        }
        // For another simulator or a NIR graph.
        _ => currents::default_currents(params),
    }
}

/// Refuses default currents that are too large to compute with.
fn refuse_large_default(currents: Spread, params: &Params, input_unit: &str) -> Result<(), Failure> {
    let largest = currents.map(f64::abs).largest();
    if largest * largest_magnitude(&params.resistance) <= LARGEST_DRIVE {
        return Ok(());
    }
    let message = format!(
        "the current where none is said follows from --v-threshold, --v-rest and --resistance, and is up to {largest:e} \
         {input_unit}, which times the resistance is more than {LARGEST_DRIVE:e} mV; say --current, or a nearer \
         --v-threshold"
    );
    Err(Failure::of("v-threshold, v-rest, resistance", message))
}

/// How the values of a stimulus become currents; a constant current is added.
fn transform(settings: &mut Settings, stimulus: &Stimulus, current: f64) -> Result<Transform, Failure> {
    let level = match settings.stimulus_decibel {
        Some(reference) if reference > 0.0 => Level::Decibel { reference },
        Some(reference) => {
            let message = format!("stimulus-decibel is {}; it must be above 0", shown(reference));
            return Err(Failure::of("stimulus-decibel", message));
        }
        None if settings.stimulus_log => Level::Logarithm,
        None => Level::Raw,
    };
    let [smallest, _] = stimulus.extremes();
    if level.is_logarithmic() && smallest.value <= 0.0 {
        return Err(Failure::of(
            "stimulus, stimulus-decibel, stimulus-log",
            format!("{}, which has no logarithm; all must be above 0", stimulus.describe(smallest)),
        ));
    }
    let low_pass = settings.stimulus_low_pass.map(|tau| above_zero("stimulus-low-pass", tau)).transpose()?;
    let delay = settings.stimulus_delay.unwrap_or(0.0);
    if delay < 0.0 {
        let message = format!("stimulus-delay is {} ms; it must be 0 or more", shown(delay));
        return Err(Failure::of("stimulus-delay", message));
    }
    Ok(Transform {
        level,
        scale: settings.stimulus_scale.get_or_insert(1.0.into()).number(),
        offset: settings.stimulus_offset.get_or_insert(0.0.into()).number() + current,
        rectify: settings.stimulus_rectify,
        low_pass,
        delay,
    })
}

/// Refuses values whose currents are too large to compute with. The extremes suffice, as the transform is
/// monotonic.
fn refuse_extremes(
    stimulus: &Stimulus,
    transform: &Transform,
    params: &Params,
    input_unit: &str,
) -> Result<(), Failure> {
    let resistance = largest_magnitude(&params.resistance);
    for extreme in stimulus.extremes() {
        let current = transform.of(extreme.value);
        let reason = if !(current as f32).is_finite() {
            "which single precision does not hold".to_owned()
        } else if (current * resistance).abs() > LARGEST_DRIVE {
            format!("which times the resistance, {resistance}, is more than {LARGEST_DRIVE:e} in magnitude")
        } else {
            continue;
        };
        let place = stimulus.describe(extreme);
        return Err(Failure::fault(format!(
            "{place}, a current of {} {input_unit}, {reason}",
            written(current)
        )));
    }
    Ok(())
}
