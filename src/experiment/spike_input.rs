//! What the user says of spikes that drive a population: trains, and the weights they go through.

use crate::data::broadcast::bytes_copied;
use crate::data::raster::Raster;
use crate::data::resident::ResidentRaster;
use crate::experiment::input::{InputValues, InputValuesKind};
use crate::experiment::params::Parameter;

/// Spikes that drive a population, and the weights that they go through.
///
/// The spikes are a [`Raster`], recorded or [made from events](Raster::from_events), or a
/// [`ResidentRaster`] that never left its device. Its first step is the first step of the call, whatever
/// its number, and it is as long as the call. It has one batch row, which drives all rows of the
/// population, or as many rows as the population.
///
/// A spike at a step acts at the beginning of that step: without a delay, so that a spike reaches the
/// next layer within the step in which it happens.
///
/// - As a *current* (the default) it adds its weight, nA, to the synaptic current, which decays with
///   `tau_syn`. Where the population has none, it is a current for the length of one step.
/// - With [`jumps`](Self::jumps) it moves the membrane potential by its weight, mV, at once: after
///   the membrane equation has been stepped, before the threshold is looked at, and without effect
///   where a refractory neuron ignores its input.
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

/// Where the spikes of an input lie.
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

/// Which train drives which neuron.
#[derive(Debug, Clone)]
pub(crate) enum Weights<'a> {
    /// Each its own.
    Each(Parameter),
    /// All of them all, through a matrix `[n_in, n]`.
    Dense(InputValues<'a>),
}

/// What a spike acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpikeEffect {
    Current,
    Potential,
}

/// What the spikes of an input consist of, as far as memory is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpikeSize {
    /// Words of 32 steps, and weights, both of which come from the memory of this program.
    pub(crate) words_of_block: u64,
    pub(crate) weights: u64,
    pub(crate) effect: SpikeEffect,
    /// Bytes of weights that are copied: of a matrix to lie in row-major order, of others as they are checked.
    pub(crate) copied: u64,
}

impl<'a> SpikeInput<'a> {
    /// Each neuron is driven by a train of its own, the one at its place in the raster, through a
    /// weight (nA) that broadcasts to `[batch, n]` as all parameters do.
    pub fn each(spikes: impl Into<SpikeSource<'a>>, weight: impl Into<Parameter>) -> Self {
        Self { spikes: spikes.into(), weights: Weights::Each(weight.into()), effect: SpikeEffect::Current }
    }

    /// Each of the `n_in` trains drives each neuron through a weight (nA) of its own: `weights` is an
    /// array `[n_in, n]`, or a [`Tensor`](crate::Tensor) of that shape, which is uploaded once. An
    /// array is uploaded where it is another one than at the last call, or larger than 64 MiB. Weights below 1e-20 in magnitude are 0.
    pub fn dense(spikes: impl Into<SpikeSource<'a>>, weights: impl Into<InputValues<'a>>) -> Self {
        Self { spikes: spikes.into(), weights: Weights::Dense(weights.into()), effect: SpikeEffect::Current }
    }

    /// What matters of it for the memory of a population of `n` neurons.
    pub(crate) fn size(&self, n: usize) -> SpikeSize {
        let words_of_block = match &self.spikes.0 {
            SpikeSourceKind::Raster(raster) => raster.batch() * raster.neurons().len(),
            // Where it lies on the device it need not go there.
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

    /// The weights are mV, by which each spike moves the membrane potential at once.
    #[must_use]
    pub fn jumps(mut self) -> Self {
        self.effect = SpikeEffect::Potential;
        self
    }
}
