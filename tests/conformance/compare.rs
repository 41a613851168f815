//! Spikes here against spikes there.

use crate::reference::{Case, INPUTS, Reference};
use lif::{Device, Event, Input, Parameter, Params, Population, Raster, Recording, SpikeInput};
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// Shifts of the threshold, in parts of the magnitude of the potentials, that count as rounding.
const ROUNDING: [f64; 5] = [3e-8, 1e-7, 3e-7, 1e-6, 3e-6];

/// A system's spikes for one input, over all its cases.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub neuron_steps: usize,
    pub spikes: usize,
    pub spikes_here: usize,
    /// Neuron-steps with a spike here or there, but not both.
    pub differing: usize,
    pub differing_neurons: usize,
}

/// Where the spikes of a neuron differ first.
#[derive(Debug, Clone)]
pub struct Difference {
    pub case: usize,
    pub input: usize,
    pub neuron: usize,
    pub step: usize,
    /// The smallest of the shifts of the threshold with which they differ no more until then, if there is any.
    pub shift: Option<f64>,
}

pub struct Comparison {
    pub tallies: Vec<Tally>,
    pub differences: Vec<Difference>,
    /// The largest relative difference of a trace, of neurons whose spikes are equal.
    pub largest_trace_error: Option<f64>,
    /// By how many steps the mean interval of each neuron with a constant input is longer here, for each case.
    pub intervals: Vec<Vec<f64>>,
}

/// The spikes of the preset, and the last traces.
fn run(params: Params, currents: &Array2<f32>, weight: Option<f32>) -> (Array2<bool>, Option<Vec<f32>>) {
    let (steps, cells) = currents.dim();
    let has_trace = params.trace.is_some();
    let mut population = Population::new(params, cells, 1, &Device::cpu()).unwrap();
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
    let recorded = population.run(steps as u64, input, &Recording::none().spikes()).unwrap();
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
        // The first input is the constant one.
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
                    let until = s![..=step];
                    let current = case.currents.slice(s![..=step, cell]).to_owned();
                    let shift =
                        smallest_shift(&params, &current, case.weight, &there.slice(until).to_owned());
                    self.differences.push(Difference { case: index, input, neuron, step, shift });
                }
                None => {
                    if let (Some(here), Some(there)) = (&traces, &case.traces) {
                        let (here, there) = (f64::from(here[cell]), f64::from(there[cell]));
                        // What has decayed that far is not worth comparing.
                        let error = (here - there).abs() / there.abs().max(1e-6);
                        let largest = self.largest_trace_error.get_or_insert(0.0);
                        *largest = largest.max(error);
                    }
                }
            }
        }
    }
}

/// In steps, where there are intervals.
fn mean_interval(spikes: ArrayView1<'_, bool>) -> Option<f64> {
    let steps: Vec<usize> =
        spikes.indexed_iter().filter(|(_, spike)| **spike).map(|(step, _)| step).collect();
    match steps[..] {
        [first, .., last] => Some((last - first) as f64 / (steps.len() - 1) as f64),
        _ => None,
    }
}

/// The smallest shift of the threshold, in mV, with which one neuron spikes like this.
fn smallest_shift(
    params: &Params,
    current: &Array1<f32>,
    weight: Option<f32>,
    expected: &Array1<bool>,
) -> Option<f64> {
    let number = |parameter: &Parameter| f64::from(parameter.values()[[]]);
    let (threshold, reset, rest) =
        (number(&params.v_threshold), number(&params.v_reset), number(&params.v_rest));
    let magnitude = threshold.abs().max(rest.abs()).max(threshold - rest);
    let shifts: Vec<f64> = ROUNDING.iter().flat_map(|part| [part * magnitude, -part * magnitude]).collect();
    // The reset goes with it, so that what is subtracted stays.
    let shifted = |value: f64| Array1::from_iter(shifts.iter().map(|shift| (value + shift) as f32)).into();
    let params = Params { v_threshold: shifted(threshold), v_reset: shifted(reset), ..params.clone() };
    let currents = Array2::from_shape_fn((current.len(), shifts.len()), |(step, _)| current[step]);
    let (spikes, _) = run(params, &currents, weight);
    let found = spikes.axis_iter(Axis(1)).position(|spikes| spikes == expected);
    found.map(|index| shifts[index])
}
