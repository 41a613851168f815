//! The names of columns, from a line of names or from comments.

use super::super::heading::{self, Heading};
use super::super::malformed::{is_missing, is_mistyped};
use super::super::name::Name;
use super::super::signs::is_ruler;
use super::super::units::time_unit_of;
use super::Lines;
use super::MOST_COMMENTS;

impl Lines {
    /// Adds a comment to the list, unless it says nothing.
    pub(super) fn list(&mut self, comment: String) {
        let is_above = self.columns.is_none() && self.fields.is_empty();
        let comments = if is_above { &mut self.comments } else { &mut self.later };
        if comments.len() < MOST_COMMENTS && !is_ruler(&comment) {
            comments.push(comment);
        }
    }

    /// Reads a line that is only a comment.
    pub(super) fn take_comment(&mut self, comment: String) {
        self.list(comment.clone());
        if self.columns.is_some() {
            // Any comment may separate trials.
            self.dividing.get_or_insert((self.lines.number, comment));
        } else if self.is_before_the_heading() && comment.contains(char::is_alphabetic) {
            // A comment without letters does not replace the heading above it.
            if self.heading.add_units(&comment) {
                self.heading_comments.push(comment);
            } else {
                self.heading_comments = vec![comment.clone()];
                self.heading = Heading::Comment(comment);
            }
        }
    }

    /// The names of `count` columns. They may also come from a comment that is likely to name times or counts
    /// of samples.
    pub fn probable_names(&self, count: usize) -> Vec<Name> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        let names = self.comment_names(count);
        let is_prose = self.is_prose(&names) || names.iter().any(Name::is_lone_unit);
        if names.iter().any(Name::is_of_no_value) && !is_prose { names } else { Vec::new() }
    }

    /// Whether possible names are prose about times, as `times in ms` and `time x10 ms`.
    pub(super) fn is_prose(&self, names: &[Name]) -> bool {
        let Some((first, others)) = names.split_first() else { return false };
        if first.is_about_intervals() {
            return true;
        }
        let is_of_values = self.layout.is_doubtful();
        // Columns in the wrong order have names all the same.
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

    /// The names of `count` columns in the last comment above the first row.
    pub fn comment_names(&self, count: usize) -> Vec<Name> {
        let names = || self.heading.names(count).unwrap_or_default();
        if self.heading.is_line() == Some(false) { names() } else { Vec::new() }
    }

    /// Whether there is a line with the names of `count` columns.
    pub(super) fn has_names_for(&self, count: usize) -> bool {
        self.heading.is_line() == Some(true) && self.heading.names(count).is_some()
    }

    /// Whether there was a line of names, and no number yet.
    pub(super) fn has_names_only(&self) -> bool {
        self.columns.is_none() && self.heading.is_line() == Some(true)
    }

    /// Whether no line has named the columns yet.
    pub(super) fn is_before_the_heading(&self) -> bool {
        self.columns.is_none() && !matches!(self.heading, Heading::Line(..))
    }

    /// Whether the line names columns: it begins with a letter, and contains no number and no word for a
    /// missing number.
    pub(super) fn is_heading(&self) -> Result<bool, String> {
        // Between commas, a name may contain a number.
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

    /// Finds names for `count` columns above the first row.
    pub(super) fn name_columns(&mut self, count: usize) -> Result<(), String> {
        let Some(is_line) = self.heading.is_line() else { return Ok(()) };
        let names = self.heading.names(count);
        // One of two columns has times; otherwise words in front of a unit are prose.
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
            // Another comment may name both columns with their units, with more comments below it.
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
