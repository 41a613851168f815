//! The neuron: one step of one leaky integrate-and-fire cell in plain scalar Rust.
//!
//! This file is the definition: every engine must give the same bits as [`step_cell`]. Its twin
//! `shaders/neuron.wgsl` has the same functions in the same order.
//!
//! ```text
//! tau_m dv/dt = -(v - v_rest) + R I      while v <= v_threshold and the cell is not refractory
//! v -> v_reset, refractory for t_ref     as soon as v > v_threshold
//! ```
//!
//! I is the sum of the input current and the synaptic current. Each arriving spike adds its weight to the synaptic
//! current, which decays as `exp(-t / tau_syn)`. Without a synapse, an arriving spike is a current for one step. With
//! inhibition, spikes with a negative weight are added to a current of their own, the inhibitory current, which decays
//! with another time constant. Where a spike clears the synapse ([`SynapseRule::Cleared`]), both currents become 0 with it
//! and stay 0 during the refractory period.
//!
//! An alpha current ([`SynapseShape::Alpha`]) rises before it decays: a spike of weight w causes the current
//! `w (e / tau_syn) t exp(-t / tau_syn)`, whose peak is w, at t = tau_syn. It is the second stage of a cascade. The first,
//! its rise, is what the current of exponential synapses is: each spike adds its weight, and it decays with the same time
//! constant. From step to step the current becomes `decay current + growth rise`, exactly, with
//! `growth = decay e dt / tau_syn` (Rotter & Diesmann 1999, eq. 12 with other units of the rise).
//!
//! The input current is constant over a step. The exact integrator lets the synaptic current decay within the step;
//! over the step it drives v as much as a constant current, a fixed part of it, would
//! ([`Coefficients::synaptic_factor`]), and so does what its rise adds to it within the step
//! ([`Coefficients::rise_factor`]). Euler keeps the synaptic current constant, too.
//!
//! One step of length dt is `v + leak * (R I - (v - v_rest))` with `leak = dt / tau_m` (forward
//! Euler) or `leak = 1 - exp(-dt / tau_m)` (exact for a current that is constant over the step;
//! Rotter & Diesmann 1999, Biol. Cybern. 81:381, eq. 3 for this one-dimensional case), so the
//! integrator is a coefficient and not a second formula.

use crate::options::{Choice, options};
use crate::{Coefficients, State};

/// State variables smaller than this in magnitude become zero.
pub const SMALLEST_STATE: f32 = 1e-30;

/// Parameters, and the product of resistance and current, become zero if smaller than this in magnitude.
pub const SMALLEST_PARAMETER: f32 = 1e-20;

/// The largest magnitude of a parameter and of a [`drive`]. It keeps every sum far from overflow.
pub const LARGEST_PARAMETER: f32 = 1e20;

/// The state of a cell that loses more than this part of it per step is flushed at every step.
pub const FASTEST_LEAK: f32 = 0.375;

/// Which comparison of v with the threshold means a spike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpikeTest {
    /// `v > v_threshold`.
    #[default]
    Above,
    /// `v >= v_threshold`.
    AtOrAbove,
}

/// What a spike does to the membrane potential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reset {
    /// `v = v_reset`.
    #[default]
    ToValue,
    /// `v = v - (v_threshold - v_reset)`: v keeps what it had above the threshold.
    Subtract,
    /// As [`Subtract`](Self::Subtract), except where v is above the threshold before a step, as it can still be
    /// after a spike. Then the step is a spike only if v is above the threshold after the subtraction, too;
    /// otherwise nothing is subtracted. This is snnTorch's `reset_delay=False`.
    SubtractAhead,
    /// Nothing.
    None,
}

/// What happens during the refractory period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Refractory {
    /// The membrane potential stays constant and the input is ignored.
    #[default]
    Frozen,
    /// The membrane potential decays towards rest and the input is ignored.
    LeakOnly,
    /// The membrane potential integrates its input, but causes no spike.
    Silent,
}

/// What a spike does to the spike trace, which decays with `tau_trace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TraceRule {
    /// No trace is kept.
    #[default]
    Off,
    /// `trace = trace + trace_scale`.
    Add,
    /// `trace = trace_scale`.
    Set,
}

/// What the synaptic currents of a neuron have to do with its own spikes. A neuron without a synaptic current has no
/// such rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SynapseRule {
    /// Nothing. Arriving spikes are added at the beginning of a step, and act in it.
    #[default]
    Independent,
    /// A spike sets them to 0. While the neuron is refractory they stay constant and ignore the spikes that arrive.
    /// Arriving spikes are added at the end of a step, after the spike test, and act from the next step on; those that
    /// arrive in the step of a spike are ignored, too. This is `(unless refractory)` in the equations of Brian2.
    Cleared,
}

/// How the current that a spike causes at a synapse runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SynapseShape {
    /// It has the weight of the spike at once, and decays: `exp(-t / tau_syn)`.
    #[default]
    Exponential,
    /// It rises to the weight of the spike and then decays, an alpha function: `(e / tau_syn) t exp(-t / tau_syn)`.
    Alpha,
}

options! {
    /// Which comparison of v with the threshold means a spike.
    "SPIKE_TEST" spike_test: SpikeTest,
    /// What a spike does to v.
    "RESET" reset: Reset,
    /// What happens during the refractory period.
    "REFRACTORY" refractory: Refractory,
    /// Whether v has a lower bound.
    "BOUNDED" bounded: bool,
    /// Whether and how a spike trace is kept.
    "TRACE" trace: TraceRule,
    /// Whether any cell decays faster than [`FASTEST_LEAK`] per step.
    "FAST_DECAY" fast_decay: bool,
    /// Whether the input has jumps of the membrane potential in addition to its current.
    "JUMPS" jumps: bool,
    /// Whether a synaptic current outlasts the step in which its spikes arrive.
    "SYNAPSE" synapse: bool,
    /// Whether spikes with a negative weight have a synaptic current of their own.
    "INHIBITION" inhibition: bool,
    /// What the synaptic currents have to do with the spikes of the cell.
    "SYNAPSE_RULE" synapse_rule: SynapseRule,
    /// How the synaptic currents of a spike run.
    "SYNAPSE_SHAPE" synapse_shape: SynapseShape,
}

/// The input of a cell during one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepInput {
    /// Input current, nA.
    pub current: f32,
    /// Sum of the weights of the spikes that arrive, nA. It is added to the synaptic current, or to the rise of an
    /// alpha current, or is a current for this step if there is no synapse. With inhibition it is the sum of the weights that are not negative.
    /// [`SynapseRule`] says when in the step it is added.
    pub arriving: f32,
    /// With inhibition, the sum of the negative weights, nA. It is added to the inhibitory current, or to its rise.
    pub inhibitory: f32,
    /// Jump of the membrane potential, mV.
    pub jump: f32,
}

/// Returns `x`: marks a result that must be rounded to `f32` before it is used.
#[inline(always)]
#[must_use]
pub fn rounded(x: f32) -> f32 {
    x
}

/// Returns `x`, or zero if its magnitude is below `smallest`.
#[inline(always)]
#[must_use]
pub fn flush(x: f32, smallest: f32) -> f32 {
    if x.abs() < smallest { 0.0 } else { x }
}

/// Returns the voltage (mV) that a current (nA) causes across the resistance (MOhm).
#[inline(always)]
#[must_use]
pub fn drive(resistance: f32, current: f32) -> f32 {
    flush(rounded(resistance * current), SMALLEST_PARAMETER)
}

/// Whether the synaptic currents follow [`SynapseRule::Cleared`].
#[inline(always)]
#[must_use]
pub const fn clears(options: Options) -> bool {
    matches!(options.synapse_rule, SynapseRule::Cleared) && options.synapse
}

/// Whether the synaptic currents are alpha currents.
#[inline(always)]
#[must_use]
pub const fn rises(options: Options) -> bool {
    matches!(options.synapse_shape, SynapseShape::Alpha) && options.synapse
}

/// Adds the weights (nA) of the spikes that arrive at the beginning of a step to the synaptic current and to the
/// inhibitory current; but not if spikes clear them.
#[inline(always)]
#[must_use]
pub fn receive(options: Options, state: State, arriving: f32, inhibitory: f32) -> State {
    if clears(options) { state } else { add_weights(options, state, arriving, inhibitory) }
}

/// Adds the weights (nA) of the spikes that have arrived in a step at its end, if spikes clear the synaptic currents and
/// the cell neither was refractory in this step nor spiked in it.
#[inline(always)]
#[must_use]
pub fn receive_late(options: Options, before: State, after: State, arriving: f32, inhibitory: f32) -> State {
    let received = add_weights(options, after, arriving, inhibitory);
    if clears(options) && before.refractory == 0 && !after.spike { received } else { after }
}

/// Adds weights (nA) to the synaptic current and to the inhibitory current, or to their rises.
#[inline(always)]
#[must_use]
pub fn add_weights(options: Options, state: State, arriving: f32, inhibitory: f32) -> State {
    if rises(options) {
        return State {
            rise: rounded(state.rise + arriving),
            inhibitory_rise: rounded(state.inhibitory_rise + inhibitory),
            ..state
        };
    }
    State {
        synaptic: rounded(state.synaptic + arriving),
        inhibitory: rounded(state.inhibitory + inhibitory),
        ..state
    }
}

/// Returns the current (nA) that drives a cell during a step: the input current plus the parts of the synaptic
/// current and of the inhibitory current that act on v, and what their rises add to them within the step.
#[inline(always)]
#[must_use]
pub fn total_current(options: Options, cell: Coefficients, state: State, input: f32) -> f32 {
    let synaptic =
        if options.synapse { rounded(cell.synaptic_factor * state.synaptic) } else { state.synaptic };
    let current = risen(rises(options), rounded(input + synaptic), cell.rise_factor, state.rise);
    let inhibitory = rounded(cell.inhibitory_factor * state.inhibitory);
    let inhibited = rounded(current + inhibitory);
    let inhibited = risen(rises(options), inhibited, cell.inhibitory_rise_factor, state.inhibitory_rise);
    if options.inhibition { inhibited } else { current }
}

/// Adds a part of a rise to a current (nA), if it has one.
#[inline(always)]
#[must_use]
pub fn risen(rises: bool, current: f32, factor: f32, rise: f32) -> f32 {
    if rises { rounded(current + rounded(factor * rise)) } else { current }
}

/// Whether a membrane potential causes a spike.
#[inline(always)]
#[must_use]
pub fn crosses(options: Options, cell: Coefficients, v: f32) -> bool {
    match options.spike_test {
        SpikeTest::Above => v > cell.v_threshold,
        SpikeTest::AtOrAbove => v >= cell.v_threshold,
    }
}

/// Steps the membrane equation under a [`drive`] and applies the effects of a spike. If the options have jumps, `jump`
/// (mV) is added after the membrane equation has been stepped and before the threshold test, as by a synapse that
/// injects a charge. A cell that ignores the drive ignores the jump.
#[inline(always)]
#[must_use]
pub fn update(options: Options, cell: Coefficients, state: State, drive: f32, jump: f32) -> State {
    let refractory = state.refractory > 0;

    let ignores_input = options.refractory == Refractory::LeakOnly && refractory;
    let input = if ignores_input { 0.0 } else { drive };
    let above_rest = rounded(state.v - cell.v_rest);
    let integrated = rounded(state.v + rounded(cell.leak * (input - above_rest)));
    let integrated = if options.jumps && !ignores_input { rounded(integrated + jump) } else { integrated };
    let subtracted = rounded(integrated - cell.reset);
    let ahead = options.reset == Reset::SubtractAhead && !refractory && crosses(options, cell, state.v);
    let integrated = if ahead { subtracted } else { integrated };
    let v = if options.refractory == Refractory::Frozen && refractory { state.v } else { integrated };

    let spike = crosses(options, cell, v) & !refractory;
    let after_spike = match options.reset {
        Reset::ToValue => cell.reset,
        Reset::Subtract | Reset::SubtractAhead => subtracted,
        Reset::None => v,
    };
    let without_spike = if ahead { rounded(v + cell.reset) } else { v };
    let v = if spike { after_spike } else { without_spike };
    let v = if options.bounded && v < cell.v_lower { cell.v_lower } else { v };

    let waited = state.refractory - u32::from(refractory);
    let holds = clears(options) && refractory;
    let drops = clears(options) && spike;
    let synaptic = synapse(options.synapse, cell.synaptic_decay, state.synaptic, holds);
    let inhibitory = synapse(options.inhibition, cell.inhibitory_decay, state.inhibitory, holds);
    let inhibition_rises = rises(options) && options.inhibition;
    let synaptic = risen(rises(options) && !holds, synaptic, cell.synaptic_growth, state.rise);
    let inhibitory =
        risen(inhibition_rises && !holds, inhibitory, cell.inhibitory_growth, state.inhibitory_rise);
    let rise = synapse(rises(options), cell.synaptic_decay, state.rise, holds);
    let inhibitory_rise = synapse(inhibition_rises, cell.inhibitory_decay, state.inhibitory_rise, holds);
    State {
        v,
        refractory: if spike { cell.refractory_steps } else { waited },
        trace: trace(options, cell, state.trace, spike),
        synaptic: if drops { 0.0 } else { synaptic },
        inhibitory: if drops { 0.0 } else { inhibitory },
        rise: if drops { 0.0 } else { rise },
        inhibitory_rise: if drops { 0.0 } else { inhibitory_rise },
        spike,
    }
}

/// Advances the spike trace by one step.
#[inline(always)]
#[must_use]
pub fn trace(options: Options, cell: Coefficients, trace: f32, spike: bool) -> f32 {
    if options.trace == TraceRule::Off {
        return trace;
    }
    let decayed = rounded(trace * cell.trace_decay);
    let after_spike = match options.trace {
        TraceRule::Add => decayed + cell.trace_scale,
        _ => cell.trace_scale,
    };
    if spike { after_spike } else { decayed }
}

/// Lets the synaptic current, the inhibitory current or one of their rises decay for one step; the decay is exact for
/// any length of the step. A current that holds does not decay. A current that is not there becomes 0.
#[inline(always)]
#[must_use]
pub fn synapse(is_there: bool, decay: f32, current: f32, holds: bool) -> f32 {
    let advanced = if holds { current } else { rounded(current * decay) };
    if is_there { advanced } else { 0.0 }
}

/// Sets state that has decayed below [`SMALLEST_STATE`] to zero, at the steps where that is due (see the
/// documentation of this crate). `step` is the number of the step just made, counted from 0.
///
/// For an alpha current that is at every step. Its two parts can have opposite signs and nearly cancel, so that, if they
/// were smaller, their sum could be subnormal.
#[inline(always)]
#[must_use]
pub fn settle(options: Options, cell: Coefficients, state: State, step: u32) -> State {
    let due = step % 32 == 31;
    let v_due = due | (options.fast_decay & (cell.leak > FASTEST_LEAK));
    let trace_due = due | (options.fast_decay & (cell.trace_decay < 1.0 - FASTEST_LEAK));
    let rise_due = due | (options.fast_decay & (cell.synaptic_decay < 1.0 - FASTEST_LEAK));
    let inhibitory_rise_due = due | (options.fast_decay & (cell.inhibitory_decay < 1.0 - FASTEST_LEAK));
    let synapse_due = rise_due | rises(options);
    let inhibition_due = inhibitory_rise_due | rises(options);
    State {
        v: if v_due { flush(state.v, SMALLEST_STATE) } else { state.v },
        trace: if trace_due & (options.trace != TraceRule::Off) {
            flush(state.trace, SMALLEST_STATE)
        } else {
            state.trace
        },
        synaptic: if synapse_due & options.synapse {
            flush(state.synaptic, SMALLEST_STATE)
        } else {
            state.synaptic
        },
        inhibitory: if inhibition_due & options.inhibition {
            flush(state.inhibitory, SMALLEST_STATE)
        } else {
            state.inhibitory
        },
        rise: if rise_due & rises(options) { flush(state.rise, SMALLEST_STATE) } else { state.rise },
        inhibitory_rise: if inhibitory_rise_due & rises(options) {
            flush(state.inhibitory_rise, SMALLEST_STATE)
        } else {
            state.inhibitory_rise
        },
        ..state
    }
}

/// Advances one cell by one step; `step` is the number of that step, counted from 0. The other functions here are its
/// parts, for engines that compute some of them once for many steps.
#[inline(always)]
#[must_use]
pub fn step_cell(options: Options, cell: Coefficients, state: State, input: StepInput, step: u32) -> State {
    let before = receive(options, state, input.arriving, input.inhibitory);
    let current = total_current(options, cell, before, input.current);
    let after = update(options, cell, before, drive(cell.resistance, current), input.jump);
    let after = receive_late(options, before, after, input.arriving, input.inhibitory);
    settle(options, cell, after, step)
}
