//! Numbers as text: rows of one or a few, one row per line, after a line with the names of the columns
//! where there is one.

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

/// More comments are no description of the numbers below them.
const MOST_COMMENTS: usize = 1000;

/// So many lines without anything stand between recordings, as other programs write them; one may be between any rows.
const DIVIDING_LINES: u64 = 2;

/// The more there are, the less they say.
const MOST_DOUBTS: usize = 3;

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
    lines: LineReader,
    layout: Layout,
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
    /// The comments that the heading consists of, where it is none of its own line.
    heading_comments: Vec<String>,
    names: Vec<Name>,
    /// The comments above the numbers that say something,
    comments: Vec<String>,
    /// those beside and between them, and one that has numbers on both sides, with its line.
    later: Vec<String>,
    dividing: Option<(u64, String)>,
    /// How many lines without anything were read since the last row.
    blank_lines: u64,
    /// The first row, where it may be names that are whole numbers, until the second is read.
    counted: Option<String>,
    doubts: Vec<String>,
    commas: Commas,
    /// A column whose numbers have all been looked at.
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

    /// Looks through the text for how the numbers of a column are written.
    pub fn survey(&mut self, source: &Source, column: usize) -> Result<(), String> {
        let mut lines = Self::open(source, self.layout)?;
        let mut found = Column::EMPTY;
        // What is wrong further on is told when it is read.
        while let Ok(Some(_)) = lines.row() {
            found.add(lines.field(column));
        }
        self.surveyed = Some((column, found));
        Ok(())
    }

    /// The number of the line that was read last, or of the one that an error is about; from 1.
    pub fn number(&self) -> u64 {
        self.lines.number
    }

    /// The names of the columns, where there are any. They are known with the first row.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The comments above the numbers. They are known with the first row.
    pub fn comments(&self) -> &[String] {
        &self.comments
    }

    /// The comments that were found so far.
    pub fn all_comments(&self) -> impl Iterator<Item = &String> {
        self.comments.iter().chain(&self.later)
    }

    /// The comments that were found so far and say what nobody understands, which `left` finds out. Those that name columns
    /// are read where `names` were taken, but for the intervals in them.
    pub fn unread(&self, names: &[Name], left: impl Fn(&str) -> Option<String>) -> Vec<Unread> {
        let is_heading = |comment: &String| !names.is_empty() && self.heading_comments.contains(comment);
        let unread = |comment: &String| {
            let left = if is_heading(comment) { left(&intervals_alone(comment)) } else { left(comment) };
            left.map(|left| Unread { comment: comment.clone(), left })
        };
        self.all_comments().filter_map(unread).collect()
    }

    /// What may have been meant otherwise than it was read so far.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// How exactly a number of the last row is known.
    pub fn precision(&self, column: usize) -> Precision {
        match &self.surveyed {
            Some((surveyed, found)) if *surveyed == column => found.precision(self.field(column)),
            _ => Precision::of_text(self.field(column)),
        }
    }

    /// A number of the last row, as it is written.
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

    /// Doubts that two rows are what they seem.
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

    /// That there is no row of these in the text, with what may be the reason.
    pub fn none(&self, thing: &str) -> String {
        let taken = match &self.heading {
            Heading::Line(line, text) => {
                format!("; line {line}, '{text}', was taken for the names of columns")
            }
            _ => String::new(),
        };
        format!("there is no {thing} in it{taken}")
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
            None => return Err(format!("{said}; expected {expected}")),
            Some(columns) if columns != count => {
                return Err(format!("{said}; expected {columns}, as in the lines before ({expected})"));
            }
            Some(_) => {}
        }
        if self.counted.is_some() || self.dividing.is_some() || self.blank_lines >= DIVIDING_LINES {
            self.doubt_rows();
        }
        self.blank_lines = 0;
        self.check_commas(count, is_bare)
    }

    /// Takes the text out of the line, and its comment. Bytes that are no UTF-8 are taken for Latin-1,
    /// in which every byte is a sign.
    fn decode(&mut self) -> Option<String> {
        // Some editors and spreadsheets begin UTF-8 with the mark of its byte order.
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
