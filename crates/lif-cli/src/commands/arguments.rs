//! The command line and its help.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments on fields are the text of the help, where a bracket is a bracket"
)]

use super::bench::BenchOptions;
use super::devices::DevicesOptions;
use super::fi;
use super::fit::{self, FitOptions};
use super::fly_files::FlyFilesOptions;
use super::nir::NirOptions;
use super::presets::PresetsOptions;
use super::score::{self, ScoreOptions};
use super::synapses::SynapsesOptions;
use crate::failure::Failure;
use crate::settings::presets::listing;
use crate::settings::{self, Settings};
use clap::{Arg, Parser, Subcommand};

// No line has more than 80 columns, as a wrapped one cannot be pasted.

const EXAMPLES: &str = "\
Examples:
  lif run
      100,000 neurons for one second, on the GPU if there is one
  lif run --network brunel
      neurons that are connected with each other
  lif fi --preset nest:tau_m=20
      the rate of a neuron against its input current, simulated and in theory
  lif score --config neuron.toml --stimulus sound.npz --spikes recorded.txt
      how well a neuron predicts recorded spikes
  lif fit --stimulus sound.npz --spikes recorded.txt
      the neuron that predicts them best
  lif presets
      the neurons that --preset takes, with their parameters, units and defaults
  lif nir network.nir
      the neurons in a NIR graph, which run --nir takes
  lif devices --check
      what this machine can run on, and whether its results are right
  lif bench --quick
      how fast its devices are";

const RUN_EXAMPLES: &str = "\
Examples:
  lif run
      100,000 neurons for one second, on the GPU if there is one
  lif run -n 2000 --current 0.45:1.2 --t-ref 2ms
      weakly to strongly driven neurons, from first to last
  lif run -n 500 --stimulus sound.npz --resistance 5:40
      a recorded input, neurons of different gain
  lif run -n 1000 --input poisson:rate=1900,weight=0.5 --seed 3
      neurons that get 1900 random spikes per second of 0.5 mV each
  lif run --preset nest:tau_m=20 --current 150:400 --duration 5s
      the neurons of another simulator, in its units
  lif run --config experiment.toml --seed 7 --json > summary.json
      settings from a file, one of them changed
  lif run --network brunel --regime d --duration 5s
      a network of 12,500 neurons with 15.6 million synapses
  lif run --network microcircuit --scale 0.1
      a model of cortex at a tenth of its size";

const FI_EXAMPLES: &str = "\
Examples:
  lif fi
      the default neuron at 200 currents, and in theory
  lif fi --current 0.4:2 -n 1000 --t-ref 2ms --integrator exact
      these currents, another neuron
  lif fi --preset brian2:tau=20,refractory=5 --json
      the neuron of another simulator; all points as JSON";

const SCORE_EXAMPLES: &str = "\
Examples:
  lif score --config neuron.toml --stimulus sound.npz --spikes recorded.txt
      the neuron of a settings file
  lif score --preset receptor --dt 0.05 --stimulus sound.npz \\
      --spikes recorded.txt --from 5s --json
      what comes after the first five seconds, as JSON
  lif score --config neuron.toml \\
      --stimulus sound.txt --stimulus-time-unit us \\
      --spikes first.txt --spikes second.txt --spikes-time-unit us
      two recordings of the answer to one stimulus, times in microseconds";

const FIT_EXAMPLES: &str = "\
Examples:
  lif fit --stimulus sound.npz --stimulus-decibel 2e-5 \\
      --spikes recorded.txt --dt 0.05
      membrane, gain, offset, refractory period and delay of a neuron that
      hears in decibel
  lif fit --stimulus current.txt --spikes recorded.txt \\
      --vary tau-m=1:50:log --vary resistance=10:500:log
      two parameters between bounds of your own, for an injected current in nA
  lif fit --stimulus sound.npz --spikes recorded.txt \\
      --candidates 1e5 --checkpoint search.json
      a search for a GPU, which goes on where it was ended";
const MORE: &str = "--help says more of each option, and has examples";

const NIR_EXAMPLES: &str = "\
Examples:
  lif nir network.nir
      the nodes of a graph, and how to simulate those that are neurons
  lif nir network.nir --json
      all that is known of them, for programs";

const SYNAPSES_EXAMPLES: &str = "\
Examples:
  lif synapses --network brunel --scale 0.1
      source, target, weight and delay of each synapse, for numpy
  lif synapses --config net.toml --seed 3 --out net.csv
      those of a network of your own, as text";

const FLY_FILES_EXAMPLES: &str = "\
Examples:
  lif fly-files
      138,639 neurons and 15 million pairs that are connected
  lif fly-files --scale 0.01 --out small
      a hundredth of them";

const DEVICES_EXAMPLES: &str = "\
Examples:
  lif devices
      the CPU, and all adapters that are found
  lif devices --check
      the same, each adapter compared with the model
  WGPU_BACKEND=vulkan lif devices --json
      only those of one graphics API, for programs";

/// The end of the help of a command.
const NUMBERS: &str = "\
Numbers can be written as 1e5 or 100_000, and with a unit, as 300pA, 0.1ms,
-65mV or 20MOhm; without one they are in the unit that is named.";

/// The same with the presets, and the examples of the command.
fn with_presets(examples: &str) -> String {
    format!("{NUMBERS}\n\n{}\n\n{examples}", listing::in_the_help())
}

/// Leaky integrate-and-fire neurons in very large populations, on GPU and CPU with equal results.
#[derive(Debug, Parser)]
#[command(name = "lif", version, propagate_version = true, after_help = "lif COMMAND -h lists the options of a command, lif COMMAND --help \
    says more of each and has examples", after_long_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a population; write its spikes, a summary and a picture
    #[command(after_help = MORE, after_long_help = with_presets(RUN_EXAMPLES))]
    Run(Box<Settings>),
    /// Rate against constant current, simulated and in theory, as a table and a picture
    #[command(mut_args = for_a_curve, override_usage = "lif fi [OPTIONS]", after_help = MORE, after_long_help = with_presets(FI_EXAMPLES))]
    Fi(Box<Settings>),
    /// How well a neuron predicts the recorded answer to a stimulus
    #[command(mut_args = for_a_score, override_usage = "lif score --stimulus FILE --spikes FILE [OPTIONS]", after_help = MORE, after_long_help = with_presets(SCORE_EXAMPLES))]
    Score(Box<ScoreOptions>),
    /// Search for the neuron that predicts the recorded answer to a stimulus best
    #[command(mut_args = for_a_fit, override_usage = "lif fit --stimulus FILE --spikes FILE [OPTIONS]", after_help = MORE, after_long_help = with_presets(FIT_EXAMPLES))]
    Fit(Box<FitOptions>),
    /// List the neurons that --preset takes, with their parameters, units and defaults
    Presets(PresetsOptions),
    /// List the nodes of a NIR graph, and how to simulate its neurons
    #[command(after_help = MORE, after_long_help = NIR_EXAMPLES)]
    Nir(NirOptions),
    /// Draw the synapses of a network, and write them as a list
    #[command(after_help = MORE, after_long_help = SYNAPSES_EXAMPLES)]
    Synapses(Box<SynapsesOptions>),
    /// Make up the files of a brain as that of the fruit fly, to try run --network fly with
    #[command(after_help = MORE, after_long_help = FLY_FILES_EXAMPLES)]
    FlyFiles(FlyFilesOptions),
    /// List what this machine can run on
    #[command(after_help = MORE, after_long_help = DEVICES_EXAMPLES)]
    Devices(DevicesOptions),
    /// Measure how fast each device is, and how fast it could be
    #[command(after_help = MORE)]
    Bench(Box<BenchOptions>),
}

impl Command {
    /// Whether only errors and results are shown.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::Run(settings) | Self::Fi(settings) => settings.quiet,
            Self::Score(options) => options.settings.quiet,
            Self::Fit(options) => options.settings.quiet,
            Self::Presets(_)
            | Self::Nir(_)
            | Self::Synapses(_)
            | Self::FlyFiles(_)
            | Self::Devices(_)
            | Self::Bench(_) => false,
        }
    }

    /// The number of threads, if an option says it.
    pub fn threads(&self) -> Option<usize> {
        match self {
            Self::Run(settings) | Self::Fi(settings) => settings.threads,
            Self::Score(options) => options.settings.threads,
            Self::Fit(options) => options.settings.threads,
            Self::Presets(_)
            | Self::Nir(_)
            | Self::Synapses(_)
            | Self::FlyFiles(_)
            | Self::Devices(_)
            | Self::Bench(_) => None,
        }
    }

    /// The list of presets, if an option asks for it.
    pub fn help(&self) -> Option<Result<String, Failure>> {
        let settings = match self {
            Self::Run(settings) | Self::Fi(settings) => settings,
            Self::Score(options) => &options.settings,
            Self::Fit(options) => &options.settings,
            Self::Presets(_)
            | Self::Nir(_)
            | Self::Synapses(_)
            | Self::FlyFiles(_)
            | Self::Devices(_)
            | Self::Bench(_) => return None,
        };
        settings.preset.as_ref()?.help()
    }
}

/// An option of `lif run` as `lif fi` has it.
fn for_a_curve(option: Arg) -> Arg {
    for_one_neuron(option, &fi::UNUSED, &fi::HELP)
}

/// An option of `lif run` as `lif score` has it.
fn for_a_score(option: Arg) -> Arg {
    for_one_neuron(option, &score::UNUSED, &score::HELP)
}

/// An option of `lif run` as `lif fit` has it.
fn for_a_fit(option: Arg) -> Arg {
    for_one_neuron(option, &fit::UNUSED, &fit::HELP)
}

/// An option of `lif run` for a command with one neuron, which has no use for some options, and other help for some.
fn for_one_neuron(option: Arg, unused: &[&str], help: &[(&str, &'static str)]) -> Arg {
    let name = option.get_id().as_str().replace('_', "-");
    let is_of_neurons = option.get_help_heading() == Some(settings::MODEL);
    // There are no ranges, of which the heading of `lif run` speaks.
    let option = if is_of_neurons { option.help_heading("Neuron") } else { option };
    match help.iter().find(|(known, _)| *known == name) {
        Some((_, help)) => with_help(option, help),
        None => option.hide(unused.contains(&name.as_str())),
    }
}

/// Replaces the help of an option; the first clause is the short help.
fn with_help(option: Arg, help: &'static str) -> Arg {
    let end = ["; ", ". "].into_iter().filter_map(|end| help.find(end)).min();
    let short = &help[..end.unwrap_or(help.len())];
    option.help(short).long_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    /// The commands in the examples of a help.
    fn commands(help: &str) -> Vec<String> {
        let joined = help.replace("\\\n", " ");
        let examples = joined.split("Examples:\n").nth(1).unwrap_or_default();
        examples
            .lines()
            .filter(|line| line.starts_with("  lif "))
            .map(|line| line.trim().to_owned())
            .collect()
    }

    #[test]
    fn each_command_shows_its_own_examples_which_can_be_pasted() {
        let mut lif = Arguments::command().term_width(80);
        lif.build();
        let mut count = 0;
        for command in lif.get_subcommands_mut() {
            let name = command.get_name().to_owned();
            for help in [command.render_help().to_string(), command.render_long_help().to_string()] {
                assert!(help.lines().all(|line| line.chars().count() <= 80), "{name}");
                for example in commands(&help) {
                    assert!(example.starts_with(&format!("lif {name}")), "{name}: {example}");
                    let words = example.split(" > ").next().unwrap_or_default().split_whitespace();
                    Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count}");
        for example in commands(&lif.render_long_help().to_string()) {
            Arguments::try_parse_from(example.split_whitespace())
                .unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn the_long_help_lists_the_parameters_of_presets_with_units_and_defaults() {
        let mut lif = Arguments::command().term_width(80);
        lif.build();
        for name in ["run", "fi", "score"] {
            let help = lif.find_subcommand_mut(name).unwrap().render_long_help().to_string();
            for part in ["C_m=250 pF, tau_m=10 ms", "tau_mem_inv=100 1/s", "tau-m=3 ms"] {
                assert!(help.contains(part), "{name}: {part}");
            }
        }
    }
}
