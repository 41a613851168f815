//! [`model::step_cell`](crate::model::step_cell) for vectors of cells, operation by operation: four
//! vectors of eight cells, say, whose state stays in registers through many steps.
//!
//! The instruction set is chosen at run time by `pulp`. The rules are given to the compiler as
//! constants, so that nothing is decided in the loop: the rules of reset and refractoriness in all
//! combinations, and bound, trace, fast decay and jumps together or not at all, with a synapse or
//! without. What cells lack of these changes no bits: a bound of minus infinity, a trace that stays 0,
//! a jump of -0.

use super::additions::{OfWord, WORD};
use super::lanes::{LANES, Lanes};
use super::memory::Memory;
use crate::model::{Options, Refractory, Reset, SMALLEST_PARAMETER, SMALLEST_STATE, SpikeTest, TraceRule};
use pulp::{Arch, Scalar128b, Simd, WithSimd, cast};

/// The jumps of cells that have none.
pub(super) static NO_JUMPS: OfWord = [[-0.0; LANES]; WORD];

/// Some steps of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The place of the first step in its word.
    pub(super) first: usize,
    pub(super) steps: usize,
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

/// Makes some steps and writes the word of each lane into the columns from `column` on, one row per
/// word, where there are rows.
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
    choose!(number(lanes.memory, options); 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29);
}

/// Whether cells need none of what is compiled together.
pub(super) fn is_plain(options: Options) -> bool {
    let Options { bounded, trace, fast_decay, jumps, synapse, .. } = options;
    !bounded && trace == TraceRule::Off && !fast_decay && !jumps && !synapse
}

/// The number of the kernel for some rules. Its inverse is [`kernel`].
fn number(memory: Memory, options: Options) -> usize {
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
const fn kernel(number: usize) -> (Memory, Options) {
    let (memory, rich) = match number / 6 {
        0 => (Memory::History, false),
        1 => (Memory::Countdown, false),
        2 => (Memory::Both, false),
        _ => (Memory::Both, true),
    };
    let options = Options {
        spike_test: SpikeTest::Above,
        reset: match number % 2 {
            0 => Reset::ToValue,
            _ => Reset::Subtract,
        },
        refractory: match number / 2 % 3 {
            0 => Refractory::Frozen,
            1 => Refractory::LeakOnly,
            _ => Refractory::Silent,
        },
        bounded: rich,
        trace: if rich { TraceRule::Add } else { TraceRule::Off },
        fast_decay: rich,
        jumps: rich,
        synapse: number / 6 == 4,
    };
    (memory, options)
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
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.advance::<S, 2>(simd),
            8 => self.advance::<S, 4>(simd),
            4 => self.advance::<S, 8>(simd),
            _ => self.advance::<Scalar128b, 8>(Scalar128b),
        }
    }
}

impl<const KERNEL: usize> Advance<'_, '_, KERNEL> {
    /// Advances the lanes as so many vectors.
    #[inline(always)]
    fn advance<S: Simd, const VECTORS: usize>(self, simd: S) {
        let (memory, options) = const { kernel(KERNEL) };
        let Self { lanes, drives, span, rows, column } = self;
        // No closures: they would be compiled without the instructions that the processor has.
        let mut cells = [Cells::<S>::load(lanes, 0); VECTORS];
        let mut states = [State::<S>::load(simd, lanes, 0); VECTORS];
        for vector in 1..VECTORS {
            cells[vector] = Cells::load(lanes, vector);
            states[vector] = State::load(simd, lanes, vector);
        }
        let mask = if drives.constant { 0 } else { WORD - 1 };
        let (mut made, mut row) = (0, 0);
        while made < span.steps {
            let from = (span.first + made) % WORD;
            let to = (from + span.steps - made).min(WORD);
            let mut bit = simd.splat_u32s(1 << from);
            for step in from..to {
                let drives_now = S::as_simd_f32s(&drives.drives[step & mask & (WORD - 1)]).0;
                let arriving_now = S::as_simd_f32s(&drives.arriving[step % WORD]).0;
                let jumps_now = S::as_simd_f32s(&drives.jumps[step % WORD]).0;
                for vector in 0..VECTORS {
                    let drive = Drive {
                        drive: drives_now[vector],
                        arriving: arriving_now[vector],
                        jump: jumps_now[vector],
                    };
                    step_cells(simd, memory, options, &cells[vector], &mut states[vector], drive, bit);
                }
                bit = simd.add_u32s(bit, bit);
            }
            if to == WORD {
                for state in &mut states {
                    settle(simd, options, state);
                }
            }
            let mut words = [0; LANES];
            for (word, state) in S::as_mut_simd_u32s(&mut words).0.iter_mut().zip(&states) {
                *word = if matches!(memory, Memory::Both) { state.word } else { state.memory };
            }
            for (word, steps) in words.iter_mut().zip(&lanes.steps) {
                *word = memory.word(*steps, *word, (from, to));
            }
            for (count, word) in lanes.counts.iter_mut().zip(&words) {
                *count = count.wrapping_add(word.count_ones());
            }
            if let Some(row) = rows.get_mut(row).and_then(|row| row.get_mut(column..)) {
                match row.first_chunk_mut() {
                    Some(row) => *row = words,
                    None => row.copy_from_slice(&words[..row.len()]),
                }
            }
            for state in &mut states {
                state.word = simd.splat_u32s(0);
            }
            made += to - from;
            row += 1;
            if made == span.steps {
                for (last, word) in lanes.last.iter_mut().zip(&words) {
                    *last = word >> (to - 1) & 1;
                }
            }
        }
        for (v, state) in S::as_mut_simd_f32s(&mut lanes.v).0.iter_mut().zip(&states) {
            *v = state.v;
        }
        for (synaptic, state) in S::as_mut_simd_f32s(&mut lanes.synaptic).0.iter_mut().zip(&states) {
            *synaptic = state.synaptic;
        }
        for (trace, state) in S::as_mut_simd_f32s(&mut lanes.trace).0.iter_mut().zip(&states) {
            *trace = state.trace;
        }
        for (kept, state) in S::as_mut_simd_u32s(&mut lanes.kept).0.iter_mut().zip(&states) {
            *kept = state.memory;
        }
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
    fn load(lanes: &Lanes, vector: usize) -> Self {
        let cells = &lanes.coefficients;
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
    fn load(simd: S, lanes: &Lanes, vector: usize) -> Self {
        Self {
            v: S::as_simd_f32s(&lanes.v).0[vector],
            trace: S::as_simd_f32s(&lanes.trace).0[vector],
            synaptic: S::as_simd_f32s(&lanes.synaptic).0[vector],
            memory: S::as_simd_u32s(&lanes.kept).0[vector],
            word: simd.splat_u32s(0),
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
    // Whichever of the two costs nothing is compared, the other is its opposite.
    let (free, refractory) = match memory {
        Memory::History => {
            let free = simd.equal_u32s(simd.and_u32s(state.memory, cells.refractory), none);
            (free, simd.not_m32s(free))
        }
        Memory::Countdown | Memory::Both => {
            // As signed numbers, which some processors compare faster: the largest is 2^31 - 1.
            let refractory = simd.greater_than_i32s(cast(state.memory), cast(none));
            (simd.not_m32s(refractory), refractory)
        }
    };
    let mut input = drive.drive;
    if options.synapse {
        state.synaptic = simd.add_f32s(state.synaptic, drive.arriving);
        let current = simd.add_f32s(input, state.synaptic);
        input = flush(simd, simd.mul_f32s(cells.resistance, current), simd.splat_f32s(SMALLEST_PARAMETER));
    }

    let deaf = matches!(options.refractory, Refractory::LeakOnly);
    if deaf {
        input = if_free(simd, memory, (free, refractory), input, zero);
    }
    let above_rest = simd.sub_f32s(state.v, cells.v_rest);
    let change = simd.mul_f32s(cells.leak, simd.sub_f32s(input, above_rest));
    let mut v = simd.add_f32s(state.v, change);
    if options.jumps {
        let jumped = simd.add_f32s(v, drive.jump);
        v = if deaf { if_free(simd, memory, (free, refractory), jumped, v) } else { jumped };
    }
    if matches!(options.refractory, Refractory::Frozen) {
        v = if_free(simd, memory, (free, refractory), v, state.v);
    }

    let crossed = simd.greater_than_f32s(v, cells.v_threshold);
    let spike = simd.and_m32s(crossed, free);

    let after_spike = match options.reset {
        Reset::ToValue => cells.reset,
        Reset::Subtract | Reset::None => simd.sub_f32s(v, cells.reset),
    };
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
            let left = simd.sub_u32s(state.memory, simd.select_u32s(refractory, one, none));
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
    let smallest = simd.splat_f32s(SMALLEST_PARAMETER);
    let lanes = S::as_mut_simd_f32s(currents).0.iter_mut().zip(S::as_simd_f32s(resistance).0);
    for (current, resistance) in lanes {
        *current = flush(simd, simd.mul_f32s(*resistance, *current), smallest);
    }
}

/// [`model::flush`](crate::model::flush).
#[inline(always)]
fn flush<S: Simd>(simd: S, x: S::f32s, smallest: S::f32s) -> S::f32s {
    let magnitude: S::u32s = simd.and_u32s(cast(x), simd.splat_u32s(u32::MAX >> 1));
    select(simd, simd.less_than_f32s(cast(magnitude), smallest), simd.splat_f32s(0.0), x)
}

/// One where cells are free, the other where they are refractory, from the mask that was compared.
#[inline(always)]
fn if_free<S: Simd>(
    simd: S,
    memory: Memory,
    (free, refractory): (S::m32s, S::m32s),
    yes: S::f32s,
    no: S::f32s,
) -> S::f32s {
    match memory {
        Memory::History => select(simd, free, yes, no),
        Memory::Countdown | Memory::Both => select(simd, refractory, no, yes),
    }
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
        for expected in 0..30 {
            let (memory, options) = kernel(expected);
            assert_eq!(number(memory, options), expected);
        }
    }

    #[test]
    fn steps_left_survive_being_kept() {
        for steps in [0, 1, 5, 31, 32, 40] {
            for left in 0..=steps {
                let memory = Memory::for_cells(&[steps; LANES], &[left; LANES]);
                assert_ne!(memory, Memory::Both);
                assert_eq!(memory.left(steps, memory.keep(steps, left)), left, "{left} of {steps}");
            }
        }
    }
}
