//! What is measured: the cases, and the default ones.

use super::options::BenchOptions;
use clap::ValueEnum;
use lif::Shape;
use serde::Serialize;
use std::fmt;

/// `--input`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// A current of its own for each neuron, the same at each step
    Constant,
    /// Currents for each neuron and step, on the device
    Sequence,
    /// Currents for each neuron and step, from the host
    Streamed,
    /// A normal draw for each neuron and step
    Gaussian,
    /// Poisson spikes for each neuron and step
    Poisson,
}

/// `--record`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// Nothing
    None,
    /// How many spikes each neuron made
    Counts,
    /// All spikes
    Spikes,
    /// All membrane potentials
    Voltage,
}

/// `--mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All steps in one call
    Run,
    /// A call for each step
    Forward,
}

/// A kind of simulation at one size; it runs on each device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub kind: CaseKind,
    pub shape: Shape,
}

/// A case without its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseKind {
    pub input: InputKind,
    pub record: RecordKind,
    pub mode: Mode,
}

const SIZES: [u64; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const QUICK_SIZES: [u64; 2] = [1_000, 30_000];

/// The largest default size for devices that are slow.
const LARGEST_FOR_SLOW: usize = 1_000_000;

/// The default kinds: the simplest, each thing that can differ from it, and the two kinds of loop over
/// `forward` that users write.
const KINDS: [CaseKind; 11] = {
    use InputKind::*;
    use Mode::*;
    [
        CaseKind { input: Constant, record: RecordKind::None, mode: Run },
        CaseKind { input: Constant, record: RecordKind::Counts, mode: Run },
        CaseKind { input: Constant, record: RecordKind::Spikes, mode: Run },
        CaseKind { input: Constant, record: RecordKind::Voltage, mode: Run },
        CaseKind { input: Sequence, record: RecordKind::None, mode: Run },
        CaseKind { input: Streamed, record: RecordKind::None, mode: Run },
        CaseKind { input: Gaussian, record: RecordKind::None, mode: Run },
        CaseKind { input: Poisson, record: RecordKind::None, mode: Run },
        CaseKind { input: Constant, record: RecordKind::None, mode: Forward },
        CaseKind { input: Streamed, record: RecordKind::None, mode: Forward },
        CaseKind { input: Constant, record: RecordKind::Spikes, mode: Forward },
    ]
};

/// The cases that the options ask for, kind by kind, from small to large.
pub fn chosen(options: &BenchOptions) -> Vec<Case> {
    let sizes = or(&options.neurons, if options.quick { &QUICK_SIZES } else { &SIZES });
    let batches = or(&options.batch, &[1]);
    let mut cases = Vec::new();
    for kind in kinds(options) {
        for &neurons in sizes {
            for &batch in batches {
                cases.push(Case { kind, shape: [whole(batch), whole(neurons)].into() });
            }
        }
    }
    cases.dedup();
    cases
}

fn kinds(options: &BenchOptions) -> Vec<CaseKind> {
    if options.input.is_empty() && options.record.is_empty() && options.mode.is_empty() {
        return KINDS.to_vec();
    }
    let mut kinds = Vec::new();
    for &input in or(&options.input, &[InputKind::Constant]) {
        for &record in or(&options.record, &[RecordKind::None]) {
            for &mode in or(&options.mode, &[Mode::Run]) {
                kinds.push(CaseKind { input, record, mode });
            }
        }
    }
    kinds
}

fn or<'a, T>(given: &'a [T], default: &'a [T]) -> &'a [T] {
    if given.is_empty() { default } else { given }
}

/// Saturates: the library refuses sizes beyond what a machine can address with all others that are too large.
fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Case {
    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.shape.cells()
    }

    /// Whether slow devices run this case: always where the user gave sizes.
    pub fn suits_slow(&self, options: &BenchOptions) -> bool {
        !options.neurons.is_empty() || self.cells() <= LARGEST_FOR_SLOW
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}", self.kind, super::table::size(self.shape))
    }
}

impl fmt::Display for CaseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recorded = match self.record {
            RecordKind::None => "nothing",
            RecordKind::Counts => "counts",
            RecordKind::Spikes => "spikes",
            RecordKind::Voltage => "voltages",
        };
        write!(formatter, "{}, {} input, {recorded} recorded", name(self.mode), name(self.input))
    }
}

/// The name of a value on the command line.
pub fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_each_thing_differs_from_the_simplest_case_at_all_sizes() {
        let cases = chosen(&BenchOptions::default());
        assert_eq!(cases.len(), 11 * 5);
        assert!(cases.iter().all(|case| case.shape.batch == 1));
        for input in InputKind::value_variants() {
            for record in RecordKind::value_variants() {
                let exists =
                    cases.iter().any(|case| case.kind.input == *input && case.kind.record == *record);
                let simple = *input == InputKind::Constant || *record == RecordKind::None;
                assert_eq!(exists, simple, "{input:?} {record:?}");
            }
        }
        let quick = chosen(&BenchOptions { quick: true, ..BenchOptions::default() });
        assert_eq!(quick.len(), 11 * 2);
    }

    #[test]
    fn what_is_named_is_combined_and_the_rest_is_simple() {
        let options = BenchOptions {
            input: vec![InputKind::Gaussian, InputKind::Poisson],
            record: vec![RecordKind::Spikes],
            neurons: vec![10, 20],
            batch: vec![3],
            ..BenchOptions::default()
        };
        let cases = chosen(&options);
        let shown: Vec<String> = cases.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "run, gaussian input, spikes recorded, 3x10",
                "run, gaussian input, spikes recorded, 3x20",
                "run, poisson input, spikes recorded, 3x10",
                "run, poisson input, spikes recorded, 3x20",
            ]
        );
        let options = BenchOptions { mode: vec![Mode::Forward], quick: true, ..BenchOptions::default() };
        let kinds = kinds(&options);
        assert_eq!(kinds.len(), 1);
        assert_eq!(kinds[0].to_string(), "forward, constant input, nothing recorded");
    }

    #[test]
    fn slow_devices_take_part_at_large_sizes_only_where_these_are_named() {
        let large = |options: &BenchOptions| {
            let cases = chosen(options);
            cases.last().map(|case| (case.cells(), case.suits_slow(options)))
        };
        let mut options = BenchOptions::default();
        assert_eq!(large(&options), Some((10_000_000, false)));
        options.neurons = vec![10_000_000];
        assert_eq!(large(&options), Some((10_000_000, true)));
    }
}
