//! Chooses how many steps a run makes between two checks whether it should stop. Their duration is not known
//! beforehand: noise and the recording of membrane potentials take many times as long as a constant current.

use std::time::{Duration, Instant};

/// Neuron-steps before the first check.
const FIRST_WORK: u64 = 1 << 26;

/// The time within which a run should notice that it should stop, unless a single step takes longer.
const TIMELY: Duration = Duration::from_millis(500);

/// An estimate of the steps that fit into [`TIMELY`].
#[derive(Debug)]
pub(crate) struct Pace {
    steps: u64,
}

impl Pace {
    pub(crate) fn new(cells: usize) -> Self {
        Self { steps: (FIRST_WORK / cells.max(1) as u64).max(1) }
    }

    /// The most steps until the next check.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Updates the estimate from `steps` steps that began at this time and have just ended.
    pub(crate) fn learn(&mut self, steps: u64, begun: Instant) {
        self.learn_from(steps, begun.elapsed());
    }

    fn learn_from(&mut self, steps: u64, took: Duration) {
        if took > TIMELY {
            self.steps = ((steps as f64 * TIMELY.as_secs_f64() / took.as_secs_f64()) as u64).max(1);
        } else if took < TIMELY / 2 {
            self.steps = self.steps.max(2 * steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_to_take_their_time() {
        for (cells, step_time) in [(1000, 1e-6), (100_000_000, 0.2), (1_000_000_000, 3.0)] {
            let mut pace = Pace::new(cells);
            let mut longest: f64 = 0.0;
            for _ in 0..30 {
                let took = pace.steps() as f64 * step_time;
                longest = longest.max(took);
                pace.learn_from(pace.steps(), Duration::from_secs_f64(took));
            }
            let time = pace.steps() as f64 * step_time;
            assert!(longest <= step_time.max(0.5), "{longest} s");
            assert!(time > 0.125 || pace.steps() > 1 << 20, "{time} s");
        }
        // If everything gets slower, one measurement is enough to notice it.
        let mut pace = Pace::new(1000);
        pace.learn_from(10_000, Duration::from_secs(5));
        assert_eq!(pace.steps(), 1000);
    }
}
