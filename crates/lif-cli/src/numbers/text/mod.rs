//! Numbers as text: rows of one or a few numbers, one per line, maybe below a line with the names of the
//! columns.

mod commas;
mod fields;
mod line;
mod naming;
#[cfg(test)]
mod tests;

use super::heading::{self, Heading};
use super::malformed::{self, decimal_comma};
use super::name::Name;
use super::sampling::intervals_alone;
use super::source::Source;
use super::time::{Column, Precision};
use super::unread::Unread;
use commas::Commas;
use fields::Separators;
use line::{LineReader, append_text};
use std::ops::Range;

/// More comments do not describe the numbers.
const MOST_COMMENTS: usize = 1000;

/// Other programs write this many blank lines between recordings; a single one may be anywhere.
const DIVIDING_LINES: u64 = 2;

/// More warnings say less.
const MOST_DOUBTS: usize = 3;

/// The rows that a text should have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// The possible numbers of columns; all rows have the same.
    pub columns: &'static [usize],
    /// For messages about other rows.
    pub expected: &'static str,
}

impl Layout {
    /// Whether `1,5` may be a row of two numbers, or one with a decimal comma.
    fn is_doubtful(&self) -> bool {
        self.columns.contains(&1) && self.columns.contains(&2)
    }
}

/// The rows of a text.
pub struct Lines {
    lines: LineReader,
    layout: Layout,
    /// The line without its comment.
    text: String,
    /// The fields of the line.
    fields: Vec<Range<usize>>,
    /// The numbers in these fields.
    values: Vec<f64>,
    separators: Separators,
    /// The number of columns, once there was a row.
    columns: Option<usize>,
    heading: Heading,
    /// The comments in the heading, if it is no line.
    heading_comments: Vec<String>,
    names: Vec<Name>,
    /// The comments above the numbers.
    comments: Vec<String>,
    /// The comments next to and between the numbers.
    later: Vec<String>,
    dividing: Option<(u64, String)>,
    /// The number of blank lines since the last row.
    blank_lines: u64,
    /// The first row, while it may be names that are whole numbers.
    counted: Option<String>,
    doubts: Vec<String>,
    commas: Commas,
    /// A column whose numbers have all been examined.
    pub surveyed: Option<(usize, Column)>,
}

impl Lines {
    /// Opens a text.
    pub fn open(source: &Source, layout: Layout) -> Result<Self, String> {
        Ok(Self {
            lines: LineReader::open(source)?,
            layout,
            text: String::new(),
            fields: Vec::new(),
            values: Vec::new(),
            separators: Separators::default(),
            columns: None,
            heading: Heading::None,
            heading_comments: Vec::new(),
            names: Vec::new(),
            comments: Vec::new(),
            later: Vec::new(),
            dividing: None,
            blank_lines: 0,
            counted: None,
            doubts: Vec::new(),
            commas: Commas::Unseen,
            surveyed: None,
        })
    }

    /// Examines how all numbers of a column are written.
    pub fn survey(&mut self, source: &Source, column: usize) -> Result<(), String> {
        let mut lines = Self::open(source, self.layout)?;
        let mut found = Column::EMPTY;
        // Later faults are reported when they are read.
        while let Ok(Some(_)) = lines.row() {
            found.add(lines.field(column));
        }
        self.surveyed = Some((column, found));
        Ok(())
    }

    /// The number of the last line, or of the line with an error; from 1.
    pub fn number(&self) -> u64 {
        self.lines.number
    }

    /// The names of the columns. They are known with the first row.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The comments above the numbers. They are known with the first row.
    pub fn comments(&self) -> &[String] {
        &self.comments
    }

    /// All comments so far.
    pub fn all_comments(&self) -> impl Iterator<Item = &String> {
        self.comments.iter().chain(&self.later)
    }

    /// The comments so far of which a part was not understood, which `left` finds. If columns were named by
    /// `names`, the comments with these names count as understood, except their intervals.
    pub fn unread(&self, names: &[Name], left: impl Fn(&str) -> Option<String>) -> Vec<Unread> {
        let is_heading = |comment: &String| !names.is_empty() && self.heading_comments.contains(comment);
        let unread = |comment: &String| {
            let left = if is_heading(comment) { left(&intervals_alone(comment)) } else { left(comment) };
            left.map(|left| Unread { comment: comment.clone(), left })
        };
        self.all_comments().filter_map(unread).collect()
    }

    /// Warnings so far about what may have been meant otherwise.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// The precision of a number in the last row.
    pub fn precision(&self, column: usize) -> Precision {
        match &self.surveyed {
            Some((surveyed, found)) if *surveyed == column => found.precision(self.field(column)),
            _ => Precision::of_text(self.field(column)),
        }
    }

    /// A number of the last row, as written.
    pub fn field(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| &self.text[field.clone()])
    }

    /// The numbers of the next row; `None` at the end.
    pub fn row(&mut self) -> Result<Option<&[f64]>, String> {
        while self.lines.next(self.layout.expected)? {
            let mut comment = self.decode();
            if comment.is_none() && self.is_before_the_heading() && heading::is_setting(&self.text) {
                comment = Some(self.text.trim().to_owned());
                self.text.clear();
            }
            self.split()?;
            if self.fields.is_empty() {
                self.blank_lines += u64::from(self.lines.bytes.iter().all(u8::is_ascii_whitespace));
                if let Some(comment) = comment {
                    self.take_comment(comment);
                }
                continue;
            }
            if let Some(comment) = comment {
                self.list(comment);
            }
            if self.is_before_the_heading() && self.is_heading()? {
                self.heading = Heading::Line(self.lines.number, self.text.trim().to_owned());
                self.heading_comments.clear();
                continue;
            }
            if self.has_names_only() && self.heading.add_units(self.text.trim()) {
                continue;
            }
            self.parse()?;
            self.check()?;
            return Ok(Some(&self.values));
        }
        if let Commas::Doubtful(line, text) = &self.commas {
            self.lines.number = *line;
            return Err(format!(
                "'{text}' may be a time and a value, or one number with a {}, which is not read, and so may \
                 all other lines; write decimal points and nothing after thousands, or a blank after each comma that \
                 separates, or `time,value` above the first line",
                match (text.find('.'), text.find(',')) {
                    (Some(point), Some(comma)) if point < comma =>
                        "point after its thousands and a decimal comma",
                    (Some(_), _) => "comma after its thousands",
                    (None, _) => "decimal comma",
                }
            ));
        }
        Ok(None)
    }

    /// Warns of rows that may not belong together.
    fn doubt_rows(&mut self) {
        if let Some((line, comment)) = self.dividing.take()
            && self.doubts.len() < MOST_DOUBTS
        {
            let what =
                if comment.is_empty() { "empty comment".to_owned() } else { format!("comment '{comment}'") };
            let doubt = format!(
                "the numbers above and below the {what} in line {line} are taken together, as one list"
            );
            self.doubts.push(doubt);
        } else if self.blank_lines >= DIVIDING_LINES && self.doubts.len() < MOST_DOUBTS {
            self.doubts.push(format!(
                "the numbers above and below the {} blank lines before line {} are taken together, as one list",
                self.blank_lines, self.lines.number
            ));
        }
        let has_points = || self.fields.iter().all(|field| self.text[field.clone()].contains('.'));
        match self.counted.take() {
            Some(first) if has_points() => self.doubts.push(format!(
                "the first line of numbers, '{first}', is taken for numbers; if they are names, as pandas writes them, \
                 leave them out (header=False)"
            )),
            _ => {}
        }
    }

    /// The message that there is no row, with a possible reason.
    pub fn none(&self, thing: &str) -> String {
        let taken = match &self.heading {
            Heading::Line(line, text) => {
                format!("; line {line}, '{text}', was taken for the names of columns")
            }
            _ => String::new(),
        };
        format!("there is no {thing} in it{taken}")
    }

    /// Checks the number of columns and the separators.
    fn check(&mut self) -> Result<(), String> {
        let count = self.values.len();
        if let (Some(before), true) = (self.separators.bare_comma, self.separators.has_others) {
            return Err(decimal_comma(self.pair(before)));
        }
        let is_bare = self.separators.bare_comma.is_some();
        let found = if count == 1 { "1 number".to_owned() } else { format!("{count} numbers") };
        let fits = self.columns.map_or(self.layout.columns.contains(&count), |columns| columns == count);
        let expected = self.layout.expected;
        if !fits
            && is_bare
            && !self.has_names_for(count)
            && count.is_multiple_of(2)
            && self.layout.columns.contains(&(count / 2))
        {
            return Err(format!("{}; expected {expected}", decimal_comma(self.pair(0))));
        }
        match self.columns {
            None if fits => {
                self.name_columns(count)?;
                self.columns = Some(count);
                self.blank_lines = 0;
                let is_count =
                    |(place, field): (usize, &Range<usize>)| self.text[field.clone()] == place.to_string();
                let counts = self.heading == Heading::None && self.fields.iter().enumerate().all(is_count);
                self.counted = counts.then(|| self.text.trim().to_owned());
                return self.check_commas(count, is_bare);
            }
            None => return Err(format!("{found}; expected {expected}")),
            Some(columns) if columns != count => {
                return Err(format!("{found}; expected {columns}, as in the lines before ({expected})"));
            }
            Some(_) => {}
        }
        if self.counted.is_some() || self.dividing.is_some() || self.blank_lines >= DIVIDING_LINES {
            self.doubt_rows();
        }
        self.blank_lines = 0;
        self.check_commas(count, is_bare)
    }

    /// Takes text and comment out of the line. Bytes that are not UTF-8 are read as Latin-1, in which every
    /// byte is a character.
    fn decode(&mut self) -> Option<String> {
        // Some editors and spreadsheets begin UTF-8 with a byte order mark.
        let line = match self.lines.bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(line) if self.lines.number == 1 => line,
            _ => &self.lines.bytes,
        };
        let mut signs = (0..line.len()).filter(|place| line[*place] == b'#');
        // `Trace #1` and `neuron #` are names.
        let may_name = self.columns.is_none()
            && matches!(self.heading, Heading::None | Heading::Comment(_))
            && line.iter().find(|byte| **byte != b'"').is_some_and(u8::is_ascii_alphabetic);
        let is_of_name = |place: usize| {
            may_name
                && line.get(place + 1).is_none_or(|next| next.is_ascii_digit() || b",;\t\"".contains(next))
        };
        let begins = |place: &usize| !malformed::is_error(&line[*place..]) && !is_of_name(*place);
        let (content, comment) = match signs.find(begins) {
            Some(place) => (&line[..place], Some(&line[place + 1..])),
            None => (line, None),
        };
        self.text.clear();
        append_text(content, &mut self.text);
        comment.map(|comment| {
            let mut text = String::new();
            append_text(comment, &mut text);
            text.trim_matches(|sign: char| sign == '#' || sign.is_whitespace()).to_owned()
        })
    }
}
