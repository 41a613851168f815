//! [`Distribution`]: how the weights or the delays of the synapses of a projection are distributed.

use std::sync::Arc;

/// How the weights (nA or mV) or the delays (ms) of the synapses of a projection are distributed.
///
/// All weights must be finite and at most 1e20 in magnitude, and all delays at most 65,535 steps. So must be draws at
/// 6.5 standard deviations from the mean; none is farther. [`Network::build`](crate::Network::build) refuses others.
///
/// ```
/// use lif::Distribution;
///
/// let weight = Distribution::normal(0.088, 0.0088);
/// let delay = Distribution::uniform(0.5, 2.0);
/// let same_for_all: Distribution = 1.5.into();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution(pub(crate) DistributionKind);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DistributionKind {
    Constant(f64),
    Normal {
        mean: f64,
        sd: f64,
        /// Whether a draw beyond zero becomes zero, instead of being drawn again.
        clipped: bool,
    },
    /// The logarithm of the magnitude has this mean and standard deviation.
    Lognormal {
        mu: f64,
        sigma: f64,
        negative: bool,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// One value for each synapse of a list.
    List(Arc<Vec<f32>>),
}

impl Distribution {
    /// The same value for all synapses. They then share it, and take 4 bytes each instead of 8.
    #[must_use]
    pub fn constant(value: f64) -> Self {
        Self(DistributionKind::Constant(value))
    }

    /// A normal distribution. A weight whose sign is not that of the mean, and a delay below half a step, is
    /// drawn again. With the mean 0, weights have both signs. The mean of delays must be at least half a step.
    #[must_use]
    pub fn normal(mean: f64, sd: f64) -> Self {
        Self(DistributionKind::Normal { mean, sd, clipped: false })
    }

    /// A normal distribution. A weight whose sign is not that of the mean becomes 0, and a delay below the smallest
    /// possible becomes that. With the mean 0, weights have both signs. The mean of delays must be possible itself.
    #[must_use]
    pub fn normal_clipped(mean: f64, sd: f64) -> Self {
        Self(DistributionKind::Normal { mean, sd, clipped: true })
    }

    /// A lognormal distribution: the natural logarithm of the value in nA, mV or ms has this mean and standard
    /// deviation. Its mean is `exp(mu + sigma^2 / 2)`, and its median `exp(mu)`. A delay below half a step is drawn
    /// again; the median of delays must be at least that.
    #[must_use]
    pub fn lognormal(mu: f64, sigma: f64) -> Self {
        Self(DistributionKind::Lognormal { mu, sigma, negative: false })
    }

    /// As [`lognormal`](Self::lognormal), for inhibitory weights: with a negative sign. Delays cannot have it.
    #[must_use]
    pub fn negative_lognormal(mu: f64, sigma: f64) -> Self {
        Self(DistributionKind::Lognormal { mu, sigma, negative: true })
    }

    /// A uniform distribution from `low` up to, but not including, `high`, before it is rounded. Weights may have both
    /// signs.
    #[must_use]
    pub fn uniform(low: f64, high: f64) -> Self {
        Self(DistributionKind::Uniform { low, high })
    }

    /// One value for each synapse of a [list](crate::Rule::list), in its order. Other rules refuse it.
    #[must_use]
    pub fn list(values: impl Into<Vec<f32>>) -> Self {
        Self(DistributionKind::List(Arc::new(values.into())))
    }
}

impl Distribution {
    /// Whether values above 0 (or 0), and values below 0, can be drawn.
    pub(crate) fn signs(&self) -> [bool; 2] {
        match &self.0 {
            DistributionKind::Constant(value) => [*value >= 0.0, *value < 0.0],
            DistributionKind::Normal { mean, .. } => [*mean >= 0.0, *mean <= 0.0],
            DistributionKind::Lognormal { negative, .. } => [!negative, *negative],
            // A high end of 0 is not drawn, but may be what the smallest weights are rounded to.
            DistributionKind::Uniform { low, high } => [*high > 0.0 || *low >= 0.0, *low < 0.0],
            DistributionKind::List(values) => {
                let any = |negative: bool| values.iter().any(|value| (*value < 0.0) == negative);
                [any(false), any(true)]
            }
        }
    }
}

impl From<f64> for Distribution {
    fn from(value: f64) -> Self {
        Self::constant(value)
    }
}

impl From<Vec<f32>> for Distribution {
    fn from(values: Vec<f32>) -> Self {
        Self::list(values)
    }
}
