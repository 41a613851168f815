//! The van Rossum distance of one train from another, spike by spike.

use super::target::Target;

/// Decays that are looked up instead of computed: most intervals between spikes are shorter.
const TABLED: usize = 4096;

/// `exp(-steps / tau)`
#[derive(Debug)]
pub(super) struct Decay {
    tau: f64,
    table: Vec<f64>,
}

impl Decay {
    pub(super) fn new(tau: f64) -> Self {
        let table = (0..TABLED).map(|steps| libm::exp(-(steps as f64) / tau)).collect();
        Self { tau, table }
    }

    fn over(&self, steps: u64) -> f64 {
        match self.table.get(steps as usize) {
            Some(decay) => *decay,
            None => libm::exp(-(steps as f64) / self.tau),
        }
    }
}

/// The filtered predicted train less the filtered recorded one, up to the last spike of either.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    /// The step of that spike.
    at: u64,
    level: f64,
    /// The integral of its square so far, over tau.
    sum: f64,
    /// The next recorded spike.
    next: u32,
}

impl Difference {
    /// Before the first spike of a train.
    pub(super) fn before(target: &Target) -> Self {
        Self { at: target.range().start, level: 0.0, sum: 0.0, next: 0 }
    }

    /// Takes the next predicted spike.
    pub(super) fn add(&mut self, step: u64, target: &Target, decay: &Decay) {
        self.record(step, target, decay);
        self.jump(step, 1.0, decay);
    }

    /// Takes the recorded spikes up to a step.
    fn record(&mut self, until: u64, target: &Target, decay: &Decay) {
        while let Some(&spike) = target.spikes().get(self.next as usize).filter(|spike| **spike <= until) {
            self.jump(spike, -1.0, decay);
            self.next += 1;
        }
    }

    fn jump(&mut self, step: u64, by: f64, decay: &Decay) {
        let left = decay.over(step - self.at);
        self.sum += self.level * self.level * (0.5 * (1.0 - left * left));
        self.level = self.level * left + by;
        self.at = step;
    }

    /// The distance, when all predicted spikes were taken.
    pub(super) fn distance(mut self, decay: &Decay, target: &Target) -> f64 {
        self.record(u64::MAX, target, decay);
        // What the last spikes leave decays for ever.
        (self.sum + 0.5 * self.level * self.level).sqrt()
    }
}
