//! Arrays on disk with elements of four bytes, read in parts.

use bytemuck::Pod;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// Values read at a time.
const CHUNK: usize = 1 << 16;

/// A file of `f32` or `u32` values. It stays open, so that it is the same file even if it is renamed.
#[derive(Debug, Clone)]
pub struct Column {
    pub file: Arc<File>,
    /// Its name in messages.
    pub name: String,
    /// The number of values.
    pub length: u64,
    /// CRC-32 of its bytes.
    pub checksum: u32,
}

/// Reads an open file from the beginning, independently of other readers and writers.
#[derive(Debug)]
pub struct Reader {
    file: Arc<File>,
    position: u64,
}

impl Reader {
    pub fn new(file: Arc<File>) -> Self {
        Self { file, position: 0 }
    }
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&*self.file, bytes, self.position)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&*self.file, bytes, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Column {
    /// A reader from the beginning.
    pub fn reader(&self) -> BufReader<Reader> {
        BufReader::with_capacity(1 << 20, Reader::new(Arc::clone(&self.file)))
    }

    /// Visits rows of `width` values.
    pub fn rows<T: Pod>(
        &self,
        width: usize,
        mut visit: impl FnMut(&[T]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut reader = self.reader();
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

    /// Reads the next values.
    pub fn fill<T: Pod>(&self, reader: &mut impl Read, values: &mut [T]) -> Result<(), String> {
        reader.read_exact(bytemuck::cast_slice_mut(values)).map_err(|error| self.unreadable(&error))
    }

    /// The message for an error.
    pub fn unreadable(&self, error: &std::io::Error) -> String {
        format!("cannot read {}: {error}", self.name)
    }
}
