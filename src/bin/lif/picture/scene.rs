//! What the picture shows, taken from a run and brought to the units of its axes.

use crate::events::Events;
use crate::figures::short;
use crate::plan::{Drive, Plan};
use crate::summary::{Summary, cells};
use lif::{Parameter, Recorded};
use ndarray::Axis;

/// At most so many membrane potentials fit beneath each other.
const MOST_TRACES: usize = 4;

/// About so many bins of time for the population rate.
const RATE_BINS: f64 = 500.0;

/// Everything that is drawn.
#[derive(Debug)]
pub struct Scene<'a> {
    pub title: String,
    /// Length of a step, ms.
    pub dt: f64,
    /// Steps shown.
    pub steps: u64,
    /// The input, nA per step.
    pub stimulus: Option<Vec<f32>>,
    pub spikes: Option<Spikes<'a>>,
    pub rate: Option<Rate>,
    pub traces: Vec<Trace>,
}

/// The spikes of some neurons.
#[derive(Debug)]
pub struct Spikes<'a> {
    pub events: &'a Events,
    /// Which neurons, in ascending order.
    pub neurons: &'a [u32],
    pub batch: usize,
}

/// The population's rate.
#[derive(Debug)]
pub struct Rate {
    /// Steps in a bin.
    pub bin: u64,
    /// Hz, for each bin.
    pub hz: Vec<f64>,
}

/// The membrane potential of one neuron of the first batch row.
#[derive(Debug)]
pub struct Trace {
    pub neuron: u32,
    /// Step and mV.
    pub samples: Vec<(u64, f32)>,
    /// Steps with a spike.
    pub spikes: Vec<u32>,
    pub threshold: f32,
}

impl<'a> Scene<'a> {
    /// What a run has to show.
    pub fn new(plan: &Plan, summary: &Summary, recorded: &'a Recorded, events: Option<&'a Events>) -> Self {
        let rate =
            summary.mean_rate_hz.map_or_else(String::new, |hz| format!(", mean rate {} Hz", short(hz)));
        let spikes = match (&recorded.spikes, events) {
            (Some(raster), Some(events)) => {
                Some(Spikes { events, neurons: raster.neurons(), batch: plan.batch })
            }
            _ => None,
        };
        let stimulus = match &plan.drive {
            Drive::Stimulus(currents) => Some(
                currents
                    .axis_iter(Axis(0))
                    .take(recorded.steps as usize)
                    .filter_map(|row| row.first().copied())
                    .collect(),
            ),
            _ => None,
        };
        Self {
            title: format!("{} on {}{rate}", cells(plan.neurons, plan.batch), summary.device),
            dt: plan.dt,
            steps: recorded.steps,
            stimulus,
            spikes,
            rate: population_rate(plan, recorded, events.filter(|_| plan.record.has_all_spikes())),
            traces: traces(plan, recorded, events),
        }
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.steps == 0 || (self.spikes.is_none() && self.rate.is_none() && self.traces.is_empty())
    }
}

fn population_rate(plan: &Plan, recorded: &Recorded, events: Option<&Events>) -> Option<Rate> {
    if recorded.steps == 0 {
        return None;
    }
    let bin = bin(recorded.steps, plan.dt);
    let mut spikes = vec![0_u64; recorded.steps.div_ceil(bin) as usize];
    match (&recorded.rate, events) {
        (Some(rate), _) => {
            for (step, rows) in rate.axis_iter(Axis(0)).enumerate() {
                spikes[step / bin as usize] += rows.iter().map(|count| u64::from(*count)).sum::<u64>();
            }
        }
        (None, Some(events)) => {
            for step in &events.step {
                spikes[(u64::from(*step) / bin) as usize] += 1;
            }
        }
        (None, None) => return None,
    }
    let cells = (plan.neurons * plan.batch) as f64;
    let hz = spikes.iter().enumerate().map(|(index, spikes)| {
        let steps = bin.min(recorded.steps - index as u64 * bin);
        *spikes as f64 / (cells * steps as f64 * plan.dt * 1e-3)
    });
    Some(Rate { bin, hz: hz.collect() })
}

/// Steps in a bin: 1, 2 or 5 times a power of ten ms where steps are shorter than that.
fn bin(steps: u64, dt: f64) -> u64 {
    let wanted = steps as f64 * dt / RATE_BINS;
    let power = 10_f64.powf(wanted.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let width = round.into_iter().find(|width| *width >= wanted * (1.0 - 1e-9)).unwrap_or(wanted);
    ((width / dt).round() as u64).max(1)
}

fn traces(plan: &Plan, recorded: &Recorded, events: Option<&Events>) -> Vec<Trace> {
    let Some(voltages) = &recorded.voltages else { return Vec::new() };
    let count = voltages.neurons.len();
    let shown = count.min(MOST_TRACES);
    let mut traces: Vec<Trace> = (0..shown)
        .map(|index| {
            // From the first to the last of the recorded ones.
            let column = if shown > 1 { index * (count - 1) / (shown - 1) } else { 0 };
            let neuron = voltages.neurons[column];
            let samples = voltages.values.axis_iter(Axis(0)).zip(&voltages.steps);
            Trace {
                neuron,
                samples: samples.filter_map(|(rows, step)| Some((*step, *rows.get([0, column])?))).collect(),
                spikes: Vec::new(),
                threshold: of_neuron(&plan.params.v_threshold, neuron),
            }
        })
        .collect();
    for spike in events.into_iter().flat_map(Events::iter).filter(|spike| spike.batch == 0) {
        if let Some(trace) = traces.iter_mut().find(|trace| trace.neuron == spike.neuron) {
            trace.spikes.push(spike.step);
        }
    }
    traces
}

fn of_neuron(parameter: &Parameter, neuron: u32) -> f32 {
    let values = parameter.values();
    values.iter().nth(neuron as usize).or_else(|| values.first()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_round_numbers_of_ms() {
        assert_eq!(bin(10_000, 0.1), 20);
        assert_eq!(bin(100_000, 0.1), 200);
        assert_eq!(bin(10, 0.1), 1);
        assert_eq!(bin(1000, 1.0), 2);
    }
}
