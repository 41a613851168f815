//! Lists of presets with their parameters, units and defaults, for `lif presets`, `--preset help` and the
//! help of commands.

use super::{SETTINGS, list};
use crate::failure::Failure;
use lif::Preset;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The longest line, and where descriptions begin.
const WIDTH: usize = 79;
const INDENT: usize = 21;

/// A preset in the list.
struct Listed {
    name: &'static str,
    about: String,
    /// Empty if its parameters are options.
    input_unit: &'static str,
    parameters: Vec<Parameter>,
}

/// A parameter in the list.
struct Parameter {
    name: String,
    default: String,
    unit: &'static str,
    /// Words that are allowed in place of numbers.
    words: Vec<&'static str>,
}

impl Parameter {
    /// `tau_m=10 ms`
    fn short(&self) -> String {
        format!("{}={}", self.name, self.with_unit())
    }

    fn with_unit(&self) -> String {
        let unit = if self.default.parse::<f64>().is_ok() { self.unit } else { "" };
        format!("{} {unit}", self.default).trim_end().to_owned()
    }

    /// Its alternatives.
    fn alternatives(&self) -> String {
        let is_number = self.default.parse::<f64>().is_ok();
        let mut others: Vec<&str> = self.words.iter().copied().filter(|word| *word != self.default).collect();
        let number = format!("a number {}", if self.unit.is_empty() { "" } else { "in" });
        let number = format!("{number} {}", self.unit);
        if !is_number && self.words == ["none"] {
            others.push(number.trim_end());
        }
        if others.is_empty() { String::new() } else { format!("or {}", others.join(", ")) }
    }
}

/// The first lines of a settings file describe it.
fn list_settings(name: &'static str, text: &str) -> Listed {
    let about: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
    let parameters = text.lines().filter_map(|line| line.split_once(" = ")).map(|(name, value)| Parameter {
        name: name.to_owned(),
        default: value
            .parse::<f64>()
            .map_or_else(|_| value.trim_matches('"').to_owned(), |value| value.to_string()),
        unit: unit(name),
        words: Vec::new(),
    });
    Listed { name, about: about.join(" "), input_unit: "", parameters: parameters.collect() }
}

/// The unit of an option of neurons.
fn unit(option: &str) -> &'static str {
    match option {
        "dt" | "tau-m" | "t-ref" | "tau-syn" | "tau-syn-inhibitory" | "tau-trace" => "ms",
        "v-rest" | "v-reset" | "v-threshold" | "v-lower" => "mV",
        "resistance" => "MOhm",
        _ => "",
    }
}

fn list_simulator(name: &'static str) -> Result<Listed, Failure> {
    let preset = Preset::by_name(name)?;
    let parameters = preset.parameters().map(|(name, default, unit)| Parameter {
        name: name.to_owned(),
        default,
        unit,
        words: preset.words(name),
    });
    let about = preset.about().to_owned();
    Ok(Listed { name, about, input_unit: preset.input_unit(), parameters: parameters.collect() })
}

fn all() -> Result<Vec<Listed>, Failure> {
    let systems = Preset::names().map(list_simulator);
    SETTINGS.iter().map(|(name, text, _)| Ok(list_settings(name, text))).chain(systems).collect()
}

fn chosen(name: Option<&str>) -> Result<Vec<Listed>, Failure> {
    let mut all = all()?;
    if let Some(name) = name {
        all.retain(|listed| listed.name == name);
        if all.is_empty() {
            return Err(Failure::usage(format!("there is no preset '{name}'; there are: {}", list())));
        }
    }
    Ok(all)
}

/// All presets, or one in full.
pub fn table(name: Option<&str>) -> Result<String, Failure> {
    let chosen = chosen(name)?;
    let mut text = String::new();
    // Writing to a string cannot fail.
    if name.is_none() {
        for listed in &chosen {
            let _ = writeln!(text, "{}", paragraph(listed));
        }
        let _ = write!(
            text,
            "\n--preset NAME takes one of them. Single parameters of the first {} are options,\n\
             as --tau-m 20; those of the others follow a colon, as in\n\
             --preset nest:tau_m=20,t_ref=2:5. A value can have a unit, as 20ms.\n\
             lif presets NAME lists one of them in full.",
            SETTINGS.len()
        );
        return Ok(text);
    }
    for listed in &chosen {
        let _ = writeln!(text, "{}: {}\n", listed.name, about(listed));
        let width = listed.parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
        for parameter in &listed.parameters {
            let line = format!(
                "{:width$}  {:<14} {}",
                parameter.name,
                parameter.with_unit(),
                parameter.alternatives()
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    Ok(text.trim_end().to_owned())
}

/// The description, and the unit of inputs.
fn about(listed: &Listed) -> String {
    let inputs = match listed.input_unit {
        "" => String::new(),
        unit @ ("unitless" | "per step") => format!("; inputs {unit}"),
        unit => format!("; inputs in {unit}"),
    };
    format!("{}{inputs}", listed.about.trim_end_matches('.'))
}

fn heading(listed: &Listed) -> String {
    let start = format!("  {:<width$}", listed.name, width = INDENT - 2);
    wrapped(&start, &about(listed).split(' ').collect::<Vec<_>>(), " ")
}

/// A preset with all its parameters, wrapped.
fn paragraph(listed: &Listed) -> String {
    let parameters: Vec<String> = listed.parameters.iter().map(Parameter::short).collect();
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    format!("{}\n{}", heading(listed), wrapped(&" ".repeat(INDENT), &parameters, ", "))
}

/// Joins parts into lines.
fn wrapped(start: &str, parts: &[&str], between: &str) -> String {
    let mut lines = vec![start.to_owned()];
    for (index, part) in parts.iter().enumerate() {
        let part = if index + 1 < parts.len() { format!("{part}{between}") } else { (*part).to_owned() };
        match lines.last_mut() {
            Some(line) if line.len() + part.trim_end().len() <= WIDTH || line.len() == INDENT => {
                line.push_str(&part)
            }
            _ => lines.push(format!("{}{part}", " ".repeat(INDENT))),
        }
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// The presets for the help of a command.
pub fn in_the_help() -> String {
    let presets = all().unwrap_or_default();
    let paragraphs: Vec<String> = presets.iter().map(paragraph).collect();
    format!(
        "Presets, with defaults (--preset NAME, or NAME:PARAMETER=VALUE,... for neurons\nof other simulators):\n{}",
        paragraphs.join("\n")
    )
}

pub fn as_json(name: Option<&str>) -> Result<String, Failure> {
    let presets: Vec<Value> = chosen(name)?
        .iter()
        .map(|listed| {
            let parameters: Vec<Value> = listed
                .parameters
                .iter()
                .map(|parameter| {
                    json!({
                        "name": parameter.name,
                        "default": parameter.default,
                        "unit": parameter.unit,
                        "words": parameter.words,
                    })
                })
                .collect();
            json!({
                "name": listed.name,
                "about": listed.about,
                "input_unit": listed.input_unit,
                "parameters": parameters,
            })
        })
        .collect();
    Ok(format!("{:#}", Value::Array(presets)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_every_preset_is_listed_in_lines_that_are_not_too_long() {
        let help = in_the_help();
        assert!(help.lines().all(|line| line.chars().count() <= WIDTH), "{help}");
        for name in Preset::names() {
            let preset = Preset::by_name(name).unwrap();
            let alone = table(Some(name)).unwrap();
            assert!(help.contains(preset.name()) && alone.contains(preset.about()), "{name}");
            for (parameter, default, unit) in preset.parameters() {
                let unit =
                    if default == "none" || unit.is_empty() { String::new() } else { format!(" {unit}") };
                assert!(help.contains(&format!("{parameter}={default}{unit}")), "{name}: {parameter}");
                assert!(
                    alone.lines().any(|line| line.trim_start().starts_with(parameter)),
                    "{name}: {parameter}"
                );
            }
        }
        for name in ["origin", "normalised", "receptor"] {
            assert!(help.contains(name), "{name}");
        }
        assert!(help.contains("tau-m=10 ms, resistance=20 MOhm"));
        assert!(table(Some("nest")).unwrap().contains("\nV_min       none           or a number in mV"));
        assert!(table(Some("snntorch-leaky")).unwrap().contains("subtract       or zero, none"));
        assert!(table(Some("nes")).unwrap_err().to_string().contains("there is no preset"));
    }
}
