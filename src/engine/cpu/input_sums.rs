//! Sums what random sources and arriving spikes add to the input of the cells in the lanes, for a word of 32
//! steps.

use super::lanes::Cells;
use super::noise::LaneNoise;
use super::projection::LaneProjections;
use crate::experiment::spike_input::SpikeEffect;
use crate::model::random::GROUP;
use crate::prepared::noise::Noise;
use crate::prepared::projection::Projection;
use lif_kernels::{LANES, LaneSource, OfWord, WORD};

/// The sums of what is added at each step of a word.
#[repr(align(64))]
pub(super) struct InputSums {
    /// Currents, nA.
    pub(super) currents: OfWord,
    /// Currents of arriving spikes, nA.
    pub(super) arriving: OfWord,
    /// Currents of arriving spikes with a negative weight, nA, if they are apart.
    pub(super) inhibitory: OfWord,
    /// Jumps of the membrane potential, mV.
    pub(super) jumps: OfWord,
}

impl InputSums {
    pub(super) const fn none() -> Self {
        let none = [[0.0; LANES]; WORD];
        Self { currents: none, arriving: none, inhibitory: none, jumps: none }
    }
}

/// Which sums have sources. The others are never read, or are zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) currents: bool,
    pub(super) arriving: bool,
    pub(super) inhibitory: bool,
    pub(super) jumps: bool,
}

/// The random sources and projections of the cells in the lanes.
pub(super) struct LaneSources<'a> {
    noise: Option<LaneNoise<'a>>,
    projections: Option<LaneProjections<'a>>,
    /// Draws of steps to come, if calls end in the middle of a group of steps that share their random words.
    ahead: Option<Ahead>,
    by_noise: Filled,
    by_projections: Filled,
}

/// The draws of the last group of steps.
struct Ahead {
    /// The number of the step after the last one that has been drawn.
    end: u64,
    /// The draws of each step of a group: currents, arriving currents, inhibitory currents and jumps.
    draws: Box<[[[f32; LANES]; GROUP as usize]; 4]>,
}

impl Ahead {
    /// Fills the sums with the draws of these steps, and keeps those of the rest of the group.
    fn fill(
        &mut self,
        noise: &LaneNoise<'_>,
        filled: Filled,
        number: u64,
        (from, to): (usize, usize),
        sums: &mut InputSums,
    ) {
        const TOGETHER: usize = GROUP as usize;
        let drawn = (self.end.saturating_sub(number) as usize).clamp(from, to);
        let end = to.next_multiple_of(TOGETHER);
        if drawn < to {
            noise.fill(number, (drawn, end), sums);
        }
        let sums = [
            (filled.currents, &mut sums.currents),
            (filled.arriving, &mut sums.arriving),
            (filled.inhibitory, &mut sums.inhibitory),
            (filled.jumps, &mut sums.jumps),
        ];
        for ((_, sums), draws) in sums.into_iter().zip(&mut *self.draws).filter(|((filled, _), _)| *filled) {
            for step in from..drawn {
                sums[step] = draws[step % TOGETHER];
            }
            if drawn < to {
                for step in to..end {
                    draws[step % TOGETHER] = sums[step];
                }
            }
        }
        if drawn < to {
            self.end = number + end as u64;
        }
    }
}

impl<'a> LaneSources<'a> {
    /// About the bytes that the sources of some lanes take: those of one random source, and draws of steps to come.
    pub(super) const BYTES: usize =
        size_of::<Self>() + size_of::<LaneSource<'_>>() + size_of::<[[[f32; LANES]; GROUP as usize]; 4]>();

    /// Loads the sources of some cells; `inhibition` is the rule of the cells.
    pub(super) fn load(
        noise: Option<&'a Noise>,
        projections: &'a [Projection<'a>],
        inhibition: bool,
        cells: &Cells<'_>,
    ) -> Self {
        let noise = noise.map(|noise| LaneNoise::load(noise, cells));
        let noise = noise.filter(|noise| !noise.is_silent());
        let arriving = projections.iter().any(|projection| projection.effect == SpikeEffect::Current);
        let by_projections = Filled {
            currents: false,
            arriving,
            inhibitory: arriving && inhibition,
            jumps: projections.iter().any(|projection| projection.effect == SpikeEffect::Potential),
        };
        Self {
            by_noise: noise.as_ref().map_or_else(Filled::default, LaneNoise::filled),
            noise,
            projections: (!projections.is_empty())
                .then(|| LaneProjections::load(projections, inhibition, cells)),
            ahead: None,
            by_projections,
        }
    }

    /// Keeps the draws of steps to come, for calls of a few steps that follow each other.
    pub(super) fn draws_ahead(mut self) -> Self {
        let nothing = || Ahead { end: 0, draws: Box::new([[[0.0; LANES]; GROUP as usize]; 4]) };
        self.ahead = self.noise.is_some().then(nothing);
        self
    }

    /// Returns which sums [`fill`](Self::fill) fills.
    pub(super) fn filled(&self) -> Filled {
        Filled {
            currents: self.by_noise.currents,
            arriving: self.by_noise.arriving || self.by_projections.arriving,
            inhibitory: self.by_noise.inhibitory || self.by_projections.inhibitory,
            jumps: self.by_noise.jumps || self.by_projections.jumps,
        }
    }

    /// Fills the sums for the steps `from..to` of a word. `number` is the number of the first step of the
    /// word, and `step` the index of the step `from` within the call.
    pub(super) fn fill(&mut self, number: u64, step: u64, (from, to): (usize, usize), sums: &mut InputSums) {
        match (&self.noise, &mut self.ahead) {
            (Some(noise), None) => noise.fill(number, (from, to), sums),
            (Some(noise), Some(ahead)) => ahead.fill(noise, self.by_noise, number, (from, to), sums),
            (None, _) => {}
        }
        if let Some(projections) = &self.projections {
            // Sums that no random source has filled start at zero.
            if self.by_projections.arriving && !self.by_noise.arriving {
                sums.arriving[from..to].fill([0.0; LANES]);
            }
            if self.by_projections.inhibitory && !self.by_noise.inhibitory {
                sums.inhibitory[from..to].fill([0.0; LANES]);
            }
            if self.by_projections.jumps && !self.by_noise.jumps {
                sums.jumps[from..to].fill([0.0; LANES]);
            }
            projections.fill(step, (from, to), sums);
        }
    }
}
