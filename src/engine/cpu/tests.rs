//! Tests that each kernel gives the bits of the model. Random populations seldom reach the kernels for long
//! or mixed refractory periods, so that each kernel is tested by name.

use super::{CpuEngine, instructions};
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::engine::{Engine, Piece, Request, SPIKE_FLAG, SpikeRequest};
use crate::model::{self, State, StepInput};
use crate::prepared::coefficients::Table;
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::noise::Noise;
use crate::{
    Device, Input, Integrator, Parameter, Params, Random, Refractory, Reset, SpikeTest, SynapseRule,
    SynapseShape, Trace, TraceKind,
};
use ndarray::{Array1, Array2, Array3};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Cases that need different kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Refractory periods of less than 32 steps.
    Short,
    /// Refractory periods of 32 steps or more.
    Long,
    /// Refractory periods of both kinds, side by side.
    Mixed,
    /// Refractory counters above the refractory period, as a user can set them.
    Surplus,
    /// Jumps alone; refractory periods of less than 32 steps or of more, depending on the shape.
    Jumps,
    /// Lower bound, trace, fast decay and jumps.
    Rich,
    /// A synapse at which spikes arrive.
    Synapse,
    /// An inhibitory current too.
    Inhibition,
    /// A synapse that spikes clear, with jumps in every other shape.
    Cleared,
    /// An inhibitory current too.
    ClearedInhibition,
    /// An alpha current.
    Alpha,
    /// An inhibitory current too.
    Alphas,
    /// Both, and spikes clear them.
    ClearedAlphas,
}

const FAMILIES: [Family; 13] = [
    Family::Short,
    Family::Long,
    Family::Mixed,
    Family::Surplus,
    Family::Jumps,
    Family::Rich,
    Family::Synapse,
    Family::Inhibition,
    Family::Cleared,
    Family::ClearedInhibition,
    Family::Alpha,
    Family::Alphas,
    Family::ClearedAlphas,
];

/// Batch rows and neurons: less than a vector, rows that end inside vectors, and more than a tile.
const SHAPES: [[usize; 2]; 4] = [[1, 1], [3, 29], [2, 64], [2, 1027]];

/// Steps of successive calls: they begin and end inside words, at their ends, and span several.
const CALLS: [u64; 5] = [5, 27, 1, 32, 66];

/// Pseudorandom numbers from 0 to less than 1.
fn scattered(index: usize) -> f32 {
    ((index as u32).wrapping_mul(0x9E37_79B9) >> 8) as f32 / 16_777_216.0
}

fn params(family: Family, reset: Reset, refractory: Refractory, spike_test: SpikeTest, n: usize) -> Params {
    let per_neuron = |value: fn(usize) -> f32| -> Parameter { Array1::from_shape_fn(n, value).into() };
    let mut params = Params {
        tau_m: 4.0.into(),
        resistance: 1.0.into(),
        v_rest: 0.0.into(),
        // A few are reset to above the threshold, and spike whenever they are not refractory.
        v_reset: per_neuron(|neuron| if neuron % 101 == 50 { 6.0 } else { -1.0 - (neuron % 3) as f32 }),
        v_threshold: 5.0.into(),
        dt: 1.0,
        t_ref: match family {
            Family::Short | Family::Rich => per_neuron(|neuron| [0.0, 1.0, 2.0, 31.0][neuron % 4]),
            Family::Long => per_neuron(|neuron| [32.0, 33.0, 64.0, 65.0][neuron % 4]),
            Family::Mixed
            | Family::Synapse
            | Family::Inhibition
            | Family::Cleared
            | Family::ClearedInhibition
            | Family::Alpha
            | Family::Alphas
            | Family::ClearedAlphas => per_neuron(|neuron| [0.0, 2.0, 31.0, 32.0, 40.0][neuron % 5]),
            Family::Surplus => 3.0.into(),
            Family::Jumps => if n.is_multiple_of(2) { 2.0 } else { 40.0 }.into(),
        },
        reset,
        refractory,
        spike_test,
        allow_constant_firing: true,
        ..Params::default()
    };
    if family == Family::Rich {
        // Every other neuron decays fast enough for its own flush.
        params.tau_m = per_neuron(|neuron| if neuron.is_multiple_of(2) { 4.0 } else { 1.5 });
        params.v_lower = Some((-1.5).into());
        let kind = if n.is_multiple_of(2) { TraceKind::Add } else { TraceKind::Set };
        params.trace = Some(Trace { tau: 1.2.into(), scale: 1.0.into(), kind });
    }
    let clears = matches!(family, Family::Cleared | Family::ClearedInhibition | Family::ClearedAlphas);
    let rises = matches!(family, Family::Alpha | Family::Alphas | Family::ClearedAlphas);
    if rises {
        params.synapse_shape = SynapseShape::Alpha;
    }
    if clears {
        params.synapse_rule = SynapseRule::Cleared;
    }
    if clears || rises || matches!(family, Family::Synapse | Family::Inhibition) {
        params.tau_syn = Some(per_neuron(|neuron| 0.8 + neuron as f32 % 4.0));
        params.integrator = if n.is_multiple_of(2) { Integrator::Euler } else { Integrator::Exact };
    }
    if matches!(
        family,
        Family::Inhibition | Family::ClearedInhibition | Family::Alphas | Family::ClearedAlphas
    ) {
        params.tau_syn_inhibitory = Some(per_neuron(|neuron| 0.9 + neuron as f32 % 5.0));
    }
    params
}

/// All state that can be read, floats as their bits.
#[derive(Debug, PartialEq, Default)]
struct Found {
    v: Vec<u32>,
    refractory: Vec<u32>,
    trace: Vec<u32>,
    synaptic: Vec<u32>,
    inhibitory: Vec<u32>,
    rises: [Vec<u32>; 2],
    counts: Vec<u32>,
    /// The words of one call.
    words: Vec<u32>,
}

fn bits(values: Vec<f32>) -> Vec<u32> {
    values.into_iter().map(f32::to_bits).collect()
}

/// Makes the steps of a call cell by cell with the functions of the model.
fn modelled(
    table: &Table,
    Shape { batch, n }: Shape,
    noise: Option<&Noise>,
    states: &mut [State],
    counts: &mut [u32],
    (first_step, steps): (u64, u64),
    current: impl Fn(usize, usize) -> f32,
) -> Found {
    let jumps = noise.is_some_and(Noise::jumps);
    let options = model::Options { jumps, ..table.options };
    let cells = batch * n;
    let mut words = vec![0; blocks(first_step, steps) * cells];
    for cell in 0..cells {
        let coefficients = table.cell(cell / n, cell % n);
        for step in 0..steps {
            let number = first_step + step;
            let drawn = noise.map(|noise| noise.at(cell / n, cell % n, n, number)).unwrap_or_default();
            let input = StepInput { current: current(step as usize, cell) + drawn.current, ..drawn };
            let state = model::step_cell(options, coefficients, states[cell], input, (number % 32) as u32);
            let place = first_step % 32 + step;
            words[(place / 32) as usize * cells + cell] |= u32::from(state.spike) << (place % 32);
            counts[cell] += u32::from(state.spike);
            states[cell] = state;
        }
    }
    let flag = |spike| if spike { SPIKE_FLAG } else { 0 };
    Found {
        v: states.iter().map(|state| state.v.to_bits()).collect(),
        refractory: states.iter().map(|state| state.refractory | flag(state.spike)).collect(),
        trace: states.iter().map(|state| state.trace.to_bits()).collect(),
        synaptic: states.iter().map(|state| state.synaptic.to_bits()).collect(),
        inhibitory: states.iter().map(|state| state.inhibitory.to_bits()).collect(),
        rises: [Field::SynapticRises, Field::InhibitoryRises]
            .map(|field| states.iter().map(|state| state.get(field).to_bits()).collect()),
        counts: counts.to_vec(),
        words,
    }
}

/// Makes all calls and compares after each. Returns the number of spikes.
fn compare(family: Family, params: &Params, shape: Shape) -> u64 {
    let Shape { batch, n } = shape;
    let cells = batch * n;
    let table = Arc::new(Table::new(params, shape).expect("valid"));
    let mut engine = CpuEngine::new(Arc::clone(&table), shape);
    // Some at the threshold, some above it, some at a negative zero, which adding 0 would change.
    let start: Vec<f32> = (0..cells)
        .map(|cell| match cell {
            _ if cell.is_multiple_of(7) => 5.0,
            _ if cell % 97 == 1 => -0.0,
            _ => 5.2 * scattered(cell),
        })
        .collect();
    let left: Vec<u32> = (0..cells)
        .map(|cell| match family {
            Family::Surplus => (cell % 3 * 35) as u32,
            _ => table.cell(cell / n, cell % n).refractory_steps * (cell as u32 % 2),
        })
        .collect();
    engine.write(Field::Voltages, &start).expect("as many as cells");
    engine.write_counter(Counter::Refractory, &left).expect("as many as cells");
    let mut states: Vec<State> = start
        .iter()
        .zip(&left)
        .map(|(v, left)| State { v: *v, refractory: *left, ..State::default() })
        .collect();
    let mut counts = vec![0; cells];
    let random = match family {
        Family::Rich => vec![Random::poisson(300.0, 0.7), Random::gaussian(0.1, 0.5)],
        Family::Jumps => vec![Random::poisson(300.0, 0.7)],
        Family::Cleared if n.is_multiple_of(2) => {
            vec![Random::poisson_current(300.0, 0.7), Random::poisson(300.0, 0.7)]
        }
        Family::Synapse | Family::Cleared | Family::Alpha => vec![Random::poisson_current(300.0, 0.7)],
        // Lanes with weights of either sign, and of both.
        Family::Inhibition | Family::ClearedInhibition | Family::Alphas | Family::ClearedAlphas => vec![
            Random::poisson_current(300.0, 0.9),
            Random::poisson_current(200.0, -0.6),
            Random::poisson_current(
                100.0,
                Array1::from_shape_fn(n, |neuron| 0.4 - 0.3 * (neuron % 4) as f32),
            ),
        ],
        _ => Vec::new(),
    };
    let noise = (!random.is_empty()).then(|| Arc::new(Noise::new(&random, 9, shape, params).expect("valid")));
    let mut first_step = 0;
    for (call, steps) in CALLS.into_iter().enumerate() {
        // Some at the threshold, where they stay, the others around it. Every other call has a time axis.
        let drive = |step: usize, cell: usize| {
            if cell.is_multiple_of(7) { 5.0 } else { 4.0 + 12.0 * scattered(cell + step * cells) }
        };
        let sequence = Array3::from_shape_fn((steps as usize, batch, n), |(step, row, neuron)| {
            drive(step, row * n + neuron)
        });
        let constant = Array2::from_shape_fn((batch, n), |(row, neuron)| drive(0, row * n + neuron));
        let over_time = call % 2 == 1;
        let input = if over_time { Input::sequence(&sequence) } else { Input::constant(&constant) };
        let device = Device::cpu();
        let current =
            Current::new(input, steps as usize, shape, table.bounds, noise.clone(), &device).expect("valid");
        let request = Request { spikes: SpikeRequest::All, voltages: None };
        let mut words = Vec::new();
        let made = engine
            .advance(first_step, steps, &current, Some(&request), &mut |piece: Piece<'_>| {
                words.extend_from_slice(piece.words);
                ControlFlow::Continue(())
            })
            .expect("no device to fail");
        assert_eq!(made, steps);
        let found = Found {
            v: bits(engine.read(Field::Voltages).expect("kept")),
            refractory: engine.read_counter(Counter::Refractory).expect("kept"),
            trace: bits(engine.read(Field::Traces).expect("kept")),
            synaptic: bits(engine.read(Field::SynapticCurrents).expect("kept")),
            inhibitory: bits(engine.read(Field::InhibitoryCurrents).expect("kept")),
            rises: [Field::SynapticRises, Field::InhibitoryRises]
                .map(|field| bits(engine.read(field).expect("kept"))),
            counts: engine.read_counter(Counter::Spikes).expect("kept"),
            words,
        };
        let mut expected = modelled(
            &table,
            shape,
            noise.as_deref(),
            &mut states,
            &mut counts,
            (first_step, steps),
            |step, cell| drive(if over_time { step } else { 0 }, cell),
        );
        if found.trace.is_empty() {
            expected.trace.clear();
        }
        if found.synaptic.is_empty() {
            expected.synaptic.clear();
        }
        if found.inhibitory.is_empty() {
            expected.inhibitory.clear();
        }
        for (found, expected) in found.rises.iter().zip(&mut expected.rises) {
            if found.is_empty() {
                expected.clear();
            }
        }
        assert!(
            found == expected,
            "{family:?} {:?} in {shape:?}, {steps} steps from {first_step} on",
            table.options
        );
        first_step += steps;
    }
    counts.iter().map(|count| u64::from(*count)).sum()
}

#[test]
fn each_kernel_gives_the_models_bits() {
    let mut shapes = SHAPES.into_iter().cycle();
    for family in FAMILIES {
        let mut spikes = 0;
        for reset in [Reset::ToValue, Reset::Subtract, Reset::SubtractAhead, Reset::None] {
            for refractory in [Refractory::Frozen, Refractory::LeakOnly, Refractory::Silent] {
                for spike_test in [SpikeTest::Above, SpikeTest::AtOrAbove] {
                    // Three of the four shapes, leaving out another one each time.
                    for shape in shapes.by_ref().take(3).map(Shape::from) {
                        let params = params(family, reset, refractory, spike_test, shape.n);
                        spikes += compare(family, &params, shape);
                    }
                }
            }
        }
        assert!(spikes > 10_000, "{family:?}: {spikes}");
    }
}

#[test]
fn each_set_of_instructions_gives_the_models_bits() {
    for (place, instructions) in instructions::available().into_iter().enumerate() {
        instructions::use_for(place, || {
            for family in FAMILIES {
                let of = |reset, refractory, n| params(family, reset, refractory, SpikeTest::Above, n);
                let spikes = compare(family, &of(Reset::ToValue, Refractory::Frozen, 1027), [2, 1027].into())
                    + compare(family, &of(Reset::Subtract, Refractory::LeakOnly, 29), [3, 29].into())
                    + compare(family, &of(Reset::SubtractAhead, Refractory::Silent, 64), [2, 64].into());
                assert!(spikes > 1000, "{instructions:?}, {family:?}: {spikes}");
            }
        });
    }
}
