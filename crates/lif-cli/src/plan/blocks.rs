//! The input of a run for the library: a current, random sources, and spikes, in blocks if they come from a
//! file.

use super::{Drive, Plan};
use crate::spikes::trains::Trains;
use crate::stimulus::Currents;
use lif::{Blocks, Input, InputBlock, Raster};
use ndarray::{Array1, ArrayD};
use std::ops::Range;

/// The input of these steps.
pub fn drive(plan: &Plan, steps: Range<u64>) -> lif::Result<lif::Drive<'_>> {
    let of_input = |input| plan.random.iter().cloned().fold(input, Input::and).into();
    let of_blocks = |blocks| plan.random.iter().cloned().fold(blocks, Blocks::and).into();
    if let Some(trains) = &plan.trains {
        return Ok(of_blocks(Blocks::new(DrivenSpikes::new(plan, trains, steps)?)));
    }
    Ok(match &plan.drive {
        Drive::Same(current) => of_input(Input::constant(*current)),
        Drive::Spread(currents) => of_input(Input::constant(currents)),
        Drive::Stimulus(stimulus, transform) => {
            of_blocks(Blocks::new(stimulus.currents(steps, plan.dt, *transform)?))
        }
    })
}

/// Spikes with a current.
struct DrivenSpikes<'a> {
    trains: &'a Trains,
    current: CurrentSource<'a>,
    /// The remaining steps.
    steps: Range<u64>,
}

/// The current with the spikes.
enum CurrentSource<'a> {
    Constant(Current<'a>),
    Stimulus(Box<Currents>),
}

#[derive(Clone)]
enum Current<'a> {
    Same(f32),
    Spread(&'a Array1<f32>),
    Sequence(ArrayD<f32>),
}

/// The input of some steps.
struct Block<'a> {
    trains: &'a Trains,
    raster: Raster,
    current: Current<'a>,
}

impl<'a> DrivenSpikes<'a> {
    fn new(plan: &'a Plan, trains: &'a Trains, steps: Range<u64>) -> lif::Result<Self> {
        let current = match &plan.drive {
            Drive::Same(current) => CurrentSource::Constant(Current::Same(*current)),
            Drive::Spread(currents) => CurrentSource::Constant(Current::Spread(currents)),
            Drive::Stimulus(stimulus, transform) => {
                CurrentSource::Stimulus(Box::new(stimulus.currents(steps.clone(), plan.dt, *transform)?))
            }
        };
        Ok(Self { trains, current, steps })
    }
}

impl<'a> Iterator for DrivenSpikes<'a> {
    type Item = lif::Result<Block<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.steps.end - self.steps.start;
        let (current, steps) = match &mut self.current {
            CurrentSource::Constant(_) if left == 0 => return None,
            CurrentSource::Constant(current) => {
                // Blocks end with a word of spikes, so that each word is in one block.
                let steps = self.trains.block_steps() - self.steps.start % 32;
                (current.clone(), steps.min(left))
            }
            CurrentSource::Stimulus(currents) => match currents.next()? {
                Ok(currents) => {
                    let steps = currents.shape().first().map_or(0, |length| *length as u64);
                    (Current::Sequence(currents), steps)
                }
                Err(error) => return Some(Err(error)),
            },
        };
        let range = self.steps.start..self.steps.start + steps;
        self.steps.start = range.end;
        let trains = self.trains;
        Some(trains.raster(range).map(|raster| Block { trains, raster, current }))
    }
}

impl InputBlock for Block<'_> {
    fn steps(&self) -> u64 {
        self.raster.steps()
    }

    fn input(&self) -> Input<'_> {
        let input = match &self.current {
            Current::Same(current) => Input::constant(*current),
            Current::Spread(currents) => Input::constant(*currents),
            Current::Sequence(currents) => Input::sequence(currents),
        };
        input.and_spikes(self.trains.input(&self.raster))
    }
}
