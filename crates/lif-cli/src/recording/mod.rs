//! What a run records: on its way to the disk, read again, and written into the file of arrays.

pub mod columns;
pub mod events;
pub mod npz;
pub mod spike_hash;
pub mod spools;
