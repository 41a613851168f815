//! What the picture shows, in the units of its axes.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use crate::commands::run::summary::{Summary, cells};
use crate::failure::Failure;
use crate::plan::{Drive, Plan};
use crate::quantity::preset_units::AxisUnits;
use crate::recording::columns::Column;
use crate::recording::events::Events;
use crate::recording::spools::Spools;
use crate::stimulus::{Stimulus, Transform};
use crate::terminal::figures::short;
use lif::Parameter;
use ndarray::{Array2, Axis};
use std::ops::Range;

/// The most membrane potentials in a picture.
const MOST_TRACES: usize = 4;

/// Curves with more points are thinned, and so are spikes next to them: the picture has far fewer columns.
const MOST_POINTS: u64 = 1 << 16;

/// The most default bins of the population rate.
const MOST_RATE_BINS: f64 = 500.0;

/// The fewest default bins, for a run with few spikes.
const FEWEST_RATE_BINS: f64 = 20.0;

/// The mean number of spikes in a default bin.
const SPIKES_PER_BIN: f64 = 25.0;

/// Everything that is drawn.
#[derive(Debug)]
pub struct Scene {
    pub title: String,
    /// Length of a step, ms.
    pub dt: f64,
    /// The steps shown.
    pub shown: Range<u64>,
    pub units: AxisUnits,
    pub stimulus: Option<Currents>,
    pub spikes: Option<Spikes>,
    pub rate: Option<Rate>,
    pub traces: Vec<Trace>,
    /// If nothing but the counts was recorded.
    pub counts: Option<Counts>,
}

/// The input of the first cell.
#[derive(Debug)]
pub struct Currents {
    /// Step and value.
    pub samples: Vec<(u64, f32)>,
    /// Which cell that is, if others have another input.
    pub whose: &'static [&'static str],
}

/// The spikes of some neurons.
#[derive(Debug)]
pub struct Spikes {
    pub events: Events,
    /// Which neurons, in ascending order.
    pub neurons: Vec<u32>,
    pub batch: usize,
    /// The number in the steps shown.
    pub count: u64,
}

/// The population's rate in the steps shown.
#[derive(Debug)]
pub struct Rate {
    /// Steps in a bin.
    pub bin: u64,
    /// Hz, for each bin.
    pub hz: Vec<f64>,
}

/// The spikes of each cell in the whole run.
#[derive(Debug)]
pub struct Counts {
    pub spikes: Vec<u32>,
    pub seconds: f64,
}

/// The membrane potential of one neuron in the first batch row.
#[derive(Debug)]
pub struct Trace {
    pub neuron: u32,
    /// Step and mV.
    pub samples: Vec<(u64, f32)>,
    /// Steps with a spike, if its spikes were recorded.
    pub spikes: Option<Vec<u32>>,
    pub threshold: f32,
}

impl Spikes {
    fn new(
        events: Events,
        neurons: Vec<u32>,
        batch: usize,
        shown: &Range<u64>,
        all: bool,
    ) -> Result<Self, String> {
        let mut spikes = Self { count: events.count(), events, neurons, batch };
        if !all {
            let mut count = 0;
            spikes.each_place(shown, |_, _| {
                count += 1;
                Ok(())
            })?;
            spikes.count = count;
        }
        Ok(spikes)
    }

    /// Calls `visit` for each spike in these steps, with its step and the place of its cell.
    pub fn each_place(
        &self,
        shown: &Range<u64>,
        mut visit: impl FnMut(u32, usize) -> Result<(), String>,
    ) -> Result<(), String> {
        self.events.each(|spike| match self.neurons.binary_search(&spike.neuron) {
            Ok(index) if shown.contains(&u64::from(spike.step)) => {
                visit(spike.step, spike.batch as usize * self.neurons.len() + index)
            }
            _ => Ok(()),
        })
    }
}

impl Scene {
    /// The scene of a run that made this many steps.
    pub fn new(
        plan: &Plan,
        summary: &Summary,
        steps: u64,
        spools: &Spools,
        counts: &Array2<u32>,
    ) -> Result<Self, Failure> {
        let mean =
            summary.mean_rate_hz.map_or_else(String::new, |hz| format!(", mean rate {} Hz", short(hz)));
        let shown = plan.window.start.min(steps)..plan.window.end.min(steps);
        let spikes = match (plan.record.spiking_neurons(plan.shape.n)?, spools.events()) {
            (Some(neurons), Some(events)) => {
                let spikes = Spikes::new(events, neurons, plan.shape.batch, &shown, shown == (0..steps));
                Some(spikes.map_err(Failure::fault)?)
            }
            _ => None,
        };
        let stimulus = match &plan.drive {
            Drive::Stimulus(stimulus, transform) if !shown.is_empty() => {
                Some(currents(stimulus, &shown, plan.dt, *transform)?)
            }
            _ => None,
        };
        let rate = rate(plan, &shown, spools).map_err(Failure::fault)?;
        let traces = traces(plan, &shown, spools)?;
        let nothing_over_time = spikes.is_none() && rate.is_none() && traces.is_empty();
        let counts = (nothing_over_time && plan.record.has_counts() && steps > 0).then(|| Counts {
            spikes: counts.iter().copied().collect(),
            seconds: steps as f64 * plan.dt * 1e-3,
        });
        Ok(Self {
            title: format!("{} on {}{mean}", cells(plan.shape), summary.device),
            dt: plan.dt,
            shown,
            units: plan.units,
            stimulus,
            spikes,
            rate,
            traces,
            counts,
        })
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        let over_time = self.spikes.is_some() || self.rate.is_some() || !self.traces.is_empty();
        self.counts.is_none() && (self.shown.is_empty() || !over_time)
    }

    /// The number of steps shown.
    pub fn shown_steps(&self) -> u64 {
        self.shown.end - self.shown.start
    }

    /// The end of a step on the axis of time, where its spike and its membrane potential are drawn.
    pub fn end_of(&self, step: u64) -> f64 {
        self.time(step as f64 + 1.0)
    }

    /// The first and the last time shown.
    pub fn bounds(&self) -> (f64, f64) {
        (self.time(self.shown.start as f64), self.time(self.shown.end as f64))
    }
}

fn rate(plan: &Plan, shown: &Range<u64>, spools: &Spools) -> Result<Option<Rate>, String> {
    if shown.is_empty() {
        return Ok(None);
    }
    let steps = shown.end - shown.start;
    let events = spools.events().filter(|_| plan.record.has_all_spikes(plan.shape.n));
    // Counts the spikes of each bin.
    let binned = |bin: u64| -> Result<Option<Vec<u64>>, String> {
        let mut spikes = vec![0_u64; steps.div_ceil(bin) as usize];
        let mut add = |step: u64, count: u64| {
            if shown.contains(&step) {
                spikes[((step - shown.start) / bin) as usize] += count;
            }
        };
        match (spools.column("rate"), &events) {
            (Some(rate), _) => {
                let mut step = 0;
                rate.rows(plan.shape.batch, |rows: &[u32]| {
                    add(step, rows.iter().map(|count| u64::from(*count)).sum());
                    step += 1;
                    Ok(())
                })?;
            }
            (None, Some(events)) => events.each(|spike| {
                add(u64::from(spike.step), 1);
                Ok(())
            })?,
            (None, None) => return Ok(None),
        }
        Ok(Some(spikes))
    };
    let bin = match plan.rate_bin {
        Some(bin) => bin.min(steps),
        None => match binned(steps)? {
            Some(all) => bin(steps, plan.dt, all.iter().sum()),
            None => return Ok(None),
        },
    };
    let Some(spikes) = binned(bin)? else { return Ok(None) };
    let cells = plan.shape.cells() as f64;
    let hz = spikes.iter().enumerate().map(|(index, spikes)| {
        let steps = bin.min(steps - index as u64 * bin);
        *spikes as f64 / (cells * steps as f64 * plan.dt * 1e-3)
    });
    Ok(Some(Rate { bin, hz: hz.collect() }))
}

/// Steps of a bin that has enough spikes: 1, 2 or 5 times a power of ten ms, if steps are shorter.
fn bin(steps: u64, dt: f64, spikes: u64) -> u64 {
    let bins = (spikes as f64 / SPIKES_PER_BIN).clamp(FEWEST_RATE_BINS, MOST_RATE_BINS);
    let least = steps as f64 * dt / bins;
    let power = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let width = round.into_iter().find(|width| *width >= least * (1.0 - 1e-9)).unwrap_or(least);
    ((width / dt).round() as u64).clamp(1, steps)
}

/// The current of the first cell in each step shown.
fn currents(
    stimulus: &Stimulus,
    shown: &Range<u64>,
    dt: f64,
    transform: Transform,
) -> Result<Currents, Failure> {
    let length = (shown.end - shown.start).div_ceil(MOST_POINTS).max(1) as usize;
    let mut curve = Vec::new();
    let mut part = Vec::with_capacity(length);
    let mut step = 0;
    let mut whose: &[&str] = &[];
    // From the first step on, as a low-pass filter depends on all steps before.
    for block in stimulus.currents(0..shown.end, dt, transform)? {
        let block = block?;
        whose = input_notes(block.shape().get(1..).unwrap_or_default());
        for row in block.axis_iter(Axis(0)) {
            if step >= shown.start {
                part.extend(row.first().map(|current| (step, *current)));
            }
            if part.len() == length {
                take_extremes(&mut curve, &mut part);
            }
            step += 1;
        }
    }
    take_extremes(&mut curve, &mut part);
    Ok(Currents { samples: curve, whose })
}

/// Which cell the first one is, for inputs of this shape.
fn input_notes(shape: &[usize]) -> &'static [&'static str] {
    let (neurons, rows) = match shape {
        [neurons] => (*neurons, 1),
        [rows, neurons] => (*neurons, *rows),
        _ => (1, 1),
    };
    match (neurons > 1, rows > 1) {
        (true, true) => &["neuron 0,", "row 0"],
        (true, false) => &["neuron", "0"],
        (false, true) => &["batch", "row 0"],
        (false, false) => &[],
    }
}

fn traces(plan: &Plan, shown: &Range<u64>, spools: &Spools) -> Result<Vec<Trace>, Failure> {
    let (Some(voltages), Some(samples)) = (spools.column("voltage"), spools.column("voltage_steps")) else {
        return Ok(Vec::new());
    };
    let neurons = plan.record.voltage_neurons(plan.shape.n)?;
    let spiking = plan.record.spiking_neurons(plan.shape.n)?.unwrap_or_default();
    let count = neurons.len();
    let drawn = count.min(MOST_TRACES);
    // Evenly from the first to the last recorded neuron.
    let columns = (0..drawn).map(|index| if drawn > 1 { index * (count - 1) / (drawn - 1) } else { 0 });
    let columns: Vec<usize> = columns.collect();
    let curves =
        curves(&voltages, &samples, plan.shape.batch * count, &columns, shown).map_err(Failure::fault)?;
    let mut traces: Vec<Trace> = columns
        .iter()
        .zip(curves)
        .map(|(column, samples)| Trace {
            neuron: neurons[*column],
            samples,
            spikes: spiking.binary_search(&neurons[*column]).is_ok().then(Vec::new),
            threshold: of_neuron(&plan.params.v_threshold, neurons[*column]),
        })
        .collect();
    let apart = (shown.end - shown.start) / MOST_POINTS;
    if let Some(events) = spools.events() {
        let taken = events.each(|spike| {
            let trace = traces.iter_mut().find(|trace| spike.batch == 0 && trace.neuron == spike.neuron);
            if let Some(spikes) = trace.and_then(|trace| trace.spikes.as_mut())
                && shown.contains(&u64::from(spike.step))
                && spikes.last().is_none_or(|last| u64::from(spike.step - last) >= apart)
            {
                spikes.push(spike.step);
            }
            Ok(())
        });
        taken.map_err(Failure::fault)?;
    }
    Ok(traces)
}

/// Step and value for some columns of the samples. Long curves keep only the extremes of each part.
fn curves(
    voltages: &Column,
    samples: &Column,
    width: usize,
    columns: &[usize],
    shown: &Range<u64>,
) -> Result<Vec<Vec<(u64, f32)>>, String> {
    let mut steps = samples.reader();
    let part = samples.length.div_ceil(MOST_POINTS).max(1) as usize;
    let mut curves = vec![Vec::new(); columns.len()];
    let mut parts = vec![Vec::with_capacity(part); columns.len()];
    voltages.rows(width, |row: &[f32]| {
        let mut step = [0_u32];
        samples.fill(&mut steps, &mut step)?;
        if !shown.contains(&u64::from(step[0])) {
            return Ok(());
        }
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

/// Appends a part to a curve: all of it if it is short, otherwise its extremes.
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
        let many = 1_000_000;
        assert_eq!(bin(10_000, 0.1, many), 20);
        assert_eq!(bin(100_000, 0.1, many), 200);
        assert_eq!(bin(10, 0.1, many), 1);
        assert_eq!(bin(1000, 1.0, many), 2);
    }

    #[test]
    fn the_input_says_whose_it_is_where_others_have_another() {
        let none: [&str; 0] = [];
        assert_eq!([input_notes(&[]), input_notes(&[1]), input_notes(&[1, 1])], [none; 3]);
        assert_eq!(input_notes(&[5]), ["neuron", "0"]);
        assert_eq!(input_notes(&[2, 1]), ["batch", "row 0"]);
        assert_eq!(input_notes(&[2, 5]), ["neuron 0,", "row 0"]);
    }

    #[test]
    fn bins_have_enough_spikes() {
        assert_eq!(bin(10_000, 0.1, 2500), 100, "100 bins of 25 spikes");
        assert_eq!(bin(10_000, 0.1, 26), 500, "20 bins, however few the spikes are");
        assert_eq!(bin(1, 0.1, 0), 1);
    }
}
