//! Tables that turn random words into draws from a distribution. They are computed once on the host in
//! double precision by [`libm`], which gives the same bits on every platform.

use crate::random::SEGMENT_BITS;
use std::sync::LazyLock;

/// The number of different words: probabilities are multiples of 1 / `WORDS`.
const WORDS: f64 = 4_294_967_296.0;

/// The number of octaves of probability that a word can tell apart.
const OCTAVES: u32 = 32;

/// The largest mean of a Poisson distribution. Above it, a normal distribution serves as well.
pub const LARGEST_MEAN: f64 = 1e4;

/// The number of intervals in the table of the normal distribution.
pub const NORMAL_INTERVALS: usize = (OCTAVES as usize) << SEGMENT_BITS;

/// Returns the table of [`random::normal`](crate::random::normal): for each segment of probability the
/// magnitude at its lower end, and the difference to the magnitude at its upper end.
pub fn normal() -> &'static [[f32; 2]; NORMAL_INTERVALS] {
    static TABLE: LazyLock<[[f32; 2]; NORMAL_INTERVALS]> = LazyLock::new(|| {
        let segments = 1 << SEGMENT_BITS;
        let mut table = [[0.0; 2]; NORMAL_INTERVALS];
        for (octave, intervals) in table.chunks_exact_mut(segments).enumerate() {
            let lowest = libm::ldexp(0.5, -(octave as i32));
            let magnitude =
                |segment: usize| normal_magnitude(lowest * (1.0 + segment as f64 / segments as f64));
            for (segment, interval) in intervals.iter_mut().enumerate() {
                let lower = magnitude(segment);
                *interval = [lower as f32, (magnitude(segment + 1) - lower) as f32];
            }
        }
        table
    });
    &TABLE
}

/// Returns the bound that a standard normal variable exceeds in magnitude with this probability.
fn normal_magnitude(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if libm::erfc(middle * std::f64::consts::FRAC_1_SQRT_2) > probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Returns the table of [`random::poisson`](crate::random::poisson) for a mean up to [`LARGEST_MEAN`]:
/// `[smallest count, levels, thresholds...]`. A word gives a count above k if it is above
/// `2^32 P(count <= k) - 1`, rounded.
pub fn poisson(mean: f64) -> Vec<u32> {
    if mean == 0.0 {
        return vec![0, 0];
    }
    let mut thresholds = Vec::new();
    let mut smallest = 0;
    let mut cumulative = 0.0;
    let mut count = 0_u32;
    loop {
        cumulative += poisson_probability(mean, count);
        let words = (cumulative * WORDS).round();
        // The second condition counts only if rounding keeps the sum below 1.
        if words >= WORDS || f64::from(count) > mean + 10.0 * mean.sqrt() + 20.0 {
            break;
        }
        if words < 1.0 {
            smallest = count + 1;
        } else {
            thresholds.push((words - 1.0) as u32);
        }
        count += 1;
    }
    let levels = (thresholds.len() + 1).next_power_of_two().ilog2();
    // No word exceeds u32::MAX, so counts beyond the last threshold never arise.
    thresholds.resize((1 << levels) - 1, u32::MAX);
    [vec![smallest, levels], thresholds].concat()
}

fn poisson_probability(mean: f64, count: u32) -> f64 {
    let count = f64::from(count);
    libm::exp(count * libm::log(mean) - mean - libm::lgamma(count + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn quantiles_are_those_of_published_tables() {
        for (two_sided, magnitude) in [(0.05, 1.959_963_985), (0.01, 2.575_829_304), (1e-6, 4.891_638_475)] {
            assert!((normal_magnitude(two_sided) - magnitude).abs() < 1e-8);
        }
    }

    /// A draw is within 2e-5 of the exact quantile for every word.
    #[test]
    fn interpolation_follows_the_quantiles() {
        for index in 0..200_000_u64 {
            // Words of all octaves.
            let word = (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32 >> (index % 31);
            let exact = normal_magnitude(f64::from(word | 1) / WORDS);
            let exact = if word & 1 == 1 { -exact } else { exact };
            let drawn = f64::from(random::normal(word, normal()));
            assert!((drawn - exact).abs() < 2e-5, "{word}: {drawn} {exact}");
        }
        assert!(random::normal(0, normal()) > 6.3);
        assert!(random::normal(1, normal()) < -6.3);
    }

    #[test]
    fn counts_have_their_probabilities() {
        for mean in [0.0, 1e-9, 1e-6, 0.01, 0.5, 1.0, 7.3, 30.0, 300.0, LARGEST_MEAN] {
            let table = poisson(mean);
            assert_eq!(table.len(), 1 + (1 << table[1]), "{mean}");
            assert!(table[2..].is_sorted());
            // The mean over all words, by the number of words between two thresholds.
            let mut sum = 0.0;
            let mut below = 0.0;
            for (count, threshold) in (table[0]..).zip(&table[2..]) {
                let words = f64::from(*threshold) + 1.0;
                sum += f64::from(count) * (words - below);
                below = words;
            }
            let last = f64::from(table[0]) + table[2..].len() as f64;
            sum += last * (WORDS - below);
            let rounding = 0.5 * (table.len() as f64) / WORDS + 1e-7 * mean;
            assert!((sum / WORDS - mean).abs() <= rounding, "{mean}: {}", sum / WORDS);
        }
    }

    #[test]
    fn thresholds_divide_the_words() {
        let table = poisson(0.7);
        let none = libm::exp(-0.7) * WORDS;
        assert_eq!(random::poisson(none.round() as u32 - 1, &table), 0);
        assert_eq!(random::poisson(none.round() as u32, &table), 1);
        assert_eq!(random::poisson(0, &table), 0);
        assert!((9..14).contains(&random::poisson(u32::MAX, &table)));
        assert_eq!(random::poisson(u32::MAX, &poisson(0.0)), 0);
    }
}
