//! Merges the recordings of the slabs of a population into one, as a single engine would make it.

use super::{Piece, Request, SpikeRequest, VoltageRequest};
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use crate::data::steps::blocks;

/// The recording of all slabs for one block of steps.
#[derive(Debug)]
pub(super) struct Merged {
    first_step: u64,
    steps: u64,
    /// Number of words in a row.
    word_row: usize,
    words: Vec<u32>,
    /// Number of membrane potentials in a sample.
    sample: usize,
    voltages: Vec<f32>,
}

/// The part of a request that concerns one slab, and the places of its values in the merged recording.
#[derive(Debug)]
pub(super) struct SlabRequest {
    pub(super) request: Request,
    word_places: Positions,
    voltage_places: Positions,
}

/// The places of a slab's values in a merged row.
#[derive(Debug)]
enum Positions {
    /// Consecutive places from this one on.
    From(usize),
    Each(Vec<usize>),
}

impl SlabRequest {
    pub(super) fn new(request: &Request, slab: &Slab, n: usize) -> Self {
        let (words, word_places) = match &request.spikes {
            SpikeRequest::None => (SpikeRequest::None, Positions::From(0)),
            SpikeRequest::Scored => (SpikeRequest::Scored, Positions::From(0)),
            SpikeRequest::All => (SpikeRequest::All, Positions::From(slab.cells(n).start)),
            SpikeRequest::Chosen(neurons) => {
                let (neurons, places) = chosen(neurons, slab, n);
                (if neurons.is_empty() { SpikeRequest::None } else { SpikeRequest::Chosen(neurons) }, places)
            }
        };
        let (voltages, voltage_places) = match &request.voltages {
            None => (None, Positions::From(0)),
            Some(VoltageRequest { neurons, every }) => {
                let (neurons, places) = chosen(neurons, slab, n);
                let request = (!neurons.is_empty()).then_some(VoltageRequest { neurons, every: *every });
                (request, places)
            }
        };
        Self { request: Request { spikes: words, voltages }, word_places, voltage_places }
    }
}

/// Returns the chosen neurons that are in the slab, numbered within the slab, and their places in a merged
/// row.
fn chosen(neurons: &[u32], slab: &Slab, n: usize) -> (Vec<u32>, Positions) {
    if slab.neurons.len() == n {
        return (neurons.to_vec(), Positions::From(slab.rows.start * neurons.len()));
    }
    // Such a slab has some neurons of one batch row.
    let start = slab.rows.start * neurons.len();
    let (own, places) = (start..)
        .zip(neurons)
        .filter(|(_, neuron)| slab.neurons.contains(&(**neuron as usize)))
        .map(|(place, neuron)| (neuron - slab.neurons.start as u32, place))
        .unzip();
    (own, Positions::Each(places))
}

impl Merged {
    pub(super) fn new(request: &Request, shape: Shape) -> Self {
        Self {
            first_step: 0,
            steps: 0,
            word_row: request.spikes.cells(shape),
            words: Vec::new(),
            sample: request.voltages.as_ref().map_or(0, |voltages| shape.batch * voltages.neurons.len()),
            voltages: Vec::new(),
        }
    }

    /// Clears the recording, and sizes it for the next block of steps.
    pub(super) fn start(&mut self, request: &Request, first_step: u64, steps: u64) {
        let samples =
            request.voltages.as_ref().map_or(0, |voltages| voltages.samples(first_step, first_step + steps));
        self.first_step = first_step;
        self.steps = steps;
        self.words.clear();
        self.words.resize(blocks(first_step, steps) * self.word_row, 0);
        self.voltages.resize(samples * self.sample, 0.0);
    }

    /// Adds a piece of one slab, whose first step has the number `first_step`.
    pub(super) fn take(
        &mut self,
        slab_request: &SlabRequest,
        slab: &Slab,
        first_step: u64,
        piece: Piece<'_>,
    ) {
        let own = slab_request.request.spikes.cells(slab.shape());
        if own > 0 {
            let block = (first_step / 32 - self.first_step / 32) as usize;
            let rows = self.words.chunks_exact_mut(self.word_row).skip(block);
            for (row, words) in rows.zip(piece.words.chunks_exact(own)) {
                // The steps of one word may come in several pieces.
                scatter(row, words, &slab_request.word_places, |word, more| *word |= more);
            }
        }
        if let Some(request) = &slab_request.request.voltages {
            let own = slab.rows.len() * request.neurons.len();
            let before = request.samples(self.first_step, first_step);
            let rows = self.voltages.chunks_exact_mut(self.sample).skip(before);
            for (row, voltages) in rows.zip(piece.voltages.chunks_exact(own)) {
                scatter(row, voltages, &slab_request.voltage_places, |place, v| *place = v);
            }
        }
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        Piece { steps: self.steps, words: &self.words, voltages: &self.voltages }
    }
}

fn scatter<T: Copy>(row: &mut [T], values: &[T], places: &Positions, put: impl Fn(&mut T, T)) {
    match places {
        Positions::From(first) => {
            row[*first..].iter_mut().zip(values).for_each(|(place, value)| put(place, *value))
        }
        Positions::Each(places) => {
            places.iter().zip(values).for_each(|(place, value)| put(&mut row[*place], *value))
        }
    }
}
