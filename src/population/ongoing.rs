//! [`Ongoing`]: a run in progress. It advances the engine, and passes what is made to the recorder, the sink, the
//! scorer and the observer.

use super::Population;
use super::run::Observer;
use crate::data::memory::{self, MemoryNeed};
use crate::engine::{Piece, Receiver, Request, Room, SpikeRequest};
use crate::error::{Error, Result};
use crate::experiment::recording::{Delivery, Recorded, Recording};
use crate::population::recorder::Recorder;
use crate::population::scorer::Scorer;
use crate::population::sink::Sink;
use crate::prepared::current::Current;
use crate::prepared::field::Counter;
use crate::prepared::scoring::Scoring;
use std::ops::ControlFlow;

/// The receivers of a run: its observer, sink and scorer.
pub(super) struct Listeners<'run> {
    pub(super) observer: Option<Observer<'run>>,
    pub(super) sink: Option<&'run mut dyn Sink>,
    pub(super) scorer: Option<&'run mut Scorer>,
}

/// The memory that a run takes in addition to the population and its input.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) recording: MemoryNeed,
    pub(super) scores: MemoryNeed,
}

impl Needs {
    pub(super) fn all(&self) -> MemoryNeed {
        self.recording.clone().and(self.scores.clone())
    }
}

pub(super) struct Ongoing<'run> {
    recorder: Recorder,
    listeners: Listeners<'run>,
    /// The scores so far, if the spikes are handed out and scored here instead of on the device.
    scoring: Option<Scoring>,
    /// The spike counts of all cells before the run, if counts are recorded.
    counts_before: Option<Vec<u32>>,
    first_step: u64,
    made: u64,
    /// Whether the observer or the sink has ended the run.
    stopped: bool,
    /// The error of the sink, which ends the run.
    refusal: Option<Error>,
}

impl<'run> Ongoing<'run> {
    /// Starts a run: allocates the memory for recordings and scores, and makes queued steps.
    pub(super) fn start(
        population: &mut Population,
        listeners: Listeners<'run>,
        recording: &Recording,
        (steps, kept): (u64, Delivery),
        needs: &Needs,
    ) -> Result<Self> {
        let here = |need| population.placement.on_this_machine(need);
        memory::require("the recording", here(&needs.recording), kept.advice())?;
        memory::require("the scores", here(&needs.scores), "take fewer neurons or targets")?;
        let mut recorder = Recorder::new(recording, population.steps, steps, population.shape, kept);
        recorder.reference = population.table.reference;
        population.flush()?;
        let counts_before = recording
            .counts
            .then(|| population.on_engine(|engine| engine.read_counter(Counter::Spikes)))
            .transpose()?;
        Ok(Self {
            recorder,
            listeners,
            scoring: None,
            counts_before,
            first_step: population.steps,
            made: 0,
            stopped: false,
            refusal: None,
        })
    }

    /// Makes steps of the run.
    pub(super) fn advance(
        &mut self,
        population: &mut Population,
        steps: u64,
        current: &Current<'_>,
    ) -> Result<ControlFlow<()>> {
        if steps == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        population.flush()?;
        let first_step = population.steps;
        let observed = self.listeners.observer.is_some() || self.listeners.sink.is_some();
        let mut request = self.recorder.request(observed);
        let scored_there = self.listeners.scorer.is_some() && !self.recorder.hands_out();
        if let Some(scorer) = &self.listeners.scorer {
            let mut scoring = scorer.scoring.clone();
            scoring.catch_up(first_step);
            if scored_there {
                let result = population.engine.start_scoring(scoring);
                population.note(result)?;
                request = Some(Request { spikes: SpikeRequest::Scored, voltages: None }.into());
            } else {
                self.scoring = Some(scoring);
            }
        }
        // Stays set if a listener panics, which leaves the run between two pieces of work.
        population.fault = Some("a run was left by a panic".to_owned());
        let result = population.engine.advance(first_step, steps, current, request.as_deref(), self);
        population.fault = None;
        if result.is_err() && scored_there {
            population.engine.abandon_scoring();
        }
        population.steps += population.note(result)?;
        // Engines that hand out nothing tell nobody of the steps.
        self.made = population.steps - self.first_step;
        if scored_there {
            let result = population.engine.finish_scoring();
            self.scoring = population.note(result)?;
        }
        if let (Some(scorer), Some(scoring)) = (&mut self.listeners.scorer, self.scoring.take()) {
            scorer.put(scoring, population.steps);
        }
        self.refusal.take().map_or(Ok(()), Err)?;
        Ok(if self.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Ends the run, and returns what was recorded and not handed to a sink.
    pub(super) fn end(mut self, population: &mut Population) -> Result<Recorded> {
        let counts = match self.counts_before.take() {
            None => None,
            Some(before) => {
                let mut counts = population.on_engine(|engine| engine.read_counter(Counter::Spikes))?;
                counts.iter_mut().zip(before).for_each(|(count, before)| *count = count.wrapping_sub(before));
                Some(population.array(counts)?)
            }
        };
        let (first_step, steps) = (self.first_step, self.made);
        let rest = self.rest(population.steps)?;
        let nothing = Recorded { first_step, steps, spikes: None, counts: None, rate: None, voltages: None };
        Ok(Recorded { first_step, steps, counts, ..rest.unwrap_or(nothing) })
    }

    /// Takes what was recorded before step `end` and not handed over yet: gives it to the sink, or returns it if
    /// there is no sink.
    pub(super) fn rest(&mut self, end: u64) -> Result<Option<Recorded>> {
        let recorded = self.recorder.cut(end)?;
        let Some(sink) = &mut self.listeners.sink else { return Ok(Some(recorded)) };
        if recorded.steps > 0 && self.recorder.hands_out() {
            sink.take(recorded)?;
        }
        Ok(None)
    }

    /// Reports the number of steps made to observer and sink, and gives the sink a block that is complete.
    fn tell(&mut self) -> Result<ControlFlow<()>> {
        let Listeners { observer, sink, .. } = &mut self.listeners;
        let mut flow = ControlFlow::Continue(());
        if let Some(observe) = observer {
            flow = observe(self.made);
        }
        if let Some(sink) = sink {
            if self.recorder.is_full() {
                sink.take(self.recorder.cut(self.first_step + self.made)?)?;
            }
            if sink.progress(self.made).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        Ok(flow)
    }
}

impl Receiver for Ongoing<'_> {
    fn room(&mut self, words: usize, voltages: usize) -> Option<Room<'_>> {
        self.recorder.room(words, voltages)
    }

    fn most_steps(&self) -> u64 {
        self.recorder.most_steps()
    }

    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        if let Some(scoring) = &mut self.scoring {
            scoring.take(self.first_step + self.made, piece.steps, piece.words);
        }
        self.made += piece.steps;
        self.recorder.add(piece);
        let flow = if self.refusal.is_some() { Ok(ControlFlow::Break(())) } else { self.tell() };
        let flow = flow.unwrap_or_else(|error| {
            self.refusal = Some(error);
            ControlFlow::Break(())
        });
        self.stopped |= flow.is_break();
        flow
    }
}
