//! The least cost of a neuron-step: the bytes that an engine moves, and the operations of the model.

use super::case::{Case, InputKind, Mode, RecordKind};

/// Bytes of a value.
const WORD: f64 = 4.0;

/// Words of a cell that are loaded at the start of a block of steps and stored at its end: membrane
/// potential, refractory counter and spike count.
const STATE_WORDS: f64 = 2.0 * 3.0;

/// Operations of `model::step_cell` with the rules of the benchmark: four for the membrane equation, two
/// comparisons, three choices, one combination, one counter, and the bit of a spike.
const STEP: f64 = 12.0;

/// The product with the resistance, with results that are too small set to zero.
const DRIVE: f64 = 3.0;

/// A quarter of Philox4x32-10, which serves four steps: ten rounds of four multiplications, four
/// exclusive ors and two additions.
const PHILOX: f64 = 10.0 * 10.0 / 4.0;

/// From a random word to a normal draw with a mean and a standard deviation.
const NORMAL: f64 = 17.0;

/// From a random word to the jump by Poisson spikes: a search in four levels.
const POISSON: f64 = 20.0;

/// Bytes per neuron-step, where `cell_blocks` is how often the state of a cell was loaded and stored in these
/// steps. Copies from the host to the device do not count.
pub fn bytes(case: Case, steps: u64, cell_blocks: u64) -> f64 {
    let neuron_steps = case.cells() as f64 * steps as f64;
    let of_block = match case.kind.input {
        InputKind::Constant => STATE_WORDS + 1.0,
        InputKind::Sequence | InputKind::Streamed | InputKind::Gaussian | InputKind::Poisson => STATE_WORDS,
    };
    let of_input = match case.kind.input {
        InputKind::Sequence | InputKind::Streamed => 1.0,
        InputKind::Constant | InputKind::Gaussian | InputKind::Poisson => 0.0,
    };
    let of_recording = match (case.kind.record, case.kind.mode) {
        (RecordKind::None, _) => 0.0,
        // Read before and after, or once at the end.
        (RecordKind::Counts, Mode::Run) => 2.0 / steps as f64,
        (RecordKind::Counts, Mode::Forward) => 1.0 / steps as f64,
        (RecordKind::Spikes, Mode::Run) => 1.0 / 32.0,
        // Read from the refractory counters.
        (RecordKind::Spikes, Mode::Forward) | (RecordKind::Voltage, _) => 1.0,
    };
    WORD * (of_block * cell_blocks as f64 / neuron_steps + of_input + of_recording)
}

/// Operations per neuron-step.
pub fn operations(input: InputKind) -> f64 {
    match input {
        InputKind::Constant => STEP,
        InputKind::Sequence | InputKind::Streamed => STEP + DRIVE,
        InputKind::Gaussian => STEP + DRIVE + PHILOX + NORMAL,
        InputKind::Poisson => STEP + PHILOX + POISSON,
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CaseKind;
    use super::*;

    fn counted(input: InputKind, record: RecordKind, mode: Mode, steps: u64, blocks: u64) -> f64 {
        let case = Case { kind: CaseKind { input, record, mode }, shape: [3, 10].into() };
        bytes(case, steps, 30 * blocks)
    }

    #[test]
    fn bytes_are_those_of_state_input_and_recording() {
        use InputKind::*;
        use Mode::*;
        let nothing = RecordKind::None;
        // 24 bytes of state, and 4 of input where each neuron has its own, once in 32 steps.
        assert_eq!(counted(Gaussian, nothing, Run, 32, 1), 24.0 / 32.0);
        assert_eq!(counted(Constant, nothing, Run, 32, 1), 28.0 / 32.0);
        assert_eq!(counted(Constant, nothing, Run, 320, 1), 28.0 / 320.0);
        assert_eq!(counted(Constant, nothing, Forward, 320, 10), 28.0 / 32.0);
        assert_eq!(counted(Streamed, nothing, Run, 32, 1), 24.0 / 32.0 + 4.0);
        assert_eq!(counted(Sequence, RecordKind::Spikes, Run, 32, 1), 24.0 / 32.0 + 4.0 + 0.125);
        assert_eq!(counted(Poisson, RecordKind::Voltage, Run, 32, 1), 24.0 / 32.0 + 4.0);
        assert_eq!(counted(Poisson, RecordKind::Spikes, Forward, 5, 5), 24.0 + 4.0);
        assert_eq!(counted(Poisson, RecordKind::Counts, Run, 8, 1), 24.0 / 8.0 + 8.0 / 8.0);
        assert_eq!(counted(Poisson, RecordKind::Counts, Forward, 8, 1), 24.0 / 8.0 + 4.0 / 8.0);
    }

    #[test]
    fn random_input_is_the_dearest() {
        assert!(operations(InputKind::Constant) < operations(InputKind::Streamed));
        assert_eq!(operations(InputKind::Sequence), operations(InputKind::Streamed));
        assert!(operations(InputKind::Streamed) < operations(InputKind::Poisson));
        assert!(operations(InputKind::Gaussian) > 50.0);
    }
}
