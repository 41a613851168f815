//! [`Run`]: a builder for many steps, their input, what is recorded of them, and who receives it.

use super::Population;
use super::ongoing::{Listeners, Needs, Ongoing};
use crate::error::{About, Argument, Result};
use crate::experiment::recording::{Delivery, Recorded, Recording};
use crate::population::blocks::{Drive, DriveKind};
use crate::population::scorer::Scorer;
use crate::population::sink::Sink;
use std::fmt;
use std::ops::ControlFlow;

/// A run to be made: a number of steps, their input, and what to record. [`Population::run`] creates it, and
/// [`go`](Self::go) makes the steps.
///
/// ```
/// use lif::{Device, Params, Population, Recording};
/// use std::ops::ControlFlow;
///
/// let mut population = Population::new(Params::default(), [2, 100], &Device::cpu())?;
/// let recorded = population
///     .run(1000, 1.0)
///     .record(Recording::none().spikes().counts())
///     .observe(|made| {
///         println!("{made} of 1000 steps");
///         ControlFlow::Continue(())
///     })
///     .go()?;
/// let spikes = recorded.spikes.unwrap_or_else(|| unreachable!("asked for"));
/// assert_eq!(spikes.to_dense()?.shape(), [1000, 2, 100]);
/// assert_eq!(spikes.events().next().map(|event| event.step), Some(68));
/// # Ok::<(), lif::Error>(())
/// ```
#[must_use = "a run makes no step before `go`"]
pub struct Run<'run, 'input> {
    population: &'run mut Population,
    steps: u64,
    drive: Drive<'input>,
    recording: Recording,
    observer: Option<Observer<'run>>,
    sink: Option<&'run mut dyn Sink>,
    scorer: Option<&'run mut Scorer>,
}

/// Gets the number of steps made so far, and may end the run.
pub(crate) type Observer<'run> = Box<dyn FnMut(u64) -> ControlFlow<()> + 'run>;

impl fmt::Debug for Run<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, drive, recording, .. } = self;
        formatter
            .debug_struct("Run")
            .field("steps", steps)
            .field("drive", drive)
            .field("recording", recording)
            .finish_non_exhaustive()
    }
}

impl Population {
    /// Describes a run of `steps` steps, driven by an [`Input`](crate::Input), or by
    /// [`Blocks`](crate::Blocks) of an input that is larger than memory. [`Run::go`] makes the steps.
    ///
    /// ```
    /// use lif::{Device, Input, Params, Population, Recording};
    /// use ndarray::Array1;
    ///
    /// let mut population = Population::new(Params::default(), 100, &Device::cpu())?;
    /// let ramp = Array1::linspace(0.0_f32, 1.0, 2000);
    /// let recorded = population.run(2000, Input::sequence(&ramp)).record(Recording::none().rate()).go()?;
    /// assert_eq!(recorded.rate.map(|rate| rate.dim()), Some((2000, 1)));
    /// # Ok::<(), lif::Error>(())
    /// ```
    pub fn run<'input>(&mut self, steps: u64, drive: impl Into<Drive<'input>>) -> Run<'_, 'input> {
        Run {
            population: self,
            steps,
            drive: drive.into(),
            recording: Recording::none(),
            observer: None,
            sink: None,
            scorer: None,
        }
    }
}

impl<'run> Run<'run, '_> {
    /// Sets what to record.
    pub fn record(mut self, recording: impl Into<Recording>) -> Self {
        self.recording = recording.into();
        self
    }

    /// Calls `observe` after each block of steps with the number of steps made so far. If it returns
    /// [`ControlFlow::Break`], the run stops; the steps and recordings made until then are kept.
    pub fn observe(mut self, observe: impl FnMut(u64) -> ControlFlow<()> + 'run) -> Self {
        self.observer = Some(Box::new(observe));
        self
    }

    /// Hands the recording to `sink` block by block instead of keeping it, so that it may be far larger than memory.
    /// [`go`](Self::go) then returns the number of steps made and, if they are recorded, the counts.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recorded, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, &Device::cpu())?;
    /// let mut spikes = 0;
    /// let mut sink = |block: Recorded| {
    ///     spikes += block.spikes.map_or(0, |raster| raster.count());
    ///     Ok(())
    /// };
    /// let recording = Recording::none().spikes().counts();
    /// let made = population.run(1000, 1.0).record(recording).sink(&mut sink).go()?;
    /// assert_eq!(made.counts.map(|counts| counts.sum()), Some(spikes as u32));
    /// # Ok::<(), lif::Error>(())
    /// ```
    pub fn sink(mut self, sink: &'run mut dyn Sink) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Scores the spikes of all neurons. If the run records nothing else, they are scored on the device: on a
    /// GPU by a kernel, and only the scores are read back, at the end.
    ///
    /// Several runs can use one scorer one after the other; how the steps are cut into runs does not matter. Steps are
    /// numbered from 0 since the population was built or reset. Each step that a target compares must be scored exactly
    /// once. Steps that were made without the scorer must be skipped with [`Scorer::skip_to`], and count as silent.
    ///
    /// ```
    /// use lif::{Device, Input, Params, Population, Scorer, Target};
    /// use ndarray::Array1;
    ///
    /// let params = Params { resistance: Array1::linspace(5.0_f32, 60.0, 200).into(), ..Params::default() };
    /// let mut population = Population::new(params, 200, &Device::auto())?;
    /// let current = Array1::from_shape_fn(2000, |step| 0.6 + 0.5 * (step as f32 * 0.013).sin());
    /// let recorded = Target::new([150, 160, 640, 1130, 1600], 0..2000)?;
    /// let mut scorer = Scorer::new(200, vec![recorded], 20)?.with_distances(100.0)?;
    /// population.run(2000, Input::sequence(&current)).score(&mut scorer).go()?;
    /// assert_eq!(scorer.tallies(0).count(), 200);
    /// assert!(scorer.distances(0).all(f64::is_finite));
    /// # Ok::<(), lif::Error>(())
    /// ```
    pub fn score(mut self, scorer: &'run mut Scorer) -> Self {
        self.scorer = Some(scorer);
        self
    }

    /// Makes the steps, and returns the recording. If nothing is recorded or observed, the device
    /// may still be at work when this returns.
    ///
    /// # Errors
    ///
    /// As [`Population::forward`], also for the recording, and
    ///
    /// - with a sink, its first error, which ends the run: the population has then made the steps of that block, and
    ///   perhaps some more that were under way;
    /// - with a scorer, [`Error::Shape`](crate::Error::Shape) if it has another shape, and
    ///   [`Error::OutOfRange`](crate::Error::OutOfRange) if it has scored these steps already or lacks some before
    ///   them. After a fault of the device the scores are as before the run, or before the block;
    /// - with blocks, the errors of each block when it is reached, an error in the place of a block, and
    ///   [`Error::OutOfRange`](crate::Error::OutOfRange) for blocks that have fewer or more steps in all. The steps of
    ///   the earlier blocks are then made, handed to the sink, and scored.
    pub fn go(self) -> Result<Recorded> {
        let Self { population, steps, drive, mut recording, observer, sink, scorer } = self;
        let kept = if sink.is_some() { Delivery::InBlocks } else { Delivery::Whole };
        population.check_state()?;
        recording.check(population.shape.n).about(Argument::Recording)?;
        population.check_steps(steps)?;
        if let Some(scorer) = &scorer {
            scorer.check(population.shape).about(Argument::Score)?;
            if steps > 0 {
                scorer.expect(population.steps).about(Argument::Score)?;
            }
        }
        // The engine then hands out the words of all neurons, which are scored here.
        recording.scored = scorer.is_some() && recording.hands_out();
        let scores =
            scorer.as_ref().map(|scorer| scorer.need(&population.placement, steps, recording.scored));
        let needs = Needs {
            recording: population.recording_need(&recording, steps, kept),
            scores: scores.unwrap_or_default(),
        };
        let what = if scorer.is_some() && !recording.hands_out() {
            "the population and its scores"
        } else {
            "the population and what it records"
        };
        let listeners = Listeners { observer, sink, scorer };
        match drive.0 {
            DriveKind::Input(input) => {
                let current = population.ready(input, steps, &needs.all(), what)?;
                let mut ongoing = Ongoing::start(population, listeners, &recording, (steps, kept), &needs)?;
                let _ = ongoing.advance(population, steps, &current)?;
                ongoing.end(population)
            }
            DriveKind::Blocks(blocks) => {
                let mut ongoing = Ongoing::start(population, listeners, &recording, (steps, kept), &needs)?;
                let made = blocks.each(steps, population.steps, |length, input| {
                    let current = population.ready(input, length, &needs.all(), what)?;
                    ongoing.advance(population, length, &current)
                });
                if made.is_err() {
                    ongoing.rest(population.steps)?;
                }
                made?;
                ongoing.end(population)
            }
        }
    }
}
