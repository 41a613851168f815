//! [`model::step_cell`](crate::model::step_cell) for vectors of cells, operation by operation: six
//! vectors of sixteen cells, say, whose state stays in registers through many steps. A step of one
//! cell is a chain of operations that wait for each other; so many vectors fill the waiting.
//!
//! The instruction set is chosen at run time by `pulp`, and what is decided before the loop by the
//! number of the [`Kernel`].

use super::additions::{OfWord, WORD};
use super::instructions;
use super::kernels::{Kernel, dispatch_kernel};
use super::lanes::{LANES, LaneCoefficients, Lanes};
use super::memory::Memory;
use super::potentials::SampleRows;
use crate::model::{Options, Refractory, Reset, SMALLEST_PARAMETER, SMALLEST_STATE, TraceRule};
use pulp::{Scalar128b, Simd, WithSimd, cast};
use std::ops::Range;

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

impl Span {
    /// Some of these steps, and how many words end before them.
    #[inline(always)]
    fn part(&self, steps: &Range<usize>) -> (Self, usize) {
        let place = self.first + steps.start;
        let begun = if place < WORD { self.begun } else { 0 };
        let is_last = self.is_last && steps.end == self.steps;
        (Self { first: place % WORD, begun, steps: steps.len(), is_last }, place / WORD)
    }
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
    /// What is read instead of `drives`.
    pub(super) rows: Option<Rows<'a>>,
}

/// Currents of the cells in the lanes that are read where they stand, R I being all that drives them.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// From that of the first lane at the first step on.
    pub(super) currents: &'a [f32],
    /// How far the current of a cell at a step is from that at the step before.
    pub(super) stride: usize,
}

/// Makes some steps and, where a word or the call ends, writes the word of each lane into the columns
/// from `column` on, one row per word, where there are rows. The membrane potentials of all lanes after the
/// sampled steps go into the rows of the samples.
pub(super) fn advance(
    options: Options,
    lanes: &mut Lanes,
    drives: Drives<'_>,
    span: Span,
    (words, column): (&mut [&mut [u32]], usize),
    samples: SampleRows<'_>,
) {
    let reads_rows = drives.rows.is_some();
    let kernel = Kernel { memory: lanes.memory, holds: lanes.holds, reads_rows, options };
    dispatch_kernel!(kernel.number(), NUMBER => {
        instructions::best().dispatch(Advance::<NUMBER> { lanes, drives, span, words, column, samples })
    });
}

struct Advance<'a, 'b, const KERNEL: usize> {
    lanes: &'a mut Lanes,
    drives: Drives<'a>,
    span: Span,
    words: &'a mut [&'b mut [u32]],
    column: usize,
    samples: SampleRows<'a>,
}

impl<const KERNEL: usize> WithSimd for Advance<'_, '_, KERNEL> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match S::F32_LANES {
            4.. => self.advance_parts::<S, 6>(simd),
            _ => self.advance_parts::<Scalar128b, 3>(Scalar128b),
        }
    }
}

impl<const KERNEL: usize> Advance<'_, '_, KERNEL> {
    /// Advances the lanes in which there are cells, as many vectors at a time. To stop for a sample costs less
    /// here than to come back for it, and nothing where there is none.
    #[inline(always)]
    fn advance_parts<S: Simd, const VECTORS: usize>(&mut self, simd: S) {
        let lanes = VECTORS * S::F32_LANES;
        for part in 0..self.lanes.cells.div_ceil(lanes) {
            let (mut made, mut wait, mut sample) = (0, self.samples.wait, 0);
            while made < self.span.steps {
                let steps = wait.min(self.span.steps - made);
                self.advance::<S, VECTORS>(simd, part, made..made + steps);
                made += steps;
                wait -= steps;
                if wait == 0 {
                    let part = part * lanes..(part + 1) * lanes;
                    self.samples.rows[sample][part.clone()].copy_from_slice(&self.lanes.v[part]);
                    sample += 1;
                    wait = self.samples.every;
                }
            }
        }
    }

    /// Advances a part of the lanes as so many vectors, through some of the steps.
    #[inline(always)]
    fn advance<S: Simd, const VECTORS: usize>(&mut self, simd: S, part: usize, steps: Range<usize>) {
        let Kernel { memory, holds, reads_rows, options } = const { Kernel::numbered(KERNEL) };
        let Self { lanes, drives, span, words: rows, column, .. } = self;
        let (span, mut row) = span.part(&steps);
        let first_vector = part * VECTORS;
        let part = part * VECTORS * S::F32_LANES..(part + 1) * VECTORS * S::F32_LANES;
        // No closures: they would be compiled without the instructions that the processor has.
        let mut states = [State::<S>::load(lanes, first_vector); VECTORS];
        for_each_vector!(VECTORS, vector, {
            states[vector] = State::load(lanes, first_vector + vector);
        });
        let Rows { currents, stride } = drives.rows.unwrap_or(Rows { currents: &[], stride: 0 });
        let mut currents = currents.get(steps.start * stride..).unwrap_or_default();
        let mask = if drives.constant { 0 } else { WORD - 1 };
        // Of the step to come, counted from 1.
        let mut number = simd.splat_i32s(1);
        let (mut made, mut begun) = (0, span.begun);
        while made < span.steps {
            let from = (span.first + made) % WORD;
            let to = (from + span.steps - made).min(WORD);
            let mut bit = simd.splat_u32s(1 << from);
            for step in from..to {
                let inputs_now = if reads_rows { currents } else { &drives.drives[step & mask] };
                let inputs_now = S::as_simd_f32s(&inputs_now[part.clone()]).0;
                let arriving_now = S::as_simd_f32s(&drives.arriving[step % WORD][part.clone()]).0;
                let jumps_now = S::as_simd_f32s(&drives.jumps[step % WORD][part.clone()]).0;
                // The compiler is not to know that these are the same as at the step before: it would keep
                // some of them in registers and the states, of which each waits for the one before, in memory.
                let coefficients = std::hint::black_box(&lanes.coefficients);
                for_each_vector!(VECTORS, vector, {
                    let cells = &Cells::<S>::load(coefficients, first_vector + vector);
                    let input = inputs_now[vector];
                    let drive = Drive {
                        drive: if reads_rows { voltage(simd, cells.resistance, input) } else { input },
                        arriving: arriving_now[vector],
                        jump: jumps_now[vector],
                    };
                    let state = &mut states[vector];
                    if holds {
                        step_holding(simd, memory, options.jumps, cells, state, drive, (number, bit));
                    } else {
                        step_cells(simd, memory, options, cells, state, drive, bit);
                    }
                });
                currents = currents.get(stride..).unwrap_or_default();
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
    synaptic_factor: S::f32s,
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
            synaptic_factor: S::as_simd_f32s(&cells.synaptic_factor).0[vector],
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
    let none = simd.splat_u32s(0);
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
        Memory::History => remember(simd, state.memory, spike),
        _ => simd.select_u32s(spike, simd.add_u32s(cast(number), cells.refractory), state.memory),
    };
    if matches!(memory, Memory::Both) {
        state.word = simd.or_u32s(state.word, simd.select_u32s(spike, bit, none));
    }
}

/// The [history](Memory::History) with one more step.
#[inline(always)]
fn remember<S: Simd>(simd: S, history: S::u32s, spike: S::m32s) -> S::u32s {
    let latest = simd.select_u32s(spike, simd.splat_u32s(1), simd.splat_u32s(0));
    simd.add_u32s(simd.add_u32s(history, history), latest)
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
        let acting = simd.mul_f32s(cells.synaptic_factor, state.synaptic);
        input = voltage(simd, cells.resistance, simd.add_f32s(input, acting));
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
    let subtracted = simd.sub_f32s(v, cells.reset);
    let ahead = match options.reset {
        Reset::SubtractAhead => {
            let above = simd.greater_than_f32s(state.v, cells.v_threshold);
            Some(simd.and_m32s(above, free))
        }
        Reset::ToValue | Reset::Subtract | Reset::None => None,
    };
    if let Some(ahead) = ahead {
        v = select(simd, ahead, subtracted, v);
    }
    // Of v before it is held for refractory cells, which do not spike: so nothing waits for that.
    let crossed = simd.greater_than_f32s(v, cells.v_threshold);
    let spike = simd.and_m32s(crossed, free);
    let after_spike = match options.reset {
        Reset::ToValue => cells.reset,
        Reset::Subtract | Reset::SubtractAhead | Reset::None => subtracted,
    };
    if matches!(options.refractory, Refractory::Frozen) {
        v = select(simd, free, v, state.v);
    }
    if let Some(ahead) = ahead {
        v = select(simd, ahead, simd.add_f32s(v, cells.reset), v);
    }
    v = select(simd, spike, after_spike, v);
    if options.bounded {
        v = select(simd, simd.less_than_f32s(v, cells.v_lower), cells.v_lower, v);
    }
    state.v = if options.fast_decay { flush(simd, v, cells.v_smallest) } else { v };

    state.memory = match memory {
        Memory::History => remember(simd, state.memory, spike),
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

/// [`model::drive`](crate::model::drive) for all lanes, from as many currents.
#[inline(always)]
pub(super) fn drive<S: Simd>(
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
