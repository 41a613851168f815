//! The keys of a settings file, which are the options of `lif run`.

use super::Settings;
use super::layers::RIVALS;
use super::words::{self, Words};
use crate::failure::Failure;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Args, Command, FromArgMatches};
use std::error::Error;
use toml::de::{DeTable, DeValue};

/// Options that are no keys of a settings file.
const NO_KEYS: [&str; 3] = ["config", "resume", "threads"];

/// Reads settings like the options of the same names; `name` is the source in messages.
pub fn parse(text: &str, name: &str) -> Result<Settings, Failure> {
    parse_but(text, name, |_, _| false)
}

/// The same, but for entries that are read elsewhere.
pub fn parse_but(
    text: &str,
    name: &str,
    is_elsewhere: impl Fn(&str, &DeValue<'_>) -> bool,
) -> Result<Settings, Failure> {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let refusal = |place: String, reason: &str| Failure::fault(format!("{place}: {reason}"));
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(span.start));
        refusal(format!("{name}:{line}"), &error.message().trim().replace('\n', ", "))
    })?;
    let options = Options::new();
    let own = table.get_ref().iter().filter(|(key, value)| !is_elsewhere(key.get_ref(), value.get_ref()));
    let mut entries: Vec<_> = own.collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut words = Words::default();
    let mut arguments = Vec::new();
    for (key, value) in entries {
        let option = key.get_ref().replace('_', "-");
        let place = format!("{name}:{}", line(key.span().start));
        let place = match value.get_ref() {
            DeValue::Table(_) => format!("{place}: {}", key.get_ref()),
            _ => format!("{place}: {} = {}", key.get_ref(), words::shown(&text[value.span()])),
        };
        if words.of(&option).is_some() {
            return Err(refusal(place, &format!("{option} is there twice; keep one of them")));
        }
        let rivals = RIVALS.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
        if let Some((_, rival)) =
            rivals.into_iter().find(|(one, other)| *one == option && words.of(other).is_some())
        {
            let reason = format!("{rival} and {option} exclude each other; keep one of them");
            return Err(Failure::usage(format!("{place}: {reason}")));
        }
        arguments.extend(
            options
                .as_arguments(&option, value.get_ref())
                .map_err(|reason| refusal(place.clone(), &reason))?,
        );
        words.set(&option, place);
    }
    let mut settings = options.read(arguments).map_err(|error| refusal(name.to_owned(), &reason(&error)))?;
    settings.words = words;
    Ok(settings)
}

/// The options that are keys of a settings file.
struct Options(Command);

impl Options {
    fn new() -> Self {
        Self(Settings::augment_args(Command::new("settings").no_binary_name(true)))
    }

    fn read(&self, arguments: Vec<String>) -> Result<Settings, clap::Error> {
        Settings::from_arg_matches(&self.0.clone().try_get_matches_from(arguments)?)
    }

    /// A key and its value as arguments.
    fn as_arguments(&self, option: &str, value: &DeValue<'_>) -> Result<Vec<String>, String> {
        let known = self.0.get_arguments().find(|known| known.get_long() == Some(option));
        let Some(known) = known.filter(|_| !NO_KEYS.contains(&option)) else {
            let reason =
                "no such setting; the keys are the long options of `lif run` without the dashes in front";
            return Err(reason.to_owned());
        };
        let arguments = match (value, known.get_action()) {
            (DeValue::Boolean(true), ArgAction::SetTrue) => vec![format!("--{option}")],
            (DeValue::Boolean(false), ArgAction::SetTrue) => Vec::new(),
            (_, ArgAction::SetTrue) => return Err("it must be true or false".to_owned()),
            (DeValue::Array(values), ArgAction::Append) => {
                let arguments = values.iter().map(|value| with_value(known, option, value.get_ref()));
                arguments.collect::<Result<_, _>>()?
            }
            (value, _) => vec![with_value(known, option, value)?],
        };
        match self.read(arguments.clone()) {
            Ok(_) => Ok(arguments),
            Err(error) => Err(reason(&error)),
        }
    }
}

/// An option with a value, as an argument.
fn with_value(known: &Arg, option: &str, value: &DeValue<'_>) -> Result<String, String> {
    let words = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Integer(number) => match number.radix() {
            10 => number.as_str().to_owned(),
            radix => {
                let digits = number.as_str().replace('_', "");
                u64::from_str_radix(&digits, radix).map_err(|error| error.to_string())?.to_string()
            }
        },
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            let name = known.get_value_names().and_then(|names| names.first());
            let form = name.map_or_else(String::new, |name| format!(", {name} in --{option} {name}"));
            return Err(format!("it must be a number or text in quotes{form}"));
        }
    };
    Ok(format!("--{option}={words}"))
}

/// What is wrong with a value, without the value.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
            format!("it must be one of {}", valid.join(", "))
        }
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_a_settings_file_is_told_with_its_line_and_its_words() {
        let message = |text: &str| parse(text, "x.toml").unwrap_err().to_string();
        let unknown = message("neurons = 5\n\ncolour = 3\n");
        assert!(unknown.starts_with("x.toml:3: colour = 3: no such setting; the keys are"), "{unknown}");
        for (text, expected) in [
            (
                "tau_m = true",
                "x.toml:1: tau_m = true: it must be a number or text in quotes, VALUE in --tau-m VALUE",
            ),
            ("neurons = -3", "x.toml:1: neurons = -3: -3 is below 0"),
            (
                "neurons = [1, 2]",
                "x.toml:1: neurons = [1, 2]: it must be a number or text in quotes, N in --neurons N",
            ),
            ("json = \"yes\"", "x.toml:1: json = \"yes\": it must be true or false"),
            (
                "reset = \"hard\"",
                "x.toml:1: reset = \"hard\": it must be one of to-value, subtract, subtract-ahead, none",
            ),
            ("dt = 1\n[neuron]\nv = 1", "x.toml:2: neuron: no such setting"),
            ("dt = \"0.1nA\"", "x.toml:1: dt = \"0.1nA\": '0.1nA' is a current, not a time"),
            ("tau-m = 1\ntau_m = 2", "x.toml:2: tau_m = 2: tau-m is there twice; keep one of them"),
            (
                "steps = 1\nduration = 2",
                "x.toml:2: duration = 2: steps and duration exclude each other; keep one of them",
            ),
            ("config = \"x\"", "x.toml:1: config = \"x\": no such setting"),
        ] {
            assert!(message(text).starts_with(expected), "{text}: {}", message(text));
        }
    }
}
