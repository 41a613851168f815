//! The resources of the process: heap, memory, threads and signals.

pub mod heaps;
pub mod interrupt;
pub mod memory;
pub mod signals;
pub mod threads;
