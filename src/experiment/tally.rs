//! [`Tally`]: counts of recorded, predicted and coinciding spikes, and the scores computed from them.

/// The lower bound of the norm `1 - 2 rate window` that the coincidence factor is divided by. The norm is 0 at the
/// rate `1 / (2 window)`, where the coincidence factor would be infinite.
const SMALLEST_NORM: f64 = 0.25;

/// The numbers of spikes of a cell and of a recording, and of coincidences between them. Tallies of several recordings
/// can be [added up](Self::and).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tally {
    /// The number of scored steps.
    pub steps: u64,
    /// The largest distance of coinciding spikes, in steps.
    pub window: u64,
    /// The number of recorded spikes.
    pub recorded: u64,
    /// The number of predicted spikes.
    pub predicted: u64,
    /// The number of pairs of a recorded and a predicted spike that coincide.
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
    /// It is 1 if all spikes coincide, 0 on average for a Poisson process of the predicted rate, and
    /// 0 if no spike is predicted. The published factor divides by `1 - chance`. Its lower bound
    /// of 1/4 keeps the factor finite at predicted rates near `1 / (2 window)`, and negative above that.
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

    /// The spike-count error: the number of predicted minus the number of recorded spikes.
    #[must_use]
    pub fn count_error(&self) -> i64 {
        self.predicted as i64 - self.recorded as i64
    }

    /// The sum of the counts of two recordings. The window is taken from `self`.
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
