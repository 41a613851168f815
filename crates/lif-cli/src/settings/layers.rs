//! Layers of settings: preset, settings file and command line, each stronger than the one before.

use super::Settings;
use super::graph;
pub use super::keys::parse;
use super::keys::parse_but;
use super::presets::{self, Choice};
use super::random_input::RandomInput;
use super::words::Words;
use crate::failure::Failure;
use crate::files::text;
use crate::network::{self, Description};
use crate::quantity::bound::Bound;
use crate::quantity::spread::Spread;
use serde_json::{Map, Value};
use std::path::Path;

/// Switches off a setting of a weaker layer.
const NONE: &str = "none";

/// The longest settings file, bytes: lists of neurons may be long.
const MOST_SETTINGS: u64 = 64 << 20;

/// Options that have a meaning for networks alone.
const OF_NETWORKS: [&str; 10] =
    ["scale", "regime", "g", "eta", "drive", "warmup", "neurons-file", "edges", "activate", "silence"];

type Layer = Map<String, Value>;

/// Settings that exclude each other; one in a stronger layer removes the other.
pub const RIVALS: [(&str, &str); 2] = [("steps", "duration"), ("stimulus-decibel", "stimulus-log")];

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
    if given.resume.is_some() {
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
