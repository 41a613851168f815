//! How well the spikes of each cell predict recorded ones, found while they are made.
//!
//! All numbers are integers, or come from a fixed order of operations in `f64`: the same spikes have
//! the same scores, whatever device made them and whatever the number of threads.

mod distance;
mod matching;
mod tally;
mod target;

pub use tally::Tally;
pub use target::Target;

use crate::error::{Error, Result};
use crate::raster::Raster;
use crate::recording::Recorded;
use crate::sink::Sink;
use distance::{Decay, Difference};
use matching::Matching;
use rayon::prelude::*;

/// Cells that one thread scores at a time: their states and words stay in its caches.
const CHUNK: usize = 2048;

/// Scores each of `batch` rows of `n` neurons against recorded trains, while a run goes on: a
/// [`Sink`] for the spikes of all neurons, which looks at each block of them once and throws it away.
///
/// ```
/// use lif::{Device, Params, Population, Recording, Scorer, Target};
/// use ndarray::Array1;
///
/// // Which threshold predicts these spikes best?
/// let params = Params { v_threshold: Array1::linspace(-61.0_f32, -45.0, 100).into(), ..Params::default() };
/// let mut population = Population::new(params, 100, 1, &Device::cpu())?;
/// let recorded = Target::new([70, 190, 310, 428], 0..500)?;
/// let mut scorer = Scorer::new((1, 100), vec![recorded], 20)?;
/// population.run_into(500, 1.0, &Recording::none().spikes(), &mut scorer)?;
/// let gammas: Vec<f64> = scorer.tallies(0).map(|tally| tally.gamma()).collect();
/// let best = (0..100).max_by(|one, other| gammas[*one].total_cmp(&gammas[*other]));
/// assert_eq!(best.map(|best| gammas[best] > 0.9), Some(true));
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug)]
pub struct Scorer {
    shape: (usize, usize),
    targets: Vec<Target>,
    /// The window of coincidences, steps.
    window: u64,
    /// How many steps each cell's spikes are late, or nothing where none is.
    delays: Vec<u32>,
    /// `[cell][target]`
    matchings: Vec<Matching>,
    decay: Option<Decay>,
    /// `[cell][target]`, or nothing where no distance is asked for.
    differences: Vec<Difference>,
}

impl Scorer {
    /// For a population of this shape, `(batch, n)`. A predicted spike and a recorded one coincide
    /// where they are at most `window` steps apart; each is counted once.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for no targets, and for a window that is half as long as what is scored.
    pub fn new(shape: (usize, usize), targets: Vec<Target>, window: u64) -> Result<Self> {
        if targets.is_empty() {
            return Err(Error::out_of_range("the number of targets", 0, "1 or more"));
        }
        let shortest = targets.iter().map(Target::length).min().unwrap_or(0);
        if window.saturating_mul(2) >= shortest {
            let requirement = format!("below half of the {shortest} steps that are scored");
            return Err(Error::out_of_range("the window", format!("{window} steps"), requirement));
        }
        let matchings = vec![Matching::default(); shape.0 * shape.1 * targets.len()];
        Ok(Self {
            shape,
            targets,
            window,
            delays: Vec::new(),
            matchings,
            decay: None,
            differences: Vec::new(),
        })
    }

    /// Takes each cell's spikes as so many steps late, in the order of `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] unless there is one number for each cell.
    pub fn with_delays(mut self, delays: Vec<u32>) -> Result<Self> {
        if delays.len() != self.cells() {
            return Err(Error::shape("the delays", format!("[{}]", self.cells()), &[delays.len()]));
        }
        self.delays = delays;
        Ok(self)
    }

    /// Finds the van Rossum distances too; `tau` is the decay time of a spike, in steps.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless it is above 0 and finite.
    pub fn with_distances(mut self, tau: f64) -> Result<Self> {
        if !(tau > 0.0 && tau.is_finite()) {
            return Err(Error::out_of_range("the decay time of the distance", tau, "above 0 and finite"));
        }
        self.decay = Some(Decay::new(tau));
        self.differences = (0..self.cells()).flat_map(|_| &self.targets).map(Difference::before).collect();
        Ok(self)
    }

    fn cells(&self) -> usize {
        self.shape.0 * self.shape.1
    }

    /// What was counted for each cell against the target of this number, in the order of `[batch, n]`;
    /// nothing where there is no such target.
    pub fn tallies(&self, target: usize) -> impl Iterator<Item = Tally> + '_ {
        let own = self.matchings.iter().skip(target).step_by(self.targets.len());
        own.zip(self.targets.get(target).into_iter().cycle()).map(|(matching, recorded)| Tally {
            steps: recorded.length(),
            window: self.window,
            recorded: recorded.spikes().len() as u64,
            predicted: u64::from(matching.predicted),
            coincidences: u64::from(matching.coincidences),
        })
    }

    /// The van Rossum distance of each cell from the target of this number, in the order of `[batch, n]`;
    /// nothing where there is no such target, or no distances were [asked for](Self::with_distances).
    ///
    /// `D = sqrt(1/tau * integral of (f - g)^2)`, f and g being the trains with each spike replaced by
    /// `exp(-t / tau)` (van Rossum 2001, Neural Computation 13:751, equation 2.2). A single spike is
    /// sqrt(1/2) away from none, and two that are far from each other are 1 apart.
    pub fn distances(&self, target: usize) -> impl Iterator<Item = f64> + '_ {
        let own = self.differences.iter().skip(target).step_by(self.targets.len());
        let known = self.targets.get(target).zip(self.decay.as_ref());
        own.zip(known.into_iter().cycle())
            .map(|(difference, (recorded, decay))| difference.distance(decay, recorded))
    }

    fn score(&mut self, raster: &Raster) -> Result<()> {
        let cells = self.cells();
        if (raster.batch(), raster.neurons().len()) != self.shape {
            let expected = format!("[{}, {}]", self.shape.0, self.shape.1);
            return Err(Error::shape(
                "the scored spikes",
                expected,
                &[raster.batch(), raster.neurons().len()],
            ));
        }
        let count = self.targets.len();
        let first_block = raster.first_step() / 32;
        let part = Part { targets: &self.targets, window: self.window, decay: self.decay.as_ref() };
        let delays = &self.delays;
        let matchings = self.matchings.par_chunks_mut(CHUNK * count);
        // Where there are none, each thread gets an empty slice.
        let mut differences: Vec<&mut [Difference]> = if self.differences.is_empty() {
            (0..cells.div_ceil(CHUNK)).map(|_| &mut [][..]).collect()
        } else {
            self.differences.chunks_mut(CHUNK * count).collect()
        };
        matchings.zip(differences.par_iter_mut()).enumerate().for_each(
            |(chunk, (matchings, differences))| {
                let first = chunk * CHUNK;
                let length = matchings.len() / count;
                for (block, row) in raster.words().chunks_exact(cells).enumerate() {
                    let start = (first_block + block as u64) * 32;
                    for (index, &word) in row[first..first + length].iter().enumerate() {
                        if word == 0 {
                            continue;
                        }
                        let late = delays.get(first + index).copied().unwrap_or(0);
                        let own = index * count..(index + 1) * count;
                        let differences = differences.get_mut(own.clone()).unwrap_or_default();
                        part.word(word, start + u64::from(late), &mut matchings[own], differences);
                    }
                }
            },
        );
        Ok(())
    }
}

/// What all threads know.
struct Part<'a> {
    targets: &'a [Target],
    window: u64,
    decay: Option<&'a Decay>,
}

impl Part<'_> {
    /// Shows the spikes of a word, whose first bit is a step, to the states of one cell.
    fn word(&self, word: u32, start: u64, matchings: &mut [Matching], differences: &mut [Difference]) {
        let mut rest = word;
        while rest != 0 {
            let step = start + u64::from(rest.trailing_zeros());
            rest &= rest - 1;
            for (target, matching) in self.targets.iter().zip(&mut *matchings) {
                if target.range().contains(&step) {
                    matching.add(step, target.spikes(), self.window);
                }
            }
            let Some(decay) = self.decay else { continue };
            for (target, difference) in self.targets.iter().zip(&mut *differences) {
                if target.range().contains(&step) {
                    difference.add(step, target, decay);
                }
            }
        }
    }
}

impl Sink for Scorer {
    /// Scores a block. What it holds beside the spikes is not looked at.
    fn take(&mut self, block: Recorded) -> Result<()> {
        match &block.spikes {
            Some(raster) => self.score(raster),
            None => Err(Error::out_of_range("the recording", "without spikes", "one of all spikes")),
        }
    }
}
