//! The points of a curve.

use super::theory::Theory;
use lif::{Raster, Recorded, Sink};
use ndarray::Array1;
use serde::Serialize;
use serde_json::{Map, Value};

/// A curve, in the order of the file.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    pub device: String,
    pub preset: String,
    pub input_unit: &'static str,
    pub dt_ms: f64,
    pub steps: u64,
    pub rheobase: f64,
    pub points: Vec<Point>,
    pub settings: Map<String, Value>,
}

/// The response to one current.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub current: f32,
    pub spikes: u64,
    /// Mean interval between spikes.
    pub interval_steps: Option<f64>,
    /// From the interval if there is one.
    pub rate_hz: f64,
    pub theory_hz: f64,
}

impl Point {
    /// The relative difference from theory.
    pub fn difference(&self) -> Option<f64> {
        (self.theory_hz > 0.0).then(|| self.rate_hz / self.theory_hz - 1.0)
    }
}

impl Curve {
    /// At most `most` points, evenly from the first to the last.
    pub fn sample(&self, most: usize) -> impl Iterator<Item = &Point> {
        let shown = self.points.len().min(most);
        let last = self.points.len().saturating_sub(1);
        (0..shown).filter_map(move |row| self.points.get(row * last / shown.saturating_sub(1).max(1)))
    }
}

/// The first and last spike of each neuron, and the number of spikes.
#[derive(Debug)]
pub struct Trains(Vec<Train>);

#[derive(Debug, Clone, Copy, Default)]
struct Train {
    first: u64,
    last: u64,
    count: u64,
}

impl Trains {
    /// Starts without any spike.
    pub fn new(neurons: usize) -> Self {
        Self(vec![Train::default(); neurons])
    }

    /// The points for these currents, one for each neuron.
    pub fn points(&self, currents: &Array1<f32>, steps: u64, dt: f64, theory: &Theory) -> Vec<Point> {
        let point = |(current, train): (&f32, &Train)| {
            let Train { first, last, count } = *train;
            let interval_steps = (count > 1).then(|| (last - first) as f64 / (count - 1) as f64);
            let rate_hz = match interval_steps {
                Some(interval) => 1000.0 / (interval * dt),
                None => count as f64 * 1000.0 / (steps as f64 * dt),
            };
            let theory_hz = theory.rate(f64::from(*current));
            Point { current: *current, spikes: count, interval_steps, rate_hz, theory_hz }
        };
        currents.iter().zip(&self.0).map(point).collect()
    }
}

impl Sink for Trains {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        for event in block.spikes.iter().flat_map(Raster::events) {
            if let Some(train) = self.0.get_mut(event.neuron as usize) {
                if train.count == 0 {
                    train.first = event.step;
                }
                train.last = event.step;
                train.count += 1;
            }
        }
        Ok(())
    }
}

/// Bytes per point: its current, its spikes, itself, and its text in a file and on the terminal.
pub const BYTES_PER_POINT: u64 = (size_of::<f32>() + size_of::<Train>() + size_of::<Point>()) as u64 + 400;
