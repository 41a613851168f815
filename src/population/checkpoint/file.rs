//! The file itself: tensors and notes in the safetensors format, with a checksum over every byte.
//!
//! The checksum stands in the header, which it covers too: it is that of the file in which its own
//! digits are zeros. So any byte that is flipped, anywhere, is found out before it is interpreted.

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

/// What stands before the digits of the checksum. Inside a text of the header its quotes would
/// have backslashes before them, so that it stands there once.
const BEFORE_CHECKSUM: &[u8] = b"\"checksum\":\"";
const CHECKSUM: &str = "checksum";
const NO_CHECKSUM: &str = "00000000";

/// Longer headers are none that this crate has written.
const LONGEST_HEADER: u64 = 1 << 26;

/// Bytes that are read at a time for the checksum.
const CHUNK: usize = 1 << 18;

/// Values with their shape and name.
pub(super) struct Tensor<'a> {
    pub(super) name: &'static str,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Cow<'a, [u8]>,
}

/// Writes a file beside its final place, makes sure that it is on the disk, and gives it its name:
/// whoever dies on the way leaves the earlier file as it was.
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
        // It may not even be there.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// The name under which a file is written. Always the same, so that processes that are killed while
/// they write do not fill the disk.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn said(error: impl Display) -> String {
    error.to_string()
}

/// Makes that file anew. What a killed process left under the name goes, and so does a link: it is not
/// followed to a file of somebody else.
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

/// The header, with its keys in order, so that equal contents give equal bytes.
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
    // The data begins at a multiple of 8 bytes, as the format has it.
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// Where in a header the digits of the checksum begin.
fn digits_at(header: &[u8]) -> Option<usize> {
    let before = header.windows(BEFORE_CHECKSUM.len()).position(|window| window == BEFORE_CHECKSUM)?;
    let digits = before + BEFORE_CHECKSUM.len();
    (header.len() >= digits + NO_CHECKSUM.len()).then_some(digits)
}

/// A file is there after a crash of the machine only when its folder is on the disk too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// A file whose bytes have been found to be those that were written.
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

    /// A note that has to be there.
    pub(super) fn note(&self, name: &str) -> Result<&str, String> {
        self.notes()
            .find(|(key, _)| *key == name)
            .map(|(_, text)| text)
            .ok_or_else(|| format!("it does not say its {name}"))
    }

    /// The shape of a tensor, where there is one of this name.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.metadata.info(name).map(|info| info.shape.as_slice())
    }

    /// What the values of a tensor are, where there is one of this name.
    pub(super) fn dtype(&self, name: &str) -> Option<Dtype> {
        self.metadata.info(name).map(|info| info.dtype)
    }

    /// The values of a tensor that has to be there.
    pub(super) fn values<T: Pod>(&mut self, name: &str, dtype: Dtype) -> Result<Vec<T>, String> {
        let info = self.metadata.info(name).ok_or_else(|| format!("it holds no '{name}'"))?;
        if info.dtype != dtype {
            return Err(format!("'{name}' in it is of type {} instead of {dtype}", info.dtype));
        }
        let (start, end) = info.data_offsets;
        // Not more than the file has, which was compared with its header; memory may be smaller.
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
