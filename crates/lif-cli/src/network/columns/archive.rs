//! Columns of an `.npz` archive: arrays with one axis.

use super::Wanted;
use crate::numbers::Source;
use crate::numbers::numpy::Archive;

/// An archive.
pub struct Table {
    archive: Archive,
    names: Vec<String>,
}

impl Table {
    pub fn open(source: &Source) -> Result<Self, String> {
        let archive = Archive::open(source)?;
        let names = archive.names();
        Ok(Self { archive, names })
    }
}

impl super::Table for Table {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String> {
        for (place, values) in wanted {
            let name = self.names.get(*place).map_or("", String::as_str);
            self.archive.list(name, *values)?;
        }
        Ok(())
    }
}
