//! Draws random sources for the cells in the lanes: [`Noise::at`] for all lanes and a word of 32 steps at
//! once.

use super::input_sums::InputSums;
use super::instructions;
use super::lanes::{Cells, spread};
use crate::prepared::noise::{Noise, NoiseKind};
use lif_kernels::{LANES, LaneDistribution, LaneGenerators, LaneSource, OfWord};

/// The random sources of the cells in the lanes.
pub(super) struct LaneNoise<'a> {
    generators: LaneGenerators,
    sources: Vec<(NoiseKind, LaneSource<'a>)>,
}

impl<'a> LaneNoise<'a> {
    /// Loads the sources of the cells that begin with `first_cell` of the engine.
    pub(super) fn load(noise: &'a Noise, cells: &Cells, first_cell: usize) -> Self {
        let sources = noise.sources.iter().enumerate().map(|(index, source)| {
            let (mut offset, mut scale) = ([0.0; LANES], [0.0; LANES]);
            spread(&source.offset, cells, &mut offset);
            spread(&source.scale, cells, &mut scale);
            let before = &noise.sources[..index];
            let distribution = match source.kind {
                NoiseKind::Normal => LaneDistribution::Normal,
                NoiseKind::Uniform => LaneDistribution::Uniform,
                NoiseKind::Poisson | NoiseKind::PoissonJumps => {
                    let mut tables = [0; LANES];
                    spread(&source.table, cells, &mut tables);
                    LaneDistribution::counts(tables.map(|place| noise.poisson_table(place)))
                }
            };
            let lanes = LaneSource {
                distribution,
                stream: source.stream,
                is_first: before.iter().all(|before| sum_kind(before.kind) != sum_kind(source.kind)),
                offset,
                scale,
            };
            (source.kind, lanes)
        });
        let generators = LaneGenerators::new(noise.seed, noise.first_cell + first_cell as u64);
        Self { generators, sources: sources.collect() }
    }

    /// Fills the sums with the draws of the sources, for the steps `from..to` of the word that begins with
    /// the step `word_start`.
    ///
    /// A function of its own, so that it is not compiled into the loop of each combination of rules.
    #[inline(never)]
    pub(super) fn fill(&self, word_start: u64, steps: (usize, usize), sums: &mut InputSums) {
        for (kind, source) in &self.sources {
            let sum: &mut OfWord = match sum_kind(*kind) {
                SumKind::Currents => &mut sums.currents,
                SumKind::Arriving => &mut sums.arriving,
                SumKind::Jumps => &mut sums.jumps,
            };
            source.fill(instructions::best(), &self.generators, word_start, steps, sum);
        }
    }
}

/// The sum that a source adds to.
#[derive(PartialEq, Eq)]
enum SumKind {
    Currents,
    Arriving,
    Jumps,
}

fn sum_kind(kind: NoiseKind) -> SumKind {
    match kind {
        NoiseKind::Normal | NoiseKind::Uniform => SumKind::Currents,
        NoiseKind::Poisson => SumKind::Arriving,
        NoiseKind::PoissonJumps => SumKind::Jumps,
    }
}
