//! The number of steps of a run, and the steps in its picture.

use crate::failure::Failure;
use crate::numbers::understood::ms;
use crate::quantity::shown;
use crate::settings::Settings;
use crate::stimulus::{self, Stimulus};
use crate::terminal::figures::counted;
use std::ops::Range;

const DEFAULT_DURATION_MS: f64 = 1000.0;

/// Refuses times that are not positive.
pub fn above_zero(what: &str, value: f64) -> Result<f64, Failure> {
    if value > 0.0 {
        Ok(value)
    } else {
        Err(Failure::of(what, format!("{what} is {} ms; it must be above 0", shown(value))))
    }
}

/// The number of steps; files count them in 32 bits.
pub fn steps(settings: &mut Settings, stimulus: Option<&Stimulus>, dt: f64) -> Result<u64, Failure> {
    if settings.steps.is_none() {
        let default = stimulus.map_or(DEFAULT_DURATION_MS, Stimulus::length_ms);
        if let Some(stimulus) = stimulus.filter(|_| settings.duration.is_none() && default < 0.999 * dt) {
            return Err(Failure::usage(format!(
                "stimulus {}: {} in {} ms, which is shorter than a step of {dt} ms; is its unit of time right, which is \
                 known {}? --{} or --stimulus-dt say another, --dt another step",
                stimulus.path().display(),
                counted(stimulus.count(), "sample"),
                ms(default),
                stimulus.times_from(),
                stimulus::TIME_UNIT
            )));
        }
        settings.duration.get_or_insert(default);
    }
    match (settings.steps, settings.duration) {
        (Some(steps), _) => a_number_of_steps(steps),
        (None, duration) => steps_of("duration", duration.unwrap_or_default(), dt),
    }
}

/// A time of this name in steps.
pub fn steps_of(what: &str, ms: f64, dt: f64) -> Result<u64, Failure> {
    let steps = (above_zero(what, ms)? / dt).round();
    if steps > u64::MAX as f64 {
        return Err(too_many_steps(&shown(steps)));
    }
    a_number_of_steps(steps as u64)
}

/// Refuses 0 steps, and more than a run can have.
fn a_number_of_steps(steps: u64) -> Result<u64, Failure> {
    if steps == 0 {
        return Err(Failure::of(
            "steps, duration, dt",
            "there are 0 steps to make; simulate at least one step, of length dt",
        ));
    }
    if steps > u64::from(u32::MAX) {
        return Err(too_many_steps(&steps.to_string()));
    }
    Ok(steps)
}

fn too_many_steps(steps: &str) -> Failure {
    let most = u32::MAX;
    let message =
        format!("{steps} steps are more than one run can have, {most}; shorten the run or lengthen dt");
    Failure::of("steps, duration, dt", message)
}

/// The steps in the picture.
pub fn window(settings: &Settings, dt: f64, steps: u64) -> Result<Range<u64>, Failure> {
    let length = steps as f64 * dt;
    let from = settings.plot_from.unwrap_or(0.0);
    if !(0.0..length).contains(&from) {
        let message = format!(
            "plot-from is {from} ms; it must be at least 0 and before the end of the run, at {length} ms"
        );
        return Err(Failure::of("plot-from", message));
    }
    let start = (from / dt).round().min((steps - 1) as f64) as u64;
    let to = settings.plot_to.unwrap_or(length);
    let end = ((to / dt).round() as u64).min(steps);
    if end <= start {
        let message =
            format!("plot-to is {to} ms; it must be at least a step of {dt} ms after plot-from, {from} ms");
        return Err(Failure::of("plot-to, plot-from", message));
    }
    Ok(start..end)
}
