//! Tables of synapses onto some of the neurons: for each source a row of targets, with weights and delays.
//!
//! Synapses are drawn twice: first to count those of each source and to find the largest possible sum of weights, which
//! determines the unit of all sums; then to put each in its place. No list of them is ever made.

use super::{Connections, Kind, PAGE};
use crate::data::large::Large;
use crate::data::memory;
use crate::error::{Argument, Error, Result};
use rayon::prelude::*;
use std::ops::{Add, Range};
use std::sync::Arc;

/// The bits of a target's number in a synapse; the others are the steps until a spike acts.
pub(crate) const TARGET_BITS: u32 = 24;

/// The most neurons onto which a table has synapses.
pub(crate) const MOST_TARGETS: usize = 1 << TARGET_BITS;

/// Sums of this magnitude overflow.
const LIMIT: f64 = 2_147_483_648.0;

/// The finest unit of weights is 2 to minus this.
const FINEST: i32 = 64;

/// A weight that loses more than this part of itself by rounding is reported.
const NOTABLE: f64 = 1e-3;

/// The synapses of one class onto some neurons.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The channel that their weights are added to.
    pub(crate) channel: usize,
    /// The first source that has a row.
    pub(crate) first_source: u32,
    /// Where the row of each source begins; and at the end, where the last row ends.
    pub(crate) starts: Vec<u32>,
    /// The target's number among the neurons of the table; in the highest 8 bits, steps until a spike acts.
    pub(crate) targets: Large<u32>,
    /// The steps until a spike acts, in addition to those of each synapse.
    pub(crate) arrival: u32,
    /// The weight of each synapse in units of the channel; empty if they are all `weight`.
    pub(crate) weights: Large<i32>,
    pub(crate) weight: i32,
}

impl Rows {
    /// Where the place of the first synapse of a source stands.
    #[inline(always)]
    pub(crate) fn start(&self, source: u32) -> Option<&u32> {
        self.starts.get(source.wrapping_sub(self.first_source) as usize)
    }

    /// The range of the synapses of a source.
    #[inline(always)]
    pub(crate) fn row(&self, source: u32) -> Range<usize> {
        let row = source.wrapping_sub(self.first_source) as usize;
        match self.starts.get(row..) {
            Some([start, end, ..]) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }
}

/// What one part of the targets contributes to the properties that all parts share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extremes {
    /// For each channel the largest sum of the magnitudes of the weights onto a neuron, and the most synapses.
    sums: Vec<(f64, u32)>,
    /// The most steps until a spike acts.
    pub(crate) longest: u32,
    pub(crate) synapses: u64,
}

impl Extremes {
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (own, more) in self.sums.iter_mut().zip(&other.sums) {
            *own = (own.0.max(more.0), own.1.max(more.1));
        }
        Self { longest: self.longest.max(other.longest), synapses: self.synapses + other.synapses, ..self }
    }
}

/// The number of synapses of each source in each class.
#[derive(Debug)]
struct Counted {
    /// With room for the first start.
    rows: Vec<Vec<u32>>,
    extremes: Extremes,
}

/// The synapses onto some neurons, class by class.
pub(crate) type Table = Arc<Vec<Rows>>;

/// From the number of synapses of each row, which stands in the entry after that of the row, to the place of the next
/// synapse of the row. When all are placed, the entry is where the row ends. Returns the sum.
pub(super) fn places_of_rows<T: Copy + Default + Add<Output = T>>(rows: &mut [T]) -> T {
    let mut before = T::default();
    for row in rows.iter_mut().skip(1) {
        (*row, before) = (before, before + *row);
    }
    before
}

/// A synapse on its way to its row.
#[derive(Clone, Copy)]
struct Placed {
    row: u32,
    target: u32,
    weight: i32,
}

impl Placed {
    #[inline(always)]
    fn place(self, rows: &mut Rows) {
        let next = &mut rows.starts[self.row as usize + 1];
        let place = *next as usize;
        *next += 1;
        rows.targets[place] = self.target;
        if let Some(weight) = rows.weights.get_mut(place) {
            *weight = self.weight;
        }
    }
}

/// Synapses that wait until some of them have neighbouring rows: those that are drawn one after the other have rows
/// anywhere in memory, and placing each at once would wait for it.
struct Waiting {
    /// For each of some neighbouring rows, in the order in which they were drawn.
    lots: Vec<Vec<Placed>>,
    /// The number of rows of a lot is 2 to the power of this.
    bits: u32,
}

impl Waiting {
    /// The most lots, each of which is written to memory as one stream.
    const LOTS: usize = 256;
    /// The most synapses of a lot: together they take a few MiB.
    const TOGETHER: usize = 2048;

    fn new(rows: usize) -> Self {
        let bits = (rows / Self::LOTS).next_power_of_two().ilog2();
        Self { lots: vec![Vec::new(); (rows >> bits) + 1], bits }
    }

    #[inline(always)]
    fn add(&mut self, synapse: Placed, rows: &mut Rows) {
        let lot = &mut self.lots[(synapse.row >> self.bits) as usize];
        lot.push(synapse);
        if lot.len() == Self::TOGETHER {
            lot.drain(..).for_each(|synapse| synapse.place(rows));
        }
    }

    fn place_all(&mut self, rows: &mut Rows) {
        self.lots.iter_mut().flat_map(|lot| lot.drain(..)).for_each(|synapse| synapse.place(rows));
    }
}

/// The tables of some parts of the targets.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    /// The targets of each part, numbered from the first of them on, with their synapses.
    pub(crate) parts: Vec<(Range<u32>, Table)>,
    /// The unit of the sums of each channel, nA or mV.
    pub(crate) units: Vec<f32>,
    /// The steps for which the ring of each cell has room.
    pub(crate) ring: u32,
}

impl Tables {
    /// The number of synapses.
    pub(crate) fn synapses(&self) -> u64 {
        self.parts.iter().flat_map(|(_, table)| &**table).map(|rows| rows.targets.len() as u64).sum()
    }
}

impl Connections {
    /// Draws the synapses onto these neurons.
    pub(crate) fn draw(&self, parts: &[Range<u32>]) -> Result<Tables> {
        // Each part has rows of its own, and counts what its targets get.
        let rows = self.row_bytes().saturating_mul(parts.len() as u64);
        let sums = 16 * (self.channels.len() * self.n) as u64;
        let expected =
            self.memory_needed(1.into(), false).host_bytes().saturating_add(rows).saturating_add(sums);
        memory::require("the synapses of the network", expected, "take a smaller network")?;
        let counted: Vec<Counted> = parts.par_iter().map(|part| self.count(part)).collect::<Result<_>>()?;
        let nothing = Extremes { sums: vec![(0.0, 0); self.channels.len()], longest: 1, synapses: 0 };
        let extremes = counted.iter().fold(nothing, |all, part| all.and(&part.extremes));
        let units: Vec<f64> =
            (0..self.channels.len()).map(|channel| self.unit(channel, &extremes)).collect::<Result<_>>()?;
        let filled: Vec<(Vec<Rows>, u64)> = parts
            .par_iter()
            .zip(counted)
            .map(|(part, counted)| self.fill(part, counted.rows, &units))
            .collect();
        let lost: u64 = filled.iter().map(|(_, lost)| lost).sum();
        if lost > 0 {
            log::warn!(
                "{lost} of {} weights lose more than {NOTABLE} of themselves by rounding, as the largest sum of weights \
                 onto a neuron is so much larger than they are",
                extremes.synapses
            );
        }
        Ok(Tables {
            parts: parts.iter().cloned().zip(filled.into_iter().map(|(rows, _)| Arc::new(rows))).collect(),
            units: units.iter().map(|unit| *unit as f32).collect(),
            ring: extremes.longest,
        })
    }

    /// Counts the synapses onto these neurons.
    fn count(&self, part: &Range<u32>) -> Result<Counted> {
        let mut rows: Vec<Vec<u32>> =
            self.classes.iter().map(|class| vec![0; class.sources.len() + 1]).collect();
        let mut sums = vec![vec![(0.0, 0_u32); part.len()]; self.channels.len()];
        let (mut longest, mut synapses) = (1, 0_u64);
        for (projection, places) in self.projections.iter().zip(&self.places) {
            let shared = projection.shared();
            // What is the same for all synapses, or bounded tightly, is not drawn yet.
            let weight = shared.map(|(weight, _)| weight).or_else(|| projection.weight_bound());
            let arrival = shared.map(|(_, arrival)| arrival).or_else(|| projection.arrival_bound());
            longest = longest.max(arrival.unwrap_or(0));
            projection.each(part, &mut |pick| {
                let weight = weight.unwrap_or_else(|| projection.weight(pick));
                let arrival = arrival.unwrap_or_else(|| projection.arrival(pick));
                let class = places.class(weight, arrival);
                let row = &mut rows[class][(pick.source - self.classes[class].sources.start) as usize + 1];
                *row = row.saturating_add(1);
                let sum: &mut (f64, u32) =
                    &mut sums[self.classes[class].channel][(pick.target - part.start) as usize];
                *sum = (sum.0 + f64::from(weight.abs()), sum.1.saturating_add(1));
                longest = longest.max(arrival);
                synapses += 1;
            });
        }
        if synapses > u64::from(u32::MAX) {
            let requirement = format!("at most {} onto {} neurons", u32::MAX, part.len());
            let error = Error::out_of_range("the number of synapses", synapses, requirement);
            return Err(error.about(Argument::Network));
        }
        let largest = |sums: Vec<(f64, u32)>| {
            sums.into_iter().fold((0.0_f64, 0), |largest, sum| (largest.0.max(sum.0), largest.1.max(sum.1)))
        };
        let sums = sums.into_iter().map(largest).collect();
        Ok(Counted { rows, extremes: Extremes { sums, longest, synapses } })
    }

    /// Returns the unit of the weights of a channel: the finest with which no sum can overflow.
    fn unit(&self, channel: usize, extremes: &Extremes) -> Result<f64> {
        let (sum, synapses) = extremes.sums[channel];
        // Each weight is rounded by half a unit at most.
        let overflows = |unit: f64| sum / unit + 0.5 * f64::from(synapses) >= LIMIT;
        if let Some(unit) = self.channels[channel].unit {
            if overflows(unit) {
                let value = format!("{unit}, with weights onto a neuron of {sum} in all");
                let requirement = format!("larger than their sum divided by {LIMIT}");
                let error = Error::out_of_range("the unit of the weights", value, requirement);
                return Err(error.about(Argument::Network));
            }
            return Ok(unit);
        }
        let unit = |bits: i32| libm::ldexp(1.0, -bits);
        let mut bits = FINEST;
        while overflows(unit(bits)) {
            bits -= 1;
        }
        Ok(unit(bits))
    }

    /// Draws the synapses onto these neurons again, now into their rows. Returns the number of weights that lose much by
    /// rounding, too.
    fn fill(&self, part: &Range<u32>, rows: Vec<Vec<u32>>, units: &[f64]) -> (Vec<Rows>, u64) {
        let mut lost = 0;
        // The inverse of a power of two is exact, and quicker.
        let inverse = |unit: f64| Some(1.0 / unit).filter(|inverse| inverse.to_bits() << 12 == 0);
        let scales: Vec<(f64, Option<f64>)> = units.iter().map(|unit| (*unit, inverse(*unit))).collect();
        // The weight of this many synapses.
        let mut quantised = |weight: f32, channel: usize, synapses: u32| {
            let (unit, inverse) = scales[channel];
            let exact = match inverse {
                Some(inverse) => f64::from(weight) * inverse,
                None => f64::from(weight) / unit,
            };
            // A cast drops what is behind the point; to round is a function call on old processors.
            let rounded = (exact + 0.5_f64.copysign(exact)) as i32;
            let is_lost = (f64::from(rounded) - exact).abs() > NOTABLE * exact.abs();
            lost += u64::from(is_lost) * u64::from(synapses);
            rounded
        };
        let mut rows: Vec<Rows> = self
            .classes
            .iter()
            .zip(rows)
            .map(|(class, mut starts)| {
                let before = places_of_rows(&mut starts);
                let (weight, arrival, is_shared) = match class.kind {
                    Kind::Shared { weight, arrival } => (weight, arrival, true),
                    Kind::Each { page } => (0.0, page * PAGE, false),
                };
                Rows {
                    channel: class.channel,
                    first_source: class.sources.start,
                    starts,
                    targets: Large::zeroed(before as usize),
                    arrival,
                    weights: Large::zeroed(if is_shared { 0 } else { before as usize }),
                    weight: quantised(weight, class.channel, before),
                }
            })
            .collect();
        let mut waiting: Vec<Waiting> = rows.iter().map(|rows| Waiting::new(rows.starts.len())).collect();
        for (projection, places) in self.projections.iter().zip(&self.places) {
            let shared = projection.shared();
            projection.each(part, &mut |pick| {
                let (weight, arrival) =
                    shared.unwrap_or_else(|| (projection.weight(pick), projection.arrival(pick)));
                let class = places.class(weight, arrival);
                let rows = &mut rows[class];
                let synapse = Placed {
                    row: pick.source - rows.first_source,
                    target: (pick.target - part.start) | (arrival - rows.arrival) << TARGET_BITS,
                    weight: match shared {
                        Some(_) => rows.weight,
                        None => quantised(weight, rows.channel, 1),
                    },
                };
                waiting[class].add(synapse, rows);
            });
        }
        for (waiting, rows) in waiting.iter_mut().zip(&mut rows) {
            waiting.place_all(rows);
        }
        (rows, lost)
    }
}
