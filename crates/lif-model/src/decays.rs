//! Tables of the exponential decay of a spike in the van Rossum distance.

use crate::{SMALLEST_STATE, flush};

/// `[left, gain]` for numbers of steps: `left` is `exp(-steps / tau)`, what is left of a spike after these steps,
/// and `gain` is `(1 - left^2) / 2`, the integral of the squared decay over these steps, divided by tau.
///
/// For stretch 2 after stretch 1, `left = left1 * left2` and `gain = gain1 + left1^2 * gain2`: no digits cancel.
#[derive(Debug)]
pub struct Decays {
    /// For fewer than [`LOW`](Self::LOW) steps.
    pub low: Vec<[f32; 2]>,
    /// For multiples of `LOW` steps, up to where nothing is left of a spike or the scored steps end.
    pub high: Vec<[f32; 2]>,
}

/// The multiple of tau after which nothing is left in `f32`.
const LAST: f64 = 104.0;

impl Decays {
    pub const LOW: u32 = 4096;

    /// For a decay time `tau`, in steps, and stretches of at most `longest` steps.
    pub fn new(tau: f64, longest: u32) -> Self {
        let of = |steps: u32| {
            let times = f64::from(steps) / tau;
            [libm::exp(-times), -0.5 * libm::expm1(-2.0 * times)]
                .map(|value| flush(value as f32, SMALLEST_STATE))
        };
        let high = longest.min((LAST * tau) as u32) / Self::LOW + 1;
        Self {
            low: (0..Self::LOW).map(of).collect(),
            high: (0..high).map(|multiple| of(multiple * Self::LOW)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_than_are_needed() {
        let lengths = |tau, longest| {
            let decays = Decays::new(tau, longest);
            (decays.low.len(), decays.high.len())
        };
        assert_eq!(lengths(200.0, 100_000), (4096, 6));
        assert_eq!(lengths(200.0, 9000), (4096, 3));
        assert_eq!(lengths(1e300, 4095), (4096, 1));
        assert_eq!(lengths(1e-300, 4096), (4096, 1));
        assert_eq!(Decays::new(200.0, 100_000).high[5][0], flush(libm::exp(-102.4) as f32, 1e-30));
    }
}
