//! The random sources of an input as engines get them: every parameter checked, every table computed once.

use crate::data::broadcast::{Column, column};
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use crate::error::{Error, Result};
use crate::experiment::params::{Parameter, Params};
use crate::experiment::poisson_rates::PoissonRates;
use crate::experiment::random_source::{Distribution, Random};
use crate::model::random::{self, GROUP};
use crate::model::tables;
use crate::model::{StepInput, rounded};
use crate::prepared::coefficients::{flush_parameter, physical, require_magnitude, require_value};
use std::sync::Arc;

/// The stream of the first source; the stream before it is for draws at the start of a run.
const FIRST_STREAM: u32 = 1;

/// No draw from the normal distribution is farther from the mean than this many standard deviations.
const FURTHEST: f32 = 6.5;

/// The checked random sources of an input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    pub(crate) seed: u64,
    /// The number of the first driven cell in the whole population.
    pub(crate) first_cell: u64,
    pub(crate) sources: Vec<NoiseSource>,
    /// Whether the spikes with a negative weight are summed apart, for the inhibitory current.
    pub(crate) inhibition: bool,
    /// The largest magnitude of the sum of all currents, nA.
    pub(crate) largest_current: f32,
    /// The largest magnitude of the sum of all currents of spikes that arrive at one step, nA.
    pub(crate) largest_arriving: f32,
    /// Tables of Poisson distributions, one after the other; shared by all slabs.
    pub(crate) poisson_tables: Arc<Vec<u32>>,
}

/// A checked random source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NoiseSource {
    pub(crate) kind: NoiseKind,
    pub(crate) stream: u32,
    /// Mean, or lower bound; 0 for Poisson spikes.
    pub(crate) offset: Column<f32>,
    /// Standard deviation, width or weight.
    pub(crate) scale: Column<f32>,
    /// The start of each cell's table among the Poisson tables.
    pub(crate) table: Column<u32>,
}

/// The distribution of a source, and what its draws act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoiseKind {
    Normal,
    Uniform,
    /// Number of spikes, which are currents.
    Poisson,
    /// Number of spikes, which are jumps of the membrane potential.
    PoissonJumps,
}

/// The values that random sources draw for the cells of a population, as returned by
/// [`Population::draws`](crate::Population::draws).
#[derive(Debug, Clone)]
pub struct Draws {
    noise: Option<Arc<Noise>>,
    shape: Shape,
}

impl Draws {
    pub(crate) fn new(noise: Option<Arc<Noise>>, shape: Shape) -> Self {
        Self { noise, shape }
    }

    /// Returns what is drawn for one cell at the step of this number. `None` outside the population.
    #[must_use]
    pub fn at(&self, row: usize, neuron: usize, step: u64) -> Option<StepInput> {
        let inside = row < self.shape.batch && neuron < self.shape.n;
        let draw = |noise: &Arc<Noise>| noise.at(row, neuron, self.shape.n, step);
        inside.then(|| self.noise.as_ref().map_or_else(StepInput::default, draw))
    }
}

impl Noise {
    /// Checks the sources of a population of this shape with these parameters.
    pub(crate) fn new(sources: &[Random], seed: u64, shape: Shape, params: &Params) -> Result<Self> {
        let mut noise = Self {
            seed,
            first_cell: 0,
            sources: Vec::new(),
            inhibition: params.tau_syn_inhibitory.is_some(),
            largest_current: 0.0,
            largest_arriving: 0.0,
            poisson_tables: Arc::default(),
        };
        for (index, source) in (FIRST_STREAM..).zip(sources) {
            let stream = match source.stream {
                None => index,
                Some(stream) => stream.checked_add(FIRST_STREAM).ok_or_else(|| {
                    Error::out_of_range("the stream of a random source", stream, "below 2^32 - 1")
                })?,
            };
            noise.add(stream, &source.distribution, shape, params.dt)?;
        }
        Ok(noise)
    }

    /// Returns the part for a slab of a population with `n` neurons to a row.
    pub(crate) fn part(&self, slab: &Slab, n: usize) -> Self {
        let part = |source: &NoiseSource| NoiseSource {
            offset: source.offset.part(slab),
            scale: source.scale.part(slab),
            table: source.table.part(slab),
            ..*source
        };
        Self {
            first_cell: self.first_cell + slab.cells(n).start as u64,
            sources: self.sources.iter().map(part).collect(),
            poisson_tables: Arc::clone(&self.poisson_tables),
            ..*self
        }
    }

    /// Whether any source makes the membrane potential jump.
    pub(crate) fn jumps(&self) -> bool {
        self.sources.iter().any(|source| source.kind == NoiseKind::PoissonJumps)
    }

    fn add(&mut self, stream: u32, distribution: &Distribution, shape: Shape, dt: f64) -> Result<()> {
        let no_table = Column::scalar(0);
        let source = match distribution {
            Distribution::Gaussian { mean, sd } => {
                let offset = physical("the mean of the Gaussian input", mean, shape)?;
                let scale = positive("the sd of the Gaussian input", sd, shape)?;
                self.largest_current += offset.largest() + FURTHEST * scale.largest();
                NoiseSource { kind: NoiseKind::Normal, stream, offset, scale, table: no_table }
            }
            Distribution::WhiteNoise { mean, sigma } => {
                let offset = physical("the mean of the white noise", mean, shape)?;
                let scale = positive("the sigma of the white noise", sigma, shape)?
                    .map(|sigma| (f64::from(*sigma) / dt.sqrt()) as f32)
                    .map(flush_parameter);
                self.largest_current += offset.largest() + FURTHEST * scale.largest();
                NoiseSource { kind: NoiseKind::Normal, stream, offset, scale, table: no_table }
            }
            Distribution::Uniform { low, high } => {
                let offset = physical("the lower end of the uniform input", low, shape)?;
                let high = physical("the upper end of the uniform input", high, shape)?;
                let scale = high.zip(&offset, shape, |high, low| high - low);
                let what = "the upper minus the lower end of the uniform input";
                require_value(&scale, what, |width| *width >= 0.0, "0 or more")?;
                self.largest_current += offset.largest() + scale.largest();
                let scale = scale.map(flush_parameter);
                NoiseSource { kind: NoiseKind::Uniform, stream, offset, scale, table: no_table }
            }
            Distribution::Poisson { rate, weight, jumps } => {
                let scale = physical("the weight of the Poisson input", weight, shape)?;
                let (table, largest_count) = self.tabulate(rate, shape, dt)?;
                let (kind, what) = if *jumps {
                    (NoiseKind::PoissonJumps, "the most that Poisson spikes of one step can add to v")
                } else {
                    self.largest_arriving += scale.largest() * largest_count;
                    (NoiseKind::Poisson, "the largest current of Poisson spikes in one step")
                };
                require_magnitude(what, scale.largest() * largest_count)?;
                NoiseSource { kind, stream, offset: Column::scalar(0.0), scale, table }
            }
        };
        self.sources.push(source);
        Ok(())
    }

    /// Adds a table for each different rate. Returns the places of the tables, and the largest count that any
    /// of them gives.
    fn tabulate(&mut self, rate: &Parameter, shape: Shape, dt: f64) -> Result<(Column<u32>, f32)> {
        let what = "the rate of the Poisson input";
        let rate = column(what, rate.values().view(), shape)?;
        let most = tables::LARGEST_MEAN * 1000.0 / dt;
        require_value(
            &rate,
            what,
            |rate| (0.0..=most).contains(&f64::from(*rate)),
            format!(
                "from 0 to {most} Hz, {:e} spikes in a step; beyond, a Gaussian input of mean w and sd \
                 w sqrt(spikes per step) does the same",
                tables::LARGEST_MEAN
            ),
        )?;
        let rates = PoissonRates::new(rate.values.iter().copied(), dt);
        if self.poisson_tables.len() as u64 + rates.words() > u64::from(u32::MAX / 2) {
            return Err(Error::out_of_range(
                "the number of different rates of the Poisson input",
                rates.len(),
                "smaller: their tables have more than 2^31 entries; let fewer neurons differ",
            ));
        }
        let (places, largest_count) = rates.tabulate(Arc::make_mut(&mut self.poisson_tables));
        Ok((rate.map(|rate| places[rates.position(*rate)]), largest_count as f32))
    }

    /// Returns what the sources add for one cell at one step: the definition that every engine must equal.
    pub(crate) fn at(&self, row: usize, neuron: usize, n: usize, step: u64) -> StepInput {
        let cell = self.first_cell + (row * n + neuron) as u64;
        let mut sum = StepInput::default();
        for source in &self.sources {
            let words = self.words(source, cell, step / GROUP);
            let scale = source.scale.get(row, neuron);
            let offset = source.offset.get(row, neuron);
            let table = source.table.get(row, neuron);
            let word = words[(step % GROUP) as usize];
            source.add(&mut sum, word, offset, scale, self.poisson_table(table), self.inhibition);
        }
        sum
    }

    /// Returns the random words of a cell for a group of steps.
    #[inline(always)]
    pub(crate) fn words(&self, source: &NoiseSource, cell: u64, group: u64) -> [u32; GROUP as usize] {
        random::philox(random::counter(cell, group, source.stream), random::key(self.seed))
    }

    /// Whether the Poisson table that begins at a place is that of the rate 0.
    pub(crate) fn is_silent(&self, place: u32) -> bool {
        self.poisson_table(place).starts_with(&[0, 0])
    }

    /// The Poisson table that begins at a place.
    #[inline(always)]
    pub(crate) fn poisson_table(&self, place: u32) -> &[u32] {
        self.poisson_tables.get(place as usize..).unwrap_or_default()
    }
}

impl NoiseSource {
    /// Adds the draw of a word to the sum of the sources before.
    #[inline(always)]
    fn add(&self, sum: &mut StepInput, word: u32, offset: f32, scale: f32, table: &[u32], inhibition: bool) {
        let draw = match self.kind {
            NoiseKind::Normal => random::normal(word, tables::normal()),
            NoiseKind::Uniform => random::uniform(word),
            NoiseKind::Poisson | NoiseKind::PoissonJumps => random::poisson(word, table) as f32,
        };
        let added = rounded(offset + rounded(scale * draw));
        let sum = match self.kind {
            NoiseKind::Normal | NoiseKind::Uniform => &mut sum.current,
            NoiseKind::Poisson if inhibition && scale < 0.0 => &mut sum.inhibitory,
            NoiseKind::Poisson => &mut sum.arriving,
            NoiseKind::PoissonJumps => &mut sum.jump,
        };
        *sum = rounded(*sum + added);
    }
}

fn positive(what: &str, parameter: &Parameter, shape: Shape) -> Result<Column<f32>> {
    let values = physical(what, parameter, shape)?;
    require_value(&values, what, |value| *value >= 0.0, "0 or more")?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_share_the_tables() {
        let rates = ndarray::arr1(&[-0.0_f32, 500.0, 0.0, 9e7]);
        let noise =
            Noise::new(&[Random::poisson(rates, 0.1)], 7, 4.into(), &Params::default()).expect("valid");
        let part = noise.part(&Slab { rows: 0..1, neurons: 1..4 }, 4);
        assert!(Arc::ptr_eq(&noise.poisson_tables, &part.poisson_tables));
        let places = &noise.sources[0].table.values;
        assert!(places[0] == 0 && places[2] == 0 && part.sources[0].table.values == places[1..]);
        assert!((0..100).all(|step| noise.at(0, 0, 4, step).jump == 0.0));
        let spikes =
            |noise: &Noise, neuron| (0..2000).filter(|step| noise.at(0, neuron, 4, *step).jump > 0.0).count();
        assert!((50..150).contains(&spikes(&noise, 1)) && spikes(&noise, 3) == 2000);
    }
}
