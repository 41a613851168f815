//! Steps of a planned run, with all that drives them.

use crate::driven::Driven;
use crate::plan::{Drive, Plan};
use lif::{Input, Population, Recorded, Recording, Sink};

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
