//! The bytes of a file, which can be read several times. Pipes can be read once only, so their bytes are kept
//! in memory.

use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The most bytes from a pipe.
const LARGEST_PIPE: u64 = 256 << 20;

/// Bytes read from a pipe at a time.
const CHUNK: u64 = 4 << 20;

/// The first bytes of numpy arrays and of archives.
const NPY: &[u8] = b"\x93NUMPY";
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The first bytes of other files that people may try.
const FOREIGN: [(&[u8], &str); 12] = [
    (b"\xff\xfe\0\0", "text in UTF-32; save it as UTF-8"),
    (b"\0\0\xfe\xff", "text in UTF-32; save it as UTF-8"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
    (b"\x89HDF", "an HDF5 file (a .mat file of MATLAB 7.3 is one); save the array as .npy"),
    (b"PAR1", "a Parquet file, which only lists of synapses can be; save its numbers as text or as .npy"),
    (b"MATLAB 5.0", "a .mat file of MATLAB; save the array as .npy, or as text"),
    (b"RIFF", "a sound file; save its samples as .npy"),
    (b"\x1f\x8b", "compressed by gzip; unpack it"),
    (b"BZh", "compressed by bzip2; unpack it"),
    (b"\xfd7zXZ", "compressed by xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"),
];

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An array of numpy.
    Npy,
    /// Arrays with names.
    Npz,
    /// Lines.
    Text,
}

impl Format {
    pub fn text(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Text => "text",
        }
    }
}

/// A file of numbers.
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
    content: Content,
    format: Format,
}

#[derive(Debug, Clone)]
enum Content {
    /// On the disk, unchanged since it was opened first.
    File(FileState),
    /// The bytes of a pipe.
    Memory(Arc<[u8]>),
}

const WRITTEN_INTO: &str = "somebody writes into it: its length or the time of its last change is not what it was when it was \
                            looked through; leave it as it is until the run is over";

/// What the system knows of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileState {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl FileState {
    fn of(data: &Metadata) -> Self {
        Self { bytes: data.len(), changed: data.modified().ok() }
    }

    /// Fails if the file has changed.
    fn check(&self, file: &File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == *self { Ok(()) } else { Err(io::Error::other(WRITTEN_INTO)) }
    }
}

impl Source {
    /// Opens a file, and recognises its format.
    pub fn open(path: &Path) -> Result<Self, String> {
        let data = path.metadata().map_err(message)?;
        if data.is_dir() {
            return Err("it is a folder; name a file in it".to_owned());
        }
        let content = if data.is_file() {
            Content::File(FileState::of(&data))
        } else {
            Content::Memory(read_pipe(File::open(path).map_err(message)?, LARGEST_PIPE)?)
        };
        let mut source = Self { path: path.to_owned(), content, format: Format::Text };
        let mut start = Vec::new();
        source.reader()?.take(16).read_to_end(&mut start).map_err(message)?;
        source.format = recognised(path, &start)?;
        Ok(source)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        match &self.content {
            Content::File(state) => state.bytes,
            Content::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Its bytes in memory.
    pub fn memory_bytes(&self) -> u64 {
        if self.is_from_pipe() { self.bytes() } else { 0 }
    }

    /// Whether it is a pipe, which cannot be read again.
    pub fn is_from_pipe(&self) -> bool {
        matches!(self.content, Content::Memory(_))
    }

    /// A reader from the beginning.
    pub fn reader(&self) -> Result<Reader, String> {
        match &self.content {
            Content::Memory(bytes) => Ok(Reader::Memory(Cursor::new(Arc::clone(bytes)))),
            Content::File(state) => {
                let file = File::open(&self.path).map_err(message)?;
                state.check(&file).map_err(message)?;
                Ok(Reader::File(file, *state))
            }
        }
    }
}

fn message(error: io::Error) -> String {
    error.to_string()
}

/// All bytes of a pipe.
fn read_pipe(mut pipe: impl Read, most: u64) -> Result<Arc<[u8]>, String> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len() as u64;
        // Twice, as a vector is copied when it grows.
        lif::require_memory("what comes through the pipe", 2 * (before + CHUNK), "write it to a file first")
            .map_err(|error| error.to_string())?;
        let read =
            pipe.by_ref().take(CHUNK.min(most + 1 - before)).read_to_end(&mut bytes).map_err(message)?;
        if bytes.len() as u64 > most {
            return Err(format!(
                "more than {} MiB come through it, and it is no file that could be read twice; write them to a file \
                 first",
                most >> 20
            ));
        }
        if read == 0 {
            return Ok(bytes.into());
        }
    }
}

/// The format of a file with this beginning. A file named as an array must not be text.
fn recognised(path: &Path, start: &[u8]) -> Result<Format, String> {
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if start.starts_with(NPY) {
        return Ok(Format::Npy);
    }
    if ZIP.iter().any(|zip| start.starts_with(zip)) {
        return Ok(Format::Npz);
    }
    if let Some(what) = foreign(start) {
        return Err(format!("it is {what}"));
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("npy") => Err("not a numpy array that can be read (it does not begin as one)".to_owned()),
        Some("npz") => Err("not an .npz archive that can be read (it does not begin as one)".to_owned()),
        _ => Ok(Format::Text),
    }
}

/// The kind of a file with this beginning, if it is one that cannot be read.
pub fn foreign(start: &[u8]) -> Option<&'static str> {
    FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what)
}

/// Reads a [`Source`].
#[derive(Debug)]
pub enum Reader {
    File(File, FileState),
    Memory(Cursor<Arc<[u8]>>),
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file, state) => {
                let read = file.read(buffer)?;
                state.check(file)?;
                Ok(read)
            }
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file, _) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_into_while_it_is_read_is_noticed() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, "1\n".repeat(1000)).unwrap();
        let mut reader = Source::open(&path).unwrap().reader().unwrap();
        let mut some = [0; 10];
        assert_eq!(reader.read(&mut some).unwrap(), 10);
        let later = SystemTime::now() + std::time::Duration::from_secs(2);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        let refused = reader.read(&mut some).unwrap_err().to_string();
        assert!(refused.starts_with("somebody writes into it"), "{refused}");
    }

    #[test]
    fn files_are_known_by_what_is_in_them() {
        let known = |name: &str, start: &[u8]| recognised(Path::new(name), start);
        assert_eq!(known("recording", b"\x93NUMPY\x01\x00"), Ok(Format::Npy));
        assert_eq!(known("a.txt", b"PK\x03\x04"), Ok(Format::Npz));
        assert_eq!(known("a.npy", b"PK\x03\x04"), Ok(Format::Npz));
        assert_eq!(known("a", b"1.5\n"), Ok(Format::Text));
        assert_eq!(known("a", b"\xef\xbb\xbf1.5\n"), Ok(Format::Text));
        for (name, start, reason) in [
            ("a", &b""[..], "it is empty"),
            ("a.npy", b"1.5\n", "not a numpy array that can be read"),
            ("a.NPZ", b"1.5\n", "not an .npz archive that can be read"),
            ("a", b"\x89HDF\r\n", "an HDF5 file"),
            ("a.npy", b"\x1f\x8b", "compressed by gzip"),
            ("a.txt", b"\xff\xfe1\0", "text in UTF-16"),
            ("a.txt", b"\xff\xfe\0\x001\0\0\0", "text in UTF-32"),
            ("a.txt", b"\0\0\xfe\xff\0\0\x001", "text in UTF-32"),
        ] {
            let refused = known(name, start).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn a_pipe_is_kept_up_to_a_bound() {
        assert_eq!(&read_pipe(&[7; 100][..], 100).unwrap()[..], [7; 100]);
        assert_eq!(read_pipe(io::empty(), 100).unwrap().len(), 0);
        let refused = read_pipe(io::repeat(0), 3 << 20).unwrap_err();
        assert!(refused.contains("more than 3 MiB"), "{refused}");
    }
}
