//! [`SpikeInput`]: spike trains that drive a population through weights.

use crate::data::broadcast::bytes_copied;
use crate::data::raster::Raster;
use crate::data::resident::ResidentRaster;
use crate::experiment::input::{InputValues, InputValuesKind};
use crate::experiment::params::Parameter;

/// Spikes that drive a population, and the weights of their projection.
///
/// The spikes are a [`Raster`], recorded or [made from events](Raster::from_events), or a
/// [`ResidentRaster`] that never left its device. Its first step is used as the first step of the call, whatever
/// its number, and it must be as long as the call. It has one batch row, which drives all rows of the
/// population, or as many rows as the population.
///
/// A spike at a step acts at the beginning of that step. There is no delay: a spike reaches the
/// next layer within the step in which it happens. Where spikes clear the synapse
/// ([`SynapseRule::Cleared`](crate::SynapseRule::Cleared)), a current is added at the end of the step and acts from the
/// next one on.
///
/// - As a *current* (the default), a spike adds its weight, nA, to the synaptic current, which decays with
///   `tau_syn`. If the population has no `tau_syn`, the spike is a current for one step. If it has a
///   `tau_syn_inhibitory`, a negative weight is added to the inhibitory current instead.
/// - With [`jumps`](Self::jumps), a spike changes the membrane potential by its weight, mV, at once: after
///   the membrane equation has been stepped and before the threshold test. It has no effect on a refractory neuron
///   that ignores its input.
///
/// ```
/// use lif::{Device, Input, Params, Population, Recording, SpikeInput};
/// use ndarray::Array2;
///
/// // LIF -> weights -> LIF: 20 neurons drive 5 others through a matrix.
/// let device = Device::cpu();
/// let mut first = Population::new(Params::default(), 20, &device)?;
/// let params = Params { tau_syn: Some(5.0.into()), ..Params::default() };
/// let mut second = Population::new(params, 5, &device)?;
/// let weights = Array2::from_shape_fn((20, 5), |(from, to)| 0.01 * (from + to) as f32);
///
/// let spikes = first.run_resident(1000, 0.8)?;
/// let input = Input::constant(0.1).and_spikes(SpikeInput::dense(&spikes, &weights));
/// let recorded = second.run(1000, input).record(Recording::none().spikes()).go()?;
/// assert!(recorded.spikes.is_some_and(|spikes| spikes.count() > 0));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SpikeInput<'a> {
    pub(crate) spikes: SpikeSource<'a>,
    pub(crate) weights: Weights<'a>,
    pub(crate) effect: SpikeEffect,
}

/// The spikes of an input: a [`Raster`] or a [`ResidentRaster`].
#[derive(Debug, Clone)]
pub struct SpikeSource<'a>(pub(crate) SpikeSourceKind<'a>);

#[derive(Debug, Clone)]
pub(crate) enum SpikeSourceKind<'a> {
    Raster(&'a Raster),
    Resident(&'a ResidentRaster),
}

impl<'a> From<&'a Raster> for SpikeSource<'a> {
    fn from(raster: &'a Raster) -> Self {
        Self(SpikeSourceKind::Raster(raster))
    }
}

impl<'a> From<&'a ResidentRaster> for SpikeSource<'a> {
    fn from(raster: &'a ResidentRaster) -> Self {
        Self(SpikeSourceKind::Resident(raster))
    }
}

/// Which spike train drives which neuron, with which weight.
#[derive(Debug, Clone)]
pub(crate) enum Weights<'a> {
    /// One train for each neuron.
    Each(Parameter),
    /// All to all, through a matrix `[n_in, n]`.
    Dense(InputValues<'a>),
}

/// What a spike acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpikeEffect {
    Current,
    Potential,
}

/// The sizes of input spikes that determine their memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpikeSize {
    /// The number of words of 32 steps, and of weights, that come from the memory of this program.
    pub(crate) words_of_block: u64,
    pub(crate) weights: u64,
    pub(crate) effect: SpikeEffect,
    /// The number of bytes of weights that are copied: a matrix to bring it into row-major order, others when they are
    /// checked.
    pub(crate) copied: u64,
}

impl<'a> SpikeInput<'a> {
    /// Drives each neuron by its own train, the one at the same position in the raster, through a
    /// weight (nA) that broadcasts to `[batch, n]` as all parameters do.
    pub fn each(spikes: impl Into<SpikeSource<'a>>, weight: impl Into<Parameter>) -> Self {
        Self { spikes: spikes.into(), weights: Weights::Each(weight.into()), effect: SpikeEffect::Current }
    }

    /// Drives each neuron by each of `n_in` trains, with a weight (nA) for each pair: `weights` is an array `[n_in,
    /// n]`, or a [`Tensor`](crate::Tensor) of that shape, which is uploaded once. An array is uploaded again if it
    /// differs from that of the last call or is larger than 64 MiB. Weights below 1e-20 in magnitude are 0.
    pub fn dense(spikes: impl Into<SpikeSource<'a>>, weights: impl Into<InputValues<'a>>) -> Self {
        Self { spikes: spikes.into(), weights: Weights::Dense(weights.into()), effect: SpikeEffect::Current }
    }

    /// Returns the sizes that determine its memory, for a population of `n` neurons.
    pub(crate) fn size(&self, n: usize) -> SpikeSize {
        let words_of_block = match &self.spikes.0 {
            SpikeSourceKind::Raster(raster) => raster.batch() * raster.neurons().len(),
            // An upper bound: spikes that are on the device already need not be sent.
            SpikeSourceKind::Resident(resident) => resident.batch() * resident.n(),
        };
        let (weights, copied) = match &self.weights {
            Weights::Each(weight) => (weight.values().len(), 4 * weight.values().len() as u64),
            Weights::Dense(InputValues(InputValuesKind::Array(view))) => (view.len(), bytes_copied(view)),
            Weights::Dense(InputValues(InputValuesKind::Tensor(_) | InputValuesKind::Number(_))) => (n, 0),
        };
        let (words_of_block, weights) = (words_of_block as u64, weights as u64);
        SpikeSize { words_of_block, weights, effect: self.effect, copied }
    }

    /// Makes the weights jumps of the membrane potential, mV, at each spike.
    #[must_use]
    pub fn jumps(mut self) -> Self {
        self.effect = SpikeEffect::Potential;
        self
    }
}
