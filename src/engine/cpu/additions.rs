//! What random sources and spikes add to the input of neighbouring cells, a word of steps at a time.

use super::lanes::{Cells, LANES};
use super::noise::LaneNoise;
use super::projection::LaneProjections;
use crate::noise::Noise;
use crate::projection::Projection;

/// Steps in a word of spikes.
pub(super) const WORD: usize = 32;

/// A value for each step of a word and each lane.
pub(super) type OfWord = [[f32; LANES]; WORD];

/// The sums of what is added at each step of a word.
pub(super) struct Additions {
    /// Currents, nA.
    pub(super) currents: OfWord,
    /// Currents of arriving spikes, nA.
    pub(super) arriving: OfWord,
    /// Jumps of the membrane potential, mV.
    pub(super) jumps: OfWord,
}

impl Additions {
    pub(super) fn none() -> Self {
        let none = [[0.0; LANES]; WORD];
        Self { currents: none, arriving: none, jumps: none }
    }
}

/// Where the additions of the cells in the lanes come from.
pub(super) struct LaneSources<'a> {
    noise: Option<LaneNoise<'a>>,
    projections: Option<LaneProjections<'a>>,
}

impl<'a> LaneSources<'a> {
    /// The sources of the cells from `first_cell` of the engine on.
    pub(super) fn load(
        noise: Option<&'a Noise>,
        projections: &'a [Projection<'a>],
        cells: &Cells,
        first_cell: usize,
    ) -> Self {
        Self {
            noise: noise.map(|noise| LaneNoise::load(noise, cells, first_cell)),
            projections: (!projections.is_empty()).then(|| LaneProjections::load(projections, cells)),
        }
    }

    /// Whether anything is ever added.
    pub(super) fn is_empty(&self) -> bool {
        self.noise.is_none() && self.projections.is_none()
    }

    /// Puts into the sums what is added at the steps `from..to` of a word. `number` is that of the first
    /// step of the word, and `step` that of the step `from` counted from the first of the call.
    pub(super) fn fill(&self, number: u64, step: u64, (from, to): (usize, usize), sums: &mut Additions) {
        for sum in [&mut sums.currents, &mut sums.arriving, &mut sums.jumps] {
            sum[from..to].fill([0.0; LANES]);
        }
        if let Some(noise) = &self.noise {
            noise.fill(number, (from, to), sums);
        }
        if let Some(projections) = &self.projections {
            projections.fill(step, (from, to), sums);
        }
    }
}
