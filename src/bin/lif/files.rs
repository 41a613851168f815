//! The folder that a run writes into. Its files are written under temporary names and get their own
//! together, so that they always tell of the same run.

use crate::failure::Failure;
use crate::leftovers::{self, Leftovers};
use std::fmt::Display;
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

/// A folder that has been found to be writable. Where nothing was written into it, it goes again,
/// with all folders around it that were made for it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What was missing, the outermost first.
    made: Vec<PathBuf>,
}

/// A complete file that has not got its name yet.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing and tries whether it can be written.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        let is_missing = |level: &&Path| !level.as_os_str().is_empty() && !level.exists();
        let mut made: Vec<PathBuf> = path.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        made.reverse();
        let mut leftovers = leftovers::hold();
        made.iter().for_each(|level| leftovers.remember(level));
        let folder = Self { path: path.to_owned(), made };
        std::fs::create_dir_all(path).map_err(|error| folder.refusal(error))?;
        folder.temporary("")?;
        for name in [PICTURE, ARRAYS, SUMMARY, CURVE_PICTURE, CURVE, GRAPH, FIT_PICTURE, FIT, NEURON] {
            if path.join(name).is_dir() {
                return Err(folder.refusal(format!("'{name}' in it is a folder")));
            }
        }
        Ok(folder)
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
        builder.prefix(".lif-").suffix(suffix).tempfile_in(&self.path).map_err(|error| self.refusal(error))
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

    /// Gives all files their names, and takes away a file of an earlier run that this run does not
    /// replace.
    pub fn publish(&self, staged: Vec<Staged>, stale: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
        // Nobody ends the process in the middle of this.
        let mut leftovers = leftovers::hold();
        let paths = staged.into_iter().map(|file| file.publish(&mut leftovers)).collect::<Result<_, _>>()?;
        match stale.map(|name| std::fs::remove_file(self.path.join(name))) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(self.refusal(error)),
            _ => Ok(paths),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
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

fn unwritten(path: &Path, reason: impl Display) -> Failure {
    Failure::fault(format!("cannot write {}: {reason}", path.display()))
}
