//! Checks for memory before it is allocated.

use crate::failure::Failure;
use lif::{Device, MemoryNeed};

/// Refuses what does not fit into the memory of this machine now; the message lists its parts.
pub fn require(what: &str, need: &MemoryNeed, device: &Device, advice: &str) -> Result<(), Failure> {
    Ok(lif::require_memory(&format!("{what} ({need})"), host_bytes(need, device), advice)?)
}

/// Bytes on this machine; software adapters have their buffers here too.
pub fn host_bytes(need: &MemoryNeed, device: &Device) -> u64 {
    if device.is_software_adapter() { need.total() } else { need.host_bytes() }
}

/// Refuses to start without memory for small allocations.
pub fn require_some() -> Result<(), Failure> {
    Ok(lif::require_memory("the command", 1 << 20, "allow it more")?)
}

/// A vector that checks for memory before it grows.
#[derive(Debug)]
pub struct Growing<T> {
    values: Vec<T>,
    what: &'static str,
}

/// Up to this length it does not check.
const UNASKED: usize = 1 << 20;

impl<T> Growing<T> {
    /// An empty one; `what` is its name in messages.
    pub fn new(what: &'static str) -> Self {
        Self { values: Vec::new(), what }
    }

    /// Adds a value.
    pub fn push(&mut self, value: T) -> Result<(), String> {
        let length = self.values.len();
        if length == self.values.capacity() && length >= UNASKED {
            // The old values stay until they have been copied.
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
