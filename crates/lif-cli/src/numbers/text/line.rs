//! The lines of a text as bytes.

use super::super::source::{Reader, Source};
use std::io::{BufRead, BufReader};

/// Longer lines are no rows of a few numbers.
pub const LONGEST_LINE: usize = 1 << 16;

/// Reads lines of bytes, with any of the three line ends.
pub struct LineReader {
    reader: BufReader<Reader>,
    /// The number of lines read, or of the line with an error; from 1.
    pub number: u64,
    /// The bytes of the last line, without its end.
    pub bytes: Vec<u8>,
    /// Whether the last line ended in a carriage return, which a line feed may follow.
    ends_in_half: bool,
}

impl LineReader {
    /// Opens a text at its beginning.
    pub fn open(source: &Source) -> Result<Self, String> {
        let reader = BufReader::with_capacity(1 << 18, source.reader()?);
        Ok(Self { reader, number: 0, bytes: Vec::new(), ends_in_half: false })
    }

    /// Reads the next line; `false` at the end. `expected` is for the message about a line that is too long.
    pub fn next(&mut self, expected: &str) -> Result<bool, String> {
        self.bytes.clear();
        loop {
            let bytes = self.reader.fill_buf().map_err(|error| error.to_string())?;
            if self.ends_in_half && bytes.first() == Some(&b'\n') {
                self.ends_in_half = false;
                self.reader.consume(1);
                continue;
            }
            self.ends_in_half = false;
            if bytes.is_empty() {
                let is_line = !self.bytes.is_empty();
                self.number += u64::from(is_line);
                return Ok(is_line);
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.bytes.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.ends_in_half = end.is_some_and(|end| bytes[end] == b'\r');
            let read = end.map_or(bytes.len(), |end| end + 1);
            self.reader.consume(read);
            if self.bytes.len() > LONGEST_LINE {
                self.number += 1;
                return Err(format!("the line is longer than {LONGEST_LINE} bytes; expected {}", expected));
            }
            if end.is_some() {
                self.number += 1;
                return Ok(true);
            }
        }
    }
}

pub fn append_text(bytes: &[u8], text: &mut String) {
    match str::from_utf8(bytes) {
        Ok(utf8) => text.push_str(utf8),
        Err(_) => text.extend(bytes.iter().map(|byte| char::from(*byte))),
    }
}
