//! [`Random`]: random input that is drawn on the device: noise currents, and Poisson spikes.

use crate::experiment::params::Parameter;

/// A random source of input, drawn on the device for each cell and step, so that no data is transferred.
/// Add it to an [`Input`](crate::Input) with [`and`](crate::Input::and); an input can have
/// any number of sources.
///
/// Each parameter has the same shapes as neuron parameters: a number, `[n]`, `[batch, 1]` or
/// `[batch, n]`. The draws depend only on the [seed](crate::Population::set_seed), the cell, the
/// number of the step and the stream: not on the engine, the length of a call, the split of
/// a batch, or on how a run is cut into calls. Without [`stream`](Self::stream), the first source of an
/// input has stream 0, the second stream 1, and so on.
///
/// ```
/// use lif::{Device, Input, Params, Population, Random, Recording};
///
/// let mut population = Population::new(Params::default(), 1000, &Device::cpu())?;
/// population.set_seed(7)?;
/// let input = Input::constant(0.3)
///     .and(Random::gaussian(0.0, 0.5))                  // nA at each step
///     .and(Random::poisson(800.0, 0.2))                 // 800 spikes per second, 0.2 mV each
///     .and(Random::poisson_current(500.0, -0.1));       // inhibition, as a current in nA
/// let recorded = population.run(1000, input).record(Recording::none().counts()).go()?;
/// assert!(recorded.counts.is_some_and(|counts| counts.sum() > 0));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Random {
    pub(crate) distribution: Distribution,
    pub(crate) stream: Option<u32>,
}

/// The distribution of the draws, and what they do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distribution {
    Gaussian { mean: Parameter, sd: Parameter },
    WhiteNoise { mean: Parameter, sigma: Parameter },
    Uniform { low: Parameter, high: Parameter },
    Poisson { rate: Parameter, weight: Parameter, jumps: bool },
}

impl Random {
    /// A current from a normal distribution with this mean and standard deviation (nA), drawn anew at
    /// each step. Its effect on a neuron depends on the length of a step; that of
    /// [`white_noise`](Self::white_noise) does not.
    pub fn gaussian(mean: impl Into<Parameter>, sd: impl Into<Parameter>) -> Self {
        Self::new(Distribution::Gaussian { mean: mean.into(), sd: sd.into() })
    }

    /// White noise with this mean (nA) and intensity `sigma` (nA ms^1/2): at each step a normal draw
    /// with standard deviation `sigma / sqrt(dt)`, so that its effect on a neuron does not depend
    /// on the length of a step. Without spikes, the membrane potential fluctuates around its mean with standard
    /// deviation `resistance * sigma / sqrt(2 tau_m)`.
    pub fn white_noise(mean: impl Into<Parameter>, sigma: impl Into<Parameter>) -> Self {
        Self::new(Distribution::WhiteNoise { mean: mean.into(), sigma: sigma.into() })
    }

    /// A current that is uniformly distributed from `low` up to `high` (nA), drawn anew at each step.
    pub fn uniform(low: impl Into<Parameter>, high: impl Into<Parameter>) -> Self {
        Self::new(Distribution::Uniform { low: low.into(), high: high.into() })
    }

    /// Spikes of a Poisson process with this rate (Hz). Each changes the membrane potential by
    /// `weight` (mV) at once, as a charge that a synapse injects: after the membrane equation has
    /// been stepped and before the threshold test. It has no effect on a refractory neuron that
    /// ignores its input. Any number of spikes can fall into a step. Probabilities are
    /// rounded to multiples of 2^-32.
    pub fn poisson(rate: impl Into<Parameter>, weight: impl Into<Parameter>) -> Self {
        Self::new(Distribution::Poisson { rate: rate.into(), weight: weight.into(), jumps: true })
    }

    /// Spikes of a Poisson process with this rate (Hz), each of which is a current of `weight` (nA) for one step. If
    /// the population has a `tau_syn`, `weight` is added to its synaptic current instead, or to its inhibitory current
    /// if it is negative and there is one.
    pub fn poisson_current(rate: impl Into<Parameter>, weight: impl Into<Parameter>) -> Self {
        Self::new(Distribution::Poisson { rate: rate.into(), weight: weight.into(), jumps: false })
    }

    /// Chooses the stream of random numbers. Sources of the same stream draw from the same numbers:
    /// two inputs with the same stream, seed and steps are fully correlated.
    #[must_use]
    pub fn stream(mut self, stream: u32) -> Self {
        self.stream = Some(stream);
        self
    }

    fn new(distribution: Distribution) -> Self {
        Self { distribution, stream: None }
    }
}
