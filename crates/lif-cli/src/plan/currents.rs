//! The rheobase, and default currents that follow from it.

use crate::quantity::spread::Spread;
use lif::Params;

/// The default currents, from first to last, in units of the rheobase.
const DEFAULT_CURRENTS: (f64, f64) = (0.8, 1.6);

/// The largest product of resistance and current, mV, as in the library.
pub const LARGEST_DRIVE: f64 = 1e20;

/// The current that just reaches the threshold, for the first neuron.
pub fn rheobase(params: &Params) -> f64 {
    let first = |parameter: &lif::Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
    (first(&params.v_threshold) - first(&params.v_rest)) / first(&params.resistance)
}

/// The default currents of a population.
pub fn default_currents(params: &Params) -> Spread {
    let rheobase = rheobase(params);
    Spread::Range(rounded(DEFAULT_CURRENTS.0 * rheobase), rounded(DEFAULT_CURRENTS.1 * rheobase))
}

/// Whether a constant current brings any neuron above its threshold, judged by the extremes of the
/// parameters. Yes, if more current would not help.
pub fn reaches_threshold(params: &Params, current: f64) -> bool {
    let (way, resistance) = shortest_way(params);
    resistance <= 0.0 || resistance * current > way
}

/// The current below which no neuron reaches its threshold, judged by the extremes of the parameters.
pub fn least_rheobase(params: &Params) -> f64 {
    let (way, resistance) = shortest_way(params);
    way / resistance
}

/// The least way from rest to the threshold, mV, and the largest resistance, MOhm.
fn shortest_way(params: &Params) -> (f64, f64) {
    (ends(&params.v_threshold).0 - ends(&params.v_rest).1, ends(&params.resistance).1)
}

/// The least and the largest value of a parameter.
pub fn ends(parameter: &lif::Parameter) -> (f64, f64) {
    let values = parameter.values().iter().map(|value| f64::from(*value));
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// The largest magnitude of a parameter.
pub fn largest_magnitude(parameter: &lif::Parameter) -> f64 {
    parameter.values().iter().fold(0.0_f64, |largest, value| largest.max(f64::from(value.abs())))
}

/// Rounded to a few digits, as people write numbers.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}
