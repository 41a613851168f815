//! The line above the numbers of a text, and the names of columns in it.

use super::name::Name;
use super::sampling::{interval_in_prose, without_intervals};
use super::units;
use std::ops::Range;

const BRACKETS: [char; 6] = ['(', ')', '[', ']', '{', '}'];

/// A possible line of names.
#[derive(Debug, Clone, PartialEq)]
pub enum Heading {
    None,
    /// The last comment before the first row.
    Comment(String),
    /// Its number, and a line without any number.
    Line(u64, String),
}

impl Heading {
    /// Whether it is a line and not a comment; `None` if there is no heading.
    pub fn is_line(&self) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Comment(_) => Some(false),
            Self::Line(..) => Some(true),
        }
    }

    /// Adds the units of a second line to the names, if it has a unit for each name.
    pub fn add_units(&mut self, text: &str) -> bool {
        let (names, is_comment) = match self {
            Self::None => return false,
            Self::Line(_, names) => (names, false),
            Self::Comment(names) => (names, true),
        };
        let columns = fields(names);
        let found: Vec<&str> =
            fields(text).into_iter().map(|unit| unquoted(unit).trim_matches(BRACKETS)).collect();
        // A name with a unit may get another one.
        let has_unit = columns.iter().any(|name| Name::new(name).has_unit());
        // A comment may say anything.
        let is_known = |name: &&str| {
            let name = Name::new(name);
            name.is_of_no_value() || name.is_of_values()
        };
        if has_unit
            || is_comment && !(columns.len() > 1 && columns.iter().all(is_known))
            || columns.len() != found.len()
            || !found.iter().all(|unit| units::is_unit_of_a_column(unit))
        {
            return false;
        }
        let with_unit = |(name, unit)| format!("{} ({unit})", unquoted(name));
        let named: Vec<String> = columns.into_iter().zip(found).map(with_unit).collect();
        // Names contain no semicolon, as this separates them.
        *names = named.join(";");
        true
    }

    /// The names, if there are `count`.
    pub fn names(&self, count: usize) -> Option<Vec<Name>> {
        let (text, is_line) = match self {
            Self::None => return None,
            // Intervals of samples are read from any comment.
            Self::Comment(text) => (without_intervals(text), false),
            Self::Line(_, text) => (text.clone(), true),
        };
        if !is_line && has_a_number(&text) {
            return None;
        }
        let ways = ways_to_divide(&text, is_line);
        let found = ways.into_iter().find(|names| names.len() == count)?;
        Some(found.into_iter().map(Name::new).collect())
    }
}

/// Whether a comment contains a number or an equals sign, as `baseline 5 s, step 0.5 nA` or `dt = tau / 10`:
/// it describes the experiment, and names no columns.
fn has_a_number(text: &str) -> bool {
    // A number in brackets is part of a unit.
    let mut depth = 0_i32;
    let outside: String = text
        .chars()
        .filter(|sign| {
            depth += i32::from("([{".contains(*sign)) - i32::from(")]}".contains(*sign));
            depth <= 0
        })
        .collect();
    let mut words = outside.split(|sign: char| sign.is_whitespace() || ",;:)]}".contains(sign));
    outside.contains('=') || words.any(|word| word.parse::<f64>().is_ok_and(f64::is_finite))
}

/// Whether each field of a line is a setting, as `fs=1000` and `dt:1ms`, and no name.
pub fn is_setting(text: &str) -> bool {
    let is_begun_by_number = |text: &str| {
        text.trim().trim_start_matches(['-', '+', '.']).starts_with(|sign: char| sign.is_ascii_digit())
    };
    let is_one = |field: &str| {
        let field = unquoted(field);
        let is_set_by = |sign| field.split_once(sign).is_some_and(|(_, value)| is_begun_by_number(value));
        field.starts_with(char::is_alphabetic)
            && (is_set_by('=') || is_set_by(':') && interval_in_prose(field).is_some())
    };
    let mut fields = fields(text).into_iter().peekable();
    fields.peek().is_some() && fields.all(is_one)
}

/// The fields of a line of names, between separators or blanks.
pub fn fields(text: &str) -> Vec<&str> {
    match separated(text) {
        Some(fields) => fields,
        None => text.split_whitespace().collect(),
    }
}

fn separated(text: &str) -> Option<Vec<&str>> {
    [';', ',', '\t', '|'].into_iter().find_map(|separator| {
        let trimmed = text.trim_end_matches(separator);
        trimmed.contains(separator).then(|| trimmed.split(separator).collect())
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

/// The possible names in a line: between separators; or each word with the brackets behind it; or from
/// bracket to bracket; or on both sides of `and`, if each has a unit; or the whole line. Only a line of names
/// can be a name of several words without brackets; a comment may say anything.
fn ways_to_divide(text: &str, is_line: bool) -> Vec<Vec<&str>> {
    if let Some(fields) = separated(text) {
        return vec![fields];
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
            Some(last) if is_open || opens || is_unit_of(&text[last.clone()], word) => last.end = place,
            _ => words.push(start..place),
        }
        is_open = (is_open || word.contains(['(', '[', '{'])) && !word.contains([')', ']', '}']);
    }
    let words: Vec<&str> = words.into_iter().map(|word| &text[word]).collect();
    let between = |sign: char| sign.is_whitespace() || "/|&".contains(sign);
    let brackets: Vec<&str> =
        text.split_inclusive([')', ']', '}']).map(|name| name.trim_matches(between)).collect();
    let is_bracketed = text.ends_with([')', ']', '}']);
    let mut ways = vec![words];
    if is_line || is_bracketed {
        ways.push(brackets);
    }
    let joined: Vec<&str> = text.split(" and ").map(str::trim).collect();
    if joined.len() > 1 && joined.iter().all(|name| Name::new(name).has_unit()) {
        ways.push(joined);
    }
    if is_line {
        ways.push(vec![text]);
    }
    ways
}

/// Whether a word is the unit of the name in front of it: `time sec`.
fn is_unit_of(name: &str, word: &str) -> bool {
    units::is_plain_time_unit(word) && !units::is_plain_time_unit(name) && !name.ends_with([')', ']', '}'])
}
