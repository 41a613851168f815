//! Neurons as options name them: by their identifiers, or by a file with these.

use crate::network::description::Group;
use crate::network::ids::Ids;
use crate::quantity::shown;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Hz, as in the experiments of the paper.
const DEFAULT_RATE: f64 = 150.0;

/// `--activate`: neurons, and the rate of the spikes that drive them, Hz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Activation {
    named: Silenced,
    pub rate: f64,
}

/// `--silence`: neurons, by their identifiers with commas or by a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Silenced(String);

impl Silenced {
    /// The identifiers of neurons of a group, each once.
    pub fn names(&self, group: &Group) -> Result<Vec<u64>, String> {
        let ids = match ids(&self.0) {
            Some(ids) => ids,
            None => of_file(Path::new(&self.0))?,
        };
        // All must be there.
        ids.iter().try_for_each(|id| group.neuron(*id).map(drop))?;
        Ok(ids)
    }
}

impl Activation {
    /// The numbers of the neurons of a group.
    pub fn neurons(&self, group: &Group) -> Result<Vec<u32>, String> {
        self.named.names(group)?.into_iter().map(|id| group.neuron(id)).collect()
    }
}

/// Identifiers with commas or blanks; `None` if it is something else.
fn ids(text: &str) -> Option<Vec<u64>> {
    let words = text.split(|sign: char| sign == ',' || sign.is_whitespace()).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok()).collect()
}

/// Those in a file: a bare list, or a column that is recognised by its name.
fn of_file(path: &Path) -> Result<Vec<u64>, String> {
    let within = |reason: String| format!("{}: {reason}", path.display());
    if !path.exists() {
        return Err(within("it is neither a list of ids nor a file".to_owned()));
    }
    let text = crate::files::text::read(path, MOST_TEXT).ok();
    if let Some(ids) = text.and_then(|text| ids(&text)) {
        return Ok(ids);
    }
    Ids::read(path, None).map(|ids| ids.of_neurons).map_err(within)
}

/// The longest bare list, bytes.
const MOST_TEXT: u64 = 64 << 20;

impl FromStr for Silenced {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("it must be ids with commas, or a file with ids".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (neurons, rate) = match text.rsplit_once(':') {
            // Otherwise the colon is part of a path.
            Some((neurons, rate)) if rate.trim().parse::<f64>().is_ok() => {
                (neurons, rate.trim().parse().ok())
            }
            _ => (text, None),
        };
        let rate: f64 = rate.unwrap_or(DEFAULT_RATE);
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(format!("the rate is {}; it must be 0 Hz or more", shown(rate)));
        }
        Ok(Self { named: neurons.parse()?, rate })
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.named.0, self.rate)
    }
}

macro_rules! as_text {
    ($($kind:ty: $text:expr;)*) => {$(
        impl TryFrom<String> for $kind {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(value: $kind) -> Self {
                let text: fn($kind) -> Self = $text;
                text(value)
            }
        }
    )*};
}

as_text! {
    Silenced: |named| named.0;
    Activation: |activation| activation.to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_may_follow_the_neurons() {
        let read = |text: &str| text.parse::<Activation>().map(|one| (one.named.0, one.rate));
        assert_eq!(read("720575940624963786,7:30"), Ok(("720575940624963786,7".to_owned(), 30.0)));
        assert_eq!(read("sugar.txt"), Ok(("sugar.txt".to_owned(), 150.0)));
        assert_eq!(read("c:/sugar.txt"), Ok(("c:/sugar.txt".to_owned(), 150.0)));
        for wrong in ["", ":20", "7:-1", "7:nan", "7:inf"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let one: Activation = "1,2:40".parse().unwrap();
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}
