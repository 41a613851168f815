//! Sums the weights of arriving spikes for the cells in the lanes, a word of 32 steps at a time, so that a
//! train without spikes costs a single look at its word. `shaders/projection.wgsl` does the same.

use super::input_sums::InputSums;
use super::instructions;
use super::lanes::{Cells, LanePlaces, spread};
use crate::experiment::spike_input::SpikeEffect;
use crate::model::{SMALLEST_PARAMETER, flush, rounded};
use crate::prepared::projection::{Projection, Wiring};
use lif_kernels::{LANES, OfWord, WORD};

/// All spike inputs of the cells in the lanes.
pub(super) struct LaneProjections<'a> {
    inputs: Vec<LaneProjection<'a>>,
    /// Batch row and neuron of the cell in each lane.
    row: [usize; LANES],
    neuron: [usize; LANES],
}

struct LaneProjection<'a> {
    projection: &'a Projection<'a>,
    wiring: LaneWiring<'a>,
}

enum LaneWiring<'a> {
    Each(Box<[f32; LANES]>),
    Dense { weights: &'a [f32], trains: usize, row: usize, places: LanePlaces },
}

impl<'a> LaneProjections<'a> {
    pub(super) fn load(projections: &'a [Projection<'a>], cells: &Cells) -> Self {
        let inputs = projections.iter().map(|projection| {
            let wiring = match &projection.wiring {
                Wiring::Each(weights) => {
                    let mut of_lanes = Box::new([0.0; LANES]);
                    spread(weights, cells, &mut of_lanes);
                    LaneWiring::Each(of_lanes)
                }
                Wiring::Dense { weights, trains, offset, row } => LaneWiring::Dense {
                    // Weights on a GPU never reach the CPU engine.
                    weights: weights.host().and_then(|weights| weights.get(*offset..)).unwrap_or_default(),
                    trains: *trains,
                    row: *row,
                    places: LanePlaces::of(cells, 0, 1),
                },
            };
            LaneProjection { projection, wiring }
        });
        let places: [(usize, usize); LANES] = std::array::from_fn(|lane| cells.at(lane));
        Self {
            inputs: inputs.collect(),
            row: places.map(|(row, _)| row),
            neuron: places.map(|(_, neuron)| neuron),
        }
    }

    /// Adds the weights of the spikes at the steps `from..to` of a word to the sums. `step` is the index of
    /// the step `from` within the call.
    #[inline(never)]
    pub(super) fn fill(&self, step: u64, (from, to): (usize, usize), sums: &mut InputSums) {
        let mut arriving: OfWord = [[0.0; LANES]; WORD];
        let mut jumps: OfWord = [[0.0; LANES]; WORD];
        for input in &self.inputs {
            let sum = match input.projection.effect {
                SpikeEffect::Current => &mut arriving,
                SpikeEffect::Potential => &mut jumps,
            };
            instructions::best().dispatch(
                #[inline(always)]
                || self.add(input, step, &mut sum[from..to]),
            );
        }
        for (total, projected) in [(&mut sums.arriving, &arriving), (&mut sums.jumps, &jumps)] {
            for (total, projected) in total[from..to].iter_mut().zip(&projected[from..to]) {
                for (total, projected) in total.iter_mut().zip(projected) {
                    *total = rounded(*total + projected);
                }
            }
        }
    }

    #[inline(always)]
    fn add(&self, input: &LaneProjection<'_>, step: u64, sums: &mut [[f32; LANES]]) {
        let steps = u32::MAX >> (32 - sums.len());
        match &input.wiring {
            LaneWiring::Each(weights) => {
                for lane in 0..LANES {
                    let spikes = input.projection.spikes(step, self.row[lane], self.neuron[lane]) & steps;
                    for_each_bit(spikes, |bit| {
                        sums[bit][lane] = rounded(sums[bit][lane] + weights[lane]);
                    });
                }
            }
            LaneWiring::Dense { weights, trains, row, places } => {
                let (first, last) = (self.row[0], self.row[LANES - 1]);
                let mut of_lanes = [0.0; LANES];
                for train in 0..*trains {
                    let spikes: u32 = (first..=last)
                        .fold(0, |spikes, row| spikes | input.projection.spikes(step, row, train) & steps);
                    if spikes == 0 {
                        continue;
                    }
                    places.take(&weights[train * row..], &mut of_lanes);
                    let of_lanes = of_lanes.map(|weight| flush(weight, SMALLEST_PARAMETER));
                    if first == last {
                        for_each_bit(spikes, |bit| {
                            for (sum, weight) in sums[bit].iter_mut().zip(&of_lanes) {
                                *sum = rounded(*sum + weight);
                            }
                        });
                        continue;
                    }
                    for lane in 0..LANES {
                        let spikes = input.projection.spikes(step, self.row[lane], train) & steps;
                        for_each_bit(spikes, |bit| {
                            sums[bit][lane] = rounded(sums[bit][lane] + of_lanes[lane]);
                        });
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn for_each_bit(mut word: u32, mut visit: impl FnMut(usize)) {
    while word != 0 {
        visit(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}
