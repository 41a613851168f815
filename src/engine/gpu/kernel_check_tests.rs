//! A pipeline that computes something else than the model is refused when it is first used, even if others
//! are right.

use super::batch_row::BATCH_ROW_SHADER;
use super::fault_tests::{open, with_context};
use super::kernel::BLOCK_SHADER;
use super::{Gpu, MOST_STEPS_OF_A_DISPATCH};
use crate::{
    Device, Error, Input, Network, Params, Population, PopulationOptions, Random, Recording, Result, Rule,
    SpikeInput, Synapse, Trace, TraceKind,
};
use ndarray::{Array1, Array2};

const N: usize = 20;
const STEPS: u64 = 50;

fn bounded() -> Params {
    Params { v_lower: Some((-70.0).into()), ..Params::default() }
}

fn traced() -> Params {
    Params {
        trace: Some(Trace { tau: 20.0.into(), scale: 1.0.into(), kind: TraceKind::Add }),
        ..Params::default()
    }
}

fn traced_with_synapse() -> Params {
    Params { tau_syn: Some(5.0.into()), ..traced() }
}

fn bounded_with_inhibition() -> Params {
    Params { tau_syn: Some(5.0.into()), tau_syn_inhibitory: Some(9.0.into()), ..bounded() }
}

/// Calls that make a population use a pipeline.
type Act = fn(&mut Population) -> Result<()>;

const RUN: Act = |population| population.run(STEPS, 1.0).go().map(drop);
const SEQUENCE: Act = |population| {
    let currents = Array1::linspace(0.0_f32, 2.0, STEPS as usize);
    population.run(STEPS, Input::sequence(&currents)).go().map(drop)
};
const CHOSEN: Act =
    |population| population.run(STEPS, 1.0).record(Recording::none().spikes_of([3, 1])).go().map(drop);
const VOLTAGES: Act =
    |population| population.run(STEPS, 1.0).record(Recording::none().voltages([3, 1], 7)).go().map(drop);
const RESIDENT: Act = |population| population.run_resident(STEPS, 1.0).map(drop);
const NOISE: Act = |population| population.run(STEPS, Random::poisson(900.0, 0.7)).go().map(drop);
const CURRENTS: Act = |population| population.run(STEPS, Random::poisson_current(900.0, -0.7)).go().map(drop);
const DRIVEN: Act = |population| {
    let spikes = population.run(STEPS, 3.0).record(Recording::none().spikes()).go()?.spikes;
    let weights = Array2::from_elem((N, N), 0.2_f32);
    let spikes = spikes.unwrap_or_else(|| unreachable!("asked for"));
    population.run(STEPS, SpikeInput::dense(&spikes, &weights)).go().map(drop)
};

/// The right code, the wrong code of a driver, the parameters of a population, and the call in which the
/// fault shows.
type Fault = (&'static str, &'static str, fn() -> Params, Act);

/// Drivers with faults, each of which shows in other populations.
const DRIVERS: [&[Fault]; 3] = [
    &[
        ("= block.current_step", "= block.current_step * select(1u, 2u, TRACE != OFF)", traced, SEQUENCE),
        ("+= block.voltage_cells", "+= block.voltage_cells + select(0u, 1u, BOUNDED)", bounded, VOLTAGES),
        ("word |= recorded[(*path).word_place];", "word |= 0u;", Params::default, RESIDENT),
        (
            "arriving + arrivals[(*path).arrival_place]",
            "arriving + arrivals[(*path).arrival_place] * select(1.0, 0.5, BOUNDED)",
            bounded,
            DRIVEN,
        ),
        (
            "block.arriving_inhibitory + (*path)",
            "block.arriving_inhibitory * select(1u, 0u, BOUNDED) + (*path)",
            bounded_with_inhibition,
            DRIVEN,
        ),
    ],
    &[
        ("decayed + cell.trace_scale", "cell.trace_scale", traced, RUN),
        ("options.bounded && v < cell.v_lower", "options.bounded && v < cell.v_lower + 1.0", bounded, RUN),
        (
            "place_among(block.word_places, block.word_neurons",
            "place_among(block.word_places, 1u",
            Params::default,
            CHOSEN,
        ),
    ],
    &[
        (
            "    place += block.cells",
            "    place = select(place, index, TRACE != OFF) + block.cells",
            traced_with_synapse,
            RUN,
        ),
        (
            "jump = (*path).random.jumps[within]",
            "jump = select((*path).random.jumps[within], 0.1, BOUNDED)",
            bounded,
            NOISE,
        ),
        (
            "sum.inhibitory + added",
            "sum.inhibitory + added * select(1.0, 2.0, BOUNDED)",
            bounded_with_inhibition,
            CURRENTS,
        ),
    ],
];

fn refused(result: &Result<()>) -> bool {
    matches!(result, Err(Error::SelfCheck { difference, .. }) if difference.contains("where the model gives"))
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_fault_that_one_pipeline_alone_shows_is_found_out() {
    for faults in DRIVERS {
        let shader = faults.iter().fold(BLOCK_SHADER.to_owned(), |shader, (right, wrong, ..)| {
            assert!(shader.contains(right), "{right}");
            shader.replace(right, wrong)
        });
        with_context(|context| {
            let gpu = Gpu::with_shader(context, MOST_STEPS_OF_A_DISPATCH, &shader).expect("it compiles");
            let device = Device::of_gpu(gpu).expect("what is checked at first is right");
            // Another population gives the right result.
            let outcome = |device: &Device| {
                let mut population = Population::new(Params::default(), [2, N], device).expect("valid");
                let recorded =
                    population.run(STEPS, 1.0).record(Recording::none().spikes()).go().expect("valid");
                (recorded, population.voltages().expect("there"))
            };
            assert!(outcome(&device) == outcome(&Device::cpu()), "{faults:?}");
            let both = Device::several(&[Device::cpu(), device.clone()]).expect("two");
            for ((right, wrong, params, act), device) in
                faults.iter().flat_map(|fault| [(fault, &device), (fault, &both)])
            {
                // Words do not stay on devices if the cells are in several slabs.
                if right.starts_with("word |=") && device.members().len() > 1 {
                    continue;
                }
                let mut population = Population::new(params(), [2, N], device).expect("valid");
                let start = Array1::linspace(-64.0_f32, -53.0, N);
                population.set_voltages(&start).expect("valid");
                let result = act(&mut population);
                assert!(refused(&result), "'{wrong}' passed on {device}: {result:?}");
                // It is a refusal: nothing is lost, and it is repeated.
                let (steps, voltages) = (population.steps(), population.voltages().expect("there"));
                assert!(
                    steps == STEPS || voltages.rows().into_iter().all(|row| row == start),
                    "{voltages:?}"
                );
                assert!(refused(&act(&mut population)), "{wrong}");
                assert!(steps == STEPS || population.voltages().as_ref() == Ok(&voltages), "{wrong}");
            }
        });
    }
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_fault_of_the_kernel_of_batch_rows_is_found_out() {
    let run = |shader: &str| {
        let mut outcome = Ok(());
        with_context(|context| {
            let gpu = Gpu::with_shaders(context, MOST_STEPS_OF_A_DISPATCH, [BLOCK_SHADER, shader]);
            let device =
                Device::of_gpu(gpu.expect("it compiles")).expect("what is checked at first is right");
            let mut network = Network::new();
            let cells = network.add("cells", N, Params::default()).expect("valid");
            let synapse = Synapse::jump(1.0).delay(0.7);
            network.connect(&cells, &cells, Rule::fixed_indegree(3), synapse).expect("valid");
            let mut population = network.build(2, &device).expect("valid");
            outcome = population.run(STEPS, 1.0).record(Recording::none().spikes()).go().map(drop);
        });
        outcome
    };
    assert_eq!(run(BATCH_ROW_SHADER), Ok(()));
    for (right, wrong) in [
        ("(*path).word >> step", "(*path).word"),
        ("place_after(place, bit)", "place_after(place, 0u)"),
        ("row * block.neurons, atomicLoad", "0u, atomicLoad"),
        ("atomicStore(&listed[1u - list], 0u)", "atomicStore(&listed[1u - list], 1u)"),
    ] {
        assert!(BATCH_ROW_SHADER.contains(right), "{right}");
        let result = run(&BATCH_ROW_SHADER.replace(right, wrong));
        assert!(refused(&result), "'{wrong}' passed: {result:?}");
    }
}

/// Queued steps that cannot be made are a fault, as the state after them is not available.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn queued_steps_of_a_refused_pipeline_are_missed() {
    with_context(|context| {
        let shader = BLOCK_SHADER.replace("decayed + cell.trace_scale", "cell.trace_scale");
        let gpu = Gpu::with_shader(context, MOST_STEPS_OF_A_DISPATCH, &shader).expect("it compiles");
        let device = Device::of_gpu(gpu).expect("what is checked at first is right");
        let mut population = Population::new(traced(), N, &device).expect("valid");
        population.forward(1.0).expect("queued");
        assert!(refused(&population.voltages().map(drop)));
        assert!(matches!(population.voltages(), Err(Error::Faulted { .. })));
    });
}

/// The check of a kernel does not count as work of the population.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_check_is_not_counted() {
    with_context(|context| {
        let device = Device::checked(context).expect("the driver is right");
        let options = PopulationOptions { kernel_times: true, ..PopulationOptions::default() };
        let mut population = Population::with_options(bounded(), N, &device, options).expect("valid");
        population.run(STEPS, 1.0).go().expect("valid");
        let first = population.work().expect("there");
        population.run(STEPS, 1.0).go().expect("valid");
        let second = population.work().expect("there");
        assert_eq!((first.cell_blocks, second.cell_blocks), (N as u64, 2 * N as u64));
    });
}

/// Where an invocation advances four cells side by side, each of them is checked when the adapter is opened.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn each_of_the_cells_abreast_is_tried() {
    with_context(|context| {
        if !context.is_llvmpipe() {
            return;
        }
        drop(context);
        for (right, wrong) in
            [("        end(d);", "        end(c);"), ("&c, bit", "&b, bit"), ("&b, groups", "&c, groups")]
        {
            assert!(BLOCK_SHADER.contains(right), "{right}");
            let shader = BLOCK_SHADER.replace(right, wrong);
            let opened = Gpu::with_shader(open(), MOST_STEPS_OF_A_DISPATCH, &shader)
                .and_then(Device::of_gpu)
                .map(drop);
            // Random numbers are not drawn for several cells side by side, so that the last fault never has
            // an effect.
            assert!(refused(&opened) != wrong.contains("groups"), "'{wrong}': {opened:?}");
        }
    });
}
