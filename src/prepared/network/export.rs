//! Lists all synapses of a network.

use super::Connections;
use super::table::places_of_rows;
use crate::data::memory;
use crate::error::Result;
use crate::experiment::network::synapses::Synapses;
use rayon::prelude::*;
use std::ops::Range;

/// Bytes for each synapse: its source, and target, weight and delay in the part and one of them in the list.
const BYTES: u64 = 4 + 4 * 4;

/// The synapses onto some of the neurons, sorted by source and then by target.
struct Part {
    /// Where the synapses of each source begin; and at the end, where the last end.
    starts: Vec<u64>,
    targets: Vec<u32>,
    weights: Vec<f32>,
    delays: Vec<f32>,
}

impl Connections {
    /// Lists all synapses by source, then target, then the order in which they were drawn. `dt` is the length of a step.
    pub(crate) fn synapses(&self, dt: f64) -> Result<Synapses> {
        let n = self.n as u32;
        let parts = (rayon::current_num_threads() as u32).clamp(1, n.max(1));
        let rows = 8 * (self.n as u64 + 1) * u64::from(parts + 1);
        let bytes = self.expected_synapses().saturating_mul(BYTES).saturating_add(rows);
        memory::require("the list of synapses", bytes, "list those of a smaller network")?;
        // Targets of neighbouring parts follow each other, so that their rows do, too.
        let first = |part: u32| (u64::from(n) * u64::from(part) / u64::from(parts)) as u32;
        let targets: Vec<Range<u32>> = (0..parts).map(|part| first(part)..first(part + 1)).collect();
        let mut parts: Vec<Part> = targets.into_par_iter().map(|targets| self.part(&targets, dt)).collect();
        let counts = |source: usize| parts.iter().map(move |part| part.row(source).len());
        let mut sources = Vec::with_capacity(parts.iter().map(|part| part.targets.len()).sum());
        for source in 0..self.n {
            sources.resize(sources.len() + counts(source).sum::<usize>(), source as u32);
        }
        // One after the other, as each frees its part.
        let targets = joined(&mut parts, self.n, |part| std::mem::take(&mut part.targets));
        let weights = joined(&mut parts, self.n, |part| std::mem::take(&mut part.weights));
        let delays = joined(&mut parts, self.n, |part| std::mem::take(&mut part.delays));
        Ok(Synapses { sources, targets, weights, delays })
    }

    fn part(&self, targets: &Range<u32>, dt: f64) -> Part {
        let mut starts = vec![0_u64; self.n + 1];
        for projection in &self.projections {
            projection.each(targets, &mut |pick| starts[pick.source as usize + 1] += 1);
        }
        let count = places_of_rows(&mut starts) as usize;
        let mut part =
            Part { starts, targets: vec![0; count], weights: vec![0.0; count], delays: vec![0.0; count] };
        for projection in &self.projections {
            projection.each(targets, &mut |pick| {
                let next = &mut part.starts[pick.source as usize + 1];
                let place = *next as usize;
                *next += 1;
                part.targets[place] = pick.target;
                part.weights[place] = projection.weight(pick);
                part.delays[place] = (f64::from(projection.delay(pick)) * dt) as f32;
            });
        }
        part.sort();
        part
    }
}

impl Part {
    /// The places of the synapses of a source.
    fn row(&self, source: usize) -> Range<usize> {
        self.starts[source] as usize..self.starts[source + 1] as usize
    }

    /// Sorts each row by target. Before, projections follow each other in it.
    fn sort(&mut self) {
        let mut row = Vec::new();
        for source in 0..self.starts.len() - 1 {
            let range = self.row(source);
            if self.targets[range.clone()].is_sorted() {
                continue;
            }
            row.clear();
            row.extend(
                range.clone().map(|place| (self.targets[place], self.weights[place], self.delays[place])),
            );
            row.sort_by_key(|(target, _, _)| *target);
            for (place, (target, weight, delay)) in range.zip(&row) {
                (self.targets[place], self.weights[place], self.delays[place]) = (*target, *weight, *delay);
            }
        }
    }
}

/// Joins the rows that the parts have of each of `n` sources, and frees them.
fn joined<T: Copy>(parts: &mut [Part], n: usize, take: impl Fn(&mut Part) -> Vec<T>) -> Vec<T> {
    let values: Vec<Vec<T>> = parts.iter_mut().map(take).collect();
    let mut all = Vec::with_capacity(values.iter().map(Vec::len).sum());
    for source in 0..n {
        for (part, values) in parts.iter().zip(&values) {
            all.extend_from_slice(&values[part.row(source)]);
        }
    }
    all
}
