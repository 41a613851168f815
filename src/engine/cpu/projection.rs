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
    /// Whether negative weights of currents have sums of their own.
    inhibition: bool,
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
    pub(super) fn load(projections: &'a [Projection<'a>], inhibition: bool, cells: &Cells<'_>) -> Self {
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
            inhibition,
            row: places.map(|(row, _)| row),
            neuron: places.map(|(_, neuron)| neuron),
        }
    }

    /// Adds the weights of the spikes at the steps `from..to` of a word to the sums. `step` is the index of
    /// the step `from` within the call.
    #[inline(never)]
    pub(super) fn fill(&self, step: u64, (from, to): (usize, usize), sums: &mut InputSums) {
        let mut arriving: OfWord = [[0.0; LANES]; WORD];
        let mut inhibitory: Option<OfWord> = self.inhibition.then_some([[0.0; LANES]; WORD]);
        let mut jumps: OfWord = [[0.0; LANES]; WORD];
        for input in &self.inputs {
            let (sum, of_negative) = match input.projection.effect {
                SpikeEffect::Current => (&mut arriving, inhibitory.as_mut()),
                SpikeEffect::Potential => (&mut jumps, None),
            };
            let of_negative = of_negative.map(|sum| &mut sum[from..to]);
            instructions::best().dispatch(
                #[inline(always)]
                || self.add(input, step, &mut sum[from..to], of_negative),
            );
        }
        let totals = [
            (&mut sums.arriving, Some(&arriving)),
            (&mut sums.inhibitory, inhibitory.as_ref()),
            (&mut sums.jumps, Some(&jumps)),
        ];
        for (total, projected) in totals {
            let Some(projected) = projected else { continue };
            for (total, projected) in total[from..to].iter_mut().zip(&projected[from..to]) {
                for (total, projected) in total.iter_mut().zip(projected) {
                    *total = rounded(*total + projected);
                }
            }
        }
    }

    /// Adds the weights of an input to the sums; negative ones to `of_negative`, if they have sums of their own.
    #[inline(always)]
    fn add(
        &self,
        input: &LaneProjection<'_>,
        step: u64,
        sums: &mut [[f32; LANES]],
        mut of_negative: Option<&mut [[f32; LANES]]>,
    ) {
        let steps = steps_of(sums);
        match &input.wiring {
            LaneWiring::Each(weights) => {
                for lane in 0..LANES {
                    let spikes = input.projection.spikes(step, self.row[lane], self.neuron[lane]) & steps;
                    let sums = match &mut of_negative {
                        Some(of_negative) if weights[lane] < 0.0 => of_negative,
                        _ => &mut *sums,
                    };
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
                    let of_rows = if first == last { RowSpikes::Same(spikes) } else { RowSpikes::Each };
                    match &mut of_negative {
                        None => self.add_train((input, step, train), of_rows, &of_lanes, sums),
                        // Where a weight has the other sign, 0 is added, which changes no bits of a sum that began at 0.
                        Some(of_negative) => {
                            if of_lanes.iter().any(|weight| *weight > 0.0) {
                                let weights = of_lanes.map(|weight| weight.max(0.0));
                                self.add_train((input, step, train), of_rows, &weights, sums);
                            }
                            if of_lanes.iter().any(|weight| *weight < 0.0) {
                                let weights = of_lanes.map(|weight| weight.min(0.0));
                                self.add_train((input, step, train), of_rows, &weights, of_negative);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds the weights of a train at its spikes.
    #[inline(always)]
    fn add_train(
        &self,
        (input, step, train): (&LaneProjection<'_>, u64, usize),
        spikes: RowSpikes,
        weights: &[f32; LANES],
        sums: &mut [[f32; LANES]],
    ) {
        if let RowSpikes::Same(spikes) = spikes {
            for_each_bit(spikes, |bit| {
                for (sum, weight) in sums[bit].iter_mut().zip(weights) {
                    *sum = rounded(*sum + weight);
                }
            });
            return;
        }
        let steps = steps_of(sums);
        for lane in 0..LANES {
            let spikes = input.projection.spikes(step, self.row[lane], train) & steps;
            for_each_bit(spikes, |bit| {
                sums[bit][lane] = rounded(sums[bit][lane] + weights[lane]);
            });
        }
    }
}

/// The bits of the steps that have sums.
#[inline(always)]
fn steps_of(sums: &[[f32; LANES]]) -> u32 {
    u32::MAX >> (32 - sums.len())
}

/// The spikes of a train that drives the cells of all lanes.
#[derive(Clone, Copy)]
enum RowSpikes {
    /// The cells are in one batch row, with these spikes.
    Same(u32),
    /// Batch rows may differ.
    Each,
}

#[inline(always)]
fn for_each_bit(mut word: u32, mut visit: impl FnMut(usize)) {
    while word != 0 {
        visit(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}
