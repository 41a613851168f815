//! The options of `lif bench`.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments on fields are the text of the help, where a bracket is a bracket"
)]

use super::case::{InputKind, Mode, RecordKind};
use crate::quantity::count_between;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  lif bench --quick
      a first look, in about a minute
  lif bench --device cpu --device nvidia --plot speed.png
      two devices over all sizes, with a picture
  lif bench --neurons 1e6 --input constant,gaussian --record none,spikes
      four cases on every device, each also with the model as written
  lif bench --neurons 1e4,1e5 --mode run,forward --json > speed.jsonl
      one JSON object per line, for each case on each device
  lif bench --networks --device cpu
      networks of the literature: real-time factor, events per second";

/// The options of `lif bench`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct BenchOptions {
    /// Who is measured; repeatable [default: reference, cpu and every adapter]
    ///
    /// reference (the model as written, one thread), cpu, gpu, software, or part of an adapter's name.
    #[arg(long, value_name = "DEVICE")]
    pub device: Vec<String>,
    /// Neurons in a batch row, as 1000 or 1e3,1e6 [default: 1e3 to 1e7]
    ///
    /// A list with commas, as below. By default at most 1e6 for the reference and for software adapters, which are
    /// there to be compared with; with --quick 1e3 and 3e4.
    #[arg(short, long, value_name = "LIST", value_delimiter = ',', value_parser = whole, allow_hyphen_values = true)]
    pub neurons: Vec<u64>,
    /// Batch rows [default: 1]
    ///
    /// Independent copies of the population, in the same call.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = whole, allow_hyphen_values = true)]
    pub batch: Vec<u64>,
    /// Steps of one measurement [default: as many as take about 0.1 s]
    ///
    /// With --quick about 0.03 s. Ctrl-C ends a measurement that takes too long; it is not told.
    #[arg(long, value_name = "T", value_parser = whole, allow_hyphen_values = true)]
    pub steps: Option<u64>,
    /// What drives the neurons
    ///
    /// A constant, a sequence that lies on the device, one that is streamed from the host, or what the device draws
    /// at random.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum)]
    pub input: Vec<InputKind>,
    /// What is recorded
    ///
    /// Of all neurons, at each step.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum)]
    pub record: Vec<RecordKind>,
    /// One call of run, or a loop over forward
    ///
    /// Such a loop reads what it records after each step.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum)]
    pub mode: Vec<Mode>,
    /// Measurements of each case [default: 5, with --quick 3]
    ///
    /// Their median counts; the devices take turns.
    #[arg(long, value_name = "N", value_parser = whole, allow_hyphen_values = true)]
    pub repeats: Option<u64>,
    /// Measure networks of the literature instead
    ///
    /// cuba, brunel and microcircuit, and a network of one neuron, which shows what a step takes at least. With --quick
    /// a tenth of their size; without, software adapters take part in that of one neuron only.
    #[arg(long, conflicts_with_all = ["neurons", "batch", "steps", "input", "record", "mode", "plot"])]
    pub networks: bool,
    /// Few sizes and short measurements
    ///
    /// A first look, in about a minute.
    #[arg(long)]
    pub quick: bool,
    /// Draw throughput over size
    ///
    /// With the roofline of each device, into a PNG.
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
    /// Print one JSON object per case and device
    ///
    /// Each on a line of its own, as soon as it is measured.
    #[arg(long)]
    pub json: bool,
}

/// The largest number that is taken, far beyond what any machine simulates.
const LARGEST: u64 = 1_000_000_000_000_000;

/// A whole number of at least 1, also as 1e6.
fn whole(text: &str) -> Result<u64, String> {
    count_between(text, 1, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_positive() {
        assert_eq!(["1", "1_000", "1e6", "2.5e3"].map(whole), [Ok(1), Ok(1000), Ok(1_000_000), Ok(2500)]);
        for wrong in ["0", "-3", "1.5", "1e99", "nan", "inf", "many", ""] {
            assert!(whole(wrong).is_err(), "{wrong}");
        }
    }
}
