//! The input current over time, brought to the steps of a run.

use crate::failure::Failure;
use crate::samples::{Samples, Times};
use ndarray::{ArrayD, Axis, IxDyn};

/// Rounding of a time by less than this part of a sample or step is no difference in time.
const TIME_TOLERANCE: f64 = 1e-6;

/// How raw values become currents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Factor.
    pub scale: f64,
    /// Current added, nA.
    pub offset: f64,
}

/// Samples whose sample interval is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Stimulus {
    samples: Samples,
    /// Interval of the samples without times, ms.
    interval: f64,
}

impl Stimulus {
    /// Samples without times come each `interval` ms; where the file itself says so, that holds.
    pub fn new(samples: Samples, interval: f64) -> Self {
        let interval = match samples.times {
            Times::Every(Some(own)) => own,
            _ => interval,
        };
        Self { samples, interval }
    }

    /// How many neurons and batch rows its shape fixes; `None` where any number will do.
    pub fn population(&self) -> (Option<usize>, Option<usize>) {
        let fixed = |length: &usize| (*length > 1).then_some(*length);
        match self.samples.values.shape() {
            [_, n] => (fixed(n), None),
            [_, batch, n] => (fixed(n), fixed(batch)),
            _ => (None, None),
        }
    }

    /// How long it lasts, ms. The last of samples with times lasts as long as the one before.
    pub fn length_ms(&self) -> f64 {
        match &self.samples.times {
            Times::Every(_) => self.samples.values.len_of(Axis(0)) as f64 * self.interval,
            Times::At(times) => match times[..] {
                [first, .., before, last] => 2.0 * last - before - first,
                [first, last] => 2.0 * (last - first),
                _ => self.interval,
            },
        }
    }

    /// The current of each step: the latest sample at the step's beginning. Time counts from the
    /// first sample; after the last one its value stays.
    pub fn currents(&self, steps: u64, dt: f64, scaling: Scaling) -> Result<ArrayD<f32>, Failure> {
        let values = &self.samples.values;
        let sample_size: usize = values.shape()[1..].iter().product();
        let length = (steps as usize).saturating_mul(sample_size);
        let bytes = (length as u64).saturating_mul(4);
        lif::require_memory("the stimulus", bytes, "shorten the run or lengthen dt")?;
        let mut currents: Vec<f32> = Vec::with_capacity(length);
        let mut sample = 0;
        for step in 0..steps {
            sample = self.sample_at(step as f64 * dt, dt, sample);
            let row = values.index_axis(Axis(0), sample);
            currents.extend(row.iter().map(|raw| (raw * scaling.scale + scaling.offset) as f32));
        }
        let mut shape = values.shape().to_vec();
        shape[0] = steps as usize;
        ArrayD::from_shape_vec(IxDyn(&shape), currents).map_err(|error| Failure::fault(error.to_string()))
    }

    /// The sample that holds at a time, which is not before that of an earlier time.
    fn sample_at(&self, time: f64, dt: f64, earlier: usize) -> usize {
        let last = self.samples.values.len_of(Axis(0)) - 1;
        match &self.samples.times {
            Times::Every(_) => ((time / self.interval + TIME_TOLERANCE) as usize).min(last),
            Times::At(times) => {
                let now = times[0] + time + TIME_TOLERANCE * dt;
                earlier + times[earlier + 1..].iter().take_while(|start| **start <= now).count()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    const PLAIN: Scaling = Scaling { scale: 1.0, offset: 0.0 };

    fn evenly(values: &[f64]) -> Samples {
        Samples { values: Array1::from(values.to_vec()).into_dyn(), times: Times::Every(None) }
    }

    fn currents(stimulus: &Stimulus, steps: u64, dt: f64) -> Vec<f32> {
        stimulus.currents(steps, dt, PLAIN).unwrap().into_iter().collect()
    }

    #[test]
    fn a_sample_is_held_until_the_next() {
        let stimulus = Stimulus::new(evenly(&[1.0, 2.0, 3.0]), 0.2);
        assert_eq!(currents(&stimulus, 8, 0.1), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0]);
        assert_eq!(currents(&stimulus, 2, 0.4), [1.0, 3.0]);
        assert!((stimulus.length_ms() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn equal_intervals_map_one_to_one_however_long() {
        let values: Vec<f64> = (0..100_000).map(f64::from).collect();
        let stimulus = Stimulus::new(evenly(&values), 0.1);
        let expected: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        assert_eq!(currents(&stimulus, 100_000, 0.1), expected);
    }

    #[test]
    fn times_count_from_the_first() {
        let samples = Samples {
            values: Array1::from(vec![1.0, 2.0, 3.0]).into_dyn(),
            times: Times::At(vec![10.0, 10.3, 10.4]),
        };
        let stimulus = Stimulus::new(samples, 0.1);
        assert_eq!(currents(&stimulus, 6, 0.1), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
        assert!((stimulus.length_ms() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn columns_stay_columns_and_are_scaled() {
        let values = Array2::from_shape_fn((2, 3), |(time, column)| (10 * time + column) as f64).into_dyn();
        let stimulus = Stimulus::new(Samples { values, times: Times::Every(Some(1.0)) }, 9.0);
        let scaled = stimulus.currents(4, 0.5, Scaling { scale: 2.0, offset: 1.0 }).unwrap();
        assert_eq!(scaled.shape(), [4, 3]);
        assert_eq!(scaled[[3, 2]], 25.0);
        assert_eq!(stimulus.population(), (Some(3), None));
    }
}
