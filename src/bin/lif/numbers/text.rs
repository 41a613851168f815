//! Numbers as text: rows of one or a few, one row per line, after a line with the names of the columns
//! where there is one.

use super::name::Name;
use super::source::{Reader, Source};
use super::time::Precision;
use std::io::{BufRead, BufReader};
use std::ops::Range;

/// Longer lines hold no few numbers.
const LONGEST_LINE: usize = 1 << 16;

/// What people write where there is no number. It is no name of a column.
const MISSING: [&str; 11] =
    ["NA", "na", "N/A", "n/a", "nil", "null", "NULL", "none", "None", "missing", "Missing"];

/// The rows that a text is to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Numbers in a row; it is the same number in all.
    pub columns: &'static [usize],
    /// Said where there are others.
    pub expected: &'static str,
}

impl Layout {
    /// Whether `1,5` can be a row of two numbers as well as one number that somebody wrote with a comma.
    fn is_doubtful(&self) -> bool {
        self.columns.contains(&1) && self.columns.contains(&2)
    }
}

/// The rows of a text, one after the other.
pub struct Lines {
    reader: BufReader<Reader>,
    layout: Layout,
    /// Lines read, or the line that is complained about.
    number: u64,
    line: Vec<u8>,
    /// Whether the last line ended in the first half of a line end in two signs.
    ends_in_half: bool,
    /// The line without its comment.
    text: String,
    /// Where its fields are,
    fields: Vec<Range<usize>>,
    /// and the numbers that they are.
    values: Vec<f64>,
    separators: Separators,
    /// How many numbers are in a row, once there was one.
    columns: Option<usize>,
    heading: Heading,
    names: Vec<Name>,
    commas: Commas,
}

/// What is between the fields of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Separators {
    /// A comma with nothing beside it, as a decimal comma has it: the first field before one.
    bare_comma: Option<usize>,
    /// Anything else.
    has_others: bool,
}

/// What may name the columns.
#[derive(Debug, Clone, PartialEq)]
enum Heading {
    None,
    /// The last comment before the first row.
    Comment(String),
    /// A line of this number that has no number in it.
    Line(u64, String),
}

/// Whether commas separate numbers.
#[derive(Debug, Clone, PartialEq)]
enum Commas {
    Unseen,
    /// They do, or are decimal commas, for what was seen since this line.
    Doubtful(u64, String),
    Separate,
}

impl Lines {
    /// Opens a text.
    pub fn open(source: &Source, layout: Layout) -> Result<Self, String> {
        Ok(Self {
            reader: BufReader::with_capacity(1 << 18, source.reader()?),
            layout,
            number: 0,
            line: Vec::new(),
            ends_in_half: false,
            text: String::new(),
            fields: Vec::new(),
            values: Vec::new(),
            separators: Separators::default(),
            columns: None,
            heading: Heading::None,
            names: Vec::new(),
            commas: Commas::Unseen,
        })
    }

    /// The number of the line that was read last, or of the one that an error is about; from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The names of the columns, where there are any. They are known with the first row.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// What the last comment before the first row says, as names of so many columns.
    pub fn comment_names(&self, count: usize) -> Vec<Name> {
        let Heading::Comment(text) = &self.heading else { return Vec::new() };
        let found = ways_to_divide(text, false).into_iter().find(|names| names.len() == count);
        found.unwrap_or_default().into_iter().map(Name::new).collect()
    }

    /// How exactly a number of the last row is known.
    pub fn precision(&self, column: usize) -> Precision {
        let field = self.fields.get(column).map_or("", |field| &self.text[field.clone()]);
        Precision::of_text(field)
    }

    /// The numbers of the next row; `None` at the end.
    pub fn row(&mut self) -> Result<Option<&[f64]>, String> {
        while self.read_line()? {
            let comment = self.decode();
            self.split()?;
            if self.fields.is_empty() {
                if let Some(comment) = comment.filter(|_| self.is_before_the_heading()) {
                    self.heading = Heading::Comment(comment);
                }
                continue;
            }
            if self.is_before_the_heading() && self.is_heading() {
                self.heading = Heading::Line(self.number, self.text.trim().to_owned());
                continue;
            }
            self.parse()?;
            self.check()?;
            return Ok(Some(&self.values));
        }
        if let Commas::Doubtful(line, text) = &self.commas {
            self.number = *line;
            return Err(format!(
                "'{text}' may be a time and a value, or one number with a decimal comma, which is not read, and so may \
                 all other lines; write decimal points, or a blank after each comma that separates, or `time,value` \
                 above the first line"
            ));
        }
        Ok(None)
    }

    /// Reads a line of whatever bytes, whose end may be any of the three that there are.
    fn read_line(&mut self) -> Result<bool, String> {
        self.line.clear();
        loop {
            let bytes = self.reader.fill_buf().map_err(|error| error.to_string())?;
            if self.ends_in_half && bytes.first() == Some(&b'\n') {
                self.ends_in_half = false;
                self.reader.consume(1);
                continue;
            }
            self.ends_in_half = false;
            if bytes.is_empty() {
                let is_line = !self.line.is_empty();
                self.number += u64::from(is_line);
                return Ok(is_line);
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.ends_in_half = end.is_some_and(|end| bytes[end] == b'\r');
            let read = end.map_or(bytes.len(), |end| end + 1);
            self.reader.consume(read);
            if self.line.len() > LONGEST_LINE {
                self.number += 1;
                return Err(format!(
                    "the line is longer than {LONGEST_LINE} bytes; expected {}",
                    self.layout.expected
                ));
            }
            if end.is_some() {
                self.number += 1;
                return Ok(true);
            }
        }
    }

    /// Takes the text out of the line, and its comment. Bytes that are no UTF-8 are taken for Latin-1,
    /// in which every byte is a sign.
    fn decode(&mut self) -> Option<String> {
        // Some editors and spreadsheets begin UTF-8 with the mark of its byte order.
        let line = match self.line.strip_prefix(b"\xef\xbb\xbf") {
            Some(line) if self.number == 1 => line,
            _ => &self.line,
        };
        let (content, comment) = match line.iter().position(|byte| *byte == b'#') {
            Some(place) => (&line[..place], Some(&line[place + 1..])),
            None => (line, None),
        };
        self.text.clear();
        append_text(content, &mut self.text);
        comment.filter(|_| self.columns.is_none()).map(|comment| {
            let mut text = String::new();
            append_text(comment, &mut text);
            text.trim_matches(|sign: char| sign == '#' || sign.is_whitespace()).to_owned()
        })
    }

    /// Finds the fields, between which there are blanks, a comma or a semicolon.
    fn split(&mut self) -> Result<(), String> {
        self.fields.clear();
        self.separators = Separators::default();
        let is_separator = |sign: char| sign.is_whitespace() || sign == ',' || sign == ';';
        let mut rest = 0;
        while let Some(start) = self.text[rest..].find(|sign| !is_separator(sign)).map(|start| rest + start) {
            let between = &self.text[rest..start];
            let signs = between.matches([',', ';']).count();
            if signs > usize::from(rest > 0) {
                return Err(
                    "there is nothing between two separators, or before the first; every row has to be \
                            complete"
                        .to_owned(),
                );
            }
            if rest > 0 && between == "," {
                self.separators.bare_comma.get_or_insert(self.fields.len() - 1);
            } else if rest > 0 {
                self.separators.has_others = true;
            }
            let end = self.text[start..].find(is_separator).map_or(self.text.len(), |end| start + end);
            self.fields.push(start..end);
            rest = end;
        }
        if self.text[rest..].matches([',', ';']).count() > 1 {
            return Err(
                "there is nothing between the last separators; every row has to be complete".to_owned()
            );
        }
        Ok(())
    }

    fn is_before_the_heading(&self) -> bool {
        self.columns.is_none() && !matches!(self.heading, Heading::Line(..))
    }

    /// Whether the line names columns: it begins with a letter and has no number, nor a word for none.
    fn is_heading(&self) -> bool {
        let mut fields = self.fields.iter().map(|field| &self.text[field.clone()]);
        let is_named = fields
            .clone()
            .next()
            .is_some_and(|first| first.trim_start_matches(['"', '\'']).starts_with(char::is_alphabetic));
        is_named && fields.all(|field| field.parse::<f64>().is_err() && !MISSING.contains(&field))
    }

    /// Takes the fields for numbers.
    fn parse(&mut self) -> Result<(), String> {
        self.values.clear();
        for field in &self.fields {
            let field = &self.text[field.clone()];
            match field.parse::<f64>() {
                Ok(number) if number.is_finite() => self.values.push(number),
                Ok(_) => return Err(format!("'{field}' is not finite")),
                Err(_) => return Err(no_number(field)),
            }
        }
        Ok(())
    }

    /// Looks at how many numbers there are, and at what is between them.
    fn check(&mut self) -> Result<(), String> {
        let count = self.values.len();
        if let (Some(before), true) = (self.separators.bare_comma, self.separators.has_others) {
            return Err(decimal_comma(self.pair(before)));
        }
        let is_bare = self.separators.bare_comma.is_some();
        let said = if count == 1 { "1 number".to_owned() } else { format!("{count} numbers") };
        let fits = self.columns.map_or(self.layout.columns.contains(&count), |columns| columns == count);
        let expected = self.layout.expected;
        if !fits && is_bare && count.is_multiple_of(2) && self.layout.columns.contains(&(count / 2)) {
            return Err(format!("{}; expected {expected}", decimal_comma(self.pair(0))));
        }
        match self.columns {
            None if fits => {
                self.name_columns(count)?;
                self.columns = Some(count);
            }
            None => return Err(format!("{said}; expected {expected}")),
            Some(columns) if columns != count => {
                return Err(format!("{said}; expected {columns}, as in the lines before ({expected})"));
            }
            Some(_) => {}
        }
        if count == 2 && self.layout.is_doubtful() && self.commas != Commas::Separate {
            self.doubt(is_bare)?;
        }
        Ok(())
    }

    /// Looks for what tells a comma that separates from a decimal comma.
    fn doubt(&mut self, is_bare: bool) -> Result<(), String> {
        let pair = self.pair(0);
        let second = &self.text[self.fields[1].clone()];
        let is_clear =
            !is_bare || pair.contains('.') || second.starts_with(['-', '+']) || self.names.len() > 1;
        if is_clear {
            self.commas = Commas::Separate;
        } else if second.len() > 1 && second.starts_with('0') {
            return Err(decimal_comma(pair));
        } else if self.commas == Commas::Unseen {
            self.commas = Commas::Doubtful(self.number, pair.to_owned());
        }
        Ok(())
    }

    /// Whether the last row may be one number with a decimal comma.
    pub fn may_have_decimal_comma(&self) -> bool {
        matches!(self.commas, Commas::Doubtful(..))
    }

    /// A field, and the one after it.
    fn pair(&self, first: usize) -> &str {
        let last = (first + 1).min(self.fields.len().saturating_sub(1));
        self.fields.get(first).map_or("", |field| &self.text[field.start..self.fields[last].end])
    }

    /// Finds names for so many columns in what was before the first row.
    fn name_columns(&mut self, count: usize) -> Result<(), String> {
        let (text, is_line) = match &self.heading {
            Heading::None => return Ok(()),
            Heading::Comment(text) => (text, false),
            Heading::Line(_, text) => (text, true),
        };
        let found = ways_to_divide(text, is_line).into_iter().find(|names| names.len() == count);
        let names: Option<Vec<Name>> = found.map(|names| names.into_iter().map(Name::new).collect());
        let may_be_names = |names: &[Name]| {
            names.iter().all(|name| name.text().starts_with(char::is_alphabetic))
                && names.iter().any(Name::has_unit)
        };
        match (&self.heading, names) {
            (_, Some(names)) if is_line || may_be_names(&names) => self.names = names,
            (Heading::Line(line, text), None) => {
                return Err(format!(
                    "there {}, but the names of the columns in line {line}, '{text}', are not as many; start comments \
                     with #",
                    if count == 1 { "is 1 number".to_owned() } else { format!("are {count} numbers") }
                ));
            }
            // A comment is mostly something else.
            _ => {}
        }
        Ok(())
    }
}

fn decimal_comma(text: &str) -> String {
    format!("'{text}' seems to have a decimal comma, which is not read; write a decimal point")
}

fn no_number(field: &str) -> String {
    match field.bytes().find(|byte| byte.is_ascii_control()) {
        Some(byte) => {
            format!("there is a byte {byte:#04x}: it is neither text nor an array of numpy (.npy, .npz)")
        }
        None => format!("'{field}' is not a number; start comments with #"),
    }
}

fn append_text(bytes: &[u8], text: &mut String) {
    match str::from_utf8(bytes) {
        Ok(utf8) => text.push_str(utf8),
        Err(_) => text.extend(bytes.iter().map(|byte| char::from(*byte))),
    }
}

/// The names that a line may consist of: between its separators; else word for word, each with the
/// brackets behind it; else from bracket to bracket; else the one that it is as a whole. Only a line of
/// names can be a name of several words without brackets; a comment may say anything.
fn ways_to_divide(text: &str, is_line: bool) -> Vec<Vec<&str>> {
    for separator in [';', ',', '\t'] {
        let trimmed = text.trim_end_matches(separator);
        if trimmed.contains(separator) {
            return vec![trimmed.split(separator).collect()];
        }
    }
    let text = text.trim_end_matches([';', ',']).trim();
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut place = 0;
    let mut is_open = false;
    for word in text.split_whitespace() {
        let start = text[place..].find(word).map_or(place, |start| place + start);
        place = start + word.len();
        let opens = word.starts_with(['(', '[', '{']);
        match words.last_mut() {
            Some(last) if is_open || opens => last.end = place,
            _ => words.push(start..place),
        }
        is_open = (is_open || word.contains(['(', '[', '{'])) && !word.contains([')', ']', '}']);
    }
    let words: Vec<&str> = words.into_iter().map(|word| &text[word]).collect();
    let brackets: Vec<&str> = text.split_inclusive([')', ']', '}']).map(str::trim).collect();
    let is_bracketed = text.ends_with([')', ']', '}']);
    let mut ways = vec![words];
    if is_line || is_bracketed {
        ways.push(brackets);
    }
    if is_line {
        ways.push(vec![text]);
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    const ONE: Layout = Layout { columns: &[1], expected: "one" };
    const ONE_OR_TWO: Layout = Layout { columns: &[1, 2], expected: "one or two" };
    const TWO_OR_THREE: Layout = Layout { columns: &[2, 3], expected: "two or three" };

    type Read = (Vec<Vec<f64>>, Vec<String>);

    /// All rows with the names of the columns, or the line and the reason of the fault.
    fn read(bytes: &[u8], layout: Layout) -> Result<Read, (u64, String)> {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let source = Source::open(file.path()).unwrap();
        let mut lines = Lines::open(&source, layout).unwrap();
        let mut rows = Vec::new();
        loop {
            match lines.row() {
                Ok(Some(row)) => rows.push(row.to_vec()),
                Ok(None) => break,
                Err(reason) => return Err((lines.number(), reason)),
            }
        }
        Ok((rows, lines.names().iter().map(|name| name.text().to_owned()).collect()))
    }

    fn rows(bytes: &[u8], layout: Layout) -> Vec<Vec<f64>> {
        read(bytes, layout).unwrap().0
    }

    #[test]
    fn separators_line_ends_and_marks_do_not_matter() {
        let expected = [[0.0, 1.5], [1.0, -2.0]];
        for text in [
            "0 1.5\n1 -2\n",
            "0\t1.5\r\n1\t-2\r\n",
            "0,1.5\r1,-2",
            "0;1.5\n\n1;-2;\n",
            "\u{feff}0 , 1.5 # loud\n# between\n1 , -2",
            "  0   1.5\n1\u{a0}-2",
        ] {
            assert_eq!(rows(text.as_bytes(), ONE_OR_TWO), expected, "{text:?}");
        }
        assert_eq!(rows(b"# 5 \xb5V\n\n1\n2 # \xb5\n", ONE), [[1.0], [2.0]]);
    }

    #[test]
    fn lines_have_their_numbers_whatever_their_ends() {
        let long = format!("1\r\n2\r\n{}\r\n", "3".repeat(LONGEST_LINE + 1));
        let (line, reason) = read(long.as_bytes(), ONE).unwrap_err();
        assert_eq!(line, 3);
        assert!(reason.starts_with("the line is longer than 65536 bytes"), "{reason}");
        for text in ["1\n2\nx\n", "1\r\n2\r\nx", "1\r2\rx", "1\n\nx", "1\r\n\r\nx\r\n"] {
            let found = read(text.as_bytes(), ONE).unwrap_err();
            assert_eq!(found, (3, "'x' is not a number; start comments with #".to_owned()), "{text:?}");
        }
        // The end of a line in two buffers.
        let mut wide = vec![b' '; (1 << 18) - 1];
        for byte in wide.iter_mut().step_by(1000) {
            *byte = b'\n';
        }
        wide[1] = b'1';
        wide.extend(b"\r\nx");
        assert_eq!(read(&wide, ONE).unwrap_err().0, 265);
    }

    #[test]
    fn decimal_commas_are_refused() {
        for (text, layout, line) in [
            ("9.5\n9,7\n", ONE, 2),
            ("1,5;2,5\n", ONE_OR_TWO, 1),
            ("0;1\n1,5\t2\n", ONE_OR_TWO, 2),
            ("0,1 0,5\n", ONE_OR_TWO, 1),
            ("0,1,0,5\n", ONE_OR_TWO, 1),
            ("0,5\n0,05\n", ONE_OR_TWO, 2),
            ("0,5\n1,2\n2,9\n", ONE_OR_TWO, 1),
            ("1,000 5\n", TWO_OR_THREE, 1),
            ("1,5, 2\n", TWO_OR_THREE, 1),
        ] {
            let (found, reason) = read(text.as_bytes(), layout).unwrap_err();
            assert_eq!(found, line, "{text:?}: {reason}");
            assert!(reason.contains("decimal comma"), "{text:?}: {reason}");
        }
    }

    #[test]
    fn commas_that_separate_are_told_from_decimal_commas() {
        for text in
            ["0,5\n1,2.5\n", "0, 5\n1,2\n", "0,-5\n1,2\n", "time,value\n0,5\n1,2\n", "0,5\n1,2\n1.5,2\n"]
        {
            assert_eq!(rows(text.as_bytes(), ONE_OR_TWO)[0].len(), 2, "{text:?}");
        }
        // Steps are whole numbers.
        assert_eq!(rows(b"3,0\n3, 2\n", TWO_OR_THREE), [[3.0, 0.0], [3.0, 2.0]]);
    }

    #[test]
    fn rows_are_complete_and_alike() {
        for (text, layout, line, message) in [
            ("10 1\n20 0 1\n", TWO_OR_THREE, 2, "3 numbers; expected 2, as in the lines before"),
            ("10 1\n20\n", TWO_OR_THREE, 2, "1 number; expected 2"),
            ("1 2\n", ONE, 1, "2 numbers; expected one"),
            ("1,,2\n", ONE_OR_TWO, 1, "nothing between two separators"),
            (",1\n", ONE_OR_TWO, 1, "before the first"),
            ("1;;\n", ONE_OR_TWO, 1, "nothing between the last separators"),
            ("NA\n1\n", ONE, 1, "'NA' is not a number"),
            ("nan\n", ONE, 1, "'nan' is not finite"),
            ("1\n2 \x00\n", ONE, 2, "byte 0x00: it is neither text nor an array"),
            ("time,value,extra\n0.5,1\n", ONE_OR_TWO, 2, "the names of the columns in line 1"),
            ("time\nvalue\n", ONE, 2, "'value' is not a number"),
        ] {
            let (found, reason) = read(text.as_bytes(), layout).unwrap_err();
            assert!(found == line && reason.contains(message), "{text:?}: line {found}: {reason}");
        }
    }

    #[test]
    fn columns_have_names() {
        for (text, names) in [
            ("time (s),current (nA)\n0.5,1\n", &["time (s)", "current (nA)"][..]),
            ("\"time\";\"I\"\n0.5;1\n", &["time", "I"]),
            ("t [ms] I [nA]\n0 1\n", &["t [ms]", "I [nA]"]),
            ("time (s) input current (nA)\n0 1\n", &["time (s)", "input current (nA)"]),
            ("# time_ms value\n0 1\n", &["time_ms", "value"]),
            ("# recorded today\n# time (\u{b5}s), I\n0 1\n", &["time (\u{b5}s)", "I"]),
            ("# 3 ms\n0 1\n", &[]),
            ("# time value\n0 1\n", &[]),
        ] {
            assert_eq!(read(text.as_bytes(), ONE_OR_TWO).unwrap().1, names, "{text:?}");
        }
        for (text, names) in [
            ("spikes_us\n5\n", &["spikes_us"][..]),
            ("Spike times in seconds\n5\n", &["Spike times in seconds"]),
            ("# spike times [s]\n5\n", &["spike times [s]"]),
            ("# t_us\n5\n", &["t_us"]),
            ("# sampled every 50 us\n5\n", &[]),
            ("# Spike times, in ms from the start.\n5\n", &[]),
        ] {
            assert_eq!(read(text.as_bytes(), ONE).unwrap().1, names, "{text:?}");
        }
        let (_, names) = read(b"time (\xb5s)\n5\n", ONE).unwrap();
        assert_eq!(names, ["time (\u{b5}s)"]);
    }
}
