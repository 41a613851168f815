//! Checkpoint files: tensors and notes in the safetensors format, with a checksum over every byte.
//!
//! The checksum is in the header, which it covers, too: it is computed with zeros in the place of its own
//! digits. So any changed byte is detected before the file is interpreted.

use crate::data::{memory, regular_file};
use bytemuck::Pod;
use crc32fast::Hasher;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The text before the digits of the checksum. It occurs only once: within a string of the header its quotes would
/// be escaped by backslashes.
const BEFORE_CHECKSUM: &[u8] = b"\"checksum\":\"";
const CHECKSUM: &str = "checksum";
const NO_CHECKSUM: &str = "00000000";

/// The longest header, in bytes; this crate writes no longer ones.
const LONGEST_HEADER: u64 = 1 << 26;

/// The number of bytes that are read at a time for the checksum.
const CHUNK: usize = 1 << 18;

/// An array with its name.
pub(super) struct Tensor<'a> {
    pub(super) name: &'static str,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Cow<'a, [u8]>,
}

/// Writes a file under a temporary name, syncs it to the disk, and renames it: a process that is killed on the way
/// leaves the earlier file as it was.
pub(super) fn write(
    path: &Path,
    notes: BTreeMap<String, String>,
    tensors: &[Tensor<'_>],
) -> Result<(), String> {
    let partial = beside(path);
    let file = begin(&partial).map_err(said)?;
    let written = fill(file, notes, tensors)
        .and_then(|()| std::fs::rename(&partial, path).map_err(said))
        .and_then(|()| sync_folder(path).map_err(said));
    if written.is_err() {
        // It may not exist.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// The temporary name of a file. It is always the same, so that processes that are killed while
/// they write do not fill the disk.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn said(error: impl Display) -> String {
    error.to_string()
}

/// Creates the temporary file. A file that a killed process left there is removed, and so is a link, which is not
/// followed to the file of someone else.
fn begin(partial: &Path) -> io::Result<File> {
    match std::fs::remove_file(partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).open(partial),
    }
}

fn fill(file: File, notes: BTreeMap<String, String>, tensors: &[Tensor<'_>]) -> Result<(), String> {
    let header = header(notes, tensors)?;
    let digits = digits_at(&header).ok_or("the header has no place for a checksum")?;
    let mut hasher = Hasher::new();
    let mut file = BufWriter::new(file);
    let length = (header.len() as u64).to_le_bytes();
    let data = tensors.iter().map(|tensor| &*tensor.bytes);
    for bytes in [&length[..], &header].into_iter().chain(data) {
        hasher.update(bytes);
        file.write_all(bytes).map_err(said)?;
    }
    file.seek(SeekFrom::Start((length.len() + digits) as u64)).map_err(said)?;
    write!(file, "{:08x}", hasher.finalize()).map_err(said)?;
    let file = file.into_inner().map_err(said)?;
    file.sync_all().map_err(said)
}

/// Returns the header, with sorted keys, so that equal contents give equal bytes.
fn header(notes: BTreeMap<String, String>, tensors: &[Tensor<'_>]) -> Result<Vec<u8>, String> {
    let mut notes: HashMap<String, String> = notes.into_iter().collect();
    notes.insert(CHECKSUM.to_owned(), NO_CHECKSUM.to_owned());
    let mut offset = 0;
    let infos = tensors.iter().map(|tensor| {
        let start = offset;
        offset += tensor.bytes.len();
        let info =
            TensorInfo { dtype: tensor.dtype, shape: tensor.shape.clone(), data_offsets: (start, offset) };
        (tensor.name.to_owned(), info)
    });
    let metadata = Metadata::new(Some(notes), infos.collect()).map_err(said)?;
    let mut value = serde_json::to_value(metadata).map_err(said)?;
    value.sort_all_objects();
    let mut header = serde_json::to_vec(&value).map_err(said)?;
    // The format requires the data to begin at a multiple of 8 bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// Returns where in a header the digits of the checksum begin.
fn digits_at(header: &[u8]) -> Option<usize> {
    let before = header.windows(BEFORE_CHECKSUM.len()).position(|window| window == BEFORE_CHECKSUM)?;
    let digits = before + BEFORE_CHECKSUM.len();
    (header.len() >= digits + NO_CHECKSUM.len()).then_some(digits)
}

/// Syncs the folder to the disk: otherwise the file may be missing after a crash of the machine.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// An open file whose checksum has been verified.
#[derive(Debug)]
pub(super) struct Contents {
    file: File,
    data_start: u64,
    metadata: Metadata,
}

impl Contents {
    /// Opens and checks a file.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let unreadable = |error| format!("it cannot be read: {error}");
        let mut file = regular_file::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut length = [0; 8];
        if size < length.len() as u64 {
            return Err(format!(
                "it has {size} bytes, too few for a checkpoint; it was cut short, or is another file"
            ));
        }
        file.read_exact(&mut length).map_err(unreadable)?;
        let header_size = u64::from_le_bytes(length);
        let left = size - length.len() as u64;
        if header_size > LONGEST_HEADER {
            return Err("it is no checkpoint: it does not begin with the length of a header".to_owned());
        }
        if header_size > left {
            return Err(format!(
                "it is cut short, or no checkpoint: a header of {header_size} bytes is promised, and {left} bytes follow"
            ));
        }
        let mut header = vec![0; header_size as usize];
        file.read_exact(&mut header).map_err(unreadable)?;
        let Some(digits) = digits_at(&header) else {
            return Err("it is no checkpoint of this program: its header holds no checksum".to_owned());
        };
        let digits = digits..digits + NO_CHECKSUM.len();
        let mut blank = header.clone();
        blank[digits.clone()].copy_from_slice(NO_CHECKSUM.as_bytes());
        let mut hasher = Hasher::new();
        hasher.update(&length);
        hasher.update(&blank);
        let mut chunk = vec![0; CHUNK.min(size as usize)];
        loop {
            match file.read(&mut chunk).map_err(unreadable)? {
                0 => break,
                count => hasher.update(&chunk[..count]),
            }
        }
        if format!("{:08x}", hasher.finalize()).as_bytes() != &header[digits] {
            return Err(
                "it is damaged: its bytes do not fit its checksum (it may have been cut short or changed); \
                        take an earlier checkpoint"
                    .to_owned(),
            );
        }
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|error| format!("its header is malformed: {error}"))?;
        if metadata.data_len() as u64 != left - header_size {
            return Err("its header does not fit its length".to_owned());
        }
        Ok(Self { file, data_start: length.len() as u64 + header_size, metadata })
    }

    /// All notes.
    pub(super) fn notes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.metadata.metadata().iter().flatten().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Returns a note, which must exist.
    pub(super) fn note(&self, name: &str) -> Result<&str, String> {
        self.notes()
            .find(|(key, _)| *key == name)
            .map(|(_, text)| text)
            .ok_or_else(|| format!("it does not say its {name}"))
    }

    /// Returns the shape of the tensor with this name, if there is one.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.metadata.info(name).map(|info| info.shape.as_slice())
    }

    /// Returns the type of the values of the tensor with this name, if there is one.
    pub(super) fn dtype(&self, name: &str) -> Option<Dtype> {
        self.metadata.info(name).map(|info| info.dtype)
    }

    /// Reads the values of a tensor, which must exist.
    pub(super) fn values<T: Pod>(&mut self, name: &str, dtype: Dtype) -> Result<Vec<T>, String> {
        let info = self.metadata.info(name).ok_or_else(|| format!("it holds no '{name}'"))?;
        if info.dtype != dtype {
            return Err(format!("'{name}' in it is of type {} instead of {dtype}", info.dtype));
        }
        let (start, end) = info.data_offsets;
        // The size is within the file, as was checked against the header, but may still exceed memory.
        let what = format!("'{name}' in it");
        memory::require(&what, (end - start) as u64, "resume it where there is more memory").map_err(said)?;
        let mut values = vec![T::zeroed(); (end - start) / size_of::<T>()];
        self.file
            .seek(SeekFrom::Start(self.data_start + start as u64))
            .and_then(|_| self.file.read_exact(bytemuck::cast_slice_mut(&mut values)))
            .map_err(|error| format!("'{name}' in it cannot be read: {error}"))?;
        Ok(values)
    }
}
