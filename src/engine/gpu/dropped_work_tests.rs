//! Tests that work which a driver drops silently, at whatever point of a run, is noticed when something is
//! read.

use super::fault_tests::with_context;
use super::injection::Fault;
use crate::{
    Device, Error, Event, Params, Population, Raster, Recording, Result, Scorer, SpikeInput, Target,
};
use ndarray::{Array1, Array2};
use std::sync::Arc;

const N: usize = 100;

/// Steps in all; enough for several dispatches.
const STEPS: u64 = 140_000;

type Act = fn(&mut Population) -> Result<()>;

const UNRECORDED: Act = |population| {
    population.run(STEPS, &Array1::linspace(0.4_f32, 2.0, N)).go()?;
    population.counts().map(drop)
};
const RECORDED: Act =
    |population| population.run(STEPS, 1.0).record(Recording::none().spikes()).go().map(drop);
const RESIDENT: Act = |population| population.run_resident(STEPS, 1.0).map(drop);
const SCORED: Act = |population| {
    let target = || Target::new([7, 900], 0..STEPS);
    let scorer = Scorer::new(N, vec![target()?, target()?], 10)?;
    let mut scorer = scorer.with_distances(100.0)?;
    let made = population.run(STEPS, 1.0).score(&mut scorer).go();
    assert!(scorer.tallies(0).all(|tally| (tally.predicted > 0) == made.is_ok()));
    made.map(drop)
};
const DRIVEN: Act = |population| {
    let events = (0..300).map(|step| Event { step, batch: 0, neuron: (step % 3) as u32 });
    let raster = Raster::from_events(events, 0, 300, 1, 3)?;
    let weights = Array2::from_elem((3, N), 0.9_f32);
    let input = || SpikeInput::dense(&raster, &weights);
    for _ in 0..3 {
        let jumps = crate::Input::from(input()).and_spikes(input().jumps());
        population.run(300, jumps).go()?;
    }
    population.voltages().map(drop)
};

/// The dispatch that is dropped, how many of its kind come before, the call, and part of the error message.
const LEFT_OUT: [(&str, usize, Act, &str); 6] = [
    ("a block of steps", 1, UNRECORDED, "steps instead of"),
    ("a block of steps", 1, RECORDED, "steps instead of"),
    ("a block of steps", 0, RESIDENT, "steps instead of"),
    ("the scores", 0, SCORED, "blocks of steps instead of"),
    ("the scores", 3, SCORED, "blocks of steps instead of"),
    ("the sums of spikes", 3, DRIVEN, "steps instead of"),
];

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_dispatch_that_is_left_out_is_found_out() {
    for (what, before, act, words) in LEFT_OUT {
        with_context(|context| {
            let injection = Arc::clone(&context.injection);
            let device = Device::checked(context).expect("the driver is right");
            let mut population = Population::new(Params::default(), N, &device).expect("valid");
            // One-time checks are done, and there is no error if nothing is dropped.
            act(&mut population).expect("the driver is right");
            population.reset().expect("valid");
            injection.arm(Fault::Dropped, what, before);
            let lost = act(&mut population);
            assert!(!injection.is_armed(), "{what} {before}: {lost:?}");
            match lost {
                Err(Error::DeviceLost { reason, .. }) => {
                    assert!(reason.contains(words), "{what} {before}: {reason}")
                }
                other => panic!("{what} {before}: {other:?}"),
            }
        });
    }
}
