//! Memory is asked for before it is taken: on most systems taking too much ends the program.

use crate::error::{Error, Result};
use sysinfo::{MemoryRefreshKind, System};

/// Requests below this are not worth the question.
const SMALL: u64 = 64 << 20;

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
}
