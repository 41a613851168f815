//! What the process gets from the system: its heap, memory, threads and signals.

pub mod heaps;
pub mod interrupt;
pub mod memory;
pub mod signals;
pub mod threads;
