//! [`Scorer`]: how well the spikes of each cell predict recorded spikes, computed while the spikes are made.
//!
//! All numbers are integers, or come from a fixed order of operations in `f32` that gives the same bits on
//! every device: the same spikes have the same scores, whatever device made them, however a run
//! is cut into calls and slabs, and whatever the number of threads.

use crate::data::memory::{self, MemoryNeed};
use crate::data::raster::Raster;
use crate::data::shape::Shape;
use crate::device::Device;
use crate::device::placement::Placement;
use crate::error::{Argument, Error, Result};
use crate::experiment::recording::Recorded;
use crate::experiment::tally::Tally;
use crate::experiment::target::Target;
use crate::model::score::{CellScore, Goal};
use crate::population::sink::Sink;
use crate::prepared::scoring::Scoring;

/// Delays must be below this many steps: far less than 2^32, so that kernels can tell early from late.
const MOST_LATE: u32 = 1 << 29;

/// Scores the spikes of each neuron of a population against recorded spike trains during a
/// [run](crate::Run::score), on the device if possible, so that only the scores are read back.
///
/// ```
/// use lif::{Device, Params, Population, Scorer, Target};
/// use ndarray::Array1;
///
/// // Which threshold predicts these spikes best?
/// let params = Params { v_threshold: Array1::linspace(-61.0_f32, -45.0, 100).into(), ..Params::default() };
/// let mut population = Population::new(params, 100, &Device::auto())?;
/// let recorded = Target::new([70, 190, 310, 428], 0..500)?;
/// let mut scorer = Scorer::new(100, vec![recorded], 20)?;
/// population.run(500, 1.0).score(&mut scorer).go()?;
/// let gammas: Vec<f64> = scorer.tallies(0).map(|tally| tally.gamma()).collect();
/// let best = (0..100).max_by(|one, other| gammas[*one].total_cmp(&gammas[*other]));
/// assert_eq!(best.map(|best| gammas[best] > 0.9), Some(true));
/// # Ok::<(), lif::Error>(())
/// ```
///
/// It is also a [`Sink`], for recordings of the spikes of all neurons that are used for other purposes, too.
///
/// All steps that a target compares must be scored, in order and each once; other steps are refused. A run
/// that begins at step 0 again, for example after [`reset`](crate::Population::reset), needs a new scorer. Steps that
/// are to count as silent can be [skipped](Self::skip_to).
#[derive(Debug)]
pub struct Scorer {
    shape: Shape,
    targets: Vec<Target>,
    pub(crate) scoring: Scoring,
    /// The step after the last scored step.
    next_step: u64,
}

impl Scorer {
    /// Makes a scorer for a population of this shape, the number of neurons in one row or `[batch, n]`. A predicted
    /// and a recorded spike coincide if they are at most `window` steps apart; each is counted once.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for no targets, a target of a row that does not exist, 2^32 - 1 cells or more, or
    /// a window of half of the scored steps or more; [`Error::TooLarge`] if the scores do not fit into memory.
    pub fn new(shape: impl Into<Shape>, targets: Vec<Target>, window: u64) -> Result<Self> {
        let shape = shape.into();
        if targets.is_empty() {
            return Err(out_of_range("the number of targets", 0, "1 or more"));
        }
        let shortest = targets.iter().map(Target::length).min().unwrap_or(0);
        if window.saturating_mul(2) >= shortest {
            let requirement = format!("below half of the {shortest} steps that are scored");
            return Err(out_of_range("the window", format!("{window} steps"), requirement));
        }
        let Shape { batch, n } = shape;
        let all = batch.checked_mul(n).filter(|cells| *cells < u32::MAX as usize);
        let Some(all) = all else {
            let cells = format!("{batch} rows of {n} neurons");
            return Err(out_of_range("the number of scored cells", cells, "below 2^32 - 1 in all"));
        };
        if let Some(row) = targets.iter().filter_map(Target::row).find(|row| *row >= batch) {
            let requirement = format!("below the batch size, {batch}");
            return Err(out_of_range("the row of a target", row, requirement));
        }
        let cells = |target: &Target| if target.row().is_some() { n } else { all };
        let bytes: usize = targets.iter().map(|target| cells(target) * size_of::<CellScore>()).sum();
        memory::require("the scores", bytes as u64, "take fewer neurons or targets")?;
        let scoring = Scoring::new(shape, &targets, window as u32);
        Ok(Self { shape, targets, scoring, next_step: 0 })
    }

    /// Delays the spikes of each cell by this many steps before they are compared, in the order of `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] unless there is one number for each cell, [`Error::OutOfRange`] for 2^29 steps or more, and
    /// if steps were scored already.
    pub fn with_delays(mut self, delays: Vec<u32>) -> Result<Self> {
        self.require_unused("delays")?;
        let cells = self.scoring.cells;
        if delays.len() != cells {
            return Err(shape_of("the delays", format!("[{cells}]"), &[delays.len()]));
        }
        if let Some(late) = delays.iter().find(|late| **late >= MOST_LATE) {
            return Err(out_of_range("a delay", format!("{late} steps"), "below 2^29 steps"));
        }
        self.scoring.delays = delays;
        Ok(self)
    }

    /// Computes the van Rossum distances, too; `tau` is the decay time of a spike, in steps.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `tau` is above 0 and finite, and if steps were scored already.
    pub fn with_distances(mut self, tau: f64) -> Result<Self> {
        self.require_unused("distances")?;
        if !(tau > 0.0 && tau.is_finite()) {
            return Err(out_of_range("the decay time of the distance", tau, "above 0 and finite"));
        }
        self.scoring.measure_distances(tau);
        Ok(self)
    }

    fn require_unused(&self, what: &str) -> Result<()> {
        if self.next_step == 0 {
            return Ok(());
        }
        let requirement = format!("0 where {what} are asked for: they would lack what came before");
        Err(out_of_range("the number of steps scored already", self.next_step, requirement))
    }

    /// Skips to a step. Steps before it that were not scored count as silent for all cells: recorded spikes in them are
    /// missed. Scoring continues with this step or a later one.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a step that was scored or skipped already.
    pub fn skip_to(&mut self, step: u64) -> Result<()> {
        self.require_later(step)?;
        self.next_step = step;
        Ok(())
    }

    fn require_later(&self, step: u64) -> Result<()> {
        if step >= self.next_step {
            return Ok(());
        }
        let requirement = format!(
            "{} or later, as the steps before are scored already; a run that begins anew, as after reset(), needs a \
             new scorer",
            self.next_step
        );
        Err(out_of_range("the first step to be scored", step, requirement))
    }

    /// Refuses steps from this one on if they were scored already, or if a step before them is compared and was not
    /// scored.
    pub(crate) fn expect(&self, step: u64) -> Result<()> {
        self.require_later(step)?;
        let late = self.scoring.delay_range();
        let compared = self.scoring.targets.iter().map(|target| target.goal.compared(late));
        let missing = compared.filter_map(|steps| {
            let first = steps.start.max(self.next_step);
            (first < step.min(steps.end)).then_some(first)
        });
        let Some(missing) = missing.min() else { return Ok(()) };
        let requirement = format!(
            "{missing}, as the steps from there on are compared with a target and were not scored; skip_to({step}) takes \
             them as silent"
        );
        Err(out_of_range("the first step to be scored", step, requirement))
    }

    /// Stores the scores of all steps before `next_step`.
    pub(crate) fn put(&mut self, scoring: Scoring, next_step: u64) {
        self.scoring = scoring;
        self.next_step = next_step;
    }

    /// The counts against the target with this index, for each cell that is compared with it, in the
    /// order of `[batch, n]`; empty if there is no target with this index.
    pub fn tallies(&self, target: usize) -> impl Iterator<Item = Tally> + '_ {
        self.of(target).map(|(goal, score)| Tally {
            steps: u64::from(goal.length),
            window: u64::from(goal.window),
            recorded: goal.spikes.len() as u64,
            predicted: u64::from(score.predicted),
            coincidences: u64::from(score.coincidences),
        })
    }

    /// The van Rossum distance from the target with this index, for each cell that is compared with it, in
    /// the order of `[batch, n]`; empty if there is no target with this index, or no distances were
    /// [asked for](Self::with_distances).
    ///
    /// `D = sqrt(1/tau * integral of (f - g)^2)`, f and g being the trains with each spike replaced by
    /// `exp(-t / tau)` (van Rossum 2001, Neural Computation 13:751, equation 2.2). The distance between a single spike
    /// and none is sqrt(1/2), and between two single spikes that are far from each other 1.
    ///
    /// The integral is summed in `f32` with compensation for rounding. The relative error of a distance is about
    /// 10^-6 if no more than some hundred spikes fall within tau.
    pub fn distances(&self, target: usize) -> impl Iterator<Item = f64> + '_ {
        self.of(target).filter(|(goal, _)| goal.decays.is_some()).map(|(goal, score)| score.distance(goal))
    }

    fn of(&self, target: usize) -> impl Iterator<Item = (&Goal, &CellScore)> {
        let target = self.scoring.targets.get(target);
        target.into_iter().flat_map(|target| target.scores.iter().map(|score| (&*target.goal, score)))
    }

    /// The targets.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Returns the memory that scores take on a device for a run of this many steps that records nothing else, in
    /// addition to the population.
    #[must_use]
    pub fn memory_needed(&self, device: &Device, steps: u64) -> MemoryNeed {
        self.need(&device.into(), steps, false)
    }

    /// As [`memory_needed`](Self::memory_needed); `handed_out` says whether the spikes are read back and scored on
    /// the host.
    pub(crate) fn need(&self, placement: &Placement, steps: u64, handed_out: bool) -> MemoryNeed {
        if handed_out {
            return MemoryNeed::of("the scores", 2 * self.scoring.bytes(&(0..self.scoring.cells)), 0);
        }
        placement.memory_of_scores(&self.scoring, steps)
    }

    /// Refuses a population of another shape.
    pub(crate) fn check(&self, shape: Shape) -> Result<()> {
        if shape == self.shape {
            return Ok(());
        }
        let expected = self.shape.to_string();
        Err(shape_of("the scored spikes", expected, &[shape.batch, shape.n]))
    }

    fn score(&mut self, raster: &Raster) -> Result<()> {
        self.check([raster.batch(), raster.neurons().len()].into())?;
        if let Some((expected, neuron)) = (0..).zip(raster.neurons()).find(|(index, neuron)| index != *neuron)
        {
            let place = format!("{expected}, the spikes of all neurons being scored in their order");
            return Err(out_of_range("a neuron of the scored spikes", neuron, place));
        }
        let (first_step, steps) = (raster.first_step(), raster.steps());
        if steps > 0 {
            self.expect(first_step)?;
            self.scoring.take(first_step, steps, raster.words());
            self.next_step = first_step + steps;
        }
        Ok(())
    }
}

fn out_of_range(what: &str, value: impl std::fmt::Display, requirement: impl Into<String>) -> Error {
    Error::out_of_range(what, value, requirement).about(Argument::Score)
}

fn shape_of(what: &str, expected: impl Into<String>, got: &[usize]) -> Error {
    Error::shape(what, expected, got).about(Argument::Score)
}

impl Sink for Scorer {
    /// Scores the spikes of a block, which must begin where the last one ended. Other contents of the block are
    /// ignored.
    fn take(&mut self, block: Recorded) -> Result<()> {
        match &block.spikes {
            Some(raster) => self.score(raster),
            None => Err(out_of_range("the recording", "without spikes", "one of all spikes")),
        }
    }
}
