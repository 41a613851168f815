//! Columns of a text. Its first line names them; commas, tabs, semicolons or blanks separate them.

use super::Wanted;
use crate::numbers::{Number, Source};
use std::io::{BufRead, BufReader, Read};

/// Longer lines are not of a table.
const LONGEST_LINE: u64 = 1 << 20;

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;

/// A text with a heading.
pub struct Table {
    source: Source,
    separator: char,
    names: Vec<String>,
}

impl Table {
    /// Reads the heading.
    pub fn open(source: Source) -> Result<Self, String> {
        let mut lines = Lines::open(&source)?;
        let Some((_, heading)) = lines.next()? else {
            return Err("it is empty; its first line must name the columns".to_owned());
        };
        let text = heading.trim_start_matches(['\u{feff}', '#']);
        let separator = [',', '\t', ';'].into_iter().find(|sign| text.contains(*sign)).unwrap_or(' ');
        let names = fields(text, separator).map(str::to_owned).collect();
        Ok(Self { source, separator, names })
    }
}

impl super::Table for Table {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&mut self, wanted: &mut [Wanted<'_>]) -> Result<(), String> {
        let columns = self.names.len();
        // For each column the lists that it goes to.
        let of_column = |column: usize| {
            let lists = wanted.iter().enumerate();
            lists.filter(|(_, (place, _))| *place == column).map(|(list, _)| list).collect()
        };
        let lists: Vec<Vec<usize>> = (0..columns).map(of_column).collect();
        let mut lines = Lines::open(&self.source)?;
        lines.next()?;
        while let Some((line_number, line)) = lines.next()? {
            if line.starts_with('#') {
                continue;
            }
            let mut fields = fields(line, self.separator);
            for (lists, name) in lists.iter().zip(&self.names) {
                let Some(field) = fields.next() else {
                    let reason = format!("it has fewer than the {columns} columns of the heading");
                    return Err(refusal(line_number, &reason));
                };
                for list in lists {
                    let number = Number::read(field);
                    let reason = match number {
                        None => format!("it is '{field}', not a number"),
                        Some(number) => match wanted[*list].1.push(number) {
                            Ok(()) => continue,
                            Err(reason) => reason,
                        },
                    };
                    return Err(refusal(line_number, &format!("'{name}': {reason}")));
                }
            }
            if fields.next().is_some() {
                let reason = format!("it has more than the {columns} columns of the heading");
                return Err(refusal(line_number, &reason));
            }
        }
        Ok(())
    }
}

/// Lines that are not blank.
struct Lines {
    reader: Box<dyn BufRead>,
    number: u64,
    line: String,
}

impl Lines {
    fn open(source: &Source) -> Result<Self, String> {
        let reader = BufReader::with_capacity(BUFFER, source.reader()?);
        Ok(Self { reader: Box::new(reader), number: 0, line: String::new() })
    }

    /// The next one, without blanks around it, and its number.
    fn next(&mut self) -> Result<Option<(u64, &str)>, String> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = self.reader.by_ref().take(LONGEST_LINE).read_line(&mut self.line);
            match read.map_err(|error| refusal(self.number, &error.to_string()))? as u64 {
                0 => return Ok(None),
                LONGEST_LINE => return Err(refusal(self.number, "it is too long for one of a table")),
                _ if !self.line.trim().is_empty() => break,
                _ => {}
            }
        }
        Ok(Some((self.number, self.line.trim_matches(['\n', '\r', ' ']))))
    }
}

fn refusal(line: u64, reason: &str) -> String {
    format!("line {line}: {reason}")
}

/// The fields of a line, without quotes; blanks separate them however many there are.
fn fields(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (blanks, signs) = if separator == ' ' {
        (Some(text.split_whitespace()), None)
    } else {
        (None, Some(text.split(separator)))
    };
    let fields = blanks.into_iter().flatten().chain(signs.into_iter().flatten());
    fields.map(|field| field.trim().trim_matches('"'))
}
