//! Commas: separators of numbers, or decimal commas?

use super::super::malformed::{decimal_comma, is_grouped, is_grouped_by_points};
use super::Lines;

/// Whether commas separate numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Commas {
    Unseen,
    /// They do, or are decimal commas; the first line in doubt.
    Doubtful(u64, String),
    Separate,
}

impl Lines {
    /// Refuses a line whose commas may be decimal commas.
    pub(super) fn check_commas(&mut self, count: usize, is_bare: bool) -> Result<(), String> {
        if count == 2 && self.layout.is_doubtful() { self.doubt(is_bare) } else { Ok(()) }
    }

    /// Looks for differences between separating and decimal commas.
    pub(super) fn doubt(&mut self, is_bare: bool) -> Result<(), String> {
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
            self.commas = Commas::Doubtful(self.lines.number, pair.to_owned());
        }
        Ok(())
    }

    /// Whether the last row may be one number with a decimal comma.
    pub fn may_have_decimal_comma(&self) -> bool {
        matches!(self.commas, Commas::Doubtful(..))
    }
}
