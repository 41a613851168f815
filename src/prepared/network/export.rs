//! Lists all synapses of a network.

use super::Connections;
use crate::data::memory;
use crate::error::Result;
use crate::experiment::network::synapses::Synapses;

impl Connections {
    /// Lists all synapses by source, then target, then the order in which they were drawn. `dt` is the length of a step.
    pub(crate) fn synapses(&self, dt: f64) -> Result<Synapses> {
        let bytes = self.expected_synapses().saturating_mul(17).saturating_add(8 * self.n as u64);
        memory::require("the list of synapses", bytes, "list those of a smaller network")?;
        let all = 0..self.n as u32;
        // Each entry becomes the place of the next synapse of the source before it, and in the end its end.
        let mut starts = vec![0_u64; self.n + 1];
        for projection in &self.projections {
            projection.each(&all, &mut |pick| starts[pick.source as usize + 1] += 1);
        }
        let mut before = 0;
        for start in &mut starts[1..] {
            (*start, before) = (before, before + *start);
        }
        let count = before as usize;
        let mut list = Synapses {
            sources: vec![0; count],
            targets: vec![0; count],
            weights: vec![0.0; count],
            delays: vec![0.0; count],
        };
        for projection in &self.projections {
            projection.each(&all, &mut |pick| {
                let next = &mut starts[pick.source as usize + 1];
                let place = *next as usize;
                *next += 1;
                list.sources[place] = pick.source;
                list.targets[place] = pick.target;
                list.weights[place] = projection.weight(pick);
                list.delays[place] = (f64::from(projection.delay(pick)) * dt) as f32;
            });
        }
        // Projections follow each other in each row: now by target.
        let mut row = Vec::new();
        for ends in starts.windows(2) {
            let range = ends[0] as usize..ends[1] as usize;
            if list.targets[range.clone()].is_sorted() {
                continue;
            }
            row.clear();
            row.extend(
                range.clone().map(|place| (list.targets[place], list.weights[place], list.delays[place])),
            );
            row.sort_by_key(|(target, _, _)| *target);
            for (place, (target, weight, delay)) in range.zip(&row) {
                (list.targets[place], list.weights[place], list.delays[place]) = (*target, *weight, *delay);
            }
        }
        Ok(list)
    }
}
