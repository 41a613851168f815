//! Advances cells through many steps, with their state in registers: for example six vectors of sixteen cells. A step
//! of one cell is a chain of operations that wait for each other; the other five vectors are computed meanwhile.
//!
//! `pulp` chooses the instruction set at run time; the [`Kernel`] fixes the rules before the loop.

use crate::kernels::{Compiled, Input, Kernel, Synapse, Visitor, dispatch, is_plain};
use crate::lanes::Lanes;
use crate::neuron::{Cells, Drive, VectorState, left, settle, step_adding_zero, step_cells, voltage};
use crate::{LANES, OfWord, WORD};
use lif_model::{Field, Options, Reset};
use pulp::{Arch, Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;

/// The jumps of cells without jumps: -0, which changes no bits.
pub static NO_JUMPS: OfWord = [[-0.0; LANES]; WORD];

/// The weights of cells without an inhibitory current.
static NO_WEIGHTS: OfWord = [[0.0; LANES]; WORD];

/// Repeats code for each vector by its number. The compiler would not unroll a loop of this length, and would keep the
/// states in memory for it.
macro_rules! for_each_vector {
    ($vector:ident, $body:block) => {
        for_each_vector!(@ $vector, $body; 0 1 2 3 4 5);
    };
    (@ $vector:ident, $body:block; $($number:literal)*) => {
        $({
            let $vector = $number;
            $body
        })*
    };
}

/// An array that makes the compiler align the stack of the function. States that it spills there are half a cache line
/// or one cache line long; across two cache lines, a kernel would take a third more time.
#[repr(align(64))]
struct Aligned([u32; LANES]);

/// The number of vectors that are advanced side by side.
const VECTORS: usize = 6;

/// A range of the steps of a call.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The position of the first step in its word.
    pub first: usize,
    /// The position in that word at which the call began.
    pub begun: usize,
    /// The number of steps.
    pub steps: usize,
    /// Whether the call ends with these steps.
    pub is_last: bool,
}

impl Span {
    /// Returns a part of the steps, and the number of words that end before it.
    #[inline(always)]
    fn part(&self, steps: &Range<usize>) -> (Self, usize) {
        let place = self.first + steps.start;
        let begun = if place < WORD { self.begun } else { 0 };
        let is_last = self.is_last && steps.end == self.steps;
        (Self { first: place % WORD, begun, steps: steps.len(), is_last }, place / WORD)
    }
}

/// The drives of the cells in the lanes, by the position of a step in its word.
#[derive(Debug, Clone, Copy)]
pub struct Drives<'a> {
    /// Whether the first row of `drives` is used for all steps.
    pub constant: bool,
    /// Voltages, mV; with synaptic currents, the other currents, nA.
    pub drives: &'a OfWord,
    /// Weights of the spikes that arrive at the synapse, nA.
    pub arriving: &'a OfWord,
    /// Weights of the spikes that are added to the inhibitory current, nA.
    pub inhibitory: &'a OfWord,
    /// Jumps of the membrane potential, mV.
    pub jumps: &'a OfWord,
    /// Currents that are read instead of `drives`, for cells that [are plain](is_plain).
    pub rows: Option<Rows<'a>>,
}

/// Currents of the cells in the lanes, nA, that are read in place. R I is then all that drives the cells.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Begins with the current of the first lane at the first step.
    pub currents: &'a [f32],
    /// The distance between the currents of a cell at consecutive steps.
    pub stride: usize,
}

/// Where the sampled membrane potentials are stored.
#[derive(Debug)]
pub struct SampleRows<'a> {
    /// The number of steps up to the first sample.
    pub wait: usize,
    /// The number of steps from one sample to the next.
    pub every: usize,
    /// One row for each sample, with the potentials of all lanes.
    pub rows: &'a mut [[f32; LANES]],
}

impl SampleRows<'_> {
    /// No samples.
    #[must_use]
    pub fn none() -> Self {
        Self { wait: usize::MAX, every: usize::MAX, rows: &mut [] }
    }
}

/// Makes the steps of a span. At the end of a word or of the call, writes the spikes of each lane to `words`, if it
/// has rows: one row per word, in the columns from `column` on. Writes the membrane potentials of all lanes after the
/// sampled steps to the rows of `samples`. The options must be those with which the lanes [began](Lanes::begin).
pub fn advance(
    instructions: Arch,
    options: Options,
    lanes: &mut Lanes,
    drives: Drives<'_>,
    span: Span,
    (words, column): (&mut [&mut [u32]], usize),
    samples: SampleRows<'_>,
) {
    let kernel = kernel(options, lanes, drives.rows.is_some());
    dispatch(kernel, Advance { instructions, options, lanes, drives, span, words, column, samples });
}

/// Chooses the kernel for the cells in the lanes.
#[must_use]
pub fn kernel(options: Options, lanes: &Lanes, reads_rows: bool) -> Kernel {
    let Options { reset, refractory, jumps, inhibition, .. } = options;
    let (memory, synapse) = (lanes.memory, Synapse::of(options));
    if lanes.adds_zero {
        let input = match (synapse, reads_rows, jumps) {
            (Synapse::Cleared, _, false) => Input::Cleared,
            (Synapse::Cleared, _, true) => Input::ClearedAndJumps,
            (Synapse::Alpha | Synapse::ClearedAlpha, ..) if inhibition => Input::Alphas,
            (Synapse::Alpha | Synapse::ClearedAlpha, ..) => Input::Alpha,
            (Synapse::One, ..) => Input::Synapse,
            (Synapse::Two, ..) => Input::Synapses,
            (Synapse::None, true, _) => Input::Rows,
            (Synapse::None, false, true) => Input::DrivesAndJumps,
            (Synapse::None, false, false) => Input::Drives,
        };
        Kernel::Holding { memory, input }
    } else if is_plain(options) {
        // No reset is the subtraction of 0.
        Kernel::Plain { memory, subtracts: reset != Reset::ToValue, refractory, reads_rows }
    } else {
        Kernel::Rich { reset, refractory, synapse }
    }
}

pub(crate) struct Advance<'a, 'b> {
    instructions: Arch,
    pub(crate) options: Options,
    pub(crate) lanes: &'a mut Lanes,
    pub(crate) drives: Drives<'a>,
    pub(crate) span: Span,
    pub(crate) words: &'a mut [&'b mut [u32]],
    pub(crate) column: usize,
    pub(crate) samples: SampleRows<'a>,
}

impl Visitor for Advance<'_, '_> {
    #[inline(always)]
    fn visit<K: Compiled>(self) {
        self.instructions.dispatch(AdvanceBy::<K> { advance: self, kernel: PhantomData });
    }
}

/// [`Advance`] by a kernel, with the vector instructions of the processor.
struct AdvanceBy<'a, 'b, K> {
    advance: Advance<'a, 'b>,
    kernel: PhantomData<K>,
}

impl<K: Compiled> WithSimd for AdvanceBy<'_, '_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mut advance, .. } = self;
        if const { S::F32_LANES > 1 } {
            advance.all_parts::<K, S>(simd);
        } else {
            advance.one_by_one();
        }
    }
}

impl Advance<'_, '_> {
    /// Advances all lanes with cells, [`VECTORS`] vectors at a time. Stopping for samples here is cheaper than one call
    /// per sample, and costs nothing without samples.
    #[inline(always)]
    fn all_parts<K: Compiled, S: Simd>(&mut self, simd: S) {
        let lanes = VECTORS * S::F32_LANES;
        for part in 0..self.lanes.cells.div_ceil(lanes) {
            let (mut made, mut wait, mut sample) = (0, self.samples.wait, 0);
            while made < self.span.steps {
                let steps = wait.min(self.span.steps - made);
                self.part::<K, S>(simd, part, made..made + steps);
                made += steps;
                wait -= steps;
                if wait == 0 {
                    let part = part * lanes..(part + 1) * lanes;
                    self.samples.rows[sample][part.clone()]
                        .copy_from_slice(&self.lanes[Field::Voltages][part]);
                    sample += 1;
                    wait = self.samples.every;
                }
            }
        }
    }

    /// Advances a part of the lanes through some of the steps.
    #[inline(always)]
    fn part<K: Compiled, S: Simd>(&mut self, simd: S, part: usize, steps: Range<usize>) {
        let Self { lanes, drives, span, words: rows, column, .. } = self;
        let (span, mut row) = span.part(&steps);
        let first_vector = part * VECTORS;
        let part = part * VECTORS * S::F32_LANES..(part + 1) * VECTORS * S::F32_LANES;
        let inhibitory = if self.options.inhibition { drives.inhibitory } else { &NO_WEIGHTS };
        // No closures: they would be compiled without the vector instructions of the processor.
        let mut states = [VectorState::<S>::load(lanes, first_vector); VECTORS];
        for_each_vector!(vector, {
            states[vector] = VectorState::load(lanes, first_vector + vector);
        });
        let Rows { currents, stride } = drives.rows.unwrap_or(Rows { currents: &[], stride: 0 });
        let mut currents = currents.get(steps.start * stride..).unwrap_or_default();
        let mask = if drives.constant { 0 } else { WORD - 1 };
        // The number of the next step, counted from 1.
        let mut number = simd.splat_i32s(1);
        let (mut made, mut begun) = (0, span.begun);
        while made < span.steps {
            let from = (span.first + made) % WORD;
            let to = (from + span.steps - made).min(WORD);
            let mut bit = simd.splat_u32s(1 << from);
            for step in from..to {
                let inputs_now =
                    if const { K::RULES.reads_rows } { currents } else { &drives.drives[step & mask] };
                let inputs_now = S::as_simd_f32s(&inputs_now[part.clone()]).0;
                let arriving_now = S::as_simd_f32s(&drives.arriving[step % WORD][part.clone()]).0;
                let inhibitory_now = S::as_simd_f32s(&inhibitory[step % WORD][part.clone()]).0;
                let jumps_now = S::as_simd_f32s(&drives.jumps[step % WORD][part.clone()]).0;
                // Hides from the compiler that the coefficients are the same at each step: it would keep some of them
                // in registers, and in memory the states, each of which the next step waits for.
                let coefficients = std::hint::black_box(&lanes.coefficients);
                for_each_vector!(vector, {
                    let cells = &Cells::<S>::load(coefficients, first_vector + vector);
                    let input = inputs_now[vector];
                    let drive = Drive {
                        drive: if const { K::RULES.reads_rows } {
                            voltage(simd, cells.resistance, input)
                        } else {
                            input
                        },
                        arriving: arriving_now[vector],
                        inhibitory: inhibitory_now[vector],
                        jump: jumps_now[vector],
                    };
                    let state = &mut states[vector];
                    if const { K::RULES.adds_zero } {
                        step_adding_zero::<K, S>(simd, cells, state, drive, number, bit);
                    } else {
                        step_cells::<K, S>(simd, cells, state, drive, bit);
                    }
                });
                currents = currents.get(stride..).unwrap_or_default();
                bit = simd.add_u32s(bit, bit);
                number = simd.add_i32s(number, simd.splat_i32s(1));
            }
            made += to - from;
            if to == WORD {
                for_each_vector!(vector, {
                    settle::<K, S>(simd, &mut states[vector]);
                });
            } else if !span.is_last {
                continue;
            }
            let mut words = Aligned([0; LANES]);
            let words = &mut words.0[part.clone()];
            let vectors = S::as_mut_simd_u32s(words).0;
            for_each_vector!(vector, {
                vectors[vector] = if const { K::KEEPS_WORD } {
                    states[vector].word
                } else if const { K::RULES.adds_zero && !K::KEEPS_HISTORY } {
                    left(simd, states[vector].memory, number)
                } else {
                    states[vector].memory
                };
                states[vector].word = simd.splat_u32s(0);
            });
            for (word, steps) in words.iter_mut().zip(&lanes.refractory_steps[part.clone()]) {
                *word = K::RULES.memory.word(*steps, *word, (begun, to));
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
                for (last, word) in lanes.spiked_last[part.clone()].iter_mut().zip(&*words) {
                    *last = word >> (to - 1) & 1;
                }
            }
            begun = 0;
            row += 1;
        }
        let Lanes { fields, stored_refractory, partial_word, .. } = &mut **lanes;
        for_each_vector!(vector, {
            let (state, vector) = (states[vector], first_vector + vector);
            state.store::<K>(fields, vector);
            S::as_mut_simd_u32s(stored_refractory).0[vector] = if const { K::RULES.adds_zero && !K::KEEPS_HISTORY }
            {
                left(simd, state.memory, number)
            } else {
                state.memory
            };
            if const { K::KEEPS_WORD } {
                S::as_mut_simd_u32s(partial_word).0[vector] = state.word;
            }
        });
    }
}
