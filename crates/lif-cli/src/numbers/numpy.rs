//! Numpy arrays, read from the first row to the last. The header is checked before memory is allocated, as it
//! may promise any size.

use super::source::{Reader, Source};
use super::time::Precision;
use super::{Number, Rows, Sample, Values};
use bytemuck::Pod;
use flate2::bufread::DeflateDecoder;
use lif::require_memory;
use ndarray::{ArrayView, IxDyn, ShapeBuilder};
use ndarray_npy::npy::header::{Header, Layout};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use zip::{CompressionMethod, ZipArchive};

/// Longer headers are of tables with hundreds of columns, which are no stimuli.
const LONGEST_HEADER: usize = 1 << 16;
/// More brackets do not occur in a shape. The parser recurses for each.
const MOST_BRACKETS: usize = 16;
/// Time, batch row and neuron.
const MOST_AXES: usize = 3;
/// Bytes per value in memory: all are read in double precision.
const BYTES_PER_VALUE: u64 = 8;
/// Bytes read at a time.
const BUFFER: usize = 1 << 18;
const TOO_MUCH: &str = "there is more data than its shape says";

/// The place of an array in its file.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where they begin.
    start: u64,
    is_compressed: bool,
}

/// An array whose header has been read.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    element: Element,
    /// How many bytes the header takes.
    header_bytes: u64,
    place: Place,
    /// Whether the values are in the order of rows.
    is_in_rows: bool,
    /// All values, row by row, if the file has them in another order.
    in_memory: Option<Arc<[f64]>>,
}

/// Appends the numbers in some bytes.
type Append = fn(&[u8], &mut Vec<f64>);

/// The number in some bytes, exactly.
type Exact = fn(&[u8]) -> Number;

/// The type of the elements.
#[derive(Debug, Clone, Copy)]
struct Element {
    bytes: usize,
    is_swapped: bool,
    append: Append,
    exact: Exact,
    precision: Precision,
}

/// Reads an `.npy` file, and shows its rows to `check`.
pub fn from_npy(source: &Source, check: &mut Check<'_>) -> Result<Array, String> {
    let place = Place { start: 0, is_compressed: false };
    read(&mut BufReader::with_capacity(BUFFER, source.reader()?), source.bytes(), place, check)
}

/// Looks at an array and its rows.
pub type Check<'a> = dyn FnMut(&Array, &mut dyn Rows) -> Result<(), String> + 'a;

/// An `.npz` archive of arrays.
pub struct Archive(ZipArchive<BufReader<Reader>>);

impl Archive {
    /// Reads the table of contents.
    pub fn open(source: &Source) -> Result<Self, String> {
        let archive = ZipArchive::new(BufReader::new(source.reader()?))
            .map_err(|error| format!("not an .npz archive that can be read ({error})"))?;
        if archive.file_names().any(|name| name.ends_with(".npy")) {
            return Ok(Self(archive));
        }
        Err("not an .npz archive that can be read (there is no array in it; spreadsheets are zip archives too)"
            .to_owned())
    }

    /// The names of its arrays.
    pub fn names(&self) -> Vec<String> {
        self.0.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect()
    }

    /// The number of values in an array; 0 if it has no numbers.
    pub fn count(&mut self, name: &str) -> usize {
        let mut count = 0;
        // Its faults do not matter, as it is not read.
        let _ = self.array(name, &mut |array, _| {
            count = array.shape.iter().product();
            Ok(())
        });
        count
    }

    /// Reads an array, and shows its rows to `check`.
    pub fn array(&mut self, name: &str, check: &mut Check<'_>) -> Result<Array, String> {
        // Through the archive, which also checks the checksum.
        self.entry(name, |reader, size, place| read(reader, size, place, check))
    }

    /// Appends an array with one axis to a list.
    pub fn list(&mut self, name: &str, values: &mut dyn Values) -> Result<(), String> {
        self.entry(name, |reader, size, place| read_list(reader, size, place, values))
    }

    fn entry<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn BufRead, u64, Place) -> Result<T, String>,
    ) -> Result<T, String> {
        let in_array = |reason: String| format!("'{name}' in it: {reason}");
        let place = self.0.index_for_name(name).or_else(|| self.0.index_for_name(&format!("{name}.npy")));
        let place = place.ok_or_else(|| in_array("there is no such array".to_owned()))?;
        let entry = self.0.by_index(place).map_err(|error| in_array(error.to_string()))?;
        let size = entry.size();
        let is_compressed = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => return Err(in_array(format!("it is compressed as {other}, which cannot be read"))),
        };
        let place = Place { start: entry.data_start(), is_compressed };
        read(&mut BufReader::with_capacity(BUFFER, entry), size, place).map_err(in_array)
    }
}

impl Array {
    /// The precision of its values.
    pub fn precision(&self) -> Precision {
        self.element.precision
    }

    /// Its rows from `first` on, read again from its file.
    pub fn rows(&self, source: &Source, first: u64) -> Result<Box<dyn Rows + Send>, String> {
        let row = self.row_values();
        if let Some(values) = &self.in_memory {
            return Ok(Box::new(MemoryRows { values: Arc::clone(values), row, next: first as usize * row }));
        }
        let skipped = self.header_bytes + first * (row * self.element.bytes) as u64;
        let reader = open(source.reader()?, &self.place, skipped).map_err(|error| error.to_string())?;
        Ok(Box::new(self.rows_of(reader, first)))
    }

    fn rows_of<R: Read>(&self, reader: R, first: u64) -> ArrayRows<R> {
        let rows = self.shape.first().map_or(1, |length| *length as u64);
        ArrayRows {
            reader,
            element: self.element,
            bytes: vec![0; self.row_values() * self.element.bytes],
            left: rows.saturating_sub(first),
        }
    }

    fn row_values(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// Moves to an offset within an array.
fn open(mut file: Reader, place: &Place, skipped: u64) -> io::Result<Box<dyn Read + Send>> {
    if place.is_compressed {
        file.seek(SeekFrom::Start(place.start))?;
        let mut reader = DeflateDecoder::new(BufReader::with_capacity(BUFFER, file));
        io::copy(&mut reader.by_ref().take(skipped), &mut io::sink())?;
        Ok(Box::new(BufReader::with_capacity(BUFFER, reader)))
    } else {
        file.seek(SeekFrom::Start(place.start.saturating_add(skipped)))?;
        Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
    }
}

/// Reads the header of an array of `size` bytes. Returns the number of values, too.
fn described(reader: &mut dyn BufRead, size: u64, place: Place) -> Result<(Array, u64), String> {
    let start = header_bytes(reader)?;
    let header = Header::from_reader(&mut start.as_slice()).map_err(unreadable)?;
    let name = header.type_descriptor.as_string().map(String::as_str).unwrap_or_default();
    let element = Element::new(name).ok_or_else(|| {
        format!(
            "its elements are {}, not numbers that can be read; save the array after astype('float32')",
            header.type_descriptor
        )
    })?;
    let (shape, size) = (header.shape, size.saturating_sub(start.len() as u64));
    if shape.len() > MOST_AXES {
        return Err(format!("it has shape {shape:?}; arrays of more than {MOST_AXES} axes are not read"));
    }
    let count = product(&shape);
    let bytes = count.saturating_mul(element.bytes as u64);
    if bytes > size {
        return Err(format!(
            "it is said to have shape {shape:?}, which is more than the {size} bytes of data that it has"
        ));
    }
    if count == 0 && size > 0 {
        return Err(unreadable(TOO_MUCH));
    }
    let is_in_rows =
        header.layout == Layout::Standard || shape.iter().filter(|length| **length > 1).count() < 2;
    let header_bytes = start.len() as u64;
    Ok((Array { shape, element, header_bytes, place, is_in_rows, in_memory: None }, count))
}

fn product(lengths: &[usize]) -> u64 {
    let count = lengths.iter().try_fold(1_u64, |count, length| count.checked_mul(*length as u64));
    count.unwrap_or(u64::MAX)
}

/// Reads an array with one axis.
fn read_list(
    reader: &mut dyn BufRead,
    size: u64,
    place: Place,
    values: &mut dyn Values,
) -> Result<(), String> {
    let (array, count) = described(reader, size, place)?;
    if array.shape.len() != 1 {
        return Err(format!("it has shape {:?}; it must have one axis", array.shape));
    }
    values.reserve(count)?;
    let element = array.element;
    let mut bytes = vec![0; element.bytes];
    for index in 0..count {
        reader.read_exact(&mut bytes).map_err(unreadable)?;
        if element.is_swapped {
            bytes.reverse();
        }
        values.push((element.exact)(&bytes)).map_err(|reason| format!("value {index}: {reason}"))?;
    }
    require_end(reader)
}

fn require_end(reader: &mut dyn BufRead) -> Result<(), String> {
    if reader.fill_buf().map_err(unreadable)?.is_empty() { Ok(()) } else { Err(unreadable(TOO_MUCH)) }
}

/// Reads an array of `size` bytes.
fn read(reader: &mut dyn BufRead, size: u64, place: Place, check: &mut Check<'_>) -> Result<Array, String> {
    let (mut array, count) = described(reader, size, place)?;
    if count == 0 {
        return Ok(array);
    }
    let row = product(array.shape.get(1..).unwrap_or_default());
    let values = if array.is_in_rows { row } else { count.saturating_mul(2) };
    let room = values.saturating_mul(BYTES_PER_VALUE + array.element.bytes as u64);
    require_memory("the array", room, "cut it into shorter ones").map_err(|error| error.to_string())?;
    if array.is_in_rows {
        check(&array, &mut array.rows_of(&mut *reader, 0))?;
    } else {
        let values = in_rows(&array, count, &mut *reader)?;
        let mut rows = MemoryRows { values: Arc::clone(&values), row: row as usize, next: 0 };
        check(&array, &mut rows)?;
        array.in_memory = Some(values);
    }
    require_end(reader)?;
    Ok(array)
}

/// All values of an array in column-major order, in rows.
fn in_rows(array: &Array, count: u64, mut reader: impl Read) -> Result<Arc<[f64]>, String> {
    let mut bytes = vec![0; count as usize * array.element.bytes];
    reader.read_exact(&mut bytes).map_err(unreadable)?;
    let mut values = Vec::with_capacity(count as usize);
    array.element.append_all(&mut bytes, &mut values);
    let view = ArrayView::from_shape(IxDyn(&array.shape).f(), &values).map_err(unreadable)?;
    Ok(view.iter().copied().collect())
}

/// The bytes before the data.
fn header_bytes(mut reader: impl Read) -> Result<Vec<u8>, String> {
    // Six magic bytes, two for the version, and the length of the rest: two bytes in version 1, four in later
    // ones.
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

impl Element {
    /// From numpy's name: byte order, kind and number of bytes.
    fn new(name: &str) -> Option<Self> {
        let is_swapped = name.starts_with(if cfg!(target_endian = "big") { '<' } else { '>' });
        // Whole numbers may be rounded.
        let whole = Precision::Place(0.5);
        let (bytes, precision, append, exact): (usize, _, Append, Exact) = match name
            .trim_start_matches(['<', '>', '|', '='])
        {
            "f4" => (
                4,
                Precision::Single,
                |bytes, values| append(bytes, values, |value: f32| value.into()),
                real::<f32>,
            ),
            "f8" => {
                (8, Precision::Double, |bytes, values| append(bytes, values, |value: f64| value), real::<f64>)
            }
            "i1" | "b" => {
                (1, whole, |bytes, values| append(bytes, values, |value: i8| value.into()), exact::<i8>)
            }
            "i2" => {
                (2, whole, |bytes, values| append(bytes, values, |value: i16| value.into()), exact::<i16>)
            }
            "i4" => {
                (4, whole, |bytes, values| append(bytes, values, |value: i32| value.into()), exact::<i32>)
            }
            "i8" => {
                (8, whole, |bytes, values| append(bytes, values, |value: i64| value as f64), exact::<i64>)
            }
            "u1" | "B" => {
                (1, whole, |bytes, values| append(bytes, values, |value: u8| value.into()), exact::<u8>)
            }
            "u2" => {
                (2, whole, |bytes, values| append(bytes, values, |value: u16| value.into()), exact::<u16>)
            }
            "u4" => {
                (4, whole, |bytes, values| append(bytes, values, |value: u32| value.into()), exact::<u32>)
            }
            "u8" => {
                (8, whole, |bytes, values| append(bytes, values, |value: u64| value as f64), exact::<u64>)
            }
            _ => return None,
        };
        Some(Self { bytes, is_swapped, append, exact, precision })
    }

    fn append_all(self, bytes: &mut [u8], values: &mut Vec<f64>) {
        if self.is_swapped {
            bytes.chunks_exact_mut(self.bytes).for_each(<[u8]>::reverse);
        }
        (self.append)(bytes, values);
    }
}

fn append<T: Pod>(bytes: &[u8], values: &mut Vec<f64>, convert: fn(T) -> f64) {
    values
        .extend(bytes.chunks_exact(size_of::<T>()).map(|bytes| convert(bytemuck::pod_read_unaligned(bytes))));
}

fn exact<T: Pod + Into<i128>>(bytes: &[u8]) -> Number {
    Number::Whole(bytemuck::pod_read_unaligned::<T>(bytes).into())
}

fn real<T: Pod + Into<f64>>(bytes: &[u8]) -> Number {
    Number::Real(bytemuck::pod_read_unaligned::<T>(bytes).into())
}

/// The rows of an array in a file.
struct ArrayRows<R> {
    reader: R,
    element: Element,
    /// Of one row.
    bytes: Vec<u8>,
    left: u64,
}

impl<R: Read> Rows for ArrayRows<R> {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        if self.left == 0 {
            return Ok(Sample::End);
        }
        self.left -= 1;
        self.reader.read_exact(&mut self.bytes).map_err(unreadable)?;
        row.clear();
        self.element.append_all(&mut self.bytes, row);
        Ok(Sample::Next)
    }
}

/// Rows in memory.
struct MemoryRows {
    values: Arc<[f64]>,
    /// Values in a row.
    row: usize,
    next: usize,
}

impl Rows for MemoryRows {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        let Some(values) = self.values.get(self.next..self.next + self.row) else {
            return Ok(Sample::End);
        };
        row.clear();
        row.extend_from_slice(values);
        self.next += self.row;
        Ok(Sample::Next)
    }
}
