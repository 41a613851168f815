//! How many steps are made before a run looks whether it is to stop, where it is not known beforehand how long
//! they take: noise and the recording of membrane potentials take many times as long as a constant current.

use std::time::{Duration, Instant};

/// Cells times steps at first.
const FIRST_WORK: u64 = 1 << 26;

/// How long a run may take to hear that it is to stop, where a single step does not take longer.
const TIMELY: Duration = Duration::from_millis(500);

/// Steps that are made in time, as far as is known.
#[derive(Debug)]
pub(crate) struct Pace {
    steps: u64,
}

impl Pace {
    pub(crate) fn new(cells: usize) -> Self {
        Self { steps: (FIRST_WORK / cells.max(1) as u64).max(1) }
    }

    /// At most so many steps at a time.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Learns from steps that were begun at this time and are made now.
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
        // Where all gets slower, it is noticed after one time.
        let mut pace = Pace::new(1000);
        pace.learn_from(10_000, Duration::from_secs(5));
        assert_eq!(pace.steps(), 1000);
    }
}
