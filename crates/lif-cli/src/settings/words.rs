//! The words in which the user gave settings, for messages: `--tau-m 0`, or `run.toml:3: tau-m = 0`.

use super::Settings;
use crate::failure::Failure;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;

/// By the name of the option, the words of the user.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<String, String>);

impl PartialEq for Words {
    /// Equal settings can be given in different words.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The longest value in a message.
const LONGEST: usize = 60;

/// Names in messages of the library that differ from those of options.
const OTHER_NAMES: [(&str, &[&str]); 10] = [
    ("weights", &["events-weight", "events-matrix"]),
    ("Gaussian", &["input"]),
    ("noise", &["input"]),
    ("uniform", &["input"]),
    ("Poisson", &["input"]),
    ("input", &["current", "stimulus", "stimulus-scale", "stimulus-offset"]),
    ("voltages", &["init-voltage"]),
    ("spikes", &["events", "events-weight"]),
    ("distance", &["tau-distance"]),
    ("cells", &["neurons", "batch"]),
];

/// Inputs that are no currents; messages call them inputs too.
const OTHER_INPUTS: [&str; 5] = ["weights", "Gaussian", "noise", "uniform", "Poisson"];

/// Parameters of neurons, on which others can depend.
const PARAMETERS: [&str; 12] = [
    "dt",
    "tau-m",
    "resistance",
    "v-rest",
    "v-reset",
    "v-threshold",
    "t-ref",
    "v-lower",
    "tau-trace",
    "trace-scale",
    "tau-syn",
    "tau-syn-inhibitory",
];

impl Words {
    /// Sets the words of a setting.
    pub fn set(&mut self, name: &str, words: String) {
        self.0.insert(name.to_owned(), words);
    }

    /// Adds those of a stronger layer.
    pub fn lay_over(&mut self, above: &Self) {
        self.0.extend(above.0.iter().map(|(name, words)| (name.clone(), words.clone())));
    }

    /// The words of a setting.
    pub fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Adds the words of the user to a failure of a value.
    pub fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Value { what, message } => {
                let message = message.replace("set allow_constant_firing", "add --allow-constant-firing");
                let words = self.about(&what, &message).join(", ");
                Failure::Usage(if words.is_empty() { message } else { format!("{words}: {message}") })
            }
            other => other,
        }
    }

    /// The words of the settings in `what`, as `dt / tau_m`, and of the parameters in a message about it; if
    /// there are none, the words of the preset.
    pub fn about(&self, what: &str, message: &str) -> Vec<&str> {
        let parameters = names(message).filter(|name| PARAMETERS.contains(&name.as_str()));
        let mut found: Vec<&str> = Vec::new();
        for name in names(what).chain(parameters) {
            let others =
                OTHER_NAMES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, others)| others);
            let all = [name.as_str()].into_iter().chain(others.iter().copied());
            for words in all.filter_map(|name| self.of(name)) {
                if !found.contains(&words) {
                    found.push(words);
                }
            }
            if OTHER_INPUTS.contains(&name.as_str()) && !found.is_empty() {
                break;
            }
        }
        // All bounds of a search are in one option.
        if let Some(words) = self.of("vary").filter(|words| {
            names(what).any(|name| PARAMETERS.contains(&name.as_str()) && words.contains(&format!("{name}=")))
        }) {
            found.push(words);
        }
        // Parameters of a NIR graph have no options.
        if names(what).any(|name| PARAMETERS.contains(&name.as_str()) && self.of(&name).is_none()) {
            found.extend(["nir", "nir-node"].iter().filter_map(|name| self.of(name)));
        }
        if found.is_empty() { self.of("preset").into_iter().collect() } else { found }
    }
}

/// The words of a text, spelled like options.
fn names(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || "_-".contains(sign)));
    words.map(|word| word.replace('_', "-"))
}

/// A value for a message: on one line, and not too long.
pub fn shown(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

impl FromArgMatches for Words {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut words = Self::default();
        let options = Settings::augment_args(Command::new("options"));
        let is_switch = |id: &clap::Id| {
            let option = options.get_arguments().find(|option| option.get_id() == id);
            option.is_some_and(|option| matches!(option.get_action(), ArgAction::SetTrue))
        };
        let given = |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        // Groups of options have the names of types.
        let is_option = |id: &&clap::Id| id.as_str().starts_with(|sign: char| sign.is_ascii_lowercase());
        for id in matches.ids().filter(is_option).filter(given) {
            let name = id.as_str().replace('_', "-");
            if is_switch(id) {
                words.set(&name, format!("--{name}"));
                continue;
            }
            let values = matches.get_raw(id.as_str()).into_iter().flatten();
            let arguments = values.map(|value| format!("--{name} {}", shown(&value.to_string_lossy())));
            words.set(&name, arguments.collect::<Vec<_>>().join(" "));
        }
        Ok(words)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Words {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> Words {
        let command = Settings::augment_args(Command::new("lif").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).unwrap();
        Settings::from_arg_matches(&matches).unwrap().words
    }

    #[test]
    fn values_are_shown_as_they_were_said() {
        let words = words(&[
            "--dt",
            "100us",
            "--tau-m=1_0",
            "--quiet",
            "--input",
            "gaussian:sd=1",
            "--input=gaussian:sd=2",
        ]);
        assert_eq!(words.of("dt"), Some("--dt 100us"));
        assert_eq!(words.of("quiet"), Some("--quiet"));
        assert_eq!(words.of("input"), Some("--input gaussian:sd=1 --input gaussian:sd=2"));
        assert_eq!(words.about("dt / tau_m", ""), ["--dt 100us", "--tau-m 1_0"]);
        assert_eq!(words.about("t_ref", "t_ref is 5; it must be half of dt; quiet"), ["--dt 100us"]);
        assert_eq!(words.about("v_rest", "v_rest is 5"), [""; 0]);
        assert_eq!(words.about("the sd of the Gaussian input", ""), [words.of("input").unwrap()]);
    }

    #[test]
    fn what_no_option_has_is_that_of_the_preset() {
        assert_eq!(
            words(&["--preset", "nest:V_reset=-50"]).about("V_reset", ""),
            ["--preset nest:V_reset=-50"]
        );
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown("a\n  b"), "a b");
        assert_eq!(shown(&"x".repeat(100)).len(), LONGEST + 3);
    }
}
