//! Accounts for memory before it is allocated: on most systems, allocating too much ends the program.

use crate::data::cgroup;
use crate::error::{Error, Result, size};
use std::fmt;
use sysinfo::{MemoryRefreshKind, System};

/// Requests below this many bytes are not checked.
const SMALL: u64 = 64 << 20;

/// The same in a process whose memory is limited, and so may be small.
const SMALL_WHERE_LIMITED: u64 = 1 << 20;

/// The part of a limit that is kept free for stacks and for allocations that are not accounted for.
const SPARE: u64 = 16 << 20;

/// How much memory something needs, part by part, known before any of it is allocated.
///
/// ```
/// use lif::{Device, Params, Population, Recording};
///
/// let device = Device::cpu();
/// let population = Population::memory_needed(&Params::default(), [4, 1_000_000], &device)?;
/// let recording = Recording::none().spikes().memory_needed(10_000, [4, 1_000_000], &device);
/// assert!(recording.host_bytes() > 4_000_000 * 10_000 / 8);    // one bit per cell and step
/// println!("{}", population.and(recording));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryNeed {
    parts: Vec<MemoryPart>,
}

/// The memory that one thing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryPart {
    /// The name of the thing.
    pub what: String,
    /// Bytes in the memory of this program.
    pub host_bytes: u64,
    /// Bytes in the buffers of adapters. If an adapter computes on the CPU, these are taken from
    /// the memory of this machine as well.
    pub device_bytes: u64,
}

impl MemoryNeed {
    /// The parts, without empty ones.
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

    /// A need with one part, so that programs can add what they need themselves.
    #[must_use]
    pub fn of(what: &str, host_bytes: u64, device_bytes: u64) -> Self {
        let mut need = Self::default();
        need.add(what, host_bytes, device_bytes);
        need
    }

    /// The sum of two needs.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for part in other.parts {
            self.add(&part.what, part.host_bytes, part.device_bytes);
        }
        self
    }

    /// Adds a part, or adds to the part of this name.
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

/// Refuses an allocation that the machine has no memory for now, or that exceeds a limit of this process
/// (`ulimit -v`, `ulimit -d`, the limit of a cgroup).
///
/// # Errors
///
/// [`Error::TooLarge`], which says how much there is and ends with `advice`.
pub fn require(what: &str, bytes: u64, advice: &str) -> Result<()> {
    if bytes < SMALL_WHERE_LIMITED || bytes < SMALL && !limits::are_set() && !cgroup::is_limited() {
        return Ok(());
    }
    let (limit_name, available) = available();
    if bytes <= available {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: what.to_owned(),
        need: bytes,
        limit_name: limit_name.to_owned(),
        limit: available,
        advice: advice.to_owned(),
    })
}

/// Returns the number of bytes that can be allocated now, and the name of what limits them.
fn available() -> (&'static str, u64) {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let machine = ("the memory available on this machine", system.available_memory());
    let group = cgroup::left().map(|left| ("what is left to this process's control group (cgroup)", left));
    let limits = limits::left().chain(group).map(|(name, left)| (name, left.saturating_sub(SPARE)));
    limits.chain([machine]).min_by_key(|(_, left)| *left).unwrap_or(machine)
}

/// Returns how much of a limited address space is left to this process, and the limit, in bytes.
pub(crate) fn address_space() -> Option<(u64, u64)> {
    limits::address_space()
}

/// Returns the limit of this process's address space (`ulimit -v`), in bytes; `None` if there is no limit, or the
/// system does not tell.
#[must_use]
pub fn address_space_limit() -> Option<u64> {
    address_space().map(|(_, limit)| limit)
}

/// The limits of a Linux process itself. An allocation beyond them fails, and ends the process.
mod limits {
    use std::sync::LazyLock;

    /// The name of a limit in `/proc/self/limits`, the entry of `/proc/self/status` that counts against it, and its
    /// name in messages.
    const KINDS: [(&str, &str, &str); 2] = [
        (
            "Max address space",
            "VmSize:",
            "what is left of the address space that this process may take (ulimit -v)",
        ),
        ("Max data size", "VmData:", "what is left of the data that this process may have (ulimit -d)"),
    ];

    /// The limits that are set, in bytes, read once: a process seldom changes its own limits.
    static SET: LazyLock<Vec<(usize, u64)>> = LazyLock::new(|| {
        let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let of_kind = |kind: usize| Some((kind, limit(&text, KINDS[kind].0)?));
        (0..KINDS.len()).filter_map(of_kind).collect()
    });

    pub(super) fn are_set() -> bool {
        !SET.is_empty()
    }

    /// Returns what is left of the first limit, and the limit.
    pub(super) fn address_space() -> Option<(u64, u64)> {
        let (_, limit) = SET.iter().find(|(kind, _)| *kind == 0)?;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Some((limit.saturating_sub(taken(&status, KINDS[0].1)), *limit))
    }

    /// Returns what is left of each limit.
    pub(super) fn left() -> impl Iterator<Item = (&'static str, u64)> {
        let status = if are_set() { std::fs::read_to_string("/proc/self/status") } else { Ok(String::new()) };
        let status = status.unwrap_or_default();
        let left = move |(kind, limit): &(usize, u64)| {
            let (_, taken, name) = KINDS[*kind];
            (name, limit.saturating_sub(self::taken(&status, taken)))
        };
        SET.iter().map(left)
    }

    /// Returns the soft limit of this name; `None` if it is `unlimited`.
    pub(super) fn limit(text: &str, name: &str) -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    }

    /// Returns the entry of a status under this name, in bytes.
    pub(super) fn taken(status: &str, name: &str) -> u64 {
        let kibibytes = status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        kibibytes.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) << 10
    }
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
    fn the_limits_of_a_process_are_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max data size             unlimited            unlimited            bytes     \n\
                      Max address space         204800000            409600000            bytes     \n";
        assert_eq!(limits::limit(limits, "Max address space"), Some(204_800_000));
        assert_eq!(limits::limit(limits, "Max data size"), None);
        assert_eq!(limits::limit(limits, "Max stack size"), None);
        assert_eq!(limits::limit("", "Max address space"), None);
        assert_eq!(limits::taken("VmPeak:\t  90 kB\nVmSize:\t   70 kB\n", "VmSize:"), 70 << 10);
        assert_eq!(limits::taken("", "VmSize:"), 0);
        #[cfg(target_os = "linux")]
        assert!(
            limits::taken(&std::fs::read_to_string("/proc/self/status").unwrap_or_default(), "VmSize:") > 0
        );
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
        let options = |memory_budget| crate::PopulationOptions { memory_budget, ..Default::default() };
        assert_eq!(options(None).require_within_budget(&need, "it"), Ok(()));
        assert_eq!(options(Some(9 << 20)).require_within_budget(&need, "it"), Ok(()));
        let refused = options(Some((9 << 20) - 1)).require_within_budget(&need, "it").expect_err("too much");
        assert_eq!(
            refused.to_string(),
            "it (the state 1.00 MiB and 4.00 MiB on the device, the recording 4.00 MiB, in all 9.00 MiB): \
             9.00 MiB needed, but the memory budget is 9.00 MiB; take fewer neurons or a smaller batch, \
             record less, or raise the budget"
        );
    }
}
