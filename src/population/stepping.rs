//! Steps a population by one step ([`Population::forward`]), or with spikes that stay on the device
//! ([`Population::run_resident`]). All other runs are in [`run`](super::run).

use super::{MOST_STEPS_EVER, Population};
use crate::data::large::Large;
use crate::data::memory::{self, MemoryNeed};
use crate::data::raster::Raster;
use crate::data::resident::{ResidentData, ResidentRaster};
use crate::data::steps::blocks;
use crate::engine::Piece;
use crate::error::{Argument, Error, Result};
use crate::experiment::input::{Input, InputSize};
use crate::experiment::recording::{Delivery, Recording};
use crate::population::recorder::Recorder;
use crate::prepared::current::{Current, Values};
use std::ops::ControlFlow;
use std::sync::Arc;

impl Population {
    /// Queues one step with this input, which is made at the latest when state is read. If the input has
    /// [spikes](crate::SpikeInput), this step and all queued steps are made at once.
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
                let nothing = MemoryNeed::default();
                let current = self.ready(input, 1, &nothing, "the population and its input")?;
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
        if self.queue.is_due(self.steps, self.shape.cells()) {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes the queued steps if the memory budget has no room for another step in the queue. Returns the number of
    /// bytes that may wait, if there is a budget.
    fn leave_room(&mut self, current: &Current<'_>) -> Result<Option<u64>> {
        let Some(room) = self.queue_room else { return Ok(None) };
        let noise = self.noise.as_ref().map_or(0, |noise| noise.bytes);
        let room = room.saturating_sub(noise);
        let Values::Host(values) = &current.values else { return Ok(Some(room)) };
        let bytes = (size_of_val(&values[..]) as u64).saturating_mul(self.placement.copies_of_queued());
        if bytes > room {
            let need = self.memory_of_population();
            let need = need.and(MemoryNeed::of("the queue of inputs", bytes, 0));
            let need = need.and(MemoryNeed::of("the random sources", noise, 0));
            self.placement.options.require_within_budget(&need, "the population and an input that waits")?;
        }
        if bytes.saturating_mul(self.queue.steps() + 1) > room {
            self.flush()?;
        }
        Ok(Some(room))
    }

    /// Makes a step without the queue.
    fn step_at_once(&mut self, current: Current<'_>) -> Result<()> {
        self.flush()?;
        let result =
            self.engine.advance(self.steps, 1, &current, None, &mut |_: Piece<'_>| ControlFlow::Continue(()));
        self.steps += self.note(result)?;
        Ok(())
    }

    /// Makes `steps` steps and keeps the spikes of all neurons on the device, as input for other
    /// populations. 32 steps of a cell take 4 bytes. The spikes are kept in the memory of this program if they are more
    /// than the device binds at once, or come from several slabs or devices.
    ///
    /// ```
    /// use lif::{Device, Params, Population, SpikeInput, Tensor};
    /// use ndarray::Array2;
    ///
    /// let device = Device::auto();
    /// let mut first = Population::new(Params::default(), [4, 30], &device)?;
    /// let mut second = Population::new(Params::default(), [4, 10], &device)?;
    /// let weights = Tensor::new(&device, &Array2::from_elem((30, 10), 2.0_f32))?;
    /// for _ in 0..5 {
    ///     let spikes = first.run_resident(256, 0.9)?;
    ///     second.run(256, SpikeInput::dense(&spikes, &weights)).go()?;
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
        let shape = self.shape;
        let recording = Recording::none().spikes();
        let words = (blocks(self.steps, steps) as u64).saturating_mul(4 * shape.cells() as u64);
        let recorded = self.placement.memory_of_kept_words(words, self.table.buffers(), shape);
        let is_kept = recorded.is_some();
        let recorded = recorded.unwrap_or_else(|| self.recording_need(&recording, steps, Delivery::Whole));
        let current = self.ready(input, steps, &recorded, "the population and its spikes")?;
        if !is_kept {
            memory::require(
                "the spikes",
                self.placement.on_this_machine(&recorded),
                Delivery::Whole.advice(),
            )?;
        }
        self.flush()?;
        let first_step = self.steps;
        let on_device = self.engine.advance_resident(first_step, steps, &current);
        let words = match self.note(on_device)? {
            Some(words) => ResidentData::Device(words),
            None => {
                let mut recorder = Recorder::new(&recording, first_step, steps, shape, Delivery::Whole);
                let request = recorder.request(false);
                let result =
                    self.engine.advance(first_step, steps, &current, request.as_deref(), &mut recorder);
                self.note(result)?;
                let raster = recorder.cut(first_step + steps)?.spikes;
                ResidentData::Host(Arc::new(raster.map_or_else(|| Large::zeroed(0), Raster::into_words)))
            }
        };
        self.steps += steps;
        Ok(ResidentRaster::kept(first_step, steps, shape, words))
    }

    pub(super) fn recording_need(&self, recording: &Recording, steps: u64, kept: Delivery) -> MemoryNeed {
        recording.need((self.steps, steps), self.shape, kept, &self.placement, self.table.buffers())
    }

    /// Checks an input, and that it fits into the memory budget together with `more`.
    pub(super) fn ready<'a>(
        &mut self,
        input: Input<'a>,
        steps: u64,
        more: &MemoryNeed,
        what: &str,
    ) -> Result<Current<'a>> {
        let (size, noise) = self.measure(&input)?;
        self.require(&size, steps, more, what)?;
        self.check_input(input, steps, noise)
    }

    /// Refuses a call if the population, its input and `more` exceed the memory budget.
    fn require(&self, input: &InputSize, steps: u64, more: &MemoryNeed, what: &str) -> Result<()> {
        if self.placement.options.memory_budget.is_none() {
            return Ok(());
        }
        let buffers = self.table.buffers();
        let population = self.memory_of_population();
        let input = self.placement.memory_of_input(input, steps, buffers, self.shape);
        self.placement.options.require_within_budget(&population.and(input).and(more.clone()), what)
    }

    /// Refuses an input that exceeds the memory budget even if nothing is recorded.
    pub(super) fn require_input(&self, input: &InputSize, steps: u64) -> Result<()> {
        self.require(input, steps, &MemoryNeed::default(), "the population and its input")
    }

    /// Refuses steps beyond [`MOST_STEPS_EVER`].
    pub(super) fn check_steps(&self, steps: u64) -> Result<()> {
        if steps > MOST_STEPS_EVER - self.steps {
            let requirement = format!("at most {} more", MOST_STEPS_EVER - self.steps);
            return Err(Error::out_of_range("the number of steps", steps, requirement).about(Argument::Steps));
        }
        Ok(())
    }
}
