//! Steps of a planned run, with all that drives them.

use crate::driven::Driven;
use crate::plan::{Drive, Plan};
use lif::{Input, Population, Recorded, Recording, Scorer, Sink};
use std::ops::ControlFlow;

/// Makes so many steps.
pub fn advance(
    plan: &Plan,
    population: &mut Population,
    steps: u64,
    recording: &Recording,
    sink: &mut dyn Sink,
) -> lif::Result<Recorded> {
    let Plan { drive, trains, random, dt, .. } = plan;
    let first = population.steps();
    let with = |input| random.iter().cloned().fold(input, Input::and);
    if let Some(trains) = trains {
        let blocks = Driven::new(plan, trains, first..first + steps)?;
        return population.run_stream(steps, blocks, random, recording, sink);
    }
    match drive {
        Drive::Same(current) => population.run_into(steps, with(Input::constant(*current)), recording, sink),
        Drive::Spread(currents) => {
            population.run_into(steps, with(Input::constant(currents)), recording, sink)
        }
        Drive::Stimulus(stimulus, transform) => {
            let blocks = stimulus.currents(first..first + steps, *dt, *transform)?;
            population.run_stream(steps, blocks, random, recording, sink)
        }
    }
}

/// Makes so many steps, of which only scores are kept, and tells after each block how many were made.
pub fn advance_scored(
    plan: &Plan,
    population: &mut Population,
    steps: u64,
    scorer: &mut Scorer,
    observe: impl FnMut(u64) -> ControlFlow<()>,
) -> lif::Result<u64> {
    let Plan { drive, trains, random, dt, .. } = plan;
    let first = population.steps();
    if let Some(trains) = trains {
        let blocks = Driven::new(plan, trains, first..first + steps)?;
        return population.run_stream_scored(steps, blocks, random, scorer, observe);
    }
    let with = |input| random.iter().cloned().fold(input, Input::and);
    match drive {
        Drive::Same(current) => {
            population.run_scored_observed(steps, with(Input::constant(*current)), scorer, observe)
        }
        Drive::Spread(currents) => {
            population.run_scored_observed(steps, with(Input::constant(currents)), scorer, observe)
        }
        Drive::Stimulus(stimulus, transform) => {
            let blocks = stimulus.currents(first..first + steps, *dt, *transform)?;
            population.run_stream_scored(steps, blocks, random, scorer, observe)
        }
    }
}
