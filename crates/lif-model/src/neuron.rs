//! THE neuron: one step of one leaky integrate-and-fire cell in plain scalar Rust.
//!
//! This file is the definition; its twin `shaders/neuron.wgsl` holds the same functions in the same
//! order, and every engine must give the same bits as [`step_cell`].
//!
//! ```text
//! tau_m dv/dt = -(v - v_rest) + R I      while v <= v_threshold and the cell is not refractory
//! v -> v_reset, refractory for t_ref     as soon as v > v_threshold
//! ```
//!
//! I is the current of the input and the synaptic current, to which each arriving spike adds its
//! weight and which decays as `exp(-t / tau_syn)`. Where there is no such synapse, arriving spikes
//! are a current for one step.
//!
//! A current of the input is constant over a step. The exact integrator lets the synaptic current
//! decay within it: it then drives v as much as a constant current of a part of it does
//! ([`Coefficients::synaptic_factor`]). Euler holds it, too.
//!
//! One step of length dt is `v + leak * (R I - (v - v_rest))` with `leak = dt / tau_m` (forward
//! Euler) or `leak = 1 - exp(-dt / tau_m)` (exact for a current that is constant over the step;
//! Rotter & Diesmann 1999, Biol. Cybern. 81:381, eq. 3 for this one-dimensional case), so the
//! integrator is a coefficient and not a second formula.

use crate::options::{Choice, options};
use crate::{Coefficients, State};

/// State variables smaller than this in magnitude become zero.
pub const SMALLEST_STATE: f32 = 1e-30;

/// Parameters and the product of resistance and current are zero where smaller than this.
pub const SMALLEST_PARAMETER: f32 = 1e-20;

/// The largest magnitude of a parameter and of a drive. It keeps every sum far from overflow.
pub const LARGEST_PARAMETER: f32 = 1e20;

/// A cell that loses a larger part than this of its state in one step is flushed at every step.
pub const FASTEST_LEAK: f32 = 0.375;

/// Which comparison with the threshold is a spike.
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
    /// `v = v - (v_threshold - v_reset)`: what exceeded the threshold is kept.
    Subtract,
    /// As [`Subtract`](Self::Subtract); but where v is above the threshold before a step, as it still can be
    /// after a spike, the step is a spike only if v is above it after the subtraction too, and nothing is
    /// subtracted if it is none. That is snnTorch's `reset_delay=False`.
    SubtractAhead,
    /// Nothing.
    None,
}

/// What happens during the refractory period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Refractory {
    /// The membrane potential is held and the input ignored.
    #[default]
    Frozen,
    /// The membrane potential decays towards rest and the input is ignored.
    LeakOnly,
    /// The membrane potential integrates its input, but cannot cause a spike.
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

options! {
    /// Which comparison is a spike.
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
    /// Whether the input has jumps of the membrane potential beside its current.
    "JUMPS" jumps: bool,
    /// Whether a synaptic current outlasts the step in which its spikes arrive.
    "SYNAPSE" synapse: bool,
}

/// What acts on a cell during a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepInput {
    /// Current of the input, nA.
    pub current: f32,
    /// Weights of the spikes that arrive as a current, which goes through the synapse where there is one, nA.
    pub arriving: f32,
    /// Jump of the membrane potential, mV.
    pub jump: f32,
}

/// A result that must be rounded as it stands before it is used.
#[inline(always)]
#[must_use]
pub fn rounded(x: f32) -> f32 {
    x
}

/// `x`, or zero where its magnitude is below `smallest`.
#[inline(always)]
#[must_use]
pub fn flush(x: f32, smallest: f32) -> f32 {
    if x.abs() < smallest { 0.0 } else { x }
}

/// The voltage (mV) that a current (nA) drives through the resistance (MOhm).
#[inline(always)]
#[must_use]
pub fn drive(resistance: f32, current: f32) -> f32 {
    flush(rounded(resistance * current), SMALLEST_PARAMETER)
}

/// Takes in the weights (nA) of the spikes that arrive at the beginning of a step. The synaptic current
/// of the state is then the one with which the step begins.
#[inline(always)]
#[must_use]
pub fn receive(state: State, arriving: f32) -> State {
    State { synaptic: rounded(state.synaptic + arriving), ..state }
}

/// The current (nA) that drives a cell through a step: that of the input, and of the synaptic current what
/// acts on v.
#[inline(always)]
#[must_use]
pub fn total_current(options: Options, cell: Coefficients, state: State, input: f32) -> f32 {
    let synaptic =
        if options.synapse { rounded(cell.synaptic_factor * state.synaptic) } else { state.synaptic };
    rounded(input + synaptic)
}

/// Whether a potential is a spike.
#[inline(always)]
#[must_use]
pub fn crosses(options: Options, cell: Coefficients, v: f32) -> bool {
    match options.spike_test {
        SpikeTest::Above => v > cell.v_threshold,
        SpikeTest::AtOrAbove => v >= cell.v_threshold,
    }
}

/// Steps the membrane equation under a [`drive`], and what a spike does. Where the options have jumps, `jump` (mV) is added
/// once the membrane equation has been stepped and before the threshold is looked at, as a synapse that injects a charge
/// does; what ignores the drive ignores the jump.
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
    State {
        v,
        refractory: if spike { cell.refractory_steps } else { waited },
        trace: trace(options, cell, state.trace, spike),
        synaptic: synapse(options, cell, state.synaptic),
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

/// What a step leaves of the synaptic current: the decay is exact, whatever the length of the step.
#[inline(always)]
#[must_use]
pub fn synapse(options: Options, cell: Coefficients, synaptic: f32) -> f32 {
    if options.synapse { rounded(synaptic * cell.synaptic_decay) } else { 0.0 }
}

/// Sets what has decayed to nothing to zero, at the steps where that is due (see the module's
/// documentation). `step` is the number of the step just made, counted from 0.
#[inline(always)]
#[must_use]
pub fn settle(options: Options, cell: Coefficients, state: State, step: u32) -> State {
    let due = step % 32 == 31;
    let v_due = due | (options.fast_decay & (cell.leak > FASTEST_LEAK));
    let trace_due = due | (options.fast_decay & (cell.trace_decay < 1.0 - FASTEST_LEAK));
    let synapse_due = due | (options.fast_decay & (cell.synaptic_decay < 1.0 - FASTEST_LEAK));
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
        ..state
    }
}

/// Advances one cell by one step, whose number, counted from 0, is `step`. All else here is a part of this, apart for those
/// who compute some of it once for many steps.
#[inline(always)]
#[must_use]
pub fn step_cell(options: Options, cell: Coefficients, state: State, input: StepInput, step: u32) -> State {
    let state = receive(state, input.arriving);
    let current = total_current(options, cell, state, input.current);
    let state = update(options, cell, state, drive(cell.resistance, current), input.jump);
    settle(options, cell, state, step)
}
