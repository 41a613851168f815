//! A hash of all spikes of a run: runs with the same spikes have the same hash.
//!
//! Each spike is numbered, the number is scrambled by the finaliser of splitmix64 (Steele, Lea & Flood 2014),
//! and the results are added modulo 2^64. A sum does not depend on the order, so parts of a run can be hashed
//! separately.

use super::events::Spike;
use lif::Shape;
use ndarray::Array2;

/// The contribution of one spike.
pub fn of_spike(spike: Spike, shape: Shape) -> u64 {
    let (n, batch) = (shape.n as u64, shape.batch as u64);
    let row = u64::from(spike.step).wrapping_mul(batch).wrapping_add(u64::from(spike.batch));
    scramble(row.wrapping_mul(n).wrapping_add(u64::from(spike.neuron)))
}

/// The hash of the spike counts, for runs whose spikes were not recorded.
pub fn of_counts(counts: &Array2<u32>) -> u64 {
    let numbers =
        counts.iter().enumerate().map(|(cell, count)| ((cell as u64) << 32).wrapping_add(u64::from(*count)));
    numbers.map(scramble).fold(0, u64::wrapping_add)
}

fn scramble(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrambling_is_that_of_splitmix64() {
        // The first three numbers of the generator with seed 1234567.
        let step = 0x9E37_79B9_7F4A_7C15_u64;
        let drawn: Vec<u64> =
            (0..3).map(|index| scramble(1_234_567_u64.wrapping_add(step.wrapping_mul(index)))).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_spike_counts() {
        let one = Spike { step: 3, batch: 0, neuron: 1 };
        let other = Spike { step: 3, batch: 1, neuron: 0 };
        assert_ne!(of_spike(one, [2, 2].into()), of_spike(other, [2, 2].into()));
    }
}
