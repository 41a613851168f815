//! Devices are compared only where they agree: after the same steps of a case, all must have the same spikes
//! and membrane potentials, bit for bit.

use crate::failure::Failure;
use std::collections::HashMap;

/// The results of the first device after each number of steps of a case.
#[derive(Debug, Default)]
pub struct Agreement {
    seen: HashMap<u64, (Results, String)>,
}

/// Hashes of results: equal results have equal hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Results {
    pub spikes: u64,
    pub spike_hash: u64,
    pub voltage_hash: u64,
    /// Of the recordings of the last call.
    pub recorded_hash: u64,
}

impl Agreement {
    /// Compares with the first device that made this many steps.
    pub fn compare(&mut self, case: &str, steps: u64, results: Results, device: &str) -> Result<(), Failure> {
        let (expected, other) = self.seen.entry(steps).or_insert_with(|| (results, device.to_owned()));
        if *expected == results {
            return Ok(());
        }
        let what = if expected.spike_hash != results.spike_hash {
            format!("{} and {} spikes", expected.spikes, results.spikes)
        } else if expected.voltage_hash != results.voltage_hash {
            "the same spikes, but other membrane potentials".to_owned()
        } else {
            "the same spikes and membrane potentials, but other recordings".to_owned()
        };
        Err(Failure::fault(format!(
            "{case}: {other} and {device} differ after {steps} steps ({what}); no speed of wrong results \
             is told. Please report it with the output of 'lif devices --check'"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_after_the_same_steps_is_an_error_that_names_both() {
        let one = Results { spikes: 3, spike_hash: 5, voltage_hash: 7, recorded_hash: 9 };
        let mut agreement = Agreement::default();
        let mut compare = |steps, results, device| agreement.compare("a case", steps, results, device);
        assert_eq!(compare(10, one, "cpu"), Ok(()));
        assert_eq!(compare(10, one, "gpu"), Ok(()));
        assert_eq!(compare(20, Results { spikes: 8, spike_hash: 6, ..one }, "gpu"), Ok(()));
        for (results, part) in [
            (Results { spikes: 4, spike_hash: 6, ..one }, "(3 and 4 spikes)"),
            (Results { voltage_hash: 0, ..one }, "other membrane potentials"),
            (Results { recorded_hash: 0, ..one }, "other recordings"),
        ] {
            let message = compare(10, results, "gpu").unwrap_err().to_string();
            assert!(message.contains("a case: cpu and gpu differ after 10 steps"), "{message}");
            assert!(message.contains(part), "{message}");
        }
    }
}
