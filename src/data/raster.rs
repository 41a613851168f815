//! [`Raster`]: recorded spikes, packed over time, one bit per neuron and step.

use crate::data::large::Large;
use crate::data::memory;
use crate::data::steps::blocks;
use crate::error::{Argument, Error, Result};
use ndarray::{Array2, Array3};
use std::sync::Arc;

/// The spikes of some neurons over some steps.
///
/// A `u32` word has 32 consecutive steps of one cell. Words are laid out `[block of 32 steps][batch][neuron]`, and
/// bit t of a word is step t of its block. Blocks begin at steps whose number, counted since the population was built
/// or reset, is a multiple of 32, so the first and the last block may be filled in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    words: Large<u32>,
    first_step: u64,
    steps: u64,
    batch: usize,
    neurons: Arc<[u32]>,
}

/// One spike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// Number of the step, counted since the population was built or reset. The spike happened in
    /// the update from time `step * dt` to `(step + 1) * dt`.
    pub step: u64,
    /// Batch row.
    pub batch: u32,
    /// Neuron.
    pub neuron: u32,
}

impl Raster {
    pub(crate) fn new(first_step: u64, batch: usize, neurons: impl Into<Arc<[u32]>>) -> Self {
        Self { words: Large::with_capacity(0), first_step, steps: 0, batch, neurons: neurons.into() }
    }

    /// Makes a raster of `steps` steps from `first_step` on, of `batch` rows of `n` neurons, from a list of spikes in
    /// any order. Several spikes of one neuron at one step are one.
    ///
    /// ```
    /// use lif::{Event, Raster};
    ///
    /// let events = [Event { step: 3, batch: 0, neuron: 1 }, Event { step: 40, batch: 0, neuron: 0 }];
    /// let raster = Raster::from_events(events, 0, 100, 1, 2)?;
    /// assert_eq!(raster.events().collect::<Vec<_>>(), events);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an event that is not among these steps, rows and neurons, for too many of these, or
    /// for steps beyond number 2^64 - 1; [`Error::TooLarge`] if the raster does not fit into memory.
    pub fn from_events(
        events: impl IntoIterator<Item = Event>,
        first_step: u64,
        steps: u64,
        batch: usize,
        n: usize,
    ) -> Result<Self> {
        let cells = batch.checked_mul(n).filter(|cells| (1..u32::MAX as usize).contains(cells));
        let Some(cells) = cells else {
            let value = format!("{batch} x {n}");
            let requirement = "from 1 to 2^32 - 2 in all";
            return Err(
                Error::out_of_range("the number of trains", value, requirement).about(Argument::Shape)
            );
        };
        if first_step.checked_add(steps).is_none() {
            let requirement = format!("at most {} from step {first_step} on", u64::MAX - first_step);
            return Err(Error::out_of_range("the number of steps", steps, requirement).about(Argument::Steps));
        }
        let words = (blocks(first_step, steps) as u64).saturating_mul(cells as u64);
        memory::require("the spikes", bytes(words, n), "take fewer neurons or fewer steps at a time")?;
        let mut raster = Self::new(first_step, batch, (0..n as u32).collect::<Arc<[u32]>>());
        raster.words = Large::zeroed(words as usize);
        raster.steps = steps;
        for (index, event) in events.into_iter().enumerate() {
            let step = event.step.checked_sub(first_step).filter(|step| *step < steps);
            let inside = (event.batch as usize) < batch && (event.neuron as usize) < n;
            let Some(step) = step.filter(|_| inside) else {
                return Err(Error::OutOfRange {
                    argument: Some(Argument::Spikes),
                    what: "an event".to_owned(),
                    value: format!("step {}, batch row {}, neuron {}", event.step, event.batch, event.neuron),
                    place: format!(" at index {index}"),
                    requirement: format!(
                        "among the {steps} steps from {first_step} on, {batch} batch rows, and {n} neurons"
                    ),
                });
            };
            let bit = first_step % 32 + step;
            let place = (bit / 32) as usize * cells + event.batch as usize * n + event.neuron as usize;
            raster.words[place] |= 1 << (bit % 32);
        }
        Ok(raster)
    }

    /// An empty raster of the same neurons that begins at this step.
    pub(crate) fn next(&self, first_step: u64) -> Self {
        Self::new(first_step, self.batch, Arc::clone(&self.neurons))
    }

    /// Allocates memory for this many words.
    pub(crate) fn reserve(&mut self, words: usize) {
        self.words = Large::with_capacity(words);
    }

    /// Returns zeroed memory for the next rows of words, if it was [reserved](Self::reserve) and the last row is
    /// complete. The caller fills it and then appends the steps [without words](Self::append).
    pub(crate) fn room(&mut self, words: usize) -> Option<&mut [u32]> {
        let left = self.words.capacity() - self.words.len();
        (self.ends_with_a_word() && words <= left).then(|| self.words.grow(words))
    }

    fn ends_with_a_word(&self) -> bool {
        self.steps == 0 || (self.first_step + self.steps).is_multiple_of(32)
    }

    /// Appends steps. `words` are whole rows of cells; the first row belongs to the block in which
    /// the raster ends so far, or to the next block if that is complete.
    pub(crate) fn append(&mut self, words: &[u32], steps: u64) {
        let continued = if self.ends_with_a_word() { 0 } else { self.cells().min(words.len()) };
        let (continued, rest) = words.split_at(continued);
        let last_row = self.words.len() - continued.len();
        for (word, more) in self.words[last_row..].iter_mut().zip(continued) {
            *word |= more;
        }
        self.words.extend_from_slice(rest);
        self.steps += steps;
    }

    /// Number of the first step.
    #[must_use]
    pub fn first_step(&self) -> u64 {
        self.first_step
    }

    /// The number of steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The number of batch rows.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The numbers of the neurons, in the order of the last axis.
    #[must_use]
    pub fn neurons(&self) -> &[u32] {
        &self.neurons
    }

    /// The packed words, `[blocks, batch, neurons]`.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The list of neurons, shared.
    pub(crate) fn shared_neurons(&self) -> Arc<[u32]> {
        Arc::clone(&self.neurons)
    }

    pub(crate) fn into_words(self) -> Large<u32> {
        self.words
    }

    /// Whether there was a spike at a position: step counted from the first of the raster, batch row, and
    /// index into [`neurons`](Self::neurons). `None` outside the raster.
    #[must_use]
    pub fn get(&self, step: u64, row: usize, neuron: usize) -> Option<bool> {
        if step >= self.steps || row >= self.batch || neuron >= self.neurons.len() {
            return None;
        }
        let bit = self.first_step % 32 + step;
        let word = (bit / 32) as usize * self.cells() + row * self.neurons.len() + neuron;
        Some(self.words[word] >> (bit % 32) & 1 == 1)
    }

    /// All spikes as an array `[steps, batch, neurons]`, 8 times as large as the raster.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if it does not fit into memory.
    pub fn to_dense(&self) -> Result<Array3<bool>> {
        let shape = (self.steps as usize, self.batch, self.neurons.len());
        let bytes = self.steps.saturating_mul(self.cells() as u64);
        memory::require("the spikes as an array", bytes, "use events(), or record fewer steps or neurons")?;
        let mut dense = Array3::from_elem(shape, false);
        for (step, row, neuron) in self.positions() {
            dense[[step as usize, row as usize, neuron as usize]] = true;
        }
        Ok(dense)
    }

    /// The number of spikes of each cell, `[batch, neurons]`.
    #[must_use]
    pub fn counts(&self) -> Array2<u32> {
        let mut counts = vec![0_u32; self.cells()];
        for row in self.words.chunks_exact(self.cells()) {
            for (count, word) in counts.iter_mut().zip(row) {
                *count += word.count_ones();
            }
        }
        Array2::from_shape_fn((self.batch, self.neurons.len()), |(row, neuron)| {
            counts[row * self.neurons.len() + neuron]
        })
    }

    /// The number of spikes.
    #[must_use]
    pub fn count(&self) -> u64 {
        // Most processors, but not all, have an instruction that counts bits.
        pulp::Arch::new().dispatch(|| self.words.iter().map(|word| u64::from(word.count_ones())).sum())
    }

    /// All spikes, sorted by step, then batch row, then position in [`neurons`](Self::neurons).
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.positions().map(|(step, row, neuron)| Event {
            step: self.first_step + step,
            batch: row,
            neuron: self.neurons[neuron as usize],
        })
    }

    /// All spikes in order: step counted from the first of the raster, batch row, and index into the neurons.
    fn positions(&self) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
        let offset = self.first_step % 32;
        // A population has less than 2^32 cells, and 32-bit division is faster.
        let neurons = self.neurons.len() as u32;
        self.words.chunks_exact(self.cells()).enumerate().flat_map(move |(block, words)| {
            let block_start = block as u64 * 32;
            sorted_by_step(words).into_iter().map(move |(bit, cell)| {
                (block_start + u64::from(bit) - offset, cell / neurons, cell % neurons)
            })
        })
    }

    fn cells(&self) -> usize {
        self.batch * self.neurons.len()
    }
}

/// The number of bytes of `words` words of spikes and a list of `neurons` neurons.
pub(crate) fn bytes(words: u64, neurons: usize) -> u64 {
    words.saturating_add(neurons as u64).saturating_mul(4)
}

/// Returns the spikes (bit, cell) of one block, sorted by bit with a counting sort: it visits each word and each spike
/// twice, where a scan step by step would visit each word 32 times.
fn sorted_by_step(words: &[u32]) -> Vec<(u8, u32)> {
    let mut place = [0_usize; 33];
    for_each_bit(words, |bit, _| place[bit as usize + 1] += 1);
    for bit in 1..place.len() {
        place[bit] += place[bit - 1];
    }
    let mut sorted = vec![(0, 0); place[32]];
    for_each_bit(words, |bit, cell| {
        let next = &mut place[bit as usize];
        sorted[*next] = (bit, cell);
        *next += 1;
    });
    sorted
}

fn for_each_bit(words: &[u32], mut visit: impl FnMut(u8, u32)) {
    for (cell, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            visit(rest.trailing_zeros() as u8, cell as u32);
            rest &= rest - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_word_are_put_together() {
        // Two cells from step 30 on: steps 30 and 31, then 32 to 40, then 41 to 64.
        let mut raster = Raster::new(30, 1, vec![4, 9]);
        raster.append(&[1 << 30, 1 << 31], 2);
        raster.append(&[0b1, 0b1_0000_0000], 9);
        raster.append(&[1 << 9, 1 << 31, 0b1, 0], 24);
        assert_eq!(raster.words(), [1 << 30, 1 << 31, 0b10_0000_0001, (1 << 31) + (1 << 8), 1, 0]);
        assert_eq!(raster.steps(), 35);
        let events: Vec<(u64, u32)> = raster.events().map(|event| (event.step, event.neuron)).collect();
        assert_eq!(events, [(30, 4), (31, 9), (32, 4), (40, 9), (41, 4), (63, 9), (64, 4)]);
        assert_eq!(raster.get(0, 0, 0), Some(true));
        assert_eq!(raster.get(1, 0, 0), Some(false));
        assert_eq!(raster.get(34, 0, 0), Some(true));
    }

    #[test]
    fn more_steps_than_there_are_numbers_or_memory_are_refused() {
        let made = |first, steps| {
            Raster::from_events([Event { step: first, batch: 0, neuron: 0 }], first, steps, 1, 1)
        };
        for (first, steps) in [(1, u64::MAX), (31, u64::MAX - 30), (u64::MAX, 1), (u64::MAX, u64::MAX)] {
            let refused = made(first, steps).map(drop);
            let requirement = format!("at most {} from step {first} on", u64::MAX - first);
            let expected =
                Error::out_of_range("the number of steps", steps, requirement).about(Argument::Steps);
            assert_eq!(refused, Err(expected));
        }
        for (first, steps) in [(0, u64::MAX), (31, u64::MAX - 31), (1 << 63, 1 << 62)] {
            let refused = made(first, steps);
            assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
        }
        let last = made(u64::MAX - 40, 40).expect("few steps");
        assert_eq!((last.count(), last.words().len()), (1, 2));
    }

    #[test]
    fn the_list_of_neurons_takes_memory_too() {
        assert_eq!(bytes(0, 1_500_000_000), 6_000_000_000);
        assert_eq!(bytes(7, 3), 40);
        assert_eq!(bytes(u64::MAX / 4 + 1, 1), u64::MAX);
        // The list is made once and not copied.
        let raster = Raster::from_events([], 0, 0, 1, 5).expect("valid");
        assert_eq!(raster.neurons(), [0, 1, 2, 3, 4]);
        assert_eq!(Arc::strong_count(&raster.shared_neurons()), 2);
    }

    #[test]
    fn there_is_room_for_whole_words_where_it_was_taken() {
        let mut raster = Raster::new(30, 1, vec![4, 9]);
        raster.reserve(6);
        raster.room(2).expect("the first").copy_from_slice(&[1 << 30, 1 << 31]);
        raster.append(&[], 2);
        raster.append(&[0b1, 0b1_0000_0000], 9);
        assert_eq!(raster.room(2), None, "the last word goes on");
        raster.append(&[1 << 9, 1 << 31], 23);
        assert_eq!(raster.room(4), None, "more than was taken");
        assert_eq!(raster.room(2), Some(&mut [0, 0][..]));
        raster.append(&[], 1);
        assert_eq!(raster.words(), [1 << 30, 1 << 31, 0b10_0000_0001, (1 << 31) + (1 << 8), 0, 0]);
        assert_eq!(raster.steps(), 35);
    }
}
