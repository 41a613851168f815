//! What arrives at a cell through the synapses of a network: a sum of weights as a current or a potential.
//!
//! Weights are whole multiples of a unit, so that their sum is exact and has the same bits in any order.
//! Its twin `shaders/arrival.wgsl` has the same function.

use crate::rounded;

/// Returns a sum of weights in nA or mV; `sum` is a multiple of `unit`.
///
/// Devices may convert an integer of more than 24 bits to either neighbour. Its two halves are converted exactly, and
/// their sum is rounded once.
#[inline(always)]
#[must_use]
pub fn arrival(sum: i32, unit: f32) -> f32 {
    let high = (sum >> 12) as f32 * 4096.0;
    let low = (sum & 0xfff) as f32;
    rounded(rounded(high + low) * unit)
}

#[cfg(test)]
mod tests {
    use super::arrival;

    #[test]
    fn a_sum_is_rounded_to_the_nearest_number() {
        for sum in [0, 1, -1, 4095, -4096, 1 << 24, (1 << 24) + 1, -(1 << 24) - 3, i32::MAX, i32::MIN] {
            assert_eq!(arrival(sum, 1.0).to_bits(), (sum as f32).to_bits(), "{sum}");
            assert_eq!(arrival(sum, 0.125), sum as f32 * 0.125, "{sum}");
        }
    }
}
