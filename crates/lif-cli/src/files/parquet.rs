//! Writes Parquet files: columns with names, compressed as the packages of Python do.

use parquet::basic::{Compression, ConvertedType, Repetition, Type as Kind};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;

/// The values of a column.
#[derive(Debug)]
pub enum Values {
    Whole(Vec<i64>),
    Real(Vec<f64>),
    /// The same text in all of this many rows.
    Text(String, usize),
}

impl Values {
    fn column(&self, name: &str) -> Result<Arc<Type>, String> {
        let (kind, converted) = match self {
            Self::Whole(_) => (Kind::INT64, ConvertedType::NONE),
            Self::Real(_) => (Kind::DOUBLE, ConvertedType::NONE),
            Self::Text(..) => (Kind::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let column = Type::primitive_type_builder(name, kind)
            .with_repetition(Repetition::REQUIRED)
            .with_converted_type(converted);
        column.build().map(Arc::new).map_err(message)
    }
}

/// A file to which rows are added in groups.
pub struct ParquetFile<W: Write + Send>(SerializedFileWriter<W>);

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file. All groups have columns as these, which may be empty.
    pub fn new(file: W, columns: &[(&str, Values)]) -> Result<Self, String> {
        let fields = columns.iter().map(|(name, values)| values.column(name)).collect::<Result<_, _>>()?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build().map_err(message)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map(Self).map_err(message)
    }

    /// Adds a group of rows.
    pub fn add(&mut self, columns: Vec<Values>) -> Result<(), String> {
        let mut rows = self.0.next_row_group().map_err(message)?;
        for values in columns {
            match values {
                Values::Whole(values) => add::<Int64Type, W>(&mut rows, &values)?,
                Values::Real(values) => add::<DoubleType, W>(&mut rows, &values)?,
                Values::Text(text, count) => {
                    add::<ByteArrayType, W>(&mut rows, &vec![ByteArray::from(text.as_str()); count])?;
                }
            }
        }
        rows.close().map(drop).map_err(message)
    }

    /// Ends the file.
    pub fn finish(self) -> Result<(), String> {
        self.0.close().map(drop).map_err(message)
    }
}

fn add<T: DataType, W: Write + Send>(
    rows: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> Result<(), String> {
    let Some(mut column) = rows.next_column().map_err(message)? else {
        return Err("it has fewer columns than the rows before".to_owned());
    };
    column.typed::<T>().write_batch(values, None, None).map_err(message)?;
    column.close().map_err(message)
}

fn message(error: impl Display) -> String {
    error.to_string()
}
