//! The parameters that a search varies, as the command line gives them.

use crate::quantity::spread::{self, Spread};
use crate::quantity::{MOHM, MS, MV, Unit};
use lif::fit::Varied;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A parameter with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vary(pub lif::fit::Vary);

/// The name of its option.
pub fn name(varied: Varied) -> String {
    varied.name().replace('_', "-")
}

impl Vary {
    /// The name of its option.
    pub fn name(&self) -> String {
        name(self.0.parameter)
    }

    /// The unit of its values.
    pub fn unit(&self) -> Unit {
        unit(self.0.parameter)
    }
}

fn unit(varied: Varied) -> Unit {
    match varied {
        Varied::TauM | Varied::TRef | Varied::StimulusDelay => MS,
        Varied::Resistance => MOHM,
        Varied::VRest | Varied::VReset | Varied::VThreshold => MV,
    }
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("'{text}' must be NAME=LO:HI or NAME=LO:HI:log");
        let (given, bounds) = text.split_once('=').ok_or_else(form)?;
        let given = given.replace('_', "-");
        let Some(varied) = Varied::ALL.into_iter().find(|varied| name(*varied) == given) else {
            let names = Varied::ALL.map(name).join(", ");
            return Err(format!("'{given}' cannot be varied; there are {names}"));
        };
        let (bounds, is_logarithmic) = match bounds.strip_suffix(":log") {
            Some(bounds) => (bounds, true),
            None => (bounds, false),
        };
        if bounds.split(':').count() != 2 {
            return Err(form());
        }
        let [low, high] = spread::in_unit(bounds, unit(varied)).map(Spread::ends)?;
        let vary = lif::fit::Vary::new(varied, low..=high);
        let vary = if is_logarithmic { vary.and_then(lif::fit::Vary::logarithmic) } else { vary };
        vary.map(Self).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Vary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = if self.0.is_logarithmic() { ":log" } else { "" };
        let (low, high) = self.0.bounds().into_inner();
        write!(formatter, "{}={low}:{high}{scale}", self.name())
    }
}

impl Serialize for Vary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
