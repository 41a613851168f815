//! The engine of a population in several slabs: one that is larger than one buffer of its device, or spread
//! over several devices.
//!
//! Slabs on one device are advanced one after the other, those on different devices at the same time. Cells that are
//! not connected do not act on each other, so that the slabs have to be synchronised only for recordings. The slabs of a
//! network exchange their spikes after each block of steps that is no longer than the shortest delay.

use super::merge::{Merged, SlabRequest};
use super::pace::Pace;
use super::{Engine, OutsideSpike, Piece, Receiver, Request, SpikeRequest};
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use crate::data::steps::whole_words;
use crate::engine::work_done::WorkDone;
use crate::error::{Error, Result};
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::network::Connections;
use crate::prepared::noise::Noise;
use crate::prepared::scoring::Scoring;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::any::Any;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Bytes of spike words, and of membrane potentials, that are merged at a time, unless a row alone is more.
pub(crate) const MOST_MERGED_BYTES: u64 = 64 << 20;

/// Neuron-steps after which a run checks whether it should stop.
const MOST_WORK: u64 = 1 << 30;

/// Steps after which it checks in any case.
const MOST_STEPS_TOGETHER: u64 = 1 << 14;

/// A slab of the population and its engine.
#[derive(Debug)]
pub(crate) struct SlabPart {
    slab: Slab,
    engine: Box<dyn Engine>,
    /// The last noise of the whole population, and the slab's part of it.
    noise: Option<(Arc<Noise>, Arc<Noise>)>,
}

impl SlabPart {
    pub(crate) fn new(slab: Slab, engine: Box<dyn Engine>) -> Self {
        Self { slab, engine, noise: None }
    }

    /// Returns the part of an input that drives the slab, from a step on. `device` is the number of the
    /// slab's device, and `n` the number of neurons in a row of the whole population.
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

/// The slabs on one device, in the order of their cells.
#[derive(Debug)]
pub(crate) struct DeviceSlabs {
    pub(crate) parts: Vec<SlabPart>,
    /// Whether the thread that advances them mostly waits for the device.
    pub(crate) waits: bool,
}

/// The engine of all slabs together.
#[derive(Debug)]
pub(crate) struct SlabEngine {
    shape: Shape,
    devices: Vec<DeviceSlabs>,
    /// Threads in addition to the caller's that wait for devices; needed if there are several to wait for, or
    /// if one computes on the caller's thread. Starting them for each block would take longer than the block
    /// of a small population.
    threads: Option<ThreadPool>,
    pace: Pace,
    /// The scores of all cells as they were when scoring started on the slabs; with a network, as they are.
    scoring: Option<Scoring>,
    /// If the cells are connected: slabs then exchange their spikes after each block of steps.
    connections: Option<Arc<Connections>>,
}

impl SlabEngine {
    pub(crate) fn new(
        shape: Shape,
        devices: Vec<DeviceSlabs>,
        connections: Option<Arc<Connections>>,
    ) -> Self {
        let threads = threads(&devices);
        Self { shape, devices, threads, pace: Pace::new(shape.cells()), scoring: None, connections }
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut SlabPart> {
        self.devices.iter_mut().flat_map(|device| &mut device.parts)
    }

    /// Calls `act` for each part: one after the other on each device, at the same time on different devices.
    /// Devices that compute with the threads of this program take turns.
    fn on_all(&mut self, act: impl Fn(usize, &mut SlabPart) -> Result<()> + Sync) -> Result<()> {
        let one = |device: usize, parts: &mut Vec<SlabPart>| {
            parts.iter_mut().try_for_each(|part| act(device, part))
        };
        let Some(threads) = &self.threads else {
            return (0..)
                .zip(&mut self.devices)
                .try_for_each(|(device, member)| one(device, &mut member.parts));
        };
        let mut results = vec![Ok(()); self.devices.len()];
        threads.in_place_scope(|scope| {
            let one = &one;
            let mut here = Vec::new();
            let mut free = threads.current_num_threads();
            for ((device, member), result) in (0..).zip(&mut self.devices).zip(&mut results) {
                if member.waits && free > 0 {
                    free -= 1;
                    scope.spawn(move |_| *result = one(device, &mut member.parts));
                } else {
                    here.push((device, &mut member.parts, result));
                }
            }
            for (device, parts, result) in here {
                *result = one(device, parts);
            }
        });
        results.into_iter().collect()
    }

    /// Reads one kind of state of all cells.
    fn gather<T>(&mut self, read: impl Fn(&mut dyn Engine) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.shape.cells());
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
        let n = self.shape.n;
        self.parts().try_for_each(|part| write(part.engine.as_mut(), &values[part.slab.cells(n)]))
    }

    /// The most steps that all slabs make before their recordings are merged, at most `most_steps`.
    fn most_steps(&self, request: &Request, most_steps: u64) -> u64 {
        let shape = self.shape;
        let mut most = (MOST_WORK / self.shape.cells() as u64).clamp(32, MOST_STEPS_TOGETHER).min(most_steps);
        let word_bytes = 4 * request.spikes.cells(shape) as u64;
        if let Some(blocks) = MOST_MERGED_BYTES.checked_div(word_bytes) {
            most = most.min(blocks.max(1) * 32);
        }
        if let Some(voltages) = &request.voltages {
            let sample_bytes = 4 * (self.shape.batch * voltages.neurons.len()) as u64;
            most =
                most.min((MOST_MERGED_BYTES / sample_bytes).max(1).saturating_mul(u64::from(voltages.every)));
        }
        most
    }

    /// Number of steps in the block that begins with `first_step`.
    fn block_steps(&self, request: &Request, first_step: u64, most_steps: u64) -> u64 {
        whole_words(first_step, self.most_steps(request, most_steps))
    }

    /// Advances connected cells, block by block.
    fn advance_network(
        &mut self,
        connections: &Connections,
        (first_step, steps): (u64, u64),
        current: &Current<'_>,
        request: &Request,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let n = self.shape.n;
        // All spikes are needed here, whatever is requested.
        let inner = Request { spikes: SpikeRequest::All, voltages: request.voltages.clone() };
        let merged = Mutex::new(Merged::new(&inner, self.shape));
        let lock = || merged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spikes = Vec::new();
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let count = (connections.block_end(first) - first).min(steps - made).min(receiver.most_steps());
            lock().start(&inner, first, count);
            self.on_all(|device, part| {
                let current = part.current(current, device, made as usize, n);
                let slab = &part.slab;
                let slab_request = SlabRequest::new(&inner, slab, n);
                let mut next = first;
                let mut take = |piece: Piece<'_>| {
                    lock().take(&slab_request, slab, next, piece);
                    next += piece.steps;
                    ControlFlow::Continue(())
                };
                part.engine.advance(first, count, &current, Some(&slab_request.request), &mut take)?;
                Ok(())
            })?;
            spikes.clear();
            list_spikes(lock().piece().words, first, n, &mut spikes);
            self.on_all(|_, part| part.engine.deliver(&spikes))?;
            made += count;
            let merged = lock();
            let piece = merged.piece();
            let chosen;
            let words = match &request.spikes {
                SpikeRequest::All => piece.words,
                SpikeRequest::None => &[],
                SpikeRequest::Scored => {
                    if let Some(scoring) = &mut self.scoring {
                        scoring.take(first, count, piece.words);
                    }
                    &[]
                }
                SpikeRequest::Chosen(neurons) => {
                    let of_row = |row: &[u32]| -> Vec<u32> {
                        neurons.iter().map(|neuron| row[*neuron as usize]).collect()
                    };
                    chosen = piece.words.chunks_exact(n).flat_map(of_row).collect::<Vec<u32>>();
                    &chosen
                }
            };
            if receiver.take(Piece { words, ..piece }).is_break() {
                break;
            }
        }
        Ok(made)
    }

    fn advance_blocks(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: &Request,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let n = self.shape.n;
        let merged = Mutex::new(Merged::new(request, self.shape));
        let lock = || merged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let left = steps - made;
            // Fewer than 32 steps are hardly quicker, where loading and storing a cell takes as long as many
            // steps.
            let most = receiver.most_steps().min(self.pace.steps().max(32));
            let count = self.block_steps(request, first, most).min(left);
            let start = Instant::now();
            lock().start(request, first, count);
            self.on_all(|device, part| {
                let current = part.current(current, device, made as usize, n);
                let slab = &part.slab;
                let slab_request = SlabRequest::new(request, slab, n);
                let mut next = first;
                part.engine.advance(
                    first,
                    count,
                    &current,
                    Some(&slab_request.request),
                    &mut |piece: Piece<'_>| {
                        lock().take(&slab_request, slab, next, piece);
                        next += piece.steps;
                        ControlFlow::Continue(())
                    },
                )?;
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
    fn prepare(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
    ) -> Result<()> {
        let n = self.shape.n;
        let steps = request.map_or(steps, |request| self.most_steps(request, u64::MAX).min(steps));
        // One device after the other: except for the first time, this is quicker than waking threads.
        for (device, member) in self.devices.iter_mut().enumerate() {
            for part in &mut member.parts {
                let current = part.current(current, device, 0, n);
                let own = request.map(|request| SlabRequest::new(request, &part.slab, n).request);
                part.engine.prepare(first_step, steps, &current, own.as_ref())?;
            }
        }
        Ok(())
    }

    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        let n = self.shape.n;
        self.prepare(first_step, steps, current, request)?;
        if let Some(connections) = self.connections.clone() {
            let request = request.cloned().unwrap_or_default();
            let made = self.advance_network(&connections, (first_step, steps), current, &request, receiver);
            return made.map_err(|error| if error.is_fault() { error } else { fault(&error) });
        }
        let made = match request {
            Some(request) => self.advance_blocks(first_step, steps, current, request, receiver),
            None => self
                .on_all(|device, part| {
                    let current = part.current(current, device, 0, n);
                    let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
                    part.engine.advance(first_step, steps, &current, None, &mut go_on).map(|_| ())
                })
                .map(|()| steps),
        };
        // If one slab fails after it was prepared, others may have advanced already: that is a fault, not a
        // refusal.
        made.map_err(|error| if error.is_fault() { error } else { fault(&error) })
    }

    fn start_scoring(&mut self, scoring: Scoring) -> Result<()> {
        if self.connections.is_some() {
            self.scoring = Some(scoring);
            return Ok(());
        }
        let n = self.shape.n;
        let started =
            self.parts().try_for_each(|part| part.engine.start_scoring(scoring.part(&part.slab.cells(n))));
        match started {
            Ok(()) => self.scoring = Some(scoring),
            // Slabs that have already started scoring must not keep it.
            Err(_) => self.abandon_scoring(),
        }
        started
    }

    fn finish_scoring(&mut self) -> Result<Option<Scoring>> {
        let Some(mut scoring) = self.scoring.take() else { return Ok(None) };
        if self.connections.is_some() {
            return Ok(Some(scoring));
        }
        let n = self.shape.n;
        let finished = self.parts().try_for_each(|part| {
            if let Some(own) = part.engine.finish_scoring()? {
                scoring.put(&part.slab.cells(n), &own);
            }
            Ok(())
        });
        if finished.is_err() {
            self.abandon_scoring();
        }
        finished.map(|()| Some(scoring))
    }

    fn abandon_scoring(&mut self) {
        self.scoring = None;
        self.parts().for_each(|part| part.engine.abandon_scoring());
    }

    fn read(&mut self, field: Field) -> Result<Vec<f32>> {
        self.gather(|engine| engine.read(field))
    }

    fn write(&mut self, field: Field, values: &[f32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.write(field, values))
    }

    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>> {
        self.gather(|engine| engine.read_counter(counter))
    }

    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()> {
        self.scatter(values, |engine, values| engine.write_counter(counter, values))
    }

    fn set_next_step(&mut self, next_step: u64) -> Result<()> {
        self.parts().try_for_each(|part| part.engine.set_next_step(next_step))
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.parts().try_for_each(|part| part.engine.clear_counts())
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.scatter(start, |engine, start| engine.reset(start))
    }

    fn read_arriving(&mut self, next_step: u64) -> Result<Vec<i32>> {
        let (n, cells) = (self.shape.n, self.shape.cells());
        let mut all = Vec::new();
        for part in self.parts() {
            let own = part.engine.read_arriving(next_step)?;
            let range = part.slab.cells(n);
            all.resize(own.len() / range.len() * cells, 0);
            for (all, own) in all.chunks_exact_mut(cells).zip(own.chunks_exact(range.len())) {
                all[range.clone()].copy_from_slice(own);
            }
        }
        Ok(all)
    }

    fn write_arriving(&mut self, next_step: u64, sums: &[i32]) -> Result<()> {
        let (n, cells) = (self.shape.n, self.shape.cells());
        self.parts().try_for_each(|part| {
            let range = part.slab.cells(n);
            let own: Vec<i32> =
                sums.chunks_exact(cells).flat_map(|all| &all[range.clone()]).copied().collect();
            part.engine.write_arriving(next_step, &own)
        })
    }

    fn synapses(&self) -> u64 {
        // Slabs of different batch rows have the same synapses.
        let first = |part: &&SlabPart| part.slab.rows.start == 0;
        let parts = self.devices.iter().flat_map(|device| &device.parts);
        parts.filter(first).map(|part| part.engine.synapses()).sum()
    }

    fn deliver(&mut self, spikes: &[OutsideSpike]) -> Result<()> {
        self.parts().try_for_each(|part| part.engine.deliver(spikes))
    }

    fn work(&mut self) -> Result<WorkDone> {
        let parts = self.parts().map(|part| part.engine.work()).collect::<Result<Vec<_>>>()?;
        Ok(parts.into_iter().reduce(WorkDone::and).unwrap_or_default())
    }

    fn buffers(&self) -> Vec<(Range<usize>, Box<dyn Any>)> {
        let of_part = |part: &SlabPart| {
            let first = part.slab.cells(self.shape.n).start;
            let buffers = part.engine.buffers().into_iter();
            buffers.map(move |(cells, buffers)| (first + cells.start..first + cells.end, buffers))
        };
        self.devices.iter().flat_map(|device| &device.parts).flat_map(of_part).collect()
    }
}

/// Lists the spikes in the words of a block of steps, which is within one word.
fn list_spikes(words: &[u32], first_step: u64, n: usize, spikes: &mut Vec<OutsideSpike>) {
    for (row, words) in (0..).zip(words.chunks_exact(n)) {
        for (source, word) in (0..).zip(words) {
            let mut word = *word;
            while word != 0 {
                let step = first_step - first_step % 32 + u64::from(word.trailing_zeros());
                spikes.push(OutsideSpike { row, source, step });
                word &= word - 1;
            }
        }
    }
}

/// Starts a thread for each device that is waited for. If all are waited for, the caller's thread serves one
/// of them.
fn threads(devices: &[DeviceSlabs]) -> Option<ThreadPool> {
    let waiting = devices.iter().filter(|device| device.waits).count();
    let threads = if waiting == devices.len() { waiting.saturating_sub(1) } else { waiting };
    if threads == 0 {
        return None;
    }
    let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(|_| "lif device".to_owned());
    let started = builder.build();
    started
        .inspect_err(|error| log::warn!("no threads can be started, so the devices compute in turn: {error}"))
        .ok()
}

fn fault(error: &Error) -> Error {
    Error::Gpu { stage: "advancing one of several slabs".to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
