//! Tables of a TOML file with the place of each key, so that a message can name file, line and key.

use crate::failure::Failure;
use crate::quantity::series::Series;
use crate::quantity::{Unit, Written, count};
use crate::settings::words::shown;
use clap::ValueEnum;
use std::borrow::Cow;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file with its text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    source: Source<'a>,
    /// The table that it is in; empty for the file itself.
    table: String,
    pub key: String,
    at: usize,
    value: &'a Spanned<DeValue<'a>>,
}

/// The keys of a table that have not been taken yet.
#[derive(Debug)]
pub struct Entries<'a> {
    left: Vec<Entry<'a>>,
    /// The keys that there are.
    known: Vec<&'static str>,
    /// Of the table itself.
    place: String,
}

impl<'a> Source<'a> {
    /// The entries of the file itself, in its order.
    pub fn entries(self, table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
        self.entries_of(table, "")
    }

    fn entries_of(self, table: &'a DeTable<'a>, name: &str) -> Vec<Entry<'a>> {
        let entry = |(key, value): (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| Entry {
            source: self,
            table: name.to_owned(),
            key: key.get_ref().to_string(),
            at: key.span().start,
            value,
        };
        let mut entries: Vec<Entry<'a>> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.at);
        entries
    }

    fn line(self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

impl<'a> Entry<'a> {
    /// File, line, table, key and value.
    pub fn place(&self) -> String {
        let (file, line, key) = (self.source.name, self.source.line(self.at), &self.key);
        // A table with a heading of its own has many lines.
        let has_heading = self.is_table() && !self.text().trim_start().starts_with('{');
        match (self.table.as_str(), has_heading) {
            ("", true) => format!("{file}:{line}: {key}"),
            (table, true) => format!("{file}:{line}: {table}.{key}"),
            ("", false) => format!("{file}:{line}: {key} = {}", shown(self.text())),
            (table, false) => format!("{file}:{line}: {table}: {key} = {}", shown(self.text())),
        }
    }

    /// The key as options are spelled.
    pub fn option(&self) -> String {
        self.key.replace('_', "-")
    }

    fn text(&self) -> &'a str {
        self.source.text.get(self.value.span()).unwrap_or_default()
    }

    /// What is wrong with it.
    pub fn refusal(&self, reason: impl Display) -> Failure {
        Failure::usage(format!("{}: {reason}", self.place()))
    }

    /// A path in quotes, which is seen from the folder of the file. It is complete then, wherever it is written.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        let folder = Path::new(self.source.name).parent().unwrap_or(Path::new(""));
        let path = folder.join(self.string()?);
        std::path::absolute(&path).map_err(|error| self.refusal(error))
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// Its number or text as words.
    fn words(&self) -> Option<String> {
        Some(match self.value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            _ => return None,
        })
    }

    /// Whether it is a number, or text that may be one with a unit.
    pub fn is_single(&self) -> bool {
        self.words().is_some()
    }

    /// A number in this unit, or in its own as text.
    pub fn number_in(&self, unit: Unit) -> Result<f64, Failure> {
        self.read(|written| written.value_in(unit), &format!("a number, which is in {unit}"))
    }

    /// A number without a unit.
    pub fn number(&self) -> Result<f64, Failure> {
        self.read(Written::value, "a number")
    }

    fn read(&self, value: impl Fn(&Written) -> Result<f64, String>, form: &str) -> Result<f64, Failure> {
        let words = self.words().ok_or_else(|| self.refusal(format!("it must be {form}")))?;
        Written::read(&words).and_then(|written| value(&written)).map_err(|reason| self.refusal(reason))
    }

    /// A whole number.
    pub fn count<T: TryFrom<u64>>(&self) -> Result<T, Failure> {
        let words = self.words().ok_or_else(|| self.refusal("it must be a whole number"))?;
        count(&words).map_err(|reason| self.refusal(reason))
    }

    /// The values of a sweep.
    pub fn series(&self) -> Result<Series, Failure> {
        let words = match self.values() {
            None => self.words(),
            Some(values) => {
                values.iter().map(Self::words).collect::<Option<Vec<_>>>().map(|all| all.join(","))
            }
        };
        let form =
            "it must be a list, as [3, 4, 5], or a range in quotes, as \"3:8:11\" for 11 values from 3 to 8";
        words.ok_or_else(|| self.refusal(form))?.parse().map_err(|reason| self.refusal(reason))
    }

    pub fn flag(&self) -> Result<bool, Failure> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.refusal("it must be true or false")),
        }
    }

    /// Text in quotes.
    pub fn string(&self) -> Result<&'a str, Failure> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.refusal("it must be text in quotes")),
        }
    }

    /// One of the words of a rule of the model.
    pub fn choice<T: ValueEnum>(&self) -> Result<T, Failure> {
        let text = self.string()?;
        T::from_str(text, false).map_err(|_| {
            let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
            self.refusal(format!("it must be one of {}", names.join(", ")))
        })
    }

    /// The values of a list; `None` if it is none.
    pub fn values(&self) -> Option<Vec<Self>> {
        let DeValue::Array(values) = self.value.get_ref() else { return None };
        let entry = |value: &'a Spanned<DeValue<'a>>| Self { at: value.span().start, value, ..self.clone() };
        Some(values.iter().map(entry).collect())
    }

    /// Two numbers.
    pub fn pair(&self, number: impl Fn(&Self) -> Result<f64, Failure>) -> Result<(f64, f64), Failure> {
        match self.values().as_deref() {
            Some([first, second]) => Ok((number(first)?, number(second)?)),
            _ => Err(self.refusal("it must be a list of two numbers")),
        }
    }

    /// The entries of a table, in their order.
    pub fn table(&self) -> Result<Vec<Self>, Failure> {
        let DeValue::Table(table) = self.value.get_ref() else {
            return Err(self.refusal("it must be a table"));
        };
        let name =
            if self.table.is_empty() { self.key.clone() } else { format!("{}.{}", self.table, self.key) };
        Ok(self.source.entries_of(table, &name))
    }

    /// The same, to be taken one by one.
    pub fn entries(&self) -> Result<Entries<'a>, Failure> {
        Ok(Entries { left: self.table()?, known: Vec::new(), place: self.place() })
    }
}

impl<'a> Entries<'a> {
    /// Takes an entry, if it is there.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.known.push(key);
        let index = self.left.iter().position(|entry| entry.option() == key)?;
        Some(self.left.remove(index))
    }

    /// Takes an entry that has to be there.
    pub fn need(&mut self, key: &'static str) -> Result<Entry<'a>, Failure> {
        self.take(key).ok_or_else(|| Failure::usage(format!("{}: {key} is missing", self.place)))
    }

    /// Takes a number in a unit, if it is there.
    pub fn number_in(&mut self, key: &'static str, unit: Unit) -> Result<Option<f64>, Failure> {
        self.take(key).map(|entry| entry.number_in(unit)).transpose()
    }

    /// Refuses what has not been taken.
    pub fn finish(self) -> Result<(), Failure> {
        match self.left.first() {
            None => Ok(()),
            Some(entry) if self.known.contains(&entry.option().as_str()) => {
                Err(entry.refusal(format!("{} is there twice; keep one of them", entry.option())))
            }
            Some(entry) => Err(entry.refusal(format!("no such key; there are {}", self.known.join(", ")))),
        }
    }
}
