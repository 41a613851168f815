//! Named sets of parameters. Each is a settings file; a new one is a file and a line here.

use clap::builder::PossibleValuesParser;

/// The preset where none is named. It has a value for every parameter; others are laid over it.
pub const BASE: &str = "origin";

const PRESETS: [(&str, &str); 3] = [
    (BASE, include_str!("presets/origin.toml")),
    ("normalised", include_str!("presets/normalised.toml")),
    ("receptor", include_str!("presets/receptor.toml")),
];

/// The settings of a preset, as TOML.
pub fn find(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All names, in words.
pub fn list() -> String {
    PRESETS.map(|(name, _)| name).join(", ")
}

/// Takes the names of presets and nothing else.
pub fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(PRESETS.map(|(name, _)| name))
}
