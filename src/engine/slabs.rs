//! A population in several slabs: larger than one buffer of its device, or spread over devices.
//!
//! Slabs on one device are advanced one after the other, those on different devices at the same
//! time. Cells do not act on each other, so that the slabs only have to keep step where something
//! is handed out.

use super::cut::Slab;
use super::gpu::StateBuffers;
use super::merge::{Merged, Share};
use super::pace::Pace;
use super::{Engine, Piece, Receiver, Wanted, whole_words};
use crate::error::{Error, Result};
use crate::input::Current;
use crate::noise::Noise;
use crate::score::Scoring;
use crate::work::Work;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Bytes of words, and of membrane potentials, that are put together at a time, unless a row alone is more.
pub(crate) const MOST_MERGED_BYTES: u64 = 64 << 20;

/// Cells times steps after which a run looks whether it is to stop.
const MOST_WORK: u64 = 1 << 30;

/// Steps after which it does in any case.
const MOST_STEPS: u64 = 1 << 14;

/// An engine that has a slab of the population.
#[derive(Debug)]
pub(crate) struct Part {
    slab: Slab,
    engine: Box<dyn Engine>,
    /// The last noise of the whole population, and what of it is the slab's.
    noise: Option<(Arc<Noise>, Arc<Noise>)>,
}

impl Part {
    pub(crate) fn new(slab: Slab, engine: Box<dyn Engine>) -> Self {
        Self { slab, engine, noise: None }
    }

    /// What of an input drives the slab, on the device of this number, from a step on. `n` is the
    /// number of neurons in a row of the whole population.
    fn current<'a>(&mut self, whole: &'a Current<'_>, device: usize, step: usize, n: usize) -> Current<'a> {
        let noise = whole.noise.as_ref().map(|noise| match &self.noise {
            Some((last, part)) if Arc::ptr_eq(last, noise) => Arc::clone(part),
            _ => {
                let part = Arc::new(noise.part(&self.slab, n));
                self.noise = Some((Arc::clone(noise), Arc::clone(&part)));
                part
            }
        });
        whole.part(&self.slab, device, step, noise)
    }
}

#[derive(Debug)]
pub(crate) struct SlabEngine {
    batch: usize,
    n: usize,
    /// The parts on each device, in the order of their cells.
    devices: Vec<Vec<Part>>,
    pace: Pace,
    /// The scores of all cells, as they were when the parts took theirs.
    scoring: Option<Scoring>,
}

impl SlabEngine {
    pub(crate) fn new((batch, n): (usize, usize), devices: Vec<Vec<Part>>) -> Self {
        Self { batch, n, devices, pace: Pace::new(batch * n), scoring: None }
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut Part> {
        self.devices.iter_mut().flatten()
    }

    /// Does something with each part: on each device with one after the other, on all devices at
    /// the same time.
    fn on_all(&mut self, act: impl Fn(usize, &mut Part) -> Result<()> + Sync) -> Result<()> {
        let act = &act;
        let one = |(device, parts): (usize, &mut Vec<Part>)| {
            parts.iter_mut().try_for_each(|part| act(device, part))
        };
        if self.devices.len() == 1 {
            return self.devices.iter_mut().enumerate().try_for_each(one);
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                self.devices.iter_mut().enumerate().map(|parts| scope.spawn(move || one(parts))).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }

    /// Reads one kind of state of all cells.
    fn gather<T>(&mut self, read: impl Fn(&mut dyn Engine) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.batch * self.n);
        for part in self.parts() {
            all.extend(read(part.engine.as_mut())?);
        }
        Ok(all)
    }

    /// Writes one kind of state of all cells.
    fn scatter<T>(
        &mut self,
        values: &[T],
        write: impl Fn(&mut dyn Engine, &[T]) -> Result<()>,
    ) -> Result<()> {
        let n = self.n;
        self.parts().try_for_each(|part| write(part.engine.as_mut(), &values[part.slab.cells(n)]))
    }

    /// Steps that all slabs make before what is wanted of them is put together.
    fn block_steps(&self, wanted: &Wanted, first_step: u64, most_steps: u64) -> u64 {
        let shape = (self.batch, self.n);
        let mut most = (MOST_WORK / (self.batch * self.n) as u64).clamp(32, MOST_STEPS).min(most_steps);
        let word_bytes = 4 * wanted.words.cells(shape) as u64;
        if let Some(blocks) = MOST_MERGED_BYTES.checked_div(word_bytes) {
            most = most.min(blocks.max(1) * 32);
        }
        if let Some(voltages) = &wanted.voltages {
            let sample_bytes = 4 * (self.batch * voltages.neurons.len()) as u64;
            most =
                most.min((MOST_MERGED_BYTES / sample_bytes).max(1).saturating_mul(u64::from(voltages.every)));
        }
        whole_words(first_step, most)
    }

    fn advance_blocks(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        wanted: &Wanted,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let n = self.n;
        let merged = Mutex::new(Merged::new(wanted, (self.batch, n)));
        let lock = || merged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let left = steps - made;
            let most = receiver.most_steps().min(self.pace.steps());
            let count = self.block_steps(wanted, first, most).min(left);
            let start = Instant::now();
            lock().start(wanted, first, count);
            self.on_all(|device, part| {
                let current = part.current(current, device, made as usize, n);
                let slab = &part.slab;
                let share = Share::new(wanted, slab, n);
                let mut next = first;
                part.engine.advance(first, count, &current, Some(&share.wanted), &mut |piece: Piece<
                    '_,
                >| {
                    lock().take(&share, slab, next, piece);
                    next += piece.steps;
                    ControlFlow::Continue(())
                })?;
                Ok(())
            })?;
            self.pace.learn(count, start);
            made += count;
            if receiver.take(lock().piece()).is_break() {
                break;
            }
        }
        Ok(made)
    }
}

impl Engine for SlabEngine {
    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        wanted: Option<&Wanted>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let n = self.n;
        let made = match wanted {
            Some(wanted) => self.advance_blocks(first_step, steps, current, wanted, receiver),
            None => self
                .on_all(|device, part| {
                    let current = part.current(current, device, 0, n);
                    let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
                    part.engine.advance(first_step, steps, &current, None, &mut go_on).map(|_| ())
                })
                .map(|()| steps),
        };
        // Whatever stopped one slab, others may have gone on: that is no refusal any more.
        made.map_err(|error| if error.is_fault() { error } else { fault(&error) })
    }

    fn start_scoring(&mut self, scoring: Scoring) -> Result<()> {
        let n = self.n;
        self.parts().try_for_each(|part| part.engine.start_scoring(scoring.part(&part.slab.cells(n))))?;
        self.scoring = Some(scoring);
        Ok(())
    }

    fn finish_scoring(&mut self) -> Result<Option<Scoring>> {
        let Some(mut scoring) = self.scoring.take() else { return Ok(None) };
        let n = self.n;
        for part in self.parts() {
            if let Some(own) = part.engine.finish_scoring()? {
                scoring.put(&part.slab.cells(n), &own);
            }
        }
        Ok(Some(scoring))
    }

    fn abandon_scoring(&mut self) {
        self.scoring = None;
        self.parts().for_each(|part| part.engine.abandon_scoring());
    }

    fn voltages(&mut self) -> Result<Vec<f32>> {
        self.gather(|engine| engine.voltages())
    }

    fn refractory(&mut self) -> Result<Vec<u32>> {
        self.gather(|engine| engine.refractory())
    }

    fn traces(&mut self) -> Result<Vec<f32>> {
        self.gather(|engine| engine.traces())
    }

    fn synaptic_currents(&mut self) -> Result<Vec<f32>> {
        self.gather(|engine| engine.synaptic_currents())
    }

    fn counts(&mut self) -> Result<Vec<u32>> {
        self.gather(|engine| engine.counts())
    }

    fn set_voltages(&mut self, values: &[f32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.set_voltages(values))
    }

    fn set_refractory(&mut self, values: &[u32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.set_refractory(values))
    }

    fn set_traces(&mut self, values: &[f32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.set_traces(values))
    }

    fn set_synaptic_currents(&mut self, values: &[f32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.set_synaptic_currents(values))
    }

    fn set_counts(&mut self, values: &[u32], next_step: u64) -> Result<()> {
        self.scatter(values, |engine, values| engine.set_counts(values, next_step))
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.parts().try_for_each(|part| part.engine.clear_counts())
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.scatter(start, |engine, start| engine.reset(start))
    }

    fn work(&mut self) -> Result<Work> {
        let parts = self.parts().map(|part| part.engine.work()).collect::<Result<Vec<_>>>()?;
        Ok(parts.into_iter().reduce(Work::and).unwrap_or_default())
    }

    fn buffers(&self) -> Vec<StateBuffers> {
        let of_part = |part: &Part| {
            let first = part.slab.cells(self.n).start;
            let shift = move |buffers: StateBuffers| {
                let cells = first + buffers.cells.start..first + buffers.cells.end;
                StateBuffers { cells, ..buffers }
            };
            part.engine.buffers().into_iter().map(shift)
        };
        self.devices.iter().flatten().flat_map(of_part).collect()
    }
}

fn fault(error: &Error) -> Error {
    Error::Gpu { stage: "advancing one of several slabs".to_owned(), reason: error.to_string() }
}
