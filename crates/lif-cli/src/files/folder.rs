//! The output folder, which belongs to one run at a time. Files are written under temporary names, and get
//! their own names together. The last file is named last: if it exists, all files are of the same run.

use super::folder_of;
use super::identity::is_same;
use super::leftovers::{self, Leftovers};
use super::lock::{Lock, Refusal};
use super::names::{OF_FI, OF_FIT, OF_RUN};
use super::partials;
use crate::failure::Failure;
use crate::terminal::figures::{bytes, counted};
use std::fmt::Display;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// The lock of a folder.
const LOCK: &str = ".lif-lock";

/// The beginning of temporary names.
const TEMPORARY: &str = ".lif-";

/// The number of random characters that follow.
const RANDOM: usize = 6;

/// Advice for an output folder that cannot be written.
pub const CHOOSE_ANOTHER: &str = "choose another with --out";

/// Advice for a resumed run, whose folder cannot be changed.
pub const MEND_IT: &str = "mend that, and resume it again";

/// A writable folder into which no other process writes. If nothing was written, it is removed at the end,
/// with all parent folders that were made for it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The files that may be written.
    results: &'static [&'static str],
    /// Advice if it cannot be written.
    advice: &'static str,
    /// The folders that were made, the outermost first.
    made: Vec<PathBuf>,
    lock: Option<Lock>,
}

/// A complete file under a temporary name.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Folder {
    /// Makes the folder if necessary, locks it, tests that it can be written, and removes unfinished results
    /// of a process that was killed.
    pub fn prepare(
        path: &Path,
        results: &'static [&'static str],
        advice: &'static str,
    ) -> Result<Self, Failure> {
        let mut folder = Self { path: path.to_owned(), results, advice, made: Vec::new(), lock: None };
        folder.make().map_err(|reason| folder.refusal(reason))?;
        folder.refuse_folders()?;
        let lock = path.join(LOCK);
        folder.lock = Some(Lock::take(&lock).map_err(|refusal| {
            folder.refusal(match refusal {
                Refusal::Held => {
                    format!("another run is writing into it, and holds {} until it is done", lock.display())
                }
                Refusal::Fault(reason) => reason,
            })
        })?);
        folder.temporary("")?;
        if folder.is_locked() {
            folder.remove_unfinished();
        }
        Ok(folder)
    }

    /// Refuses results whose names are folders.
    fn refuse_folders(&self) -> Result<(), Failure> {
        match self.results.iter().find(|name| self.path.join(name).is_dir()) {
            Some(name) => Err(self.refusal(format!("'{name}' in it is a folder"))),
            None => Ok(()),
        }
    }

    fn is_locked(&self) -> bool {
        self.lock.as_ref().is_some_and(Lock::is_held)
    }

    /// Removes results under temporary names. The lock is held, so no process is writing them.
    fn remove_unfinished(&self) {
        let (mut count, mut size) = (0, 0);
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_one = entry.file_name().to_str().is_some_and(is_unfinished);
            if let Some(metadata) = entry.metadata().ok().filter(|metadata| is_one && metadata.is_file())
                && std::fs::remove_file(entry.path()).is_ok()
            {
                count += 1;
                size += metadata.len();
            }
        }
        if count > 0 {
            log::warn!(
                "removed {} ({}) from {}, of a run that was killed while it wrote its results",
                counted(count, "unfinished file"),
                bytes(size),
                self.path.display()
            );
        }
    }

    /// Reports runs that can be resumed, and removes partial files that are of no use.
    pub fn tidy(&self) {
        if self.is_locked() {
            partials::tidy(&self.path);
        }
    }

    fn make(&mut self) -> Result<(), String> {
        let levels: Vec<&Path> =
            self.path.ancestors().filter(|level| !level.as_os_str().is_empty()).collect();
        for level in levels.into_iter().rev().filter(|level| !level.is_dir()) {
            let mut leftovers = leftovers::lock();
            match std::fs::create_dir(level) {
                Ok(()) => {
                    leftovers.add(level);
                    self.made.push(level.to_owned());
                }
                // Another process may have made it.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && level.is_dir() => {}
                Err(error) => return Err(folder_error(level, &error)),
            }
        }
        Ok(())
    }

    /// What a file of this name is to the commands that write into the folder.
    pub fn meaning(name: &str) -> Option<&'static str> {
        // Many disks do not distinguish upper and lower case.
        let name = name.to_lowercase();
        if [&OF_RUN[..], &OF_FI, &OF_FIT].concat().contains(&name.as_str()) {
            Some("a result")
        } else if name.starts_with(TEMPORARY) {
            Some("a temporary file")
        } else {
            partials::is_partial(&name).then_some("a partial file")
        }
    }

    /// Refuses to replace inputs by results.
    pub fn refuse_to_replace(&self, inputs: &[(&str, &Path)], results: &[&str]) -> Result<(), Failure> {
        for (option, input) in inputs {
            if let Some(name) = results.iter().find(|name| is_same(input, &self.path.join(name))) {
                return Err(Failure::usage(format!(
                    "the {option} {} would be replaced by the {name} of this run; choose another folder with --out",
                    input.display()
                )));
            }
        }
        Ok(())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn refusal(&self, reason: impl Display) -> Failure {
        let path = self.path.display();
        let failure = Failure::fault(format!("cannot write to the output folder {path}: {reason}"));
        if failure.is_of_open_files() { failure } else { failure.with_advice(self.advice) }
    }

    fn temporary(&self, suffix: &str) -> Result<NamedTempFile, Failure> {
        let mut builder = Builder::new();
        super::like_any_file(&mut builder);
        let made = builder.prefix(TEMPORARY).rand_bytes(RANDOM).suffix(suffix).tempfile_in(&self.path);
        made.map_err(|error| self.refusal(without_file_name(&error)))
    }

    /// Writes a file under a temporary name; `fill` gets the open file and its path.
    pub fn stage<E: Display>(
        &self,
        name: &str,
        fill: impl FnOnce(&mut File, &Path) -> Result<(), E>,
    ) -> Result<Staged, Failure> {
        let mut leftovers = leftovers::lock();
        let mut file = self.temporary(name)?;
        leftovers.add(file.path());
        drop(leftovers);
        let path = self.path.join(name);
        let temporary = file.path().to_owned();
        fill(file.as_file_mut(), &temporary).map_err(|error| unwritten(&path, error))?;
        Ok(Staged { file, path })
    }

    /// Gives all files their names, and removes results of an earlier run that this run does not replace,
    /// unless they are inputs. The last file is removed first and named last: if it exists, all files are of
    /// one run. With `must_last`, all is on the disk at the end.
    pub fn publish(
        &self,
        staged: Vec<Staged>,
        inputs: &[(&str, &Path)],
        must_last: bool,
    ) -> Result<Vec<PathBuf>, Failure> {
        for Staged { file, path } in staged.iter().filter(|_| must_last) {
            file.as_file().sync_all().map_err(|error| unwritten(path, error))?;
        }
        // An interrupt waits until the end.
        let mut leftovers = leftovers::lock();
        // They may have been made meanwhile.
        self.refuse_folders()?;
        let paths: Vec<PathBuf> = staged.iter().map(|file| file.path.clone()).collect();
        let all = self.results.iter().map(|name| self.path.join(name));
        let stale =
            all.filter(|path| !paths.contains(path) && !inputs.iter().any(|(_, input)| is_same(input, path)));
        for path in paths.last().cloned().into_iter().chain(stale) {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.refusal(error)),
                _ => {}
            }
        }
        staged.into_iter().try_for_each(|file| file.publish(&mut leftovers))?;
        drop(leftovers);
        if must_last {
            self.sync()?;
        }
        Ok(paths)
    }

    /// Makes sure that the folder and the names in it survive a crash of the machine.
    pub fn sync(&self) -> Result<(), Failure> {
        let around = self.made.iter().map(|level| folder_of(level));
        let mut all = around.chain([self.path.as_path()]);
        all.try_for_each(sync_folder).map_err(|error| self.refusal(error))
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match File::open(path)?.sync_all() {
        // Not all file systems support it.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Whether a file of this name is an unfinished result, or a test of the folder.
fn is_unfinished(name: &str) -> bool {
    let rest = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split_at_checked(RANDOM));
    rest.is_some_and(|(random, end)| {
        let is_known = end.is_empty() || [&OF_RUN[..], &OF_FI, &OF_FIT].concat().contains(&end);
        is_known && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Why the folder cannot be made.
fn folder_error(level: &Path, error: &std::io::Error) -> String {
    let shown = level.display();
    if let Ok(target) = std::fs::read_link(level) {
        let target = target.display();
        return match std::fs::metadata(level) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                format!("{shown} is a link to {target}, which is not there")
            }
            Err(error) => format!("{shown} is a link to {target}, which leads nowhere: {error}"),
            Ok(_) => format!("{shown} is a link to {target}, which is no folder"),
        };
    }
    if level.exists() { format!("{shown} is no folder") } else { format!("{shown} cannot be made: {error}") }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The lock is in the folder.
        self.lock = None;
        for level in self.made.iter().rev() {
            // Only empty folders are removed; a failure does no harm.
            let _ = std::fs::remove_dir(level);
        }
    }
}

impl Staged {
    fn publish(self, leftovers: &mut Leftovers) -> Result<(), Failure> {
        let temporary = self.file.path().to_owned();
        self.file.persist(&self.path).map_err(|error| unwritten(&self.path, error.error))?;
        leftovers.remove(&temporary);
        Ok(())
    }
}

/// An error without the temporary name, which means nothing to users.
pub fn without_file_name(error: &std::io::Error) -> String {
    let message = error.to_string();
    message.split_once(" at path ").map_or(message.as_str(), |(reason, _)| reason).to_owned()
}

fn unwritten(path: &Path, reason: impl Display) -> Failure {
    Failure::fault(format!("cannot write {}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::names::{ARRAYS, GRAPH, PICTURE, SUMMARY};
    use super::*;
    use std::io::Write;

    #[test]
    fn only_unfinished_results_are_known_as_such() {
        for name in [".lif-aB3x9Zspikes.npz", ".lif-aB3x9Z", ".lif-000000fit.json"] {
            assert!(is_unfinished(name), "{name}");
        }
        for name in [
            ".lif-lock",
            ".lif-notes.txt",
            ".lif-aB3x9Znotes.txt",
            "spikes.npz",
            ".lif-",
            ".lif-aB3x-Z",
            ".lif-ab3xéx",
        ] {
            assert!(!is_unfinished(name), "{name}");
        }
    }

    /// A file that cannot be renamed is found before anything has changed; later the last file of an earlier
    /// run is gone.
    #[test]
    fn files_of_two_runs_never_lie_beside_the_last_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in OF_RUN {
            std::fs::write(path(name), "old").unwrap();
        }
        let out = Folder::prepare(folder.path(), &OF_RUN, CHOOSE_ANOTHER).unwrap();
        let stage = |name| out.stage(name, |file, _| file.write_all(b"new")).unwrap();
        let stage_all = || [PICTURE, ARRAYS, SUMMARY].map(stage).into();
        let read = |name| std::fs::read_to_string(path(name)).ok();

        std::fs::remove_file(path(ARRAYS)).unwrap();
        std::fs::create_dir(path(ARRAYS)).unwrap();
        assert!(out.publish(stage_all(), &[], false).is_err());
        assert_eq!([PICTURE, GRAPH, SUMMARY].map(read), [(); 3].map(|()| Some("old".to_owned())));
        std::fs::remove_dir(path(ARRAYS)).unwrap();

        let staged: Vec<Staged> = stage_all();
        // The temporary file of the second result disappears.
        std::fs::remove_file(staged[1].file.path()).unwrap();
        assert!(out.publish(staged, &[], false).is_err());
        assert_eq!([PICTURE, SUMMARY].map(read), [Some("new".to_owned()), None]);
        assert_eq!(out.publish(stage_all(), &[], true).unwrap().len(), 3);
        assert_eq!(
            [PICTURE, ARRAYS, GRAPH, SUMMARY].map(read).map(|text| text.is_some()),
            [true, true, false, true]
        );
    }
}
