//! The points of a curve.

use super::theory::Theory;
use lif::Raster;
use ndarray::Array1;
use serde::Serialize;
use serde_json::{Map, Value};

/// A curve, in the order in which it is written.
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

/// What one current does.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub current: f32,
    pub spikes: u64,
    /// Mean interval between spikes.
    pub interval_steps: Option<f64>,
    /// From the interval, where there is one.
    pub rate_hz: f64,
    pub theory_hz: f64,
}

impl Point {
    /// By which part the rate is above theory.
    pub fn difference(&self) -> Option<f64> {
        (self.theory_hz > 0.0).then(|| self.rate_hz / self.theory_hz - 1.0)
    }
}

impl Curve {
    /// At most so many points, from the first to the last.
    pub fn sample(&self, most: usize) -> impl Iterator<Item = &Point> {
        let shown = self.points.len().min(most);
        let last = self.points.len().saturating_sub(1);
        (0..shown).filter_map(move |row| self.points.get(row * last / shown.saturating_sub(1).max(1)))
    }
}

/// The points of these currents, whose neurons spiked like this.
pub fn points(
    spikes: Option<&Raster>,
    currents: &Array1<f32>,
    steps: u64,
    dt: f64,
    theory: &Theory,
) -> Vec<Point> {
    // First and last spike, and how many.
    let mut trains = vec![(0_u64, 0_u64, 0_u64); currents.len()];
    for event in spikes.into_iter().flat_map(Raster::events) {
        if let Some((first, last, count)) = trains.get_mut(event.neuron as usize) {
            if *count == 0 {
                *first = event.step;
            }
            *last = event.step;
            *count += 1;
        }
    }
    let point = |(current, (first, last, count)): (&f32, (u64, u64, u64))| {
        let interval_steps = (count > 1).then(|| (last - first) as f64 / (count - 1) as f64);
        let rate_hz = match interval_steps {
            Some(interval) => 1000.0 / (interval * dt),
            None => count as f64 * 1000.0 / (steps as f64 * dt),
        };
        let theory_hz = theory.rate(f64::from(*current));
        Point { current: *current, spikes: count, interval_steps, rate_hz, theory_hz }
    };
    currents.iter().zip(trains).map(point).collect()
}
