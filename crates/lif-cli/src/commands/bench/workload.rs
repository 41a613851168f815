//! What all devices simulate: the neuron and its input.
//!
//! Times in ms, potentials in mV: `tau_m` 20, `resistance` 1 MOhm, rest and reset -65, threshold -52, a
//! refractory period of five steps, `dt` 1. The constant current is 10 to 20 nA from neuron to neuron, so
//! that three in ten stay below threshold. All other inputs have a mean of 12 nA, or what has the same
//! effect.

use super::case::{Case, InputKind, Mode, RecordKind};
use lif::random::{counter, key, philox, uniform};
use lif::{Device, MemoryNeed, Params, Population, Random, Recording, SpikeTest};
use ndarray::{Array1, Array3};

/// Seed of all random draws.
pub const SEED: u64 = 0;

/// Mean and standard deviation of changing currents, nA.
const MEAN: f32 = 12.0;
const SD: f32 = 12.0;

/// Rate of Poisson spikes, Hz, and the jump of the membrane potential by each, mV: on average the effect of
/// 12 nA in a step.
const RATE: f64 = 600.0;
const WEIGHT: f64 = 1.0;

/// The size of sequences in bytes, unless a block of 32 steps is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequences {
    /// Larger than the caches of most machines.
    Long = 64 << 20,
    /// Quick to make and to use up.
    Short = 8 << 20,
}

/// The largest sequence, bytes.
const MOST_SEQUENCE_BYTES: u64 = 512 << 20;

/// The most tensors on a device for one case.
const MOST_TENSORS: u64 = 32;

/// The most bytes that one measurement records.
const MOST_RECORDED_BYTES: u64 = 256 << 20;

/// Neuron-steps before devices are compared, where the input is no sequence.
const CHECKED: u64 = 1 << 22;
const MOST_CHECKED_STEPS: u64 = 256;

const BYTES: u64 = size_of::<f32>() as u64;

/// One case with its inputs.
#[derive(Debug)]
pub struct Workload {
    pub case: Case,
    /// One current per neuron; empty for other inputs.
    pub constant: Array1<f32>,
    /// `[steps, batch, neurons]`, repeated as often as needed; empty for other inputs.
    pub sequence: Array3<f32>,
}

/// The neuron.
pub fn params() -> Params {
    Params {
        tau_m: 20.0.into(),
        resistance: 1.0.into(),
        v_rest: (-65.0).into(),
        v_reset: (-65.0).into(),
        v_threshold: (-52.0).into(),
        t_ref: 5.0.into(),
        dt: 1.0,
        spike_test: SpikeTest::AtOrAbove,
        ..Params::default()
    }
}

/// Refuses sizes that no population can have.
pub fn check(case: Case) -> lif::Result<()> {
    Population::memory_needed(&params(), case.shape, &Device::cpu()).map(|_| ())
}

/// The steps of a sequence for this many cells: all that the user asked for, if memory allows.
fn sequence_steps(cells: u64, steps: Option<u64>, sequences: Sequences) -> u64 {
    let fitting = |bytes: u64| bytes / cells.saturating_mul(BYTES).max(1);
    let most = fitting(MOST_SEQUENCE_BYTES).max(1);
    match steps {
        Some(steps) if steps <= most => steps,
        _ => {
            let some = fitting(sequences as u64).clamp(32, 1024).min(most);
            if some >= 32 { some - some % 32 } else { some }
        }
    }
}

/// A sequence of currents, uniformly distributed.
fn sequence(case: Case, steps: usize) -> Array3<f32> {
    let width = SD * 12.0_f32.sqrt();
    let count = steps * case.cells();
    let mut values = Vec::with_capacity(count.next_multiple_of(4));
    for group in 0..count.div_ceil(4) as u64 {
        let words = philox(counter(group, 0, 0), key(SEED));
        values.extend(words.map(|word| MEAN + width * (uniform(word) - 0.5)));
    }
    values.truncate(count);
    Array3::from_shape_vec((steps, case.shape.batch, case.shape.n), values).unwrap_or_default()
}

impl Workload {
    /// Makes the inputs of a case, for measurements of this many steps where the user gave them.
    pub fn new(case: Case, steps: Option<u64>, sequences: Sequences) -> lif::Result<Self> {
        // Before the inputs take memory.
        check(case)?;
        let cells = case.cells() as u64;
        let constant = match case.kind.input {
            InputKind::Constant => {
                let bytes = case.shape.n as u64 * BYTES;
                lif::require_memory("the input", bytes, "take fewer neurons")?;
                Array1::from_shape_fn(case.shape.n, |neuron| 10.0 + (neuron % 1000) as f32 * 0.01)
            }
            _ => Array1::default(0),
        };
        let sequence = match case.kind.input {
            InputKind::Sequence | InputKind::Streamed => {
                let most = sequence_steps(cells, steps, sequences);
                // In a loop over `forward` each step on the device is a tensor of its own.
                let separate = case.kind.input == InputKind::Sequence && case.kind.mode == Mode::Forward;
                let steps = if separate { most.min(MOST_TENSORS) } else { most };
                lif::require_memory("the input", steps * cells * BYTES, "take fewer neurons")?;
                sequence(case, steps as usize)
            }
            _ => Array3::default((0, 0, 0)),
        };
        Ok(Self { case, constant, sequence })
    }

    /// The random input.
    pub fn random(&self) -> Option<Random> {
        match self.case.kind.input {
            InputKind::Gaussian => Some(Random::gaussian(f64::from(MEAN), f64::from(SD))),
            InputKind::Poisson => Some(Random::poisson(RATE, WEIGHT)),
            InputKind::Constant | InputKind::Sequence | InputKind::Streamed => None,
        }
    }

    /// What the library records in one call.
    pub fn recording(&self) -> Recording {
        match self.case.kind.record {
            RecordKind::None => Recording::none(),
            RecordKind::Counts => Recording::none().counts(),
            RecordKind::Spikes => Recording::none().spikes(),
            RecordKind::Voltage => Recording::none().all_voltages(1),
        }
    }

    /// The steps of the sequence, where there is one.
    pub fn rows(&self) -> Option<u64> {
        match self.sequence.shape().first() {
            None | Some(0) => None,
            Some(rows) => Some(*rows as u64),
        }
    }

    /// Steps after which devices are compared; the same for all.
    pub fn checked_steps(&self) -> u64 {
        let steps = self.rows().unwrap_or((CHECKED / self.case.cells() as u64).clamp(2, MOST_CHECKED_STEPS));
        steps.min(self.most_steps())
    }

    /// The most steps of one measurement, so that its recordings fit.
    pub fn most_steps(&self) -> u64 {
        let cells = self.case.cells() as u64;
        let bytes = match self.case.kind.record {
            RecordKind::None | RecordKind::Counts => return u64::MAX,
            // One byte each where they are read step by step, as in the reference.
            RecordKind::Spikes => cells,
            RecordKind::Voltage => cells * BYTES,
        };
        (MOST_RECORDED_BYTES / bytes).max(1)
    }

    /// Measurements have a multiple of this many steps, where they are long enough.
    pub fn unit(&self) -> u64 {
        self.rows().unwrap_or(32).min(self.most_steps())
    }

    /// The memory for a measurement of this many steps on a device, without its input.
    pub fn memory_needed(&self, device: &Device, steps: u64) -> lif::Result<MemoryNeed> {
        let Case { shape, .. } = self.case;
        let population = Population::memory_needed(&params(), shape, device)?;
        Ok(population.and(self.recording().memory_needed(steps, shape, device)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CaseKind;
    use super::*;

    fn workload(input: InputKind, record: RecordKind, neurons: usize, batch: usize) -> Workload {
        let case = Case { kind: CaseKind { input, record, mode: Mode::Run }, shape: [batch, neurons].into() };
        Workload::new(case, None, Sequences::Long).expect("it fits")
    }

    #[test]
    fn a_sequence_has_the_mean_and_the_deviation_that_noise_has() {
        let workload = workload(InputKind::Sequence, RecordKind::None, 50, 2);
        assert_eq!(workload.sequence.shape(), [1024, 2, 50]);
        assert!((workload.sequence.mean().unwrap_or_default() - MEAN).abs() < 0.2);
        assert!((workload.sequence.std(0.0) - SD).abs() < 0.2);
        assert!(workload.constant.is_empty());
    }

    #[test]
    fn sequences_are_blocks_of_32_steps_that_fit_memory() {
        let long = |cells, steps| sequence_steps(cells, steps, Sequences::Long);
        assert_eq!(long(1000, None), 1024);
        assert_eq!(long(100_000, None), 160);
        assert_eq!(long(1_000_000, None), 32);
        assert_eq!(long(10_000_000, None), 13);
        assert_eq!(long(u64::MAX / 2, None), 1);
        assert_eq!(long(1000, Some(7)), 7);
        assert_eq!(long(1_000_000, Some(100)), 100);
        assert_eq!(long(1_000_000, Some(200)), 32);
        assert_eq!(sequence_steps(30_000, None, Sequences::Short), 64);
    }

    #[test]
    fn what_is_recorded_bounds_the_steps() {
        let most = |record| workload(InputKind::Constant, record, 1 << 20, 1).most_steps();
        assert_eq!(most(RecordKind::Counts), u64::MAX);
        assert_eq!(most(RecordKind::Spikes), 256);
        assert_eq!(most(RecordKind::Voltage), 64);
    }

    #[test]
    fn sizes_that_cannot_be_are_refused_before_memory_is_taken() {
        let kind = CaseKind { input: InputKind::Sequence, record: RecordKind::None, mode: Mode::Run };
        for neurons in [0, 1 << 40] {
            assert!(Workload::new(Case { kind, shape: neurons.into() }, None, Sequences::Long).is_err());
        }
    }
}
