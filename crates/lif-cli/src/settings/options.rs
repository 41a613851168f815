//! The options of `lif run`, which are the keys of a settings file too.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments on fields are the text of the help, where a bracket is a bracket"
)]

use super::paths;
use super::presets::Choice;
use super::random_input::RandomInput;
use super::record::Record;
use super::rules::{Integrator, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape, Trace};
use super::words::Words;
use crate::network::models::fly::{Activation, Silenced};
use crate::network::models::{DriveKind, Model, Regime};
use crate::numbers::TimeUnit;
use crate::quantity::amount::Amount;
use crate::quantity::bound::{self, Bound};
use crate::quantity::budget::Budget;
use crate::quantity::series::{self, Series};
use crate::quantity::spread::{self, Spread};
use crate::quantity::weight::Weight;
use crate::quantity::{count, ms, mv, number};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const SIZE: &str = "Population and time";
const NETWORK: &str = "Network";
/// The heading of the options for neurons.
pub const MODEL: &str = "Neuron (VALUE is a number or LO:HI, spread evenly over the neurons)";
const INPUT: &str = "Input";
const OUTPUT: &str = "Output";

/// The options of `lif run`, all of them optional, as are the keys of a settings file.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    #[command(flatten)]
    #[serde(skip)]
    pub words: Words,

    /// Neurons in a batch row [default: 100000, or as in a file]
    ///
    /// Where a stimulus file or a NIR graph is made for a number of neurons, it is that number. Each neuron has
    /// its own state; a parameter written as LO:HI differs from neuron to neuron.
    #[arg(short, long, value_name = "N", value_parser = count::<usize>, allow_hyphen_values = true, help_heading = SIZE)]
    pub neurons: Option<usize>,
    /// Batch rows, copies of the population [default: 1, or as in a file]
    ///
    /// The rows are independent of each other and have the same parameters. With a stimulus of shape [T,batch,n]
    /// each row hears its own, and random inputs differ from row to row.
    #[arg(long, visible_alias = "trials", value_name = "B", value_parser = count::<usize>, allow_hyphen_values = true, help_heading = SIZE)]
    pub batch: Option<usize>,
    /// Steps to simulate
    ///
    /// Instead of a duration: a run has duration / dt steps, and at most 2^32 - 1.
    #[arg(long, value_name = "T", value_parser = count::<u64>, allow_hyphen_values = true, conflicts_with = "duration", help_heading = SIZE)]
    pub steps: Option<u64>,
    /// Time to simulate, ms [default: 1000, or the length of the stimulus]
    ///
    /// It is rounded to whole steps. Where it is longer than the stimulus, the last value of that stays.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = SIZE)]
    pub duration: Option<f64>,
    /// Length of a step, ms [default: 0.1]
    ///
    /// The finer the steps, the nearer are spikes to those in continuous time, and the longer takes a run.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = SIZE)]
    pub dt: Option<f64>,
    /// auto, cpu, gpu, software or part of a name, or a list [default: auto]
    ///
    /// What computes: auto is a GPU if there is one and the CPU if not; software is an adapter that computes on
    /// the CPU; anything else is part of the name of an adapter (see `lif devices`). Several of these with commas,
    /// as cpu,nvidia, share the population. The results are the same bit for bit.
    #[arg(long, value_name = "DEVICE", help_heading = SIZE)]
    pub device: Option<String>,
    /// The most memory that a run may take, as 512MiB or 2GB
    ///
    /// A run whose population, input and recording need more, in the memory of this machine and of adapters
    /// together, is refused before it starts. Without a budget the memory that there is bounds it.
    #[arg(long, value_name = "SIZE", help_heading = SIZE)]
    pub memory_budget: Option<Budget>,
    /// Threads that compute on the CPU [default: one per core]
    ///
    /// The results are the same with any number.
    #[arg(long, value_name = "N", value_parser = count::<usize>, allow_hyphen_values = true, help_heading = SIZE)]
    #[serde(skip)]
    pub threads: Option<usize>,
    /// Seed of everything that is drawn at random [default: 0]
    ///
    /// Random inputs, potentials at the start, and the synapses of a network. The same seed draws the same on every
    /// device.
    #[arg(long, value_name = "S", value_parser = count::<u64>, allow_hyphen_values = true, help_heading = SIZE)]
    pub seed: Option<u64>,

    /// Simulate a network: brunel, cuba, microcircuit or fly
    ///
    /// brunel: Brunel (2000), 10,000 excitatory and 2,500 inhibitory neurons that make each other's membrane
    /// potentials jump. cuba: Vogels & Abbott (2005), 3,200 and 800 neurons with synaptic currents. microcircuit:
    /// Potjans & Diesmann (2014), 77,169 neurons in four layers of cortex. fly: Shiu et al. (2024), the brain of the fruit
    /// fly, from --neurons-file and --edges. A network of your own is a file for --config, which docs/networks.md explains.
    #[arg(long, value_name = "NAME", value_parser = Model::read, help_heading = NETWORK)]
    pub network: Option<Model>,
    /// Size of the network [default: 1]
    ///
    /// A factor for the number of neurons. In brunel and cuba a neuron has as many synapses at any scale; in
    /// microcircuit these are scaled too, and a current makes up for what is missing.
    #[arg(long, value_name = "S", value_parser = number, allow_hyphen_values = true, help_heading = NETWORK)]
    pub scale: Option<f64>,
    /// Activity of brunel: a, b, c or d [default: c]
    ///
    /// a: synchronous and regular, b: fast oscillations, c: asynchronous and irregular, d: slow oscillations. It
    /// stands for --g and --eta: a is 3 and 2, b is 6 and 4, c is 5 and 2, d is 4.5 and 0.9.
    #[arg(long, value_name = "NAME", hide_possible_values = true, help_heading = NETWORK)]
    pub regime: Option<Regime>,
    /// Inhibition of brunel [default: that of the regime]
    ///
    /// How many times stronger an inhibitory synapse is than an excitatory one. Several values, as 3,4,5, or 3:8:11 for
    /// 11 values from 3 to 8, are simulated at once, each in a batch row; also with several --eta.
    #[arg(long, value_name = "X", value_parser = series::plain, allow_hyphen_values = true, help_heading = NETWORK)]
    pub g: Option<Series>,
    /// Input of brunel from outside [default: that of the regime]
    ///
    /// The rate of its spikes, over the rate that brings a neuron just to its threshold. Several values as with --g.
    #[arg(long, value_name = "X", value_parser = series::plain, allow_hyphen_values = true, help_heading = NETWORK)]
    pub eta: Option<Series>,
    /// Input of microcircuit: poisson or dc [default: poisson]
    ///
    /// Random spikes, or a constant current of the same mean.
    #[arg(long, value_name = "NAME", hide_possible_values = true, help_heading = NETWORK)]
    pub drive: Option<DriveKind>,
    /// Neurons of fly, from a file
    ///
    /// Text with a column of ids, as Completeness_783.csv of Shiu et al. (2024).
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub neurons_file: Option<PathBuf>,
    /// Synapses of fly, from a file
    ///
    /// Pairs of neurons with a signed count of synapses, as Connectivity_783.parquet of Shiu et al. (2024), or text or
    /// .npz with the same columns.
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub edges: Option<PathBuf>,
    /// Neurons of fly that are driven, as ID,ID:HZ or FILE:HZ; repeatable
    ///
    /// Each gets random spikes of this rate [default: 150 Hz], and has no refractory period. A file has one id per line,
    /// or a column of ids.
    #[arg(long, value_name = "IDS", help_heading = NETWORK)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub activate: Vec<Activation>,
    /// Neurons of fly whose spikes have no effect, as ID,ID or FILE
    ///
    /// Their synapses onto others are left out.
    #[arg(long, value_name = "IDS", help_heading = NETWORK)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silence: Vec<Silenced>,
    /// Time before the network is measured, ms [default: 500; fly 0]
    ///
    /// It is simulated first, and left out of all results.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = NETWORK)]
    pub warmup: Option<f64>,

    /// Start from the neurons of this name [default: origin]
    ///
    /// Start from these parameters; options change single ones: origin, normalised, receptor; or the neurons of
    /// another simulator, with its own parameters as nest:tau_m=20,t_ref=5: synapticflow, bindsnet, snntorch-leaky,
    /// snntorch-lapicque, norse, spikingjelly, genn, brian2, nest, nest-psc-exp, nengo.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub preset: Option<Choice>,
    /// Take the neurons of a NIR graph
    ///
    /// Its LIF or CubaLIF node, with all that it says of them; it does not say --dt, --t-ref and --reset, which
    /// must be given.
    #[arg(long, value_name = "FILE", help_heading = MODEL)]
    pub nir: Option<PathBuf>,
    /// The node of the graph, where it has several
    ///
    /// `lif nir FILE` lists the nodes, and says which have neurons.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub nir_node: Option<String>,
    /// Membrane time constant, ms [default: 10]
    ///
    /// How fast the membrane forgets: without input, v comes nearer to v_rest by a factor of e in this time.
    #[arg(long, value_name = "VALUE", value_parser = spread::ms, allow_hyphen_values = true, help_heading = MODEL)]
    pub tau_m: Option<Spread>,
    /// Membrane resistance, MOhm [default: 20]
    ///
    /// What a current is multiplied with: 1 nA moves v by as many mV in the end.
    #[arg(long, value_name = "VALUE", value_parser = spread::mohm, allow_hyphen_values = true, help_heading = MODEL)]
    pub resistance: Option<Spread>,
    /// Resting potential, mV [default: -62]
    ///
    /// Where v goes without input.
    #[arg(long, value_name = "VALUE", value_parser = spread::mv, allow_hyphen_values = true, help_heading = MODEL)]
    pub v_rest: Option<Spread>,
    /// Potential after a spike, mV [default: -62]
    ///
    /// See --reset for what else a spike can do to v.
    #[arg(long, value_name = "VALUE", value_parser = spread::mv, allow_hyphen_values = true, help_heading = MODEL)]
    pub v_reset: Option<Spread>,
    /// Threshold, mV [default: -52]
    ///
    /// See --spike-test for what is a spike exactly at it.
    #[arg(long, value_name = "VALUE", value_parser = spread::mv, allow_hyphen_values = true, help_heading = MODEL)]
    pub v_threshold: Option<Spread>,
    /// Potential that v is kept as a difference from, mV [default: 0]
    ///
    /// Single precision holds membrane potentials the more exactly the nearer they are to it. What is given, drawn
    /// and written stays in the scale of the other potentials.
    #[arg(long, value_name = "MV", value_parser = mv, allow_hyphen_values = true, help_heading = MODEL)]
    pub v_reference: Option<f64>,
    /// Refractory period, ms [default: 5]
    ///
    /// It is rounded to whole steps; 0 is none. See --refractory for what happens meanwhile.
    #[arg(long, value_name = "VALUE", value_parser = spread::ms, allow_hyphen_values = true, help_heading = MODEL)]
    pub t_ref: Option<Spread>,
    /// Forward Euler, or exact for constant input [default: euler]
    ///
    /// How the membrane equation is stepped. Both are one multiplication: by dt / tau_m, or by
    /// 1 - exp(-dt / tau_m), which is exact where the input is constant during a step.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub integrator: Option<Integrator>,
    /// A spike is v above, or at or above, the threshold [default: above]
    ///
    /// Simulators differ in this; it matters where v can be exactly at the threshold.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub spike_test: Option<SpikeTest>,
    /// What a spike does to v [default: to-value]
    ///
    /// It sets v to v_reset, subtracts v_threshold - v_reset (or does so ahead of the next spike test, where v is
    /// above the threshold still), or leaves v alone.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub reset: Option<Reset>,
    /// What v does while refractory [default: frozen]
    ///
    /// It is held, only leaks without input, or integrates but cannot spike.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub refractory: Option<Refractory>,
    /// Lower bound of v, mV, or none [default: none]
    ///
    /// v never falls below it, whatever the input.
    #[arg(long, value_name = "VALUE", value_parser = bound::mv, allow_hyphen_values = true, help_heading = MODEL)]
    pub v_lower: Option<Bound>,
    /// Keep a decaying trace of the spikes [default: none]
    ///
    /// A spike adds the trace-scale to it, or sets it to that. The file has it as it is after the last step.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub trace: Option<Trace>,
    /// Decay time of the trace, ms [default: 20]
    ///
    /// It needs a --trace.
    #[arg(long, value_name = "VALUE", value_parser = spread::ms, allow_hyphen_values = true, help_heading = MODEL)]
    pub tau_trace: Option<Spread>,
    /// What a spike adds to the trace, or sets it to [default: 1]
    ///
    /// It needs a --trace.
    #[arg(long, value_name = "VALUE", value_parser = spread::plain, allow_hyphen_values = true, help_heading = MODEL)]
    pub trace_scale: Option<Spread>,
    /// Time constant of the synaptic current, ms, or none [default: none]
    ///
    /// Each spike that is a current adds its weight to the synaptic current, which decays with this time constant;
    /// with none it is a current for one step.
    #[arg(long, value_name = "VALUE", value_parser = bound::ms, allow_hyphen_values = true, help_heading = MODEL)]
    pub tau_syn: Option<Bound>,
    /// Time constant of the inhibitory current, ms, or none [default: none]
    ///
    /// With it, spikes with a negative weight are added to a synaptic current of their own, which decays with this time
    /// constant. It needs a --tau-syn.
    #[arg(long, value_name = "VALUE", value_parser = bound::ms, allow_hyphen_values = true, help_heading = MODEL)]
    pub tau_syn_inhibitory: Option<Bound>,
    /// What the synaptic currents have to do with the neuron's own spikes [default: independent]
    ///
    /// Nothing; or they are cleared: a spike sets them to 0, they stay as they are during the refractory period, and
    /// spikes that arrive meanwhile are ignored. Others then act from the next step on. It needs a --tau-syn.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub synapse_rule: Option<SynapseRule>,
    /// How the current that a spike causes runs [default: exponential]
    ///
    /// It has the weight of the spike at once and decays with --tau-syn; or it is an alpha current, which rises, has the
    /// weight of the spike at its peak after --tau-syn, and then decays. It needs a --tau-syn.
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub synapse_shape: Option<SynapseShape>,
    /// Allow neurons that could spike at every step
    ///
    /// Those with v_reset above the threshold and no refractory period, which are a mistake otherwise.
    #[arg(long, help_heading = MODEL)]
    pub allow_constant_firing: bool,
    /// v at the start, mV; LO:HI is drawn at random
    ///
    /// A number is the same for all; LO:HI is drawn at random for each neuron, and not spread
    /// [default: with a stimulus or events v_rest, otherwise drawn between v_reset and v_threshold].
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    pub init_voltage: Option<Amount>,

    /// Constant current, nA, or LO:HI [default: 0.4:0.8]
    ///
    /// With another input the default is 0, and where 0.8 nA is too weak for any neuron it is 0.8 to 1.6 of what just
    /// reaches the threshold. A number is added to a stimulus; LO:HI cannot go with one.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = INPUT)]
    pub current: Option<Amount>,
    /// Random input, as poisson:rate=HZ,weight=W; repeatable
    ///
    /// Added to the others and repeatable: gaussian:mean=NA,sd=NA (at each step),
    /// white-noise:mean=NA,sigma=X (sd = sigma / sqrt(dt)), uniform:low=NA,high=NA, or poisson:rate=HZ,weight=W
    /// with spikes that move v by W mV, or are currents with weight=WnA.
    #[arg(long, value_name = "SOURCE", help_heading = INPUT)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<RandomInput>,
    /// Input over time, nA, from a file
    ///
    /// .npy or .npz of shape [T], [T,n] or [T,batch,n], or text with one `value` or `time value` per line;
    /// resampled to dt by holding the last value.
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    #[serde(with = "paths", skip_serializing_if = "Vec::is_empty")]
    pub stimulus: Vec<PathBuf>,
    /// Spikes that drive the neurons, from a file
    ///
    /// .npz with arrays `step` and `neuron` (and `batch`), as `lif run` writes it, or text with one `step neuron`
    /// or `step batch neuron` per line.
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    pub events: Option<PathBuf>,
    /// What a spike of the events does: W mV, or WnA [default: 1]
    ///
    /// Move v by W mV, or be a current with WnA, which goes through the synapse if there is a --tau-syn. Where there is
    /// one, a unit has to be said: 3nA or 3mV; 3current or 3jump with presets whose numbers have no units.
    #[arg(long, value_name = "W", allow_hyphen_values = true, help_heading = INPUT)]
    pub events_weight: Option<Weight>,
    /// Weights from each train of the events to all neurons
    ///
    /// .npy or .npz of shape [trains,n]: each train drives all neurons, through these weights multiplied with the
    /// events-weight. Without a matrix each train drives the neuron of its number.
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    pub events_matrix: Option<PathBuf>,
    /// Factor that the stimulus is multiplied with [default: 1]
    ///
    /// After --stimulus-decibel or --stimulus-log, and before the offset is added.
    #[arg(long, value_name = "X", value_parser = Amount::single, allow_hyphen_values = true, help_heading = INPUT)]
    pub stimulus_scale: Option<Amount>,
    /// Current added to the scaled stimulus, nA [default: 0]
    ///
    /// A --current that is a number is added too.
    #[arg(long, value_name = "NA", value_parser = Amount::single, allow_hyphen_values = true, help_heading = INPUT)]
    pub stimulus_offset: Option<Amount>,
    /// Take the stimulus in decibel above this amplitude
    ///
    /// Its values become 20 log10(value / REF) before they are scaled; all must be above 0.
    #[arg(long, value_name = "REF", value_parser = number, allow_hyphen_values = true, conflicts_with = "stimulus_log", help_heading = INPUT)]
    pub stimulus_decibel: Option<f64>,
    /// Take the natural logarithm of the stimulus
    ///
    /// Before its values are scaled; all must be above 0.
    #[arg(long, help_heading = INPUT)]
    pub stimulus_log: bool,
    /// Make negative currents of the scaled stimulus 0
    ///
    /// Before the filter, where there is one.
    #[arg(long, help_heading = INPUT)]
    pub stimulus_rectify: bool,
    /// Low-pass filter for the scaled stimulus, ms
    ///
    /// A filter of first order with this time constant, which begins with the first current.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = INPUT)]
    pub stimulus_low_pass: Option<f64>,
    /// Let the stimulus come later, ms [default: 0]
    ///
    /// Rounded to whole steps. Before it there is no current at all.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = INPUT)]
    pub stimulus_delay: Option<f64>,
    /// Interval between samples without times, ms [default: dt]
    ///
    /// Where the file says itself when its samples hold, that counts.
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = INPUT)]
    pub stimulus_dt: Option<f64>,
    /// Unit of the stimulus' times: us, ms or s [default: as in the file, or ms]
    ///
    /// Where the name of the times in the file says a unit, it is that. Times must increase and count from the
    /// first one.
    #[arg(long, value_name = "UNIT", hide_possible_values = true, help_heading = INPUT)]
    pub stimulus_time_unit: Option<TimeUnit>,

    /// What to record [default: spikes,rate,voltage]
    ///
    /// With commas: spikes, counts, rate, voltage, none; neurons as spikes:0..100 or voltage:3+7+9, every 5th step
    /// as voltage:0..10/5. Where nobody chose, voltage means three neurons, and in a long run not every step; a
    /// warning then says so.
    #[arg(long, value_name = "LIST", help_heading = OUTPUT)]
    pub record: Option<Record>,
    /// Settings from a TOML file; options given here win
    ///
    /// Its keys are the names of these options, as tau-m or tau_m. Paths in it are seen from its folder. With tables of
    /// groups and projections it is a network.
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder for the files, made if missing [default: lif-out]
    ///
    /// raster.png, spikes.npz and summary.json. Files of an earlier run are replaced once the new ones are complete.
    #[arg(short, long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Write the neurons as a NIR graph too
    ///
    /// As a node of a graph, neurons.nir in the output folder.
    #[arg(long, help_heading = OUTPUT)]
    pub write_nir: bool,
    /// Keep all that the run needs to go on in this file
    ///
    /// So that --resume can take it up, whatever ended it. The file goes when the run is complete.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub checkpoint: Option<PathBuf>,
    /// Steps between checkpoints [default: a tenth of the run]
    ///
    /// What was made after the last checkpoint is made again by a run that is resumed.
    #[arg(long, value_name = "STEPS", value_parser = count::<u64>, allow_hyphen_values = true, help_heading = OUTPUT)]
    pub checkpoint_every: Option<u64>,
    /// Go on with the run of this checkpoint
    ///
    /// On the same or another --device, with or without a picture; all other settings are those of the checkpoint.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    #[serde(skip)]
    pub resume: Option<PathBuf>,
    /// Print the summary as JSON
    ///
    /// Nothing else is then written to standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Draw from this time on, ms [default: 0]
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = OUTPUT)]
    pub plot_from: Option<f64>,
    /// Draw up to this time, ms [default: the end]
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = OUTPUT)]
    pub plot_to: Option<f64>,
    /// Width of the bins in which the picture shows the population's rate, ms [default: so that each
    /// has enough spikes]
    #[arg(long, value_name = "MS", value_parser = ms, allow_hyphen_values = true, help_heading = OUTPUT)]
    pub rate_bin: Option<f64>,
    /// Draw no picture
    ///
    /// A picture of an earlier run is removed then, as it would tell of another run.
    #[arg(long, help_heading = OUTPUT)]
    pub no_plot: bool,
    /// No progress bar and no warnings
    ///
    /// The summary, errors, and what is said on Ctrl-C stay.
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,
}

impl Settings {
    /// The input files, with their options.
    pub fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let stimuli = self.stimulus.iter().map(|path| ("stimulus", path.as_path()));
        let others = [
            ("events", &self.events),
            ("events-matrix", &self.events_matrix),
            ("nir", &self.nir),
            ("config", &self.config),
            ("neurons-file", &self.neurons_file),
            ("edges", &self.edges),
        ];
        let others = others.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
        stimuli.chain(others).collect()
    }

    /// The first stimulus or file of events that is a pipe, with its option.
    pub fn pipe(&self) -> Option<(&'static str, &Path)> {
        let is_read_once = |option: &str| ["stimulus", "events", "events-matrix"].contains(&option);
        let is_pipe = |path: &Path| path.metadata().is_ok_and(|data| !data.is_file() && !data.is_dir());
        self.inputs().into_iter().find(|(option, path)| is_read_once(option) && is_pipe(path))
    }
}
