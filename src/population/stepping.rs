//! How a population is stepped: one step at a time, or many with what they record.

use super::{MOST_STEPS, Population};
use crate::data::large::Large;
use crate::data::memory::{self, MemoryNeed};
use crate::data::raster::Raster;
use crate::data::resident::{ResidentData, ResidentRaster};
use crate::data::steps::blocks;
use crate::device::Device;
use crate::engine::Piece;
use crate::error::{Error, Result};
use crate::experiment::input::{Input, InputSize};
use crate::experiment::recording::{Kept, Recorded, Recording};
use crate::population::recorder::Recorder;
use crate::population::sink::Sink;
use crate::population::taker::{Taker, Taking};
use crate::prepared::current::{Current, Values};
use crate::prepared::field::Counter;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

impl Population {
    /// Asks for one step with this input, which is made at the latest when state is read. With
    /// [spikes](crate::SpikeInput) in the input, this step and those before are made at once.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`] and [`Error::OutOfRange`] for the input, which then
    /// changes nothing; faults of the device, also of steps queued before.
    pub fn forward<'a>(&mut self, input: impl Into<Input<'a>>) -> Result<()> {
        self.check_state()?;
        self.check_steps(1)?;
        let input = input.into();
        if !self.queue.repeat(&input) {
            let shape = input.shape();
            if !input.spikes.is_empty() {
                let (size, noise) = self.measure(&input)?;
                self.require_input(&size, 1)?;
                let current = self.check_input(input, 1, noise)?;
                return self.step_at_once(current);
            }
            let noise = self.check_noise(&input.random)?;
            let current = self.check_input(input, 1, noise)?;
            let room = self.leave_room(&current)?;
            if !self.queue.push(&current, shape.clone(), self.steps, room) {
                self.flush()?;
                self.queue.push(&current, shape, self.steps, room);
            }
        }
        self.steps += 1;
        if self.queue.is_due(self.steps, self.batch * self.n) {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes the steps that wait where the memory budget has no room for another one beside them. Returns the bytes that
    /// may wait, where there is a budget.
    fn leave_room(&mut self, current: &Current<'_>) -> Result<Option<u64>> {
        let Some(room) = self.queue_room else { return Ok(None) };
        let noise = self.noise.as_ref().map_or(0, |noise| noise.bytes);
        let room = room.saturating_sub(noise);
        let Values::Host(values) = &current.values else { return Ok(Some(room)) };
        let bytes = (size_of_val(&values[..]) as u64).saturating_mul(self.device.copies_of_queued());
        if bytes > room {
            let need = self.device.memory_needed(&self.table, (self.batch, self.n));
            let need = need.and(MemoryNeed::of("the queue of inputs", bytes, 0));
            let need = need.and(MemoryNeed::of("the random sources", noise, 0));
            self.device.require_within_budget(&need, "the population and an input that waits")?;
        }
        if bytes.saturating_mul(self.queue.steps() + 1) > room {
            self.flush()?;
        }
        Ok(Some(room))
    }

    /// Makes a step that does not wait in the queue.
    fn step_at_once(&mut self, current: Current<'_>) -> Result<()> {
        self.flush()?;
        let result =
            self.engine.advance(self.steps, 1, &current, None, &mut |_: Piece<'_>| ControlFlow::Continue(()));
        self.steps += self.note(result)?;
        Ok(())
    }

    /// Makes `steps` steps and returns what was asked to be recorded. Where that is nothing, the
    /// device may still be at work when this returns.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, 2, &Device::cpu())?;
    /// let recorded = population.run(1000, 1.0, &Recording::none().spikes().counts())?;
    /// let spikes = recorded.spikes.unwrap_or_else(|| unreachable!("asked for"));
    /// assert_eq!(spikes.to_dense()?.shape(), [1000, 2, 100]);
    /// assert_eq!(spikes.events().next().map(|event| event.step), Some(68));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), also for the recording.
    pub fn run<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Nobody)
    }

    /// As [`run`](Self::run), telling `observe` after each block of steps how many were made, and
    /// stopping when it breaks. What was made and recorded until then is returned.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_observed<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
        mut observe: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Observer(&mut observe))
    }

    /// Makes `steps` steps and keeps the spikes of all neurons on the device, as input for other
    /// populations. 32 steps of a cell take 4 bytes. What is more than the device binds at once, or
    /// comes from several slabs or devices, is kept in the memory of this program.
    ///
    /// ```
    /// use lif::{Device, Input, Params, Population, Recording, SpikeInput, Tensor};
    /// use ndarray::Array2;
    ///
    /// let device = Device::auto();
    /// let mut first = Population::new(Params::default(), 30, 4, &device)?;
    /// let mut second = Population::new(Params::default(), 10, 4, &device)?;
    /// let weights = Tensor::new(&device, &Array2::from_elem((30, 10), 2.0_f32))?;
    /// for _ in 0..5 {
    ///     let spikes = first.run_resident(256, 0.9)?;
    ///     second.run(256, SpikeInput::dense(&spikes, &weights), &Recording::none())?;
    /// }
    /// assert!(second.counts()?.sum() > 0);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_resident<'a>(&mut self, steps: u64, input: impl Into<Input<'a>>) -> Result<ResidentRaster> {
        self.check_state()?;
        self.check_steps(steps)?;
        let input: Input<'_> = input.into();
        let (size, noise) = self.measure(&input)?;
        let shape = (self.batch, self.n);
        let recording = Recording::none().spikes();
        let words = (blocks(self.steps, steps) as u64).saturating_mul(4 * (self.batch * self.n) as u64);
        let recorded = self.device.memory_of_kept_words(words, self.table.buffers(), shape);
        let is_kept = recorded.is_some();
        let recorded = recorded.unwrap_or_else(|| self.recording_need(&recording, steps, Kept::Whole));
        self.require(&size, steps, &recorded, "the population and its spikes", nothing_there)?;
        let current = self.check_input(input, steps, noise)?;
        if !is_kept {
            memory::require("the spikes", self.device.on_this_machine(&recorded), Kept::Whole.advice())?;
        }
        self.flush()?;
        let first_step = self.steps;
        let on_device = self.engine.advance_resident(first_step, steps, &current);
        let words = match self.note(on_device)? {
            Some(words) => ResidentData::Device(words),
            None => {
                let mut recorder = Recorder::new(&recording, first_step, steps, shape, Kept::Whole);
                let wanted = recorder.wanted(false);
                let mut nobody = Taker::Nobody;
                let mut taking = Taking::new(&mut recorder, &mut nobody, first_step);
                let result = self.engine.advance(first_step, steps, &current, wanted.as_deref(), &mut taking);
                self.note(result)?;
                let raster = recorder.cut(first_step + steps)?.spikes;
                ResidentData::Host(Arc::new(raster.map_or_else(|| Large::zeroed(0), Raster::into_words)))
            }
        };
        self.steps += steps;
        Ok(ResidentRaster::kept(first_step, steps, shape, words))
    }

    fn recording_need(&self, recording: &Recording, steps: u64, kept: Kept) -> MemoryNeed {
        let shape = (self.batch, self.n);
        recording.need((self.steps, steps), shape, kept, &self.device, self.table.buffers())
    }

    /// Refuses a call for which the memory budget does not reach, or on some device its own. `more` is there beside
    /// the population and its input; `more_of` says what of it is on a device that has these cells.
    pub(super) fn require(
        &self,
        input: &InputSize,
        steps: u64,
        more: &MemoryNeed,
        what: &str,
        more_of: impl Fn(&Device, Range<usize>) -> MemoryNeed,
    ) -> Result<()> {
        let shape = (self.batch, self.n);
        let more =
            || self.device.memory_of_input(input, steps, self.table.buffers(), shape).and(more.clone());
        self.device.require_within_budgets(&self.table, shape, more, what, more_of)
    }

    /// Refuses an input for which the memory budget does not reach, whatever is recorded.
    pub(super) fn require_input(&self, input: &InputSize, steps: u64) -> Result<()> {
        let nothing = MemoryNeed::default();
        self.require(input, steps, &nothing, "the population and its input", nothing_there)
    }

    /// Refuses more steps than a population ever makes.
    pub(super) fn check_steps(&self, steps: u64) -> Result<()> {
        if steps > MOST_STEPS - self.steps {
            let requirement = format!("at most {} more", MOST_STEPS - self.steps);
            return Err(Error::out_of_range("the number of steps", steps, requirement));
        }
        Ok(())
    }

    /// As [`run`](Self::run), handing the recording to `sink` block by block instead of keeping it,
    /// so that it may be far longer than memory. What is returned has the number of steps made
    /// and, where asked for, the counts.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recorded, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, 1, &Device::cpu())?;
    /// let mut spikes = 0;
    /// let mut sink = |block: Recorded| {
    ///     spikes += block.spikes.map_or(0, |raster| raster.count());
    ///     Ok(())
    /// };
    /// let made = population.run_into(1000, 1.0, &Recording::none().spikes().counts(), &mut sink)?;
    /// assert_eq!(made.counts.map(|counts| counts.sum()), Some(spikes as u32));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and the first of the sink, which ends the run: the population has
    /// then made the steps of that block, and perhaps some more that were under way.
    pub fn run_into<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
        sink: &mut dyn Sink,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Sink(sink))
    }

    fn advance(
        &mut self,
        steps: u64,
        input: Input<'_>,
        recording: &Recording,
        taker: &mut Taker<'_>,
    ) -> Result<Recorded> {
        self.check_state()?;
        recording.check(self.n)?;
        self.check_steps(steps)?;
        let (size, noise) = self.measure(&input)?;
        let kept = if matches!(taker, Taker::Sink(_)) { Kept::InBlocks } else { Kept::Whole };
        let recorded = self.recording_need(recording, steps, kept);
        self.require(&size, steps, &recorded, "the population and what it records", nothing_there)?;
        let current = self.check_input(input, steps, noise)?;
        memory::require("the recording", self.device.on_this_machine(&recorded), kept.advice())?;
        let mut recorder = Recorder::new(recording, self.steps, steps, (self.batch, self.n), kept);
        recorder.reference = self.table.reference;
        self.flush()?;
        let counts_before = if recording.counts {
            self.on_engine(|engine| engine.read_counter(Counter::Spikes))?
        } else {
            Vec::new()
        };

        let first_step = self.steps;
        if steps > 0 {
            let wanted = recorder.wanted(!matches!(taker, Taker::Nobody));
            // Holds where a panic of the taker ends the run between two blocks.
            self.fault = Some("a run was left by a panic".to_owned());
            let mut taking = Taking::new(&mut recorder, taker, first_step);
            let result = self.engine.advance(first_step, steps, &current, wanted.as_deref(), &mut taking);
            let refusal = taking.refusal;
            self.fault = None;
            self.steps += self.note(result)?;
            refusal.map_or(Ok(()), Err)?;
        }

        let counts = if recording.counts {
            let mut counts = self.on_engine(|engine| engine.read_counter(Counter::Spikes))?;
            for (count, before) in counts.iter_mut().zip(counts_before) {
                *count = count.wrapping_sub(before);
            }
            Some(self.array(counts)?)
        } else {
            None
        };
        let recorded = taker.last(recorder.cut(self.steps)?)?;
        Ok(Recorded { first_step, steps: self.steps - first_step, counts, ..recorded })
    }
}

/// Of what is recorded, which is in the memory of this program, there is nothing on any device.
fn nothing_there(_: &Device, _: Range<usize>) -> MemoryNeed {
    MemoryNeed::default()
}
