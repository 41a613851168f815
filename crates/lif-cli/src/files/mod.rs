//! Files and folders: the output folder and its locks, checkpoints and partial files by name, what has to be removed at
//! the end, room on disks, and texts that are read as a whole.

pub mod claim;
pub mod disk;
pub mod folder;
pub mod identity;
pub mod leftovers;
pub mod lock;
pub mod names;
pub mod partials;
pub mod text;

use std::path::Path;

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
