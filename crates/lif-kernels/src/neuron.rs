//! [`lif_model::step_cell`] for a vector of cells: the same functions, operation by operation, giving the same bits.

use crate::LANES;
use crate::kernels::Compiled;
use crate::lanes::{LaneCoefficients, Lanes};
#[cfg(doc)]
use crate::spike_memory::SpikeMemory;
use lif_model::{Coefficient, Field, SMALLEST_PARAMETER, SMALLEST_STATE};
use pulp::{Simd, cast};

/// The coefficients of the cells in a vector.
#[derive(Clone, Copy)]
pub(crate) struct Cells<S: Simd> {
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
    pub(crate) resistance: S::f32s,
    synaptic_decay: S::f32s,
    synaptic_factor: S::f32s,
    synaptic_smallest: S::f32s,
    inhibitory_decay: S::f32s,
    inhibitory_factor: S::f32s,
    inhibitory_smallest: S::f32s,
    synaptic_growth: S::f32s,
    rise_factor: S::f32s,
    inhibitory_growth: S::f32s,
    inhibitory_rise_factor: S::f32s,
    refractory: S::u32s,
}

impl<S: Simd> Cells<S> {
    #[inline(always)]
    pub(crate) fn load(cells: &LaneCoefficients, vector: usize) -> Self {
        Self {
            leak: S::as_simd_f32s(&cells[Coefficient::Leak]).0[vector],
            v_rest: S::as_simd_f32s(&cells[Coefficient::VRest]).0[vector],
            v_threshold: S::as_simd_f32s(&cells[Coefficient::VThreshold]).0[vector],
            reset: S::as_simd_f32s(&cells[Coefficient::Reset]).0[vector],
            v_lower: S::as_simd_f32s(&cells[Coefficient::VLower]).0[vector],
            v_smallest: S::as_simd_f32s(&cells.smallest[Field::Voltages as usize]).0[vector],
            trace_decay: S::as_simd_f32s(&cells[Coefficient::TraceDecay]).0[vector],
            trace_added_to: S::as_simd_u32s(&cells.trace_added_to).0[vector],
            trace_scale: S::as_simd_f32s(&cells[Coefficient::TraceScale]).0[vector],
            trace_smallest: S::as_simd_f32s(&cells.smallest[Field::Traces as usize]).0[vector],
            resistance: S::as_simd_f32s(&cells[Coefficient::Resistance]).0[vector],
            synaptic_decay: S::as_simd_f32s(&cells[Coefficient::SynapticDecay]).0[vector],
            synaptic_factor: S::as_simd_f32s(&cells[Coefficient::SynapticFactor]).0[vector],
            synaptic_smallest: S::as_simd_f32s(&cells.smallest[Field::SynapticCurrents as usize]).0[vector],
            inhibitory_decay: S::as_simd_f32s(&cells[Coefficient::InhibitoryDecay]).0[vector],
            inhibitory_factor: S::as_simd_f32s(&cells[Coefficient::InhibitoryFactor]).0[vector],
            inhibitory_smallest: S::as_simd_f32s(&cells.smallest[Field::InhibitoryCurrents as usize]).0
                [vector],
            synaptic_growth: S::as_simd_f32s(&cells[Coefficient::SynapticGrowth]).0[vector],
            rise_factor: S::as_simd_f32s(&cells[Coefficient::RiseFactor]).0[vector],
            inhibitory_growth: S::as_simd_f32s(&cells[Coefficient::InhibitoryGrowth]).0[vector],
            inhibitory_rise_factor: S::as_simd_f32s(&cells[Coefficient::InhibitoryRiseFactor]).0[vector],
            refractory: S::as_simd_u32s(&cells.refractory).0[vector],
        }
    }
}

/// The state of the cells in a vector, which changes from step to step.
#[derive(Clone, Copy)]
pub(crate) struct VectorState<S: Simd> {
    pub(crate) v: S::f32s,
    pub(crate) trace: S::f32s,
    pub(crate) synaptic: S::f32s,
    pub(crate) inhibitory: S::f32s,
    pub(crate) rise: S::f32s,
    pub(crate) inhibitory_rise: S::f32s,
    pub(crate) memory: S::u32s,
    /// The spikes so far of the current word, if `memory` does not contain them.
    pub(crate) word: S::u32s,
}

impl<S: Simd> VectorState<S> {
    #[inline(always)]
    pub(crate) fn load(lanes: &Lanes, vector: usize) -> Self {
        Self {
            v: S::as_simd_f32s(&lanes[Field::Voltages]).0[vector],
            trace: S::as_simd_f32s(&lanes[Field::Traces]).0[vector],
            synaptic: S::as_simd_f32s(&lanes[Field::SynapticCurrents]).0[vector],
            inhibitory: S::as_simd_f32s(&lanes[Field::InhibitoryCurrents]).0[vector],
            rise: S::as_simd_f32s(&lanes[Field::SynapticRises]).0[vector],
            inhibitory_rise: S::as_simd_f32s(&lanes[Field::InhibitoryRises]).0[vector],
            memory: S::as_simd_u32s(&lanes.stored_refractory).0[vector],
            word: S::as_simd_u32s(&lanes.partial_word).0[vector],
        }
    }

    /// Stores the fields of the state; not the memory of spikes.
    #[inline(always)]
    pub(crate) fn store<K: Compiled>(&self, fields: &mut [[f32; LANES]; Field::COUNT], vector: usize) {
        S::as_mut_simd_f32s(&mut fields[Field::Voltages as usize]).0[vector] = self.v;
        if const { K::OPTIONS.synapse } {
            S::as_mut_simd_f32s(&mut fields[Field::SynapticCurrents as usize]).0[vector] = self.synaptic;
        }
        if const { K::OPTIONS.inhibition } {
            S::as_mut_simd_f32s(&mut fields[Field::InhibitoryCurrents as usize]).0[vector] = self.inhibitory;
        }
        if const { K::RISES } {
            S::as_mut_simd_f32s(&mut fields[Field::SynapticRises as usize]).0[vector] = self.rise;
        }
        if const { K::RISES && K::OPTIONS.inhibition } {
            S::as_mut_simd_f32s(&mut fields[Field::InhibitoryRises as usize]).0[vector] =
                self.inhibitory_rise;
        }
        if const { K::HAS_TRACE } {
            S::as_mut_simd_f32s(&mut fields[Field::Traces as usize]).0[vector] = self.trace;
        }
    }
}

/// What drives the cells in a vector at a step.
#[derive(Clone, Copy)]
pub(crate) struct Drive<S: Simd> {
    pub(crate) drive: S::f32s,
    pub(crate) arriving: S::f32s,
    pub(crate) inhibitory: S::f32s,
    pub(crate) jump: S::f32s,
}

/// Returns the refractory steps left before step `number`, for cells that are refractory up to and including
/// `last_refractory`.
#[inline(always)]
pub(crate) fn left<S: Simd>(simd: S, last_refractory: S::u32s, number: S::i32s) -> S::u32s {
    let left = simd.add_u32s(simd.sub_u32s(last_refractory, cast(number)), simd.splat_u32s(1));
    cast(simd.max_i32s(cast(left), simd.splat_i32s(0)))
}

/// [`step_cells`] for lanes that [are frozen](Lanes::adds_zero), with less to compute: v stays constant while 0
/// is added to it, and is not above the threshold there. The refractory period is stored as the number of its
/// last step, which is compared and not counted down.
#[inline(always)]
pub(crate) fn step_adding_zero<K: Compiled, S: Simd>(
    simd: S,
    cells: &Cells<S>,
    state: &mut VectorState<S>,
    drive: Drive<S>,
    number: S::i32s,
    bit: S::u32s,
) {
    let input = receive::<K, S>(simd, cells, state, drive);
    let above_rest = simd.sub_f32s(state.v, cells.v_rest);
    let change = simd.mul_f32s(cells.leak, simd.sub_f32s(input, above_rest));
    let none = simd.splat_u32s(0);
    let free = if const { K::KEEPS_HISTORY } {
        simd.equal_u32s(simd.and_u32s(state.memory, cells.refractory), none)
    } else {
        simd.greater_than_i32s(number, cast(state.memory))
    };
    let nothing = simd.splat_f32s(0.0);
    let mut v = simd.add_f32s(state.v, select(simd, free, change, nothing));
    if const { K::OPTIONS.jumps } {
        v = simd.add_f32s(v, select(simd, free, drive.jump, nothing));
    }
    let spike = simd.greater_than_f32s(v, cells.v_threshold);
    state.v = select(simd, spike, cells.reset, v);
    state.memory = if const { K::KEEPS_HISTORY } {
        remember(simd, state.memory, spike)
    } else {
        simd.select_u32s(spike, simd.add_u32s(cast(number), cells.refractory), state.memory)
    };
    if const { K::KEEPS_WORD } {
        state.word = simd.or_u32s(state.word, simd.select_u32s(spike, bit, none));
    }
    synapse::<K, S>(simd, cells, state, drive, (free, spike));
}

/// [`lif_model::receive`] and [`lif_model::total_current`], if there is a synapse. Returns the voltage that drives the
/// cells.
#[inline(always)]
fn receive<K: Compiled, S: Simd>(
    simd: S,
    cells: &Cells<S>,
    state: &mut VectorState<S>,
    drive: Drive<S>,
) -> S::f32s {
    if const { !K::OPTIONS.synapse } {
        return drive.drive;
    }
    let currents = (&mut state.synaptic, &mut state.rise);
    let factors = (cells.synaptic_factor, cells.rise_factor);
    let mut current = act::<K, S>(simd, drive.drive, currents, drive.arriving, factors);
    if const { K::OPTIONS.inhibition } {
        let currents = (&mut state.inhibitory, &mut state.inhibitory_rise);
        let factors = (cells.inhibitory_factor, cells.inhibitory_rise_factor);
        current = act::<K, S>(simd, current, currents, drive.inhibitory, factors);
    }
    voltage(simd, cells.resistance, current)
}

/// Adds the weights that arrive at the beginning of a step to a synaptic current, or to its rise, and what acts of these
/// to the current that drives the cells.
#[inline(always)]
fn act<K: Compiled, S: Simd>(
    simd: S,
    driving: S::f32s,
    (current, rise): (&mut S::f32s, &mut S::f32s),
    arriving: S::f32s,
    (factor, rise_factor): (S::f32s, S::f32s),
) -> S::f32s {
    if const { !K::CLEARS } {
        let received = if const { K::RISES } { &mut *rise } else { &mut *current };
        *received = simd.add_f32s(*received, arriving);
    }
    let acting = simd.add_f32s(driving, simd.mul_f32s(factor, *current));
    if const { K::RISES } { simd.add_f32s(acting, simd.mul_f32s(rise_factor, *rise)) } else { acting }
}

/// [`lif_model::synapse`] for all synaptic currents, what spikes do to them, [`lif_model::receive_late`], and the part of
/// `settle` that is due at every step. The masks are of the cells that were not refractory before the step, and of those
/// that spiked.
#[inline(always)]
fn synapse<K: Compiled, S: Simd>(
    simd: S,
    cells: &Cells<S>,
    state: &mut VectorState<S>,
    drive: Drive<S>,
    masks: (S::m32s, S::m32s),
) {
    if const { K::OPTIONS.synapse } {
        let currents = (&mut state.synaptic, &mut state.rise);
        let changes = (cells.synaptic_decay, cells.synaptic_growth, cells.synaptic_smallest);
        decay::<K, S>(simd, currents, changes, drive.arriving, masks);
    }
    if const { K::OPTIONS.inhibition } {
        let currents = (&mut state.inhibitory, &mut state.inhibitory_rise);
        let changes = (cells.inhibitory_decay, cells.inhibitory_growth, cells.inhibitory_smallest);
        decay::<K, S>(simd, currents, changes, drive.inhibitory, masks);
    }
}

/// The same for one of the synaptic currents.
#[inline(always)]
fn decay<K: Compiled, S: Simd>(
    simd: S,
    (current, rise): (&mut S::f32s, &mut S::f32s),
    (decay, growth, smallest): (S::f32s, S::f32s, S::f32s),
    arriving: S::f32s,
    masks: (S::m32s, S::m32s),
) {
    if const { K::RISES } {
        let grown = simd.add_f32s(simd.mul_f32s(*current, decay), simd.mul_f32s(growth, *rise));
        let next = cleared::<K, S>(simd, *current, grown, masks);
        *current = flush(simd, next, simd.splat_f32s(SMALLEST_STATE));
    }
    let received = if const { K::RISES } { rise } else { current };
    let mut next = simd.mul_f32s(*received, decay);
    if const { K::CLEARS } {
        next = simd.add_f32s(next, arriving);
    }
    next = cleared::<K, S>(simd, *received, next, masks);
    *received = settled::<K, S>(simd, next, smallest);
}

/// Returns a synaptic current after a step: the next one, or the one before or 0 if spikes clear it.
#[inline(always)]
fn cleared<K: Compiled, S: Simd>(
    simd: S,
    before: S::f32s,
    next: S::f32s,
    (free, spike): (S::m32s, S::m32s),
) -> S::f32s {
    if const { !K::CLEARS } {
        return next;
    }
    select(simd, spike, simd.splat_f32s(0.0), select(simd, free, next, before))
}

/// Sets what is below `smallest` to zero, for cells that decay fast.
#[inline(always)]
fn settled<K: Compiled, S: Simd>(simd: S, decayed: S::f32s, smallest: S::f32s) -> S::f32s {
    if const { K::OPTIONS.fast_decay } { flush(simd, decayed, smallest) } else { decayed }
}

/// Returns the [history](SpikeMemory::History) with one more step.
#[inline(always)]
fn remember<S: Simd>(simd: S, history: S::u32s, spike: S::m32s) -> S::u32s {
    let latest = simd.select_u32s(spike, simd.splat_u32s(1), simd.splat_u32s(0));
    simd.add_u32s(simd.add_u32s(history, history), latest)
}

/// [`lif_model::update`], and the part of `settle` that is due at every step.
#[inline(always)]
pub(crate) fn step_cells<K: Compiled, S: Simd>(
    simd: S,
    cells: &Cells<S>,
    state: &mut VectorState<S>,
    drive: Drive<S>,
    bit: S::u32s,
) {
    let (none, one) = (simd.splat_u32s(0), simd.splat_u32s(1));
    let free = if const { K::KEEPS_HISTORY } {
        simd.equal_u32s(simd.and_u32s(state.memory, cells.refractory), none)
    } else {
        simd.equal_u32s(state.memory, none)
    };
    let mut input = receive::<K, S>(simd, cells, state, drive);
    if const { K::LEAKS_ONLY } {
        input = select(simd, free, input, simd.splat_f32s(0.0));
    }
    let above_rest = simd.sub_f32s(state.v, cells.v_rest);
    let change = simd.mul_f32s(cells.leak, simd.sub_f32s(input, above_rest));
    let mut v = simd.add_f32s(state.v, change);
    if const { K::OPTIONS.jumps } {
        let jumped = simd.add_f32s(v, drive.jump);
        v = if const { K::LEAKS_ONLY } { select(simd, free, jumped, v) } else { jumped };
    }
    let subtracted = simd.sub_f32s(v, cells.reset);
    let mut ahead = free;
    if const { K::SUBTRACTS_AHEAD } {
        ahead = simd.and_m32s(simd.greater_than_f32s(state.v, cells.v_threshold), free);
        v = select(simd, ahead, subtracted, v);
    }
    // Tests v before refractory cells, which do not spike, are set back: so the test need not wait for that.
    let crossed = simd.greater_than_f32s(v, cells.v_threshold);
    let spike = simd.and_m32s(crossed, free);
    let after_spike = if const { K::RESETS_TO_VALUE } { cells.reset } else { subtracted };
    if const { K::IS_FROZEN } {
        v = select(simd, free, v, state.v);
    }
    if const { K::SUBTRACTS_AHEAD } {
        v = select(simd, ahead, simd.add_f32s(v, cells.reset), v);
    }
    v = select(simd, spike, after_spike, v);
    if const { K::OPTIONS.bounded } {
        v = select(simd, simd.less_than_f32s(v, cells.v_lower), cells.v_lower, v);
    }
    state.v = settled::<K, S>(simd, v, cells.v_smallest);

    state.memory = if const { K::KEEPS_HISTORY } {
        remember(simd, state.memory, spike)
    } else {
        let less_one = simd.sub_u32s(state.memory, one);
        let left = simd.add_u32s(less_one, simd.select_u32s(free, one, none));
        simd.select_u32s(spike, cells.refractory, left)
    };
    if const { K::KEEPS_WORD } {
        state.word = simd.or_u32s(state.word, simd.select_u32s(spike, bit, none));
    }
    synapse::<K, S>(simd, cells, state, drive, (free, spike));
    if const { K::HAS_TRACE } {
        let decayed = simd.mul_f32s(state.trace, cells.trace_decay);
        let before = cast(simd.and_u32s(cast(decayed), cells.trace_added_to));
        let after_spike = simd.add_f32s(before, cells.trace_scale);
        state.trace = settled::<K, S>(simd, select(simd, spike, after_spike, decayed), cells.trace_smallest);
    }
}

/// The part of [`lif_model::settle`] that is due at the end of a word.
#[inline(always)]
pub(crate) fn settle<K: Compiled, S: Simd>(simd: S, state: &mut VectorState<S>) {
    let smallest = simd.splat_f32s(SMALLEST_STATE);
    state.v = flush(simd, state.v, smallest);
    if const { K::HAS_TRACE } {
        state.trace = flush(simd, state.trace, smallest);
    }
    if const { K::OPTIONS.synapse } {
        state.synaptic = flush(simd, state.synaptic, smallest);
    }
    if const { K::OPTIONS.inhibition } {
        state.inhibitory = flush(simd, state.inhibitory, smallest);
    }
    if const { K::RISES } {
        state.rise = flush(simd, state.rise, smallest);
        state.inhibitory_rise = flush(simd, state.inhibitory_rise, smallest);
    }
}

/// [`lif_model::drive`] for all lanes, from one current per lane.
#[inline(always)]
pub fn drive<S: Simd>(simd: S, resistance: &[f32; LANES], currents: &[f32], drives: &mut [f32; LANES]) {
    let inputs = S::as_simd_f32s(resistance).0.iter().zip(S::as_simd_f32s(currents).0);
    for (drive, (resistance, current)) in S::as_mut_simd_f32s(drives).0.iter_mut().zip(inputs) {
        *drive = voltage(simd, *resistance, *current);
    }
}

/// [`lif_model::drive`] for a vector.
#[inline(always)]
pub(crate) fn voltage<S: Simd>(simd: S, resistance: S::f32s, current: S::f32s) -> S::f32s {
    flush(simd, simd.mul_f32s(resistance, current), simd.splat_f32s(SMALLEST_PARAMETER))
}

/// [`lif_model::flush`] for a vector.
#[inline(always)]
fn flush<S: Simd>(simd: S, x: S::f32s, smallest: S::f32s) -> S::f32s {
    let magnitude: S::u32s = simd.and_u32s(cast(x), simd.splat_u32s(u32::MAX >> 1));
    select(simd, simd.less_than_f32s(cast(magnitude), smallest), simd.splat_f32s(0.0), x)
}

#[inline(always)]
fn select<S: Simd>(simd: S, mask: S::m32s, yes: S::f32s, no: S::f32s) -> S::f32s {
    cast(simd.select_u32s(mask, cast(yes), cast(no)))
}
