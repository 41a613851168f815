//! Random sources: adds their draws to the input of the cells in the lanes, a word of steps at a time, so that each
//! call of the generator serves four steps.

use crate::{LANES, OfWord};
use lif_model::random::{self, GROUP};
use lif_model::{rounded, tables};
use pulp::{Arch, Simd, WithSimd};

/// The number of steps that share one call of the generator.
const GROUP_STEPS: usize = GROUP as usize;

/// A value for each step of a group and each lane.
type OfGroup<T> = [[T; LANES]; GROUP_STEPS];

/// The number of vectors for which the generator is called at a time; it divides their number.
const ABREAST: usize = 3;

/// The largest number of thresholds of a Poisson distribution that is searched linearly.
const FEW_THRESHOLDS: usize = 63;

/// The random generators of the lanes: the key, and the counters of the cells without their group and stream.
#[repr(align(64))]
#[derive(Debug)]
pub struct LaneGenerators {
    counters: [[u32; LANES]; 4],
    key: [u32; 2],
}

impl LaneGenerators {
    /// Makes generators for cells of the population, by their numbers.
    #[must_use]
    pub fn new(seed: u64, cell: impl Fn(usize) -> u64) -> Self {
        let mut counters = [[0; LANES]; 4];
        for lane in 0..LANES {
            for (counters, counter) in counters.iter_mut().zip(random::counter(cell(lane), 0, 0)) {
                counters[lane] = counter;
            }
        }
        Self { counters, key: random::key(seed) }
    }
}

/// The distribution that the cells in the lanes draw from.
#[derive(Debug)]
pub enum LaneDistribution<'a> {
    /// The standard normal distribution.
    Normal,
    /// The uniform distribution from 0 up to, but not including, 1.
    Uniform,
    /// One Poisson distribution of small counts for all lanes, by its table.
    FewCounts(&'a [u32]),
    /// A Poisson distribution for each lane, by its table.
    Counts(Box<[&'a [u32]; LANES]>),
}

impl<'a> LaneDistribution<'a> {
    /// Makes Poisson distributions from the tables of the lanes.
    #[must_use]
    pub fn counts(tables: [&'a [u32]; LANES]) -> Self {
        let thresholds = tables[0].get(1).map_or(0, |levels| (1 << levels) - 1);
        if thresholds <= FEW_THRESHOLDS && tables.iter().all(|table| std::ptr::eq(*table, tables[0])) {
            Self::FewCounts(tables[0])
        } else {
            Self::Counts(Box::new(tables))
        }
    }
}

/// A random source of the cells in the lanes. It adds `offset + scale * draw`.
#[repr(align(64))]
#[derive(Debug)]
pub struct LaneSource<'a> {
    /// The distribution of the draws.
    pub distribution: LaneDistribution<'a>,
    /// The stream of random words.
    pub stream: u32,
    /// Whether this is the first source that adds to the sum, which then begins at 0.
    pub is_first: bool,
    /// What is added to a draw.
    pub offset: [f32; LANES],
    /// What a draw is multiplied by.
    pub scale: [f32; LANES],
}

impl LaneSource<'_> {
    /// Adds the draws of the source at the steps `from..to` of the word that begins with step `word_start` to the sum.
    /// Other steps that share a call of the generator with these may change, too.
    pub fn fill(
        &self,
        instructions: Arch,
        generators: &LaneGenerators,
        word_start: u64,
        (from, to): (usize, usize),
        sum: &mut OfWord,
    ) {
        instructions.dispatch(Fill { source: self, generators, word_start, steps: (from, to), sum });
    }
}

/// [`LaneSource::fill`] with the vector instructions of the processor. A closure would be compiled without them.
struct Fill<'a> {
    source: &'a LaneSource<'a>,
    generators: &'a LaneGenerators,
    word_start: u64,
    steps: (usize, usize),
    sum: &'a mut OfWord,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { source, generators, word_start, steps: (from, to), sum } = self;
        let mut draft = Draft::empty();
        // Whole groups: the steps that are not wanted are ignored.
        let groups = sum.as_chunks_mut().0.iter_mut().enumerate();
        for (group, sum) in groups.take(to.div_ceil(GROUP_STEPS)).skip(from / GROUP_STEPS) {
            let number = word_start / GROUP + group as u64;
            let of_group = random::counter(0, number, source.stream);
            philox(simd, &generators.counters, of_group, generators.key, &mut draft.words);
            source.add(&mut draft, sum);
        }
    }
}

/// The intermediate results between random words and draws, for a group of steps.
#[repr(align(64))]
struct Draft {
    words: OfGroup<u32>,
    draws: OfGroup<f32>,
    segments: OfGroup<u32>,
    within: OfGroup<f32>,
    intervals: OfGroup<[f32; 2]>,
}

impl Draft {
    #[inline(always)]
    fn empty() -> Self {
        let numbers = [[0.0; LANES]; GROUP_STEPS];
        let words = [[0; LANES]; GROUP_STEPS];
        let intervals = [[[0.0; 2]; LANES]; GROUP_STEPS];
        Self { words, draws: numbers, segments: words, within: numbers, intervals }
    }
}

/// [`random::philox`] for all lanes; each counter combines that of the cell and that of the group.
#[inline(always)]
fn philox<S: Simd>(
    simd: S,
    of_cells: &[[u32; LANES]; 4],
    of_group: [u32; 4],
    key: [u32; 2],
    words: &mut OfGroup<u32>,
) {
    // Several vectors side by side, as each waits for its products most of the time.
    for first in (0..LANES / S::U32_LANES).step_by(ABREAST) {
        // No closures: they would be compiled without the vector instructions of the processor.
        let mut counters = [[simd.splat_u32s(0); 4]; ABREAST];
        for (vector, counter) in counters.iter_mut().enumerate() {
            for ((counter, of_cells), of_group) in counter.iter_mut().zip(of_cells).zip(of_group) {
                let of_cells = S::as_simd_u32s(of_cells).0[first + vector];
                *counter = simd.or_u32s(of_cells, simd.splat_u32s(of_group));
            }
        }
        let mut key = key;
        for _ in 0..random::ROUNDS {
            let keys = [simd.splat_u32s(key[0]), simd.splat_u32s(key[1])];
            for counter in &mut counters {
                *counter = philox_round(simd, *counter, keys);
            }
            key = random::next_key(key);
        }
        for (vector, counter) in counters.iter().enumerate() {
            for (counter, words) in counter.iter().zip(&mut *words) {
                S::as_mut_simd_u32s(words).0[first + vector] = *counter;
            }
        }
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
    /// Converts the words of a group to draws, and adds these to the sum.
    #[inline(always)]
    fn add(&self, draft: &mut Draft, sum: &mut OfGroup<f32>) {
        if let LaneDistribution::Normal = self.distribution {
            draw_normal(draft, tables::normal());
        }
        let Draft { words, draws, .. } = draft;
        let words = &*words;
        match &self.distribution {
            LaneDistribution::Normal => {}
            LaneDistribution::Uniform => {
                for (draws, words) in draws.iter_mut().zip(words) {
                    for (draw, word) in draws.iter_mut().zip(words) {
                        *draw = random::uniform(*word);
                    }
                }
            }
            LaneDistribution::FewCounts(table) => count_exceeded(words, table, draws),
            LaneDistribution::Counts(tables) => {
                for (draws, words) in draws.iter_mut().zip(words) {
                    for ((draw, word), table) in draws.iter_mut().zip(words).zip(&**tables) {
                        *draw = random::poisson(*word, table) as f32;
                    }
                }
            }
        }
        for (sum, draws) in sum.iter_mut().zip(&*draws) {
            if self.is_first {
                *sum = [0.0; LANES];
            }
            for lane in 0..LANES {
                let added = rounded(self.offset[lane] + rounded(self.scale[lane] * draws[lane]));
                sum[lane] = rounded(sum[lane] + added);
            }
        }
    }
}

/// [`random::poisson`] for all lanes, by a linear search. The thresholds rise, so that the search can stop at the
/// largest word. It stops at the largest word of the whole group: with the same length for each step of the group,
/// processors predict the branches of the loop.
#[inline(always)]
fn count_exceeded(words: &OfGroup<u32>, table: &[u32], draws: &mut OfGroup<f32>) {
    let [smallest, levels, thresholds @ ..] = table else { return };
    let mut largest = [i32::MIN; LANES];
    for words in words {
        for (largest, word) in largest.iter_mut().zip(words) {
            *largest = (*largest).max(ordered(*word));
        }
    }
    let largest = largest.iter().fold(i32::MIN, |largest, word| largest.max(*word));
    let thresholds = &thresholds[..thresholds.len().min((1 << levels) - 1)];
    let exceeded = thresholds.iter().take_while(|threshold| ordered(**threshold) < largest).count();
    for (draws, words) in draws.iter_mut().zip(words) {
        let (mut counts, mut ordered_words) = ([*smallest as i32; LANES], [0; LANES]);
        for (to, word) in ordered_words.iter_mut().zip(words) {
            *to = ordered(*word);
        }
        for threshold in &thresholds[..exceeded] {
            let threshold = ordered(*threshold);
            for (count, word) in counts.iter_mut().zip(&ordered_words) {
                *count += i32::from(*word > threshold);
            }
        }
        for (draw, count) in draws.iter_mut().zip(counts) {
            *draw = count as f32;
        }
    }
}

/// Returns a word as a signed number in the same order, which some processors compare faster.
#[inline(always)]
fn ordered(word: u32) -> i32 {
    (word ^ 1 << 31) as i32
}

/// [`random::normal`] for all lanes. The table lookup has a loop of its own between two others: within them, it would
/// keep the compiler from using vector instructions.
#[inline(always)]
fn draw_normal(draft: &mut Draft, table: &[[f32; 2]; tables::NORMAL_INTERVALS]) {
    let Draft { words, draws, segments, within, intervals } = draft;
    for step in 0..GROUP_STEPS {
        for lane in 0..LANES {
            let (segment, place) = normal_place(words[step][lane]);
            segments[step][lane] = segment % tables::NORMAL_INTERVALS as u32;
            within[step][lane] = place;
        }
    }
    for (intervals, segments) in intervals.iter_mut().zip(&*segments) {
        for (interval, segment) in intervals.iter_mut().zip(segments) {
            *interval = table[*segment as usize % tables::NORMAL_INTERVALS];
        }
    }
    for step in 0..GROUP_STEPS {
        for lane in 0..LANES {
            draws[step][lane] =
                random::normal_value(words[step][lane], intervals[step][lane], within[step][lane]);
        }
    }
}

/// [`random::normal_place`] for vectors without an instruction that counts leading zeros: it takes their number from
/// the exponent of the word as a floating-point number.
#[inline(always)]
#[must_use]
pub fn normal_place(word: u32) -> (u32, f32) {
    const EXPONENT_OF_HIGHEST_BIT: i32 = 127 + 31;
    let probability = word | 1;
    // The bit after each set bit is cleared, so that rounding cannot reach the next power of two.
    let number = (probability & !(probability >> 1)) as i32 as f32;
    // If the highest bit is set, the number is negative, and its sign is above the exponent.
    let octave = (EXPONENT_OF_HIGHEST_BIT - (number.to_bits() >> 23) as i32).max(0) as u32;
    random::normal_place_in(octave, probability.wrapping_shl(octave))
}
