//! Arrays of numpy in stimulus files. Their header is looked at before room is made for what it
//! promises: it may promise anything, and too much ends the process.

use lif::require_memory;
use ndarray::ArrayD;
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyExt, ReadableElement};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// Longer headers belong to tables with hundreds of columns, which are no stimuli.
const LONGEST_HEADER: usize = 1 << 16;
/// More brackets do not occur around a shape, and the parser goes a call deeper for each.
const MOST_BRACKETS: usize = 16;
/// What a value takes here, as all are kept in double precision.
const BYTES_PER_VALUE: u64 = 8;

/// The array of an `.npy` file, or the reason why there is none.
pub fn from_npy(path: &Path) -> Result<ArrayD<f64>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    read(BufReader::new(file), size)
}

/// An `.npz` archive of arrays.
pub struct Archive(ZipArchive<BufReader<File>>);

impl Archive {
    /// Reads the list of what is in it.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        ZipArchive::new(BufReader::new(file))
            .map(Self)
            .map_err(|error| format!("not an .npz archive that can be read ({error})"))
    }

    /// The names of its arrays.
    pub fn names(&self) -> Vec<String> {
        self.0.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect()
    }

    /// The array of a name.
    pub fn array(&mut self, name: &str) -> Result<ArrayD<f64>, String> {
        let said = |reason: String| format!("'{name}' in it: {reason}");
        let place = self.0.index_for_name(name).or_else(|| self.0.index_for_name(&format!("{name}.npy")));
        let place = place.ok_or_else(|| said("there is no such array".to_owned()))?;
        let entry = self.0.by_index(place).map_err(|error| said(error.to_string()))?;
        let size = entry.size();
        read(entry, size).map_err(said)
    }
}

/// Reads an array from what is said to have `size` bytes.
fn read(mut reader: impl Read, size: u64) -> Result<ArrayD<f64>, String> {
    let start = header_bytes(&mut reader)?;
    let header = Header::from_reader(&mut start.as_slice()).map_err(unreadable)?;
    let source =
        Source { header: &header, size: size.saturating_sub(start.len() as u64), reader, start: &start };
    let element = header.type_descriptor.as_string().map(String::as_str).unwrap_or_default();
    match element.trim_start_matches(['<', '>', '|']) {
        "f4" => source.values(|value: f32| value.into()),
        "f8" => source.values(|value: f64| value),
        "i1" | "b" => source.values(|value: i8| value.into()),
        "i2" => source.values(|value: i16| value.into()),
        "i4" => source.values(|value: i32| value.into()),
        "i8" => source.values(|value: i64| value as f64),
        "u1" | "B" => source.values(|value: u8| value.into()),
        "u2" => source.values(|value: u16| value.into()),
        "u4" => source.values(|value: u32| value.into()),
        "u8" => source.values(|value: u64| value as f64),
        _ => Err(format!(
            "its elements are {}, not numbers that can be read; save the array after astype('float32')",
            header.type_descriptor
        )),
    }
}

/// The bytes up to the data.
fn header_bytes(reader: &mut impl Read) -> Result<Vec<u8>, String> {
    // Six bytes that are always the same, two of the version, and the length of what follows, which
    // has two bytes in version 1 and four in later ones.
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes).map_err(unreadable)?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] > 1 {
        let mut higher = [0; 2];
        reader.read_exact(&mut higher).map_err(unreadable)?;
        length += usize::from(u16::from_le_bytes(higher)) << 16;
        bytes.extend(higher);
    }
    if !bytes.starts_with(b"\x93NUMPY") || length > LONGEST_HEADER {
        return Err(unreadable("it does not begin as one"));
    }
    let before = bytes.len();
    bytes.resize(before + length, 0);
    reader.read_exact(&mut bytes[before..]).map_err(unreadable)?;
    if bytes[before..].iter().filter(|byte| b"([{".contains(byte)).count() > MOST_BRACKETS {
        return Err(unreadable("its elements are no single numbers"));
    }
    Ok(bytes)
}

fn unreadable(reason: impl std::fmt::Display) -> String {
    format!("not a numpy array that can be read ({reason})")
}

/// An array whose header has been read.
struct Source<'a, R> {
    header: &'a Header,
    /// How many bytes there are after the header.
    size: u64,
    reader: R,
    start: &'a [u8],
}

impl<R: Read> Source<'_, R> {
    fn values<T: ReadableElement + Copy + 'static>(
        self,
        convert: fn(T) -> f64,
    ) -> Result<ArrayD<f64>, String> {
        let shape = &self.header.shape;
        let count = shape.iter().try_fold(1_u64, |count, length| count.checked_mul(*length as u64));
        let count = count.unwrap_or(u64::MAX);
        let bytes = count.saturating_mul(size_of::<T>() as u64);
        if bytes > self.size {
            return Err(format!(
                "it is said to have shape {shape:?}, which is more than the {} bytes of data that it has",
                self.size
            ));
        }
        let room = bytes.saturating_add(count.saturating_mul(BYTES_PER_VALUE));
        require_memory("the array", room, "cut it into shorter ones").map_err(|error| error.to_string())?;
        let array = ArrayD::<T>::read_npy(self.start.chain(self.reader)).map_err(unreadable)?;
        Ok(array.mapv_into_any(convert))
    }
}
