//! Files with named columns of numbers: text with a heading, archives of numpy, Parquet and SONATA. Whole numbers are exact, as
//! the identifiers of neurons have more digits than double precision.

mod archive;
#[cfg(feature = "parquet")]
mod parquet;
mod sonata;
mod text;

use crate::numbers::{Format, Source, Values};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The first bytes of a Parquet file, and of one in HDF5.
const PARQUET: &[u8] = b"PAR1";
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

#[cfg(not(feature = "parquet"))]
const NO_PARQUET: &str = "it is a Parquet file, which this build of lif does not read; build it with cargo install --path \
                          crates/lif-cli --features parquet, or convert the file in Python: import pandas; \
                          pandas.read_parquet('FILE.parquet').to_csv('FILE.csv', index=False)";

/// A file whose columns have names.
pub struct Columns(Box<dyn Table>);

/// The name of a column without a unit in brackets behind it, in small letters, with blanks between words.
pub fn normalised(name: &str) -> String {
    let name = name.split(['(', '[']).next().unwrap_or_default();
    name.trim().to_lowercase().replace(['_', '-'], " ")
}

/// A column, and the list that its values go to.
pub type Wanted<'a> = (usize, &'a mut dyn Values);

/// What each format does.
trait Table {
    /// The names of the columns, in their order.
    fn names(&self) -> &[String];

    /// Appends the values of some columns to lists.
    fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String>;
}

impl Columns {
    /// Opens a file, and reads the names of its columns.
    pub fn open(path: &Path) -> Result<Self, String> {
        Self::open_edges(path, None, None)
    }

    /// The same for edges, of a population and with a table of their types where the file is SONATA.
    pub fn open_edges(path: &Path, population: Option<&str>, types: Option<&Path>) -> Result<Self, String> {
        if starts_with(path, HDF5) {
            return Ok(Self(Box::new(sonata::Table::open(path, population, types)?)));
        }
        if population.or(types.map(|_| "")).is_some() {
            return Err("only a SONATA file, which is HDF5, has a population or types of edges".to_owned());
        }
        if starts_with(path, PARQUET) {
            return of_parquet(path);
        }
        let source = Source::open(path)?;
        Ok(Self(match source.format() {
            Format::Npz => Box::new(archive::Table::open(&source)?),
            Format::Text => Box::new(text::Table::open(source)?),
            Format::Npy => {
                return Err(
                    "it is one array without names; save each column under its name with numpy.savez"
                        .to_owned(),
                );
            }
        }))
    }

    /// The names of the columns, in their order.
    pub fn names(&self) -> &[String] {
        self.0.names()
    }

    /// Appends the values of some columns to lists, which then have the same length.
    pub fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String> {
        self.0.read(wanted)?;
        let lengths: Vec<usize> = wanted.iter().map(|(_, values)| values.len()).collect();
        match lengths.iter().find(|length| **length != lengths[0]) {
            None => Ok(()),
            Some(other) => {
                Err(format!("its columns have {} and {other} values; all need the same number", lengths[0]))
            }
        }
    }
}

/// Whether a file on the disk begins with these bytes. What cannot be read is for others to refuse.
fn starts_with(path: &Path, magic: &[u8]) -> bool {
    let mut start = Vec::new();
    let read = |file: File| file.take(magic.len() as u64).read_to_end(&mut start);
    path.is_file() && File::open(path).and_then(read).is_ok() && start == magic
}

#[cfg(feature = "parquet")]
fn of_parquet(path: &Path) -> Result<Columns, String> {
    Ok(Columns(Box::new(parquet::Table::open(path)?)))
}

#[cfg(not(feature = "parquet"))]
fn of_parquet(_: &Path) -> Result<Columns, String> {
    Err(NO_PARQUET.to_owned())
}
