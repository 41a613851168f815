//! Locks: a file that a process holds while it writes. The system releases the lock however the process ends;
//! the file is removed when the lock is released in order.

use super::identity::is_regular_file_at;
use super::leftovers;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How often another process may take and release a lock while this one tries.
const MOST_TRIES: usize = 100;

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Closed on drop.
    _file: File,
    /// Whether the lock is effective; some file systems have no locks.
    is_held: bool,
}

/// Why a lock cannot be taken.
#[derive(Debug)]
pub enum Refusal {
    /// Another process holds it.
    Held,
    /// The file cannot be made or opened.
    Fault(String),
}

impl Lock {
    /// Takes the lock of this file, which is made if necessary.
    pub fn take(path: &Path) -> Result<Self, Refusal> {
        for _ in 0..MOST_TRIES {
            // An interrupt waits until the file is on the list.
            let mut leftovers = leftovers::lock();
            let file =
                open(path).map_err(|reason| Refusal::Fault(format!("{}: {reason}", path.display())))?;
            let is_held = is_held(path, file.try_lock())?;
            // The process that held it may have removed the file meanwhile.
            if is_regular_file_at(&file, path) {
                leftovers.add(path);
                return Ok(Self { path: path.to_owned(), _file: file, is_held });
            }
        }
        Err(Refusal::Held)
    }

    /// Whether other processes are kept out; some file systems have no locks.
    pub fn is_held(&self) -> bool {
        self.is_held
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut leftovers = leftovers::lock();
        // While the lock is still held, so that no other process uses the file. A failure does no harm.
        let _ = std::fs::remove_file(&self.path);
        leftovers.remove(&self.path);
    }
}

/// Makes or opens the file, without following links.
fn open(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let made = options.clone().create_new(true).open(path);
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map_err(|error| error.to_string()),
    }
    match std::fs::symlink_metadata(path) {
        // Locks are empty. A file with content is no lock, and would be removed with it.
        Ok(metadata) if !metadata.is_file() || metadata.len() > 0 => {
            Err("it is to be a lock, but something else has this name; rename it".to_owned())
        }
        // Removed meanwhile, so make it.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            options.create_new(true).open(path).map_err(|error| error.to_string())
        }
        _ => match options.open(path) {
            // The lock of another user can be locked if it can be read.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(path).map_err(|_| {
                format!("{error}; it is the lock of another user, who may remove it where no run of theirs goes on")
            }),
            opened => opened.map_err(|error| error.to_string()),
        },
    }
}

/// Whether the lock is held now by this process. A file system without locks can be written to all the same.
fn is_held(path: &Path, tried: Result<(), TryLockError>) -> Result<bool, Refusal> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Err(Refusal::Held),
        Err(TryLockError::Error(error)) => {
            log::warn!(
                "{} cannot be locked ({error}), so that nothing keeps another run from writing there: see to it \
                 that none does",
                path.display()
            );
            Ok(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        // Left by a process that was killed.
        std::fs::write(&path, "").unwrap();
        for _ in 0..2 {
            let lock = Lock::take(&path).unwrap();
            assert!(matches!(Lock::take(&path), Err(Refusal::Held)));
            assert!(path.exists());
            drop(lock);
            assert!(!path.exists());
        }
    }

    #[test]
    fn many_at_once_hold_it_one_after_the_other() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (holders, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Ok(lock) = Lock::take(&path) else { continue };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }

    #[test]
    fn a_file_system_without_locks_is_written_to() {
        let path = Path::new("folder/lock");
        assert!(matches!(is_held(path, Err(TryLockError::WouldBlock)), Err(Refusal::Held)));
        let without = Err(TryLockError::Error(ErrorKind::Unsupported.into()));
        assert!(matches!(is_held(path, without), Ok(false)));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["lock", "other"].map(|name| folder.path().join(name));
        for target in [&other, &path] {
            std::os::unix::fs::symlink(target, &path).unwrap();
            assert!(matches!(Lock::take(&path), Err(Refusal::Fault(_))));
            std::fs::remove_file(&path).unwrap();
        }
        assert!(!other.exists());
    }
}
