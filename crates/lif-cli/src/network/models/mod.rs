//! Networks of the literature, by the names that `--network` takes.

mod brunel;
mod cuba;
mod microcircuit;

use super::Description;
use crate::failure::Failure;
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
const OF_ONE_MODEL: [(&str, Model); 4] =
    [("regime", Model::Brunel), ("g", Model::Brunel), ("eta", Model::Brunel), ("drive", Model::Microcircuit)];

impl Model {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brunel => "brunel",
            Self::Cuba => "cuba",
            Self::Microcircuit => "microcircuit",
        }
    }

    /// Its description with these settings, whose defaults are filled in.
    pub fn description(self, settings: &mut Settings) -> Result<Description, Failure> {
        for (option, model) in OF_ONE_MODEL {
            let is_given = match option {
                "regime" => settings.regime.is_some(),
                "g" => settings.g.is_some(),
                "eta" => settings.eta.is_some(),
                _ => settings.drive.is_some(),
            };
            if is_given && model != self {
                let (model, own) = (model.name(), self.name());
                let message = format!("{option} is of the network {model}, and this is {own}; leave it out");
                return Err(Failure::of(option, message));
            }
        }
        let scale = *settings.scale.get_or_insert(1.0);
        // Above it no model has numbers that fit; below it some group is empty.
        if !(1e-4..=1000.0).contains(&scale) {
            let message = format!("scale is {}; it must be from 0.0001 to 1000", shown(scale));
            return Err(Failure::of("scale", message));
        }
        let mut description = match self {
            Self::Brunel => {
                let (g, eta) = match *settings.regime.get_or_insert(Regime::C) {
                    Regime::A => (3.0, 2.0),
                    Regime::B => (6.0, 4.0),
                    Regime::C => (5.0, 2.0),
                    Regime::D => (4.5, 0.9),
                };
                let (g, eta) = (*settings.g.get_or_insert(g), *settings.eta.get_or_insert(eta));
                if eta < 0.0 {
                    return Err(Failure::of("eta", format!("eta is {}; it must be 0 or more", shown(eta))));
                }
                brunel::description(scale, g, eta)
            }
            Self::Cuba => cuba::description(scale),
            Self::Microcircuit => {
                let drive = *settings.drive.get_or_insert(DriveKind::Poisson);
                microcircuit::description(scale, drive)
            }
        };
        if let Some(empty) = description.groups.iter().find(|group| group.size == 0) {
            let message = format!("scale is {}, at which group {} has no neurons", shown(scale), empty.name);
            return Err(Failure::of("scale", message));
        }
        if scale != 1.0 {
            description.name = format!("{} at scale {}", description.name, shown(scale));
        }
        Ok(description)
    }
}

/// A number of neurons at a scale.
fn scaled(size: f64, scale: f64) -> usize {
    (size * scale).round() as usize
}
