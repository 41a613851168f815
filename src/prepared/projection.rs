//! Spikes that drive a population, as engines get them: checked words of spikes, and the weights through
//! which they act.
//!
//! `src/engine/cpu/projection.rs` and `shaders/projection.wgsl` sum the weights in the order of the inputs,
//! and of the trains of each, so that both engines round in the same way.

use crate::data::broadcast::Column;
use crate::data::resident::ResidentData;
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use crate::data::storage::DeviceWords;
use crate::error::{Error, Result};
use crate::experiment::input::{InputValues, InputValuesKind};
use crate::experiment::spike_input::{SpikeEffect, SpikeInput, SpikeSourceKind, Weights};
use crate::prepared::coefficients::{physical, require_magnitude};
use crate::prepared::current::{Place, Values};
use std::borrow::Cow;
use std::sync::Arc;

/// The checked spikes and weights of one input.
#[derive(Debug, Clone)]
pub(crate) struct Projection<'a> {
    pub(crate) words: SpikeWords<'a>,
    /// Index of the first word of the first cell.
    pub(crate) word_offset: usize,
    /// Number of words from one block of 32 steps to the next.
    pub(crate) word_block: usize,
    /// Number of words from one batch row to the next.
    pub(crate) word_row: usize,
    /// Index of the first step's bit, counted from the first word of a cell.
    pub(crate) first_bit: u64,
    pub(crate) wiring: Wiring<'a>,
    pub(crate) effect: SpikeEffect,
}

/// The memory that stores the words.
#[derive(Debug, Clone)]
pub(crate) enum SpikeWords<'a> {
    Host(Cow<'a, [u32]>),
    Device(Arc<dyn DeviceWords>),
}

/// How trains are connected to neurons, with the weights.
#[derive(Debug, Clone)]
pub(crate) enum Wiring<'a> {
    /// Each neuron has its own train, and these weights.
    Each(Column<f32>),
    /// Each train drives all neurons; `offset + train * row + neuron` is the place of a weight.
    Dense { weights: Values<'a>, trains: usize, offset: usize, row: usize },
}

impl<'a> Projection<'a> {
    /// Checks spikes against the population that they are to drive for this many steps. Adds the largest
    /// current that can arrive at a step to `arriving`.
    pub(crate) fn new(
        input: SpikeInput<'a>,
        steps: u64,
        shape: Shape,
        place: &dyn Place,
        arriving: &mut f32,
    ) -> Result<Self> {
        let (layout, words) = match input.spikes.0 {
            SpikeSourceKind::Raster(raster) => {
                let trains = raster.neurons().len();
                let layout = Layout::new(raster.batch(), trains, raster.first_step(), raster.steps());
                layout.check(steps, shape.batch)?;
                (layout, SpikeWords::Host(raster.words().into()))
            }
            SpikeSourceKind::Resident(resident) => {
                let trains = resident.n();
                let layout = Layout::new(resident.batch(), trains, resident.first_step(), resident.steps());
                layout.check(steps, shape.batch)?;
                (layout, words_at(resident.words(), place)?)
            }
        };
        let (wiring, largest_sum) = wiring(input.weights, &layout, shape, place)?;
        match input.effect {
            SpikeEffect::Current => *arriving += largest_sum,
            SpikeEffect::Potential => {
                require_magnitude("the most that the spikes of one step can add to v", largest_sum)?;
            }
        }
        Ok(Self {
            words,
            word_offset: 0,
            word_block: layout.batch * layout.trains,
            word_row: if layout.batch > 1 { layout.trains } else { 0 },
            first_bit: layout.first_bit,
            wiring,
            effect: input.effect,
        })
    }

    /// Returns the part that drives a slab on the device of this number, from a step on.
    pub(crate) fn part(&self, slab: &Slab, device: usize, step: usize) -> Projection<'_> {
        let first_neuron = slab.neurons.start;
        let (wiring, own_train) = match &self.wiring {
            Wiring::Each(weights) => (Wiring::Each(weights.part(slab)), first_neuron),
            Wiring::Dense { weights, trains, offset, row } => {
                let weights = weights.on(device);
                (Wiring::Dense { weights, trains: *trains, offset: offset + first_neuron, row: *row }, 0)
            }
        };
        Projection {
            words: match &self.words {
                SpikeWords::Host(words) => SpikeWords::Host(Cow::Borrowed(words)),
                SpikeWords::Device(words) => SpikeWords::Device(Arc::clone(words)),
            },
            word_offset: self.word_offset + slab.rows.start * self.word_row + own_train,
            first_bit: self.first_bit + step as u64,
            wiring,
            ..*self
        }
    }

    /// Number of trains that drive a neuron.
    pub(crate) fn trains(&self) -> usize {
        match &self.wiring {
            Wiring::Each(_) => 1,
            Wiring::Dense { trains, .. } => *trains,
        }
    }

    /// The spikes of a train at the 32 steps from `step` on; bits beyond the end of the words are 0. Only for
    /// words in host memory.
    #[inline(always)]
    pub(crate) fn spikes(&self, step: u64, row: usize, train: usize) -> u32 {
        let SpikeWords::Host(words) = &self.words else { return 0 };
        let bit = self.first_bit + step;
        let place = self.word_offset + row * self.word_row + train + (bit / 32) as usize * self.word_block;
        let early = words.get(place).copied().unwrap_or_default() >> (bit % 32);
        if bit.is_multiple_of(32) {
            return early;
        }
        let late = words.get(place + self.word_block).copied().unwrap_or_default();
        early | late << (32 - bit % 32)
    }
}

/// Resident words as an engine at this place can use them.
fn words_at<'a>(words: &'a ResidentData, place: &dyn Place) -> Result<SpikeWords<'a>> {
    Ok(match words {
        ResidentData::Host(words) => SpikeWords::Host((&***words).into()),
        ResidentData::Device(words) if place.has(words) => SpikeWords::Device(Arc::clone(words)),
        ResidentData::Device(words) => SpikeWords::Host(words.read()?.into()),
    })
}

/// The layout of a raster's words.
struct Layout {
    batch: usize,
    trains: usize,
    steps: u64,
    first_bit: u64,
}

impl Layout {
    fn new(batch: usize, trains: usize, first_step: u64, steps: u64) -> Self {
        Self { batch, trains, steps, first_bit: first_step % 32 }
    }

    fn check(&self, steps: u64, batch: usize) -> Result<()> {
        if self.steps == steps && (self.batch == 1 || self.batch == batch) {
            return Ok(());
        }
        let expected = format!("[{steps}, 1, neurons] or [{steps}, {batch}, neurons] (one entry per step)");
        Err(Error::shape(
            "the spikes that drive the population",
            expected,
            &[self.steps as usize, self.batch, self.trains],
        ))
    }
}

/// Checks the weights. Returns them, and the largest sum that they can have for one cell.
fn wiring<'a>(
    weights: Weights<'a>,
    layout: &Layout,
    shape: Shape,
    place: &dyn Place,
) -> Result<(Wiring<'a>, f32)> {
    let what = "the weights of the spike input";
    let n = shape.n;
    match weights {
        Weights::Each(weight) => {
            if layout.trains != n {
                let expected =
                    format!("[{}, {}, {n}] (one train for each neuron)", layout.steps, layout.batch);
                let got = [layout.steps as usize, layout.batch, layout.trains];
                return Err(Error::shape("the spikes that drive the population", expected, &got));
            }
            let weights = physical(what, &weight, shape)?;
            let largest = weights.largest();
            Ok((Wiring::Each(weights), largest))
        }
        Weights::Dense(source) => {
            let wanted = [layout.trains, n];
            let (weights, largest) = dense(what, source, &wanted, place)?;
            let wiring = Wiring::Dense { weights, trains: layout.trains, offset: 0, row: n };
            Ok((wiring, largest * layout.trains as f32))
        }
    }
}

fn dense<'a>(
    what: &str,
    source: InputValues<'a>,
    wanted: &[usize; 2],
    place: &dyn Place,
) -> Result<(Values<'a>, f32)> {
    let refusal = |got: &[usize]| Error::shape(what, format!("{wanted:?} (trains, neurons)"), got);
    match source.0 {
        InputValuesKind::Number(_) => Err(refusal(&[])),
        InputValuesKind::Array(view) => {
            if view.shape() != wanted {
                return Err(refusal(view.shape()));
            }
            let (values, largest) = crate::data::broadcast::finite_row_major(what, view)?;
            Ok((Values::Host(values), largest))
        }
        InputValuesKind::Tensor(tensor) => {
            if tensor.shape() != wanted {
                return Err(refusal(tensor.shape()));
            }
            place.require_own(tensor)?;
            Ok((Values::Tensor(tensor), tensor.largest()))
        }
    }
}
