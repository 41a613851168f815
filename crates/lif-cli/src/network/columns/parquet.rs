//! Columns of a Parquet file, one row group after the other.

use super::Wanted;
use crate::numbers::{Number, Values};
use parquet::basic::ConvertedType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fmt::Display;
use std::fs::File;
use std::path::Path;

/// Values read at a time.
const BATCH: usize = 1 << 13;

/// A Parquet file.
pub struct Table {
    reader: SerializedFileReader<File>,
    names: Vec<String>,
}

impl Table {
    /// Reads what is in the file, without its values.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        let reader = SerializedFileReader::new(file).map_err(unreadable)?;
        let columns = reader.metadata().file_metadata().schema_descr().columns();
        let names = columns.iter().map(|column| column.path().string()).collect();
        // The reader takes these as they are.
        let parts = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
        for part in parts {
            let start = part.dictionary_page_offset().unwrap_or(part.data_page_offset());
            let end = u64::try_from(start).ok().zip(u64::try_from(part.compressed_size()).ok());
            if end.is_none_or(|(start, bytes)| start.saturating_add(bytes) > length) {
                return Err(unreadable("a part of it is said to be outside the file"));
            }
        }
        Ok(Self { reader, names })
    }

    fn column(&self, column: usize, values: &mut dyn Values) -> Result<(), String> {
        let metadata = self.reader.metadata();
        let kind = metadata.file_metadata().schema_descr().column(column);
        if kind.max_rep_level() > 0 {
            return Err("its values are lists; it must have one number in each row".to_owned());
        }
        let is_unsigned = matches!(
            kind.converted_type(),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
        );
        let levels = kind.max_def_level();
        values.reserve(u64::try_from(metadata.file_metadata().num_rows()).map_err(unreadable)?)?;
        for group in 0..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group).map_err(unreadable)?;
            match group.get_column_reader(column).map_err(unreadable)? {
                ColumnReader::Int32ColumnReader(reader) => each(reader, levels, values, |value| {
                    Number::Whole(if is_unsigned { (value as u32).into() } else { value.into() })
                }),
                ColumnReader::Int64ColumnReader(reader) => each(reader, levels, values, |value| {
                    Number::Whole(if is_unsigned { (value as u64).into() } else { value.into() })
                }),
                ColumnReader::FloatColumnReader(reader) => {
                    each(reader, levels, values, |value| Number::Real(value.into()))
                }
                ColumnReader::DoubleColumnReader(reader) => each(reader, levels, values, Number::Real),
                _ => Err(format!("its values are {}, not numbers", kind.physical_type())),
            }?;
        }
        Ok(())
    }
}

impl super::Table for Table {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String> {
        for (column, values) in wanted {
            let name = self.names.get(*column).map_or("", String::as_str);
            self.column(*column, *values).map_err(|reason| format!("'{name}': {reason}"))?;
        }
        Ok(())
    }
}

/// Appends the values of a column in a row group.
fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    levels: i16,
    values: &mut dyn Values,
    number: impl Fn(T::T) -> Number,
) -> Result<(), String> {
    let (mut batch, mut of_rows) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    loop {
        batch.clear();
        of_rows.clear();
        let first = values.len();
        let (rows, count, _) =
            reader.read_records(BATCH, Some(&mut of_rows), None, &mut batch).map_err(unreadable)?;
        if rows == 0 {
            return Ok(());
        }
        if count != rows {
            let missing = of_rows.iter().position(|level| *level < levels).unwrap_or(0);
            return Err(format!("row {} has no value", first + missing));
        }
        for value in batch.drain(..) {
            let row = values.len();
            values.push(number(value)).map_err(|reason| format!("row {row}: {reason}"))?;
        }
    }
}

fn unreadable(reason: impl Display) -> String {
    format!("not a Parquet file that can be read ({reason})")
}
