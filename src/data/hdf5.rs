//! HDF5 files, which are checked before memory is taken and where their reader would not notice damage.

use super::{memory, regular_file};
use hdf5_pure::{DType, Dataset, File, FormatError, Group, Layout};
use std::collections::BTreeSet;
use std::fmt::{self, Debug, Display};
use std::path::Path;

const DAMAGED: &str = "the file is damaged, or was not written to its end";

/// An HDF5 file with lists of numbers. Only what is asked for is read.
///
/// ```no_run
/// let file = lif::Hdf5::open("edges.h5".as_ref())?;
/// assert_eq!(file.inside("edges")?.0, ["cortex_to_cortex"]);
/// let sources = file.list("edges/cortex_to_cortex/source_node_id")?;
/// # Ok::<(), String>(())
/// ```
pub struct Hdf5(File);

/// A list of numbers as the file has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Hdf5List {
    /// Whole numbers with a sign.
    Signed(Vec<i64>),
    /// Whole numbers without a sign.
    Unsigned(Vec<u64>),
    /// Floating-point numbers.
    Real(Vec<f64>),
}

impl Debug for Hdf5 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hdf5")
    }
}

impl Hdf5 {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is no HDF5 file that can be read.
    pub fn open(path: &Path) -> Result<Self, String> {
        regular_file::open(path).map_err(words)?;
        File::open_streaming(path).map(Self).map_err(|error| match error {
            hdf5_pure::Error::Io(error) => error.to_string(),
            error => format!("it is no HDF5 file that can be read: {error}"),
        })
    }

    /// The names of the groups and of the lists in a group.
    ///
    /// # Errors
    /// If there is no such group, or it cannot be read.
    pub fn inside(&self, group: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let within = |error: hdf5_pure::Error| format!("in '{group}' {}", of_a_group(&error));
        let found = self.0.group(group).map_err(|_| format!("it has no group '{group}'"))?;
        Ok((found.groups().map_err(within)?, found.datasets().map_err(within)?))
    }

    /// All numbers of a list.
    ///
    /// # Errors
    /// If there is no such list, if it has several axes or no numbers, if it is damaged, or if there is too little memory.
    pub fn list(&self, path: &str) -> Result<Hdf5List, String> {
        let dataset = self.0.dataset(path).map_err(|_| format!("it has no '{path}'"))?;
        list(&dataset, self.0.file_size()).map_err(|reason| format!("'{path}': {reason}"))
    }
}

/// `file_bytes` is the length of the file, which no part of it exceeds unless it is damaged.
fn list(dataset: &Dataset, file_bytes: u64) -> Result<Hdf5List, String> {
    let shape = dataset.shape().map_err(words)?;
    let [values] = shape[..] else {
        return Err(format!("it has shape {shape:?}; it must have one axis"));
    };
    memory::require("the list", values.saturating_mul(8), "take a shorter one").map_err(words)?;
    require_whole(dataset, &shape, dataset.datatype().map_err(words)?.type_size())?;
    let stored = match dataset.layout().map_err(words)? {
        Layout::Contiguous { address: None, .. } if values > 0 => {
            return Err(format!("nothing has been written into it; {DAMAGED}"));
        }
        Layout::Contiguous { size, .. } => size,
        Layout::Chunked { .. } => {
            let chunks = dataset.chunks().map_err(words)?;
            chunks.iter().fold(0_u64, |sum, chunk| sum.saturating_add(chunk.storage_size))
        }
        _ => 0,
    };
    if stored > file_bytes {
        return Err(format!("it has {stored} bytes in a file of {file_bytes}; {DAMAGED}"));
    }
    let (list, there) = match dataset.dtype().map_err(words)? {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            let list = dataset.read_i64().map_err(words)?;
            let there = list.len();
            (Hdf5List::Signed(list), there)
        }
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => {
            let list = dataset.read_u64().map_err(words)?;
            let there = list.len();
            (Hdf5List::Unsigned(list), there)
        }
        DType::F32 | DType::F64 => {
            let list = dataset.read_f64().map_err(words)?;
            let there = list.len();
            (Hdf5List::Real(list), there)
        }
        other => return Err(format!("its values are {other}, not numbers of up to 64 bits")),
    };
    if there as u64 != values {
        return Err(format!("it has {there} values, and a shape of {values}"));
    }
    Ok(list)
}

pub(crate) fn has(group: &Group, name: &str) -> Result<bool, String> {
    Ok(group
        .datasets()
        .map_err(|error| format!("in it {}", of_a_group(&error)))?
        .iter()
        .any(|known| known == name))
}

pub(crate) fn dataset(group: &Group, name: &str) -> Result<Dataset, String> {
    if !has(group, name)? {
        return Err(format!("it has no '{name}'"));
    }
    group.dataset(name).map_err(words)
}

/// Refuses a field with missing or misplaced chunks. Older HDF5 files have no checksums, and their reader returns
/// whatever chunks it finds.
pub(crate) fn require_whole(dataset: &Dataset, shape: &[u64], value_bytes: u32) -> Result<(), String> {
    let Layout::Chunked { chunk_shape, .. } = dataset.layout().map_err(words)? else { return Ok(()) };
    if chunk_shape.len() != shape.len() || chunk_shape.contains(&0) {
        return Err(format!("it has the shape {shape:?}, and its chunks {chunk_shape:?}; {DAMAGED}"));
    }
    let chunks = dataset.chunks().map_err(words)?;
    let is_in_place = |offset: &[u64]| {
        offset.len() == shape.len()
            && offset
                .iter()
                .zip(shape)
                .zip(&chunk_shape)
                .all(|((at, length), edge)| at % edge == 0 && at < length)
    };
    let places: BTreeSet<&[u64]> =
        chunks.iter().map(|chunk| &chunk.offset[..]).filter(|offset| is_in_place(offset)).collect();
    let counts = shape.iter().zip(&chunk_shape).map(|(length, edge)| length.div_ceil(*edge));
    let expected = counts.fold(1_u64, u64::saturating_mul);
    if places.len() as u64 != expected || chunks.len() as u64 != expected {
        return Err(format!(
            "{} of its {expected} chunks are where they should be, of {} that there are; {DAMAGED}",
            places.len(),
            chunks.len()
        ));
    }
    let bytes = chunk_shape.iter().fold(u64::from(value_bytes), |bytes, edge| bytes.saturating_mul(*edge));
    memory::require("a chunk of it", bytes, "write it in smaller ones").map_err(words)?;
    let is_plain = dataset.filters().is_empty();
    match chunks.iter().find(|chunk| is_plain && chunk.storage_size != bytes) {
        None => Ok(()),
        Some(chunk) => Err(format!(
            "a chunk of it has {} bytes, and {bytes} where nothing says how it was compressed; {DAMAGED}",
            chunk.storage_size
        )),
    }
}

/// Returns why the contents of a group cannot be listed. A soft link has no address, which is read as the highest
/// possible address.
pub(crate) fn of_a_group(error: &hdf5_pure::Error) -> String {
    match error {
        hdf5_pure::Error::Format(FormatError::UnexpectedEof { expected: usize::MAX, .. }) => {
            "is a link to a name (a soft link), which is not read; put the object itself there".to_owned()
        }
        error => format!("is something that cannot be read: {error}"),
    }
}

pub(crate) fn words(error: impl Display) -> String {
    error.to_string()
}
