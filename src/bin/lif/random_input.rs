//! A random source of input: `gaussian:mean=0.4,sd=0.2`.

use crate::spread::Spread;
use crate::weight::{Unit, Weight};
use lif::Random;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The sources with the parameters of each, all of which but a mean must be given.
const SOURCES: [(&str, Source, [&str; 2]); 4] = [
    ("gaussian", Source::Gaussian, ["mean", "sd"]),
    ("white-noise", Source::WhiteNoise, ["mean", "sigma"]),
    ("uniform", Source::Uniform, ["low", "high"]),
    ("poisson", Source::Poisson, ["rate", "weight"]),
];

const STREAM: &str = "stream";
const WEIGHT: &str = "weight";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Gaussian,
    WhiteNoise,
    Uniform,
    Poisson,
}

/// A source as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomInput {
    source: Source,
    first: Spread,
    second: Spread,
    unit: Unit,
    stream: Option<u32>,
}

impl RandomInput {
    /// The source for `n` neurons.
    pub fn random(&self, n: usize) -> Random {
        let (first, second) = (self.first.parameter(n), self.second.parameter(n));
        let random = match (self.source, self.unit) {
            (Source::Gaussian, _) => Random::gaussian(first, second),
            (Source::WhiteNoise, _) => Random::white_noise(first, second),
            (Source::Uniform, _) => Random::uniform(first, second),
            (Source::Poisson, Unit::Millivolt) => Random::poisson(first, second),
            (Source::Poisson, Unit::Nanoampere) => Random::poisson_current(first, second),
        };
        match self.stream {
            None => random,
            Some(stream) => random.stream(stream),
        }
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
        let (mut first, mut second, mut unit, mut stream) = (None, None, Unit::Millivolt, None);
        for parameter in parameters.split(',').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let known = [first_name, second_name, STREAM];
            if !known.contains(&key) {
                return Err(format!("{name} has no '{key}'; it has {}", known.join(", ")));
            }
            let repeated = match key {
                STREAM => {
                    let number =
                        value.parse().map_err(|_| format!("the stream '{value}' is no whole number"))?;
                    stream.replace(number).is_some()
                }
                _ if key == first_name => first.replace(value.parse()?).is_some(),
                _ => {
                    let value = if key == WEIGHT {
                        let weight: Weight = value.parse()?;
                        unit = weight.unit;
                        weight.value
                    } else {
                        value.parse()?
                    };
                    second.replace(value).is_some()
                }
            };
            if repeated {
                return Err(format!("'{key}' is given twice"));
            }
        }
        let missing = |key: &str| format!("{name} needs {key}=X");
        let first = match (first, first_name) {
            (None, "mean") => Spread::Number(0.0),
            (first, _) => first.ok_or_else(|| missing(first_name))?,
        };
        Ok(Self { source, first, second: second.ok_or_else(|| missing(second_name))?, unit, stream })
    }
}

impl fmt::Display for RandomInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SOURCES.into_iter().find(|(_, source, _)| *source == self.source);
        let (name, _, [first, second]) = known.unwrap_or(SOURCES[0]);
        write!(formatter, "{name}:{first}={},{second}={}", self.first, self.second)?;
        if self.unit == Unit::Nanoampere {
            formatter.write_str("nA")?;
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
        ] {
            assert_eq!(text.parse::<RandomInput>().unwrap().to_string(), text);
        }
        let units = ["poisson:rate=8,weight=2mV", "poisson:weight=2,rate=8"];
        assert_eq!(units[0].parse::<RandomInput>(), units[1].parse());
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
            ("gaussian:sd=1,stream=-1", "whole number"),
        ] {
            let message = text.parse::<RandomInput>().unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
