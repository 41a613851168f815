//! The recordings of a run: spooled to the disk, read again, and written into the file of arrays.

pub mod columns;
pub mod events;
pub mod npz;
pub mod spike_hash;
pub mod spools;
