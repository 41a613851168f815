//! What the picture shows, taken from a run and brought to the units of its axes.

use crate::columns::Column;
use crate::events::Events;
use crate::failure::Failure;
use crate::figures::short;
use crate::plan::{Drive, Plan};
use crate::spools::Spools;
use crate::stimulus::{Stimulus, Transform};
use crate::summary::{Summary, cells};
use lif::Parameter;
use ndarray::Axis;

/// At most so many membrane potentials fit beneath each other.
const MOST_TRACES: usize = 4;

/// More points of a curve than so many are thinned, and more spikes beside it: the picture has far
/// fewer columns.
const MOST_POINTS: u64 = 1 << 16;

/// About so many bins of time for the population rate.
const RATE_BINS: f64 = 500.0;

/// Everything that is drawn.
#[derive(Debug)]
pub struct Scene {
    pub title: String,
    /// Length of a step, ms.
    pub dt: f64,
    /// Steps shown.
    pub steps: u64,
    /// Unit of the input.
    pub input_unit: &'static str,
    /// The input of the first cell: step and value.
    pub stimulus: Option<Vec<(u64, f32)>>,
    pub spikes: Option<Spikes>,
    pub rate: Option<Rate>,
    pub traces: Vec<Trace>,
}

/// The spikes of some neurons.
#[derive(Debug)]
pub struct Spikes {
    pub events: Events,
    /// Which neurons, in ascending order.
    pub neurons: Vec<u32>,
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

impl Spikes {
    /// Shows the step of each spike, and the place of its cell among those drawn.
    pub fn each_place(&self, mut visit: impl FnMut(u32, usize) -> Result<(), String>) -> Result<(), String> {
        self.events.each(|spike| match self.neurons.binary_search(&spike.neuron) {
            Ok(index) => visit(spike.step, spike.batch as usize * self.neurons.len() + index),
            Err(_) => Ok(()),
        })
    }
}

impl Scene {
    /// What a run of so many steps has to show.
    pub fn new(plan: &Plan, summary: &Summary, steps: u64, spools: &Spools) -> Result<Self, Failure> {
        let mean =
            summary.mean_rate_hz.map_or_else(String::new, |hz| format!(", mean rate {} Hz", short(hz)));
        let spikes = match (plan.record.spiking_neurons(plan.neurons)?, spools.events()) {
            (Some(neurons), Some(events)) => Some(Spikes { events, neurons, batch: plan.batch }),
            _ => None,
        };
        let stimulus = match &plan.drive {
            Drive::Stimulus(stimulus, transform) => Some(currents(stimulus, steps, plan.dt, *transform)?),
            Drive::Same(_) | Drive::Spread(_) => None,
        };
        Ok(Self {
            title: format!("{} on {}{mean}", cells(plan.neurons, plan.batch), summary.device),
            dt: plan.dt,
            steps,
            input_unit: plan.input_unit,
            stimulus,
            spikes,
            rate: rate(plan, steps, spools).map_err(Failure::fault)?,
            traces: traces(plan, steps, spools)?,
        })
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.steps == 0 || (self.spikes.is_none() && self.rate.is_none() && self.traces.is_empty())
    }
}

fn rate(plan: &Plan, steps: u64, spools: &Spools) -> Result<Option<Rate>, String> {
    if steps == 0 {
        return Ok(None);
    }
    let bin = bin(steps, plan.dt);
    let mut spikes = vec![0_u64; steps.div_ceil(bin) as usize];
    let events = spools.events().filter(|_| plan.record.has_all_spikes());
    match (spools.column("rate"), events) {
        (Some(rate), _) => {
            let mut step = 0;
            rate.rows(plan.batch, |rows: &[u32]| {
                spikes[(step / bin) as usize] += rows.iter().map(|count| u64::from(*count)).sum::<u64>();
                step += 1;
                Ok(())
            })?;
        }
        (None, Some(events)) => events.each(|spike| {
            spikes[(u64::from(spike.step) / bin) as usize] += 1;
            Ok(())
        })?,
        (None, None) => return Ok(None),
    }
    let cells = (plan.neurons * plan.batch) as f64;
    let hz = spikes.iter().enumerate().map(|(index, spikes)| {
        let steps = bin.min(steps - index as u64 * bin);
        *spikes as f64 / (cells * steps as f64 * plan.dt * 1e-3)
    });
    Ok(Some(Rate { bin, hz: hz.collect() }))
}

/// Steps in a bin: 1, 2 or 5 times a power of ten ms where steps are shorter than that.
fn bin(steps: u64, dt: f64) -> u64 {
    let wanted = steps as f64 * dt / RATE_BINS;
    let power = 10_f64.powf(wanted.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let width = round.into_iter().find(|width| *width >= wanted * (1.0 - 1e-9)).unwrap_or(wanted);
    ((width / dt).round() as u64).max(1)
}

/// The current of the first cell at each step.
fn currents(
    stimulus: &Stimulus,
    steps: u64,
    dt: f64,
    transform: Transform,
) -> Result<Vec<(u64, f32)>, Failure> {
    let length = steps.div_ceil(MOST_POINTS).max(1) as usize;
    let mut curve = Vec::new();
    let mut part = Vec::with_capacity(length);
    let mut step = 0;
    for block in stimulus.currents(0..steps, dt, transform)? {
        for row in block?.axis_iter(Axis(0)) {
            part.extend(row.first().map(|current| (step, *current)));
            if part.len() == length {
                take_extremes(&mut curve, &mut part);
            }
            step += 1;
        }
    }
    take_extremes(&mut curve, &mut part);
    Ok(curve)
}

fn traces(plan: &Plan, steps: u64, spools: &Spools) -> Result<Vec<Trace>, Failure> {
    let (Some(voltages), Some(samples)) = (spools.column("voltage"), spools.column("voltage_steps")) else {
        return Ok(Vec::new());
    };
    let neurons = plan.record.voltage_neurons(plan.neurons)?;
    let count = neurons.len();
    let shown = count.min(MOST_TRACES);
    // From the first to the last of the recorded ones.
    let columns = (0..shown).map(|index| if shown > 1 { index * (count - 1) / (shown - 1) } else { 0 });
    let columns: Vec<usize> = columns.collect();
    let curves = curves(&voltages, &samples, plan.batch * count, &columns).map_err(Failure::fault)?;
    let mut traces: Vec<Trace> = columns
        .iter()
        .zip(curves)
        .map(|(column, samples)| Trace {
            neuron: neurons[*column],
            samples,
            spikes: Vec::new(),
            threshold: of_neuron(&plan.params.v_threshold, neurons[*column]),
        })
        .collect();
    let apart = steps / MOST_POINTS;
    if let Some(events) = spools.events() {
        let taken = events.each(|spike| {
            let trace = traces.iter_mut().find(|trace| spike.batch == 0 && trace.neuron == spike.neuron);
            if let Some(trace) = trace
                && trace.spikes.last().is_none_or(|last| u64::from(spike.step - last) >= apart)
            {
                trace.spikes.push(spike.step);
            }
            Ok(())
        });
        taken.map_err(Failure::fault)?;
    }
    Ok(traces)
}

/// Step and value of some columns of the samples. Of each of many parts of a long curve, the
/// extremes alone.
fn curves(
    voltages: &Column,
    samples: &Column,
    width: usize,
    columns: &[usize],
) -> Result<Vec<Vec<(u64, f32)>>, String> {
    let mut steps = samples.reader();
    let part = samples.length.div_ceil(MOST_POINTS).max(1) as usize;
    let mut curves = vec![Vec::new(); columns.len()];
    let mut parts = vec![Vec::with_capacity(part); columns.len()];
    voltages.rows(width, |row: &[f32]| {
        let mut step = [0_u32];
        samples.fill(&mut steps, &mut step)?;
        for ((curve, part_of_it), column) in curves.iter_mut().zip(&mut parts).zip(columns) {
            part_of_it.push((u64::from(step[0]), row[*column]));
            if part_of_it.len() == part {
                take_extremes(curve, part_of_it);
            }
        }
        Ok(())
    })?;
    for (curve, part_of_it) in curves.iter_mut().zip(&mut parts) {
        take_extremes(curve, part_of_it);
    }
    Ok(curves)
}

/// Moves a part of a curve to it: whole where it is short.
fn take_extremes(curve: &mut Vec<(u64, f32)>, part: &mut Vec<(u64, f32)>) {
    if part.len() <= 2 {
        curve.append(part);
        return;
    }
    let by_value = |a: &&(u64, f32), b: &&(u64, f32)| a.1.total_cmp(&b.1);
    if let (Some(low), Some(high)) = (part.iter().min_by(by_value), part.iter().max_by(by_value)) {
        curve.extend(if low.0 < high.0 { [*low, *high] } else { [*high, *low] });
    }
    part.clear();
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
