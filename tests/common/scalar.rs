//! Simulates a case by the definition itself: steps each cell by hand with the functions of `lif::model`.

use super::Outcome;
use super::random_case::Case;
use lif::model::{self, Options, State, StepInput};
use lif::{Device, Population};
use ndarray::{Array2, Array3};

pub fn outcome(case: &Case) -> Outcome {
    let (n, batch) = (case.n, case.batch);
    let mut population =
        Population::new(case.params.clone(), [batch, n], &Device::cpu()).expect("cases are valid");
    population.set_seed(case.seed).expect("nothing is queued");
    let options = population.options();
    let steps: usize = case.segments.iter().map(|segment| segment.steps).sum();
    let start = case.start_voltages();
    // The state contains differences from the reference.
    let reference = case.params.v_reference;
    let inside = |v: f32| (f64::from(v) - reference) as f32;
    let outside = |v: f32| if reference == 0.0 { v } else { (f64::from(v) + reference) as f32 };

    let mut outcome = Outcome {
        spikes: Array3::from_elem((steps, batch, n), false),
        sampled: Vec::new(),
        rate: Array2::zeros((steps, batch)),
        voltages: Array2::zeros((batch, n)),
        last_spikes: Array2::from_elem((batch, n), false),
        refractory: Array2::zeros((batch, n)),
        counts: Array2::zeros((batch, n)),
        traces: case.params.trace.as_ref().map(|_| Array2::zeros((batch, n))),
        synaptic_currents: case.params.tau_syn.as_ref().map(|_| Array2::zeros((batch, n))),
        inhibitory_currents: case.params.tau_syn_inhibitory.as_ref().map(|_| Array2::zeros((batch, n))),
        synaptic_rises: model::rises(options).then(|| Array2::zeros((batch, n))),
        inhibitory_rises: (model::rises(options) && options.inhibition).then(|| Array2::zeros((batch, n))),
    };
    let sampled = case.sampled_neurons();
    let mut samples = Array3::<f32>::zeros((steps, batch, n));
    let draws: Vec<_> = case
        .segments
        .iter()
        .map(|segment| population.draws(&segment.random).expect("cases are valid"))
        .collect();
    for row in 0..batch {
        for neuron in 0..n {
            let cell = population.coefficients(row, neuron).expect("inside the population");
            let mut state = State { v: inside(start[[row, neuron]]), ..State::default() };
            let mut step = 0;
            for (segment, draws) in case.segments.iter().zip(&draws) {
                let jumps = !segment.random.is_empty() || !segment.spikes.is_empty();
                let options = Options { jumps, ..options };
                for offset in 0..segment.steps {
                    let drawn = draws.at(row, neuron, step as u64).expect("inside the population");
                    let current = segment.current(offset, row, neuron) + drawn.current;
                    let projected = |jumps: bool, counts: &dyn Fn(f32) -> bool| {
                        let trains = segment.spikes.iter().filter(|trains| trains.jumps == jumps);
                        trains.fold(0.0, |sum, trains| trains.add(sum, (offset, row, neuron), counts))
                    };
                    let is_inhibitory = |weight: f32| options.inhibition && weight < 0.0;
                    let input = StepInput {
                        current,
                        arriving: drawn.arriving + projected(false, &|weight| !is_inhibitory(weight)),
                        inhibitory: drawn.inhibitory + projected(false, &is_inhibitory),
                        jump: drawn.jump + projected(true, &|_| true),
                    };
                    state = model::step_cell(options, cell, state, input, (step % 32) as u32);
                    outcome.spikes[[step, row, neuron]] = state.spike;
                    outcome.rate[[step, row]] += u32::from(state.spike);
                    outcome.counts[[row, neuron]] += u32::from(state.spike);
                    samples[[step, row, neuron]] = outside(state.v);
                    step += 1;
                }
            }
            outcome.voltages[[row, neuron]] = outside(state.v);
            outcome.last_spikes[[row, neuron]] = state.spike;
            outcome.refractory[[row, neuron]] = state.refractory;
            if let Some(traces) = &mut outcome.traces {
                traces[[row, neuron]] = state.trace;
            }
            if let Some(currents) = &mut outcome.synaptic_currents {
                currents[[row, neuron]] = state.synaptic;
            }
            if let Some(currents) = &mut outcome.inhibitory_currents {
                currents[[row, neuron]] = state.inhibitory;
            }
            if let Some(rises) = &mut outcome.synaptic_rises {
                rises[[row, neuron]] = state.rise;
            }
            if let Some(rises) = &mut outcome.inhibitory_rises {
                rises[[row, neuron]] = state.inhibitory_rise;
            }
        }
    }
    for step in (0..steps).filter(|step| step % case.every == 0) {
        for row in 0..batch {
            outcome.sampled.extend(sampled.iter().map(|&neuron| samples[[step, row, neuron as usize]]));
        }
    }
    outcome
}
