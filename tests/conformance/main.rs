//! Compares the spikes of the presets with the spikes of the systems that they reproduce, stored in `tests/reference`.

mod compare;
mod networks;
mod page;
mod pulses;
mod reference;

use compare::{Comparison, NearTally, ROUNDING};
use lif::Params;
use reference::{INPUTS, Reference};

/// A system whose spikes fall between steps, so that they cannot be equal to those of the preset.
pub(crate) const NENGO: &str = "nengo";

/// Presets with a reference potential. They are also compared without it.
pub(crate) const REFERRED: [&str; 3] = ["brian2", "nest", "nest-psc-exp"];

/// The largest number of neuron-steps that may differ, over all cases and inputs: rounding here and there can decide
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

/// For neurons just above their threshold: the largest distance to the threshold at which spikes may differ, relative
/// to the distance from rest to the threshold.
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
            // Up to half a step of rounding, and up to one step to the end of the step; 0.07 for the limited
            // precision of a mean.
            assert!(
                (-0.57..=1.57).contains(longer),
                "an interval is longer here by {longer} steps on average"
            );
        }
    }
    let near = near(&compared);
    let networks = networks::compared();
    networks::check(&networks);
    page::check(&compared, &near, &pulses::rows(), &networks);
}

/// Compares neurons just above their threshold, for each system; for presets with a reference potential also without
/// it.
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
