//! Layers of settings: preset, settings file and command line, each stronger than the one before.

use super::Settings;
use super::graph;
use super::presets::{self, Choice};
use super::random_input::RandomInput;
use super::words::{self, Words};
use crate::failure::Failure;
use crate::files::text;
use crate::network::{self, Description};
use crate::quantity::bound::Bound;
use crate::quantity::spread::Spread;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Args, Command, FromArgMatches};
use serde_json::{Map, Value};
use std::error::Error;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Switches off a setting of a weaker layer.
const NONE: &str = "none";

/// The longest settings file, bytes: lists of neurons may be long.
const MOST_SETTINGS: u64 = 64 << 20;

/// Options that are no keys of a settings file.
const NO_KEYS: [&str; 3] = ["config", "resume", "threads"];

/// Options that have a meaning for networks alone.
const OF_NETWORKS: [&str; 6] = ["scale", "regime", "g", "eta", "drive", "warmup"];

type Layer = Map<String, Value>;

/// Settings that exclude each other; one in a stronger layer removes the other.
const RIVALS: [(&str, &str); 2] = [("steps", "duration"), ("stimulus-decibel", "stimulus-log")];

/// Settings with a setting that they need; if a stronger layer sets this to `none`, they are removed.
const DEPENDENTS: [(&str, &str); 2] = [("tau-trace", "trace"), ("trace-scale", "trace")];

/// All settings, completed by those of the preset, in the units of the preset.
pub fn complete(given: &Settings) -> Result<Settings, Failure> {
    let (mut options, mut words) = match &given.config {
        Some(path) => {
            let config = read_config(path)?;
            (layer(&config)?, config.words)
        }
        None => (Layer::new(), Words::default()),
    };
    lay_over(&mut options, layer(given)?);
    words.lay_over(&given.words);
    let complete = |options| in_preset_units(with_a_preset(options)?);
    let mut settings = complete(options).map_err(|failure| words.explain(failure))?;
    settings.words = words;
    // So that results do not replace it.
    settings.config.clone_from(&given.config);
    Ok(settings)
}

fn with_a_preset(options: Layer) -> Result<Settings, Failure> {
    if graph::is_given(&options)? {
        return settings(options);
    }
    let choice = match options.get("preset").and_then(Value::as_str) {
        Some(text) => text.parse().map_err(|reason: String| Failure::of("preset", reason))?,
        None => Choice::base(),
    };
    if choice.help().is_some() {
        let message = "help is no preset: lif presets lists them, as lif run --preset help does";
        return Err(Failure::of("preset", message));
    }
    choice.refuse_neuron_settings(&options)?;
    let mut all = preset(&choice)?;
    lay_over(&mut all, options);
    all.insert("preset".to_owned(), choice.to_string().into());
    settings(all)
}

/// Converts inputs and membrane potentials to the units of the preset.
fn in_preset_units(mut settings: Settings) -> Result<Settings, Failure> {
    let units = presets::units(&settings);
    let of = |name: &'static str| move |reason: String| Failure::of(name, reason);
    for (name, amount, unit) in [
        ("current", &mut settings.current, units.input),
        ("stimulus-scale", &mut settings.stimulus_scale, units.input),
        ("stimulus-offset", &mut settings.stimulus_offset, units.input),
        ("init-voltage", &mut settings.init_voltage, units.potential),
    ] {
        *amount = amount.map(|amount| amount.in_units(unit, &units)).transpose().map_err(of(name))?;
    }
    let inputs = settings.input.into_iter().map(|input| input.in_units(&units));
    settings.input = inputs.collect::<Result<_, _>>().map_err(of("input"))?;
    let weight = settings.events_weight.map(|weight| weight.in_units(&units));
    settings.events_weight = weight.transpose().map_err(of("events-weight"))?;
    Ok(settings)
}

fn settings(layer: Layer) -> Result<Settings, Failure> {
    serde_json::from_value(Value::Object(layer)).map_err(|error| Failure::usage(error.to_string()))
}

/// The settings of a run of a network, and the network that the settings file describes; `None` if this is a run of
/// neurons that are not connected.
pub fn of_a_network(given: &Settings) -> Result<Option<(Settings, Option<Description>)>, Failure> {
    if given.resume.is_some() && given.network.is_none() {
        // Its checkpoint says all.
        return Ok(None);
    }
    let (config, description) = match &given.config {
        None => (Settings::default(), None),
        Some(path) => {
            let text = config_text(path)?;
            let name = path.display().to_string();
            let is_described = network::is_network(&text);
            if !is_described && given.network.is_none() {
                // The settings may name a network.
                let config = parse(&text, &name)?;
                if config.network.is_none() {
                    return refuse_without_a_network(&config).map(|()| None);
                }
                (config, None)
            } else {
                let config = parse_but(&text, &name, network::is_of_network)?;
                (config, is_described.then(|| network::read(&text, &name)).transpose()?)
            }
        }
    };
    if description.is_none() && config.network.or(given.network).is_none() {
        return refuse_without_a_network(given).map(|()| None);
    }
    let mut options = layer(&config)?;
    lay_over(&mut options, layer(given)?);
    let mut words = config.words;
    words.lay_over(&given.words);
    let mut complete = settings(options).map_err(|failure| words.explain(failure))?;
    complete.words = words;
    complete.config.clone_from(&given.config);
    Ok(Some((complete, description)))
}

/// Refuses options that have a meaning for networks alone.
fn refuse_without_a_network(given: &Settings) -> Result<(), Failure> {
    let options = layer(given)?;
    match OF_NETWORKS.into_iter().find(|name| options.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("{name} is of networks: add --network NAME, or --config with the file of one");
            Err(given.words.explain(Failure::of(name, message)))
        }
    }
}

/// The settings that are set, by the names of the options.
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
        refuse_other_than_utf8(name, path)?;
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

/// Refuses a path that a summary cannot name.
pub fn refuse_other_than_utf8(option: &str, path: &Path) -> Result<(), Failure> {
    match path.to_str() {
        Some(_) => Ok(()),
        None => Err(Failure::usage(format!(
            "the path of --{option}, {}, is not UTF-8, so that the summary could not name it",
            path.display()
        ))),
    }
}

/// Refuses options of `lif run` that have no meaning for a command.
pub fn refuse_unused(given: &Settings, command: &str, unused: &[&str], why: &str) -> Result<(), Failure> {
    let options = layer(given)?;
    // The layer does not contain this one.
    let resumes = given.resume.is_some().then_some("resume");
    match unused.iter().copied().find(|name| options.contains_key(*name)).or(resumes) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!("{command} has no use for --{name}: {why}"))),
    }
}

/// Refuses ranges of parameters where there is one neuron.
pub fn refuse_spreads(settings: &Settings, why: &str) -> Result<(), Failure> {
    let is_range = |spread: Spread| matches!(spread, Spread::Range(..));
    let parameters = [
        ("tau-m", settings.tau_m),
        ("resistance", settings.resistance),
        ("v-rest", settings.v_rest),
        ("v-reset", settings.v_reset),
        ("v-threshold", settings.v_threshold),
        ("t-ref", settings.t_ref),
        ("v-lower", settings.v_lower.and_then(Bound::spread)),
        ("tau-trace", settings.tau_trace),
        ("trace-scale", settings.trace_scale),
        ("tau-syn", settings.tau_syn.and_then(Bound::spread)),
        ("tau-syn-inhibitory", settings.tau_syn_inhibitory.and_then(Bound::spread)),
        ("events-weight", settings.events_weight.map(|weight| weight.value)),
    ];
    let range = parameters.into_iter().find(|(_, spread)| spread.is_some_and(is_range)).map(|(name, _)| name);
    let input = settings.input.iter().any(RandomInput::is_spread).then_some("input");
    if let Some(name) = range.or(input) {
        return Err(Failure::of(name, format!("{name} is a range; {why}")));
    }
    match settings.preset.as_ref().and_then(Choice::spread) {
        Some(name) => Err(Failure::of("preset", format!("{name} is a range; {why}"))),
        None => Ok(()),
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

/// The settings of a preset, over those of the base preset. Empty for other simulators.
fn preset(choice: &Choice) -> Result<Layer, Failure> {
    let mut all = Layer::new();
    let Some(settings) = choice.settings() else { return Ok(all) };
    for text in [Choice::base().settings().unwrap_or_default(), settings] {
        lay_over(&mut all, layer(&parse(text, &format!("preset {choice}"))?)?);
    }
    Ok(all)
}

fn config_text(path: &Path) -> Result<String, Failure> {
    text::read(path, MOST_SETTINGS)
        .map_err(|error| Failure::fault(format!("cannot read the settings file {}: {error}", path.display())))
}

fn read_config(path: &Path) -> Result<Settings, Failure> {
    let mut settings = parse(&config_text(path)?, &path.display().to_string())?;
    // Paths in a settings file are relative to its folder, so that all can be moved together.
    if let Some(folder) = path.parent() {
        let inputs = [&mut settings.events, &mut settings.events_matrix, &mut settings.nir];
        for input in inputs.into_iter().flatten().chain(&mut settings.stimulus) {
            *input = folder.join(&*input);
        }
    }
    Ok(settings)
}

/// Reads settings like the options of the same names; `name` is the source in messages.
pub fn parse(text: &str, name: &str) -> Result<Settings, Failure> {
    parse_but(text, name, |_, _| false)
}

/// The same, but for entries that are read elsewhere.
fn parse_but(
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
    fn the_base_preset_holds_the_defaults_of_the_library() {
        let settings = complete(&Settings::default()).unwrap();
        assert_eq!(crate::plan::neurons::params(&settings, 1).unwrap(), lif::Params::default());
    }

    #[test]
    fn all_presets_can_be_used() {
        for name in presets::list().split(", ") {
            let options = Settings { preset: Some(name.parse().unwrap()), ..Settings::default() };
            let settings = complete(&options).unwrap();
            assert_eq!(settings.preset, options.preset);
            let params = crate::plan::neurons::params(&settings, 3).unwrap();
            lif::Population::new(params, 3, &lif::Device::cpu()).unwrap();
        }
    }

    #[test]
    fn options_win_over_a_preset_and_rivals_drop_each_other() {
        let options = Settings {
            preset: Some("normalised".parse().unwrap()),
            resistance: Some(Spread::Range(2.0, 3.0)),
            ..Settings::default()
        };
        let settings = complete(&options).unwrap();
        assert_eq!(settings.resistance, options.resistance);
        assert_eq!(settings.v_threshold, Some(Spread::Number(1.0)));

        let mut below = layer(&Settings { duration: Some(5.0), ..Settings::default() }).unwrap();
        lay_over(&mut below, layer(&Settings { steps: Some(7), ..Settings::default() }).unwrap());
        assert!(below.contains_key("steps") && !below.contains_key("duration"));
    }

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

    #[test]
    fn numbers_of_a_settings_file_are_those_of_options() {
        let settings = parse(
            "neurons = 1e5\nbatch = 0x10\nsteps = 1_000\nseed = \"1e3\"\ndt = \"100us\"\ntau-m = \"10:20ms\"\n\
             v_lower = \"-0.07V\"\ncurrent = \"300pA\"\nresistance = \"0.02GOhm\"\njson = false\n",
            "x.toml",
        )
        .unwrap();
        let found = (settings.neurons, settings.batch, settings.steps, settings.seed, settings.dt);
        assert_eq!(found, (Some(100_000), Some(16), Some(1000), Some(1000), Some(0.1)));
        assert_eq!(settings.tau_m, Some(Spread::Range(10.0, 20.0)));
        assert_eq!(settings.resistance, Some(Spread::Number(20.0)));
        assert_eq!(complete(&settings).unwrap().current, Some(Spread::Number(0.3).into()));
        let nest = Settings {
            preset: Some("nest".parse().unwrap()),
            current: settings.current,
            ..Settings::default()
        };
        assert_eq!(complete(&nest).unwrap().current, Some(Spread::Number(300.0).into()));
    }

    #[test]
    fn what_is_wrong_with_a_preset_and_its_units_is_told_with_its_words() {
        let message = |text: &str| complete(&parse(text, "x.toml").unwrap()).unwrap_err().to_string();
        assert_eq!(
            message("preset = \"norse\"\ncurrent = \"1nA\""),
            "x.toml:2: current = \"1nA\": '1nA' has a unit, but the numbers of the preset norse have none; write 1"
        );
        assert_eq!(
            message("preset = \"nest\"\ndt = 0.2"),
            "x.toml:2: dt = 0.2: dt cannot go with the preset nest, whose parameters have their own names: write --preset \
             nest:resolution=VALUE, in ms"
        );
    }
}
