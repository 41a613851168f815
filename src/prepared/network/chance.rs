//! Random counts that decide how many synapses go to each half of a group. They are computed with functions that
//! give the same bits on every platform.

/// Returns a number from 0 up to, but not including, 1, in steps of 2^-53.
pub(super) fn fraction(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
    bits as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Returns a whole number from 0 up to, but not including, `count`. Numbers differ in probability by at most
/// `count / 2^32`.
#[inline(always)]
pub(super) fn below(word: u32, count: u32) -> u32 {
    ((u64::from(word) * u64::from(count)) >> 32) as u32
}

/// Returns how many of `draws` fall into a part that has `part` of `whole` places. `u` is uniform from 0 to 1.
pub(super) fn binomial(u: f64, draws: u64, part: u64, whole: u64) -> u64 {
    if part == 0 || draws == 0 {
        return 0;
    }
    if part == whole {
        return draws;
    }
    let (n, p) = (draws as f64, part as f64 / whole as f64);
    let odds = part as f64 / (whole - part) as f64;
    let mode = (((n + 1.0) * p) as u64).min(draws);
    let k = mode as f64;
    let logarithm = log_binomial(k, n, p, (whole - part) as f64 / whole as f64);
    search(u, (0, mode, draws), logarithm, |k| (n - k) / (k + 1.0) * odds)
}

/// As [`binomial`], for draws of different places: no place is drawn twice.
pub(super) fn hypergeometric(u: f64, draws: u64, part: u64, whole: u64) -> u64 {
    if part == 0 || draws == 0 {
        return 0;
    }
    if part == whole {
        return draws;
    }
    let lowest = draws.saturating_sub(whole - part);
    let highest = draws.min(part);
    let (n, of, all) = (draws as f64, part as f64, whole as f64);
    let mode = ((n + 1.0) * (of + 1.0) / (all + 2.0)) as u64;
    let mode = mode.clamp(lowest, highest);
    let k = mode as f64;
    let (p, q) = (n / all, (whole - draws) as f64 / all);
    let logarithm =
        log_binomial(k, of, p, q) + log_binomial(n - k, all - of, p, q) - log_binomial(n, all, p, q);
    let ratio = |k: f64| (of - k) / (k + 1.0) * (n - k) / (all - of - n + k + 1.0);
    search(u, (lowest, mode, highest), logarithm, ratio)
}

/// Returns the logarithm of the probability of `k` of `n` draws, if each has probability p = 1 - q, without the large
/// terms of factorials, which would cancel (Loader 2000, Fast and accurate computation of binomial probabilities).
fn log_binomial(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if k == 0.0 {
        return n * libm::log1p(-p);
    }
    if k == n {
        return n * libm::log(p);
    }
    let rest = n - k;
    let errors = stirling_error(n) - stirling_error(k) - stirling_error(rest);
    let spread = std::f64::consts::TAU * k * (rest / n);
    errors - deviance(k, n * p) - deviance(rest, n * q) - 0.5 * libm::log(spread)
}

/// Returns what Stirling's formula for the logarithm of n! lacks.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(std::f64::consts::TAU);
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / n
}

/// Returns `k log(k / mean) + mean - k`.
fn deviance(k: f64, mean: f64) -> f64 {
    let apart = k - mean;
    if apart.abs() >= 0.1 * (k + mean) {
        return k * libm::log(k / mean) - apart;
    }
    let ratio = apart / (k + mean);
    let mut term = 2.0 * k * ratio;
    let mut sum = apart * ratio;
    for odd in (3_u32..).step_by(2) {
        term *= ratio * ratio;
        let more = sum + term / f64::from(odd);
        if more == sum {
            break;
        }
        sum = more;
    }
    sum
}

/// Inverts a distribution from its mode outwards: the expected number of rounds is about its standard deviation.
/// `ratio(k)` is the probability of k + 1 over that of k.
fn search(
    u: f64,
    (lowest, mode, highest): (u64, u64, u64),
    log_of_mode: f64,
    ratio: impl Fn(f64) -> f64,
) -> u64 {
    /// Beyond this probability, which rounding of the sum hides, nothing is drawn.
    const NONE: f64 = 1e-18;
    let at_mode = libm::exp(log_of_mode);
    let mut left = u - at_mode;
    let (mut below, mut above) = (at_mode, at_mode);
    let (mut low, mut high) = (mode, mode);
    while left >= 0.0 && below + above > NONE {
        above = if high < highest { above * ratio(high as f64) } else { 0.0 };
        if above > 0.0 {
            high += 1;
            left -= above;
            if left < 0.0 {
                return high;
            }
        }
        below = if low > lowest { below / ratio((low - 1) as f64) } else { 0.0 };
        if below > 0.0 {
            low -= 1;
            left -= below;
            if left < 0.0 {
                return low;
            }
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance over evenly spread probabilities.
    fn moments(draw: impl Fn(f64) -> u64) -> (f64, f64) {
        const SAMPLES: u32 = 100_000;
        let all: Vec<f64> =
            (0..SAMPLES).map(|index| draw((f64::from(index) + 0.5) / f64::from(SAMPLES)) as f64).collect();
        let mean = all.iter().sum::<f64>() / f64::from(SAMPLES);
        (mean, all.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / f64::from(SAMPLES))
    }

    #[test]
    fn counts_have_mean_and_variance_of_their_distributions() {
        /// The logarithms of their factorials have no digits behind the point.
        const MANY: (u64, u64, u64) = (1_000_000_000_000_000, 1, 1_000_000_000_000);
        const OF_MANY: (u64, u64, u64) = (1000, 1 << 59, 1 << 60);
        for (draws, part, whole) in [(1, 1, 3), (10, 2, 5), (1000, 1, 2), (300_000, 20_683, 77_169), MANY] {
            let (n, p) = (draws as f64, part as f64 / whole as f64);
            let (mean, variance) = moments(|u| binomial(u, draws, part, whole));
            assert!((mean - n * p).abs() < 1e-3 * (n * p * (1.0 - p)).sqrt() + 1e-4, "{mean}");
            assert!((variance / (n * p * (1.0 - p)) - 1.0).abs() < 3e-3, "{variance}");
        }
        for (draws, part, whole) in [(1, 1, 3), (4, 2, 5), (90, 50, 100), (1000, 5000, 20_000), OF_MANY] {
            let (n, of, all) = (draws as f64, part as f64, whole as f64);
            let expected = n * of / all;
            let spread = expected * (1.0 - of / all) * (all - n) / (all - 1.0);
            let (mean, variance) = moments(|u| hypergeometric(u, draws, part, whole));
            assert!((mean - expected).abs() < 1e-3 * spread.sqrt() + 1e-4, "{mean} {expected}");
            assert!((variance / spread - 1.0).abs() < 3e-3, "{variance} {spread}");
        }
    }

    #[test]
    fn counts_stay_within_what_is_possible() {
        for u in [0.0, 0.3, 0.999_999, 1.0 - 1e-16] {
            assert_eq!(binomial(u, 7, 0, 5), 0);
            assert_eq!(binomial(u, 7, 5, 5), 7);
            assert!(binomial(u, 7, 1, 1 << 40) <= 7);
            assert!((3..=5).contains(&hypergeometric(u, 8, 5, 10)));
            assert_eq!(hypergeometric(u, 10, 4, 10), 4);
        }
        assert_eq!([below(0, 7), below(u32::MAX, 7), below(1 << 31, 2)], [0, 6, 1]);
        assert!(fraction(u32::MAX, u32::MAX) < 1.0);
    }
}
