//! Files and folders: the output folder and its locks, names of checkpoints and partial files, what to remove
//! after an interrupt, room on disks, and reading whole texts.

pub mod claim;
pub mod disk;
pub mod folder;
pub mod identity;
pub mod leftovers;
pub mod lock;
pub mod names;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod partials;
pub mod text;

use std::path::Path;

/// The folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
