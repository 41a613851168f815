//! Opens regular files only, which unlike devices and pipes have an end.

use std::fs::{File, FileType};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a regular file for reading. A folder, a device, a named pipe or a socket is refused before it is
/// opened: a device such as `/dev/zero` never ends, and a pipe waits for a writer.
///
/// ```
/// let refused = lif::open_regular_file(std::env::temp_dir()).expect_err("a folder");
/// assert_eq!(refused.to_string(), "it is a folder, and no file that can be read");
/// ```
///
/// # Errors
///
/// Errors of the system, and [`ErrorKind::InvalidInput`] for anything but a regular file.
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    require_regular(path.metadata()?.file_type())?;
    let file = File::open(path)?;
    // The path may have been replaced in the meantime.
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn require_regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() { "a folder" } else { special(kind) };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("it is {what}, and no file that can be read")))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_kind: FileType) -> &'static str {
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused_by_its_kind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "text").expect("written");
        assert!(open(&path).is_ok());
        assert_eq!(open(folder.path().join("none")).expect_err("missing").kind(), ErrorKind::NotFound);
        assert!(open(folder.path()).expect_err("a folder").to_string().starts_with("it is a folder"));
        #[cfg(unix)]
        {
            assert!(open("/dev/zero").expect_err("a device").to_string().starts_with("it is a device"));
            let socket = folder.path().join("socket");
            let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
            assert!(open(&socket).expect_err("a socket").to_string().starts_with("it is a socket"));
            let pipe = folder.path().join("pipe");
            if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
                assert!(open(&pipe).expect_err("a pipe").to_string().starts_with("it is a pipe"));
            }
        }
    }
}
