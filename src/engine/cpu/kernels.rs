//! What the steps of cells are compiled for, in all combinations that have code of their own.
//!
//! The rules are given to the compiler as constants, so that nothing is decided in the loop: the rules of
//! reset and refractoriness in all combinations, and bound, trace, fast decay and jumps together or not at
//! all, with a synapse or without. What cells lack of these changes no bits: a bound of minus infinity, a
//! trace that stays 0, a jump of -0. A reset that seldom is chosen is there only with all of them. Those of
//! the usual neuron are there more than once: for cells that take less to compute, and for input that is
//! read where it stands.

use super::memory::Memory;
use crate::model::{Options, Refractory, Reset, SpikeTest, TraceRule};

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) memory: Memory,
    /// Whether refractory cells are held by adding nothing to v.
    pub(super) holds: bool,
    /// Whether currents are read where they stand, step by step, and not made ready before.
    pub(super) reads_rows: bool,
    pub(super) options: Options,
}

/// Kernels of the usual neuron for the rules of reset and refractoriness and the kinds of memory.
const PLAIN: usize = 18;
const RICH: usize = PLAIN;
const SYNAPSE: usize = RICH + 9;
const HOLDING: usize = SYNAPSE + 9;
const HOLDING_WITH_JUMPS: usize = HOLDING + 3;
/// Those that read rows: again the plain ones and then the ones that hold.
const ROWS: usize = HOLDING_WITH_JUMPS + 3;

impl Kernel {
    /// The number of the kernel that makes the steps of such cells. Its inverse is [`numbered`](Self::numbered).
    pub(super) fn number(self) -> usize {
        let Self { memory, holds, reads_rows, options } = self;
        let rows = if reads_rows { ROWS } else { 0 };
        if holds {
            return memory as usize
                + match (reads_rows, options.jumps) {
                    (true, _) => ROWS + PLAIN,
                    (false, false) => HOLDING,
                    (false, true) => HOLDING_WITH_JUMPS,
                };
        }
        let refractory = match options.refractory {
            Refractory::Frozen => 0,
            Refractory::LeakOnly => 1,
            Refractory::Silent => 2,
        };
        let reset = match options.reset {
            Reset::ToValue => 0,
            // To subtract 0 changes nothing.
            Reset::Subtract | Reset::None => 1,
            Reset::SubtractAhead => 2,
        };
        if options.synapse {
            SYNAPSE + refractory * 3 + reset
        } else if is_plain(options) {
            rows + memory as usize * 6 + refractory * 2 + reset
        } else {
            RICH + refractory * 3 + reset
        }
    }

    /// What the kernel of this number is compiled for.
    pub(super) const fn numbered(number: usize) -> Self {
        let reads_rows = number >= ROWS;
        let place = if reads_rows { number - ROWS } else { number };
        let holds = if reads_rows { place >= PLAIN } else { place >= HOLDING };
        let plain = if holds { true } else { place < PLAIN };
        let memory = match (holds, plain) {
            (true, _) => MEMORIES[place % 3],
            (false, true) => MEMORIES[place / 6],
            (false, false) => Memory::Both,
        };
        let resets = if plain { 2 } else { 3 };
        let options = Options {
            spike_test: SpikeTest::Above,
            reset: match place % resets {
                _ if holds => Reset::ToValue,
                0 => Reset::ToValue,
                1 => Reset::Subtract,
                _ => Reset::SubtractAhead,
            },
            refractory: match place / resets % 3 {
                _ if holds => Refractory::Frozen,
                0 => Refractory::Frozen,
                1 => Refractory::LeakOnly,
                _ => Refractory::Silent,
            },
            bounded: !plain,
            trace: if plain { TraceRule::Off } else { TraceRule::Add },
            fast_decay: !plain,
            jumps: !plain || (!reads_rows && place >= HOLDING_WITH_JUMPS),
            synapse: !plain && place >= SYNAPSE,
        };
        Self { memory, holds, reads_rows, options }
    }
}

/// By their numbers; [`HOLDING`] and the others with three kernels begin at a multiple of 3.
const MEMORIES: [Memory; 3] = [Memory::History, Memory::Countdown, Memory::Both];

/// Whether cells need none of what is compiled together.
pub(super) fn is_plain(options: Options) -> bool {
    let Options { spike_test: _, reset, refractory: _, bounded, trace, fast_decay, jumps, synapse } = options;
    let is_usual = reset != Reset::SubtractAhead && trace == TraceRule::Off;
    is_usual && !bounded && !fast_decay && !jumps && !synapse
}

/// Whether there are kernels that [hold](super::lanes::Lanes::holds) cells with these rules.
pub(super) fn can_hold(options: Options) -> bool {
    let is_frozen = options.refractory == Refractory::Frozen && options.reset == Reset::ToValue;
    is_plain(Options { jumps: false, ..options }) && is_frozen
}

/// Calls `$call::<NUMBER>` with the number of a kernel that is known only now.
macro_rules! dispatch_kernel {
    ($number:expr, $kernel:ident => $call:expr) => {
        dispatch_kernel!(@ $number, $kernel, $call;
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35
            36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62)
    };
    (@ $number:expr, $kernel:ident, $call:expr; $($literal:literal)*) => {
        match $number {
            $($literal => { const $kernel: usize = $literal; $call })*
            _ => {}
        }
    };
}
pub(super) use dispatch_kernel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kernel_has_its_number() {
        for expected in 0..ROWS + PLAIN + 3 {
            assert_eq!(Kernel::numbered(expected).number(), expected);
            let mut calls = 0;
            dispatch_kernel!(expected, NUMBER => {
                assert_eq!(NUMBER, expected);
                calls += 1;
            });
            assert_eq!(calls, 1, "nothing is compiled for kernel {expected}");
        }
    }
}
