//! The parameters that a search varies, and their bounds.

use crate::quantity::{MOHM, MS, MV, Unit};
use crate::spread::{self, Spread};
use lif::{Parameter, Params};
use ndarray::Array1;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A parameter by the name of its option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    TauM,
    Resistance,
    VRest,
    VReset,
    VThreshold,
    TRef,
    StimulusDelay,
}

const NAMES: [(&str, Name, Unit); 7] = [
    ("tau-m", Name::TauM, MS),
    ("resistance", Name::Resistance, MOHM),
    ("v-rest", Name::VRest, MV),
    ("v-reset", Name::VReset, MV),
    ("v-threshold", Name::VThreshold, MV),
    ("t-ref", Name::TRef, MS),
    ("stimulus-delay", Name::StimulusDelay, MS),
];

impl Name {
    /// How many there are.
    pub const COUNT: usize = NAMES.len();

    /// As on the command line.
    pub fn text(self) -> &'static str {
        NAMES.iter().find(|(_, name, _)| *name == self).map_or("", |(text, ..)| text)
    }

    /// What its values are measured in.
    pub fn unit(self) -> Unit {
        NAMES.iter().find(|(_, name, _)| *name == self).map_or(MS, |(.., unit)| *unit)
    }
}

/// A parameter between bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vary {
    pub name: Name,
    pub low: f64,
    pub high: f64,
    pub is_logarithmic: bool,
    /// The step, ms, of which values are whole multiples, where they are: times that are counted in steps.
    pub grid: Option<f64>,
}

impl Vary {
    /// The value at a place from 0, the lower bound, to 1, the upper, as a neuron has it.
    pub fn value(&self, place: f64) -> f32 {
        // By libm, as functions of the system differ in the last bit.
        let value = if self.is_logarithmic {
            self.low * libm::exp(place * libm::log(self.high / self.low))
        } else {
            self.low + place * (self.high - self.low)
        };
        let value = value.clamp(self.low, self.high);
        self.grid.map_or(value, |step| (value / step).round() * step) as f32
    }

    /// With values that are whole steps, where the parameter is counted in these.
    pub fn in_steps(self, dt: f64) -> Self {
        let grid = matches!(self.name, Name::TRef | Name::StimulusDelay).then_some(dt);
        Self { grid, ..self }
    }

    /// The values of candidates at these places of this dimension.
    pub fn values(&self, dimension: usize, places: &[Vec<f64>]) -> Array1<f32> {
        places.iter().map(|place| self.value(place[dimension])).collect()
    }

    /// Where these parameters have it; a delay is none of theirs.
    pub fn parameter<'a>(&self, params: &'a mut Params) -> Option<&'a mut Parameter> {
        match self.name {
            Name::TauM => Some(&mut params.tau_m),
            Name::Resistance => Some(&mut params.resistance),
            Name::VRest => Some(&mut params.v_rest),
            Name::VReset => Some(&mut params.v_reset),
            Name::VThreshold => Some(&mut params.v_threshold),
            Name::TRef => Some(&mut params.t_ref),
            Name::StimulusDelay => None,
        }
    }
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("'{text}' must be NAME=LO:HI or NAME=LO:HI:log");
        let (name, bounds) = text.split_once('=').ok_or_else(form)?;
        let name = name.replace('_', "-");
        let Some((_, name, _)) = NAMES.iter().find(|(known, ..)| *known == name) else {
            let names = NAMES.map(|(known, ..)| known).join(", ");
            return Err(format!("'{name}' cannot be varied; there are {names}"));
        };
        let (bounds, is_logarithmic) = match bounds.strip_suffix(":log") {
            Some(bounds) => (bounds, true),
            None => (bounds, false),
        };
        if bounds.split(':').count() != 2 {
            return Err(form());
        }
        let [low, high] = spread::in_unit(bounds, name.unit()).map(Spread::ends)?;
        if low >= high {
            return Err(format!("the lower bound {low} must be below the upper bound {high}"));
        }
        if is_logarithmic && low <= 0.0 {
            return Err(format!("the lower bound {low} must be above 0 on a logarithmic scale"));
        }
        if *name == Name::StimulusDelay && low < 0.0 {
            return Err(format!("the lower bound {low} must be 0 or more: a stimulus cannot come early"));
        }
        Ok(Self { name: *name, low, high, is_logarithmic, grid: None })
    }
}

impl fmt::Display for Vary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = if self.is_logarithmic { ":log" } else { "" };
        write!(formatter, "{}={}:{}{scale}", self.name.text(), self.low, self.high)
    }
}

impl Serialize for Vary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
