//! Whether two names are of one file. Files are not opened for this, as pipes would notice it.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// What distinguishes a file from all others, whatever its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Number);

#[cfg(unix)]
type Number = (u64, u64);

#[cfg(not(unix))]
type Number = std::path::PathBuf;

impl Identity {
    /// The identity of the file with this name; links are followed.
    pub fn of(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        let number = number(&std::fs::metadata(path)?);
        #[cfg(not(unix))]
        let number = std::fs::canonicalize(path)?;
        Ok(Self(number))
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> Number {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Whether both names lead to the same existing file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (Identity::of(one), Identity::of(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether an open file is a regular file with this name itself, not through a link.
pub fn is_regular_file_at(file: &File, path: &Path) -> bool {
    let (Ok(opened), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    opened.is_file() && named.is_file() && is_one(&opened, &named)
}

#[cfg(unix)]
fn is_one(one: &Metadata, other: &Metadata) -> bool {
    number(one) == number(other)
}

#[cfg(not(unix))]
fn is_one(_one: &Metadata, _other: &Metadata) -> bool {
    // Other systems do not let an open file lose its name.
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_any_name_and_itself_by_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [file, hard, soft, other] =
            ["file", "hard", "soft", "other"].map(|name| folder.path().join(name));
        for path in [&file, &other] {
            std::fs::write(path, "").unwrap();
        }
        std::fs::hard_link(&file, &hard).unwrap();
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        let around = folder.path().join(".").join("file");
        assert!([&hard, &soft, &around].into_iter().all(|name| is_same(&file, name)));
        assert!(!is_same(&file, &other) && !is_same(&file, Path::new("missing")));
        let opened = File::open(&file).unwrap();
        assert!(is_regular_file_at(&opened, &file) && is_regular_file_at(&opened, &hard));
        assert!(!is_regular_file_at(&opened, &soft) && !is_regular_file_at(&opened, &other));
    }
}
