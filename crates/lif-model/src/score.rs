//! The score of one cell against one recorded spike train, updated spike by spike: counts, coincidences, and the
//! van Rossum distance.
//!
//! The twin of `shaders/score.wgsl`: the same functions in the same order, giving the same bits. Steps
//! are counted from the first scored step, modulo 2^32, so that steps before it are large numbers.

use crate::decays::Decays;
use crate::{SMALLEST_STATE, flush, rounded};
use bytemuck::{Pod, Zeroable};
use std::fmt;
use std::ops::Range;

/// The recorded spike train that cells are compared with, and how: the part of `Goal` in the shader that belongs to
/// the target.
#[derive(Debug)]
pub struct Goal {
    /// Number of the first scored step.
    pub start: u64,
    /// The number of scored steps, below 2^31.
    pub length: u32,
    /// The steps of the recorded spikes, counted from the first scored step, sorted.
    pub spikes: Vec<u32>,
    /// The largest distance of coinciding spikes, in steps.
    pub window: u32,
    /// The decay of a spike, if van Rossum distances are wanted.
    pub decays: Option<Decays>,
}

/// A range of steps whose spikes are compared with a target.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The first step of the first word, and the step after the last, counted from the first scored step,
    /// modulo 2^32.
    pub first: u32,
    pub end: u32,
}

impl Goal {
    /// Returns the steps whose spikes are compared with the target, for cells that spike `least` to `most` steps late.
    pub fn compared(&self, (least, most): (u32, u32)) -> Range<u64> {
        let end = self.start + u64::from(self.length);
        self.start.saturating_sub(u64::from(most))..end.saturating_sub(u64::from(least))
    }

    /// Returns the range to compare for `steps` steps from `first_step` on, for cells whose spikes are late by these
    /// numbers of steps (least, most); `None` if none of these steps is scored.
    pub fn shown(&self, first_step: u64, steps: u64, late: (u32, u32)) -> Option<Shown> {
        let compared = self.compared(late);
        let from_start = |step: u64| (step as u32).wrapping_sub(self.start as u32);
        (first_step + steps > compared.start && first_step < compared.end)
            .then(|| Shown { first: from_start(first_step / 32 * 32), end: from_start(first_step + steps) })
    }
}

/// The score of a cell so far.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
pub struct CellScore {
    /// Index of the first recorded spike that a later predicted spike may coincide with.
    pub next: u32,
    pub predicted: u32,
    pub coincidences: u32,
    /// Index of the next recorded spike to enter the difference of the filtered trains, predicted minus recorded.
    pub next_jump: u32,
    /// The step of the last jump of that difference.
    pub at: u32,
    /// Its value after that jump.
    pub level: f32,
    /// The integral of its square up to there, divided by tau, and what the sum has lost by rounding.
    pub sum: f32,
    pub lost: f32,
}

impl fmt::Display for CellScore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { next, predicted, coincidences, next_jump, at, level, sum, lost } = self;
        write!(
            formatter,
            "{predicted} spikes and {coincidences} coincidences up to the recorded spike {next}, and at step {at}, before \
             the recorded spike {next_jump}, the level {level} and the sum {sum} ({lost})"
        )
    }
}

impl CellScore {
    /// Step numbers from here on belong to steps before the first scored step.
    pub const BEFORE: u32 = 3 << 30;
}

/// Returns what is left of a spike after `steps` steps, and the integral of its squared decay, divided by tau.
fn decay(decays: &Decays, steps: u32) -> (f32, f32) {
    let high = (steps / Decays::LOW) as usize;
    if high >= decays.high.len() {
        return (0.0, 0.5);
    }
    let [low_left, low_gain] = decays.low[(steps % Decays::LOW) as usize];
    let [high_left, high_gain] = decays.high[high];
    let square = rounded(low_left * low_left);
    let left = flush(rounded(low_left * high_left), SMALLEST_STATE);
    (left, rounded(low_gain + rounded(square * high_gain)))
}

impl CellScore {
    /// Lets the difference of the filtered trains jump by 1 or -1.
    fn jump(&mut self, decays: &Decays, step: u32, by: f32) {
        let (left, gain) = decay(decays, step.wrapping_sub(self.at));
        let square = flush(rounded(self.level * self.level), SMALLEST_STATE);
        let more = rounded(flush(rounded(square * gain), SMALLEST_STATE) - self.lost);
        let sum = rounded(self.sum + more);
        self.lost = rounded(rounded(sum - self.sum) - more);
        self.sum = sum;
        self.level = rounded(flush(rounded(self.level * left), SMALLEST_STATE) + by);
        self.at = step;
    }

    /// Adds the recorded spikes before step `end` to the difference.
    fn record(&mut self, goal: &Goal, decays: &Decays, end: u32) {
        while let Some(&spike) = goal.spikes.get(self.next_jump as usize).filter(|spike| **spike < end) {
            self.jump(decays, spike, -1.0);
            self.next_jump += 1;
        }
    }

    /// Skips the recorded spikes that no predicted spike from this step on can coincide with.
    fn pass_by(&mut self, goal: &Goal, step: u32) {
        while goal.spikes.get(self.next as usize).is_some_and(|spike| spike + goal.window < step) {
            self.next += 1;
        }
    }

    /// Adds the next predicted spike. It coincides with the earliest recorded spike that is within the
    /// window and coincides with no other yet. As all windows have the same length, no other choice
    /// gives more coincidences.
    fn take_spike(&mut self, goal: &Goal, step: u32) {
        self.predicted += 1;
        self.pass_by(goal, step);
        if goal.spikes.get(self.next as usize).is_some_and(|spike| *spike <= step + goal.window) {
            self.coincidences += 1;
            self.next += 1;
        }
        if let Some(decays) = &goal.decays {
            self.record(goal, decays, step + 1);
            self.jump(decays, step, 1.0);
        }
    }

    /// Adds the spikes of a word, whose lowest bit is step `first`.
    pub fn take_word(&mut self, goal: &Goal, word: u32, first: u32) {
        let mut rest = word;
        while rest != 0 {
            let step = first.wrapping_add(rest.trailing_zeros());
            rest &= rest - 1;
            if step < goal.length {
                self.take_spike(goal, step);
            }
        }
    }

    /// Adds the recorded spikes before step `end`, once all spikes predicted before it have been added. The next
    /// predicted spike would add them in the same order.
    pub fn catch_up(&mut self, goal: &Goal, end: u32) {
        // Before the first scored step there is nothing to add.
        if end < Self::BEFORE {
            self.pass_by(goal, end);
            if let Some(decays) = &goal.decays {
                self.record(goal, decays, end);
            }
        }
    }
}

impl CellScore {
    /// Returns the van Rossum distance, once all predicted spikes have been added.
    pub fn distance(mut self, goal: &Goal) -> f64 {
        if let Some(decays) = &goal.decays {
            self.record(goal, decays, goal.length);
        }
        // After the last spike the difference decays for ever.
        let level = f64::from(self.level);
        (f64::from(self.sum) - f64::from(self.lost) + 0.5 * level * level).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{counter, key, philox};

    /// Spikes with `interval` steps between them on average.
    fn train(which: u32, length: u32, interval: u32) -> Vec<u32> {
        let spikes = |step| philox(counter(u64::from(step), 0, which), key(3))[0] < u32::MAX / interval;
        (0..length).filter(|step| spikes(*step)).collect()
    }

    /// The van Rossum distance in `f64`, without tables.
    fn plain(recorded: &[u32], predicted: &[u32], tau: f64) -> f64 {
        let mut jumps: Vec<(u32, f64)> = recorded.iter().map(|spike| (*spike, -1.0)).collect();
        jumps.extend(predicted.iter().map(|spike| (*spike, 1.0)));
        jumps.sort_by_key(|(step, _)| *step);
        let (mut at, mut level, mut sum) = (0, 0.0, 0.0);
        for (step, by) in jumps {
            let times = f64::from(step - at) / tau;
            sum += level * level * -0.5 * libm::expm1(-2.0 * times);
            level = level * libm::exp(-times) + by;
            at = step;
        }
        (sum + 0.5 * level * level).sqrt()
    }

    #[test]
    fn distances_are_as_good_as_is_said() {
        // Decay time, mean intervals of recorded and predicted spikes, and the error.
        for (tau, recorded, predicted, error) in [
            (200.0, 215, 150, 1e-6),
            (20.0, 3000, 5000, 1e-6),
            (20_000.0, 200, 220, 1e-6),
            (20_000.0, 10, 14, 3e-5),
            (20_000.0, 10, 10, 3e-5),
        ] {
            let length = 400_000;
            let (spikes, predicted) = (train(1, length, recorded), train(2, length, predicted));
            let expected = plain(&spikes, &predicted, tau);
            let goal = Goal { start: 0, length, spikes, window: 3, decays: Some(Decays::new(tau, length)) };
            let mut score = CellScore::default();
            predicted.iter().for_each(|spike| score.take_spike(&goal, *spike));
            let found = score.distance(&goal);
            assert!((found / expected - 1.0).abs() < error, "tau {tau}: {found} instead of {expected}");
        }
    }
}
