//! [`model::step_cell`](crate::model::step_cell) for vectors of cells, operation by operation: six
//! vectors of eight cells, say, whose state stays in registers through many steps. A step of one
//! cell is a chain of operations that wait for each other; so many vectors fill the waiting.
//!
//! The instruction set is chosen at run time by `pulp`. The rules are given to the compiler as
//! constants, so that nothing is decided in the loop: the rules of reset and refractoriness in all
//! combinations, and bound, trace, fast decay and jumps together or not at all, with a synapse or
//! without. What cells lack of these changes no bits: a bound of minus infinity, a trace that stays 0,
//! a jump of -0. Those of the usual neuron are there once more, with jumps or without, for cells that
//! take less to compute: [`Lanes::holds`].

use super::additions::{OfWord, WORD};
use super::lanes::{LANES, LaneCoefficients, Lanes};
use super::memory::Memory;
use crate::model::{Options, Refractory, Reset, SMALLEST_PARAMETER, SMALLEST_STATE, SpikeTest, TraceRule};
use pulp::{Arch, Scalar128b, Simd, WithSimd, cast};

/// The jumps of cells that have none.
pub(super) static NO_JUMPS: OfWord = [[-0.0; LANES]; WORD];

/// Does the same for each vector by its number, written out: the compiler would leave loops over so
/// many, and keep the states in memory for them.
macro_rules! for_each_vector {
    ($vectors:ident, $vector:ident, $body:block) => {
        for_each_vector!(@ $vectors, $vector, $body; 0 1 2 3 4 5);
    };
    (@ $vectors:ident, $vector:ident, $body:block; $($number:literal)*) => {
        $(if $number < $vectors {
            let $vector = $number;
            $body
        })*
    };
}

/// Some steps of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The place of the first step in its word.
    pub(super) first: usize,
    /// The place in that word where the call began.
    pub(super) begun: usize,
    pub(super) steps: usize,
    /// Whether the call ends with these steps.
    pub(super) is_last: bool,
}

/// What drives the cells in the lanes, by the place of a step in its word.
#[derive(Clone, Copy)]
pub(super) struct Drives<'a> {
    /// Whether the first row holds for all steps.
    pub(super) constant: bool,
    /// Voltages; where there is a synapse, the currents beside the synaptic one.
    pub(super) drives: &'a OfWord,
    pub(super) arriving: &'a OfWord,
    pub(super) jumps: &'a OfWord,
}

/// Makes some steps and, where a word or the call ends, writes the word of each lane into the columns
/// from `column` on, one row per word, where there are rows.
pub(super) fn advance(
    options: Options,
    lanes: &mut Lanes,
    drives: Drives<'_>,
    span: Span,
    (rows, column): (&mut [&mut [u32]], usize),
) {
    macro_rules! choose {
        ($number:expr; $($kernel:literal)*) => {
            match $number {
                $($kernel => Arch::new().dispatch(Advance::<$kernel> { lanes, drives, span, rows, column }),)*
                _ => {}
            }
        };
    }
    choose!(number(lanes.memory, lanes.holds, options); 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35);
}

/// Whether cells need none of what is compiled together.
pub(super) fn is_plain(options: Options) -> bool {
    let Options { bounded, trace, fast_decay, jumps, synapse, .. } = options;
    !bounded && trace == TraceRule::Off && !fast_decay && !jumps && !synapse
}

/// Whether there are kernels that [hold](Lanes::holds) cells with these rules.
pub(super) fn can_hold(options: Options) -> bool {
    let is_frozen = options.refractory == Refractory::Frozen && options.reset == Reset::ToValue;
    is_plain(Options { jumps: false, ..options }) && is_frozen
}

/// The number of the kernel for some rules. Its inverse is [`kernel`].
fn number(memory: Memory, holds: bool, options: Options) -> usize {
    if holds {
        return 30 + 3 * usize::from(options.jumps) + memory as usize;
    }
    let refractory = match options.refractory {
        Refractory::Frozen => 0,
        Refractory::LeakOnly => 1,
        Refractory::Silent => 2,
    };
    let memory = match memory {
        _ if options.synapse => 4,
        _ if !is_plain(options) => 3,
        Memory::History => 0,
        Memory::Countdown => 1,
        Memory::Both => 2,
    };
    // To subtract 0 changes nothing.
    let subtract = usize::from(options.reset != Reset::ToValue);
    (memory * 3 + refractory) * 2 + subtract
}

/// What the kernel of this number is compiled for.
const fn kernel(number: usize) -> (Memory, bool, Options) {
    let holds = number >= 30;
    let (memory, rich) = match number / 6 {
        5 => ([Memory::History, Memory::Countdown, Memory::Both][number % 3], false),
        0 => (Memory::History, false),
        1 => (Memory::Countdown, false),
        2 => (Memory::Both, false),
        _ => (Memory::Both, true),
    };
    let options = Options {
        spike_test: SpikeTest::Above,
        reset: match number % 2 {
            _ if holds => Reset::ToValue,
            0 => Reset::ToValue,
            _ => Reset::Subtract,
        },
        refractory: match number / 2 % 3 {
            _ if holds => Refractory::Frozen,
            0 => Refractory::Frozen,
            1 => Refractory::LeakOnly,
            _ => Refractory::Silent,
        },
        bounded: rich,
        trace: if rich { TraceRule::Add } else { TraceRule::Off },
        fast_decay: rich,
        jumps: rich || number >= 33,
        synapse: number / 6 == 4,
    };
    (memory, holds, options)
}

struct Advance<'a, 'b, const KERNEL: usize> {
    lanes: &'a mut Lanes,
    drives: Drives<'a>,
    span: Span,
    rows: &'a mut [&'b mut [u32]],
    column: usize,
}

impl<const KERNEL: usize> WithSimd for Advance<'_, '_, KERNEL> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match S::F32_LANES {
            16 => self.advance::<S, 3>(simd, 0),
            8 => self.advance::<S, 6>(simd, 0),
            4 => {
                for half in 0..2 {
                    self.advance::<S, 6>(simd, half);
                }
            }
            _ => {
                for quarter in 0..4 {
                    self.advance::<Scalar128b, 3>(Scalar128b, quarter);
                }
            }
        }
    }
}

impl<const KERNEL: usize> Advance<'_, '_, KERNEL> {
    /// Advances a part of the lanes as so many vectors.
    #[inline(always)]
    fn advance<S: Simd, const VECTORS: usize>(&mut self, simd: S, part: usize) {
        let (memory, holds, options) = const { kernel(KERNEL) };
        let Self { lanes, drives, span, rows, column } = self;
        let first_vector = part * VECTORS;
        let part = part * VECTORS * S::F32_LANES..(part + 1) * VECTORS * S::F32_LANES;
        // No closures: they would be compiled without the instructions that the processor has.
        let mut states = [State::<S>::load(lanes, first_vector); VECTORS];
        for_each_vector!(VECTORS, vector, {
            states[vector] = State::load(lanes, first_vector + vector);
        });
        let mask = if drives.constant { 0 } else { WORD - 1 };
        // Of the step to come, counted from 1.
        let mut number = simd.splat_i32s(1);
        let (mut made, mut begun, mut row) = (0, span.begun, 0);
        while made < span.steps {
            let from = (span.first + made) % WORD;
            let to = (from + span.steps - made).min(WORD);
            let mut bit = simd.splat_u32s(1 << from);
            for step in from..to {
                let drives_now = S::as_simd_f32s(&drives.drives[step & mask][part.clone()]).0;
                let arriving_now = S::as_simd_f32s(&drives.arriving[step % WORD][part.clone()]).0;
                let jumps_now = S::as_simd_f32s(&drives.jumps[step % WORD][part.clone()]).0;
                // The compiler is not to know that these are the same as at the step before: it would keep
                // some of them in registers and the states, of which each waits for the one before, in memory.
                let coefficients = std::hint::black_box(&lanes.coefficients);
                for_each_vector!(VECTORS, vector, {
                    let drive = Drive {
                        drive: drives_now[vector],
                        arriving: arriving_now[vector],
                        jump: jumps_now[vector],
                    };
                    let cells = &Cells::<S>::load(coefficients, first_vector + vector);
                    let state = &mut states[vector];
                    if holds {
                        step_holding(simd, memory, options.jumps, cells, state, drive, (number, bit));
                    } else {
                        step_cells(simd, memory, options, cells, state, drive, bit);
                    }
                });
                bit = simd.add_u32s(bit, bit);
                number = simd.add_i32s(number, simd.splat_i32s(1));
            }
            made += to - from;
            if to == WORD {
                for_each_vector!(VECTORS, vector, {
                    settle(simd, options, &mut states[vector]);
                });
            } else if !span.is_last {
                continue;
            }
            let mut words = [0; LANES];
            let words = &mut words[part.clone()];
            let vectors = S::as_mut_simd_u32s(words).0;
            for_each_vector!(VECTORS, vector, {
                vectors[vector] = match memory {
                    Memory::Both => states[vector].word,
                    Memory::Countdown if holds => left(simd, states[vector].memory, number),
                    Memory::History | Memory::Countdown => states[vector].memory,
                };
                states[vector].word = simd.splat_u32s(0);
            });
            for (word, steps) in words.iter_mut().zip(&lanes.steps[part.clone()]) {
                *word = memory.word(*steps, *word, (begun, to));
            }
            for (count, word) in lanes.counts[part.clone()].iter_mut().zip(&*words) {
                *count = count.wrapping_add(word.count_ones());
            }
            if let Some(row) = rows.get_mut(row).and_then(|row| row.get_mut(*column + part.start..)) {
                match row.get_mut(..words.len()) {
                    Some(row) => row.copy_from_slice(words),
                    None => row.copy_from_slice(&words[..row.len()]),
                }
            }
            if span.is_last && made == span.steps {
                for (last, word) in lanes.last[part.clone()].iter_mut().zip(&*words) {
                    *last = word >> (to - 1) & 1;
                }
            }
            begun = 0;
            row += 1;
        }
        let Lanes { v, kept, word, synaptic, trace, .. } = &mut **lanes;
        for_each_vector!(VECTORS, vector, {
            let (state, vector) = (states[vector], first_vector + vector);
            S::as_mut_simd_f32s(v).0[vector] = state.v;
            S::as_mut_simd_u32s(kept).0[vector] = match memory {
                Memory::Countdown | Memory::Both if holds => left(simd, state.memory, number),
                _ => state.memory,
            };
            if matches!(memory, Memory::Both) {
                S::as_mut_simd_u32s(word).0[vector] = state.word;
            }
            if options.synapse {
                S::as_mut_simd_f32s(synaptic).0[vector] = state.synaptic;
            }
            if !matches!(options.trace, TraceRule::Off) {
                S::as_mut_simd_f32s(trace).0[vector] = state.trace;
            }
        });
    }
}

/// The coefficients of the cells in a vector.
#[derive(Clone, Copy)]
struct Cells<S: Simd> {
    leak: S::f32s,
    v_rest: S::f32s,
    v_threshold: S::f32s,
    reset: S::f32s,
    v_lower: S::f32s,
    v_smallest: S::f32s,
    trace_decay: S::f32s,
    trace_added_to: S::u32s,
    trace_scale: S::f32s,
    trace_smallest: S::f32s,
    resistance: S::f32s,
    synaptic_decay: S::f32s,
    synaptic_smallest: S::f32s,
    refractory: S::u32s,
}

impl<S: Simd> Cells<S> {
    #[inline(always)]
    fn load(cells: &LaneCoefficients, vector: usize) -> Self {
        Self {
            leak: S::as_simd_f32s(&cells.leak).0[vector],
            v_rest: S::as_simd_f32s(&cells.v_rest).0[vector],
            v_threshold: S::as_simd_f32s(&cells.v_threshold).0[vector],
            reset: S::as_simd_f32s(&cells.reset).0[vector],
            v_lower: S::as_simd_f32s(&cells.v_lower).0[vector],
            v_smallest: S::as_simd_f32s(&cells.v_smallest).0[vector],
            trace_decay: S::as_simd_f32s(&cells.trace_decay).0[vector],
            trace_added_to: S::as_simd_u32s(&cells.trace_added_to).0[vector],
            trace_scale: S::as_simd_f32s(&cells.trace_scale).0[vector],
            trace_smallest: S::as_simd_f32s(&cells.trace_smallest).0[vector],
            resistance: S::as_simd_f32s(&cells.resistance).0[vector],
            synaptic_decay: S::as_simd_f32s(&cells.synaptic_decay).0[vector],
            synaptic_smallest: S::as_simd_f32s(&cells.synaptic_smallest).0[vector],
            refractory: S::as_simd_u32s(&cells.refractory).0[vector],
        }
    }
}

/// What changes from step to step.
#[derive(Clone, Copy)]
struct State<S: Simd> {
    v: S::f32s,
    trace: S::f32s,
    synaptic: S::f32s,
    memory: S::u32s,
    /// The spikes so far of the present word, where memory does not tell them.
    word: S::u32s,
}

impl<S: Simd> State<S> {
    #[inline(always)]
    fn load(lanes: &Lanes, vector: usize) -> Self {
        Self {
            v: S::as_simd_f32s(&lanes.v).0[vector],
            trace: S::as_simd_f32s(&lanes.trace).0[vector],
            synaptic: S::as_simd_f32s(&lanes.synaptic).0[vector],
            memory: S::as_simd_u32s(&lanes.kept).0[vector],
            word: S::as_simd_u32s(&lanes.word).0[vector],
        }
    }
}

/// What drives the cells in a vector at a step.
#[derive(Clone, Copy)]
struct Drive<S: Simd> {
    drive: S::f32s,
    arriving: S::f32s,
    jump: S::f32s,
}

/// The steps left of cells that are refractory up to and including a step, before the step of a number.
#[inline(always)]
fn left<S: Simd>(simd: S, last_refractory: S::u32s, number: S::i32s) -> S::u32s {
    let left = simd.add_u32s(simd.sub_u32s(last_refractory, cast(number)), simd.splat_u32s(1));
    cast(simd.max_i32s(cast(left), simd.splat_i32s(0)))
}

/// [`step_cells`] for lanes that [hold](Lanes::holds), with less to compute: v stays where it is while
/// nothing is added to it, and does not cross the threshold there. Steps left are kept as the number of the
/// last of them, which is compared and not counted down.
#[inline(always)]
fn step_holding<S: Simd>(
    simd: S,
    memory: Memory,
    has_jumps: bool,
    cells: &Cells<S>,
    state: &mut State<S>,
    drive: Drive<S>,
    (number, bit): (S::i32s, S::u32s),
) {
    let above_rest = simd.sub_f32s(state.v, cells.v_rest);
    let change = simd.mul_f32s(cells.leak, simd.sub_f32s(drive.drive, above_rest));
    let (none, one) = (simd.splat_u32s(0), simd.splat_u32s(1));
    let free = match memory {
        Memory::History => simd.equal_u32s(simd.and_u32s(state.memory, cells.refractory), none),
        _ => simd.greater_than_i32s(number, cast(state.memory)),
    };
    let nothing = simd.splat_f32s(0.0);
    let mut v = simd.add_f32s(state.v, select(simd, free, change, nothing));
    if has_jumps {
        v = simd.add_f32s(v, select(simd, free, drive.jump, nothing));
    }
    let spike = simd.greater_than_f32s(v, cells.v_threshold);
    state.v = select(simd, spike, cells.reset, v);
    state.memory = match memory {
        Memory::History => {
            let earlier = simd.add_u32s(state.memory, state.memory);
            simd.add_u32s(earlier, simd.select_u32s(spike, one, none))
        }
        _ => simd.select_u32s(spike, simd.add_u32s(cast(number), cells.refractory), state.memory),
    };
    if matches!(memory, Memory::Both) {
        state.word = simd.or_u32s(state.word, simd.select_u32s(spike, bit, none));
    }
}

/// [`model::step_cell`](crate::model::step_cell), and what of `settle` is due at every step.
#[inline(always)]
fn step_cells<S: Simd>(
    simd: S,
    memory: Memory,
    options: Options,
    cells: &Cells<S>,
    state: &mut State<S>,
    drive: Drive<S>,
    bit: S::u32s,
) {
    let (zero, none, one) = (simd.splat_f32s(0.0), simd.splat_u32s(0), simd.splat_u32s(1));
    let free = match memory {
        Memory::History => simd.equal_u32s(simd.and_u32s(state.memory, cells.refractory), none),
        Memory::Countdown | Memory::Both => simd.equal_u32s(state.memory, none),
    };
    let mut input = drive.drive;
    if options.synapse {
        state.synaptic = simd.add_f32s(state.synaptic, drive.arriving);
        input = voltage(simd, cells.resistance, simd.add_f32s(input, state.synaptic));
    }

    let deaf = matches!(options.refractory, Refractory::LeakOnly);
    if deaf {
        input = select(simd, free, input, zero);
    }
    let above_rest = simd.sub_f32s(state.v, cells.v_rest);
    let change = simd.mul_f32s(cells.leak, simd.sub_f32s(input, above_rest));
    let mut v = simd.add_f32s(state.v, change);
    if options.jumps {
        let jumped = simd.add_f32s(v, drive.jump);
        v = if deaf { select(simd, free, jumped, v) } else { jumped };
    }
    // Of v before it is held for refractory cells, which do not spike: so nothing waits for that.
    let crossed = simd.greater_than_f32s(v, cells.v_threshold);
    let spike = simd.and_m32s(crossed, free);
    let after_spike = match options.reset {
        Reset::ToValue => cells.reset,
        Reset::Subtract | Reset::None => simd.sub_f32s(v, cells.reset),
    };
    if matches!(options.refractory, Refractory::Frozen) {
        v = select(simd, free, v, state.v);
    }
    v = select(simd, spike, after_spike, v);
    if options.bounded {
        v = select(simd, simd.less_than_f32s(v, cells.v_lower), cells.v_lower, v);
    }
    state.v = if options.fast_decay { flush(simd, v, cells.v_smallest) } else { v };

    state.memory = match memory {
        Memory::History => {
            let earlier = simd.add_u32s(state.memory, state.memory);
            simd.add_u32s(earlier, simd.select_u32s(spike, one, none))
        }
        Memory::Countdown | Memory::Both => {
            let less_one = simd.sub_u32s(state.memory, one);
            let left = simd.add_u32s(less_one, simd.select_u32s(free, one, none));
            simd.select_u32s(spike, cells.refractory, left)
        }
    };
    if matches!(memory, Memory::Both) {
        state.word = simd.or_u32s(state.word, simd.select_u32s(spike, bit, none));
    }
    if options.synapse {
        let decayed = simd.mul_f32s(state.synaptic, cells.synaptic_decay);
        state.synaptic = flush(simd, decayed, cells.synaptic_smallest);
    }
    if !matches!(options.trace, TraceRule::Off) {
        let decayed = simd.mul_f32s(state.trace, cells.trace_decay);
        let before = cast(simd.and_u32s(cast(decayed), cells.trace_added_to));
        let after_spike = simd.add_f32s(before, cells.trace_scale);
        state.trace = flush(simd, select(simd, spike, after_spike, decayed), cells.trace_smallest);
    }
}

/// What of [`model::settle`](crate::model::settle) is due at the end of a word.
#[inline(always)]
fn settle<S: Simd>(simd: S, options: Options, state: &mut State<S>) {
    let smallest = simd.splat_f32s(SMALLEST_STATE);
    state.v = flush(simd, state.v, smallest);
    if !matches!(options.trace, TraceRule::Off) {
        state.trace = flush(simd, state.trace, smallest);
    }
    if options.synapse {
        state.synaptic = flush(simd, state.synaptic, smallest);
    }
}

/// [`model::drive`](crate::model::drive) for all lanes.
#[inline(always)]
pub(super) fn drive<S: Simd>(simd: S, resistance: &[f32; LANES], currents: &mut [f32; LANES]) {
    let lanes = S::as_mut_simd_f32s(currents).0.iter_mut().zip(S::as_simd_f32s(resistance).0);
    for (current, resistance) in lanes {
        *current = voltage(simd, *resistance, *current);
    }
}

/// [`drive`] from as many currents as lanes.
#[inline(always)]
pub(super) fn drives<S: Simd>(
    simd: S,
    resistance: &[f32; LANES],
    currents: &[f32],
    drives: &mut [f32; LANES],
) {
    let inputs = S::as_simd_f32s(resistance).0.iter().zip(S::as_simd_f32s(currents).0);
    for (drive, (resistance, current)) in S::as_mut_simd_f32s(drives).0.iter_mut().zip(inputs) {
        *drive = voltage(simd, *resistance, *current);
    }
}

/// [`model::drive`](crate::model::drive).
#[inline(always)]
fn voltage<S: Simd>(simd: S, resistance: S::f32s, current: S::f32s) -> S::f32s {
    flush(simd, simd.mul_f32s(resistance, current), simd.splat_f32s(SMALLEST_PARAMETER))
}

/// [`model::flush`](crate::model::flush).
#[inline(always)]
fn flush<S: Simd>(simd: S, x: S::f32s, smallest: S::f32s) -> S::f32s {
    let magnitude: S::u32s = simd.and_u32s(cast(x), simd.splat_u32s(u32::MAX >> 1));
    select(simd, simd.less_than_f32s(cast(magnitude), smallest), simd.splat_f32s(0.0), x)
}

#[inline(always)]
fn select<S: Simd>(simd: S, mask: S::m32s, yes: S::f32s, no: S::f32s) -> S::f32s {
    cast(simd.select_u32s(mask, cast(yes), cast(no)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kernel_has_its_number() {
        for expected in 0..36 {
            let (memory, holds, options) = kernel(expected);
            assert_eq!(number(memory, holds, options), expected);
        }
    }
}
