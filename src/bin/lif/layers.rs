//! Settings laid over each other: preset, settings file, command line, the later the stronger.

use crate::failure::Failure;
use crate::nir;
use crate::presets::Choice;
use crate::reading;
use crate::settings::Settings;
use serde_json::{Map, Value};
use std::path::Path;

/// What switches something off that a weaker layer switched on.
const NONE: &str = "none";

/// The longest settings: lists of neurons to record may be long.
const MOST_SETTINGS: u64 = 64 << 20;

type Layer = Map<String, Value>;

/// Settings of which only one can be meant; a stronger layer that has one drops the other.
const RIVALS: [(&str, &str); 2] = [("steps", "duration"), ("stimulus-decibel", "stimulus-log")];

/// A setting that means something only beside another one; a stronger layer that says `none` for
/// the second drops the first.
const DEPENDENTS: [(&str, &str); 2] = [("tau-trace", "trace"), ("trace-scale", "trace")];

/// All that was asked for, with the parameters of the preset where nothing was.
pub fn complete(given: &Settings) -> Result<Settings, Failure> {
    let mut asked = match &given.config {
        Some(path) => layer(&read_config(path)?)?,
        None => Layer::new(),
    };
    lay_over(&mut asked, layer(given)?);

    if nir::are_asked_for(&asked)? {
        return settings(asked);
    }
    let choice = match asked.get("preset").and_then(Value::as_str) {
        Some(text) => text.parse().map_err(Failure::usage)?,
        None => Choice::base(),
    };
    choice.refuse_beside(&asked)?;
    let mut all = preset(&choice)?;
    lay_over(&mut all, asked);
    all.insert("preset".to_owned(), choice.to_string().into());
    settings(all)
}

fn settings(layer: Layer) -> Result<Settings, Failure> {
    serde_json::from_value(Value::Object(layer)).map_err(|error| Failure::usage(error.to_string()))
}

/// What was set, by the names of the options.
pub fn layer(settings: &Settings) -> Result<Layer, Failure> {
    let paths = [
        ("events", &settings.events),
        ("events-matrix", &settings.events_matrix),
        ("nir", &settings.nir),
        ("out", &settings.out),
        ("checkpoint", &settings.checkpoint),
    ];
    let paths = paths.into_iter().flat_map(|(name, path)| path.iter().map(move |path| (name, path)));
    let stimuli = settings.stimulus.iter().map(|path| ("stimulus", path));
    for (name, path) in paths.chain(stimuli) {
        if path.to_str().is_none() {
            return Err(Failure::usage(format!(
                "the path of --{name}, {}, is not UTF-8, so that the summary could not name it",
                path.display()
            )));
        }
    }
    match serde_json::to_value(settings) {
        Ok(Value::Object(mut layer)) => {
            layer.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
            Ok(layer)
        }
        Ok(_) => Ok(Layer::new()),
        Err(error) => Err(Failure::usage(format!("these settings cannot be written down: {error}"))),
    }
}

/// Refuses options of `lif run` that a command has no use for, and says why it has not.
pub fn refuse_unused(given: &Settings, command: &str, unused: &[&str], why: &str) -> Result<(), Failure> {
    let asked = layer(given)?;
    // Settings do not keep what they are read from.
    let resumes = given.resume.is_some().then_some("resume");
    match unused.iter().copied().find(|name| asked.contains_key(*name)).or(resumes) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!("{command} has no use for --{name}: {why}"))),
    }
}

fn lay_over(below: &mut Layer, above: Layer) {
    for (one, other) in RIVALS {
        if above.contains_key(one) {
            below.remove(other);
        }
        if above.contains_key(other) {
            below.remove(one);
        }
    }
    for (dependent, needed) in DEPENDENTS {
        if above.get(needed).and_then(Value::as_str) == Some(NONE) {
            below.remove(dependent);
        }
    }
    below.extend(above);
}

/// The settings of a preset, laid over those of the base. The neurons of another simulator have none.
fn preset(choice: &Choice) -> Result<Layer, Failure> {
    let mut all = Layer::new();
    let Some(settings) = choice.settings() else { return Ok(all) };
    for text in [Choice::base().settings().unwrap_or_default(), settings] {
        lay_over(&mut all, layer(&parse(text, &format!("preset {choice}"))?)?);
    }
    Ok(all)
}

fn read_config(path: &Path) -> Result<Settings, Failure> {
    let shown = path.display();
    let text = reading::text(path, MOST_SETTINGS)
        .map_err(|error| Failure::fault(format!("cannot read the settings file {shown}: {error}")))?;
    let mut settings = parse(&text, &shown.to_string())?;
    if settings.steps.is_some() && settings.duration.is_some() {
        return Err(Failure::usage(format!(
            "{shown}: steps and duration exclude each other; keep one of them"
        )));
    }
    // A settings file names its inputs as seen from where it lies, so that all can be moved together.
    if let Some(folder) = path.parent() {
        let inputs = [&mut settings.events, &mut settings.events_matrix, &mut settings.nir];
        for input in inputs.into_iter().flatten().chain(&mut settings.stimulus) {
            *input = folder.join(&*input);
        }
    }
    Ok(settings)
}

/// Reads settings; `name` says in messages whose they are.
pub fn parse(text: &str, name: &str) -> Result<Settings, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        let mut reason = error.message().trim().replace('\n', ", ");
        if let Some((unknown, _)) = reason.split_once(", expected one of") {
            reason =
                format!("{unknown}; the keys are the long options of `lif run` without the dashes in front");
        }
        Failure::fault(format!("{name}:{line}: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets;

    #[test]
    fn the_base_preset_holds_the_defaults_of_the_library() {
        let settings = complete(&Settings::default()).unwrap();
        assert_eq!(crate::neurons::params(&settings, 1).unwrap(), lif::Params::default());
    }

    #[test]
    fn all_presets_can_be_used() {
        for name in presets::list().split(", ") {
            let asked = Settings { preset: Some(name.parse().unwrap()), ..Settings::default() };
            let settings = complete(&asked).unwrap();
            assert_eq!(settings.preset, asked.preset);
            let params = crate::neurons::params(&settings, 3).unwrap();
            lif::Population::new(params, 3, 1, &lif::Device::cpu()).unwrap();
        }
    }

    #[test]
    fn options_win_over_a_preset_and_rivals_drop_each_other() {
        let asked = Settings {
            preset: Some("normalised".parse().unwrap()),
            resistance: Some("2:3".parse().unwrap()),
            ..Settings::default()
        };
        let settings = complete(&asked).unwrap();
        assert_eq!(settings.resistance, asked.resistance);
        assert_eq!(settings.v_threshold, Some("1".parse().unwrap()));

        let mut below = layer(&Settings { duration: Some(5.0), ..Settings::default() }).unwrap();
        lay_over(&mut below, layer(&Settings { steps: Some(7), ..Settings::default() }).unwrap());
        assert!(below.contains_key("steps") && !below.contains_key("duration"));
    }

    #[test]
    fn a_fault_in_a_settings_file_is_told_with_its_line() {
        let message = parse("neurons = 5\n\ncolour = 3\n", "x.toml").unwrap_err().to_string();
        assert!(message.starts_with("x.toml:3: unknown field `colour`; the keys are"), "{message}");
        let message = parse("tau_m = true\n", "x.toml").unwrap_err().to_string();
        assert!(message.starts_with("x.toml:1: ") && message.contains("LO:HI"), "{message}");
    }
}
