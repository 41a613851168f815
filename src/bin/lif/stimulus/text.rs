//! Stimuli as text: one `value` or `time value` per line.

use super::samples::{Rows, Sample};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// A line that is longer holds no two numbers.
const LONGEST_LINE: u64 = 1 << 16;

/// The samples of a text, line by line.
pub struct Lines {
    reader: BufReader<File>,
    /// What a number in the column of times counts, ms.
    time_unit: f64,
    /// Lines read.
    number: u64,
    line: Vec<u8>,
    /// Whether lines have times, once there was one.
    has_times: Option<bool>,
    /// The last time, ms.
    last: Option<f64>,
}

impl Lines {
    /// Opens a file.
    pub fn open(path: &Path, time_unit: f64) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let reader = BufReader::with_capacity(1 << 18, file);
        Ok(Self { reader, time_unit, number: 0, line: Vec::new(), has_times: None, last: None })
    }

    /// The number of the line that was read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The numbers of the next line, also where there are none.
    pub fn numbers(&mut self) -> Result<Option<Vec<f64>>, String> {
        self.line.clear();
        let limit = LONGEST_LINE + 1;
        let length = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line);
        match length.map_err(|error| error.to_string())? as u64 {
            0 => return Ok(None),
            length if length == limit => {
                return Err("a line of more than 65536 bytes is no sample".to_owned());
            }
            _ => {}
        }
        self.number += 1;
        let text = str::from_utf8(&self.line).map_err(|_| "neither .npy nor .npz by its name, nor text")?;
        // Some editors and spreadsheets begin UTF-8 with the mark of its byte order.
        let text = if self.number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let content = text.split('#').next().unwrap_or_default();
        content
            .split(|sign: char| sign.is_whitespace() || sign == ',')
            .filter(|field| !field.is_empty())
            .map(|field| match field.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                Ok(_) => Err(format!("'{field}' is not finite")),
                Err(_) => Err(format!("'{field}' is not a number; start comments with #")),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A time in ms, which has to come after the last one.
    fn at(&mut self, time: f64) -> Result<Sample, String> {
        let ms = time * self.time_unit;
        if let Some(last) = self.last.filter(|last| *last >= ms) {
            return Err(format!("time {time} does not come after {}", last / self.time_unit));
        }
        self.last = Some(ms);
        Ok(Sample::At(ms))
    }
}

impl Rows for Lines {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        while let Some(numbers) = self.numbers()? {
            let (value, time) = match (numbers.as_slice(), self.has_times) {
                ([], _) => continue,
                ([value], None | Some(false)) => (*value, None),
                ([time, value], None | Some(true)) => (*value, Some(*time)),
                _ => {
                    return Err(format!(
                        "{} numbers; expected `value` on every line, or `time value` on every line",
                        numbers.len()
                    ));
                }
            };
            self.has_times = Some(time.is_some());
            row.clear();
            row.push(value);
            return time.map_or(Ok(Sample::InTurn), |time| self.at(time));
        }
        Ok(Sample::None)
    }
}
