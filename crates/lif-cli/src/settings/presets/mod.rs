//! Presets: named settings, or the neurons of another simulator with its own parameters,
//! `nest:tau_m=20,t_ref=5`.

pub mod listing;

use crate::failure::Failure;
use crate::quantity::preset_units::AxisUnits;
use crate::quantity::preset_units::Units;
use crate::quantity::spread::Spread;
use crate::quantity::{MV, NA, Unit, Written};
use crate::settings::Settings;
use lif::{Preset, PresetValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The default preset. It has a value for every parameter; others change some.
pub const BASE: &str = "origin";

/// Presets that are settings files. To add one, add its file and a line here.
pub const SETTINGS: [(&str, &str, AxisUnits); 3] = [
    (BASE, include_str!("origin.toml"), AxisUnits::PHYSICAL),
    ("normalised", include_str!("normalised.toml"), AxisUnits::NONE),
    ("receptor", include_str!("receptor.toml"), AxisUnits::PHYSICAL),
];

/// Settings of neurons, which other simulators give by their own parameters.
const OF_A_NEURON: [&str; 20] = [
    "dt",
    "tau-m",
    "resistance",
    "v-rest",
    "v-reset",
    "v-threshold",
    "v-reference",
    "t-ref",
    "tau-syn",
    "tau-syn-inhibitory",
    "synapse-rule",
    "synapse-shape",
    "integrator",
    "spike-test",
    "reset",
    "refractory",
    "v-lower",
    "trace",
    "tau-trace",
    "trace-scale",
];

/// Asks for the list of presets.
const HELP: &str = "help";

/// The value of `--preset`.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    name: String,
    /// The given parameters of another simulator.
    values: Vec<(String, Value)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Spread(Spread),
    Word(String),
}

impl Choice {
    /// The default preset.
    pub fn base() -> Self {
        Self { name: BASE.to_owned(), values: Vec::new() }
    }

    /// The list of presets or parameters, if `help` or `nest:help` asks for it.
    pub fn help(&self) -> Option<Result<String, Failure>> {
        match &self.values[..] {
            [] if self.name == HELP => Some(listing::table(None)),
            [(key, Value::Word(word))] if key == HELP && word.is_empty() => {
                Some(listing::table(Some(&self.name)))
            }
            _ => None,
        }
    }

    /// The first parameter that is a range.
    pub fn spread(&self) -> Option<&str> {
        let is_range = |value: &Value| matches!(value, Value::Spread(Spread::Range(..)));
        self.values.iter().find(|(_, value)| is_range(value)).map(|(name, _)| name.as_str())
    }

    /// The settings of the preset as TOML, if it has some.
    pub fn settings(&self) -> Option<&'static str> {
        SETTINGS.iter().find(|(known, ..)| *known == self.name).map(|(_, text, _)| *text)
    }

    /// The units of its inputs and membrane potentials.
    pub fn axis_units(&self) -> AxisUnits {
        let of_settings = SETTINGS.iter().find(|(known, ..)| *known == self.name).map(|(.., units)| *units);
        let of_simulator = || {
            let preset = Preset::by_name(&self.name).ok()?;
            let potential = if preset.potential_unit() == "mV" { "mV" } else { "v" };
            Some(AxisUnits { input: preset.input_unit(), potential })
        };
        of_settings.or_else(of_simulator).unwrap_or(AxisUnits::PHYSICAL)
    }

    /// The neurons of another simulator, if it is one.
    pub fn of_simulator(&self, n: usize) -> Option<Result<Preset, Failure>> {
        (self.settings().is_none() && self.name != HELP).then(|| {
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

    /// Refuses settings of neurons next to a preset that has its own parameters.
    pub fn refuse_neuron_settings(
        &self,
        settings: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), Failure> {
        let Some(preset) = self.of_simulator(1).transpose()? else { return Ok(()) };
        let Some(given) = OF_A_NEURON.into_iter().find(|name| settings.contains_key(*name)) else {
            return Ok(());
        };
        let name = preset.name();
        let hint = match preset.parameter_for(&given.replace('-', "_")) {
            Some((own, "")) => format!("write --preset {name}:{own}=VALUE"),
            Some((own, unit)) => format!("write --preset {name}:{own}=VALUE, in {unit}"),
            None => {
                let names: Vec<&str> = preset.parameters().map(|(name, ..)| name).collect();
                format!("none of them sets this; there are {}", names.join(", "))
            }
        };
        let message = format!(
            "{given} cannot go with the preset {name}, whose parameters have their own names: {hint}"
        );
        Err(Failure::of(given, message))
    }
}

/// The neurons of another simulator in the settings, if there are some.
pub fn of_simulator(settings: &Settings, n: usize) -> Result<Option<Preset>, Failure> {
    settings.preset.as_ref().and_then(|choice| choice.of_simulator(n)).transpose()
}

/// The units of inputs and membrane potentials in the settings.
pub fn units(settings: &Settings) -> Units {
    if settings.nir.is_some() {
        return Units { whose: "a NIR graph".to_owned(), input: None, potential: None };
    }
    let name = settings.preset.as_ref().map_or(BASE, |choice| &choice.name);
    let whose = format!("the preset {name}");
    match Preset::by_name(name) {
        // Inputs per step are added as they are, so they have the unit of their sum.
        Ok(preset) => Units {
            whose,
            input: Unit::read(preset.input_unit().trim_end_matches(" per step")),
            potential: preset.parameters().any(|(.., unit)| unit == "mV").then_some(MV),
        },
        Err(_) => Units { whose, input: Some(NA), potential: Some(MV) },
    }
}

/// All names, as a list.
pub fn list() -> String {
    SETTINGS.iter().map(|(name, ..)| *name).chain(Preset::names()).collect::<Vec<_>>().join(", ")
}

/// Reads a value of a parameter of another simulator.
fn value(preset: &Preset, key: &str, text: &str) -> Result<Value, String> {
    let unit = preset.parameters().find(|(name, ..)| *name == key).map(|(.., unit)| unit);
    let begins_like_a_number =
        text.trim_start().starts_with(|sign: char| sign.is_ascii_digit() || "+-.\u{2212}".contains(sign));
    match unit.filter(|_| begins_like_a_number) {
        // No bound.
        Some(_) if text.trim() == "-inf" => Ok(Value::Spread(Spread::Number(f64::NEG_INFINITY))),
        // The preset itself checks words.
        None => Ok(Value::Word(text.to_owned())),
        Some(unit) => {
            let in_unit = |written: &Written| {
                Unit::read(unit).map_or_else(|| written.value(), |unit| written.value_in(unit))
            };
            Spread::read(text, &in_unit).map(Value::Spread).map_err(|reason| format!("{key}: {reason}"))
        }
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let is_settings = SETTINGS.iter().any(|(known, ..)| *known == name);
        let preset = Preset::by_name(name).ok();
        if name == HELP && parameters.is_empty() {
            return Ok(Self { name: name.to_owned(), values: Vec::new() });
        }
        if !is_settings && preset.is_none() {
            return Err(format!("there is no preset '{name}'; there are: {}", list()));
        }
        if parameters == HELP {
            let values = vec![(HELP.to_owned(), Value::Word(String::new()))];
            return Ok(Self { name: name.to_owned(), values });
        }
        let mut values: Vec<(String, Value)> = Vec::new();
        for parameter in parameters.split(',').filter(|parameter| !parameter.is_empty()) {
            let Some(preset) = &preset else {
                return Err(format!("{name} takes no parameters here; give them as options, as --tau-m 20"));
            };
            let (key, text) = parameter.split_once('=').ok_or_else(|| {
                format!("'{parameter}' sets no parameter; write {name}:NAME=VALUE,NAME=VALUE")
            })?;
            let key = key.trim();
            if values.iter().any(|(earlier, _)| earlier == key) {
                return Err(format!("'{key}' is given twice"));
            }
            values.push((key.to_owned(), value(preset, key, text)?));
        }
        let choice = Self { name: name.to_owned(), values };
        match choice.of_simulator(2) {
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
        for (text, shown) in [
            ("nest:tau_m=0.02s,C_m=0.25nF,V_th=-50:-45mV", "nest:tau_m=20,C_m=250,V_th=-50:-45"),
            ("nengo:tau_rc=20ms,dt=1ms", "nengo:tau_rc=0.02,dt=0.001"),
            ("norse:tau_mem_inv=0.1kHz,rho_reset=3steps", "norse:tau_mem_inv=100,rho_reset=3"),
        ] {
            assert_eq!(text.parse::<Choice>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_a_preset_does_not_know_is_refused() {
        assert!(refusal("none").starts_with("there is no preset 'none'; there are: origin, "));
        assert!(refusal("nest:tau").contains("'tau' sets no parameter"));
        assert!(refusal("nest:tau=3").contains("C_m, tau_m, "));
        assert!(refusal("nest:tau_m=0").contains("tau_m is 0 ms; it must be above 0"));
        assert!(refusal("nest:tau_m=5nA").starts_with("tau_m: '5nA' is a current, not a time"));
        assert!(refusal("brian2:R=20MOhm").ends_with("but this is a number without a unit"));
        assert!(refusal("nest:tau_m=fast").contains("tau_m is 'fast'; it must be a number"));
        assert!(refusal("nest:tau_m=5,tau_m=6").contains("given twice"));
        assert!(refusal("origin:tau_m=5").contains("--tau-m"));
        assert!(refusal("snntorch-leaky:reset_mechanism=soft").contains("one of subtract, zero, none"));
    }

    #[test]
    fn the_units_of_all_presets_are_known() {
        for name in Preset::names() {
            for (parameter, _, unit) in Preset::by_name(name).unwrap().parameters() {
                assert!(unit.is_empty() || Unit::read(unit).is_some(), "{name}: {parameter} in {unit}");
            }
        }
        let of = |name: &str| {
            let preset = Some(name.parse().unwrap());
            let units = units(&Settings { preset, ..Settings::default() });
            (units.input.map(|unit| unit.to_string()), units.potential)
        };
        assert_eq!(of("origin"), (Some("nA".to_owned()), Some(MV)));
        assert_eq!(of("nest"), (Some("pA".to_owned()), Some(MV)));
        assert_eq!(of("bindsnet"), (Some("mV".to_owned()), Some(MV)));
        assert_eq!(of("norse"), (None, None));
    }
}
