//! The fields of a line, and their numbers.

use super::super::malformed::{self, no_number};
use super::Lines;

/// What is between the fields of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Separators {
    /// A comma without a blank, as a decimal comma has it: the number of the field in front of the first one.
    pub bare_comma: Option<usize>,
    /// Any other separator.
    pub has_others: bool,
}

impl Lines {
    /// Finds the fields between blanks, commas or semicolons.
    pub(super) fn split(&mut self) -> Result<(), String> {
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
            if malformed::is_blank_in_number(&self.text, rest, start) {
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

    /// Reads the fields as numbers.
    pub(super) fn parse(&mut self) -> Result<(), String> {
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

    /// A field and the next one, as text.
    pub(super) fn pair(&self, first: usize) -> &str {
        let last = (first + 1).min(self.fields.len().saturating_sub(1));
        self.fields.get(first).map_or("", |field| &self.text[field.start..self.fields[last].end])
    }
}
