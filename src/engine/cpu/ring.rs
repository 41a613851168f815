//! What will arrive at the cells of a tile in the coming steps, and its delivery by the spikes of a network.

use super::awake::{Awake, Stillness};
use super::block::Tile;
use super::input_sums::{Filled, InputSums};
use crate::data::large::Large;
use crate::data::prefetch::prefetch;
use crate::model::{arrival, rounded};
use crate::prepared::network::Receptor;
use crate::prepared::network::table::{Rows, TARGET_BITS};
use lif_kernels::LANES;
use std::ops::Range;

/// A spike of a neuron of the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spike {
    pub(super) source: u32,
    /// The place of its step in the ring.
    pub(super) place: u32,
}

/// For each coming step, channel and cell of a tile the sum of the weights that arrive there.
#[derive(Debug)]
pub(super) struct Ring {
    /// `[steps, channels, cells]`; step s has the place s modulo the number of steps. Cells have the places of those that
    /// are awake, if some are at rest.
    sums: Large<i32>,
    steps: usize,
    /// What each channel acts on, and the unit of its sums.
    channels: Vec<(Receptor, f32)>,
    cells: usize,
    /// `None` if all cells are.
    awake: Option<Awake>,
    /// The current under which it was decided which cells are awake; `None` if that is to be decided again.
    decided: Option<u32>,
}

impl Ring {
    pub(super) fn new(steps: u32, channels: Vec<(Receptor, f32)>, cells: usize) -> Self {
        let steps = steps as usize;
        Self {
            sums: Large::zeroed(steps * channels.len() * cells),
            steps,
            channels,
            cells,
            awake: None,
            decided: None,
        }
    }

    /// The place of a step.
    pub(super) fn place(&self, step: u64) -> u32 {
        (step % self.steps as u64) as u32
    }

    pub(super) fn clear(&mut self) {
        self.sums.fill(0);
        self.awake = None;
        self.decided = None;
    }

    /// The sums of a step and a channel, for all cells in their order. All are awake from now on.
    pub(super) fn row(&mut self, step: u64, channel: usize) -> &mut [i32] {
        self.wake_all();
        let first = (self.place(step) as usize * self.channels.len() + channel) * self.cells;
        &mut self.sums[first..first + self.cells]
    }

    /// The cells that are awake, if some are at rest.
    pub(super) fn awake(&self) -> Option<&[u32]> {
        self.awake.as_ref().map(Awake::cells)
    }

    /// Lets cells rest for which `still` says that this leaves the bits as they are, and wakes others. All are awake
    /// without it, or if few can rest.
    pub(super) fn choose_awake(&mut self, still: Option<&Stillness<'_>>, tile: &Tile<'_>) {
        let Some(still) = still else { return self.wake_all() };
        let current = still.current();
        if current.is_some() && self.decided == current {
            // State and current are as they were; only random sources may be others.
            if let Some(awake) = &mut self.awake {
                for cell in still.driven(tile) {
                    awake.wake(cell);
                }
            }
            return;
        }
        let driven = still.driven(tile);
        let is_driven = |cell: usize| driven.binary_search(&(cell as u32)).is_ok();
        self.let_rest(|cell| !is_driven(cell) && still.is_at_rest(tile, cell));
        self.decided = current;
    }

    /// Lets cells of which `is_at_rest` says so rest, if these are most cells and nothing will arrive at them.
    fn let_rest(&mut self, is_at_rest: impl Fn(usize) -> bool) {
        self.wake_all();
        let mut awake: Vec<u32> = (0..self.cells as u32).filter(|cell| !is_at_rest(*cell as usize)).collect();
        if awake.len() > self.cells / 2 {
            return;
        }
        let mut is_awake = vec![false; self.cells];
        awake.iter().for_each(|cell| is_awake[*cell as usize] = true);
        for row in self.sums.chunks_exact(self.cells) {
            for (cell, _) in (0..).zip(row).filter(|(_, sum)| **sum != 0) {
                if !std::mem::replace(&mut is_awake[cell as usize], true) {
                    awake.push(cell);
                }
            }
        }
        for row in self.sums.chunks_exact_mut(self.cells) {
            let own: Vec<i32> = awake.iter().map(|cell| row[*cell as usize]).collect();
            row.fill(0);
            row[..own.len()].copy_from_slice(&own);
        }
        self.awake = Some(Awake::new(self.cells, awake));
    }

    /// Gives all cells their own places.
    pub(super) fn wake_all(&mut self) {
        self.decided = None;
        let Some(awake) = self.awake.take() else { return };
        let cells = awake.cells();
        for row in self.sums.chunks_exact_mut(self.cells) {
            let own = row[..cells.len()].to_vec();
            row.fill(0);
            for (cell, sum) in cells.iter().zip(own) {
                row[*cell as usize] = sum;
            }
        }
    }

    /// Adds what arrives at some cells from step `number` on to the sums of the steps `from..to` of a word, and removes
    /// it from the ring.
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        cells: Range<usize>,
        number: u64,
        (from, to): (usize, usize),
        sums: &mut InputSums,
        filled: &mut Filled,
    ) {
        let mut place = self.place(number) as usize;
        for channel in 0..self.channels.len() {
            let is_filled = match self.channels[channel].0 {
                Receptor::Current => &mut filled.arriving,
                Receptor::Inhibitory => &mut filled.inhibitory,
                Receptor::Potential => &mut filled.jumps,
            };
            let begins = !std::mem::replace(is_filled, true);
            let start = place;
            for step in from..to {
                let first = (place * self.channels.len() + channel) * self.cells;
                let (receptor, unit) = self.channels[channel];
                let sums = match receptor {
                    Receptor::Current => &mut sums.arriving[step],
                    Receptor::Inhibitory => &mut sums.inhibitory[step],
                    Receptor::Potential => &mut sums.jumps[step],
                };
                if begins {
                    *sums = [0.0; LANES];
                }
                take_row(&mut self.sums[first + cells.start..first + cells.end], unit, sums);
                place += 1;
                if place == self.steps {
                    place = 0;
                }
            }
            place = start;
        }
    }

    /// Adds the weights of the synapses of some spikes to what will arrive.
    pub(super) fn deliver(&mut self, table: &[Rows], spikes: &[Spike]) {
        match self.awake.take() {
            None => self.deliver_to(table, spikes, |target| target),
            Some(mut awake) => {
                self.deliver_to(table, spikes, |target| awake.wake(target));
                self.awake = Some(awake);
            }
        }
    }

    /// `place` is that of a cell.
    #[inline(always)]
    fn deliver_to(&mut self, table: &[Rows], spikes: &[Spike], mut place_of: impl FnMut(u32) -> u32) {
        let (steps, channels, cells) = (self.steps, self.channels.len(), self.cells);
        let sums = &mut self.sums[..];
        for rows in table {
            let arrival = rows.arrival as usize;
            if rows.weights.is_empty() {
                for (index, spike) in spikes.iter().enumerate() {
                    fetch(rows, &spikes[index + 1..]);
                    let place = (spike.place as usize + arrival) % steps;
                    let first = (place * channels + rows.channel) * cells;
                    let sums = &mut sums[first..first + cells];
                    for target in &rows.targets[rows.row(spike.source)] {
                        let sum = &mut sums[place_of(*target) as usize];
                        *sum = sum.wrapping_add(rows.weight);
                    }
                }
                continue;
            }
            let mut ahead = Ahead::none();
            for (index, spike) in spikes.iter().enumerate() {
                fetch(rows, &spikes[index + 1..]);
                let row = rows.row(spike.source);
                let place = (spike.place as usize + arrival) % steps;
                let layout = Layout { place, steps, stride: channels * cells, first: rows.channel * cells };
                let (targets, weights) = (&rows.targets[row.clone()], &rows.weights[row]);
                ahead.add_row(sums, layout, targets, weights, &mut place_of);
            }
            ahead.add(sums);
        }
    }
}

/// The places of sums in a ring.
#[derive(Clone, Copy)]
struct Layout {
    /// The place of a step, and the number of steps.
    place: usize,
    steps: usize,
    /// The number of sums of a step, and the first of the channel.
    stride: usize,
    first: usize,
}

/// Synapses whose sums are fetched together.
const TOGETHER: usize = 32;

/// Synapses whose sums are being fetched from memory: the ring of a large network is not in the caches of a processor,
/// and delivery would wait for each.
struct Ahead<'a> {
    places: [usize; TOGETHER],
    weights: &'a [i32],
}

impl<'a> Ahead<'a> {
    fn none() -> Self {
        Self { places: [0; TOGETHER], weights: &[] }
    }

    /// Adds the weights of a row; the last of them are added later.
    #[inline(always)]
    fn add_row(
        &mut self,
        sums: &mut [i32],
        layout: Layout,
        synapses: &[u32],
        weights: &'a [i32],
        place_of: &mut impl FnMut(u32) -> u32,
    ) {
        let Layout { place, steps, stride, first } = layout;
        for (synapses, weights) in synapses.chunks(TOGETHER).zip(weights.chunks(TOGETHER)) {
            let mut next = Self { places: [0; TOGETHER], weights };
            for (at, synapse) in next.places.iter_mut().zip(synapses) {
                let mut place = place + (synapse >> TARGET_BITS) as usize;
                if place >= steps {
                    place -= steps;
                }
                *at = place * stride + first + place_of(synapse & ((1 << TARGET_BITS) - 1)) as usize;
                prefetch(&sums[*at]);
            }
            self.add(sums);
            *self = next;
        }
    }

    #[inline(always)]
    fn add(&self, sums: &mut [i32]) {
        for (at, weight) in self.places.iter().zip(self.weights) {
            sums[*at] = sums[*at].wrapping_add(*weight);
        }
    }
}

#[inline(always)]
fn take_row(row: &mut [i32], unit: f32, sums: &mut [f32; LANES]) {
    match <&mut [i32; LANES]>::try_from(&mut *row).ok() {
        // The length of full lanes is known to the compiler.
        Some(row) => {
            for lane in 0..LANES {
                sums[lane] = rounded(sums[lane] + arrival(row[lane], unit));
                row[lane] = 0;
            }
        }
        None => {
            for (sum, arriving) in sums.iter_mut().zip(row) {
                *sum = rounded(*sum + arrival(std::mem::take(arriving), unit));
            }
        }
    }
}

/// Synapses in a cache line.
const OF_LINE: usize = 16;

/// The cache lines of a row that are fetched before it is needed; the processor then sees the pattern and fetches the
/// others.
const LINES: usize = 12;

/// Begins to fetch the first synapses of the next spike, and where the row of the one after it begins: rows are short, and
/// anywhere in memory.
#[inline(always)]
fn fetch(rows: &Rows, next: &[Spike]) {
    if let Some(start) = next.get(1).and_then(|spike| rows.start(spike.source)) {
        prefetch(start);
    }
    let Some(row) = next.first().map(|spike| rows.row(spike.source)) else { return };
    for synapse in rows.targets[row.clone()].iter().step_by(OF_LINE).take(LINES) {
        prefetch(synapse);
    }
    if let Some(weights) = rows.weights.get(row) {
        for weight in weights.iter().step_by(OF_LINE).take(LINES) {
            prefetch(weight);
        }
    }
}
