//! Files and folders: the output folder and its locks, checkpoints and partial files by name, what has to be removed at
//! the end, room on disks, and texts that are read as a whole.

pub mod claim;
pub mod disk;
pub mod folder;
pub mod identity;
pub mod leftovers;
pub mod lock;
pub mod partials;
pub mod text;
