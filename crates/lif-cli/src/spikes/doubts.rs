//! Warnings about recordings that are probably not meant, mostly because of a wrong unit.

use super::recorded;
use crate::failure::Failure;
use crate::numbers::Origin;
use crate::numbers::understood::ms;
use crate::terminal::figures::{counted, grouped};

/// The highest plausible rate of a nerve cell, spikes per ms.
const HIGHEST_RATE: f64 = 2.0;

/// Times in seconds that are read as ms are shorter by this factor.
const MS_IN_A_SECOND: f64 = 1e3;

/// The spikes of a recording; times count from the beginning of the stimulus.
#[derive(Debug, Clone, PartialEq)]
pub struct Spikes<'a> {
    pub file: &'a str,
    pub count: u64,
    /// Spikes in the same step as another.
    pub repeated: u64,
    pub first_ms: f64,
    pub last_ms: f64,
    pub stimulus_ms: f64,
    pub dt: f64,
    pub unit_from: &'a Origin,
}

impl Spikes<'_> {
    /// Warns of unlikely spikes, and refuses meaningless ones.
    pub fn check(&self) -> Result<(), Failure> {
        let Self { file, count, repeated, first_ms, last_ms, stimulus_ms, dt, unit_from } = self;
        let span = last_ms - first_ms;
        let spikes = counted(*count, "spike");
        let option = recorded::TIME_UNIT;
        let taken = format!(
            "the times are taken as ms, as neither --{option} nor a name in the file says us or s; say --{option} s if \
             they are seconds, and ms if they are not"
        );
        if **unit_from == Origin::Default && *count > 1 {
            let (first, last) = (ms(*first_ms), ms(*last_ms));
            if *count > 2 && span <= 2.0 * dt {
                return Err(Failure::fault(format!(
                    "spikes {file}: all {spikes} lie within two steps of {dt} ms, from {first} to {last} ms: {taken}"
                )));
            }
            let is_in_seconds = last_ms * MS_IN_A_SECOND <= *stimulus_ms;
            let is_too_fast = (*count - 1) as f64 > HIGHEST_RATE * span;
            if is_in_seconds || is_too_fast {
                log::warn!(
                    "spikes {file}: {spikes} from {first} to {last} ms of a stimulus of {} ms; {taken}",
                    ms(*stimulus_ms)
                );
                return Ok(());
            }
        }
        if *repeated > 0 {
            log::warn!(
                "spikes {file}: {} of {spikes} fall into the same step of {dt} ms as another, and count once with it; \
                 a shorter --dt keeps them apart",
                grouped(*repeated)
            );
        }
        Ok(())
    }
}
