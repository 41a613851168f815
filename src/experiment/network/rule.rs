//! [`Rule`]: which neurons of two groups are connected.

use std::sync::Arc;

/// Which neurons of two groups are connected.
///
/// A pair may be connected more than once (a multapse), and a neuron to itself (an autapse), unless that is excluded
/// or cannot happen. All draws depend on the seed of the network, on the place of the connection among all
/// connections, and on the neurons alone.
///
/// Rules accept any value. [`Network::build`](crate::Network::build) refuses those that cannot be followed.
///
/// ```
/// use lif::Rule;
///
/// let rule = Rule::fixed_indegree(100).without_autapses().without_multapses();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) kind: RuleKind,
    pub(crate) autapses: bool,
    pub(crate) multapses: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RuleKind {
    FixedIndegree(u32),
    FixedOutdegree(u32),
    FixedTotal(u64),
    Pairwise(f64),
    OneToOne,
    AllToAll,
    Distance { profile: Profile, extent: Option<[f32; 3]> },
    List { sources: Arc<Vec<u32>>, targets: Arc<Vec<u32>> },
}

/// How the probability of a connection depends on distance, in the unit of the positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Profile {
    /// `p exp(-d^2 / (2 sigma^2))`.
    Gaussian {
        /// The probability at distance 0, from 0 to 1.
        p: f64,
        /// The standard deviation, above 0.
        sigma: f64,
    },
    /// `p exp(-d / length)`.
    Exponential {
        /// The probability at distance 0, from 0 to 1.
        p: f64,
        /// The distance over which it falls to 1/e, above 0.
        length: f64,
    },
    /// `p` up to a distance, and 0 beyond.
    Step {
        /// The probability within the radius, from 0 to 1.
        p: f64,
        /// The largest distance of a connection, above 0.
        radius: f64,
    },
}

impl Profile {
    /// The probability at the square root of this distance.
    pub(crate) fn probability(self, squared: f64) -> f64 {
        match self {
            // The square of a very small sigma would be 0.
            Self::Gaussian { p, sigma } => p * libm::exp(-0.5 * (squared / sigma / sigma)),
            Self::Exponential { p, length } => p * libm::exp(-squared.sqrt() / length),
            Self::Step { p, radius } => {
                if squared <= radius * radius {
                    p
                } else {
                    0.0
                }
            }
        }
    }
}

/// The square of the distance between two positions, in a space that repeats itself after an extent where that is not 0.
pub(crate) fn distance_squared(from: [f32; 3], to: [f32; 3], extent: Option<&[f32; 3]>) -> f64 {
    (0..3).fold(0.0, |sum, axis| {
        let mut apart = (f64::from(from[axis]) - f64::from(to[axis])).abs();
        if let Some(length) = extent.map(|extent| f64::from(extent[axis]))
            && length > 0.0
        {
            apart %= length;
            apart = apart.min(length - apart);
        }
        sum + apart * apart
    })
}

impl Rule {
    fn new(kind: RuleKind) -> Self {
        let multapses = !matches!(
            kind,
            RuleKind::Pairwise(_) | RuleKind::OneToOne | RuleKind::AllToAll | RuleKind::Distance { .. }
        );
        Self { kind, autapses: true, multapses }
    }

    /// Each target has this many synapses, from sources drawn at random. Without multapses there are at most as many as
    /// sources.
    #[must_use]
    pub fn fixed_indegree(synapses: u32) -> Self {
        Self::new(RuleKind::FixedIndegree(synapses))
    }

    /// Each source has this many synapses, at most 2^28, onto targets drawn at random. Without multapses there are at
    /// most as many as targets.
    #[must_use]
    pub fn fixed_outdegree(synapses: u32) -> Self {
        Self::new(RuleKind::FixedOutdegree(synapses))
    }

    /// This many synapses in all, each between a source and a target drawn at random. Without multapses there are at
    /// most as many as pairs.
    #[must_use]
    pub fn fixed_total(synapses: u64) -> Self {
        Self::new(RuleKind::FixedTotal(synapses))
    }

    /// Each pair is connected with this probability, from 0 to 1, at most once.
    #[must_use]
    pub fn pairwise(probability: f64) -> Self {
        Self::new(RuleKind::Pairwise(probability))
    }

    /// Each source is connected to the target of the same number; both groups have the same size.
    #[must_use]
    pub fn one_to_one() -> Self {
        Self::new(RuleKind::OneToOne)
    }

    /// Each source is connected to each target.
    #[must_use]
    pub fn all_to_all() -> Self {
        Self::new(RuleKind::AllToAll)
    }

    /// Each pair is connected with a probability that depends on the distance between the two. The neurons need
    /// [positions](crate::Network::set_positions). Each pair is looked at, so that the time to build the network grows
    /// with the number of pairs.
    #[must_use]
    pub fn by_distance(profile: Profile) -> Self {
        Self::new(RuleKind::Distance { profile, extent: None })
    }

    /// As [`by_distance`](Self::by_distance) in a space that repeats itself after this extent in each direction, so
    /// that it has no borders. An extent of 0 means no repetition in that direction.
    #[must_use]
    pub fn by_periodic_distance(profile: Profile, extent: [f32; 3]) -> Self {
        Self::new(RuleKind::Distance { profile, extent: Some(extent) })
    }

    /// These synapses: the numbers of their sources and targets within the two groups, from 0 on. Both lists have the
    /// same length. Repeated pairs are kept.
    #[must_use]
    pub fn list(sources: impl Into<Vec<u32>>, targets: impl Into<Vec<u32>>) -> Self {
        Self::new(RuleKind::List { sources: Arc::new(sources.into()), targets: Arc::new(targets.into()) })
    }

    /// The probability that a pair of neurons at these positions is connected, if the rule is one by distance.
    ///
    /// ```
    /// use lif::{Profile, Rule};
    ///
    /// let step = Profile::Step { p: 0.5, radius: 2.0 };
    /// let (near, far) = ([1.0, 0.0, 0.0], [9.0, 0.0, 0.0]);
    /// assert_eq!(Rule::by_distance(step).probability(near, far), Some(0.0));
    /// let ring = Rule::by_periodic_distance(step, [10.0, 0.0, 0.0]);
    /// assert_eq!(ring.probability(near, far), Some(0.5));
    /// assert_eq!(Rule::all_to_all().probability(near, far), None);
    /// ```
    #[must_use]
    pub fn probability(&self, from: [f32; 3], to: [f32; 3]) -> Option<f64> {
        let RuleKind::Distance { profile, extent } = &self.kind else { return None };
        Some(profile.probability(distance_squared(from, to, extent.as_ref())))
    }

    /// Excludes synapses of a neuron onto itself, which there are if a group is connected to itself. Numbers of
    /// synapses stay exact; from a list, from pairs and from one to one they are left out.
    #[must_use]
    pub fn without_autapses(mut self) -> Self {
        self.autapses = false;
        self
    }

    /// Excludes several synapses between the same pair in this connection. A list with repeated pairs is then refused.
    #[must_use]
    pub fn without_multapses(mut self) -> Self {
        self.multapses = false;
        self
    }
}
