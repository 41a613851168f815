//! What was counted for a cell, and the scores that follow from it.

/// The smallest value of the factor `1 - 2 rate window` that the coincidence factor is divided by. The
/// factor goes through 0 where the rate is `1 / (2 window)`, and what is divided by it without
/// bounds.
const SMALLEST_NORM: f64 = 0.25;

/// Spikes of a cell and of a recording, and how many of them coincide. Tallies of several recordings
/// can be [added up](Self::and).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Steps that were scored.
    pub steps: u64,
    /// How many steps coinciding spikes are apart at most.
    pub window: u64,
    /// Recorded spikes.
    pub recorded: u64,
    /// Predicted spikes.
    pub predicted: u64,
    /// Pairs of a recorded and a predicted spike that coincide.
    pub coincidences: u64,
}

impl Tally {
    /// The coincidence factor Gamma (Jolivet et al. 2008, Journal of Neuroscience Methods 169:417,
    /// after Kistler, Gerstner & van Hemmen 1997, Neural Computation 9:1015):
    ///
    /// ```text
    /// (coincidences - chance * recorded) / ((recorded + predicted) / 2) / max(1 - chance, 1/4)
    /// chance = 2 * window * predicted / steps
    /// ```
    ///
    /// 1 where all spikes coincide, 0 for what a Poisson process of the predicted rate would reach, and
    /// 0 where nothing is predicted. The published factor divides by `1 - chance`; its lower bound
    /// of 1/4 keeps the factor finite where the predicted rate comes near `1 / (2 window)`, and
    /// below 0 where it is beyond.
    #[must_use]
    pub fn gamma(&self) -> f64 {
        let [steps, window, recorded, predicted, coincidences] =
            [self.steps, self.window, self.recorded, self.predicted, self.coincidences]
                .map(|count| count as f64);
        if recorded + predicted == 0.0 {
            return 0.0;
        }
        let chance = 2.0 * window * predicted / steps;
        (coincidences - chance * recorded)
            / (0.5 * (recorded + predicted))
            / (1.0 - chance).max(SMALLEST_NORM)
    }

    /// The spike-count error: how many more spikes were predicted than recorded.
    #[must_use]
    pub fn count_error(&self) -> i64 {
        self.predicted as i64 - self.recorded as i64
    }

    /// What was counted in two recordings. The window is that of this one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            window: self.window,
            recorded: self.recorded + other.recorded,
            predicted: self.predicted + other.predicted,
            coincidences: self.coincidences + other.coincidences,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(recorded: u64, predicted: u64, coincidences: u64) -> Tally {
        Tally { steps: 100_000, window: 40, recorded, predicted, coincidences }
    }

    #[test]
    fn the_factor_is_1_for_the_same_train_and_0_by_chance() {
        assert_eq!(tally(465, 465, 465).gamma(), 1.0);
        assert_eq!(tally(500, 500, 200).gamma(), 0.0);
        assert_eq!(tally(500, 0, 0).gamma(), 0.0);
        // By hand: chance 0.4, (300 - 200) / 500 / 0.6.
        assert!((tally(500, 500, 300).gamma() - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn the_factor_stays_small_where_the_norm_vanishes() {
        for predicted in 1200..3000 {
            // Without the bound 0.5 at 1,200 spikes, and ever more towards 1,250.
            assert!(tally(465, predicted, 464).gamma() < 0.1, "{predicted}");
        }
    }
}
