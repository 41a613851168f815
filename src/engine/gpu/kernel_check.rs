//! Checks each pipeline of the kernel against the CPU engine when it is built: drivers compile each
//! combination of rules anew, and can get any of them wrong.
//!
//! A few cells make a few steps, just enough to reach everything that the pipeline does, and every bit is
//! compared. `self_check.rs` comes before, when the adapter is opened.

use super::kernel::{self, Kernel, Specialisation};
use super::{Gpu, GpuEngine, ResidentWords};
use crate::data::raster::Raster;
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::data::storage::DeviceWords;
use crate::engine::cpu::CpuEngine;
use crate::engine::{Engine, Piece, Request, SPIKE_FLAG, SpikeRequest, VoltageRequest};
use crate::error::{Error, Result};
use crate::experiment::input::Input;
use crate::experiment::network::distribution::Distribution;
use crate::experiment::network::rule::Rule;
use crate::experiment::network::synapse::Synapse;
use crate::experiment::network::{Group, Projection, Wiring};
use crate::experiment::params::{Params, Trace, TraceKind};
use crate::experiment::random_source::Random;
use crate::experiment::spike_input::SpikeInput;
use crate::model::{Options, TraceRule};
use crate::prepared::coefficients::Table;
use crate::prepared::current::{Current, FromHost};
use crate::prepared::field::{Counter, Field};
use crate::prepared::network::Connections;
use crate::prepared::noise::Noise;
use ndarray::{Array1, Array2};
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

const ROWS: usize = 2;

/// The first step, and the numbers of steps of two calls: they make some steps within a word, then the rest
/// of it, a whole word, and the beginning of the next.
const FIRST_STEP: u64 = 37;
const CALLS: [u64; 2] = [13, 53];

/// Neurons of each row that have no input: the first rests at its threshold, where it depends on the rules
/// whether it spikes; the state of the second becomes zero at the end of a word, and the state of the third
/// some steps before the end of the last one.
const QUIET: usize = 3;

/// The initial state of the second.
const ALMOST_NOTHING: f32 = 2e-30;

/// The initial state of the third: a potential, and a trace and synaptic currents, which decay more slowly.
const LITTLE: [f32; 2] = [3e-4, 3e-13];

/// Trains of spikes with a matrix of weights.
const TRAINS: usize = 5;

/// Refuses a kernel that computes something else than the model does. Each kernel is checked once.
pub(super) fn check_once(gpu: &Arc<Gpu>, key: Specialisation, kernel: &Kernel) -> Result<()> {
    // Other threads that need the kernel wait.
    let mut check_result = kernel.check_result.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(check_result) = &*check_result {
        return check_result.clone();
    }
    let begun = Instant::now();
    let found = check(gpu, key, kernel);
    log::debug!("{}: a kernel was tried in {:?}", gpu.context.info.name, begun.elapsed());
    // A fault during the check may not occur the next time.
    if !found.as_ref().is_err_and(Error::is_fault) {
        *check_result = Some(found.clone());
    }
    found
}

fn check(gpu: &Arc<Gpu>, key: Specialisation, kernel: &Kernel) -> Result<()> {
    let case = Case::new(key)?;
    // A separate kernel, so that its allowance does not learn from these few cells.
    let kernel = Kernel::new(kernel.pipeline.clone(), kernel.layout.clone(), gpu.context.is_software());
    let mut device = GpuEngine::for_check(gpu, &case.table, case.shape(), (key, Arc::new(kernel)))?;
    let mut model = CpuEngine::new(Arc::clone(&case.table), case.shape());
    if let Some(connections) = &case.connections {
        device.connect(&case.table, connections)?;
        model.connect(connections)?;
    }
    let found = case.outcome(CheckedEngine::Device(gpu, Box::new(device)));
    gpu.context.drop_staging();
    let found = found?;
    let expected = case.outcome(CheckedEngine::Model(Box::new(model)))?;
    for ((what, found), (_, expected)) in found.iter().zip(&expected) {
        if let Some(index) = (0..expected.len()).find(|&index| found.get(index) != expected.get(index)) {
            let difference = format!(
                "its kernel for {key:?} makes the {what} at {index} {:x?} where the model gives {:x?}",
                found.get(index),
                expected.get(index)
            );
            return Err(Error::SelfCheck { adapter: gpu.context.info.name.clone(), difference });
        }
    }
    Ok(())
}

/// Cells and inputs that reach each part of the kernel.
#[derive(Debug, Clone)]
struct Case {
    key: Specialisation,
    n: usize,
    table: Arc<Table>,
    noise: Option<Arc<Noise>>,
    connections: Option<Arc<Connections>>,
    request: Request,
}

/// The engine that is checked, or the CPU engine, which it has to equal.
enum CheckedEngine<'a> {
    Device(&'a Arc<Gpu>, Box<GpuEngine>),
    Model(Box<CpuEngine>),
}

impl CheckedEngine<'_> {
    fn engine(&mut self) -> &mut dyn Engine {
        match self {
            Self::Device(_, engine) => engine.as_mut(),
            Self::Model(engine) => engine.as_mut(),
        }
    }
}

/// The values that are compared, with their names.
type Outcome = Vec<(&'static str, Vec<u32>)>;

impl Case {
    fn new(key: Specialisation) -> Result<Self> {
        // A few cells more than a workgroup has, or than all but the last of the cells that an invocation
        // advances side by side.
        let before = (key.workgroup * (key.abreast() - 1).max(1)) as usize;
        let n = match key.row_group {
            Some(row) => (row.workgroup * (row.abreast - 1)) as usize + 5,
            None => before / ROWS + 5,
        };
        let params = params(&key.options, n);
        let table = Arc::new(Table::new(&params, [ROWS, n].into())?);
        let sources = if key.noise { sources(&key.options, n) } else { Vec::new() };
        let noise =
            (!sources.is_empty()).then(|| Noise::new(&sources, 77, [ROWS, n].into(), &params)).transpose()?;
        let chosen = || vec![n as u32 - 1, 0, 3, 1];
        let request = Request {
            spikes: match key.words {
                kernel::WORDS_OF_CHOSEN => SpikeRequest::Chosen(chosen()),
                kernel::WORDS_OF_ALL => SpikeRequest::All,
                _ => SpikeRequest::None,
            },
            voltages: key.voltages.then(|| VoltageRequest { neurons: chosen(), every: 3 }),
        };
        let connections = key.network.then(|| connections(&key, n, &params)).transpose()?;
        Ok(Self { key, n, table, noise: noise.map(Arc::new), connections, request })
    }

    fn shape(&self) -> Shape {
        Shape { batch: ROWS, n: self.n }
    }

    /// Makes the steps, and returns the outcome.
    fn outcome(&self, mut tried: CheckedEngine<'_>) -> Result<Outcome> {
        self.start(tried.engine())?;
        let neurons = match &self.request.spikes {
            SpikeRequest::Chosen(neurons) => neurons.clone(),
            _ => (0..self.n as u32).collect(),
        };
        let mut raster = Raster::new(FIRST_STEP, ROWS, neurons);
        let mut voltages = Vec::new();
        let kept = match &tried {
            CheckedEngine::Device(gpu, _) if self.key.words_go_on && !self.key.network => {
                Some(ResidentWords::room(gpu, self.word_count())?)
            }
            _ => None,
        };
        let mut first_step = FIRST_STEP;
        for steps in CALLS {
            let mut take = |piece: Piece<'_>| {
                if !piece.words.is_empty() {
                    raster.append(piece.words, piece.steps);
                }
                voltages.extend(piece.voltages.iter().map(|v| v.to_bits()));
                ControlFlow::Continue(())
            };
            let call = (first_step, steps);
            self.driven(steps, |current| match (&mut tried, &kept) {
                (CheckedEngine::Device(_, engine), Some(kept)) => engine.advance_into(call, current, kept),
                (tried, _) => {
                    let request = (self.request != Request::default()).then_some(&self.request);
                    tried.engine().advance(call.0, call.1, current, request, &mut take).map(|_| ())
                }
            })?;
            first_step += steps;
        }
        let words = match kept {
            Some(kept) => kept.read()?,
            None => raster.into_words().to_vec(),
        };
        let mut outcome = vec![("words of spikes", words), ("recorded potentials", voltages)];
        outcome.extend(self.state(tried.engine())?);
        Ok(outcome)
    }

    fn word_count(&self) -> u64 {
        (blocks(FIRST_STEP, CALLS.iter().sum()) * ROWS * self.n) as u64
    }

    /// Returns a value for each cell, by row and neuron; quiet neurons have their own.
    fn each<T>(&self, quiet: [T; QUIET], other: impl Fn(usize, usize) -> T) -> Vec<T>
    where
        T: Copy,
    {
        let of = |row, neuron: usize| quiet.get(neuron).copied().unwrap_or_else(|| other(row, neuron));
        (0..ROWS)
            .flat_map(|row| (0..self.n).map(move |neuron| (row, neuron)))
            .map(|(row, neuron)| of(row, neuron))
            .collect()
    }

    fn start(&self, engine: &mut dyn Engine) -> Result<()> {
        for field in Field::of(self.key.options) {
            let values = match field {
                Field::Voltages => self.each([AT_THRESHOLD, ALMOST_NOTHING, LITTLE[0]], |row, neuron| {
                    -64.0 + 0.37 * ((7 * neuron + 3 * row) % 31) as f32
                }),
                other => self.each([0.0, ALMOST_NOTHING, LITTLE[1]], |row, neuron| {
                    let inhibits = matches!(other, Field::InhibitoryCurrents | Field::InhibitoryRises);
                    let scale = if inhibits { -0.1 } else { 0.1 };
                    scale * other as usize as f32 * (row + neuron % 4) as f32
                }),
            };
            engine.write(field, &values)?;
        }
        let waiting = |row, neuron| match (5 * neuron + row) % 5 {
            0 => 2,
            1 => 1 | SPIKE_FLAG,
            _ => 0,
        };
        engine.write_counter(Counter::Refractory, &self.each([0; QUIET], waiting))?;
        let counts = self.each([7; QUIET], |row, neuron| (row + neuron) as u32);
        engine.write_counter(Counter::Spikes, &counts)?;
        engine.set_next_step(FIRST_STEP)
    }

    fn state(&self, engine: &mut dyn Engine) -> Result<Outcome> {
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
        let mut state = Vec::new();
        for field in Field::of(self.key.options) {
            state.push((field.words(), bits(engine.read(field)?)));
        }
        for counter in Counter::ALL {
            state.push((counter.name(), engine.read_counter(counter)?));
        }
        Ok(state)
    }

    /// Calls `advance` with the input for this many steps.
    fn driven(&self, steps: u64, mut advance: impl FnMut(&Current<'_>) -> Result<()>) -> Result<()> {
        let n = self.n;
        let silent = |neuron: usize| neuron < QUIET;
        let current = |neuron: usize| if silent(neuron) { 0.0 } else { 0.6 + 0.11 * (neuron % 17) as f32 };
        let constant =
            Array2::from_shape_fn((ROWS, n), |(row, neuron)| current(neuron) * (1.0 + 0.1 * row as f32));
        let sequence = Array2::from_shape_fn((steps as usize, n), |(step, neuron)| {
            current(neuron) * (0.6 + 0.2 * ((3 * step + neuron) % 5) as f32)
        });
        let input = if self.key.sequence { Input::sequence(&sequence) } else { Input::constant(&constant) };
        let (few, own) = (spikes(steps, 1, TRAINS), spikes(steps, ROWS, n));
        let weights = |scale: f32, sign: &dyn Fn(usize) -> f32| {
            let matrix = Array2::from_shape_fn((TRAINS, n), |(train, neuron)| {
                let weight = scale * (1.0 + train as f32 - 0.037 * (neuron % 29) as f32);
                if silent(neuron) { 0.0 } else { sign(train + neuron) * weight }
            });
            let each =
                Array1::from_shape_fn(
                    n,
                    |neuron| {
                        if silent(neuron) { 0.0 } else { sign(neuron) * scale * 1.7 }
                    },
                );
            (matrix, each)
        };
        let options = self.key.options;
        let (currents, jumps) = (weights(0.13, &|place| sign(&options, place)), weights(-0.21, &|_| 1.0));
        let mut input = input;
        if self.key.arriving {
            input = input.and_spikes(SpikeInput::dense(&few, &currents.0));
            input = input.and_spikes(SpikeInput::each(&own, currents.1.clone()));
        }
        if self.key.arriving_jumps {
            input = input.and_spikes(SpikeInput::each(&own, jumps.1.clone()).jumps());
            input = input.and_spikes(SpikeInput::dense(&few, &jumps.0).jumps());
        }
        let (noise, bounds) = (self.noise.clone(), self.table.bounds);
        advance(&Current::new(input, steps as usize, self.shape(), bounds, noise, &FromHost)?)
    }
}

/// Resting potential and threshold of the first quiet neuron.
const AT_THRESHOLD: f32 = -60.0;

/// The sign of the weight of currents at a place. Where there is inhibition, every third is negative.
fn sign(options: &Options, place: usize) -> f32 {
    if options.inhibition && place.is_multiple_of(3) { -1.0 } else { 1.0 }
}

/// Parameters of neurons with these options.
fn params(options: &Options, n: usize) -> Params {
    let each = |quiet: [f32; QUIET], other: &dyn Fn(usize) -> f32| {
        Array1::from_shape_fn(n, |neuron| quiet.get(neuron).copied().unwrap_or_else(|| other(neuron)))
    };
    let time = |neuron: usize| {
        if options.fast_decay && neuron.is_multiple_of(3) { 0.4 } else { 2.0 + (neuron % 13) as f32 }
    };
    let quiet = [5.0, 0.7, if options.fast_decay { 0.4 } else { 0.7 }];
    let times = || each(quiet, &time);
    Params {
        dt: 0.25,
        tau_m: times().into(),
        resistance: Array2::from_shape_fn((ROWS, 1), |(row, _)| 20.0 + 3.0 * row as f32).into(),
        v_rest: each([AT_THRESHOLD, 0.0, 0.0], &|neuron| -62.0 + 0.05 * (neuron % 7) as f32).into(),
        v_reset: each([-65.0, 0.0, 0.0], &|neuron| -68.0 + 0.1 * (neuron % 5) as f32).into(),
        v_threshold: Array2::from_shape_fn((ROWS, n), |(row, neuron)| match neuron {
            0 => AT_THRESHOLD,
            1 | 2 => 5.0,
            _ => -52.0 + 0.3 * row as f32 - 0.1 * (neuron % 11) as f32,
        })
        .into(),
        t_ref: each([1.0; QUIET], &|neuron| 0.5 * (neuron % 4) as f32).into(),
        v_lower: options.bounded.then(|| (-66.3).into()),
        trace: match options.trace {
            TraceRule::Off => None,
            rule => Some(Trace {
                tau: times().into(),
                scale: each([0.8; QUIET], &|neuron| 0.7 + 0.01 * (neuron % 9) as f32).into(),
                kind: if rule == TraceRule::Add { TraceKind::Add } else { TraceKind::Set },
            }),
        },
        tau_syn: options.synapse.then(|| times().into()),
        synapse_rule: options.synapse_rule,
        synapse_shape: options.synapse_shape,
        tau_syn_inhibitory: options.inhibition.then(|| each(quiet, &|neuron| time(neuron + 3)).into()),
        spike_test: options.spike_test,
        reset: options.reset,
        refractory: options.refractory,
        allow_constant_firing: true,
        ..Params::default()
    }
}

/// A random source of each kind.
fn sources(options: &Options, n: usize) -> Vec<Random> {
    let of = |scale: &dyn Fn(usize) -> f32| {
        Array1::from_shape_fn(n, |neuron| if neuron < QUIET { 0.0 } else { scale(neuron) })
    };
    let scale = |scale: f32| of(&|_| scale);
    let mut sources = vec![
        Random::gaussian(0.0, scale(0.4)),
        Random::uniform(scale(-0.2), scale(0.3)),
        Random::poisson_current(900.0, of(&|neuron| 0.3 * sign(options, neuron))),
    ];
    if options.jumps {
        sources.push(Random::poisson(700.0, scale(1.3)));
    }
    sources
}

/// Synapses onto all but the quiet neurons, as currents and, if the kernel has jumps, as jumps.
fn connections(key: &Specialisation, n: usize, params: &Params) -> Result<Arc<Connections>> {
    let dt = params.dt;
    let all = Group { name: "all".into(), first: 0, size: n as u32 };
    let projection = |scale: f32, effect: fn(Distribution) -> Synapse, longest: usize| {
        let synapses = (0..n).flat_map(|source| {
            (0..7)
                .map(move |number| (source as u32, (QUIET + (11 * source + 5 * number) % (n - QUIET)) as u32))
        });
        let (sources, targets): (Vec<u32>, Vec<u32>) = synapses.unzip();
        let numbers = || 0..sources.len();
        let weights: Vec<f32> = numbers().map(|number| scale * (1.0 - 0.17 * (number % 9) as f32)).collect();
        let delays: Vec<f32> = numbers().map(|number| (dt * (3 + number % longest) as f64) as f32).collect();
        Projection {
            from: all.clone(),
            to: all.clone(),
            synapse: effect(weights.into()).delay(delays),
            rule: Rule::list(sources, targets),
        }
    };
    let mut projections = vec![projection(0.9, Synapse::current, 7)];
    if key.options.jumps {
        projections.push(projection(2.3, Synapse::jump, 300));
    }
    let wiring = Wiring { groups: vec![all.clone()], projections, ..Wiring::default() };
    Ok(Arc::new(Connections::new(&wiring, ROWS, params)?))
}

/// Trains that share some spikes, beginning in the middle of a word.
fn spikes(steps: u64, batch: usize, trains: usize) -> Raster {
    let mut raster = Raster::new(5, batch, (0..trains as u32).collect::<Vec<_>>());
    let words = 0..blocks(5, steps) * batch * trains;
    let words = words.map(|word| (word as u32 + 1).wrapping_mul(0x9e37_79b9) & 0x8421_a5a5);
    raster.append(&words.collect::<Vec<_>>(), steps);
    raster
}

#[cfg(test)]
mod tests;
