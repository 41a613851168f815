//! The presets against the spikes of the systems that they stand for, which `tests/reference` keeps.

mod compare;
mod page;
mod reference;

use compare::Comparison;
use reference::{INPUTS, Reference};

/// Its spikes fall between steps, so that they cannot be equal.
pub(crate) const NENGO: &str = "nengo";

/// The most neuron-steps that may differ, of those of all cases and inputs: where rounding there and here decides
/// differently whether the threshold is reached.
const MOST_DIFFERING: [(&str, usize); 10] = [
    ("synapticflow", 0),
    ("bindsnet", 2),
    ("snntorch-leaky", 0),
    ("snntorch-lapicque", 0),
    ("norse", 0),
    ("spikingjelly", 0),
    ("genn", 0),
    ("brian2", 0),
    ("nest", 0),
    ("nest-psc-exp", 0),
];

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
            assert!(difference.shift.is_some(), "{system}: no rounding explains {difference:?}");
        }
        assert!(comparison.tallies.iter().all(|tally| tally.spikes > 50), "{system} hardly spikes");
        assert!(comparison.largest_trace_error.is_none_or(|error| error < 1e-6), "{system}");
        assert_eq!(reference.system, system);
    }
    for (reference, comparison) in compared.iter().filter(|(reference, _)| reference.system == NENGO) {
        assert_eq!(reference.cases.len(), comparison.intervals.len());
        for longer in comparison.intervals.iter().flatten() {
            assert!(
                (-0.01..=1.01).contains(longer),
                "an interval is longer here by {longer} steps on average"
            );
        }
    }
    page::check(&compared);
}
