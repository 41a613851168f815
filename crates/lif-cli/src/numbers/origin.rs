//! The unit of times in a file, and where it comes from.

use super::TimeUnit;
use super::name::Name;
use serde::{Serialize, Serializer};
use std::fmt;

/// Where a unit comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The default.
    Default,
    /// An option.
    Option(&'static str),
    /// A name in the file.
    Name(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("by default"),
            Self::Option(option) => write!(formatter, "by --{option}"),
            Self::Name(name) => write!(formatter, "by the name '{name}'"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Default => serializer.serialize_str("default"),
            Self::Option(option) => serializer.serialize_str(&format!("--{option}")),
            Self::Name(name) => serializer.serialize_str(&format!("name '{name}'")),
        }
    }
}

/// The unit of times, from an option or the name of the times; these must not contradict each other.
pub fn time_unit(
    given: Option<TimeUnit>,
    option: &'static str,
    name: Option<&Name>,
) -> Result<(TimeUnit, Origin), String> {
    let named = match name {
        Some(name) => name.time_unit()?.map(|unit| (unit, name.text())),
        None => None,
    };
    match (given, named) {
        (Some(given), Some((unit, name))) if given != unit => Err(format!(
            "its times are in {} by the name '{name}', but --{option} says {}; leave the option out, or change the name",
            unit.text(),
            given.text()
        )),
        (_, Some((unit, name))) => Ok((unit, Origin::Name(name.to_owned()))),
        (Some(given), None) => Ok((given, Origin::Option(option))),
        (None, None) => Ok((TimeUnit::Ms, Origin::Default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_said_once() {
        let name = Name::new("time (s)");
        let unit = |given, name| time_unit(given, "spikes-time-unit", name);
        assert_eq!(unit(None, None), Ok((TimeUnit::Ms, Origin::Default)));
        assert_eq!(unit(Some(TimeUnit::Us), None).unwrap().1, Origin::Option("spikes-time-unit"));
        assert_eq!(unit(Some(TimeUnit::S), Some(&name)).unwrap().0, TimeUnit::S);
        let refused = unit(Some(TimeUnit::Ms), Some(&name)).unwrap_err();
        assert!(refused.contains("'time (s)', but --spikes-time-unit says ms"), "{refused}");
    }
}
