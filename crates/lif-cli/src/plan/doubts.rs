//! Experiments that nobody is likely to have made. Mostly a unit is another one than was thought, and
//! nothing but the result would tell. What an option or a name in the file says is not doubted.

use super::currents;
use crate::numbers::Origin;
use crate::numbers::understood::ms;
use crate::quantity::spread::Spread;
use crate::stimulus::{self, Stimulus};
use crate::terminal::figures::{counted, grouped};
use lif::Params;

/// Fewer samples may be the steps of a protocol.
const MANY_SAMPLES: u64 = 20;

/// Samples so many times as far apart as steps are coarse; so many times as near, fine.
const FAR_APART: f64 = 100.0;

/// A longer experiment has its length said, ms.
const LONG_MS: f64 = 1e6;

/// With so many times what just reaches the threshold all neurons spike as often as they can.
const RHEOBASES: f64 = 150.0;

/// What is said of a stimulus, where nobody said how long its run is, nor what a step of it is.
pub fn of_stimulus(stimulus: &Stimulus, dt: f64, is_all_default: bool) -> Option<String> {
    if *stimulus.times_from() != Origin::Default {
        return None;
    }
    let (count, apart, length) = (stimulus.count(), stimulus.shortest_ms()?, stimulus.length_ms());
    let samples = counted(count, "sample");
    let seconds = grouped((length / 1e3) as u64);
    let file = stimulus.path().display();
    if !stimulus.has_time_unit() {
        return (length > LONG_MS && is_all_default).then(|| {
            format!(
                "stimulus {file}: {samples} that last {seconds} s, as they are taken as one every {dt} ms, a step; \
                 --stimulus-dt says another interval, --dt another step"
            )
        });
    }
    let what = if length > LONG_MS {
        format!("{samples} that last {seconds} s, {} ms apart", ms(apart))
    } else if count < MANY_SAMPLES {
        return None;
    } else if apart >= FAR_APART * dt {
        format!("{samples} that are {} ms apart, which is coarse beside steps of {dt} ms", ms(apart))
    } else if length / count as f64 * FAR_APART <= dt {
        format!("{samples} in {} ms, of which steps of {dt} ms pass over most", ms(length))
    } else {
        return None;
    };
    Some(format!(
        "stimulus {file}: {what}; the times are taken as ms, as neither --{option} nor a name in the file says us or s; \
         say --{option} ms if they are ms",
        option = stimulus::TIME_UNIT
    ))
}

/// What is said of a constant current that is likely to be in another unit.
/// A unit that somebody said is not doubted.
pub fn of_current(current: Spread, params: &Params, unit: &str, is_said: bool) -> Option<String> {
    let largest = match current {
        Spread::Number(current) => current,
        Spread::Range(first, last) => first.max(last),
    };
    let times = largest / currents::rheobase(params);
    // What is out of range is refused.
    let is_possible = largest * currents::largest_of(&params.resistance) <= currents::LARGEST_DRIVE;
    (times >= RHEOBASES && is_possible).then(|| {
        let as_pico = if unit == "nA" && !is_said {
            format!("; if it is in pA, write {largest}pA")
        } else {
            String::new()
        };
        format!(
            "a current of {largest} {unit} is {} times what just reaches the threshold{as_pico}",
            grouped(times.round() as u64)
        )
    })
}

/// Thresholds nearer to rest are likely to be in volts, mV.
const NEAREST_THRESHOLD: f64 = 0.1;

/// What is said of membrane potentials that are likely to be in volts.
pub fn of_volts(params: &Params) -> Option<String> {
    let [rest, threshold] = [&params.v_rest, &params.v_threshold].map(currents::largest_of);
    let is_near = (threshold - rest).abs() < NEAREST_THRESHOLD && rest.max(threshold) < 1.0;
    is_near.then(|| {
        format!(
            "v-rest is {rest} mV and v-threshold {threshold} mV but for their signs, less than {NEAREST_THRESHOLD} mV \
             apart; if they are in volts, write them as -65mV or -0.065V"
        )
    })
}

/// Where this part of the way from rest to the threshold is lost, figures show it.
const MUCH_LOST: f64 = 0.01;

/// With more steps to a time constant the library refuses them.
const MANY_STEPS: f64 = 1e9;

/// What is said of steps so short that single precision loses the last of what they change.
pub fn of_precision(params: &Params) -> Option<String> {
    let ends = |parameter: &lif::Parameter| {
        let values = parameter.values().iter().map(|value| f64::from(*value));
        values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let [rest, reset, threshold] = [&params.v_rest, &params.v_reset, &params.v_threshold].map(ends);
    let from_reference = |v: f64| (v - params.v_reference).abs();
    let largest =
        [rest.0, rest.1, threshold.0, threshold.1].map(from_reference).into_iter().fold(0.0, f64::max);
    let way =
        [rest.0, rest.1, reset.0, reset.1].map(|v| (threshold.1 - v).abs()).into_iter().fold(0.0, f64::max);
    // A change by less than half of what the last bit counts is no change.
    let steps = ends(&params.tau_m).1 / params.dt;
    let lost = 0.5 * largest * f64::from(f32::EPSILON) * steps;
    (lost > MUCH_LOST * way && steps <= MANY_STEPS).then(|| {
        format!(
            "steps of {} ms are so short beside tau_m that single precision loses changes of the membrane potential: it \
             may stand still from {lost:.2} mV before where the current takes it; --v-reference {} keeps potentials as \
             differences from that, which are more precise, or take a longer --dt",
            params.dt, rest.0
        )
    })
}
