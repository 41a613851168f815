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

use std::fs::File;
use std::path::Path;
use tempfile::Builder;

/// Readable by others, like any new file; temporary files are private by default.
fn like_any_file(builder: &mut Builder<'_, '_>) {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    let _ = builder;
}

/// Writes a file under a temporary name first, so that there is never a part of it under its own.
pub fn write(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), String>) -> Result<(), String> {
    let mut builder = Builder::new();
    like_any_file(&mut builder);
    let mut file = builder.tempfile_in(folder_of(path)).map_err(|error| error.to_string())?;
    fill(file.as_file_mut())?;
    file.persist(path).map(drop).map_err(|error| error.error.to_string())
}

/// The folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
