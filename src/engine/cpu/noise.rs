//! The random sources of neighbouring cells side by side: [`Noise::at`] for lanes of cells and a
//! word of steps at once, so that each call of the generator serves four steps.

use super::additions::Additions;
use super::lanes::{Cells, LANES, spread};
use crate::model::rounded;
use crate::noise::{Kind, Noise, Source};
use crate::random::{self, GROUP};
use crate::tables;

/// The random sources of the cells in the lanes.
pub(super) struct LaneNoise<'a> {
    noise: &'a Noise,
    /// The number, in the whole population, of the cell in the first lane.
    first_cell: u64,
    sources: Vec<LaneSource<'a>>,
}

struct LaneSource<'a> {
    source: &'a Source,
    offset: [f32; LANES],
    scale: [f32; LANES],
    table: [u32; LANES],
}

impl<'a> LaneNoise<'a> {
    /// The sources of the cells from `first_cell` of the engine on.
    pub(super) fn load(noise: &'a Noise, cells: &Cells, first_cell: usize) -> Self {
        let sources = noise.sources.iter().map(|source| LaneSource {
            source,
            offset: spread(&source.offset, cells),
            scale: spread(&source.scale, cells),
            table: spread(&source.table, cells),
        });
        Self { noise, first_cell: noise.first_cell + first_cell as u64, sources: sources.collect() }
    }

    /// Adds what the sources add at the steps `from..to` of the word that begins with the step
    /// `word_start`.
    ///
    /// A function of its own, so that it is not compiled into the loop of each combination of rules.
    #[inline(never)]
    pub(super) fn fill(&self, word_start: u64, (from, to): (usize, usize), sums: &mut Additions) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.fill_steps(word_start, (from, to), sums),
        );
    }

    #[inline(always)]
    fn fill_steps(&self, word_start: u64, (from, to): (usize, usize), sums: &mut Additions) {
        let group_size = GROUP as usize;
        for group in from / group_size..to.div_ceil(group_size) {
            for source in &self.sources {
                let number = word_start / GROUP + group as u64;
                let words = self.words(source.source, number);
                let sums = match source.source.kind {
                    Kind::Normal | Kind::Uniform => &mut sums.currents,
                    Kind::Poisson => &mut sums.arriving,
                    Kind::PoissonJumps => &mut sums.jumps,
                };
                for (step, words) in (group * group_size..).zip(&words) {
                    if (from..to).contains(&step) {
                        source.add(self.noise, words, &mut sums[step]);
                    }
                }
            }
        }
    }

    /// The words of all lanes for a group of steps.
    #[inline(always)]
    fn words(&self, source: &Source, group: u64) -> [[u32; LANES]; GROUP as usize] {
        let key = random::key(self.noise.seed);
        let mut words = [[0; LANES]; GROUP as usize];
        for lane in 0..LANES {
            let counter = random::counter(self.first_cell + lane as u64, group, source.stream);
            let drawn = random::philox(counter, key);
            for (words, drawn) in words.iter_mut().zip(drawn) {
                words[lane] = drawn;
            }
        }
        words
    }
}

impl LaneSource<'_> {
    /// Adds the draws that the words of a step make, as [`Source::add`] does.
    #[inline(always)]
    fn add(&self, noise: &Noise, words: &[u32; LANES], sum: &mut [f32; LANES]) {
        let mut draws = [0.0; LANES];
        match self.source.kind {
            Kind::Normal => {
                let table = tables::normal();
                for (draw, word) in draws.iter_mut().zip(words) {
                    *draw = random::normal(*word, table);
                }
            }
            Kind::Uniform => {
                for (draw, word) in draws.iter_mut().zip(words) {
                    *draw = random::uniform(*word);
                }
            }
            Kind::Poisson | Kind::PoissonJumps => {
                for ((draw, word), place) in draws.iter_mut().zip(words).zip(self.table) {
                    *draw = random::poisson(*word, noise.poisson_table(place)) as f32;
                }
            }
        }
        for lane in 0..LANES {
            let added = rounded(self.offset[lane] + rounded(self.scale[lane] * draws[lane]));
            sum[lane] = rounded(sum[lane] + added);
        }
    }
}
