//! Statistics of the spikes of a network, group by group. They are added up block by block, so that a run of any
//! length takes the same memory.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use crate::network::Description;
use crate::recording::columns::Column;
use crate::recording::events::{Intervals, Spike, of_pair, pair};
use crate::recording::spike_hash;
use lif::{Raster, Shape};
use std::collections::VecDeque;
use std::ops::Range;

/// The width of the bins in which spikes are counted for the Fano factor, ms.
const BIN_MS: f64 = 3.0;

/// The number of neurons in the picture.
const SHOWN_NEURONS: usize = 1850;

/// Steps of this time are drawn where nobody chose, ms.
const SHOWN_MS: f64 = 400.0;

/// The most spikes that are kept for the picture.
const MOST_SHOWN: usize = 2_000_000;

/// Bytes of a group in a batch row: its counts, its results and their text.
pub const BYTES_PER_ROW: u64 = 512;

/// Bytes per cell.
pub const BYTES_PER_CELL: u64 = crate::recording::events::BYTES_PER_CELL + size_of::<u32>() as u64;

/// The spikes of a run so far.
#[derive(Debug)]
pub struct Statistics {
    shape: Shape,
    /// The step of the population that is step 0 here.
    first_step: u64,
    /// The group of each neuron.
    group_of: Vec<u32>,
    cells: Vec<Intervals>,
    hash: u64,
    /// Of each group in each batch row, group by group.
    tallies: Vec<Tally>,
    bin_steps: u64,
    /// The bin of the last spike.
    bin: u64,
    pub sample: Sample,
}

/// The spikes of one group in one batch row.
#[derive(Debug, Clone, Default)]
struct Tally {
    spikes: u64,
    /// Spikes in the bin of the last spike.
    of_bin: u64,
    /// Of all bins before.
    sum: u64,
    sum_of_squares: u128,
}

/// The spikes of some neurons of the first batch row, for the picture.
#[derive(Debug)]
pub struct Sample {
    /// The neurons of each group that are shown, from first to last.
    pub shown: Vec<u32>,
    /// The place of each neuron among them.
    place_of: Vec<u32>,
    /// Step and place.
    pub spikes: VecDeque<(u32, u32)>,
    /// The chosen steps.
    window: Option<Range<u64>>,
    /// The number of the last steps that are kept, if none were chosen.
    last: u64,
    is_cut: bool,
}

/// The statistics of one group.
#[derive(Debug, Clone)]
pub struct OfGroup {
    pub spikes: u64,
    /// Hz.
    pub rate: Option<f64>,
    /// Variance over mean of the number of spikes in a bin.
    pub fano: Option<f64>,
    /// The coefficients of variation of the intervals of its cells, sorted.
    pub variations: Vec<f64>,
    /// In each batch row.
    pub rows: Vec<OfRow>,
}

/// The statistics of one group in one batch row.
#[derive(Debug, Clone)]
pub struct OfRow {
    pub spikes: u64,
    /// Hz.
    pub rate: Option<f64>,
    pub cv: Option<f64>,
    pub fano: Option<f64>,
}

impl OfGroup {
    /// The mean coefficient of variation.
    pub fn cv(&self) -> Option<f64> {
        mean(&self.variations)
    }
}

/// The mean of some numbers.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl Statistics {
    /// No spikes yet; steps count from `first_step` of the population on.
    pub fn new(description: &Description, shape: Shape, first_step: u64, window: Option<Range<u64>>) -> Self {
        let groups = (0_u32..).zip(&description.groups);
        let group_of = groups.flat_map(|(index, group)| std::iter::repeat_n(index, group.size)).collect();
        let steps_of = |ms: f64| ((ms / description.dt).round() as u64).max(1);
        Self {
            shape,
            first_step,
            group_of,
            cells: vec![Intervals::default(); shape.cells()],
            hash: 0,
            tallies: vec![Tally::default(); description.groups.len() * shape.batch],
            bin_steps: steps_of(BIN_MS),
            bin: 0,
            sample: Sample::new(description, window, steps_of(SHOWN_MS)),
        }
    }

    /// Adds the spikes of the next steps.
    pub fn add(&mut self, raster: &Raster) {
        for event in raster.events() {
            // A run has at most 2^32 - 1 steps, which its plan has checked.
            let step = (event.step - self.first_step) as u32;
            let bin = u64::from(step) / self.bin_steps;
            if bin != self.bin {
                self.end_bin();
                self.bin = bin;
            }
            let spike = Spike { step, batch: event.batch, neuron: event.neuron };
            self.hash = self.hash.wrapping_add(spike_hash::of_spike(spike, self.shape));
            let (row, neuron) = (event.batch as usize, event.neuron as usize);
            if let Some(cell) = self.cells.get_mut(row * self.shape.n + neuron) {
                cell.add(step);
            }
            let place = self.group_of.get(neuron).map(|group| *group as usize * self.shape.batch + row);
            if let Some(tally) = place.and_then(|place| self.tallies.get_mut(place)) {
                tally.spikes += 1;
                tally.of_bin += 1;
            }
            if row == 0 {
                self.sample.add(step, neuron);
            }
        }
    }

    /// Adds the bin of the last spike to those before; bins without spikes add nothing.
    fn end_bin(&mut self) {
        for tally in &mut self.tallies {
            let count = std::mem::take(&mut tally.of_bin);
            tally.sum += count;
            tally.sum_of_squares += u128::from(count).pow(2);
        }
    }

    /// All that is known so far, in numbers from which [`Self::restore`] goes on.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let groups = self.tallies.iter().flat_map(|tally| {
            let squares = tally.sum_of_squares;
            [tally.spikes, tally.sum, squares as u64, (squares >> 64) as u64, tally.of_bin]
        });
        let cells = self.cells.iter().flat_map(Intervals::numbers);
        let sample = &self.sample;
        let spikes = sample.spikes.iter().map(|(step, place)| pair(*step, *place));
        let numbers = [self.hash, self.bin].into_iter().chain(groups).chain(cells);
        numbers.chain([u64::from(sample.is_cut)]).chain(spikes)
    }

    /// Goes on from these numbers, which are of a run with the same description, batch and window.
    pub fn restore(&mut self, numbers: &Column) -> Result<(), String> {
        let mut reader = numbers.reader();
        let mut left = numbers.length / 2;
        let mut next = || {
            let mut number = [0_u64];
            left = left.saturating_sub(1);
            numbers.fill(&mut reader, &mut number).map(|()| (number[0], left))
        };
        self.hash = next()?.0;
        self.bin = next()?.0;
        for tally in &mut self.tallies {
            tally.spikes = next()?.0;
            tally.sum = next()?.0;
            tally.sum_of_squares = u128::from(next()?.0) | u128::from(next()?.0) << 64;
            tally.of_bin = next()?.0;
        }
        for cell in &mut self.cells {
            *cell = Intervals::of_numbers([next()?.0, next()?.0, next()?.0]);
        }
        let (is_cut, spikes) = next()?;
        self.sample.is_cut = is_cut != 0;
        self.sample.spikes =
            (0..spikes).map(|_| next().map(|(both, _)| of_pair(both))).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The hash of all spikes.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The statistics of each group after this many steps of this length (ms).
    pub fn of_groups(&mut self, steps: u64, dt: f64) -> Vec<OfGroup> {
        let bins = steps / self.bin_steps;
        // The last bin may have fewer steps.
        if self.bin < bins {
            self.end_bin();
        }
        let batch = self.shape.batch;
        let groups = self.tallies.len() / batch.max(1);
        // Of each group, and their number and sum in each of its rows.
        let mut variations = vec![Vec::new(); groups];
        let mut of_rows = vec![(0_u64, 0.0); self.tallies.len()];
        for (row, cells) in self.cells.chunks(self.shape.n.max(1)).enumerate() {
            for (cell, group) in cells.iter().zip(&self.group_of) {
                let Some(variation) = cell.variation() else { continue };
                let group = *group as usize;
                if let Some(all) = variations.get_mut(group) {
                    all.push(variation);
                }
                if let Some((count, sum)) = of_rows.get_mut(group * batch + row) {
                    *count += 1;
                    *sum += variation;
                }
            }
        }
        let mut sizes = vec![0_u64; groups];
        for group in &self.group_of {
            if let Some(size) = sizes.get_mut(*group as usize) {
                *size += 1;
            }
        }
        let seconds = steps as f64 * dt * 1e-3;
        let rate = |spikes: u64, cells: f64| (steps > 0).then(|| spikes as f64 / (cells * seconds));
        let tallies = self.tallies.chunks(batch.max(1)).zip(of_rows.chunks(batch.max(1)));
        let groups = tallies.zip(sizes).zip(variations);
        groups
            .map(|(((tallies, of_rows), size), mut variations)| {
                variations.sort_by(f64::total_cmp);
                let all = tallies.iter().fold(Tally::default(), |sum, tally| sum.and(tally));
                let row = |(tally, (count, sum)): (&Tally, &(u64, f64))| OfRow {
                    spikes: tally.spikes,
                    rate: rate(tally.spikes, size as f64),
                    cv: (*count > 0).then(|| sum / *count as f64),
                    fano: tally.fano(bins as f64),
                };
                OfGroup {
                    spikes: all.spikes,
                    rate: rate(all.spikes, size as f64 * batch as f64),
                    fano: all.fano(bins as f64 * batch as f64),
                    variations,
                    rows: tallies.iter().zip(of_rows).map(row).collect(),
                }
            })
            .collect()
    }
}

impl Tally {
    /// Of both together.
    fn and(self, other: &Self) -> Self {
        Self {
            spikes: self.spikes + other.spikes,
            of_bin: self.of_bin + other.of_bin,
            sum: self.sum + other.sum,
            sum_of_squares: self.sum_of_squares + other.sum_of_squares,
        }
    }

    fn fano(&self, bins: f64) -> Option<f64> {
        if self.sum == 0 || bins < 1.0 {
            return None;
        }
        let mean = self.sum as f64 / bins;
        Some((self.sum_of_squares as f64 / bins - mean * mean) / mean)
    }
}

impl Sample {
    fn new(description: &Description, window: Option<Range<u64>>, last: u64) -> Self {
        let n = description.n();
        let mut shown = Vec::new();
        let mut first = 0;
        for group in &description.groups {
            // In proportion to its size, spread evenly over it.
            let count =
                (group.size as u128 * SHOWN_NEURONS.min(n) as u128).div_ceil(n.max(1) as u128) as usize;
            let count = count.clamp(1, group.size.max(1));
            shown.extend((0..count).map(|index| (first + index * group.size / count) as u32));
            first += group.size;
        }
        let mut place_of = vec![u32::MAX; n];
        for (place, neuron) in (0..).zip(&shown) {
            if let Some(own) = place_of.get_mut(*neuron as usize) {
                *own = place;
            }
        }
        Self { shown, place_of, spikes: VecDeque::new(), window, last, is_cut: false }
    }

    fn add(&mut self, step: u32, neuron: usize) {
        let place = self.place_of.get(neuron).copied().unwrap_or(u32::MAX);
        if place == u32::MAX || self.window.as_ref().is_some_and(|steps| !steps.contains(&u64::from(step))) {
            return;
        }
        if self.window.is_none() {
            while self.spikes.front().is_some_and(|(old, _)| u64::from(step - old) >= self.last) {
                self.spikes.pop_front();
            }
        }
        if self.spikes.len() >= MOST_SHOWN {
            self.spikes.pop_front();
            if !self.is_cut {
                self.is_cut = true;
                log::warn!(
                    "the picture shows the last {MOST_SHOWN} spikes of its neurons; --plot-from shows fewer"
                );
            }
        }
        self.spikes.push_back((step, place));
    }

    /// Whether the user chose the steps.
    pub fn is_chosen(&self) -> bool {
        self.window.is_some()
    }

    /// The steps that are kept of a run of this length.
    pub fn steps(&self, made: u64) -> Range<u64> {
        match &self.window {
            Some(window) => window.start.min(made)..window.end.min(made),
            None => made.saturating_sub(self.last)..made,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::description::Group;
    use lif::Event;
    use std::io::Write;
    use std::sync::Arc;

    fn description(sizes: &[usize]) -> Description {
        let group = |(index, size): (usize, &usize)| Group::new(&index.to_string(), *size);
        let groups = sizes.iter().enumerate().map(group).collect();
        Description { groups, ..Description::new("test", 0.0) }
    }

    fn raster(spikes: &[(u64, u32)], first: u64, steps: u64) -> Raster {
        let events = spikes.iter().map(|(step, neuron)| Event { step: *step, batch: 0, neuron: *neuron });
        Raster::from_events(events, first, steps, 1, 3).unwrap()
    }

    #[test]
    fn groups_have_rates_variations_and_fano_factors_of_their_own() {
        // Bins of 30 steps; steps count from 100 on.
        let mut statistics = Statistics::new(&description(&[2, 1]), [1, 3].into(), 100, None);
        let all = [(100, 0), (101, 2), (110, 0), (135, 1), (140, 0), (159, 2), (160, 2), (205, 0)];
        let (first, second) = all.split_at(4);
        statistics.add(&raster(first, 100, 38));
        statistics.add(&raster(second, 138, 72));
        let [one, other] = &statistics.of_groups(110, 0.1)[..] else { unreachable!() };
        assert_eq!((one.spikes, other.spikes), (5, 3));
        assert!((one.rate.unwrap() - 5.0 / (2.0 * 0.011)).abs() < 1e-9);
        // Neuron 0: intervals 10, 30 and 65. Neuron 1 has one spike.
        let (mean, squares) = (35.0_f64, (100.0 + 900.0 + 4225.0) / 3.0);
        assert_eq!(one.variations.len(), 1);
        assert!((one.cv().unwrap() - (squares - mean * mean).sqrt() / mean).abs() < 1e-12);
        // Spikes in the three whole bins: 2, 2, 0, of which the mean is 4/3; the last bin is cut.
        assert!((one.fano.unwrap() - (8.0 / 3.0 - 16.0 / 9.0) / (4.0 / 3.0)).abs() < 1e-12);
        assert!((other.fano.unwrap() - (3.0 / 3.0 - 1.0) / 1.0).abs() < 1e-12);
    }

    #[test]
    fn statistics_go_on_from_their_numbers() {
        let all = [(100, 0), (101, 2), (110, 0), (135, 1), (140, 0), (159, 2), (160, 2), (205, 0)];
        let begin = || Statistics::new(&description(&[2, 1]), [1, 3].into(), 100, None);
        let mut whole = begin();
        whole.add(&raster(&all, 100, 110));
        for cut in 0..=all.len() {
            let (before, after) = all.split_at(cut);
            let end = after.first().map_or(210, |(step, _)| *step);
            let mut first = begin();
            first.add(&raster(before, 100, end - 100));
            let numbers: Vec<u64> = first.numbers().collect();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytemuck::cast_slice(&numbers)).unwrap();
            let length = 2 * numbers.len() as u64;
            let column = Column { file: Arc::new(file), name: "state".to_owned(), length, checksum: 0 };
            let mut second = begin();
            second.restore(&column).unwrap();
            second.add(&raster(after, end, 210 - end));
            assert!(second.numbers().eq(whole.numbers()), "after {cut} spikes");
            // A file that is too short is no state.
            let short = Column { length: 4, ..column };
            short.file.set_len(8).unwrap();
            assert!(begin().restore(&short).is_err());
        }
    }

    #[test]
    fn the_picture_keeps_its_last_steps_and_groups_in_proportion() {
        let mut statistics = Statistics::new(&description(&[2, 1]), [1, 3].into(), 0, None);
        assert_eq!(statistics.sample.shown, [0, 1, 2]);
        statistics.add(&raster(&[(5, 0), (4000, 1), (4006, 2)], 0, 5000));
        assert_eq!(statistics.sample.spikes, [(4000, 1), (4006, 2)]);
        assert_eq!(statistics.sample.steps(4500), 500..4500);
        let large = Sample::new(&description(&[15_000, 3000, 1]), None, 10);
        assert!((1540..1548).contains(&large.shown.iter().filter(|neuron| **neuron < 15_000).count()));
        assert_eq!(large.shown.last(), Some(&18_000));
    }
}
