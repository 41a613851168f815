//! The scores of cells during a run. The engine that advances the cells updates them.

use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::experiment::target::Target;
use crate::model::decays::Decays;
use crate::model::score::{CellScore, Goal};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Cells that one thread scores at a time: their scores and words stay in its caches.
const CHUNK: usize = 1024;

/// Steps that are scored at a time, few enough that their numbers modulo 2^32 are unique; whole words.
const STRETCH: u64 = 1 << 21;

/// All scores of a population, or of a slab of it.
#[derive(Debug, Clone)]
pub(crate) struct Scoring {
    pub(crate) cells: usize,
    /// Number of steps by which the spikes of each cell are late; empty if none is.
    pub(crate) delays: Vec<u32>,
    pub(crate) targets: Vec<TargetScores>,
}

/// The scores against one target.
#[derive(Debug, Clone)]
pub(crate) struct TargetScores {
    pub(crate) goal: Arc<Goal>,
    /// The cells that are compared with the target.
    pub(crate) cells: Range<usize>,
    /// One score for each of these cells.
    pub(crate) scores: Vec<CellScore>,
}

impl Scoring {
    /// Scores of a population of `[batch, n]` cells before any spike. Coinciding spikes are at most `window`
    /// steps apart.
    pub(crate) fn new(Shape { batch, n }: Shape, targets: &[Target], window: u32) -> Self {
        let scores = |target: &Target| {
            let cells = target.row().map_or(0..batch * n, |row| row * n..(row + 1) * n);
            let start = target.range().start;
            let goal = Goal {
                start,
                // Both fit: a target is shorter than 2^31 steps.
                length: target.length() as u32,
                spikes: target.spikes().iter().map(|spike| (spike - start) as u32).collect(),
                window,
                decays: None,
            };
            let scores = vec![CellScore::default(); cells.len()];
            TargetScores { goal: Arc::new(goal), cells, scores }
        };
        Self { cells: batch * n, delays: Vec::new(), targets: targets.iter().map(scores).collect() }
    }

    /// Also computes distances, with spikes that decay with a time constant of `tau` steps.
    pub(crate) fn measure_distances(&mut self, tau: f64) {
        for target in &mut self.targets {
            let Goal { start, length, window, .. } = *target.goal;
            let (spikes, decays) = (target.goal.spikes.clone(), Some(Decays::new(tau, length)));
            target.goal = Arc::new(Goal { start, length, spikes, window, decays });
        }
    }

    /// The least and the largest number of steps by which spikes are late.
    pub(crate) fn delay_range(&self) -> (u32, u32) {
        let late = self.delays.iter().copied();
        (late.clone().min().unwrap_or(0), late.max().unwrap_or(0))
    }

    /// Number of bytes of the scores and delays of some of the cells.
    pub(crate) fn bytes(&self, cells: &Range<usize>) -> u64 {
        let scores = |target: &TargetScores| overlap(&target.cells, cells).0.len() * size_of::<CellScore>();
        let late = self.delays.get(cells.clone()).map_or(0, size_of_val);
        (self.targets.iter().map(scores).sum::<usize>() + late) as u64
    }

    /// Returns the scores of some of the cells.
    pub(crate) fn part(&self, cells: &Range<usize>) -> Self {
        let of_target = |target: &TargetScores| {
            let (own, theirs) = overlap(&target.cells, cells);
            TargetScores {
                goal: Arc::clone(&target.goal),
                cells: theirs,
                scores: target.scores[own].to_vec(),
            }
        };
        Self {
            cells: cells.len(),
            delays: self.delays.get(cells.clone()).unwrap_or_default().to_vec(),
            targets: self.targets.iter().map(of_target).collect(),
        }
    }

    /// Puts the scores of some of the cells back.
    pub(crate) fn put(&mut self, cells: &Range<usize>, part: &Self) {
        for (target, part) in self.targets.iter_mut().zip(&part.targets) {
            target.scores[overlap(&target.cells, cells).0].copy_from_slice(&part.scores);
        }
    }

    /// Scores the words of some steps, `[block of 32 steps][cell]`.
    pub(crate) fn take(&mut self, first_step: u64, steps: u64, words: &[u32]) {
        let (mut first, end) = (first_step, first_step + steps);
        while first < end {
            let next = end.min((first / STRETCH + 1).saturating_mul(STRETCH));
            let rows = blocks(first_step, first - first_step + 1) - 1;
            self.take_stretch(first, next - first, &words[rows * self.cells..]);
            first = next;
        }
    }

    fn take_stretch(&mut self, first_step: u64, steps: u64, words: &[u32]) {
        let late = self.delay_range();
        let (cells, delays) = (self.cells, &self.delays);
        for target in &mut self.targets {
            let Some(shown) = target.goal.shown(first_step, steps, late) else { continue };
            let (first_cell, goal) = (target.cells.start, &target.goal);
            target.scores.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, scores)| {
                let start = first_cell + chunk * CHUNK;
                for (block, row) in words.chunks_exact(cells).take(blocks(first_step, steps)).enumerate() {
                    let first = shown.first.wrapping_add(32 * block as u32);
                    let cells = start..start + scores.len();
                    for ((score, word), cell) in scores.iter_mut().zip(&row[cells.clone()]).zip(cells) {
                        if *word != 0 {
                            let late = delays.get(cell).copied().unwrap_or(0);
                            score.take_word(goal, *word, first.wrapping_add(late));
                        }
                    }
                }
            });
        }
    }

    /// Passes recorded spikes before a step, after all spikes predicted before it were scored.
    pub(crate) fn catch_up(&mut self, step: u64) {
        let (late, delays) = (self.delay_range(), &self.delays);
        for target in &mut self.targets {
            let (start, length) = (target.goal.start, u64::from(target.goal.length));
            let (first_cell, goal) = (target.cells.start, &target.goal);
            if step + u64::from(late.1) <= start {
                continue;
            }
            target.scores.par_iter_mut().enumerate().for_each(|(index, score)| {
                let late = delays.get(first_cell + index).copied().unwrap_or(0);
                let passed = (step + u64::from(late)).saturating_sub(start).min(length);
                score.catch_up(goal, passed as u32);
            });
        }
    }
}

/// Returns what two ranges share, counted from the start of each.
fn overlap(one: &Range<usize>, other: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let shared = one.start.max(other.start)..one.end.min(other.end);
    if shared.is_empty() {
        return (0..0, 0..0);
    }
    let from = |start: usize| shared.start - start..shared.end - start;
    (from(one.start), from(other.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_their_own_cells_of_each_target() {
        assert_eq!(overlap(&(2..7), &(0..10)), (0..5, 2..7));
        assert_eq!(overlap(&(2..7), &(4..10)), (2..5, 0..3));
        assert_eq!(overlap(&(2..7), &(7..10)), (0..0, 0..0));
        assert_eq!(overlap(&(7..10), &(2..7)), (0..0, 0..0));
    }
}
