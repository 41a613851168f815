//! The device that a program or a user chooses.

use super::{Device, opening};
use crate::error::{Argument, Error, Result};
use std::fmt;
use std::str::FromStr;

/// A choice of a device. It is parsed from `auto`, `cpu`, `gpu`, `software`, or part of an adapter's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum DeviceChoice {
    /// A real GPU if there is one, otherwise the CPU engine.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// A real GPU.
    Gpu,
    /// An adapter that runs shaders on the CPU: lavapipe, llvmpipe, SwiftShader, WARP.
    Software,
    /// The first adapter whose name, followed by its graphics API, contains this text in upper or lower case:
    /// `nvidia`, `llvmpipe`, `gl`. If there is none, the text is a list of choices with commas, such as
    /// `cpu,nvidia`: [several](Device::several) devices that share each population.
    Named(String),
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim().to_lowercase().as_str() {
            "" => {
                return Err(Error::out_of_range("the device", "empty", CHOICES).about(Argument::Device));
            }
            "auto" => Self::Auto,
            "cpu" => Self::Cpu,
            "gpu" => Self::Gpu,
            "software" => Self::Software,
            _ => Self::Named(text.trim().to_owned()),
        })
    }
}

const CHOICES: &str =
    "'auto', 'cpu', 'gpu', 'software' or part of an adapter's name, or several of these with commas";

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Software => "software",
            Self::Named(name) => name,
        })
    }
}

/// Returns the device that fits a choice.
pub(super) fn select(choice: &DeviceChoice) -> Result<Device> {
    let device = match choice {
        DeviceChoice::Auto => return Ok(opening::auto()),
        DeviceChoice::Cpu => Device::cpu(),
        DeviceChoice::Gpu | DeviceChoice::Software | DeviceChoice::Named(_) => {
            match (opening::find(choice)?, choice) {
                (Some(device), _) => device,
                // Names are tried before lists, as names may contain commas.
                (None, DeviceChoice::Named(name)) if name.contains(',') => {
                    let choices: Vec<DeviceChoice> =
                        name.split(',').map(str::parse).collect::<Result<_>>()?;
                    return Device::several(&choices.iter().map(select).collect::<Result<Vec<_>>>()?);
                }
                (None, _) => {
                    return Err(Error::NoAdapter { requested: choice.to_string(), seen: opening::seen() });
                }
            }
        }
    };
    log::info!("using {device}");
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_from_text() {
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        assert_eq!(" CPU ".parse(), Ok(DeviceChoice::Cpu));
        assert_eq!("gpu".parse(), Ok(DeviceChoice::Gpu));
        assert_eq!("software".parse(), Ok(DeviceChoice::Software));
        assert_eq!("GeForce".parse(), Ok(DeviceChoice::Named("GeForce".to_owned())));
        assert!(matches!("".parse::<DeviceChoice>(), Err(Error::OutOfRange { .. })));
    }
}
