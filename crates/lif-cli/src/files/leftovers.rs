//! What has to go where the process ends before its time: files under temporary names, and folders
//! made for them.

use crate::terminal::complain;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static LIST: Mutex<List> = Mutex::new(List { paths: Vec::new(), last_message: None });

struct List {
    /// What there is, in the order in which it was made.
    paths: Vec<PathBuf>,
    /// What to say of that which stays.
    last_message: Option<String>,
}

/// The list. While it is held nobody takes anything away, so that a file can be made and
/// remembered, or renamed and forgotten, in one.
pub fn lock() -> Leftovers {
    Leftovers(LIST.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The list, held.
pub struct Leftovers(MutexGuard<'static, List>);

impl Leftovers {
    /// From now on this would be left over.
    pub fn add(&mut self, path: &Path) {
        self.0.paths.push(path.to_owned());
    }

    /// This is gone, or is to stay.
    pub fn remove(&mut self, path: &Path) {
        self.0.paths.retain(|made| made != path);
    }

    /// Says this when all else was taken away; the last that was said wins.
    pub fn set_last_message(&mut self, text: Option<String>) {
        self.0.last_message = text;
    }

    /// Takes everything away, and folders only while they are empty. The list stays held, so
    /// that nothing new is made until the process has ended.
    pub fn delete_all(&self) {
        // The last first, as what was made later lies in what was made before. What cannot be taken
        // away does no harm.
        for path in self.0.paths.iter().rev() {
            if path.is_dir() {
                let _ = std::fs::remove_dir(path);
            } else {
                let _ = std::fs::remove_file(path);
            }
        }
        if let Some(last_message) = &self.0.last_message {
            complain(last_message);
        }
    }
}
