//! Data structures that the other modules share: arrays, spikes, slabs and steps of populations, and the memory for
//! them.

pub(crate) mod broadcast;
mod cgroup;
#[cfg(feature = "nir")]
pub(crate) mod hdf5;
pub(crate) mod large;
pub(crate) mod memory;
pub(crate) mod prefetch;
pub(crate) mod raster;
pub(crate) mod regular_file;
pub(crate) mod resident;
pub(crate) mod shape;
pub(crate) mod slab;
pub(crate) mod steps;
pub(crate) mod storage;
