//! What must be removed if the process ends early: files under temporary names, and folders made for them.

use crate::terminal::complain;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static LIST: Mutex<List> = Mutex::new(List { paths: Vec::new(), last_message: None });

struct List {
    /// Files and folders, in the order in which they were made.
    paths: Vec<PathBuf>,
    /// The message about what stays.
    last_message: Option<String>,
}

/// Locks the list. Meanwhile nothing is removed, so that a file can be made and added, or renamed and taken
/// off the list, as one action.
pub fn lock() -> Leftovers {
    Leftovers(LIST.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The locked list.
pub struct Leftovers(MutexGuard<'static, List>);

impl Leftovers {
    /// Adds a file or folder.
    pub fn add(&mut self, path: &Path) {
        self.0.paths.push(path.to_owned());
    }

    /// Takes a file or folder off the list: it is gone, or it stays.
    pub fn remove(&mut self, path: &Path) {
        self.0.paths.retain(|made| made != path);
    }

    /// Sets the message for after the removal.
    pub fn set_last_message(&mut self, text: Option<String>) {
        self.0.last_message = text;
    }

    /// Removes everything, folders only if they are empty. The list stays locked, so that nothing new is made
    /// until the process has ended.
    pub fn delete_all(&self) {
        // The last first, as later files are in earlier folders. A failure does no harm.
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
