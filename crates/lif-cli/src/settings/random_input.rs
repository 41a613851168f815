//! A random input: `gaussian:mean=0.4,sd=0.2`.

use crate::failure::Failure;
use crate::quantity::amount::Amount;
use crate::quantity::preset_units::AxisUnits;
use crate::quantity::preset_units::Units;
use crate::quantity::spread::{self, Spread};
use crate::quantity::weight::{Unit, Weight};
use crate::quantity::{self, HZ};
use lif::Random;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The random inputs and their parameters. All but a mean are required.
const SOURCES: [(&str, Distribution, [&str; 2]); 4] = [
    ("gaussian", Distribution::Gaussian, ["mean", "sd"]),
    ("white-noise", Distribution::WhiteNoise, ["mean", "sigma"]),
    ("uniform", Distribution::Uniform, ["low", "high"]),
    ("poisson", Distribution::Poisson, ["rate", "weight"]),
];

const STREAM: &str = "stream";
const WEIGHT: &str = "weight";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Distribution {
    Gaussian,
    WhiteNoise,
    Uniform,
    Poisson,
}

/// A random input as given.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomInput {
    source: Distribution,
    first: Amount,
    second: Second,
    stream: Option<u32>,
}

/// The second parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Second {
    Amount(Amount),
    Weight(Weight),
}

impl RandomInput {
    /// The random input for `n` neurons, in the units of the preset.
    pub fn random(&self, n: usize) -> Random {
        let first = self.first.spread.parameter(n);
        let random = match (self.source, self.second) {
            (Distribution::WhiteNoise, Second::Amount(sigma)) => {
                Random::white_noise(first, sigma.spread.parameter(n))
            }
            (Distribution::Uniform, Second::Amount(high)) => Random::uniform(first, high.spread.parameter(n)),
            (_, Second::Amount(sd)) => Random::gaussian(first, sd.spread.parameter(n)),
            (_, Second::Weight(weight)) => match weight.unit {
                Unit::Millivolt => Random::poisson(first, weight.value.parameter(n)),
                Unit::Nanoampere => Random::poisson_current(first, weight.value.parameter(n)),
            },
        };
        match self.stream {
            None => random,
            Some(stream) => random.stream(stream),
        }
    }

    /// Converted to the units of a preset.
    pub fn in_units(self, units: &Units) -> Result<Self, String> {
        let second = match self.second {
            Second::Amount(amount) => Second::Amount(amount.in_units(units.input, units)?),
            Second::Weight(weight) => Second::Weight(weight.in_units(units)?),
        };
        Ok(Self { first: self.first.in_units(units.input, units)?, second, ..self })
    }

    /// Refuses a weight without a unit for neurons with a synapse.
    pub fn refuse_bare(&self, units: AxisUnits) -> Result<(), Failure> {
        let Second::Weight(weight) = self.second else { return Ok(()) };
        weight.refuse_bare("input", units)
    }

    /// Whether its spikes are currents.
    pub fn is_of_currents(&self) -> bool {
        matches!(self.second, Second::Weight(weight) if weight.unit == Unit::Nanoampere)
    }

    /// Whether its parameters differ from neuron to neuron.
    pub fn is_spread(&self) -> bool {
        let second = match self.second {
            Second::Amount(amount) => amount.spread,
            Second::Weight(weight) => weight.value,
        };
        [self.first.spread, second].iter().any(|spread| matches!(spread, Spread::Range(..)))
    }
}

/// Reads a parameter other than a weight.
fn amount(key: &str, value: &str) -> Result<Amount, String> {
    match key {
        "rate" => spread::in_unit(value, HZ).map(Amount::from),
        // Its unit would be that of a current times the square root of a time.
        "sigma" => spread::plain(value).map(Amount::from),
        _ => value.parse(),
    }
}

impl FromStr for RandomInput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let Some((name, source, [first_name, second_name])) =
            SOURCES.into_iter().find(|source| source.0 == name)
        else {
            return Err(format!(
                "'{name}' is no random input; write gaussian:mean=X,sd=X, white-noise:mean=X,sigma=X, \
                 uniform:low=X,high=X or poisson:rate=X,weight=X"
            ));
        };
        let (mut first, mut second, mut stream) = (None, None, None);
        for parameter in parameters.split(',').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let key = key.trim();
            let in_key = |reason: String| format!("{key}: {reason}");
            let repeated = if key == STREAM {
                stream.replace(quantity::count(value).map_err(in_key)?).is_some()
            } else if key == first_name {
                first.replace(amount(key, value).map_err(in_key)?).is_some()
            } else if key == second_name {
                let value = if key == WEIGHT {
                    value.parse().map(Second::Weight)
                } else {
                    amount(key, value).map(Second::Amount)
                };
                second.replace(value.map_err(in_key)?).is_some()
            } else {
                return Err(format!("{name} has no '{key}'; it has {first_name}, {second_name}, {STREAM}"));
            };
            if repeated {
                return Err(format!("'{key}' is given twice"));
            }
        }
        let missing = |key: &str| format!("{name} needs {key}=X");
        let first = match (first, first_name) {
            (None, "mean") => 0.0.into(),
            (first, _) => first.ok_or_else(|| missing(first_name))?,
        };
        Ok(Self { source, first, second: second.ok_or_else(|| missing(second_name))?, stream })
    }
}

impl fmt::Display for RandomInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SOURCES.into_iter().find(|(_, source, _)| *source == self.source);
        let (name, _, [first, second]) = known.unwrap_or(SOURCES[0]);
        write!(formatter, "{name}:{first}={},{second}=", self.first)?;
        match self.second {
            Second::Amount(amount) => write!(formatter, "{amount}")?,
            Second::Weight(weight) => write!(formatter, "{weight}")?,
        }
        self.stream.map_or(Ok(()), |stream| write!(formatter, ",{STREAM}={stream}"))
    }
}

impl Serialize for RandomInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RandomInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in [
            "gaussian:mean=0.4,sd=0.2",
            "white-noise:mean=0,sigma=0.1:0.5",
            "uniform:low=-1,high=1,stream=3",
            "poisson:rate=800,weight=0.2",
            "poisson:rate=1:100,weight=-0.2nA,stream=0",
            "gaussian:mean=300pA,sd=0.1:0.2nA",
        ] {
            assert_eq!(text.parse::<RandomInput>().unwrap().to_string(), text);
        }
        let nest =
            Units { whose: String::new(), input: quantity::Unit::read("pA"), potential: Some(quantity::MV) };
        for (text, shown) in [
            ("poisson:rate=0.008kHz,weight=2000uV", "poisson:rate=8,weight=2mV"),
            ("poisson:rate=8,weight=2", "poisson:rate=8,weight=2"),
            ("poisson:weight=2nA,rate=8Hz", "poisson:rate=8,weight=2000pA"),
            ("uniform:low=-1nA,high=3,stream=1e2", "uniform:low=-1000,high=3,stream=100"),
        ] {
            assert_eq!(text.parse::<RandomInput>().unwrap().in_units(&nest).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("noise", "gaussian:mean=X"),
            ("gaussian", "needs sd"),
            ("poisson:rate=3", "needs weight"),
            ("poisson:rate=3,weight=1,sd=2", "no 'sd'; it has rate, weight, stream"),
            ("gaussian:sd=1,sd=2", "twice"),
            ("gaussian:sd=x", "not a number"),
            ("gaussian:sd=1,stream=-1", "stream: -1 is below 0"),
            ("gaussian:sd=5ms,mean=3 apples", "mean: '3 apples' is not a number"),
            ("poisson:rate=5ms,weight=1", "rate: '5ms' is a time, not a rate"),
            ("white-noise:sigma=5nA", "sigma: '5nA' is a current, but this is a number without a unit"),
        ] {
            let message = text.parse::<RandomInput>().unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
