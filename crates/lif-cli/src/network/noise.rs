//! Noise: a current that is drawn anew at each step, for each neuron its own.

use super::entries::Entry;
use super::file::only;
use crate::failure::Failure;
use crate::quantity::NA;

const FORM: &str = "it must be { gaussian = [mean, sd] }, { white-noise = [mean, sigma] } or { uniform = [low, high] }, or \
                    a list of these";

/// How a noise is distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By mean and standard deviation, nA.
    Gaussian,
    /// By mean, nA, and intensity, nA ms^1/2.
    White,
    /// From a lowest up to a highest current, nA.
    Uniform,
}

const KINDS: [(&str, Kind); 3] =
    [("gaussian", Kind::Gaussian), ("white-noise", Kind::White), ("uniform", Kind::Uniform)];

/// A noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    pub kind: Kind,
    pub first: f64,
    pub second: f64,
}

/// All sources of noise of a group.
pub fn read(entry: &Entry<'_>) -> Result<Vec<Noise>, Failure> {
    let sources = entry.values().unwrap_or_else(|| vec![entry.clone()]);
    sources.iter().map(one).collect()
}

fn one(entry: &Entry<'_>) -> Result<Noise, Failure> {
    let given = only(entry, FORM)?;
    let (_, kind) =
        KINDS.into_iter().find(|(name, _)| *name == given.option()).ok_or_else(|| entry.refusal(FORM))?;
    let numbers = given.values().filter(|numbers| numbers.len() == 2);
    let Some([first, second]) = numbers.as_deref() else {
        return Err(given.refusal("it must be a list of two numbers"));
    };
    let mean = first.number_in(NA)?;
    // The unit of an intensity is that of a current times the root of a time.
    let other = if kind == Kind::White { second.number()? } else { second.number_in(NA)? };
    let (least, what) = if kind == Kind::Uniform { (mean, "the lowest") } else { (0.0, "0") };
    if other < least {
        return Err(given.refusal(format!("the second number must be at least {what}")));
    }
    Ok(Noise { kind, first: mean, second: other })
}

impl Noise {
    /// As in a file.
    pub fn written(&self) -> String {
        let name = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("", |(name, _)| name);
        format!("{{ {name} = [{:?}, {:?}] }}", self.first, self.second)
    }

    /// The source of the library, for all kinds alike.
    pub fn kinds() -> impl Iterator<Item = Kind> {
        KINDS.into_iter().map(|(_, kind)| kind)
    }
}
