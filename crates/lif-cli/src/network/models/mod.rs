//! Networks of the literature, by the names that `--network` takes.

mod brunel;
mod cuba;
pub mod fly;
mod microcircuit;

use super::Description;
use crate::failure::Failure;
use crate::quantity::series::Series;
use crate::quantity::shown;
use crate::settings::Settings;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// `--network`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    Brunel,
    Cuba,
    Microcircuit,
    Fly,
}

/// `--regime`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regime {
    A,
    B,
    C,
    D,
}

/// `--drive`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriveKind {
    Poisson,
    Dc,
}

/// Options with the only model that has them.
const OF_ONE_MODEL: [(&str, Model); 8] = [
    ("regime", Model::Brunel),
    ("g", Model::Brunel),
    ("eta", Model::Brunel),
    ("drive", Model::Microcircuit),
    ("neurons-file", Model::Fly),
    ("edges", Model::Fly),
    ("activate", Model::Fly),
    ("silence", Model::Fly),
];

impl Model {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brunel => "brunel",
            Self::Cuba => "cuba",
            Self::Microcircuit => "microcircuit",
            Self::Fly => "fly",
        }
    }

    /// The model of a name.
    pub fn read(text: &str) -> Result<Self, String> {
        Self::from_str(text, false).map_err(|_| {
            let names: Vec<&str> = Self::value_variants().iter().map(|model| model.name()).collect();
            let config = if text.ends_with(".toml") { text } else { "FILE" };
            format!(
                "no network has this name; there are {}; one of your own is a file: --config {config}",
                names.join(", ")
            )
        })
    }

    /// Its description with these settings, whose defaults are filled in.
    pub fn description(self, settings: &mut Settings) -> Result<Description, Failure> {
        for (option, model) in OF_ONE_MODEL {
            let is_given = match option {
                "regime" => settings.regime.is_some(),
                "g" => settings.g.is_some(),
                "eta" => settings.eta.is_some(),
                "drive" => settings.drive.is_some(),
                "neurons-file" => settings.neurons_file.is_some(),
                "edges" => settings.edges.is_some(),
                "activate" => !settings.activate.is_empty(),
                _ => !settings.silence.is_empty(),
            };
            if is_given && model != self {
                let (model, own) = (model.name(), self.name());
                let message = format!("{option} is of the network {model}, and this is {own}; leave it out");
                return Err(Failure::of(option, message));
            }
        }
        let scale = if self == Self::Fly { 1.0 } else { *settings.scale.get_or_insert(1.0) };
        // Above it no model has numbers that fit; below it some group is empty.
        if !(1e-4..=1000.0).contains(&scale) {
            let message = format!("scale is {}; it must be from 0.0001 to 1000", shown(scale));
            return Err(Failure::of("scale", message));
        }
        let mut description = match self {
            Self::Brunel => {
                let is_own = settings.g.is_some() || settings.eta.is_some();
                let regime = *settings.regime.get_or_insert(Regime::C);
                let (g, eta) = match regime {
                    Regime::A => (3.0, 2.0),
                    Regime::B => (6.0, 4.0),
                    Regime::C => (5.0, 2.0),
                    Regime::D => (4.5, 0.9),
                };
                let g = numbers("g", &mut settings.g, g)?;
                let eta = numbers("eta", &mut settings.eta, eta)?;
                let negative = |values: &[f64]| values.iter().copied().find(|value| *value < 0.0);
                if let Some(eta) = negative(&eta) {
                    return Err(Failure::of("eta", format!("eta is {}; it must be 0 or more", shown(eta))));
                }
                if let Some(least) = negative(&g).filter(|_| g.len() > 1) {
                    let message = format!("g is {}; several must be 0 or more", shown(least));
                    return Err(Failure::of("g", message));
                }
                let mut description = brunel::description(scale, &g, &eta);
                description.name = match regime.to_possible_value() {
                    Some(value) if !is_own => format!("brunel, regime {}", value.get_name()),
                    _ => format!("brunel, g {}, eta {}", ends(&g), ends(&eta)),
                };
                description
            }
            Self::Cuba => cuba::description(scale),
            Self::Fly => fly::description(settings)?,
            Self::Microcircuit => {
                let drive = *settings.drive.get_or_insert(DriveKind::Poisson);
                let mut description = microcircuit::description(scale, drive);
                if drive == DriveKind::Dc {
                    description.name.push_str(", dc");
                }
                description
            }
        };
        if let Some(empty) = description.groups.iter().find(|group| group.size == 0) {
            let message = format!("scale is {}, at which group {} has no neurons", shown(scale), empty.name);
            return Err(Failure::of("scale", message));
        }
        if scale != 1.0 {
            description.name = format!("{}, scale {}", description.name, shown(scale));
        }
        Ok(description)
    }
}

/// The numbers of an option, or its default.
fn numbers(name: &str, given: &mut Option<Series>, default: f64) -> Result<Vec<f64>, Failure> {
    given.get_or_insert(default.into()).numbers().map_err(|reason| Failure::of(name, reason))
}

/// The only number, or the lowest and the highest of several.
pub fn ends(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low == high { shown(low) } else { format!("{} to {}", shown(low), shown(high)) }
}

/// A number of neurons at a scale.
fn scaled(size: f64, scale: f64) -> usize {
    (size * scale).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::read;

    /// The description of a model at full scale, and that in its example.
    fn both(model: Model) -> [Description; 2] {
        let name = format!("../../examples/{}.toml", model.name());
        let text = std::fs::read_to_string(&name).unwrap();
        [model.description(&mut Settings::default()).unwrap(), read(&text, &name).unwrap()]
    }

    #[test]
    fn the_examples_describe_the_models() {
        // The fly is in files of its users.
        for model in Model::value_variants().iter().filter(|model| **model != Model::Fly) {
            let [named, described] = both(*model);
            assert_eq!(named.groups, described.groups);
            assert_eq!(named.projections, described.projections);
            let of_all = |one: &Description| {
                let rules = (one.integrator, one.spike_test, one.reset, one.refractory);
                (one.dt, one.v_reference, rules, one.synapse_rule, one.synapse_shape, one.seed)
            };
            assert_eq!(of_all(&named), of_all(&described));
        }
    }

    #[test]
    fn options_are_of_their_model() {
        let refusal = |model: Model, settings: &Settings| {
            model.description(&mut settings.clone()).map(drop).unwrap_err().to_string()
        };
        let of = Settings { regime: Some(Regime::A), ..Settings::default() };
        assert!(refusal(Model::Cuba, &of).contains("regime is of the network brunel, and this is cuba"));
        let of = Settings { drive: Some(DriveKind::Dc), ..Settings::default() };
        assert!(refusal(Model::Brunel, &of).contains("drive is of the network microcircuit"));
        let of = Settings { scale: Some(1e-4), ..Settings::default() };
        assert!(refusal(Model::Brunel, &of).contains("at which group I has no neurons"));
        let of = Settings { scale: Some(-1.0), ..Settings::default() };
        assert!(refusal(Model::Brunel, &of).contains("scale is -1; it must be"));
    }

    #[test]
    fn a_model_keeps_its_mean_input_at_any_scale() {
        let [full, part] = [1.0, 0.1].map(|scale| {
            let mut settings = Settings { scale: Some(scale), ..Settings::default() };
            Model::Microcircuit.description(&mut settings).unwrap()
        });
        assert_eq!(part.groups[0].size, 2068);
        // Fewer synapses, as their weights are larger.
        let weight = |of: &Description| match of.projections[0].weight {
            crate::network::description::Distribution::Normal { mean, .. } => mean,
            _ => unreachable!(),
        };
        assert!((weight(&part) / weight(&full) - 10_f64.sqrt()).abs() < 1e-9);
        assert!((part.synapses() as f64 / full.synapses() as f64 - 0.01).abs() < 1e-6);
        assert!(part.groups.iter().all(|group| group.current > 0.0));
    }
}
