//! Draws random sources for the cells in the lanes: [`Noise::at`] for all lanes and a word of 32 steps at
//! once.

use super::input_sums::{Filled, InputSums};
use super::instructions;
use super::lanes::{Cells, spread};
use crate::prepared::noise::{Noise, NoiseKind, NoiseSource};
use lif_kernels::{LANES, LaneDistribution, LaneGenerators, LaneSource, OfWord};

/// The random sources of the cells in the lanes.
pub(super) struct LaneNoise<'a> {
    generators: LaneGenerators,
    sources: Vec<(SumKind, LaneSource<'a>)>,
}

impl<'a> LaneNoise<'a> {
    /// Loads the sources of some cells.
    pub(super) fn load(noise: &'a Noise, cells: &Cells<'_>) -> Self {
        let mut sources: Vec<(SumKind, LaneSource<'a>)> = Vec::new();
        for source in &noise.sources {
            if is_silent(noise, source, cells) {
                continue;
            }
            let (mut offset, mut scale) = ([0.0; LANES], [0.0; LANES]);
            spread(&source.offset, cells, &mut offset);
            spread(&source.scale, cells, &mut scale);
            for (kind, scale) in sums_of(source.kind, noise.inhibition, scale).into_iter().flatten() {
                let lanes = LaneSource {
                    distribution: distribution(noise, source, cells),
                    stream: source.stream,
                    is_first: sources.iter().all(|(before, _)| *before != kind),
                    offset,
                    scale,
                };
                sources.push((kind, lanes));
            }
        }
        let generators = LaneGenerators::new(noise.seed, |lane| {
            let (row, neuron) = cells.at(lane);
            noise.first_cell + (row * cells.n + neuron) as u64
        });
        Self { generators, sources }
    }

    /// Whether no source adds anything.
    pub(super) fn is_silent(&self) -> bool {
        self.sources.is_empty()
    }

    /// Returns which sums [`fill`](Self::fill) fills.
    pub(super) fn filled(&self) -> Filled {
        let any = |kind| self.sources.iter().any(|(other, _)| *other == kind);
        Filled {
            currents: any(SumKind::Currents),
            arriving: any(SumKind::Arriving),
            inhibitory: any(SumKind::Inhibitory),
            jumps: any(SumKind::Jumps),
        }
    }

    /// Fills the sums with the draws of the sources, for the steps `from..to` of the word that begins with
    /// the step `word_start`.
    ///
    /// A function of its own, so that it is not compiled into the loop of each combination of rules.
    #[inline(never)]
    pub(super) fn fill(&self, word_start: u64, steps: (usize, usize), sums: &mut InputSums) {
        for (kind, source) in &self.sources {
            let sum: &mut OfWord = match kind {
                SumKind::Currents => &mut sums.currents,
                SumKind::Arriving => &mut sums.arriving,
                SumKind::Inhibitory => &mut sums.inhibitory,
                SumKind::Jumps => &mut sums.jumps,
            };
            source.fill(instructions::best(), &self.generators, word_start, steps, sum);
        }
    }
}

fn distribution<'a>(noise: &'a Noise, source: &NoiseSource, cells: &Cells<'_>) -> LaneDistribution<'a> {
    match source.kind {
        NoiseKind::Normal => LaneDistribution::Normal,
        NoiseKind::Uniform => LaneDistribution::Uniform,
        NoiseKind::Poisson | NoiseKind::PoissonJumps => {
            let mut tables = [0; LANES];
            spread(&source.table, cells, &mut tables);
            LaneDistribution::counts(tables.map(|place| noise.poisson_table(place)))
        }
    }
}

/// Whether a source has the rate 0 in all lanes: it would add 0 to sums of 0.
fn is_silent(noise: &Noise, source: &NoiseSource, cells: &Cells<'_>) -> bool {
    let is_poisson = matches!(source.kind, NoiseKind::Poisson | NoiseKind::PoissonJumps);
    let mut tables = [0; LANES];
    spread(&source.table, cells, &mut tables);
    is_poisson && tables.iter().all(|place| noise.is_silent(*place))
}

/// A sum that a source adds to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SumKind {
    Currents,
    Arriving,
    Inhibitory,
    Jumps,
}

/// The values of a source's scale.
type Scale = [f32; LANES];

/// Returns the sums that a source of this kind and scale adds to, with the scale for each. A source whose weights have
/// different signs is drawn twice: where it has no weight it adds 0, which changes no bits of a sum that began at 0.
fn sums_of(kind: NoiseKind, inhibition: bool, scale: Scale) -> [Option<(SumKind, Scale)>; 2] {
    let one = |kind| [Some((kind, scale)), None];
    match kind {
        NoiseKind::Normal | NoiseKind::Uniform => one(SumKind::Currents),
        NoiseKind::PoissonJumps => one(SumKind::Jumps),
        NoiseKind::Poisson if !inhibition || scale.iter().all(|weight| *weight >= 0.0) => {
            one(SumKind::Arriving)
        }
        NoiseKind::Poisson if scale.iter().all(|weight| *weight <= 0.0) => one(SumKind::Inhibitory),
        NoiseKind::Poisson => [
            Some((SumKind::Arriving, scale.map(|weight| weight.max(0.0)))),
            Some((SumKind::Inhibitory, scale.map(|weight| weight.min(0.0)))),
        ],
    }
}
