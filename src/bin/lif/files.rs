//! The folder that a run writes into, which is its own as long as it goes on. Its files are written under
//! temporary names and get their own together, so that they always tell of the same run.

use crate::failure::Failure;
use crate::identity::is_same;
use crate::leftovers::{self, Leftovers};
use crate::lock::{Lock, Refusal};
use crate::partials;
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// The picture.
pub const PICTURE: &str = "raster.png";
/// The arrays.
pub const ARRAYS: &str = "spikes.npz";
/// The picture of `lif fi`.
pub const CURVE_PICTURE: &str = "fi.png";
/// What `lif fi` writes.
pub const CURVE: &str = "fi.json";
/// The picture of `lif fit`.
pub const FIT_PICTURE: &str = "fit.png";
/// What `lif fit` writes.
pub const FIT: &str = "fit.json";
/// The neuron that it found, as settings.
pub const NEURON: &str = "neuron.toml";
/// The neurons as a node of a graph.
pub const GRAPH: &str = "neurons.nir";
/// The summary.
pub const SUMMARY: &str = "summary.json";

/// What `lif run` writes, all of it or some.
pub const OF_RUN: [&str; 4] = [PICTURE, ARRAYS, GRAPH, SUMMARY];
/// What `lif fi` writes.
pub const OF_FI: [&str; 2] = [CURVE_PICTURE, CURVE];
/// What `lif fit` writes.
pub const OF_FIT: [&str; 3] = [FIT_PICTURE, FIT, NEURON];

/// The lock of a folder.
const LOCK: &str = ".lif-lock";
/// What all other names begin with that are there for a time only.
const TEMPORARY: &str = ".lif-";

/// A folder that has been found to be writable, and that no other process writes into. Where nothing was
/// written into it, it goes again, with all folders around it that were made for it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What may be written.
    results: &'static [&'static str],
    /// What was missing, the outermost first.
    made: Vec<PathBuf>,
    lock: Option<Lock>,
}

/// A complete file that has not got its name yet.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing, locks it, and tries whether it can be written.
    pub fn prepare(path: &Path, results: &'static [&'static str]) -> Result<Self, Failure> {
        let mut folder = Self { path: path.to_owned(), results, made: Vec::new(), lock: None };
        folder.make().map_err(|reason| folder.refusal(reason))?;
        if let Some(name) = results.iter().find(|name| path.join(name).is_dir()) {
            return Err(folder.refusal(format!("'{name}' in it is a folder")));
        }
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
        Ok(folder)
    }

    /// Says what earlier runs have left that can be gone on with, and takes away what cannot.
    pub fn tidy(&self) {
        if self.lock.as_ref().is_some_and(Lock::is_held) {
            partials::tidy(&self.path);
        }
    }

    fn make(&mut self) -> Result<(), String> {
        let levels: Vec<&Path> =
            self.path.ancestors().filter(|level| !level.as_os_str().is_empty()).collect();
        for level in levels.into_iter().rev().filter(|level| !level.is_dir()) {
            let mut leftovers = leftovers::hold();
            match std::fs::create_dir(level) {
                Ok(()) => {
                    leftovers.remember(level);
                    self.made.push(level.to_owned());
                }
                // Others may have made it in between.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && level.is_dir() => {}
                Err(error) => return Err(why_no_folder(level, &error)),
            }
        }
        Ok(())
    }

    /// What a file of this name in this folder is to the commands that write into it.
    pub fn meaning(name: &str) -> Option<&'static str> {
        // Names that differ in their case only are the same on many disks.
        let name = name.to_lowercase();
        if [&OF_RUN[..], &OF_FI, &OF_FIT].concat().contains(&name.as_str()) {
            Some("a result")
        } else if name.starts_with(TEMPORARY) {
            Some("a temporary file")
        } else {
            partials::is_partial(&name).then_some("a partial file")
        }
    }

    /// Refuses inputs that would be lost, as they have the place of a result.
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

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn refusal(&self, reason: impl Display) -> Failure {
        let path = self.path.display();
        Failure::fault(format!(
            "cannot write to the output folder {path}: {reason}; choose another with --out"
        ))
    }

    fn temporary(&self, suffix: &str) -> Result<NamedTempFile, Failure> {
        let mut builder = Builder::new();
        // Readable by others as any new file is; temporary files are private otherwise.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let made = builder.prefix(TEMPORARY).suffix(suffix).tempfile_in(&self.path);
        made.map_err(|error| self.refusal(without_its_name(&error)))
    }

    /// Writes a file under a temporary name.
    pub fn stage<E: Display>(
        &self,
        name: &str,
        fill: impl FnOnce(&mut NamedTempFile) -> Result<(), E>,
    ) -> Result<Staged, Failure> {
        let mut leftovers = leftovers::hold();
        let mut file = self.temporary(name)?;
        leftovers.remember(file.path());
        drop(leftovers);
        let path = self.path.join(name);
        fill(&mut file).map_err(|error| unwritten(&path, error))?;
        Ok(Staged { file, path })
    }

    /// Gives all files their names, and takes away those of an earlier run that this run does not
    /// replace, unless they are inputs of this one.
    pub fn publish(&self, staged: Vec<Staged>, inputs: &[(&str, &Path)]) -> Result<Vec<PathBuf>, Failure> {
        // Nobody ends the process in the middle of this.
        let mut leftovers = leftovers::hold();
        let paths: Vec<PathBuf> =
            staged.into_iter().map(|file| file.publish(&mut leftovers)).collect::<Result<_, _>>()?;
        let all = self.results.iter().map(|name| self.path.join(name));
        for stale in all.filter(|path| !paths.contains(path)) {
            if inputs.iter().any(|(_, input)| is_same(input, &stale)) {
                continue;
            }
            match std::fs::remove_file(stale) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.refusal(error)),
                _ => {}
            }
        }
        Ok(paths)
    }
}

/// Why there is no folder of this name and none can be made.
fn why_no_folder(level: &Path, error: &std::io::Error) -> String {
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
        // Its file goes before the folders around it.
        self.lock = None;
        for level in self.made.iter().rev() {
            // It only goes while it is empty; what cannot be taken away does no harm.
            let _ = std::fs::remove_dir(level);
        }
    }
}

impl Staged {
    fn publish(self, leftovers: &mut Leftovers) -> Result<PathBuf, Failure> {
        let temporary = self.file.path().to_owned();
        self.file.persist(&self.path).map_err(|error| unwritten(&self.path, error.error))?;
        leftovers.forget(&temporary);
        Ok(self.path)
    }
}

/// What a temporary file could not do, without its name, which tells nobody anything.
pub fn without_its_name(error: &std::io::Error) -> String {
    match error.get_ref().and_then(std::error::Error::source) {
        Some(reason) => reason.to_string(),
        None => error.to_string(),
    }
}

fn unwritten(path: &Path, reason: impl Display) -> Failure {
    Failure::fault(format!("cannot write {}: {reason}", path.display()))
}
