//! Neighbouring cells side by side, one array per quantity, as vector instructions want them.
//!
//! Loops instead of closures, which would be compiled without the instructions that the processor has.

use crate::LANES;
use crate::kernels::{can_freeze, is_plain};
use crate::spike_memory::SpikeMemory;
use lif_model::{Coefficient, FASTEST_LEAK, Field, Options, Reset, SMALLEST_STATE, SpikeTest, TraceRule};
use std::ops::{Index, IndexMut};

/// Refractory steps at the most whose end is told as the number of a step to come.
const LONGEST_HELD: u32 = 1 << 30;

/// Some neighbouring cells. Those beyond the last are computed too.
///
/// Begins where a cache line does, as all that is read as vectors.
#[repr(align(64))]
#[derive(Debug)]
pub struct Lanes {
    /// How many cells there are, from the first lane on.
    pub cells: usize,
    /// Set to those of the cells before [`begin`](Self::begin), which makes of them what the steps need.
    pub coefficients: LaneCoefficients,
    /// Refractory steps after each spike.
    pub steps: [u32; LANES],
    /// The numbers of the state, which [`Field`] indexes.
    pub(crate) fields: [[f32; LANES]; Field::COUNT],
    pub(crate) memory: SpikeMemory,
    /// Whether adding nothing to v is all that it takes to hold refractory cells where they are.
    pub(crate) is_frozen: bool,
    /// What is kept of the refractory period.
    pub(crate) kept: [u32; LANES],
    /// The spikes so far of a word that goes on, where the above does not tell them.
    pub(crate) word: [u32; LANES],
    /// Spikes so far.
    pub counts: [u32; LANES],
    /// 1 where the last step was a spike.
    pub last: [u32; LANES],
}

impl Index<Field> for Lanes {
    type Output = [f32; LANES];

    #[inline(always)]
    fn index(&self, field: Field) -> &[f32; LANES] {
        &self.fields[field as usize]
    }
}

impl IndexMut<Field> for Lanes {
    #[inline(always)]
    fn index_mut(&mut self, field: Field) -> &mut [f32; LANES] {
        &mut self.fields[field as usize]
    }
}

impl Lanes {
    /// Lanes without cells. Cells are loaded into lanes that stand somewhere already: they are a few
    /// kilobytes, which would be copied from function to function.
    #[inline(always)]
    #[must_use]
    pub fn empty() -> Self {
        Self {
            cells: 0,
            coefficients: LaneCoefficients::none(),
            steps: [0; LANES],
            fields: [[0.0; LANES]; Field::COUNT],
            memory: SpikeMemory::Both,
            is_frozen: false,
            kept: [0; LANES],
            word: [0; LANES],
            counts: [0; LANES],
            last: [0; LANES],
        }
    }

    /// Prepares the lanes for steps, once the coefficients and the state of the cells are in them. `left` are the
    /// steps left of the refractory period.
    #[inline(always)]
    pub fn begin(&mut self, options: Options, left: &[u32; LANES]) {
        self.coefficients.adapt(options);
        let memory = SpikeMemory::for_cells(&self.steps, left);
        self.is_frozen =
            can_freeze(options) && is_frozen(&self.steps, left, &self[Field::Voltages], &self.coefficients);
        self.memory = if self.is_frozen || is_plain(options) { memory } else { SpikeMemory::Both };
        self.memory.coefficients(&self.steps, &mut self.coefficients.refractory);
        self.keep(left);
        self.word = [0; LANES];
    }

    /// Keeps the steps left of the refractory period.
    #[inline(always)]
    pub(crate) fn keep(&mut self, left: &[u32; LANES]) {
        self.memory.keep(&self.steps, left, &mut self.kept);
    }

    /// The steps left of the refractory period.
    #[inline(always)]
    pub fn left(&self, left: &mut [u32; LANES]) {
        self.memory.left(&self.steps, &self.kept, left);
    }
}

/// Whether refractory cells that are frozen do not cross the threshold where they are, nor change when 0 is
/// added to them.
#[inline(always)]
fn is_frozen(steps: &[u32; LANES], left: &[u32; LANES], v: &[f32; LANES], cells: &LaneCoefficients) -> bool {
    // Of numbers, not of truths, which would be looked at one by one.
    let mut exceptions = 0;
    for lane in 0..LANES {
        let (threshold, reset) = (cells[Coefficient::VThreshold][lane], cells[Coefficient::Reset][lane]);
        exceptions |= u32::from(steps[lane] > LONGEST_HELD);
        exceptions |= u32::from(reset > threshold);
        exceptions |= u32::from(v[lane] > threshold) & u32::from(left[lane] > 0);
        exceptions |= u32::from(is_minus_zero(v[lane])) | u32::from(is_minus_zero(reset));
    }
    exceptions == 0
}

#[inline(always)]
fn is_minus_zero(x: f32) -> bool {
    x.to_bits() == (-0.0_f32).to_bits()
}

/// The coefficients of the cells in the lanes. What of them some options do not need is left as it is.
#[repr(align(64))]
#[derive(Debug)]
pub struct LaneCoefficients {
    /// Those of the model, each where its number says; but refractory steps are [`Lanes::steps`].
    values: [[f32; LANES]; Coefficient::COUNT],
    /// What each number of the state is set to zero below at every step.
    pub(crate) smallest: [[f32; LANES]; Field::COUNT],
    /// All bits where a spike adds to the trace, none where it sets it.
    pub(crate) trace_added_to: [u32; LANES],
    /// See [`SpikeMemory::coefficients`].
    pub(crate) refractory: [u32; LANES],
}

impl Index<Coefficient> for LaneCoefficients {
    type Output = [f32; LANES];

    #[inline(always)]
    fn index(&self, coefficient: Coefficient) -> &[f32; LANES] {
        &self.values[coefficient as usize]
    }
}

impl IndexMut<Coefficient> for LaneCoefficients {
    #[inline(always)]
    fn index_mut(&mut self, coefficient: Coefficient) -> &mut [f32; LANES] {
        &mut self.values[coefficient as usize]
    }
}

impl LaneCoefficients {
    /// With every optional part of the neuron disabled.
    #[inline(always)]
    fn none() -> Self {
        let zero = [0.0; LANES];
        let mut none = Self {
            values: [zero; Coefficient::COUNT],
            smallest: [zero; Field::COUNT],
            trace_added_to: [0; LANES],
            refractory: [0; LANES],
        };
        none[Coefficient::VLower] = [f32::NEG_INFINITY; LANES];
        none
    }

    /// All but what depends on the [`SpikeMemory`].
    #[inline(always)]
    fn adapt(&mut self, options: Options) {
        if options.spike_test == SpikeTest::AtOrAbove {
            // To be at or above a number is to be above the next one below.
            for threshold in &mut self[Coefficient::VThreshold] {
                *threshold = next_below(*threshold);
            }
        }
        if options.reset == Reset::None {
            self[Coefficient::Reset] = [0.0; LANES];
        }
        if !is_plain(options) {
            self.adapt_rare(options);
        }
    }

    #[inline(never)]
    fn adapt_rare(&mut self, options: Options) {
        self.trace_added_to = [if options.trace == TraceRule::Add { u32::MAX } else { 0 }; LANES];
        if options.fast_decay {
            let smallest = |fast| if fast { SMALLEST_STATE } else { 0.0 };
            for field in Field::ALL {
                self.smallest[field as usize] = match field.decay() {
                    Some(decay) => self[decay].map(|decay| smallest(decay < 1.0 - FASTEST_LEAK)),
                    // The membrane potential, which leaks.
                    None => self[Coefficient::Leak].map(|leak| smallest(leak > FASTEST_LEAK)),
                };
            }
        }
    }
}

/// The largest number below another that is no subnormal one, which some processors take for zero. Nor are
/// potentials ever subnormal.
#[inline(always)]
fn next_below(x: f32) -> f32 {
    if x == 0.0 { -f32::MIN_POSITIVE } else { x.next_down() }
}
