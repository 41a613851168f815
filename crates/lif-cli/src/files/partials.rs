//! Partial files: the recordings of a run that can be resumed. Their names contain the number of the run,
//! which is in its checkpoint too, so that the files of several runs in a folder never mix. A note next to
//! them names the checkpoint.

use super::names::ARRAYS;
use crate::terminal::figures::bytes;
use crate::terminal::quoted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// All arrays that grow during a run.
pub const STREAMS: [&str; 6] = ["step", "batch", "neuron", "rate", "voltage", "voltage_steps"];

/// The state of what is computed during a run. A checkpoint depends on one of them, while the next is written into the
/// other.
pub const STATES: [&str; 2] = ["state_0", "state_1"];

const END: &str = ".partial";

/// The name of the note.
const NOTE: &str = "run";

/// Longer files are no notes of this program.
const LONGEST_NOTE: u64 = 1 << 16;

/// A checkpoint has the number of its run within these first bytes.
const LOOKED_THROUGH: u64 = 1 << 20;

/// The number of a run, drawn when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(u64);

impl RunId {
    /// The number of a new run.
    pub fn random() -> Self {
        // The standard library seeds its hashes from the system's random numbers.
        Self(RandomState::new().hash_one(std::process::id()))
    }

    /// A pattern for all partial files of the run.
    pub fn pattern(self, folder: &Path) -> String {
        path(folder, self, "*").display().to_string()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for RunId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let id = u64::from_str_radix(&text, 16).map(Self).ok().filter(|id| id.to_string() == text);
        id.ok_or_else(|| format!("'{text}' is not the number of a run"))
    }
}

/// The file of an array.
pub fn path(folder: &Path, id: RunId, name: &str) -> PathBuf {
    folder.join(format!("{ARRAYS}.{id}.{name}{END}"))
}

/// Whether a file of this name is a partial file.
pub fn is_partial(name: &str) -> bool {
    name.starts_with(ARRAYS) && name.ends_with(END)
}

/// The run and the array of a file.
fn parse(name: &str) -> Option<(RunId, &str)> {
    let rest = name.strip_prefix(ARRAYS)?.strip_prefix('.')?.strip_suffix(END)?;
    let (id, name) = rest.split_once('.')?;
    let is_known = name == NOTE || STREAMS.contains(&name) || STATES.contains(&name);
    Some((RunId::try_from(id.to_owned()).ok()?, name)).filter(|_| is_known)
}

/// Makes a new file, without following links.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// The same, in place of an existing file or link.
pub fn create_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => create(path),
    }
}

/// The content of a note.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    checkpoint: PathBuf,
    /// The numbers of the checkpoint's folder and of its disk, if the system has them. After a restart a disk
    /// may have another number, and all disks in memory have the same one.
    folder: Option<u64>,
    disk: Option<u64>,
}

/// Writes the note that names the checkpoint of a run.
pub fn note(folder: &Path, id: RunId, checkpoint: &Path) -> io::Result<()> {
    let checkpoint = std::path::absolute(checkpoint)?;
    let (folder_number, disk) = checkpoint.parent().map(numbers).unwrap_or_default();
    let note = Note { checkpoint, folder: folder_number, disk };
    // Without a name the checkpoint is never taken for removed.
    let text = serde_json::to_string(&note).unwrap_or_default();
    let mut file = create_anew(&path(folder, id, NOTE))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())
}

/// The numbers of a folder and of its disk.
#[cfg_attr(not(unix), allow(unused_variables, reason = "there are none"))]
fn numbers(folder: &Path) -> (Option<u64>, Option<u64>) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(folder) {
        use std::os::unix::fs::MetadataExt;
        return (Some(metadata.ino()), Some(metadata.dev()));
    }
    (None, None)
}

/// All possible files of a run, the note last.
pub fn paths(folder: &Path, id: RunId) -> Vec<PathBuf> {
    STREAMS.into_iter().chain(STATES).chain([NOTE]).map(|name| path(folder, id, name)).collect()
}

/// Removes the partial files of a run, the note last, so that the rest is recognised if the process is killed
/// meanwhile.
pub fn remove(folder: &Path, id: RunId) {
    for path in paths(folder, id) {
        // Most runs have only some of them; a failure does no harm.
        let _ = std::fs::remove_file(path);
    }
}

/// The state of the checkpoint that a note names.
#[derive(Debug, PartialEq, Eq)]
enum Checkpoint {
    /// It exists, and is of this run.
    There(PathBuf),
    /// It was removed.
    Gone(PathBuf),
    /// Not known, so it may still be wanted. Its name if known.
    Unknown(Option<PathBuf>),
}

/// Reports how to resume each run that has left partial files in a folder, and removes the files of runs
/// whose checkpoint was removed. No run may be active in the folder.
pub fn tidy(folder: &Path) {
    for (id, size) in sizes(folder) {
        let (shown, size) = (id.pattern(folder), bytes(size));
        match checkpoint(folder, id) {
            Checkpoint::There(checkpoint) => log::warn!(
                "{shown} ({size}) are of a run that was interrupted, and stay; go on with it by lif run --resume {}, \
                 or remove that checkpoint",
                quoted(&checkpoint)
            ),
            Checkpoint::Gone(checkpoint) => {
                remove(folder, id);
                log::warn!(
                    "removed {shown} ({size}), of a run whose checkpoint {} is gone",
                    checkpoint.display()
                );
            }
            Checkpoint::Unknown(checkpoint) => log::warn!(
                "{shown} ({size}) are of a run whose checkpoint{} cannot be found, and stay; remove them if nobody \
                 has it, on this disk or on another",
                checkpoint.map_or_else(String::new, |checkpoint| format!(" {}", checkpoint.display()))
            ),
        }
    }
}

/// The runs with partial files, and the bytes of all their files.
fn sizes(folder: &Path) -> BTreeMap<RunId, u64> {
    let mut sizes = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let run = name.to_str().and_then(parse);
        if let (Some((id, _)), Ok(metadata)) = (run, entry.metadata())
            && metadata.is_file()
        {
            *sizes.entry(id).or_default() += metadata.len();
        }
    }
    sizes
}

fn checkpoint(folder: &Path, id: RunId) -> Checkpoint {
    let Some(Note { checkpoint, folder, disk }) = read_note(&path(folder, id, NOTE)) else {
        return Checkpoint::Unknown(None);
    };
    match std::fs::symlink_metadata(&checkpoint) {
        Ok(_) if belongs_to_run(&checkpoint, id) => Checkpoint::There(checkpoint),
        // Missing from its folder. If this is not the folder of the note, the disk may be mounted elsewhere.
        Err(error)
            if error.kind() == ErrorKind::NotFound
                && checkpoint
                    .parent()
                    .is_some_and(|parent| parent.is_dir() && numbers(parent) == (folder, disk)) =>
        {
            Checkpoint::Gone(checkpoint)
        }
        _ => Checkpoint::Unknown(Some(checkpoint)),
    }
}

fn read_note(path: &Path) -> Option<Note> {
    let mut text = String::new();
    open_regular(path).ok()?.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether the first bytes of a file contain the number of a run.
fn belongs_to_run(checkpoint: &Path, id: RunId) -> bool {
    let mut start = Vec::new();
    let read = open_regular(checkpoint).and_then(|file| file.take(LOOKED_THROUGH).read_to_end(&mut start));
    let id = id.to_string();
    read.is_ok() && start.windows(id.len()).any(|window| window == id.as_bytes())
}

/// Opens a regular file.
fn open_regular(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_run_and_the_array() {
        let id = RunId::random();
        assert_ne!(id, RunId::random());
        let name = |name| path(Path::new(""), id, name).display().to_string();
        assert_eq!(parse(&name("voltage_steps")), Some((id, "voltage_steps")));
        assert_eq!(parse(&name(NOTE)), Some((id, NOTE)));
        assert_eq!(parse(&name(STATES[1])), Some((id, STATES[1])));
        for other in
            [name("sound"), "spikes.npz.step.partial".to_owned(), "spikes.npz.12.step.partial".to_owned()]
        {
            assert_eq!(parse(&other), None, "{other}");
            assert!(is_partial(&other));
        }
        for wrong in ["", "0123", "../../etc/passwd", "0123456789ABCDEF", "+123456789abcdef"] {
            assert!(RunId::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_a_removed_checkpoint_named_goes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let elsewhere = folder.join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let begin = |checkpoint: &Path| {
            let id = RunId::random();
            note(folder, id, checkpoint).unwrap();
            create(&path(folder, id, "step")).unwrap();
            id
        };
        let there = begin(&folder.join("there.st"));
        std::fs::write(folder.join("there.st"), format!("header {there}")).unwrap();
        let gone = begin(&folder.join("gone.st"));
        let anothers = begin(&folder.join("there.st"));
        let unmounted = begin(&elsewhere.join("a.st"));
        std::fs::rename(&elsewhere, folder.join("moved")).unwrap();
        std::fs::create_dir(&elsewhere).unwrap();
        let unreachable = begin(&folder.join("missing").join("a.st"));
        // Another disk may have a folder with the same number.
        let elsewhere = begin(&folder.join("gone.st"));
        let path_of_note = path(folder, elsewhere, NOTE);
        let mut other: Note = serde_json::from_str(&std::fs::read_to_string(&path_of_note).unwrap()).unwrap();
        other.disk = other.disk.map(|disk| disk + 1);
        std::fs::write(path_of_note, serde_json::to_string(&other).unwrap()).unwrap();
        let nameless = begin(&folder.join("gone.st"));
        std::fs::remove_file(path(folder, nameless, NOTE)).unwrap();
        std::fs::write(folder.join("spikes.npz.step.partial"), "").unwrap();

        assert_eq!(checkpoint(folder, there), Checkpoint::There(folder.join("there.st")));
        tidy(folder);
        for (id, stays) in [
            (there, true),
            (gone, false),
            (anothers, true),
            (unmounted, cfg!(unix)),
            (unreachable, true),
            (elsewhere, cfg!(unix)),
            (nameless, true),
        ] {
            assert_eq!(path(folder, id, "step").exists(), stays);
        }
        assert!(folder.join("spikes.npz.step.partial").exists());
    }
}
