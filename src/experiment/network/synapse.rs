//! [`Synapse`]: what a spike does to the neurons that it reaches, and when.

use crate::experiment::network::distribution::Distribution;
use crate::experiment::spike_input::SpikeEffect;
use std::sync::Arc;

/// The synapses of a projection: what a spike does at its target, and after which delay.
///
/// A spike of step s happens at the end of that step, at (s + 1) dt. With a delay of d steps it acts at
/// (s + 1 + d) dt, as in NEST:
///
/// - a *current* flows from the beginning of step s + 1 + d on; its delay can be 0;
/// - a *jump* is added in step s + d, after the membrane equation and before the threshold test; its delay
///   must be at least one step;
/// - a *current* that spikes clear ([`SynapseRule::Cleared`](crate::SynapseRule::Cleared)) flows from the beginning of
///   step s + 1 + d on, too, but is added at the end of step s + d, and only if its target neither is refractory in
///   that step nor spikes in it; its delay must be at least one step.
///
/// Delays are rounded once to a whole number of steps.
///
/// ```
/// use lif::{Distribution, Synapse};
///
/// let delta = Synapse::jump(0.1).delay(1.5);
/// let drawn = Synapse::current(Distribution::normal(0.088, 0.0088)).delay(Distribution::normal(1.5, 0.75));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Synapse {
    pub(crate) effect: SpikeEffect,
    pub(crate) weight: Distribution,
    /// `None`: the smallest that there is.
    pub(crate) delay: Delay,
    pub(crate) unit: Option<f64>,
    pub(crate) factors: Option<Arc<Vec<f32>>>,
}

/// What determines the delays of a projection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Delay {
    /// The smallest possible.
    Smallest,
    /// ms.
    Drawn(Distribution),
    /// The distance over a velocity (distance per ms), plus a constant (ms).
    OfDistance { velocity: f64, constant: f64 },
}

impl Synapse {
    /// A spike adds its weight (nA) to the synaptic current, which decays with
    /// [`tau_syn`](crate::Params::tau_syn), or, if its weight is negative, to the inhibitory current, if there is a
    /// [`tau_syn_inhibitory`](crate::Params::tau_syn_inhibitory). Without `tau_syn` it is a current for one step.
    pub fn current(weight: impl Into<Distribution>) -> Self {
        Self::new(SpikeEffect::Current, weight.into())
    }

    /// A spike changes the membrane potential by its weight (mV). It has no effect on a refractory neuron that
    /// ignores its input.
    pub fn jump(weight: impl Into<Distribution>) -> Self {
        Self::new(SpikeEffect::Potential, weight.into())
    }

    fn new(effect: SpikeEffect, weight: Distribution) -> Self {
        Self { effect, weight, delay: Delay::Smallest, unit: None, factors: None }
    }

    /// Sets the delays, ms, at most 65,535 steps. Without this they are the smallest possible: 0 for currents, one step
    /// for jumps and for currents that spikes clear. Each cell has room for as many sums as the longest delay has steps.
    #[must_use]
    pub fn delay(mut self, delay: impl Into<Distribution>) -> Self {
        self.delay = Delay::Drawn(delay.into());
        self
    }

    /// Makes each delay the distance between the two neurons over a velocity (in the unit of the positions, per ms),
    /// plus a constant (ms), which must be a possible delay itself. The neurons need
    /// [positions](crate::Network::set_positions). Distances are periodic if those of the rule are.
    #[must_use]
    pub fn velocity(mut self, velocity: f64, constant: f64) -> Self {
        self.delay = Delay::OfDistance { velocity, constant };
        self
    }

    /// States that all weights are whole multiples of a unit (nA or mV), as counts of synapses are. Their sums are
    /// then exact. Without this, weights are rounded once to multiples of a small power of two, as small as the
    /// largest possible sum allows. A unit is above 1e-20 and at most 1e20, and the magnitudes of all weights onto a
    /// neuron must be below 2^31 units together.
    ///
    /// Synapses with the same effect, unit and factors share their sums; a network has at most 32 different ones.
    #[must_use]
    pub fn unit(mut self, unit: f64) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Multiplies what arrives by a factor for each batch row: a sweep over weights in one population, with one copy of
    /// the synapses. There are as many factors as batch rows; each is 0, or from 1e-10 to 1e10.
    #[must_use]
    pub fn factors(mut self, of_rows: impl Into<Vec<f32>>) -> Self {
        self.factors = Some(Arc::new(of_rows.into()));
        self
    }

    /// The number of batch rows for which there are factors.
    pub(crate) fn rows(&self) -> Option<usize> {
        self.factors.as_ref().map(|factors| factors.len())
    }
}
