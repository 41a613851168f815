//! Numbers as text: rows of one or a few, one row per line, after a line with the names of the columns
//! where there is one.

use super::heading::{self, Heading};
use super::left::Unread;
use super::name::Name;
use super::sampling::intervals_alone;
use super::signs::is_ruler;
use super::source::{Reader, Source};
use super::time::{Column, Precision};
use super::units::time_unit_of;
use super::unread::{
    self, decimal_comma, is_grouped, is_grouped_by_points, is_missing, is_mistyped, no_number,
};
use std::io::{BufRead, BufReader};
use std::ops::Range;

/// Longer lines hold no few numbers.
const LONGEST_LINE: usize = 1 << 16;
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

/// What is between the fields of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Separators {
    /// A comma with nothing beside it, as a decimal comma has it: the first field before one.
    bare_comma: Option<usize>,
    /// Anything else.
    has_others: bool,
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
        self.number
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

    /// The names of `count` columns, also where they may only be a comment, of times or of what counts samples.
    pub fn probable_names(&self, count: usize) -> Vec<Name> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        let names = self.comment_names(count);
        let is_prose = self.is_prose(&names) || names.iter().any(Name::is_lone_unit);
        if names.iter().any(Name::is_of_no_value) && !is_prose { names } else { Vec::new() }
    }

    /// Whether what may be names is prose about times, as `times in ms` and `time x10 ms`.
    fn is_prose(&self, names: &[Name]) -> bool {
        let Some((first, others)) = names.split_first() else { return false };
        if first.is_said_of_intervals() {
            return true;
        }
        let is_of_values = self.layout.is_doubtful();
        // Columns in the wrong order are names all the same.
        let is_turned = |name: &Name| {
            if name.is_lone_unit() {
                is_of_values && first.is_lone_value_unit()
            } else {
                first.is_of_values() && (first.has_unit() || name.is_of_times())
            }
        };
        others
            .iter()
            .any(|name| (name.is_lone_unit() || is_of_values && name.has_time_unit()) && !is_turned(name))
    }

    /// What the last comment before the first row says, as names of `count` columns.
    pub fn comment_names(&self, count: usize) -> Vec<Name> {
        let names = || self.heading.names(count).unwrap_or_default();
        if self.heading.is_line() == Some(false) { names() } else { Vec::new() }
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
        while self.read_line()? {
            let mut comment = self.decode();
            if comment.is_none() && self.is_before_the_heading() && heading::is_setting(&self.text) {
                comment = Some(self.text.trim().to_owned());
                self.text.clear();
            }
            self.split()?;
            if self.fields.is_empty() {
                self.blank_lines += u64::from(self.line.iter().all(u8::is_ascii_whitespace));
                if let Some(comment) = comment {
                    self.take_comment(comment);
                }
                continue;
            }
            if let Some(comment) = comment {
                self.list(comment);
            }
            if self.is_before_the_heading() && self.is_heading()? {
                self.heading = Heading::Line(self.number, self.text.trim().to_owned());
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
            self.number = *line;
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

    /// Keeps a comment that says something, to be listed.
    fn list(&mut self, comment: String) {
        let is_above = self.columns.is_none() && self.fields.is_empty();
        let comments = if is_above { &mut self.comments } else { &mut self.later };
        if comments.len() < MOST_COMMENTS && !is_ruler(&comment) {
            comments.push(comment);
        }
    }

    /// A line that is a comment and nothing else.
    fn take_comment(&mut self, comment: String) {
        self.list(comment.clone());
        if self.columns.is_some() {
            // Whatever it says, it may divide trials.
            self.dividing.get_or_insert((self.number, comment));
        } else if self.is_before_the_heading() && comment.contains(char::is_alphabetic) {
            // What has no letters leaves what is above it as it is.
            if self.heading.add_units(&comment) {
                self.heading_comments.push(comment);
            } else {
                self.heading_comments = vec![comment.clone()];
                self.heading = Heading::Comment(comment);
            }
        }
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
                self.blank_lines, self.number
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
        let mut signs = (0..line.len()).filter(|place| line[*place] == b'#');
        // `Trace #1` and `neuron #` are names.
        let may_name = self.columns.is_none()
            && matches!(self.heading, Heading::None | Heading::Comment(_))
            && line.iter().find(|byte| **byte != b'"').is_some_and(u8::is_ascii_alphabetic);
        let is_of_name = |place: usize| {
            may_name
                && line.get(place + 1).is_none_or(|next| next.is_ascii_digit() || b",;\t\"".contains(next))
        };
        let begins = |place: &usize| !unread::is_error(&line[*place..]) && !is_of_name(*place);
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
                            complete, and is without a name or number of its own (pandas: index=False; R: \
                            row.names=FALSE)"
                        .to_owned(),
                );
            }
            if rest > 0 && between == "," {
                self.separators.bare_comma.get_or_insert(self.fields.len() - 1);
            } else if rest > 0 {
                self.separators.has_others = true;
            }
            if unread::is_blank_in_number(&self.text, rest, start) {
                return Err(format!(
                    "'{}' has a no-break or thin blank between digits; write numbers without blanks, and another \
                     blank between columns",
                    self.text.trim()
                ));
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

    /// Whether there is a line with the names of `count` columns.
    fn has_names_for(&self, count: usize) -> bool {
        self.heading.is_line() == Some(true) && self.heading.names(count).is_some()
    }

    /// Whether the line with names was there, and no number yet.
    fn has_names_only(&self) -> bool {
        self.columns.is_none() && self.heading.is_line() == Some(true)
    }

    fn is_before_the_heading(&self) -> bool {
        self.columns.is_none() && !matches!(self.heading, Heading::Line(..))
    }

    /// Whether the line names columns: it begins with a letter and has no number, nor a word for none.
    fn is_heading(&self) -> Result<bool, String> {
        // Between commas, a name may have a number in it.
        let mut fields =
            heading::fields(&self.text).into_iter().map(|field| field.trim().trim_matches(['"', '\'']));
        let first = fields.clone().next().unwrap_or_default();
        if !first.starts_with(char::is_alphabetic)
            || fields.any(|field| field.parse::<f64>().is_ok() || is_missing(field))
        {
            return Ok(false);
        }
        if is_mistyped(first) {
            return Err(format!(
                "'{first}' seems to be a mistyped number; a name of a column has more letters than digits"
            ));
        }
        Ok(true)
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

    /// Takes the fields for numbers.
    fn parse(&mut self) -> Result<(), String> {
        self.values.clear();
        for field in &self.fields {
            let field = &self.text[field.clone()];
            // Some programs write numbers in quotes.
            let number = ['"', '\'']
                .iter()
                .find_map(|quote| field.strip_prefix(*quote).and_then(|inside| inside.strip_suffix(*quote)));
            match number.unwrap_or(field).parse::<f64>() {
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

    fn check_commas(&mut self, count: usize, is_bare: bool) -> Result<(), String> {
        if count == 2 && self.layout.is_doubtful() { self.doubt(is_bare) } else { Ok(()) }
    }

    /// Looks for what tells a comma that separates from a decimal comma.
    fn doubt(&mut self, is_bare: bool) -> Result<(), String> {
        let pair = self.pair(0);
        let [first, second] = [0, 1].map(|place| &self.text[self.fields[place].clone()]);
        let is_grouped = is_grouped(first, second);
        let is_named = self.names.len() > 1;
        if !is_named && !is_bare && is_grouped && second.starts_with('0') {
            return Err(format!(
                "'{pair}' seems to be one number with a blank after its thousands, which is not read; write numbers \
                 without blanks, or `time value` above the first line"
            ));
        }
        let is_clear = is_named
            || !is_bare
            || second.starts_with(['-', '+'])
            || pair.contains('.') && !is_grouped && !is_grouped_by_points(first, second);
        if is_clear || self.commas == Commas::Separate {
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

    /// Finds names for `count` columns in what was before the first row.
    fn name_columns(&mut self, count: usize) -> Result<(), String> {
        let Some(is_line) = self.heading.is_line() else { return Ok(()) };
        let names = self.heading.names(count);
        // Of two columns one has times; other words before a unit are prose.
        let has_times = |names: &[Name]| {
            let is_of_times = |name: &Name| {
                name.has_time_unit() || name.is_of_times() || time_unit_of(name.text()).is_some()
            };
            !(self.layout.is_doubtful() && count == 2) || names.iter().any(is_of_times)
        };
        let may_be_names = |names: &[Name]| {
            has_times(names)
                && names.iter().all(|name| name.text().starts_with(char::is_alphabetic))
                && names.iter().any(Name::has_unit)
                && !self.is_prose(names)
                && !(self.layout.is_doubtful() && count == 1 && names.iter().all(Name::is_lone_unit))
        };
        let have_units = |names: &Vec<Name>| names.iter().all(Name::has_unit) && may_be_names(names);
        match (&self.heading, names) {
            (_, Some(names)) if is_line || may_be_names(&names) => self.names = names,
            // Others may stand below one that names both columns with their units.
            (Heading::Comment(_), _) if count == 2 && self.layout.is_doubtful() => {
                let named = self.comments.iter().rev().find_map(|comment| {
                    let names = Heading::Comment(comment.clone()).names(count).filter(have_units)?;
                    Some((comment.clone(), names))
                });
                if let Some((comment, names)) = named {
                    (self.heading_comments, self.names) = (vec![comment], names);
                }
            }
            (Heading::Line(line, text), None) => {
                return Err(format!(
                    "there {}, but the names of the columns in line {line}, '{text}', are not as many; start comments \
                     with #",
                    if count == 1 { "is 1 number".to_owned() } else { format!("are {count} numbers") }
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

fn append_text(bytes: &[u8], text: &mut String) {
    match str::from_utf8(bytes) {
        Ok(utf8) => text.push_str(utf8),
        Err(_) => text.extend(bytes.iter().map(|byte| char::from(*byte))),
    }
}

#[cfg(test)]
mod tests;
