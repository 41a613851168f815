//! The presets against the spikes of the systems that they stand for, which `tests/reference` keeps.

mod compare;
mod page;
mod pulses;
mod reference;

use compare::{Comparison, NearTally, ROUNDING};
use lif::Params;
use reference::{INPUTS, Reference};

/// Its spikes fall between steps, so that they cannot be equal.
pub(crate) const NENGO: &str = "nengo";

/// Presets that have a reference potential, without which they are compared too.
pub(crate) const REFERRED: [&str; 3] = ["brian2", "nest", "nest-psc-exp"];

/// The most neuron-steps that may differ, of those of all cases and inputs: where rounding there and here decides
/// differently whether the threshold is reached.
const MOST_DIFFERING: [(&str, usize); 10] = [
    ("synapticflow", 0),
    ("bindsnet", 2),
    ("snntorch-leaky", 32),
    ("snntorch-lapicque", 0),
    ("norse", 0),
    ("spikingjelly", 0),
    ("genn", 0),
    ("brian2", 0),
    ("nest", 0),
    ("nest-psc-exp", 0),
];

/// The largest distance to the threshold, in parts of that from rest to it, at which spikes of neurons may differ
/// that are just above their threshold.
const NEAR: f64 = 2e-4;

#[test]
fn spikes_are_those_of_the_systems() {
    let systems = MOST_DIFFERING.map(|(system, _)| system).into_iter().chain([NENGO]);
    let compared: Vec<(Reference, Comparison)> = systems
        .map(|system| {
            let reference = Reference::read(system);
            let comparison = Comparison::of(&reference);
            (reference, comparison)
        })
        .collect();
    for (reference, comparison) in &compared {
        println!("{}", reference.system);
        for (input, tally) in INPUTS.iter().zip(&comparison.tallies) {
            println!("  {input:<9} {tally:?}");
        }
        println!("  traces within {:?}", comparison.largest_trace_error);
        for difference in &comparison.differences {
            if reference.system != NENGO {
                println!("  {difference:?}");
            }
        }
    }
    for ((reference, comparison), (system, most)) in compared.iter().zip(MOST_DIFFERING) {
        let differing: usize = comparison.tallies.iter().map(|tally| tally.differing).sum();
        assert!(differing <= most, "{system}: {differing} neuron-steps differ");
        for difference in &comparison.differences {
            assert!(difference.part < ROUNDING, "{system}: no rounding explains {difference:?}");
        }
        assert!(comparison.tallies.iter().all(|tally| tally.spikes > 50), "{system} hardly spikes");
        assert!(comparison.largest_trace_error.is_none_or(|error| error < 1e-6), "{system}");
        assert_eq!(reference.system, system);
    }
    for (reference, comparison) in compared.iter().filter(|(reference, _)| reference.system == NENGO) {
        assert_eq!(reference.cases.len(), comparison.intervals.len());
        for longer in comparison.intervals.iter().flatten() {
            // Up to half a step of rounding, and up to one to the end of the step; a mean has its own grain.
            assert!(
                (-0.57..=1.57).contains(longer),
                "an interval is longer here by {longer} steps on average"
            );
        }
    }
    let near = near(&compared);
    page::check(&compared, &near, &pulses::rows());
}

/// Neurons just above their threshold: each system, and those with a reference potential without it too.
fn near(compared: &[(Reference, Comparison)]) -> Vec<(String, NearTally)> {
    let mut tallies = Vec::new();
    for (reference, _) in compared.iter().filter(|(reference, _)| reference.system != NENGO) {
        let system = reference.system;
        let tally = NearTally::of(reference, |params| params);
        println!("{system} near the threshold: {tally:?}");
        assert!(tally.part < NEAR, "{system}: no rounding explains {tally:?}");
        assert!(tally.spikes > tally.neurons, "{system} hardly spikes");
        tallies.push((format!("`{system}`"), tally));
        if REFERRED.contains(&system) {
            let without = NearTally::of(reference, |params| Params { v_reference: 0.0, ..params });
            println!("  without a reference: {without:?}");
            let with = &tallies[tallies.len() - 1].1;
            assert!(with.differing <= without.differing && with.margin <= without.margin, "{system}");
            tallies.push((format!("`{system}` with a reference of 0"), without));
        }
    }
    tallies
}
