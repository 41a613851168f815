//! Random numbers that depend only on a seed, a cell, a step and a stream, so that no order of computation can
//! change them.
//!
//! This file is the definition; its twin `shaders/random.wgsl` has the same functions in the same
//! order. Both read the tables made in `tables.rs`.
//!
//! The bits come from Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as
//! easy as 1, 2, 3", SC11). Its counter is made of cell, group of four steps, and stream; its key is the seed. One
//! call serves a group: each of its steps takes one of the four words.
//!
//! Draws are computed from words with `+`, `*`, comparisons and integers alone, as the model is: no
//! logarithm and no cosine, which every device computes differently.

use crate::rounded;

/// The number of bits that a counter has for the cell, and for the group of steps.
pub const COUNTER_BITS: u32 = 48;

/// The table of the normal distribution divides each octave of probability into `2^SEGMENT_BITS` segments.
pub const SEGMENT_BITS: u32 = 6;

/// Steps that share one call of [`philox`].
pub const GROUP: u64 = 4;

/// The first factor of each round.
pub const MULTIPLIER_0: u32 = 0xD251_1F53;
/// The second factor of each round.
pub const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const KEY_STEP_0: u32 = 0x9E37_79B9;
const KEY_STEP_1: u32 = 0xBB67_AE85;

/// Rounds of Philox4x32-10.
pub const ROUNDS: u32 = 10;

/// One round of Philox.
#[inline(always)]
fn philox_round(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let product_0 = u64::from(MULTIPLIER_0) * u64::from(counter[0]);
    let product_1 = u64::from(MULTIPLIER_1) * u64::from(counter[2]);
    [
        (product_1 >> 32) as u32 ^ counter[1] ^ key[0],
        product_1 as u32,
        (product_0 >> 32) as u32 ^ counter[3] ^ key[1],
        product_0 as u32,
    ]
}

/// Returns four random words for a counter and a key.
#[inline(always)]
#[must_use]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let mut counter = counter;
    let mut key = key;
    for _ in 0..ROUNDS {
        counter = philox_round(counter, key);
        key = next_key(key);
    }
    counter
}

/// Returns the key of the next round.
#[inline(always)]
pub fn next_key(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)]
}

/// Returns the counter of a cell, a group of steps and a stream.
#[inline(always)]
#[must_use]
pub fn counter(cell: u64, group: u64, stream: u32) -> [u32; 4] {
    let high = (cell >> 32) as u32 | ((group >> 32) as u32) << 16;
    [cell as u32, group as u32, high, stream]
}

/// Returns the key of a seed.
#[inline(always)]
#[must_use]
pub fn key(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// Returns a number from 0 up to, but not including, 1, in steps of 2^-24.
#[inline(always)]
#[must_use]
pub fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Returns a draw from the standard normal distribution: the quantile of the word, from a table of
/// intervals `[value at the lower end, slope]`. The lowest bit is the sign; the others, and a last
/// bit that is always 1, are the probability of a greater magnitude, in units of 2^-32. Each octave
/// of that probability has the same number of intervals, so that the tails are as exact as the middle, out to
/// 6.3 standard deviations.
#[inline(always)]
#[must_use]
pub fn normal(word: u32, table: &[[f32; 2]]) -> f32 {
    let (segment, within) = normal_place(word);
    normal_value(word, table[segment as usize], within)
}

/// Returns the interval of a word in the table of the normal distribution, and the position of the word within it,
/// from 0 to 1.
#[inline(always)]
pub fn normal_place(word: u32) -> (u32, f32) {
    let probability = word | 1;
    let octave = probability.leading_zeros();
    normal_place_in(octave, probability << octave)
}

/// As [`normal_place`], for a probability in this octave that has been shifted until its highest bit is set.
#[inline(always)]
pub fn normal_place_in(octave: u32, scaled: u32) -> (u32, f32) {
    let segment = (octave << SEGMENT_BITS) | ((scaled >> (31 - SEGMENT_BITS)) & ((1 << SEGMENT_BITS) - 1));
    let within = ((scaled & ((1 << (31 - SEGMENT_BITS)) - 1)) >> 1) as f32 * (1.0 / 16_777_216.0);
    (segment, within)
}

/// Returns the draw of a word by its interval in the table and its position within it.
#[inline(always)]
pub fn normal_value(word: u32, [value, slope]: [f32; 2], within: f32) -> f32 {
    let magnitude = rounded(value + rounded(slope * within));
    if word & 1 == 1 { -magnitude } else { magnitude }
}

/// Returns a draw from a Poisson distribution: the smallest count plus the number of thresholds that the word
/// exceeds. `table` is `[smallest count, levels, thresholds...]` with `2^levels - 1` thresholds in rising order.
#[inline(always)]
#[must_use]
pub fn poisson(word: u32, table: &[u32]) -> u32 {
    let mut exceeded = 0;
    let mut half = (1_u32 << table[1]) >> 1;
    while half > 0 {
        if word > table[(1 + exceeded + half) as usize] {
            exceeded += half;
        }
        half >>= 1;
    }
    table[0] + exceeded
}
