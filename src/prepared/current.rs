//! The input of a run as engines get it: checked currents with their strides, random sources, and arriving
//! spikes.

use crate::data::broadcast::{finite, row_major, strides, without_repetition};
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use crate::data::storage::{DeviceArray, DeviceWords};
use crate::error::{About, Argument, Error, Result};
use crate::experiment::input::{Input, InputValuesKind, Tensor, TensorData};
use crate::model::LARGEST_PARAMETER;
use crate::prepared::noise::Noise;
use crate::prepared::projection::Projection;
use ndarray::Axis;
use std::borrow::Cow;
use std::sync::Arc;

/// Strides of the values of a current for steps, batch rows and neurons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Strides {
    pub(crate) step: usize,
    pub(crate) row: usize,
    pub(crate) neuron: usize,
}

/// A checked input. Its currents are values in row-major order with strides.
#[derive(Debug)]
pub(crate) struct Current<'a> {
    pub(crate) values: Values<'a>,
    pub(crate) strides: Strides,
    pub(crate) noise: Option<Arc<Noise>>,
    pub(crate) spikes: Vec<Projection<'a>>,
    /// Index of the value of the first cell and step; above 0 in slabs.
    pub(crate) offset: usize,
}

/// The values of a current, or weights: in host memory, or in a tensor.
#[derive(Debug, Clone)]
pub(crate) enum Values<'a> {
    Host(Cow<'a, [f32]>),
    Tensor(&'a Tensor),
}

impl Values<'_> {
    /// The copy on the device with this number, if there are several devices.
    pub(crate) fn on(&self, device: usize) -> Values<'_> {
        match self {
            Self::Host(values) => Values::Host(Cow::Borrowed(values)),
            Self::Tensor(tensor) => Values::Tensor(tensor.on(device)),
        }
    }

    /// The values, if they are in host memory.
    pub(crate) fn host(&self) -> Option<&[f32]> {
        match self {
            Self::Host(values) => Some(values),
            Self::Tensor(tensor) => match &tensor.data {
                TensorData::Host(values) => Some(values),
                TensorData::Device(tensor) => tensor.kept(),
                TensorData::Several(_) => None,
            },
        }
    }

    /// The array, if it is on a device.
    pub(crate) fn on_device(&self) -> Option<&Arc<dyn DeviceArray>> {
        match self {
            Self::Tensor(Tensor { data: TensorData::Device(tensor), .. }) => Some(tensor),
            Self::Host(_) | Self::Tensor(_) => None,
        }
    }
}

/// The device on which a population lives, as far as its inputs are concerned.
pub(crate) trait Place {
    /// Whether these words of spikes are on it.
    fn has(&self, words: &Arc<dyn DeviceWords>) -> bool;

    /// Refuses a tensor of another device.
    fn require_own(&self, tensor: &Tensor) -> Result<()>;
}

/// The place of inputs that are all in host memory.
#[derive(Debug)]
pub(crate) struct FromHost;

impl Place for FromHost {
    fn has(&self, _words: &Arc<dyn DeviceWords>) -> bool {
        false
    }

    fn require_own(&self, tensor: &Tensor) -> Result<()> {
        match &tensor.data {
            TensorData::Host(_) => Ok(()),
            TensorData::Device(_) | TensorData::Several(_) => {
                let (tensor, population) = ("a device".to_owned(), "the memory of this program".to_owned());
                Err(Error::ForeignTensor { tensor, population })
            }
        }
    }
}

/// The properties of a population that bound its currents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    /// The largest magnitude of the resistance, MOhm.
    pub(crate) resistance: f32,
    /// How far synaptic currents can accumulate, as a multiple of what arrives at a step.
    pub(crate) synaptic_gain: f32,
}

impl Bounds {
    /// Refuses a current of this magnitude, nA, if it or its drive is too large for sums of it to stay
    /// finite.
    pub(crate) fn require(self, what: &str, largest: f32, extent: &str) -> Result<()> {
        self.require_at_most(LARGEST_PARAMETER, what, largest, extent)
    }

    /// Refuses a current of this magnitude, nA, if it or its drive is larger than `most`.
    pub(crate) fn require_at_most(self, most: f32, what: &str, largest: f32, extent: &str) -> Result<()> {
        let bounded = |what: String, largest: f32, unit: &str| {
            let requirement = format!("at most {most:e} {unit} in magnitude");
            Err(Error::out_of_range(&what, format!("{extent}{largest:e} {unit}"), requirement))
        };
        let drive = largest * self.resistance;
        if drive > most {
            return bounded(format!("resistance x {what}"), drive, "mV");
        }
        // The current is checked too, in case the resistance is close to 0.
        if largest > most {
            return bounded(format!("the {what}"), largest, "nA");
        }
        Ok(())
    }
}

impl<'a> Current<'a> {
    /// Checks an input and its spikes against the population that it is to drive for this many steps. Its
    /// random sources have been checked before.
    pub(crate) fn new(
        input: Input<'a>,
        steps: usize,
        shape: Shape,
        bounds: Bounds,
        noise: Option<Arc<Noise>>,
        place: &dyn Place,
    ) -> Result<Self> {
        let mut arriving = 0.0;
        let spikes = input
            .spikes
            .into_iter()
            .map(|spikes| {
                Projection::new(spikes, steps as u64, shape, place, &mut arriving).about(Argument::Spikes)
            })
            .collect::<Result<_>>()?;
        let steps = input.time_axis.then_some(steps);
        let (values, strides, largest) = match input.source.0 {
            InputValuesKind::Number(value) => {
                let strides = strides_of(&[], steps, shape)?;
                if !value.is_finite() {
                    let (what, place) = ("the input".to_owned(), String::new());
                    return Err(Error::NonFinite { argument: None, what, place, value });
                }
                (Values::Host(Cow::Owned(vec![value])), strides, value.abs())
            }
            InputValuesKind::Array(view) => {
                strides_of(view.shape(), steps, shape)?;
                let view = without_repetition(view);
                let largest = finite("the input", &view)?;
                // A time axis along which nothing changes has a single entry for all steps.
                let changes = steps.is_some() && view.len_of(Axis(0)) > 1;
                let step_shape = &view.shape()[usize::from(steps.is_some())..];
                let mut strides = strides_of(step_shape, None, shape)?;
                strides.step = if changes { step_shape.iter().product() } else { 0 };
                (Values::Host(row_major(view)?), strides, largest)
            }
            InputValuesKind::Tensor(tensor) => {
                place.require_own(tensor)?;
                (Values::Tensor(tensor), strides_of(&tensor.shape, steps, shape)?, tensor.largest)
            }
        };
        let mut largest = largest;
        if let Some(noise) = &noise {
            largest += noise.largest_current;
            arriving += noise.largest_arriving;
        }
        bounds.require("input", largest + arriving * bounds.synaptic_gain, "up to ")?;
        Ok(Self { values, strides, noise, spikes, offset: 0 })
    }

    /// Returns the part that drives a slab on the device of this number, from a step on, with the slab's
    /// noise.
    pub(crate) fn part(
        &self,
        slab: &Slab,
        device: usize,
        step: usize,
        noise: Option<Arc<Noise>>,
    ) -> Current<'_> {
        let Strides { step: step_stride, row, neuron } = self.strides;
        Current {
            values: self.values.on(device),
            strides: self.strides,
            noise,
            spikes: self.spikes.iter().map(|spikes| spikes.part(slab, device, step)).collect(),
            offset: self.offset + step * step_stride + slab.rows.start * row + slab.neurons.start * neuron,
        }
    }
}

/// The strides of an input of this shape. If `steps` is set, its first axis is time and has this length.
fn strides_of(input: &[usize], steps: Option<usize>, shape: Shape) -> Result<Strides> {
    let Some(steps) = steps else {
        let (row, neuron) = strides("the input", input, shape)?;
        return Ok(Strides { step: 0, row, neuron });
    };
    let refusal = || {
        let Shape { batch, n } = shape;
        let expected = format!(
            "[{steps}], [{steps}, {n}], [{steps}, {batch}, 1] or [{steps}, {batch}, {n}] (one entry per step)"
        );
        Error::shape("the input sequence", expected, input)
    };
    match input.split_first() {
        Some((length, step_shape)) if *length == steps => {
            let (row, neuron) = strides("the input", step_shape, shape).map_err(|_| refusal())?;
            Ok(Strides { step: step_shape.iter().product(), row, neuron })
        }
        _ => Err(refusal()),
    }
}
