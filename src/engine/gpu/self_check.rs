//! The self-check: before an adapter is used, it has to compute the same bits as the model.
//!
//! It consists of three small pieces of work, each compared bit by bit with `crates/lif-model/src/neuron.rs`:
//! `shaders/check.wgsl` advances cells with every combination of options; the kernel itself makes as many
//! steps in one dispatch as it ever will, because llvmpipe silently ends loops that are too long; and the
//! kernel draws from random sources of every kind and sums arriving spikes.

use super::context::{GpuContext, Readback};
use super::kernel::{self, Access};
use super::{Gpu, GpuEngine, STATE, UNIFORM};
use crate::data::raster::Raster;
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::engine::cpu::CpuEngine;
use crate::engine::{Engine, Piece, Request, SpikeRequest};
use crate::error::{Error, Result};
use crate::experiment::input::Input;
use crate::experiment::params::{Integrator, Params};
use crate::experiment::random_source::Random;
use crate::experiment::spike_input::SpikeInput;
use crate::model::random::GROUP;
use crate::model::{self, Coefficient, Coefficients, Options, Reset, State, StepInput};
use crate::prepared::coefficients::Table;
use crate::prepared::current::{Current, FromHost};
use crate::prepared::field::{Counter, Field};
use crate::prepared::noise::Noise;
use bytemuck::{Pod, Zeroable};
use ndarray::{Array1, Array2};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Source of the check's kernel.
pub(crate) const CHECK_SHADER: &str =
    concat!(include_str!("../../../shaders/neuron.wgsl"), include_str!("../../../shaders/check.wgsl"));

/// Its bindings, in order.
pub(crate) const CHECK_BINDINGS: [(&str, Access); 5] = [
    ("zero", Access::Uniform),
    ("check", Access::Uniform),
    ("cases", Access::Read),
    ("currents", Access::Read),
    ("outcomes", Access::ReadWrite),
];

/// Invocations in a workgroup of the check.
const WORKGROUP: u32 = 64;

/// Steps with each combination of options.
const STEPS: u32 = 256;

/// The jump at each step if the options have jumps, mV.
const JUMP: f32 = 0.037;

/// The weights that arrive, nA, and the steps between arrivals; none arrives at a step without current.
const ARRIVING: f32 = 0.29;
const INHIBITORY: f32 = -0.17;
const ARRIVES_EVERY: u32 = 4;

/// Cells that the kernel itself advances.
const CELLS: usize = 5;

/// Steps that they make with random input.
const NOISY_STEPS: u64 = 128;

/// `Check` in `shaders/check.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(crate) struct Check {
    pub(crate) cells: u32,
    pub(crate) steps: u32,
    pub(crate) unused_0: u32,
    pub(crate) unused_1: u32,
}

/// `Case` in `shaders/check.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(crate) struct Case {
    pub(crate) options: [u32; Options::COUNT],
    pub(crate) v: u32,
    pub(crate) jump: u32,
    pub(crate) arriving: u32,
    pub(crate) inhibitory: u32,
    pub(crate) coefficients: [u32; Coefficient::COUNT],
}

/// `Outcome` in `shaders/check.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub(crate) struct Outcome {
    pub(crate) v: u32,
    pub(crate) refractory: u32,
    pub(crate) trace: u32,
    pub(crate) spikes: u32,
    pub(crate) path: u32,
}

/// Refuses an adapter that computes something else than the model.
pub(crate) fn check(gpu: &Arc<Gpu>) -> Result<()> {
    check_options(&gpu.context, CHECK_SHADER)?;
    compare(gpu, params(), 0, gpu.most_steps, None)?;
    let sources = [
        Random::gaussian(0.1, 0.9),
        Random::uniform(-0.3, 0.8),
        Random::poisson_current(9000.0, Array1::linspace(-0.1_f32, 0.3, CELLS)),
        Random::poisson(700.0, 1.3),
    ];
    let params = Params {
        tau_syn: Some(3.1.into()),
        tau_syn_inhibitory: Some(4.7.into()),
        integrator: Integrator::Exact,
        ..params()
    };
    let mut noise = Noise::new(&sources, 0x0123_4567_89ab_cdef, CELLS.into(), &params)?;
    // The numbers of cells and of groups of steps exceed 32 bits on the way.
    noise.first_cell = (1 << 32) - 3;
    let first_step = (GROUP << 32) - NOISY_STEPS / 2;
    compare(gpu, params, first_step, NOISY_STEPS, Some(Arc::new(noise)))
}

fn refuse(context: &GpuContext, difference: String) -> Error {
    Error::SelfCheck { adapter: context.info.name.clone(), difference }
}

/// Checks every combination of options that cells can have.
pub(crate) fn check_options(context: &GpuContext, shader: &str) -> Result<()> {
    let cells = every_combination();
    let currents = currents(STEPS as usize);
    let found = run_check(context, shader, &cells, &currents)?;
    for ((options, cell), found) in cells.iter().zip(&found) {
        let expected = expected(*options, *cell, &currents);
        if *found != expected {
            return Err(refuse(
                context,
                format!(
                    "neurons with {options:?} give {found} after {STEPS} steps where the model gives {expected}"
                ),
            ));
        }
    }
    Ok(())
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { v, refractory, trace, spikes, path } = self;
        write!(
            formatter,
            "v {} ({v:08x}), {refractory} refractory steps, trace {} ({trace:08x}), {spikes} spikes, path {path:08x}",
            f32::from_bits(*v),
            f32::from_bits(*trace)
        )
    }
}

/// The outcome of a case according to the model.
fn expected(options: Options, cell: Coefficients, currents: &[f32]) -> Outcome {
    let mut state = State { v: cell.v_rest, ..State::default() };
    let (mut spikes, mut path) = (0, 0);
    for (step, &current) in (0..).zip(currents) {
        let arrives = step % ARRIVES_EVERY == 0 && current != 0.0;
        let (arriving, inhibitory) = if arrives { (ARRIVING, INHIBITORY) } else { (0.0, 0.0) };
        let input = StepInput { current, arriving, inhibitory, jump: JUMP };
        state = model::step_cell(options, cell, state, input, step);
        spikes += u32::from(state.spike);
        path = mix(path, state.refractory);
        path = Field::ALL.into_iter().fold(path, |path, field| mix(path, state.get(field).to_bits()));
    }
    Outcome { v: state.v.to_bits(), refractory: state.refractory, trace: state.trace.to_bits(), spikes, path }
}

fn mix(path: u32, bits: u32) -> u32 {
    (path ^ bits).wrapping_mul(16_777_619)
}

/// Currents (nA) whose products and sums have to be rounded at each step, with pauses: one at the start,
/// where a cell that rests at its threshold shows how it compares, and a long one, in which a cell that
/// decays fast gets to subnormal numbers.
fn currents(steps: usize) -> Vec<f32> {
    (0..steps)
        .map(|step| match step {
            0..8 | 128..224 => 0.0,
            _ => 0.3 + 1.7 * libm::sinf(step as f32 * 0.37).abs(),
        })
        .collect()
}

/// Every combination of options that cells can have, each with two cells: one that spikes at times, and one whose
/// threshold is its resting potential.
fn every_combination() -> Vec<(Options, Coefficients)> {
    let twice = Options::every().filter(|options| options.are_possible());
    let twice = twice.flat_map(|options| [(options, false), (options, true)]);
    twice.enumerate().map(|(index, (options, quiet))| (options, cell(options, quiet, index))).collect()
}

/// The coefficients of a case. Potentials are as large as what a step adds to them, so that each rounding
/// counts.
fn cell(options: Options, at_threshold: bool, index: usize) -> Coefficients {
    // Factors that differ for all cells, so that a mix-up of cells is noticed too.
    let vary = 1.0 + index as f32 * 2.5e-5;
    let (leak, v_rest) = if options.fast_decay { (0.83, 0.0) } else { (0.13 * vary, -0.7) };
    let v_threshold = if at_threshold { v_rest } else { 2.3 };
    let v_reset = v_rest - 1.1 * vary;
    // A value for each coefficient, also for those that are not set below.
    let mut cell = Coefficients::from_words([(0.37 * vary).to_bits(); Coefficient::COUNT]);
    cell.leak = leak;
    cell.resistance = 2.1 * vary;
    cell.v_rest = v_rest;
    cell.v_threshold = v_threshold;
    cell.reset = match options.reset {
        Reset::ToValue | Reset::None => v_reset,
        Reset::Subtract | Reset::SubtractAhead => v_threshold - v_reset,
    };
    cell.v_lower = v_rest - 0.9;
    cell.trace_decay = if options.fast_decay { 0.21 } else { 0.97 / vary };
    cell.trace_scale = 0.7 * vary;
    cell.refractory_steps = (index % 5) as u32;
    cell.synaptic_decay = if options.fast_decay { 0.33 } else { 0.93 / vary };
    cell.synaptic_factor = if options.fast_decay { 0.61 } else { 0.97 / vary };
    cell.inhibitory_decay = if options.fast_decay { 0.27 } else { 0.91 / vary };
    cell.inhibitory_factor = if options.fast_decay { 0.57 } else { 0.95 / vary };
    cell.synaptic_growth = if options.fast_decay { 0.98 } else { 0.21 * vary };
    cell.rise_factor = 0.13 * vary;
    cell.inhibitory_growth = if options.fast_decay { 0.96 } else { 0.27 * vary };
    cell.inhibitory_rise_factor = 0.17 * vary;
    cell
}

fn run_check(
    context: &GpuContext,
    shader: &str,
    cells: &[(Options, Coefficients)],
    currents: &[f32],
) -> Result<Vec<Outcome>> {
    let cases: Vec<Case> = cells.iter().map(|(options, cell)| case(*options, *cell)).collect();
    let check = Check { cells: cases.len() as u32, steps: currents.len() as u32, unused_0: 0, unused_1: 0 };
    let outcomes_bytes = (cases.len() * size_of::<Outcome>()) as u64;
    let buffers = [
        context.buffer("the constant zero", 16, UNIFORM)?,
        context.buffer("the check", size_of::<Check>() as u64, UNIFORM)?,
        context.buffer("the cases", size_of_val(&cases[..]) as u64, STATE)?,
        context.buffer("the currents", size_of_val(currents) as u64, STATE)?,
        context.buffer("the outcomes", outcomes_bytes, STATE)?,
    ];
    let stage = "checking the device";
    let (submission, readback): (_, Readback) = context.scoped(stage, || {
        let device = &context.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("lif check"),
            source: wgpu::ShaderSource::Wgsl(shader.into()),
        });
        let layout = kernel::bind_group_layout(device, &CHECK_BINDINGS);
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("lif check"),
            layout: Some(&kernel::pipeline_layout(device, &layout)),
            module: &module,
            entry_point: Some("run"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let bindings = kernel::bind_group(device, &layout, &buffers.each_ref());
        context.queue.write_buffer(&buffers[1], 0, bytemuck::bytes_of(&check));
        context.queue.write_buffer(&buffers[2], 0, bytemuck::cast_slice(&cases));
        context.queue.write_buffer(&buffers[3], 0, bytemuck::cast_slice(currents));
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bindings, &[]);
            pass.dispatch_workgroups(check.cells.div_ceil(WORKGROUP), 1, 1);
        }
        let readback = context.read_back(&mut encoder, &[(&buffers[4], 0, outcomes_bytes)]);
        (context.queue.submit([encoder.finish()]), readback)
    })?;
    context.wait(&submission, stage)?;
    context.take_readback(readback, stage, bytemuck::pod_collect_to_vec::<u8, Outcome>)
}

fn case(options: Options, cell: Coefficients) -> Case {
    Case {
        options: options.numbers().map(|(_, number)| number),
        v: cell.v_rest.to_bits(),
        jump: JUMP.to_bits(),
        arriving: ARRIVING.to_bits(),
        inhibitory: INHIBITORY.to_bits(),
        coefficients: cell.words(),
    }
}

fn params() -> Params {
    Params { tau_m: 17.3.into(), ..Params::default() }
}

/// Makes some steps with the kernel itself and with the CPU engine, and compares. They are one dispatch
/// whatever time it takes: these are few cells.
fn compare(
    gpu: &Arc<Gpu>,
    params: Params,
    first_step: u64,
    steps: u64,
    noise: Option<Arc<Noise>>,
) -> Result<()> {
    let shape = CELLS.into();
    let table = Arc::new(Table::new(&params, shape)?);
    let start = vec![-60.1; CELLS];
    let mut device = GpuEngine::new(gpu, &table, shape)?;
    let mut model = CpuEngine::new(Arc::clone(&table), shape);
    for engine in [&mut device as &mut dyn Engine, &mut model] {
        engine.write(Field::Voltages, &start)?;
        engine.write_counter(Counter::Spikes, &[0; CELLS])?;
        engine.set_next_step(first_step)?;
    }
    let what = if noise.is_some() { "of random input and spikes" } else { "in one dispatch" };
    let found = trajectory(&mut device, &table, shape, (first_step, steps), noise.clone())?;
    let expected = trajectory(&mut model, &table, shape, (first_step, steps), noise)?;
    for (state, found, expected) in [
        ("membrane potentials", &found.0, &expected.0),
        ("spikes", &found.1, &expected.1),
        ("refractory counters", &found.2, &expected.2),
    ] {
        if let Some(index) = (0..expected.len()).find(|&index| found.get(index) != expected.get(index)) {
            return Err(refuse(
                &gpu.context,
                format!(
                    "after {steps} steps {what} the {state} are {:x?} at {index} instead of {:x?}",
                    found.get(index),
                    expected.get(index)
                ),
            ));
        }
    }
    Ok(())
}

/// Bits of the membrane potentials, words of spikes, refractory counters.
type Trajectory = (Vec<u32>, Vec<u32>, Vec<u32>);

/// Advances the cells of an engine by these steps and returns their trajectory.
pub(super) fn trajectory(
    engine: &mut dyn Engine,
    table: &Table,
    shape: Shape,
    (first_step, steps): (u64, u64),
    noise: Option<Arc<Noise>>,
) -> Result<Trajectory> {
    let currents = Array1::linspace(0.52_f32, 1.9, shape.n);
    let (raster, weights) = spikes(steps, shape.n);
    let mut input = Input::constant(&currents);
    if noise.is_some() {
        let jumps = SpikeInput::each(&raster, -0.21).jumps();
        input = input.and_spikes(SpikeInput::dense(&raster, &weights)).and_spikes(jumps);
    }
    let current = Current::new(input, steps as usize, shape, table.bounds, noise, &FromHost)?;
    let request = Request { spikes: SpikeRequest::All, voltages: None };
    let mut words = Vec::new();
    engine.advance(first_step, steps, &current, Some(&request), &mut |piece: Piece<'_>| {
        words.extend_from_slice(piece.words);
        ControlFlow::Continue(())
    })?;
    let voltages = engine.read(Field::Voltages)?.iter().map(|v| v.to_bits()).collect();
    Ok((voltages, words, engine.read_counter(Counter::Refractory)?))
}

/// Trains that share some spikes, beginning in the middle of a word, and weights whose sums are rounded.
fn spikes(steps: u64, n: usize) -> (Raster, Array2<f32>) {
    let mut raster = Raster::new(5, 1, (0..n as u32).collect::<Vec<_>>());
    let words = 0..blocks(5, steps) * n;
    let words = words.map(|word| (word as u32).wrapping_mul(0x9e37_79b9) & 0x8421_a5a5);
    raster.append(&words.collect::<Vec<_>>(), steps);
    let weights =
        Array2::from_shape_fn((n, n), |(from, to)| 0.011 * (1.0 + from as f32) - 0.0037 * to as f32);
    (raster, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Refractory, SpikeTest, SynapseRule, SynapseShape, TraceRule, rises};

    type Perturbation = fn(Coefficients, fn(f32) -> f32) -> Coefficients;
    type Change = fn(Options) -> Options;
    type Has = fn(Options) -> bool;

    #[test]
    fn every_bit_shows_in_the_outcome_of_every_combination() {
        let currents = currents(STEPS as usize);
        let next = |x: f32| f32::from_bits(x.to_bits() + 1);
        let perturbations: [Perturbation; 3] = [
            |cell, next| Coefficients { leak: next(cell.leak), ..cell },
            |cell, next| Coefficients { resistance: next(cell.resistance), ..cell },
            |cell, _| Coefficients { refractory_steps: cell.refractory_steps + 1, ..cell },
        ];
        for pair in every_combination().chunks(2) {
            for perturb in perturbations {
                let shows = pair.iter().any(|(options, cell)| {
                    expected(*options, perturb(*cell, next), &currents)
                        != expected(*options, *cell, &currents)
                });
                assert!(shows, "{pair:?}");
            }
        }
    }

    #[test]
    fn what_acts_of_synaptic_currents_shows_in_the_outcome() {
        let currents = currents(STEPS as usize);
        let next = |x: f32| f32::from_bits(x.to_bits() + 512);
        let parts: [(Has, Perturbation); 6] = [
            (
                |options| options.synapse,
                |cell, next| Coefficients { synaptic_factor: next(cell.synaptic_factor), ..cell },
            ),
            (
                |options| options.inhibition,
                |cell, next| Coefficients { inhibitory_factor: next(cell.inhibitory_factor), ..cell },
            ),
            (rises, |cell, next| Coefficients { synaptic_growth: next(cell.synaptic_growth), ..cell }),
            (rises, |cell, next| Coefficients { rise_factor: next(cell.rise_factor), ..cell }),
            (
                |options| rises(options) && options.inhibition,
                |cell, next| Coefficients { inhibitory_growth: next(cell.inhibitory_growth), ..cell },
            ),
            (
                |options| rises(options) && options.inhibition,
                |cell, next| Coefficients {
                    inhibitory_rise_factor: next(cell.inhibitory_rise_factor),
                    ..cell
                },
            ),
        ];
        // Where spikes clear alpha currents, each of the few steps in which a current acts can end in a spike.
        let acts = |options| !(rises(options) && model::clears(options));
        for (has, perturb) in parts {
            for pair in every_combination().chunks(2).filter(|pair| has(pair[0].0) && acts(pair[0].0)) {
                let shows = pair.iter().any(|(options, cell)| {
                    expected(*options, perturb(*cell, next), &currents)
                        != expected(*options, *cell, &currents)
                });
                assert!(shows, "{pair:?}");
            }
        }
    }

    #[test]
    fn every_rule_shows_in_the_outcome_of_some_case() {
        let currents = currents(STEPS as usize);
        let cells = every_combination();
        let outcomes = |change: Change| -> Vec<Outcome> {
            cells.iter().map(|(options, cell)| expected(change(*options), *cell, &currents)).collect()
        };
        let right = outcomes(|options| options);
        let wrong: [(&str, Change); 12] = [
            ("synapse", |options| Options { synapse: false, ..options }),
            ("inhibition", |options| Options { inhibition: false, ..options }),
            ("synapse rule", |options| Options { synapse_rule: SynapseRule::Independent, ..options }),
            ("synapse shape", |options| Options { synapse_shape: SynapseShape::Exponential, ..options }),
            ("jumps", |options| Options { jumps: false, ..options }),
            ("spike test", |options| Options { spike_test: SpikeTest::Above, ..options }),
            ("reset", |options| Options { reset: Reset::ToValue, ..options }),
            ("reset ahead", |options| match options.reset {
                Reset::SubtractAhead => Options { reset: Reset::Subtract, ..options },
                _ => options,
            }),
            ("refractory", |options| Options { refractory: Refractory::Silent, ..options }),
            ("bounded", |options| Options { bounded: false, ..options }),
            ("trace", |options| Options { trace: TraceRule::Add, ..options }),
            ("fast decay", |options| Options { fast_decay: false, ..options }),
        ];
        for (rule, change) in wrong {
            assert!(outcomes(change) != right, "a driver that gets '{rule}' wrong would pass");
        }
    }

    /// A driver that contracts a product and a sum into one operation is noticed.
    #[test]
    fn contraction_shows_in_the_outcome() {
        let (mut differs, mut currents_differ, mut inhibition_differs) = (0, 0, 0);
        for (options, cell) in every_combination() {
            let mut state = State { v: cell.v_rest, ..State::default() };
            for (step, &input) in (0..).zip(&currents(STEPS as usize)) {
                let arrives = step % ARRIVES_EVERY == 0 && input != 0.0;
                let (arriving, inhibitory) = if arrives { (ARRIVING, INHIBITORY) } else { (0.0, 0.0) };
                state = model::receive(options, state, arriving, inhibitory);
                let before = state;
                let current = model::total_current(options, cell, state, input);
                let fused = cell.synaptic_factor.mul_add(state.synaptic, input);
                let is_alone = options.synapse && !options.inhibition && !rises(options);
                currents_differ += u32::from(is_alone && fused.to_bits() != current.to_bits());
                let excited =
                    model::total_current(Options { inhibition: false, ..options }, cell, state, input);
                let fused = cell.inhibitory_factor.mul_add(state.inhibitory, excited);
                let inhibits = options.inhibition && !rises(options);
                inhibition_differs += u32::from(inhibits && fused.to_bits() != current.to_bits());
                let drive = model::drive(cell.resistance, current);
                let fused = cell.leak.mul_add(drive - (state.v - cell.v_rest), state.v);
                let free = state.refractory == 0;
                state = model::update(options, cell, state, drive, JUMP);
                state = model::receive_late(options, before, state, arriving, inhibitory);
                differs += u32::from(free && !state.spike && fused.to_bits() != state.v.to_bits());
            }
        }
        let all = [differs, currents_differ, inhibition_differs];
        assert!(all.iter().all(|count| *count > 1000), "{all:?}");
    }
}
