//! [`PoissonRates`]: the tables of a Poisson source, one for each different rate.

use crate::model::tables;
use rayon::prelude::*;

/// The number of tables that are made at a time; that many exist twice for a moment.
const TOGETHER: usize = 256;

/// The different rates of a source, sorted.
pub(crate) struct PoissonRates {
    rates: Vec<f32>,
    /// Step length, ms.
    dt: f64,
}

impl PoissonRates {
    /// Sorts rates, Hz, which need not have been checked yet.
    pub(crate) fn new(rates: impl Iterator<Item = f32>, dt: f64) -> Self {
        // Negative zero becomes zero. A NaN, which will be refused later, must not become the largest rate.
        let number = |rate: f32| if rate.is_nan() { 0.0 } else { rate + 0.0 };
        let mut rates: Vec<f32> = rates.map(number).collect();
        rates.par_sort_unstable_by(f32::total_cmp);
        rates.dedup();
        Self { rates, dt }
    }

    pub(crate) fn len(&self) -> usize {
        self.rates.len()
    }

    /// Returns the index of a rate.
    pub(crate) fn position(&self, rate: f32) -> usize {
        self.rates.partition_point(|other| *other < rate)
    }

    /// Returns the number of words of all tables, although only a few of them are made for it.
    pub(crate) fn words(&self) -> u64 {
        let (Some(first), Some(last)) = (self.rates.first(), self.rates.last()) else { return 0 };
        self.words_of(&self.rates, (self.length(*first), self.length(*last)))
    }

    /// Returns the number of words of the tables of `rates`, the first and the last of which have the lengths `first`
    /// and `last`. Lengths rise with the rate and there are few different ones, so that bisection finds them all.
    fn words_of(&self, rates: &[f32], (first, last): (u64, u64)) -> u64 {
        if first == last {
            return last * rates.len() as u64;
        }
        if rates.len() <= 2 {
            return first + last;
        }
        let (lower, upper) = rates.split_at(rates.len() / 2);
        let end = |rate: Option<&f32>| rate.map_or(0, |rate| self.length(*rate));
        self.words_of(lower, (first, end(lower.last()))) + self.words_of(upper, (end(upper.first()), last))
    }

    fn length(&self, rate: f32) -> u64 {
        tables::poisson(self.mean(rate).clamp(0.0, tables::LARGEST_MEAN)).len() as u64
    }

    /// The mean number of spikes in a step.
    fn mean(&self, rate: f32) -> f64 {
        f64::from(rate) * self.dt / 1000.0
    }

    /// Appends the tables of these rates, which must be valid, to `tables`. Returns where each begins, and the largest
    /// count that any of them gives.
    pub(crate) fn tabulate(&self, tables: &mut Vec<u32>) -> (Vec<u32>, u32) {
        tables.reserve_exact(self.words() as usize);
        let mut places = Vec::with_capacity(self.rates.len());
        let mut largest_count = 0;
        for rates in self.rates.chunks(TOGETHER) {
            let made: Vec<Vec<u32>> =
                rates.par_iter().map(|rate| tables::poisson(self.mean(*rate))).collect();
            for table in made {
                places.push(tables.len() as u32);
                largest_count = largest_count.max(table[0] + (table.len() as u32 - 2));
                tables.extend(table);
            }
        }
        (places, largest_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_as_many_words_as_was_said_and_are_there_once() {
        let all = [0.0, -0.0, 1e-3, 5.0, 100.0, 100.0, 1e4, 1e5, 3e5, 1e6, 1e7, 3e7, 9e7, 1e8];
        let many = (0..3000).map(|index| index as f32 * 7.0).chain(all);
        let rates = PoissonRates::new(many, 0.1);
        assert_eq!((rates.position(-0.0), rates.position(0.0), rates.rates[0].to_bits()), (0, 0, 0));
        let mut tables = vec![7; 3];
        let (places, largest_count) = rates.tabulate(&mut tables);
        assert_eq!(rates.words(), tables.len() as u64 - 3);
        assert!(tables.capacity() <= tables.len() + 3, "{} {}", tables.capacity(), tables.len());
        // Tables are filled up to a power of two.
        assert!((10_000..12_000).contains(&largest_count), "{largest_count}");
        assert_eq!((places.len(), places[0]), (rates.len(), 3));
        let place = places[rates.position(1e5)] as usize;
        let table = tables::poisson(f64::from(1e5_f32) * 0.1 / 1000.0);
        assert_eq!(tables[place..][..table.len()], table);
    }

    #[test]
    fn wrong_rates_are_measured_too() {
        let rates = PoissonRates::new([f32::NAN, -5.0, f32::INFINITY, f32::MAX].into_iter(), 0.1);
        assert!(rates.words() > 1000);
    }
}
