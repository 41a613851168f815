//! The random sources of neighbouring cells side by side: [`Noise::at`] for lanes of cells and a
//! word of steps at once, so that each call of the generator serves four steps.

use super::additions::Additions;
use super::lanes::{Cells, LANES, spread};
use crate::model::rounded;
use crate::noise::{Kind, Noise, Source};
use crate::random::{self, GROUP};
use crate::tables;
use pulp::{Simd, WithSimd};

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
    /// Whether all lanes draw from one distribution of small counts.
    counts_are_small: bool,
}

/// The most thresholds of a Poisson distribution that are looked at one after the other.
const FEW_THRESHOLDS: usize = 63;

impl<'a> LaneNoise<'a> {
    /// The sources of the cells from `first_cell` of the engine on.
    pub(super) fn load(noise: &'a Noise, cells: &Cells, first_cell: usize) -> Self {
        let sources = noise.sources.iter().map(|source| {
            let table = spread(&source.table, cells);
            let thresholds = noise.poisson_table(table[0]).get(1).map_or(0, |levels| (1 << levels) - 1);
            LaneSource {
                source,
                offset: spread(&source.offset, cells),
                scale: spread(&source.scale, cells),
                table,
                counts_are_small: thresholds <= FEW_THRESHOLDS
                    && table.iter().all(|place| *place == table[0]),
            }
        });
        Self { noise, first_cell: noise.first_cell + first_cell as u64, sources: sources.collect() }
    }

    /// Adds what the sources add at the steps `from..to` of the word that begins with the step
    /// `word_start`.
    ///
    /// A function of its own, so that it is not compiled into the loop of each combination of rules.
    #[inline(never)]
    pub(super) fn fill(&self, word_start: u64, (from, to): (usize, usize), sums: &mut Additions) {
        pulp::Arch::new().dispatch(Fill { noise: self, word_start, steps: (from, to), sums });
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
    fn words(&self, source: &Source, group: u64) -> LaneWords {
        let mut counters = [[0; LANES]; 4];
        for lane in 0..LANES {
            let counter = random::counter(self.first_cell + lane as u64, group, source.stream);
            for (counters, counter) in counters.iter_mut().zip(counter) {
                counters[lane] = counter;
            }
        }
        pulp::Arch::new().dispatch(Philox { counters, key: random::key(self.noise.seed) })
    }
}

/// [`LaneNoise::fill_steps`], with the instructions that the processor has. A closure would not do:
/// it is not compiled into what has them.
struct Fill<'a> {
    noise: &'a LaneNoise<'a>,
    word_start: u64,
    steps: (usize, usize),
    sums: &'a mut Additions,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.noise.fill_steps(self.word_start, self.steps, self.sums);
    }
}

/// A word for each step of a group and each lane.
type LaneWords = [[u32; LANES]; GROUP as usize];

/// [`random::philox`] for all lanes.
struct Philox {
    counters: LaneWords,
    key: [u32; 2],
}

impl WithSimd for Philox {
    type Output = LaneWords;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> LaneWords {
        let mut words = self.counters;
        // Two vectors side by side, as each waits for its products most of the time.
        for pair in 0..LANES / S::U32_LANES / 2 {
            // No closures: they would be compiled without the instructions that the processor has.
            let mut counters = [[simd.splat_u32s(0); 4]; 2];
            for (vector, counter) in counters.iter_mut().enumerate() {
                for (counter, words) in counter.iter_mut().zip(&words) {
                    *counter = S::as_simd_u32s(words).0[2 * pair + vector];
                }
            }
            let mut key = self.key;
            for _ in 0..random::ROUNDS {
                let keys = [simd.splat_u32s(key[0]), simd.splat_u32s(key[1])];
                for counter in &mut counters {
                    *counter = philox_round(simd, *counter, keys);
                }
                key = random::next_key(key);
            }
            for (vector, counter) in counters.iter().enumerate() {
                for (counter, words) in counter.iter().zip(&mut words) {
                    S::as_mut_simd_u32s(words).0[2 * pair + vector] = *counter;
                }
            }
        }
        words
    }
}

/// One round of Philox.
#[inline(always)]
fn philox_round<S: Simd>(simd: S, counter: [S::u32s; 4], key: [S::u32s; 2]) -> [S::u32s; 4] {
    let (low_0, high_0) = simd.widening_mul_u32s(counter[0], simd.splat_u32s(random::MULTIPLIER_0));
    let (low_1, high_1) = simd.widening_mul_u32s(counter[2], simd.splat_u32s(random::MULTIPLIER_1));
    [
        simd.xor_u32s(simd.xor_u32s(high_1, counter[1]), key[0]),
        low_1,
        simd.xor_u32s(simd.xor_u32s(high_0, counter[3]), key[1]),
        low_0,
    ]
}

impl LaneSource<'_> {
    /// Adds the draws that the words of a step make, as [`Source::add`] does.
    #[inline(always)]
    fn add(&self, noise: &Noise, words: &[u32; LANES], sum: &mut [f32; LANES]) {
        let mut draws = [0.0; LANES];
        match self.source.kind {
            Kind::Normal => {
                draw_normal(words, tables::normal(), &mut draws);
            }
            Kind::Uniform => {
                for (draw, word) in draws.iter_mut().zip(words) {
                    *draw = random::uniform(*word);
                }
            }
            Kind::Poisson | Kind::PoissonJumps if self.counts_are_small => {
                count_exceeded(words, noise.poisson_table(self.table[0]), &mut draws);
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

/// [`random::poisson`] for all lanes: the thresholds rise, so that beyond one that no word exceeds
/// there is no need to look.
#[inline(always)]
fn count_exceeded(words: &[u32; LANES], table: &[u32], draws: &mut [f32; LANES]) {
    let [smallest, levels, thresholds @ ..] = table else { return };
    let mut counts = [*smallest; LANES];
    for threshold in thresholds.iter().take((1 << levels) - 1) {
        let mut exceeded_by_any = 0;
        for (count, word) in counts.iter_mut().zip(words) {
            let exceeded = u32::from(word > threshold);
            *count += exceeded;
            exceeded_by_any |= exceeded;
        }
        if exceeded_by_any == 0 {
            break;
        }
    }
    for (draw, count) in draws.iter_mut().zip(counts) {
        *draw = count as f32;
    }
}

/// [`random::normal`] for all lanes. The look at the table stands alone between two loops that become
/// vector instructions, which it would keep from it.
#[inline(always)]
fn draw_normal(words: &[u32; LANES], table: &[[f32; 2]], draws: &mut [f32; LANES]) {
    let mut segments = [0; LANES];
    let mut within = [0.0; LANES];
    for lane in 0..LANES {
        (segments[lane], within[lane]) = random::normal_place(words[lane]);
    }
    let mut intervals = [[0.0; 2]; LANES];
    for (interval, segment) in intervals.iter_mut().zip(segments) {
        *interval = table[segment as usize];
    }
    for lane in 0..LANES {
        draws[lane] = random::normal_value(words[lane], intervals[lane], within[lane]);
    }
}
