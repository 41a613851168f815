//! [`Lanes`]: the state and coefficients of neighbouring cells, one array per quantity, as vector instructions need
//! them.
//!
//! The code uses loops and no closures, which would be compiled without the vector instructions of the processor.

use crate::LANES;
use crate::kernels::{can_add_zero, is_plain};
use crate::spike_memory::SpikeMemory;
use lif_model::{Coefficient, FASTEST_LEAK, Field, Options, Reset, SMALLEST_STATE, SpikeTest, TraceRule};
use std::ops::{Index, IndexMut};

/// The largest refractory period, in steps, whose end can be stored as the number of a future step.
const LONGEST_HELD: u32 = 1 << 30;

/// Neighbouring cells, one per lane. Lanes beyond the last cell are computed too.
///
/// Aligned to a cache line, as everything that is read as vectors.
#[repr(align(64))]
#[derive(Debug)]
pub struct Lanes {
    /// The number of cells, from the first lane on.
    pub cells: usize,
    /// The coefficients of the cells, set before [`begin`](Self::begin), which adapts them for the steps.
    pub coefficients: LaneCoefficients,
    /// The refractory period of each cell, in steps.
    pub refractory_steps: [u32; LANES],
    /// The numbers of the state, indexed by [`Field`].
    pub(crate) fields: [[f32; LANES]; Field::COUNT],
    pub(crate) memory: SpikeMemory,
    /// Whether refractory cells can be kept constant just by adding 0 to v; see [`holds_by_adding_zero`].
    pub(crate) adds_zero: bool,
    /// The refractory periods, stored as [`SpikeMemory`] describes.
    pub(crate) stored_refractory: [u32; LANES],
    /// The spikes so far of an incomplete word, if `kept` does not contain them.
    pub(crate) partial_word: [u32; LANES],
    /// The number of spikes of each cell so far.
    pub counts: [u32; LANES],
    /// 1 for a cell that spiked at the last step.
    pub spiked_last: [u32; LANES],
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
    /// Lanes without cells. Cells are loaded into existing lanes: they have a few
    /// kilobytes, which would otherwise be copied from function to function.
    #[inline(always)]
    #[must_use]
    pub fn empty() -> Self {
        Self {
            cells: 0,
            coefficients: LaneCoefficients::none(),
            refractory_steps: [0; LANES],
            fields: [[0.0; LANES]; Field::COUNT],
            memory: SpikeMemory::Both,
            adds_zero: false,
            stored_refractory: [0; LANES],
            partial_word: [0; LANES],
            counts: [0; LANES],
            spiked_last: [0; LANES],
        }
    }

    /// Prepares the lanes for steps, once they contain the coefficients and the state of the cells. `left` are the
    /// steps left of the refractory periods.
    #[inline(always)]
    pub fn begin(&mut self, options: Options, left: &[u32; LANES]) {
        self.coefficients.adapt(options);
        let memory = SpikeMemory::for_cells(&self.refractory_steps, left);
        self.adds_zero = can_add_zero(options)
            && holds_by_adding_zero(&self.refractory_steps, left, &self[Field::Voltages], &self.coefficients);
        self.memory = if self.adds_zero || is_plain(options) { memory } else { SpikeMemory::Both };
        self.memory.coefficients(&self.refractory_steps, &mut self.coefficients.refractory);
        self.keep(left);
        self.partial_word = [0; LANES];
    }

    /// Stores the steps left of the refractory periods.
    #[inline(always)]
    pub(crate) fn keep(&mut self, left: &[u32; LANES]) {
        self.memory.keep(&self.refractory_steps, left, &mut self.stored_refractory);
    }

    /// Returns the steps left of the refractory periods.
    #[inline(always)]
    pub fn left(&self, left: &mut [u32; LANES]) {
        self.memory.left(&self.refractory_steps, &self.stored_refractory, left);
    }
}

/// Whether no refractory cell is above its threshold, and adding 0 changes no membrane potential. Then frozen cells
/// need no special treatment: 0 is added to v instead of the change.
#[inline(always)]
fn holds_by_adding_zero(
    steps: &[u32; LANES],
    left: &[u32; LANES],
    v: &[f32; LANES],
    cells: &LaneCoefficients,
) -> bool {
    // Integers instead of booleans, which the compiler would test one by one.
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

/// The coefficients of the cells in the lanes. Coefficients that the options do not use are left unchanged.
#[repr(align(64))]
#[derive(Debug)]
pub struct LaneCoefficients {
    /// The coefficients of the model, indexed by [`Coefficient`]; but refractory periods are in [`Lanes::refractory_steps`].
    values: [[f32; LANES]; Coefficient::COUNT],
    /// The magnitude below which each number of the state is set to zero at every step.
    pub(crate) smallest: [[f32; LANES]; Field::COUNT],
    /// All bits set if a spike adds to the trace, none if a spike sets it.
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
    /// Coefficients with every optional part of the neuron disabled.
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
        // With a decay of 0, a current of one step, all of which acts.
        none[Coefficient::SynapticFactor] = [1.0; LANES];
        none
    }

    /// Adapts all coefficients for the steps, except for those that depend on the [`SpikeMemory`].
    #[inline(always)]
    fn adapt(&mut self, options: Options) {
        if options.spike_test == SpikeTest::AtOrAbove {
            // v is at or above a number if it is above the next smaller one.
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
                    // The membrane potential, which decays by the leak.
                    None => self[Coefficient::Leak].map(|leak| smallest(leak > FASTEST_LEAK)),
                };
            }
        }
    }
}

/// Returns the largest number below `x` that is not subnormal: some processors take subnormal numbers for zero, and
/// potentials are never subnormal.
#[inline(always)]
fn next_below(x: f32) -> f32 {
    if x == 0.0 { -f32::MIN_POSITIVE } else { x.next_down() }
}
