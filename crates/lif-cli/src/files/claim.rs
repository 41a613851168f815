//! The names of checkpoints: no other file of the run may have the name, and no other run may write it.

use super::folder::Folder;
use super::folder_of;
use super::identity::is_same;
use super::lock::{Lock, Refusal};
use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// The extension of a lock.
const LOCK: &str = ".lock";

/// The temporary name of a checkpoint, as the library writes it.
pub fn partial(path: &Path) -> PathBuf {
    behind(path, ".partial")
}

/// Locks a checkpoint for this process. Refuses names of inputs, and of what commands write into the output
/// folder, also under other spellings. Messages name the option.
pub fn claim(path: &Path, option: &str, folder: &Folder, inputs: &[(&str, &Path)]) -> Result<Lock, Failure> {
    let shown = path.display();
    let parent = folder_of(path);
    if !parent.is_dir() {
        return Err(Failure::fault(format!(
            "cannot write the checkpoint {shown} of --{option}: there is no folder {}; make it, or choose another",
            parent.display()
        )));
    }
    if path.is_dir() {
        return Err(Failure::usage(format!("the checkpoint {shown} is a folder; name a file")));
    }
    let (partial, lock) = (partial(path), behind(path, LOCK));
    for own in [path, &partial, &lock] {
        let what = match meaning(own, parent, folder) {
            Some(what) => format!("{what} in the output folder {}", folder.path().display()),
            None => match inputs.iter().find(|(_, input)| is_same(own, input)) {
                Some((option, input)) => format!("the {option} {}", input.display()),
                None => continue,
            },
        };
        let own =
            if own == path { String::new() } else { format!(" is written with {}, which", own.display()) };
        return Err(Failure::usage(format!("the checkpoint {shown}{own} is {what}; choose another file")));
    }
    Lock::take(&lock).map_err(|refusal| {
        Failure::fault(match refusal {
            Refusal::Held => format!(
                "the checkpoint {shown} is that of a run that is still going on, which holds {}; wait until it is \
                 done, or choose another file",
                lock.display()
            ),
            Refusal::Fault(reason) => format!("cannot write the checkpoint {shown} of --{option}: {reason}"),
        })
    })
}

/// What a file of this name is to the commands that write into the folder.
fn meaning(file: &Path, parent: &Path, folder: &Folder) -> Option<&'static str> {
    if is_same(parent, folder.path()) {
        let meaning = file.file_name().and_then(|name| Folder::meaning(&name.to_string_lossy()));
        if meaning.is_some() {
            return meaning;
        }
    }
    // Another name of an existing file.
    let entries = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
    let named =
        entries.filter_map(|entry| Some((Folder::meaning(&entry.file_name().to_string_lossy())?, entry)));
    let mut same = named.filter(|(_, entry)| is_same(file, &entry.path()));
    same.next().map(|(meaning, _)| meaning)
}

fn behind(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
