//! Memory is accounted for before it is taken: on most systems taking too much ends the program.

use crate::error::{Error, Result, size};
use std::fmt;
use sysinfo::{MemoryRefreshKind, System};

/// Requests below this are not worth the question.
const SMALL: u64 = 64 << 20;

/// How much memory something needs, part by part, known before any of it is taken.
///
/// ```
/// use lif::{Device, Params, Population, Recording};
///
/// let population = Population::memory_needed(&Params::default(), 1_000_000, 4, &Device::cpu())?;
/// let recording = Recording::none().spikes().memory_needed(10_000, 1_000_000, 4);
/// assert!(recording.host_bytes() > 4_000_000 * 10_000 / 8);    // one bit per cell and step
/// println!("{}", population.and(recording));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryNeed {
    parts: Vec<MemoryPart>,
}

/// One of the things that need memory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryPart {
    /// What it is.
    pub what: String,
    /// Bytes in the memory of this program.
    pub host_bytes: u64,
    /// Bytes in the buffers of adapters. Where an adapter computes on the CPU, these are taken from
    /// the memory of this machine as well.
    pub device_bytes: u64,
}

impl MemoryNeed {
    /// The parts, those of nothing left out.
    #[must_use]
    pub fn parts(&self) -> &[MemoryPart] {
        &self.parts
    }

    /// Bytes in the memory of this program.
    #[must_use]
    pub fn host_bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.host_bytes))
    }

    /// Bytes in the buffers of adapters.
    #[must_use]
    pub fn device_bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.device_bytes))
    }

    /// All bytes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.host_bytes().saturating_add(self.device_bytes())
    }

    /// One part, so that programs can add what they need themselves.
    #[must_use]
    pub fn of(what: &str, host_bytes: u64, device_bytes: u64) -> Self {
        let mut need = Self::default();
        need.add(what, host_bytes, device_bytes);
        need
    }

    /// What both need.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for part in other.parts {
            self.add(&part.what, part.host_bytes, part.device_bytes);
        }
        self
    }

    /// Adds a part, or to the part of this name.
    pub(crate) fn add(&mut self, what: &str, host_bytes: u64, device_bytes: u64) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.what == what) {
            part.host_bytes = part.host_bytes.saturating_add(host_bytes);
            part.device_bytes = part.device_bytes.saturating_add(device_bytes);
        } else if host_bytes > 0 || device_bytes > 0 {
            self.parts.push(MemoryPart { what: what.to_owned(), host_bytes, device_bytes });
        }
    }
}

impl fmt::Display for MemoryNeed {
    /// `the state 1.20 GiB on the device, the recording 3.00 MiB, in all 1.20 GiB`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            write!(formatter, "{} ", part.what)?;
            match (part.host_bytes, part.device_bytes) {
                (host, 0) => write!(formatter, "{}, ", size(host))?,
                (0, device) => write!(formatter, "{} on the device, ", size(device))?,
                (host, device) => write!(formatter, "{} and {} on the device, ", size(host), size(device))?,
            }
        }
        write!(formatter, "in all {}", size(self.total()))
    }
}

/// Refuses what the machine's memory cannot hold now, before it is taken.
///
/// # Errors
///
/// [`Error::TooLarge`], which says how much there is and ends with `advice`.
pub fn require(what: &str, bytes: u64, advice: &str) -> Result<()> {
    if bytes < SMALL {
        return Ok(());
    }
    let available = available();
    if bytes <= available {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: what.to_owned(),
        need: bytes,
        limit_name: "the memory available on this machine".to_owned(),
        limit: available,
        advice: advice.to_owned(),
    })
}

/// Bytes that can be had now, also where a container has less than its machine.
fn available() -> u64 {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let machine = system.available_memory();
    system.cgroup_limits().map_or(machine, |limits| machine.min(limits.free_memory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_machine_has_is_refused_with_the_numbers() {
        assert_eq!(require("a trifle", 1 << 20, ""), Ok(()));
        let need = 1 << 60;
        match require("a giant", need, "take less") {
            Err(Error::TooLarge { need: said, limit, .. }) => {
                assert_eq!(said, need);
                assert!(limit > 0 && limit < need);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_budget_is_compared_with_the_sum_and_each_part_is_named() {
        let mut need = MemoryNeed::default();
        need.add("the state", 1 << 20, 3 << 20);
        need.add("nothing", 0, 0);
        let mut more = MemoryNeed::default();
        more.add("the recording", 4 << 20, 0);
        more.add("the state", 0, 1 << 20);
        let need = need.and(more);
        assert_eq!((need.host_bytes(), need.device_bytes(), need.total()), (5 << 20, 4 << 20, 9 << 20));
        let device = |budget| crate::Device::cpu().with_memory_budget(budget);
        assert_eq!(crate::Device::cpu().require_within_budget(&need, "it"), Ok(()));
        assert_eq!(device(9 << 20).require_within_budget(&need, "it"), Ok(()));
        let refused = device((9 << 20) - 1).require_within_budget(&need, "it").expect_err("too much");
        assert_eq!(
            refused.to_string(),
            "it (the state 1.00 MiB and 4.00 MiB on the device, the recording 4.00 MiB, in all 9.00 MiB): \
             9.00 MiB needed, but the memory budget is 9.00 MiB; take fewer neurons or a smaller batch, \
             record less, or raise the budget"
        );
    }
}
