//! Room on disks: what a run will write is compared with the free space before the first step.

use crate::failure::Failure;
use crate::terminal::figures::{bytes, two_bytes};
use std::path::{Path, PathBuf};

/// Advice for a run that writes too much.
pub const WRITE_LESS: &str = "record fewer neurons or only every k-th step, as voltage:0..100/10, make fewer steps, or \
                          choose a folder on another disk with --out";

/// Advice for a resumed run, which cannot be changed.
pub const MAKE_ROOM: &str = "make room there, and resume it again";

/// What will be written into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    folder: PathBuf,
    /// What, and its bytes.
    parts: Vec<(&'static str, u64)>,
}

impl Need {
    pub fn new(folder: &Path, parts: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        let parts = parts.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
        Self { folder: folder.to_owned(), parts }
    }

    fn total(&self) -> u64 {
        self.parts.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// Refuses what does not fit into the free space.
    fn require(&self, free: u64, advice: &str) -> Result<(), Failure> {
        if self.total() <= free {
            return Ok(());
        }
        let parts: Vec<String> =
            self.parts.iter().map(|(what, size)| format!("{what} {}", bytes(*size))).collect();
        let [total, free] = two_bytes(self.total(), free);
        Err(Failure::fault(format!(
            "the run writes at least {total} to the disk of {} ({}), but {free} are free there; {advice}",
            self.folder.display(),
            parts.join(", "),
        )))
    }
}

/// Refuses what does not fit. The needs on one disk are added.
pub fn require(needs: impl IntoIterator<Item = Need>, advice: &str) -> Result<(), Failure> {
    let mut disks: Vec<(Option<u64>, Need)> = Vec::new();
    for need in needs {
        let disk = disk(&need.folder);
        match disks.iter_mut().find(|(other, _)| disk.is_some() && *other == disk) {
            Some((_, all)) => all.parts.extend(need.parts),
            None => disks.push((disk, need)),
        }
    }
    disks
        .iter()
        .try_for_each(|(_, need)| free(&need.folder).map_or(Ok(()), |free| need.require(free, advice)))
}

/// The number of the disk of a folder, if the system has such numbers.
#[cfg_attr(not(unix), allow(unused_variables, reason = "others have none"))]
fn disk(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    let number =
        std::fs::metadata(folder).ok().map(|metadata| std::os::unix::fs::MetadataExt::dev(&metadata));
    #[cfg(not(unix))]
    let number = None;
    number
}

/// Free bytes for this user; `None` if the file system does not know.
fn free(folder: &Path) -> Option<u64> {
    match fs4::statvfs(folder) {
        // Some file systems have no size and report 0.
        Ok(size) if size.total_space() > 0 => Some(size.available_space()),
        Ok(_) => None,
        Err(error) => {
            log::debug!("cannot find how much is free on the disk of {}: {error}", folder.display());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_some_room() {
        let folder = tempfile::tempdir().unwrap();
        let free = free(folder.path()).unwrap();
        assert!(free > 0 && free < 1 << 60, "{free}");
    }

    #[test]
    fn what_is_on_one_disk_is_added_up_and_named() {
        let need = |bytes| {
            Need::new(Path::new("out"), [("the rate", bytes), ("nothing", 0), ("the results", 3 << 20)])
        };
        assert_eq!(need(1 << 20).require(4 << 20, WRITE_LESS), Ok(()));
        assert_eq!(
            need(2 << 20).require(4 << 20, WRITE_LESS).unwrap_err().to_string(),
            "the run writes at least 5 MiB to the disk of out (the rate 2 MiB, the results 3 MiB), but 4 MiB are free \
             there; record fewer neurons or only every k-th step, as voltage:0..100/10, make fewer steps, or choose \
             a folder on another disk with --out"
        );
        let folder = tempfile::tempdir().unwrap();
        let half = |what| Need::new(folder.path(), [(what, 1 << 62)]);
        let message = require([half("one"), half("another")], MAKE_ROOM).unwrap_err().to_string();
        assert!(message.contains("one 4 EiB, another 4 EiB"), "{message}");
        assert!(message.ends_with("are free there; make room there, and resume it again"), "{message}");
        assert_eq!(require([Need::new(folder.path(), [("one", 1)])], WRITE_LESS), Ok(()));
    }
}
