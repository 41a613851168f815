//! What has to go where the process ends before its time: files under temporary names, and folders
//! made for them.

use crate::terminal::complain;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static MADE: Mutex<Made> = Mutex::new(Made { paths: Vec::new(), farewell: None });

struct Made {
    /// What there is, in the order in which it was made.
    paths: Vec<PathBuf>,
    /// What to say of that which stays.
    farewell: Option<String>,
}

/// The list. While it is held nobody takes anything away, so that a file can be made and
/// remembered, or renamed and forgotten, in one.
pub fn hold() -> Leftovers {
    Leftovers(MADE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The list, held.
pub struct Leftovers(MutexGuard<'static, Made>);

impl Leftovers {
    /// From now on this would be left over.
    pub fn remember(&mut self, path: &Path) {
        self.0.paths.push(path.to_owned());
    }

    /// This is gone, or is to stay.
    pub fn forget(&mut self, path: &Path) {
        self.0.paths.retain(|made| made != path);
    }

    /// Says this when all else was taken away; the last that was said wins.
    pub fn say_farewell(&mut self, text: Option<String>) {
        self.0.farewell = text;
    }

    /// Takes everything away, and folders only while they are empty. The list stays held, so
    /// that nothing new is made until the process has ended.
    pub fn remove(&self) {
        // The last first, as what was made later lies in what was made before. What cannot be taken
        // away does no harm.
        for path in self.0.paths.iter().rev() {
            if path.is_dir() {
                let _ = std::fs::remove_dir(path);
            } else {
                let _ = std::fs::remove_file(path);
            }
        }
        if let Some(farewell) = &self.0.farewell {
            complain(farewell);
        }
    }
}
