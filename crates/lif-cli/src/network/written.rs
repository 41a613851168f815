//! Writes a description as the file that describes the same network.

use super::Description;
use super::description::{Distribution, Effect, Group, InitVoltage, Poisson, Projection, Rule};
use super::distance;
use super::edges::ListFile;
use super::ids::Ids;
use super::noise::Noise;
use super::sweep::Swept;
use clap::ValueEnum;
use lif::{Integrator, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape};
use std::fmt::Write;
use std::path::Path;

impl Description {
    /// As a file; `settings` are the keys above its tables.
    pub fn written(&self, settings: &[(&str, String)]) -> String {
        let mut text = format!("# The network of this run, {}, and its settings.\n\n", self.name);
        let mut line = |words: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{words}");
        };
        for (key, value) in settings {
            line(&format!("{key} = {value}"));
        }
        line("\n[network]");
        line(&format!("dt = {:?}", self.dt));
        if let Some(seed) = self.seed {
            line(&format!("seed = {}", whole(seed)));
        }
        line(&format!("v-reference = {:?}", self.v_reference));
        for (key, word) in [
            ("integrator", integrator(self.integrator)),
            ("spike-test", spike_test(self.spike_test)),
            ("reset", reset(self.reset)),
            ("refractory", refractory(self.refractory)),
            ("synapse-rule", synapse_rule(self.synapse_rule)),
            ("synapse-shape", synapse_shape(self.synapse_shape)),
        ] {
            line(&format!("{key} = {}", quoted(&word)));
        }
        if !self.sweep.keys.is_empty() {
            line("\n[sweep]");
        }
        for key in &self.sweep.keys {
            line(&format!("{} = {:?}", quoted(&key.name), key.values));
        }
        for (index, group) in self.groups.iter().enumerate() {
            line(&format!("\n[groups.{}]", quoted(&group.name)));
            line(&format!("size = {}", group.size));
            group.ids.as_deref().map(ids).iter().for_each(|words| line(words));
            self.of_group(index, group).iter().for_each(|words| line(words));
            for subset in &group.subsets {
                line(&format!("\n[groups.{}.subsets.{}]", quoted(&group.name), quoted(&subset.kind.name)));
                let members: Vec<u64> = subset.members.iter().map(|member| group.name_of(*member)).collect();
                line(&format!("neurons = {}", names(&members)));
                self.of_group(index, &subset.kind).iter().for_each(|words| line(words));
            }
        }
        for (index, projection) in self.projections.iter().enumerate() {
            line("\n[[projections]]");
            self.of_projection(projection).iter().for_each(|words| line(words));
            if let Some(key) = self.sweep.factor(index).and_then(|key| self.sweep.keys.get(key)) {
                line(&format!("factor = {}", quoted(&key.name)));
            }
        }
        text
    }

    fn of_group(&self, index: usize, group: &Group) -> Vec<String> {
        let number = |what: Swept, value: f64| {
            self.sweep.name(index, what).map_or_else(|| format!("{value:?}"), quoted)
        };
        let poisson = |(source, poisson): (usize, &Poisson)| {
            let factor = self
                .sweep
                .name(index, Swept::Factor(source))
                .map(|name| format!(", factor = {}", quoted(name)));
            format!(
                "{{ rate = {}, weight = {}, effect = {}{} }}",
                number(Swept::Rate(source), poisson.rate),
                number(Swept::Weight(source), poisson.weight),
                effect(poisson.effect),
                factor.unwrap_or_default()
            )
        };
        let neurons = &group.neurons;
        let numbers = [
            ("tau-m", Some(neurons.tau_m)),
            ("resistance", Some(neurons.resistance)),
            ("v-rest", Some(neurons.v_rest)),
            ("v-reset", Some(neurons.v_reset)),
            ("v-threshold", Some(neurons.v_threshold)),
            ("t-ref", Some(neurons.t_ref)),
            ("v-lower", neurons.v_lower),
            ("tau-syn", neurons.tau_syn),
            ("tau-syn-inhibitory", neurons.tau_syn_inhibitory),
            ("current", Some(group.current)),
        ];
        let mut lines: Vec<String> = Vec::new();
        lines.extend(
            numbers
                .into_iter()
                .filter_map(|(key, value)| Some(format!("{key} = {}", number(Swept::Number(key), value?)))),
        );
        lines.extend(group.init_voltage.map(|voltage| {
            let value = match voltage {
                InitVoltage::Same(value) => format!("{value:?}"),
                InitVoltage::Uniform { low, high } => format!("{{ uniform = [{low:?}, {high:?}] }}"),
                InitVoltage::Normal { mean, sd } => format!("{{ normal = [{mean:?}, {sd:?}] }}"),
            };
            format!("init-voltage = {value}")
        }));
        lines.extend(group.positions.iter().map(|positions| format!("positions = {}", positions.written())));
        // A subset without one does not have that of its group.
        let sources: Vec<String> = group.poisson.iter().enumerate().map(poisson).collect();
        lines.push(format!("poisson = [{}]", sources.join(", ")));
        let sources: Vec<String> = group.noise.iter().map(Noise::written).collect();
        lines.push(format!("noise = [{}]", sources.join(", ")));
        lines
    }

    fn of_projection(&self, projection: &Projection) -> Vec<String> {
        let name = |group: usize| quoted(self.groups.get(group).map_or("", |group| &group.name));
        let mut lines = vec![
            format!("from = {}", name(projection.from)),
            format!("to = {}", name(projection.to)),
            format!("rule = {}", rule(&projection.rule)),
            format!("autapses = {}", projection.autapses),
            format!("multapses = {}", projection.multapses),
            format!("effect = {}", effect(projection.effect)),
        ];
        // Those of a list are in its file.
        let drawn = |value: Option<Distribution>| value.filter(|value| *value != Distribution::Listed);
        lines.extend(
            drawn(Some(projection.weight)).map(|weight| format!("weight = {}", distribution(weight))),
        );
        lines.extend(drawn(projection.delay).map(|delay| format!("delay = {}", distribution(delay))));
        lines.extend(projection.velocity.map(|velocity| format!("velocity = {velocity:?}")));
        lines.extend(projection.unit.map(|unit| format!("unit = {unit:?}")));
        lines
    }
}

fn effect(of: Effect) -> &'static str {
    match of {
        Effect::Jump => "\"jump\"",
        Effect::Current => "\"current\"",
    }
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::FixedIndegree(count) => format!("{{ fixed-indegree = {count} }}"),
        Rule::FixedOutdegree(count) => format!("{{ fixed-outdegree = {count} }}"),
        Rule::FixedTotal(count) => format!("{{ fixed-total = {} }}", whole(*count)),
        Rule::List(edges) => list(&edges.file),
        Rule::Pairwise(p) => format!("{{ pairwise = {p:?} }}"),
        Rule::ByDistance { profile, periodic } => distance::written(*profile, *periodic),
        Rule::OneToOne => "\"one-to-one\"".to_owned(),
        Rule::AllToAll => "\"all-to-all\"".to_owned(),
    }
}

fn list(file: &ListFile) -> String {
    let path = |path: &Path| quoted(&path.to_string_lossy());
    let by = file.by.and_then(|by| by.to_possible_value());
    let keys = [
        ("list", Some(path(&file.path))),
        ("by", by.map(|by| quoted(by.get_name()))),
        ("population", file.population.as_deref().map(quoted)),
        ("types", file.types.as_deref().map(path)),
        ("weight-unit", file.weight_unit.map(|unit| format!("{unit:?}"))),
        ("silenced", Some(&file.silenced).filter(|all| !all.is_empty()).map(|all| names(all))),
    ];
    let keys: Vec<String> =
        keys.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", value?))).collect();
    format!("{{ {} }}", keys.join(", "))
}

/// A list of neurons.
fn names(names: &[u64]) -> String {
    let names: Vec<String> = names.iter().map(|name| whole(*name)).collect();
    format!("[{}]", names.join(", "))
}

fn ids(ids: &Ids) -> String {
    let file = quoted(&ids.path.to_string_lossy());
    match &ids.column {
        None => format!("ids = {file}"),
        Some(column) => format!("ids = {{ file = {file}, column = {} }}", quoted(column)),
    }
}

fn distribution(distribution: Distribution) -> String {
    let (name, one, other) = match distribution {
        Distribution::Constant(value) | Distribution::Counted(value) => return format!("{value:?}"),
        Distribution::Normal { mean, sd } => ("normal", mean, sd),
        Distribution::NormalClipped { mean, sd } => ("normal-clipped", mean, sd),
        Distribution::Lognormal { mu, sigma } => ("lognormal", mu, sigma),
        Distribution::NegativeLognormal { mu, sigma } => ("negative-lognormal", mu, sigma),
        Distribution::Uniform { low, high } => ("uniform", low, high),
        // It is not written.
        Distribution::Listed => return String::new(),
    };
    format!("{{ {name} = [{one:?}, {other:?}] }}")
}

/// A whole number. Those of TOML have a sign, so that larger ones are text.
fn whole(number: u64) -> String {
    if i64::try_from(number).is_ok() { number.to_string() } else { format!("\"{number}\"") }
}

/// Text in quotes.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The word for a rule of the model.
fn word<T: ValueEnum, Of: PartialEq>(of: Of, rule: impl Fn(T) -> Of) -> String {
    let variants = T::value_variants().iter();
    let names = variants.filter_map(|variant| Some((rule(variant.clone()), variant.to_possible_value()?)));
    let mut own = names.filter(|(rule, _)| *rule == of);
    own.next().map_or_else(String::new, |(_, value)| value.get_name().to_owned())
}

pub fn integrator(of: Integrator) -> String {
    word(of, |rule: crate::settings::rules::Integrator| rule.into())
}

pub fn spike_test(of: SpikeTest) -> String {
    word(of, |rule: crate::settings::rules::SpikeTest| rule.into())
}

pub fn reset(of: Reset) -> String {
    word(of, |rule: crate::settings::rules::Reset| rule.into())
}

pub fn refractory(of: Refractory) -> String {
    word(of, |rule: crate::settings::rules::Refractory| rule.into())
}

pub fn synapse_rule(of: SynapseRule) -> String {
    word(of, |rule: crate::settings::rules::SynapseRule| rule.into())
}

fn synapse_shape(of: SynapseShape) -> String {
    word(of, |shape: crate::settings::rules::SynapseShape| shape.into())
}

#[cfg(test)]
mod tests {
    use super::super::models::Model;
    use super::super::read;
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn what_is_written_describes_the_same() {
        let mut all: Vec<Description> = Model::value_variants()
            .iter()
            .filter(|model| **model != Model::Fly)
            .map(|model| {
                let mut settings = Settings { scale: Some(0.3), ..Settings::default() };
                model.description(&mut settings).unwrap()
            })
            .collect();
        let text = "[network]\nseed = \"18446744073709551615\"\nreset = \"subtract\"\nrefractory = \"leak-only\"\nsynapse-rule = \"cleared\"\nsynapse-shape = \"alpha\"\n\
                    spike-test = \"at-or-above\"\nintegrator = \"euler\"\n[groups.\"a \\\"b\\\".c\"]\nsize = 3\n\
                    v-lower = -80\ninit-voltage = -61.3\n[groups.d]\nsize = 3\n[[projections]]\n\
                    from = [\"d\", \"a \\\"b\\\".c\"]\nto = \"d\"\nrule = \"one-to-one\"\nweight = { lognormal = [0.1, 2] }\n\
                    effect = \"jump\"\nautapses = false\n[[projections]]\nfrom = \"d\"\nto = \"d\"\nrule = { pairwise = 1e-7 }\n\
                    weight = { normal-clipped = [1, 2] }\neffect = \"jump\"\ndelay = { uniform = [0.1, 3] }\n\
                    [groups.sheet]\nsize = 6\npositions = { grid = [3, 2], extent = [30, 20], origin = [-1, 0.5, 7] }\n\
                    [groups.cloud]\nsize = 2\nnoise = [{ gaussian = [0.1, \"30pA\"] }, { white-noise = [0, 0.2] }, { uniform = [-1, 1] }]\npositions = { uniform = [3, 2.5, 1e3] }\n\
                    [[projections]]\nfrom = \"sheet\"\nto = \"cloud\"\nweight = 1\neffect = \"jump\"\nvelocity = 3\ndelay = 0.5\n\
                    rule = { by-distance = { step = { p = 0.3, radius = 4.5 }, periodic = [0, 2] } }\n\
                    [[projections]]\nfrom = \"cloud\"\nto = \"sheet\"\nweight = 1\neffect = \"current\"\n\
                    rule = { by-distance = { exponential = { p = 0.3, length = 4.5 } } }\nfactor = \"g\"\n\
                    [sweep]\ng = \"3:4:2\"\nI = [\"100pA\", 0.3]\n\"a b\" = 7\n[groups.swept]\nsize = 1\ncurrent = \"I\"\ntau-m = \"a b\"\n\
                    poisson = [{ rate = \"a b\", weight = \"g\", effect = \"jump\" }, { rate = 3, weight = 1, effect = \"jump\", factor = \"g\" }]\n\
                    [[projections]]\nfrom = \"cloud\"\nto = \"cloud\"\nweight = 1\neffect = \"current\"\nvelocity = 5\n\
                    rule = { by-distance = { gaussian = { p = 0.3, sigma = 4.5 } } }\n";
        all.push(read(text, "net.toml").unwrap());
        for described in all {
            let text = described.written(&[("duration", "3".to_owned())]);
            let again = read(&text, &described.name).unwrap();
            // The file is another.
            let without = |description: &Description| Description {
                in_file: Default::default(),
                ..description.clone()
            };
            assert_eq!(format!("{:?}", without(&again)), format!("{:?}", without(&described)), "{text}");
        }
    }
}
