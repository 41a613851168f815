//! [`NoiseSize`]: how much memory random sources take, known before any of it is allocated.

use crate::data::slab::Footprint;
use crate::experiment::params::Parameter;
use crate::experiment::poisson_rates::PoissonRates;
use crate::experiment::random_source::{Distribution, Random};

/// The sizes of random sources that determine their memory.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoiseSize {
    /// The parameters of the draws of each cell.
    pub(crate) columns: Footprint,
    /// The number of sources.
    pub(crate) sources: u64,
    /// Whether any source draws from a normal distribution.
    pub(crate) is_normal: bool,
    /// The number of bytes of the copies of the sources, which are compared with the sources of the next call, and of
    /// sorted rates.
    pub(crate) copied: u64,
    /// The number of words of the tables of Poisson distributions.
    pub(crate) tables: u64,
}

impl NoiseSize {
    /// Returns the sizes of sources, which need not have been checked yet, in a population with this step length (ms).
    pub(crate) fn of(sources: &[Random], dt: f64) -> Self {
        let mut size = Self::default();
        sources.iter().for_each(|source| size.add(&source.distribution, dt));
        size
    }

    fn add(&mut self, distribution: &Distribution, dt: f64) {
        self.sources += 1;
        let columns = match distribution {
            Distribution::Gaussian { mean: one, sd: other }
            | Distribution::WhiteNoise { mean: one, sigma: other } => {
                self.is_normal = true;
                self.add_copies([one, other]);
                [one, other].map(|parameter| Footprint::of(spread(parameter)))
            }
            Distribution::Uniform { low, high } => {
                self.add_copies([low, high]);
                let (low, high) = (spread(low), spread(high));
                [Footprint::of(low), Footprint::of((low.0 || high.0, low.1 || high.1))]
            }
            Distribution::Poisson { rate, weight, .. } => {
                self.add_copies([rate, weight]);
                let rates = PoissonRates::new(rate.values().iter().copied(), dt);
                self.tables = self.tables.saturating_add(rates.words());
                // The checked rates, the sorted rates, and the position of the table of each.
                self.copied += 3 * 4 * rate.values().len() as u64;
                [rate, weight].map(|parameter| Footprint::of(spread(parameter)))
            }
        };
        self.columns = columns.into_iter().fold(self.columns, Footprint::and);
    }

    fn add_copies(&mut self, parameters: [&Parameter; 2]) {
        for parameter in parameters {
            let doubles = parameter.doubles().map_or(0, |doubles| 8 * doubles.len());
            self.copied += (4 * parameter.values().len() + doubles) as u64;
        }
    }
}

/// Whether a parameter differs between batch rows, and between neurons.
fn spread(parameter: &Parameter) -> (bool, bool) {
    match *parameter.values().shape() {
        [rows, neurons] => (rows > 1, neurons > 1),
        [neurons] => (false, neurons > 1),
        _ => (false, false),
    }
}
