//! Memory is asked for before it is taken.

use crate::failure::Failure;
use lif::{Device, MemoryNeed};

/// Refuses what the memory of this machine cannot hold now, with what each part of it takes.
pub fn require(what: &str, need: &MemoryNeed, device: &Device, advice: &str) -> Result<(), Failure> {
    Ok(lif::require_memory(&format!("{what} ({need})"), on_this_machine(need, device), advice)?)
}

/// Bytes in the memory of this machine, which has the buffers of adapters that compute on the CPU too.
pub fn on_this_machine(need: &MemoryNeed, device: &Device) -> u64 {
    if device.is_software_adapter() { need.total() } else { need.host_bytes() }
}

/// Refuses to begin where there is not even memory for what nobody asks for.
pub fn require_some() -> Result<(), Failure> {
    Ok(lif::require_memory("the command", 1 << 20, "allow it more")?)
}

/// A list that asks for the memory that it grows into.
#[derive(Debug)]
pub struct Growing<T> {
    values: Vec<T>,
    what: &'static str,
}

/// How long a list gets without being asked.
const UNASKED: usize = 1 << 20;

impl<T> Growing<T> {
    /// An empty one; `what` says in messages what it is.
    pub fn new(what: &'static str) -> Self {
        Self { values: Vec::new(), what }
    }

    /// Adds a value.
    pub fn push(&mut self, value: T) -> Result<(), String> {
        let length = self.values.len();
        if length == self.values.capacity() && length >= UNASKED {
            // The old values are there until they have been copied.
            let bytes = (3 * length as u64).saturating_mul(size_of::<T>() as u64);
            lif::require_memory(self.what, bytes, "take fewer at a time")
                .map_err(|error| error.to_string())?;
        }
        self.values.push(value);
        Ok(())
    }

    /// All values.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}
