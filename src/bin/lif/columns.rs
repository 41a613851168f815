//! Arrays on disk whose elements have four bytes, read in parts that fit memory.

use bytemuck::Pod;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

/// Values that are read at a time.
const CHUNK: usize = 1 << 16;

/// A file of `f32` or `u32` one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub path: PathBuf,
    /// How many values.
    pub length: u64,
}

impl Column {
    /// Opens it.
    pub fn reader(&self) -> Result<BufReader<File>, String> {
        let file = File::open(&self.path).map_err(|error| self.unreadable(&error))?;
        Ok(BufReader::with_capacity(1 << 20, file))
    }

    /// Shows rows of `width` values, one after the other.
    pub fn rows<T: Pod>(
        &self,
        width: usize,
        mut visit: impl FnMut(&[T]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut reader = self.reader()?;
        let mut left = self.length / width as u64;
        let most = (CHUNK / width).max(1);
        let mut values = vec![T::zeroed(); (left.min(most as u64)) as usize * width];
        while left > 0 {
            let rows = left.min(most as u64);
            let chunk = &mut values[..rows as usize * width];
            self.fill(&mut reader, chunk)?;
            chunk.chunks_exact(width).try_for_each(&mut visit)?;
            left -= rows;
        }
        Ok(())
    }

    /// Reads the values that come next.
    pub fn fill<T: Pod>(&self, reader: &mut impl Read, values: &mut [T]) -> Result<(), String> {
        reader.read_exact(bytemuck::cast_slice_mut(values)).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &std::io::Error) -> String {
        format!("cannot read {}: {error}", self.path.display())
    }
}
