//! Where parameters start from: a named set of settings, or the neurons of another simulator under
//! its own names, `nest:tau_m=20,t_ref=5`.

use crate::failure::Failure;
use crate::settings::Settings;
use crate::spread::Spread;
use lif::{Params, Preset, PresetValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The preset where none is named. It has a value for every parameter; others are laid over it.
pub const BASE: &str = "origin";

/// Each is a settings file; a new one is a file and a line here.
const SETTINGS: [(&str, &str); 3] = [
    (BASE, include_str!("presets/origin.toml")),
    ("normalised", include_str!("presets/normalised.toml")),
    ("receptor", include_str!("presets/receptor.toml")),
];

/// Settings that say what a neuron is, which another simulator's neurons say under their own names.
const OF_A_NEURON: [&str; 18] = [
    "dt",
    "tau-m",
    "resistance",
    "v-rest",
    "v-reset",
    "v-threshold",
    "v-reference",
    "t-ref",
    "tau-syn",
    "integrator",
    "spike-test",
    "reset",
    "refractory",
    "v-lower",
    "trace",
    "tau-trace",
    "trace-scale",
    "allow-constant-firing",
];

/// The least and the greatest current where none is given, in parts of the one that just reaches the
/// threshold.
const USUAL_CURRENTS: (f64, f64) = (0.8, 1.6);

/// What `--preset` asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    name: String,
    /// Values of the parameters of another simulator's neurons.
    values: Vec<(String, Value)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Spread(Spread),
    Word(String),
}

impl Choice {
    /// The preset where none is named.
    pub fn base() -> Self {
        Self { name: BASE.to_owned(), values: Vec::new() }
    }

    /// The settings of the preset, as TOML, where it is such a one.
    pub fn settings(&self) -> Option<&'static str> {
        SETTINGS.iter().find(|(known, _)| *known == self.name).map(|(_, text)| *text)
    }

    /// The neurons of another simulator, where they are asked for.
    pub fn of_a_system(&self, n: usize) -> Option<Result<Preset, Failure>> {
        self.settings().is_none().then(|| {
            let preset = Preset::by_name(&self.name)?;
            self.values.iter().try_fold(preset, |preset, (name, value)| {
                let value: PresetValue = match value {
                    Value::Spread(Spread::Number(number)) => (*number).into(),
                    Value::Spread(spread) => spread.doubles(n).into(),
                    Value::Word(word) => word.as_str().into(),
                };
                Ok(preset.with(name, value)?)
            })
        })
    }

    /// The settings of a neuron that were given beside it, which cannot be told from its own.
    pub fn refuse_beside(&self, asked: &serde_json::Map<String, serde_json::Value>) -> Result<(), Failure> {
        let Some(preset) = self.of_a_system(1).transpose()? else { return Ok(()) };
        match OF_A_NEURON.iter().find(|name| asked.contains_key(**name)) {
            None => Ok(()),
            Some(given) => {
                let names: Vec<&str> = preset.parameters().map(|(name, ..)| name).collect();
                Err(Failure::usage(format!(
                    "{given} cannot go with the preset {name}, whose parameters have their own names: write --preset \
                     {name}:{first}=VALUE; there are {}",
                    names.join(", "),
                    name = preset.name(),
                    first = names.first().unwrap_or(&"NAME"),
                )))
            }
        }
    }
}

/// The neurons of another simulator that settings ask for.
pub fn of_a_system(settings: &Settings, n: usize) -> Result<Option<Preset>, Failure> {
    settings.preset.as_ref().and_then(|choice| choice.of_a_system(n)).transpose()
}

/// The currents of a population that was not given any.
pub fn usual_currents(params: &Params) -> Spread {
    let first = |parameter: &lif::Parameter| parameter.values().first().copied().map_or(0.0, f64::from);
    let rheobase = (first(&params.v_threshold) - first(&params.v_rest)) / first(&params.resistance);
    Spread::Range(rounded(USUAL_CURRENTS.0 * rheobase), rounded(USUAL_CURRENTS.1 * rheobase))
}

/// Whether a constant current brings any neuron above its threshold, as far as the extremes of the parameters tell.
/// Where more current would not help, the answer is yes.
pub fn is_enough(params: &Params, current: f64) -> bool {
    let values =
        |parameter: &lif::Parameter| parameter.values().iter().copied().map(f64::from).collect::<Vec<_>>();
    let most = |parameter| values(parameter).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let least = values(&params.v_threshold).into_iter().fold(f64::INFINITY, f64::min);
    let resistance = most(&params.resistance);
    resistance <= 0.0 || resistance * current > least - most(&params.v_rest)
}

/// As people write numbers.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// All names, in words.
pub fn list() -> String {
    SETTINGS.iter().map(|(name, _)| *name).chain(Preset::names()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let values = parameters.split(',').filter(|parameter| !parameter.is_empty()).map(|parameter| {
            let (key, value) = parameter.split_once('=').ok_or_else(|| {
                format!("'{parameter}' sets no parameter; write {name}:NAME=VALUE,NAME=VALUE")
            })?;
            let value = value.parse().map_or_else(|_| Value::Word(value.to_owned()), Value::Spread);
            Ok::<_, String>((key.to_owned(), value))
        });
        let choice = Self { name: name.to_owned(), values: values.collect::<Result<_, _>>()? };
        if choice.settings().is_none() && !Preset::names().any(|known| known == name) {
            return Err(format!("there is no preset '{name}'; there are: {}", list()));
        }
        if choice.settings().is_some() && !choice.values.is_empty() {
            return Err(format!("{name} takes no parameters here; give them as options, as --tau-m 20"));
        }
        if let Some(key) = choice.values.iter().enumerate().find_map(|(index, (key, _))| {
            choice.values[..index].iter().any(|(earlier, _)| earlier == key).then_some(key)
        }) {
            return Err(format!("'{key}' is given twice"));
        }
        match choice.of_a_system(2) {
            Some(Err(failure)) => Err(failure.to_string()),
            _ => Ok(choice),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        for (index, (key, value)) in self.values.iter().enumerate() {
            formatter.write_str(if index == 0 { ":" } else { "," })?;
            match value {
                Value::Spread(spread) => write!(formatter, "{key}={spread}")?,
                Value::Word(word) => write!(formatter, "{key}={word}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Choice>().unwrap_err()
    }

    #[test]
    fn a_choice_reads_as_it_was_written() {
        for text in ["origin", "nest", "nest:tau_m=20,t_ref=2:5", "snntorch-leaky:reset_mechanism=zero"] {
            assert_eq!(text.parse::<Choice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_a_preset_does_not_know_is_refused() {
        assert!(refusal("none").starts_with("there is no preset 'none'; there are: origin, "));
        assert!(refusal("nest:tau").contains("'tau' sets no parameter"));
        assert!(refusal("nest:tau=3").contains("C_m, tau_m, "));
        assert!(refusal("nest:tau_m=0").contains("tau_m is 0; it must be above 0"));
        assert!(refusal("nest:tau_m=5,tau_m=6").contains("given twice"));
        assert!(refusal("origin:tau_m=5").contains("--tau-m"));
        assert!(refusal("snntorch-leaky:reset_mechanism=soft").contains("one of subtract, zero, none"));
    }
}
