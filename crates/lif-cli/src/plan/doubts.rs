//! Warnings about experiments that are probably not meant, mostly because of a wrong unit. Options and names
//! in files are trusted.

use super::currents;
use crate::numbers::Origin;
use crate::numbers::understood::ms;
use crate::quantity::spread::Spread;
use crate::stimulus::{self, Stimulus};
use crate::terminal::figures::{counted, grouped};
use lif::Params;

/// Fewer samples may be the steps of a protocol.
const MANY_SAMPLES: u64 = 20;

/// Samples are coarse if they are this many times as far apart as steps, and fine if they are this many times
/// as close.
const FAR_APART: f64 = 100.0;

/// A warning gives the length of longer experiments, ms.
const LONG_MS: f64 = 1e6;

/// With this many times the rheobase all neurons spike as often as they can.
const RHEOBASES: f64 = 150.0;

/// A warning about a stimulus, if nothing gives the length of the run and of a step.
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
        format!("{samples} that are {} ms apart, which is coarse for steps of {dt} ms", ms(apart))
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

/// A warning about a constant current that is probably in another unit. Explicit units are trusted.
pub fn of_current(current: Spread, params: &Params, unit: &str, has_unit: bool) -> Option<String> {
    let largest = current.largest();
    let times = largest / currents::rheobase(params);
    // Currents out of range are refused.
    let is_possible = largest * currents::largest_magnitude(&params.resistance) <= currents::LARGEST_DRIVE;
    (times >= RHEOBASES && is_possible).then(|| {
        let as_pico = if unit == "nA" && !has_unit {
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

/// A warning about a constant current, the only input, with which no neuron spikes.
pub fn of_small_current(current: Spread, params: &Params, unit: &str) -> Option<String> {
    let largest = current.largest();
    (!currents::reaches_threshold(params, largest)).then(|| {
        format!(
            "no neuron that starts at rest reaches its threshold with a current of {largest} {unit}; take more than \
             {} {unit}",
            currents::rounded(currents::least_rheobase(params))
        )
    })
}

/// If the threshold is this close to rest, both are probably in volts, mV.
const NEAREST_THRESHOLD: f64 = 0.1;

/// A warning about membrane potentials that are probably in volts.
pub fn of_volts(params: &Params) -> Option<String> {
    let [rest, threshold] = [&params.v_rest, &params.v_threshold].map(currents::largest_magnitude);
    let is_near = (threshold - rest).abs() < NEAREST_THRESHOLD && rest.max(threshold) < 1.0;
    is_near.then(|| {
        format!(
            "v-rest is {rest} mV and v-threshold {threshold} mV but for their signs, less than {NEAREST_THRESHOLD} mV \
             apart; if they are in volts, write them as -65mV or -0.065V"
        )
    })
}

/// A loss of this fraction of the way from rest to the threshold is visible in figures.
const MUCH_LOST: f64 = 0.01;

/// With more steps per time constant, the library refuses them.
const MANY_STEPS: f64 = 1e9;

/// A warning about steps so short that changes of the membrane potential are lost in single precision.
pub fn of_precision(params: &Params) -> Option<String> {
    let [rest, reset, threshold] = [&params.v_rest, &params.v_reset, &params.v_threshold].map(currents::ends);
    let from_reference = |v: f64| (v - params.v_reference).abs();
    let largest =
        [rest.0, rest.1, threshold.0, threshold.1].map(from_reference).into_iter().fold(0.0, f64::max);
    let way =
        [rest.0, rest.1, reset.0, reset.1].map(|v| (threshold.1 - v).abs()).into_iter().fold(0.0, f64::max);
    // A change of less than half of the last bit is lost.
    let steps = currents::ends(&params.tau_m).1 / params.dt;
    let lost = 0.5 * largest * f64::from(f32::EPSILON) * steps;
    (lost > MUCH_LOST * way && steps <= MANY_STEPS).then(|| {
        format!(
            "steps of {} ms are so short against tau_m that single precision loses changes of the membrane potential: it \
             may stop {lost:.2} mV before where the current takes it; --v-reference {} keeps potentials as differences \
             from that, which are more precise, or take a longer --dt",
            params.dt, rest.0
        )
    })
}
