//! The options of `lif run`, which are the keys of a settings file too.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments on fields are the text of the help, where a bracket is a bracket"
)]

use crate::bound::Bound;
use crate::budget::Budget;
use crate::presets::Choice;
use crate::random_input::RandomInput;
use crate::record::Record;
use crate::rules::{Integrator, Refractory, Reset, SpikeTest, TimeUnit, Trace};
use crate::spread::{Spread, finite, number};
use crate::stimulus::files;
use crate::weight::Weight;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const SIZE: &str = "Population and time";
const MODEL: &str = "Neuron (VALUE is a number or LO:HI, spread evenly over the neurons)";
const INPUT: &str = "Input";
const OUTPUT: &str = "Output";

/// The options of `lif run`, all of them optional, as are the keys of a settings file.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Neurons in a batch row [default: 100000, or as in the stimulus file or NIR graph]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = SIZE)]
    pub neurons: Option<usize>,
    /// Batch rows: independent copies of the population [default: 1, or as in the stimulus file]
    #[arg(long, value_name = "B", allow_negative_numbers = true, help_heading = SIZE)]
    pub batch: Option<usize>,
    /// Steps to simulate
    #[arg(long, value_name = "T", allow_negative_numbers = true, conflicts_with = "duration", help_heading = SIZE)]
    pub steps: Option<u64>,
    /// Time to simulate, ms [default: 1000, or the length of the stimulus]
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = SIZE)]
    #[serde(deserialize_with = "finite")]
    pub duration: Option<f64>,
    /// Length of a step, ms [default: 0.1]
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = SIZE)]
    #[serde(deserialize_with = "finite")]
    pub dt: Option<f64>,
    /// auto, cpu, gpu, software, part of an adapter's name (see `lif devices`), or several of these
    /// with commas, which then share the population [default: auto]
    #[arg(long, value_name = "DEVICE", help_heading = SIZE)]
    pub device: Option<String>,
    /// The most memory that the population and its recording may take, as 512MiB or 2GB
    #[arg(long, value_name = "SIZE", help_heading = SIZE)]
    #[serde(alias = "memory_budget")]
    pub memory_budget: Option<Budget>,
    /// Seed of everything that is drawn at random [default: 0]
    #[arg(long, value_name = "S", allow_negative_numbers = true, help_heading = SIZE)]
    pub seed: Option<u64>,

    /// Start from these parameters; options change single ones: origin, normalised, receptor; or the neurons of
    /// another simulator, with its own parameters as nest:tau_m=20,t_ref=5: synapticflow, bindsnet, snntorch-leaky,
    /// snntorch-lapicque, norse, spikingjelly, genn, brian2, nest, nengo [default: origin]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub preset: Option<Choice>,
    /// Take the neurons of a NIR graph, its LIF or CubaLIF node, with all that it says of them; it does
    /// not say --dt, --t-ref and --reset, which must be given
    #[arg(long, value_name = "FILE", help_heading = MODEL)]
    pub nir: Option<PathBuf>,
    /// The node of the graph, where it has several of neurons (see `lif nir FILE`)
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    #[serde(alias = "nir_node")]
    pub nir_node: Option<String>,
    /// Membrane time constant, ms [default: 10]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "tau_m")]
    pub tau_m: Option<Spread>,
    /// Membrane resistance, MOhm [default: 20]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    pub resistance: Option<Spread>,
    /// Resting potential, mV [default: -62]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "v_rest")]
    pub v_rest: Option<Spread>,
    /// Potential after a spike, mV [default: -62]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "v_reset")]
    pub v_reset: Option<Spread>,
    /// Threshold, mV [default: -52]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "v_threshold")]
    pub v_threshold: Option<Spread>,
    /// Potential that membrane potentials are kept as differences from, mV: the nearer it is, the more
    /// exactly; what is given and written stays in the scale of the others [default: 0]
    #[arg(long, value_name = "MV", value_parser = number, allow_negative_numbers = true, help_heading = MODEL)]
    #[serde(alias = "v_reference", deserialize_with = "finite")]
    pub v_reference: Option<f64>,
    /// Refractory period, ms, rounded to whole steps [default: 5]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "t_ref")]
    pub t_ref: Option<Spread>,
    /// How the membrane equation is stepped: forward Euler, or exact for constant input [default: euler]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub integrator: Option<Integrator>,
    /// A spike is a membrane potential above, or at or above, the threshold [default: above]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    #[serde(alias = "spike_test")]
    pub spike_test: Option<SpikeTest>,
    /// A spike sets v to v_reset, subtracts v_threshold - v_reset, or leaves v alone [default: to-value]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub reset: Option<Reset>,
    /// While refractory, v is held, only leaks, or integrates but cannot spike [default: frozen]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub refractory: Option<Refractory>,
    /// Lower bound of the membrane potential, mV, or none [default: none]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "v_lower")]
    pub v_lower: Option<Bound>,
    /// Keep a decaying trace of the spikes, which a spike adds to or sets [default: none]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub trace: Option<Trace>,
    /// Decay time of the trace, ms [default: 20]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "tau_trace")]
    pub tau_trace: Option<Spread>,
    /// What a spike adds to the trace, or sets it to [default: 1]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "trace_scale")]
    pub trace_scale: Option<Spread>,
    /// Time constant of the synaptic current, ms, to which each spike that is a current adds its
    /// weight; with none it is a current for one step [default: none]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "tau_syn")]
    pub tau_syn: Option<Bound>,
    /// Allow neurons that spike at every step: v_reset above threshold, no refractory period
    #[arg(long, help_heading = MODEL)]
    #[serde(alias = "allow_constant_firing")]
    pub allow_constant_firing: bool,
    /// Membrane potential at the start, mV; LO:HI is drawn at random for each neuron
    /// [default: with a stimulus or events v_rest, otherwise drawn between v_reset and v_threshold]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = MODEL)]
    #[serde(alias = "init_voltage")]
    pub init_voltage: Option<Spread>,

    /// Constant current, nA, or LO:HI; a number is added to a stimulus [default: 0.4:0.8, or where
    /// that is too weak 0.8 to 1.6 of what just reaches the threshold; 0 with another input]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = INPUT)]
    pub current: Option<Spread>,
    /// Random input, added to the others and repeatable: gaussian:mean=NA,sd=NA (at each step),
    /// white-noise:mean=NA,sigma=X (sd = sigma / sqrt(dt)), uniform:low=NA,high=NA, or
    /// poisson:rate=HZ,weight=W with spikes that move v by W mV, or are currents with weight=WnA
    #[arg(long, value_name = "SOURCE", help_heading = INPUT)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<RandomInput>,
    /// Input over time, nA: .npy or .npz of shape [T], [T,n] or [T,batch,n], or text with one
    /// `value` or `time value` per line; resampled to dt by holding the last value
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    #[serde(with = "files", skip_serializing_if = "Vec::is_empty")]
    pub stimulus: Vec<PathBuf>,
    /// Spikes that drive the neurons: .npz with arrays `step` and `neuron` (and `batch`), as `lif run`
    /// writes it, or text with one `step neuron` or `step batch neuron` per line
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    pub events: Option<PathBuf>,
    /// What each of these spikes does: move v by W mV, or be a current with WnA, which goes through
    /// the synapse if there is a --tau-syn [default: 1]
    #[arg(long, value_name = "W", allow_hyphen_values = true, help_heading = INPUT)]
    #[serde(alias = "events_weight")]
    pub events_weight: Option<Weight>,
    /// Let each train of the events drive all neurons: .npy or .npz of weights, shape [trains,n],
    /// which are multiplied with the events-weight
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    #[serde(alias = "events_matrix")]
    pub events_matrix: Option<PathBuf>,
    /// Factor that the stimulus is multiplied with [default: 1]
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_scale", deserialize_with = "finite")]
    pub stimulus_scale: Option<f64>,
    /// Current added to the scaled stimulus, nA [default: 0]
    #[arg(long, value_name = "NA", value_parser = number, allow_negative_numbers = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_offset", deserialize_with = "finite")]
    pub stimulus_offset: Option<f64>,
    /// Take the values of the stimulus in decibel above this amplitude, 20 log10(value / REF), before
    /// they are scaled
    #[arg(long, value_name = "REF", value_parser = number, allow_negative_numbers = true, conflicts_with = "stimulus_log", help_heading = INPUT)]
    #[serde(alias = "stimulus_decibel", deserialize_with = "finite")]
    pub stimulus_decibel: Option<f64>,
    /// Take the natural logarithm of the values of the stimulus, before they are scaled
    #[arg(long, help_heading = INPUT)]
    #[serde(alias = "stimulus_log")]
    pub stimulus_log: bool,
    /// Make negative currents of the scaled stimulus 0
    #[arg(long, help_heading = INPUT)]
    #[serde(alias = "stimulus_rectify")]
    pub stimulus_rectify: bool,
    /// Send the scaled stimulus through a low-pass filter of first order with this time constant, ms
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_low_pass", deserialize_with = "finite")]
    pub stimulus_low_pass: Option<f64>,
    /// Let the stimulus come later, ms; before it there is no current [default: 0]
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_delay", deserialize_with = "finite")]
    pub stimulus_delay: Option<f64>,
    /// Interval between the samples of a stimulus without times, ms [default: dt]
    #[arg(long, value_name = "MS", value_parser = number, allow_negative_numbers = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_dt", deserialize_with = "finite")]
    pub stimulus_dt: Option<f64>,
    /// Unit of the times in a text file: us, ms or s [default: ms]
    #[arg(long, value_name = "UNIT", hide_possible_values = true, help_heading = INPUT)]
    #[serde(alias = "stimulus_time_unit")]
    pub stimulus_time_unit: Option<TimeUnit>,

    /// What to record, with commas: spikes, counts, rate, voltage, none; neurons as spikes:0..100
    /// or voltage:3+7+9, every 5th step as voltage:0..10/5 [default: spikes,rate,voltage]
    #[arg(long, value_name = "LIST", help_heading = OUTPUT)]
    pub record: Option<Record>,
    /// Settings from a TOML file with the names of these options as keys; options given here win
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder for raster.png, spikes.npz and summary.json, made if missing [default: lif-out]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Write the neurons as a node of a NIR graph too, neurons.nir in the output folder
    #[arg(long, help_heading = OUTPUT)]
    #[serde(alias = "write_nir")]
    pub write_nir: bool,
    /// Keep all that the run needs to go on in this file, so that --resume can take it up
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub checkpoint: Option<PathBuf>,
    /// Steps from one checkpoint to the next [default: a tenth of the run]
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true, help_heading = OUTPUT)]
    #[serde(alias = "checkpoint_every")]
    pub checkpoint_every: Option<u64>,
    /// Go on with the run of this checkpoint, on the same or another --device
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    #[serde(skip)]
    pub resume: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Draw no picture
    #[arg(long, help_heading = OUTPUT)]
    #[serde(alias = "no_plot")]
    pub no_plot: bool,
    /// No progress bar and no warnings; the summary and errors stay
    #[arg(long, help_heading = OUTPUT)]
    pub quiet: bool,
}
