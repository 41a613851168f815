//! Who takes what a run records, and when.

use crate::engine::{Piece, Receiver, Room};
use crate::error::{Error, Result};
use crate::experiment::recording::Recorded;
use crate::population::recorder::Recorder;
use crate::population::sink::Sink;
use std::ops::ControlFlow;

/// Who hears of a run while it goes on.
pub(crate) enum Taker<'a> {
    Nobody,
    Observer(&'a mut dyn FnMut(u64) -> ControlFlow<()>),
    Sink(&'a mut dyn Sink),
}

impl Taker<'_> {
    /// Is told that `made` steps of a run were made; a sink gets the block that is complete.
    pub(crate) fn after(
        &mut self,
        recorder: &mut Recorder,
        first_step: u64,
        made: u64,
    ) -> Result<ControlFlow<()>> {
        match self {
            Self::Nobody => Ok(ControlFlow::Continue(())),
            Self::Observer(observe) => Ok(observe(made)),
            Self::Sink(sink) => {
                if recorder.is_full() {
                    sink.take(recorder.cut(first_step + made)?)?;
                }
                Ok(sink.progress(made))
            }
        }
    }

    /// Takes what is there after the last step, and returns what is the caller's.
    pub(crate) fn last(&mut self, recorded: Recorded) -> Result<Recorded> {
        let Self::Sink(sink) = self else { return Ok(recorded) };
        let (first_step, steps) = (recorded.first_step, recorded.steps);
        if steps > 0 && (recorded.spikes.is_some() || recorded.rate.is_some() || recorded.voltages.is_some())
        {
            sink.take(recorded)?;
        }
        Ok(Recorded { first_step, steps, spikes: None, counts: None, rate: None, voltages: None })
    }
}

/// A run that is recorded, and whoever takes that.
pub(crate) struct Taking<'a, 'b> {
    recorder: &'a mut Recorder,
    taker: &'a mut Taker<'b>,
    first_step: u64,
    made: u64,
    /// Of the taker, which ends the run.
    pub(crate) refusal: Option<Error>,
}

impl<'a, 'b> Taking<'a, 'b> {
    pub(crate) fn new(recorder: &'a mut Recorder, taker: &'a mut Taker<'b>, first_step: u64) -> Self {
        Self { recorder, taker, first_step, made: 0, refusal: None }
    }
}

impl Receiver for Taking<'_, '_> {
    fn room(&mut self, words: usize, voltages: usize) -> Option<Room<'_>> {
        self.recorder.room(words, voltages)
    }

    fn most_steps(&self) -> u64 {
        self.recorder.most_steps()
    }

    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        self.made += piece.steps;
        self.recorder.take(piece);
        if self.refusal.is_some() {
            return ControlFlow::Break(());
        }
        self.taker.after(self.recorder, self.first_step, self.made).unwrap_or_else(|error| {
            self.refusal = Some(error);
            ControlFlow::Break(())
        })
    }
}
