//! What has to go where the process ends before its time: files under temporary names, and folders
//! made for them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What there is, in the order in which it was made.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The list. While it is held nobody takes anything away, so that a file can be made and
/// remembered, or renamed and forgotten, in one.
pub fn hold() -> Leftovers {
    Leftovers(MADE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The list, held.
pub struct Leftovers(MutexGuard<'static, Vec<PathBuf>>);

impl Leftovers {
    /// From now on this would be left over.
    pub fn remember(&mut self, path: &Path) {
        self.0.push(path.to_owned());
    }

    /// This is gone, or is to stay.
    pub fn forget(&mut self, path: &Path) {
        self.0.retain(|made| made != path);
    }

    /// Takes everything away, and folders only while they are empty. The list stays held, so
    /// that nothing new is made until the process has ended.
    pub fn remove(&self) {
        // The last first, as what was made later lies in what was made before. What cannot be taken
        // away does no harm.
        for path in self.0.iter().rev() {
            if path.is_dir() {
                let _ = std::fs::remove_dir(path);
            } else {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}
