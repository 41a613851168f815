//! Texts that are read as a whole: settings, and checkpoints of searches.

use crate::numbers::source::foreign;
use lif::open_regular_file;
use std::io::Read;
use std::path::Path;

/// Reads a text of at most `most` bytes from a regular file. The error is of the system's kind, as some
/// callers allow a missing file.
pub fn read(path: &Path, most: u64) -> std::io::Result<String> {
    let file = open_regular_file(path)?;
    let invalid = |reason: String| std::io::Error::new(std::io::ErrorKind::InvalidData, reason);
    let too_long = || invalid(format!("it has more than {most} bytes"));
    let bytes = file.metadata()?.len();
    if bytes > most {
        return Err(too_long());
    }
    lif::require_memory("the file", bytes, "it may be another")
        .map_err(|error| invalid(error.to_string()))?;
    let mut read = Vec::new();
    // It may grow meanwhile, or have no known length, as in /proc.
    file.take(most + 1).read_to_end(&mut read)?;
    if read.len() as u64 > most {
        return Err(too_long());
    }
    if let Some(what) = foreign(&read) {
        return Err(invalid(format!("it is {what}")));
    }
    String::from_utf8(read).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        invalid(format!("line {line} has a sign that is not UTF-8; save it as UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn texts_are_bounded() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "twelve bytes").unwrap();
        assert_eq!(read(&path, 12).unwrap(), "twelve bytes");
        assert_eq!(read(&path, 11).unwrap_err().to_string(), "it has more than 11 bytes");
        assert_eq!(read(folder.path(), 12).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(read(&folder.path().join("none"), 12).unwrap_err().kind(), ErrorKind::NotFound);
        for (bytes, reason) in [
            (&b"\xff\xfea\0"[..], "it is text in UTF-16; save it as UTF-8"),
            (b"a\n# 5 \xb5s\n", "line 2 has a sign that is not UTF-8; save it as UTF-8"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path, 12).unwrap_err().to_string(), reason);
        }
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(read(&path, 12).unwrap_err().kind(), ErrorKind::InvalidData);
        #[cfg(target_os = "linux")]
        assert_eq!(
            read(Path::new("/proc/self/status"), 12).unwrap_err().to_string(),
            "it has more than 12 bytes"
        );
    }
}
