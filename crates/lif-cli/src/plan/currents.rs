//! The current that a neuron needs, and the currents of a run that is not given any.

use crate::quantity::spread::Spread;
use lif::Params;

/// The least and the greatest current where none is given, in parts of the one that just reaches the
/// threshold.
const USUAL_CURRENTS: (f64, f64) = (0.8, 1.6);

/// What the product of resistance and current may be at most, mV, as the library has it.
pub const LARGEST_DRIVE: f64 = 1e20;

/// The current that just reaches the threshold of the first neuron.
pub fn rheobase(params: &Params) -> f64 {
    let first = |parameter: &lif::Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
    (first(&params.v_threshold) - first(&params.v_rest)) / first(&params.resistance)
}

/// The currents of a population that was not given any.
pub fn usual_currents(params: &Params) -> Spread {
    let rheobase = rheobase(params);
    Spread::Range(rounded(USUAL_CURRENTS.0 * rheobase), rounded(USUAL_CURRENTS.1 * rheobase))
}

/// Whether a constant current brings any neuron above its threshold, as far as the extremes of the parameters tell.
/// Where more current would not help, the answer is yes.
pub fn is_enough(params: &Params, current: f64) -> bool {
    let values =
        |parameter: &lif::Parameter| parameter.values().iter().copied().map(f64::from).collect::<Vec<_>>();
    let most = |parameter| values(parameter).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let least = values(&params.v_threshold).into_iter().fold(f64::INFINITY, f64::min);
    let resistance = most(&params.resistance);
    resistance <= 0.0 || resistance * current > least - most(&params.v_rest)
}

/// The largest magnitude of a parameter.
pub fn largest_of(parameter: &lif::Parameter) -> f64 {
    parameter.values().iter().fold(0.0_f64, |largest, value| largest.max(f64::from(value.abs())))
}

/// As people write numbers.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}
