//! Compares the spikes of presets ("here") with those of the reference system ("there").

use crate::reference::{Case, INPUTS, Reference};
use lif::model::{self, Options, State, StepInput};
use lif::{
    Device, Event, Input, Parameter, Params, Population, Raster, Recording, Reset, SpikeInput, SpikeTest,
};
use ndarray::{Array2, ArrayView1, Axis};

/// The largest distance to the threshold, relative to the magnitude of the potentials, that rounding can explain.
pub const ROUNDING: f64 = 3e-6;

/// Counts of spikes for one input, over all cases of a system.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub neuron_steps: usize,
    pub spikes: usize,
    pub spikes_here: usize,
    /// Neuron-steps with a spike either here or there, but not both.
    pub differing: usize,
    pub differing_neurons: usize,
}

/// The first difference between the spikes of a neuron here and there.
#[derive(Debug, Clone)]
pub struct Difference {
    pub case: usize,
    pub input: usize,
    pub neuron: usize,
    pub step: usize,
    /// The distance above the threshold here in that step.
    pub margin: f64,
    /// That distance relative to the largest potential of the neuron.
    pub part: f64,
}

pub struct Comparison {
    pub tallies: Vec<Tally>,
    pub differences: Vec<Difference>,
    /// The largest relative difference of a trace, among neurons with equal spikes.
    pub largest_trace_error: Option<f64>,
    /// For each case and neuron with a constant input: the mean inter-spike interval here minus that there, in steps.
    pub intervals: Vec<Vec<f64>>,
}

/// Simulates a preset; returns its spikes and its last traces.
fn run(params: Params, currents: &Array2<f32>, weight: Option<f32>) -> (Array2<bool>, Option<Vec<f32>>) {
    let (steps, cells) = currents.dim();
    let has_trace = params.trace.is_some();
    let mut population = Population::new(params, cells, &Device::cpu()).unwrap();
    let arriving;
    let input = match weight {
        None => Input::sequence(currents),
        Some(weight) => {
            let events = currents.indexed_iter().filter(|(_, current)| **current != 0.0);
            let events =
                events.map(|((step, cell), _)| Event { step: step as u64, batch: 0, neuron: cell as u32 });
            arriving = Raster::from_events(events, 0, steps as u64, 1, cells).unwrap();
            SpikeInput::each(&arriving, weight).into()
        }
    };
    let recorded = population.run(steps as u64, input).record(Recording::none().spikes()).go().unwrap();
    let mut spikes = Array2::from_elem((steps, cells), false);
    for event in recorded.spikes.unwrap().events() {
        spikes[[event.step as usize, event.neuron as usize]] = true;
    }
    let traces = has_trace.then(|| population.traces().unwrap().into_iter().collect());
    (spikes, traces)
}

impl Comparison {
    pub fn of(reference: &Reference) -> Self {
        let mut comparison = Self {
            tallies: vec![Tally::default(); INPUTS.len()],
            differences: Vec::new(),
            largest_trace_error: None,
            intervals: Vec::new(),
        };
        for (index, case) in reference.cases.iter().enumerate() {
            comparison.add(index, case, reference.neurons);
        }
        comparison
    }

    fn add(&mut self, index: usize, case: &Case, neurons: usize) {
        let params = case.preset.params().unwrap();
        let (spikes, traces) = run(params.clone(), &case.currents, case.weight);
        // The neurons with the first input, which is constant.
        let longer = (0..neurons).filter_map(|neuron| {
            Some(mean_interval(spikes.column(neuron))? - mean_interval(case.spikes.column(neuron))?)
        });
        self.intervals.push(longer.collect());
        for (cell, (here, there)) in spikes.axis_iter(Axis(1)).zip(case.spikes.axis_iter(Axis(1))).enumerate()
        {
            let (input, neuron) = (cell / neurons, cell % neurons);
            let tally = &mut self.tallies[input];
            tally.neuron_steps += here.len();
            tally.spikes += there.iter().filter(|spike| **spike).count();
            tally.spikes_here += here.iter().filter(|spike| **spike).count();
            tally.differing += here.iter().zip(there).filter(|(here, there)| here != there).count();
            match here.iter().zip(there).position(|(here, there)| here != there) {
                Some(step) => {
                    tally.differing_neurons += 1;
                    let (margin, _) = margin(&params, case.currents.column(cell), case.weight, step);
                    let part = margin.abs() / magnitude(&params);
                    self.differences.push(Difference { case: index, input, neuron, step, margin, part });
                }
                None => {
                    if let (Some(here), Some(there)) = (&traces, &case.traces) {
                        let (here, there) = (f64::from(here[cell]), f64::from(there[cell]));
                        // Traces below 1e-6 are not compared precisely.
                        let error = (here - there).abs() / there.abs().max(1e-6);
                        let largest = self.largest_trace_error.get_or_insert(0.0);
                        *largest = largest.max(error);
                    }
                }
            }
        }
    }
}

/// Returns the mean inter-spike interval in steps; `None` with fewer than two spikes.
fn mean_interval(spikes: ArrayView1<'_, bool>) -> Option<f64> {
    let steps: Vec<usize> =
        spikes.indexed_iter().filter(|(_, spike)| **spike).map(|(step, _)| step).collect();
    match steps[..] {
        [first, .., last] => Some((last - first) as f64 / (steps.len() - 1) as f64),
        _ => None,
    }
}

/// Returns how far above its threshold a neuron is here in a step, before it is reset, and how far the threshold is
/// above rest.
fn margin(params: &Params, currents: ArrayView1<'_, f32>, weight: Option<f32>, step: usize) -> (f64, f64) {
    let population = Population::new(params.clone(), 1, &Device::cpu()).unwrap();
    let cell = population.coefficients(0, 0).unwrap();
    let mut state = State { v: cell.v_rest, ..State::default() };
    let options = Options { bounded: false, ..population.options() };
    let crosses = |v: f32| match options.spike_test {
        SpikeTest::Above => v > cell.v_threshold,
        SpikeTest::AtOrAbove => v >= cell.v_threshold,
    };
    let mut tested = state.v;
    for (now, current) in currents.iter().take(step + 1).enumerate() {
        let (current, arriving) = match weight {
            None => (*current, 0.0),
            Some(weight) => (0.0, if *current == 0.0 { 0.0 } else { weight }),
        };
        let input = StepInput { current, arriving, ..StepInput::default() };
        // Flushing does not change potentials near the threshold.
        let step_with =
            |reset| model::step_cell(Options { reset, ..options }, cell, state, input, now as u32).v;
        // A subtraction ahead of the spike test is part of the tested potential.
        let ahead = options.reset == Reset::SubtractAhead && state.refractory == 0 && crosses(state.v);
        tested = step_with(Reset::None) - if ahead { cell.reset } else { 0.0 };
        state = model::step_cell(population.options(), cell, state, input, now as u32);
    }
    let threshold = f64::from(cell.v_threshold);
    (f64::from(tested) - threshold, threshold - f64::from(cell.v_rest))
}

/// Returns the largest magnitude of the potentials of a neuron.
pub fn magnitude(params: &Params) -> f64 {
    let number = |parameter: &Parameter| f64::from(parameter.values()[[]]);
    let (threshold, rest) = (number(&params.v_threshold), number(&params.v_rest));
    threshold.abs().max(rest.abs()).max(threshold - rest)
}

/// Counts for neurons that a constant input brings just above their threshold, over all cases of a system.
#[derive(Debug, Clone, Default)]
pub struct NearTally {
    pub neurons: usize,
    pub spikes: usize,
    pub differing: usize,
    pub differing_neurons: usize,
    /// The largest distance to the threshold at which spikes differ first, and this distance relative to the distance
    /// from rest to the threshold.
    pub margin: f64,
    pub part: f64,
}

impl NearTally {
    /// Simulates and counts, after `change` is applied to the parameters.
    pub fn of(reference: &Reference, change: impl Fn(Params) -> Params) -> Self {
        let mut tally = Self::default();
        for case in &reference.cases {
            let Some(near) = &case.near else { continue };
            let params = change(case.preset.params().unwrap());
            let (spikes, _) = run(params.clone(), &near.currents, None);
            for (neuron, (here, there)) in
                spikes.axis_iter(Axis(1)).zip(near.spikes.axis_iter(Axis(1))).enumerate()
            {
                tally.neurons += 1;
                tally.spikes += there.iter().filter(|spike| **spike).count();
                tally.differing += here.iter().zip(there).filter(|(here, there)| here != there).count();
                let Some(step) = here.iter().zip(there).position(|(here, there)| here != there) else {
                    continue;
                };
                tally.differing_neurons += 1;
                let (margin, distance) = margin(&params, near.currents.column(neuron), None, step);
                tally.margin = tally.margin.max(margin.abs());
                tally.part = tally.part.max((margin / distance).abs());
            }
        }
        tally
    }
}
