//! [`Recorder`]: puts together a recording from the pieces that engines hand out.

use crate::data::large::Large;
use crate::data::raster::Raster;
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::engine::{Piece, Receiver, Request, Room, SpikeRequest, VoltageRequest};
use crate::error::{Error, Result};
use crate::experiment::recording::{
    BLOCK_BYTES, Delivery, MOST_RATE_BYTES, Neurons, Recorded, Recording, Voltages,
};
use crate::prepared::reference::Reference;
use ndarray::{Array, Dimension, IntoDimension};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Collects the recording of one run, as a whole or in blocks.
#[derive(Debug)]
pub(crate) struct Recorder {
    first_step: u64,
    made: u64,
    shape: Shape,
    request: Arc<Request>,
    spikes: Option<Raster>,
    /// The recorded neurons, if engines hand out the words of all neurons.
    gather: Option<Vec<u32>>,
    /// Whether the words are used for more than a recording of spikes: for rates or scores.
    reads_words: bool,
    rate: Option<Vec<u32>>,
    voltages: Large<f32>,
    /// The reference of the potentials that engines hand out, which are differences from it.
    pub(crate) reference: Reference,
}

impl Recorder {
    /// Makes a recorder. For a recording that is kept whole, it allocates the [memory](Recording::need) at once.
    pub(crate) fn new(
        recording: &Recording,
        first_step: u64,
        steps: u64,
        shape: Shape,
        kept: Delivery,
    ) -> Self {
        let Shape { batch, n } = shape;
        let reads_words = recording.rate || recording.scored;
        let words = match &recording.spikes {
            Some(Neurons::These(neurons)) if !reads_words => SpikeRequest::Chosen(neurons.clone()),
            None if !reads_words => SpikeRequest::None,
            _ => SpikeRequest::All,
        };
        let voltages = recording
            .voltages
            .as_ref()
            .map(|(neurons, every)| VoltageRequest { neurons: neurons.indices(n), every: *every });
        let gather = match &recording.spikes {
            Some(Neurons::These(neurons)) if reads_words => Some(neurons.clone()),
            _ => None,
        };

        let spike_words = recording.spikes.as_ref().map_or(0, |neurons| batch * neurons.len(n));
        let samples = voltages.as_ref().map_or(0, |request| request.samples(first_step, first_step + steps));
        let voltage_row = voltages.as_ref().map_or(0, |request| batch * request.neurons.len());
        let rate_values = if recording.rate { batch.saturating_mul(steps as usize) } else { 0 };
        let mut recorder = Self {
            first_step,
            made: 0,
            shape,
            request: Arc::new(Request { spikes: words, voltages }),
            spikes: recording
                .spikes
                .as_ref()
                .map(|neurons| Raster::new(first_step, batch, neurons.indices::<Arc<[u32]>>(n))),
            gather,
            reads_words,
            rate: recording.rate.then(Vec::new),
            voltages: Large::with_capacity(0),
            reference: Reference::default(),
        };
        let spike_words = spike_words.saturating_mul(blocks(first_step, steps));
        let voltage_values = samples.saturating_mul(voltage_row);
        if kept == Delivery::InBlocks {
            return recorder;
        }
        // Allocated at once, as growing would need it twice.
        if let Some(raster) = &mut recorder.spikes {
            raster.reserve(spike_words);
        }
        if let Some(rate) = &mut recorder.rate {
            rate.reserve_exact(rate_values);
        }
        recorder.voltages = Large::with_capacity(voltage_values);
        recorder
    }

    /// Returns what the engine has to hand out; `None` if nothing is recorded or observed.
    pub(crate) fn request(&self, observed: bool) -> Option<Arc<Request>> {
        (observed || self.hands_out()).then(|| Arc::clone(&self.request))
    }

    /// Whether engines hand out anything for the recording.
    pub(crate) fn hands_out(&self) -> bool {
        *self.request != Request::default()
    }

    pub(crate) fn add(&mut self, piece: Piece<'_>) {
        let first_step = self.first_step + self.made;
        if let Some(raster) = &mut self.spikes {
            match &self.gather {
                None => raster.append(piece.words, piece.steps),
                Some(neurons) => {
                    let rows = piece.words.chunks_exact(self.shape.n);
                    let chosen = rows.flat_map(|row| neurons.iter().map(|&neuron| row[neuron as usize]));
                    raster.append(&chosen.collect::<Vec<_>>(), piece.steps);
                }
            }
        }
        if let Some(rate) = &mut self.rate {
            add_rate(rate, &piece, first_step, self.shape.batch, self.shape.n);
        }
        self.voltages.extend_from_slice(piece.voltages);
        self.made += piece.steps;
    }

    /// Whether a block is complete.
    pub(crate) fn is_full(&self) -> bool {
        let words = self.spikes.as_ref().map_or(0, |raster| raster.words().len());
        let rate = self.rate.as_ref().map_or(0, Vec::len);
        (words + rate + self.voltages.len()) * 4 >= BLOCK_BYTES
    }

    /// Takes out what was recorded before step `end`, and continues from there with an empty recording.
    pub(crate) fn cut(&mut self, end: u64) -> Result<Recorded> {
        let (first_step, steps) = (self.first_step, end - self.first_step);
        self.first_step = end;
        self.made = 0;
        let spikes = self.spikes.as_mut().map(|raster| {
            let next = raster.next(end);
            std::mem::replace(raster, next)
        });
        let rate = self.rate.as_mut().map(std::mem::take);
        let rate = rate.map(|rate| shaped((steps as usize, self.shape.batch), rate)).transpose()?;
        let voltages = match &self.request.voltages {
            None => None,
            Some(request) => {
                let every = u64::from(request.every);
                let samples = request.samples(first_step, end);
                let first_sample = first_step.div_ceil(every);
                let mut values = std::mem::replace(&mut self.voltages, Large::with_capacity(0));
                self.reference.all_to_user(&mut values);
                let steps = (0..samples as u64).map(|sample| (first_sample + sample) * every).collect();
                Some(Voltages::new(values, self.shape.batch, request.neurons.clone(), steps)?)
            }
        };
        Ok(Recorded { first_step, steps, spikes, counts: None, rate, voltages })
    }
}

impl Receiver for Recorder {
    /// Offers room for the words of all neurons, if they are only recorded, and for membrane potentials.
    fn room(&mut self, words: usize, voltages: usize) -> Option<Room<'_>> {
        let words = match &mut self.spikes {
            _ if words == 0 => &mut [],
            Some(raster) if !self.reads_words && self.request.spikes == SpikeRequest::All => {
                raster.room(words)?
            }
            _ => return None,
        };
        Some(Room { words, voltages: self.voltages.grow(voltages) })
    }

    /// Bounds the size of the rates, which are computed here; the engine bounds everything else.
    fn most_steps(&self) -> u64 {
        let of_a_step = self.rate.as_ref().map(|_| 4 * self.shape.batch);
        of_a_step.map_or(u64::MAX, |bytes| (MOST_RATE_BYTES / bytes).max(1) as u64)
    }

    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        self.add(piece);
        ControlFlow::Continue(())
    }
}

/// Appends the number of spikes of each step and batch row.
fn add_rate(rate: &mut Vec<u32>, piece: &Piece<'_>, first_step: u64, batch: usize, n: usize) {
    let start = rate.len();
    rate.resize(start + piece.steps as usize * batch, 0);
    let rate = &mut rate[start..];
    for (index, words) in piece.words.chunks_exact(n).enumerate() {
        let (block, row) = (index / batch, index % batch);
        for &word in words {
            let mut rest = word;
            while rest != 0 {
                let bit = u64::from(rest.trailing_zeros());
                let step = (block as u64 * 32 + bit - first_step % 32) as usize;
                rate[step * batch + row] += 1;
                rest &= rest - 1;
            }
        }
    }
}

/// Returns values in this shape. Engines hand out exactly as many as fit.
fn shaped<T, D: Dimension>(shape: impl IntoDimension<Dim = D>, values: Vec<T>) -> Result<Array<T, D>> {
    let shape = shape.into_dimension();
    let expected = format!("{:?}", shape.slice());
    let got = values.len();
    Array::from_shape_vec(shape, values).map_err(|_| Error::shape("the recording", expected, &[got]))
}
