//! [`Input`]: what drives a population. Currents (nA), constant or one per step, broadcast like parameters, plus random
//! sources and spikes.

use crate::data::broadcast::{bytes_copied, without_repetition};
use crate::data::large::Large;
use crate::data::storage::DeviceArray;
use crate::experiment::noise_size::NoiseSize;
use crate::experiment::random_source::Random;
use crate::experiment::spike_input::{SpikeEffect, SpikeInput, SpikeSize};
use ndarray::{ArrayBase, ArrayViewD, Data, Dimension, IxDyn, RawData};
use std::sync::Arc;

/// The input of a population: a current in nA, and what random sources and spikes add to it.
///
/// A *constant* input has the shape `[]`, `[n]`, `[batch, 1]` or `[batch, n]` and is the same at every
/// step of the call. A *sequence* has one array of these shapes per step, stacked along a leading time axis:
/// `[T]`, `[T, n]`, `[T, batch, 1]` or `[T, batch, n]`. Views of any memory order are accepted; the
/// axes are never guessed or swapped.
///
/// ```
/// use lif::{Device, Input, Params, Population, Recording};
/// use ndarray::{Array1, Array2};
///
/// let mut population = Population::new(Params::default(), 3, &Device::cpu())?;
/// population.forward(1.5)?;                                     // all neurons the same
/// population.forward(&Array1::from(vec![0.0_f32, 1.0, 2.0]))?;  // one current per neuron
/// let ramp = Array2::from_shape_fn((100, 3), |(step, neuron)| (step + neuron) as f32 * 0.01);
/// population.run(100, Input::sequence(&ramp)).go()?;
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Input<'a> {
    pub(crate) source: InputValues<'a>,
    pub(crate) time_axis: bool,
    pub(crate) random: Vec<Random>,
    pub(crate) spikes: Vec<SpikeInput<'a>>,
}

/// The values of an input: a number, an array, or a [`Tensor`].
#[derive(Debug, Clone)]
pub struct InputValues<'a>(pub(crate) InputValuesKind<'a>);

#[derive(Debug, Clone)]
pub(crate) enum InputValuesKind<'a> {
    Number(f32),
    Array(ArrayViewD<'a, f32>),
    Tensor(&'a Tensor),
}

impl<'a> Input<'a> {
    /// The same current at every step.
    pub fn constant(values: impl Into<InputValues<'a>>) -> Self {
        Self { source: values.into(), time_axis: false, random: Vec::new(), spikes: Vec::new() }
    }

    /// One current per step: the leading axis of `values` is time and as long as the call.
    pub fn sequence(values: impl Into<InputValues<'a>>) -> Self {
        Self { source: values.into(), time_axis: true, random: Vec::new(), spikes: Vec::new() }
    }

    /// Adds a random source, which is drawn anew at each step.
    #[must_use]
    pub fn and(mut self, random: Random) -> Self {
        self.random.push(random);
        self
    }

    /// Adds spikes, through weights.
    #[must_use]
    pub fn and_spikes(mut self, spikes: SpikeInput<'a>) -> Self {
        self.spikes.push(spikes);
        self
    }

    pub(crate) fn source(&self) -> &InputValuesKind<'a> {
        &self.source.0
    }

    pub(crate) fn shape(&self) -> InputShape {
        let shape = match &self.source.0 {
            InputValuesKind::Number(_) => IxDyn(&[]),
            InputValuesKind::Array(view) => view.raw_dim(),
            InputValuesKind::Tensor(tensor) => IxDyn(tensor.shape()),
        };
        InputShape { shape, time_axis: self.time_axis }
    }

    /// Whether nothing is added to the current.
    pub(crate) fn is_current_alone(&self) -> bool {
        self.random.is_empty() && self.spikes.is_empty()
    }
}

/// The shape of an input, and whether its first axis is time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputShape {
    shape: IxDyn,
    time_axis: bool,
}

impl Input<'_> {
    /// Returns the sizes that determine its memory, except for its random sources.
    pub(crate) fn size(&self, n: usize) -> InputSize {
        let (of_step, copied): (usize, u64) = match &self.source.0 {
            InputValuesKind::Number(_) => (1, 0),
            InputValuesKind::Array(view) => {
                let lengths = &view.shape()[usize::from(self.time_axis).min(view.ndim())..];
                (lengths.iter().product(), bytes_copied(&without_repetition(view.clone())))
            }
            InputValuesKind::Tensor(tensor) => (tensor.values_from_host_at_a_step(self.time_axis), 0),
        };
        let spikes = self.spikes.iter().map(|spikes| spikes.size(n)).collect();
        let noise = NoiseSize::default();
        let (of_step, is_sequence) = (of_step as u64, self.time_axis);
        InputSize { of_step, is_sequence, copied, spikes, inhibition: false, noise }
    }
}

/// The sizes of an input that determine its memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputSize {
    /// The number of values of a step that come from the memory of this program.
    pub(crate) of_step: u64,
    /// Whether each step has its own values.
    pub(crate) is_sequence: bool,
    /// The number of bytes that are copied to bring them into row-major order.
    pub(crate) copied: u64,
    pub(crate) spikes: Vec<SpikeSize>,
    /// Whether negative weights of currents have sums of their own in the population.
    pub(crate) inhibition: bool,
    pub(crate) noise: NoiseSize,
}

impl InputSize {
    /// The number of sums that the spikes add to: currents, those of negative weights if they are apart, and potentials.
    pub(crate) fn spike_targets(&self) -> u64 {
        let any = |effect| u64::from(self.spikes.iter().any(|spikes| spikes.effect == effect));
        any(SpikeEffect::Current) * (1 + u64::from(self.inhibition)) + any(SpikeEffect::Potential)
    }
}

impl<'a, T: Into<InputValues<'a>>> From<T> for Input<'a> {
    fn from(values: T) -> Self {
        Self::constant(values)
    }
}

impl From<Random> for Input<'_> {
    /// The random source, without a current.
    fn from(random: Random) -> Self {
        Self::constant(0.0).and(random)
    }
}

impl<'a> From<SpikeInput<'a>> for Input<'a> {
    /// The spikes, without a current.
    fn from(spikes: SpikeInput<'a>) -> Self {
        Self::constant(0.0).and_spikes(spikes)
    }
}

impl From<f32> for InputValues<'_> {
    fn from(value: f32) -> Self {
        InputValues(InputValuesKind::Number(value))
    }
}

impl From<f64> for InputValues<'_> {
    /// Rounds to `f32`, in which everything is computed.
    fn from(value: f64) -> Self {
        (value as f32).into()
    }
}

impl<'a, S: Data<Elem = f32> + RawData, D: Dimension> From<&'a ArrayBase<S, D>> for InputValues<'a> {
    fn from(values: &'a ArrayBase<S, D>) -> Self {
        InputValues(InputValuesKind::Array(values.view().into_dyn()))
    }
}

impl<'a> From<&'a Tensor> for InputValues<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        InputValues(InputValuesKind::Tensor(tensor))
    }
}

/// An array of currents that was uploaded to a device once and can be used any number of times
/// without another copy. Clones share the data.
///
/// ```
/// use lif::{Device, Input, Params, Population, Recording, Tensor};
/// use ndarray::Array2;
///
/// let device = Device::cpu();
/// let noise = Tensor::new(&device, &Array2::from_elem((200, 50), 0.6_f32))?;
/// let mut population = Population::new(Params::default(), [8, 50], &device)?;
/// for _ in 0..3 {
///     population.run(200, Input::sequence(&noise)).go()?;
/// }
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tensor {
    pub(crate) data: TensorData,
    pub(crate) shape: Vec<usize>,
    pub(crate) largest: f32,
}

#[derive(Debug, Clone)]
pub(crate) enum TensorData {
    Host(Arc<Large<f32>>),
    Device(Arc<dyn DeviceArray>),
    /// A copy for each of several devices.
    Several(Arc<[Tensor]>),
}

impl Tensor {
    /// The shape of the array that was uploaded.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of values of each step that are sent when it is used: all of them if they are in the memory of this
    /// program, for example as they are more than the device binds at once.
    fn values_from_host_at_a_step(&self, time_axis: bool) -> usize {
        let of_step = self.shape.iter().skip(usize::from(time_axis)).product();
        match &self.data {
            TensorData::Host(_) => of_step,
            TensorData::Device(tensor) if tensor.kept().is_some() => of_step,
            TensorData::Device(_) => 0,
            TensorData::Several(copies) => {
                copies.iter().map(|copy| copy.values_from_host_at_a_step(time_axis)).max().unwrap_or(0)
            }
        }
    }

    /// The largest magnitude of the values.
    pub(crate) fn largest(&self) -> f32 {
        self.largest
    }

    /// Whether both share the data of one upload.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (TensorData::Host(a), TensorData::Host(b)) => Arc::ptr_eq(a, b),
            (TensorData::Device(a), TensorData::Device(b)) => Arc::ptr_eq(a, b),
            (TensorData::Several(a), TensorData::Several(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Returns the copy on the device with this index among several.
    pub(crate) fn on(&self, device: usize) -> &Self {
        match &self.data {
            TensorData::Several(copies) => copies.get(device).unwrap_or(self),
            TensorData::Host(_) | TensorData::Device(_) => self,
        }
    }
}
