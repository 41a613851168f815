//! Inputs that are longer than memory: block by block from whoever makes or reads them.

use crate::error::{Error, Result};
use crate::experiment::input::Input;
use crate::experiment::random_source::Random;
use crate::experiment::recording::{Recorded, Recording};
use crate::population::Population;
use crate::population::scorer::Scorer;
use crate::population::sink::Sink;
use ndarray::ArrayD;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

/// A block of an input that comes in blocks.
pub trait InputBlock: Send {
    /// How many steps it drives.
    fn steps(&self) -> u64;

    /// What drives them.
    fn input(&self) -> Input<'_>;
}

impl InputBlock for ArrayD<f32> {
    fn steps(&self) -> u64 {
        self.shape().first().map_or(0, |length| *length as u64)
    }

    fn input(&self) -> Input<'_> {
        Input::sequence(self)
    }
}

impl Population {
    /// As [`run_into`](Self::run_into), with an input that comes in blocks of any length, `steps` in
    /// all: arrays of currents (nA), each `[t]`, `[t, n]`, `[t, batch, 1]` or `[t, batch, n]` as
    /// [`Input::sequence`] takes them, or any other [`InputBlock`]. Random sources are added to them.
    /// The next block is made on another thread while the steps of one are made, and at most one more
    /// waits.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recorded, Recording};
    /// use ndarray::Array1;
    ///
    /// // As they would be read from a file.
    /// let blocks = (0..10).map(|block| {
    ///     Ok(Array1::from_shape_fn(100, |step| (block * 100 + step) as f32 * 1e-3).into_dyn())
    /// });
    /// let mut population = Population::new(Params::default(), 50, 1, &Device::cpu())?;
    /// let mut sink = |_: Recorded| Ok(());
    /// let made = population.run_stream(1000, blocks, &[], &Recording::none(), &mut sink)?;
    /// assert_eq!(made.steps, 1000);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run_into`](Self::run_into), of each block when its turn comes; that of a block itself;
    /// [`Error::OutOfRange`] for blocks that have fewer or more steps in all. The steps of the
    /// blocks before are then made and recorded.
    pub fn run_stream<Blocks, Block>(
        &mut self,
        steps: u64,
        blocks: Blocks,
        random: &[Random],
        recording: &Recording,
        sink: &mut dyn Sink,
    ) -> Result<Recorded>
    where
        Blocks: IntoIterator<Item = Result<Block>>,
        Block: InputBlock,
        Blocks::IntoIter: Send,
    {
        let mut sink = Stretch { sink, before: 0, stopped: false };
        // Nothing yet; and what is wrong with the recording is found before any block is made.
        let mut all = self.run_into(0, 0.0, recording, &mut sink)?;
        let made = self.run_blocks(steps, blocks, random, |population, steps, input| {
            let made = population.run_into(steps, input, recording, &mut sink)?;
            sink.before += made.steps;
            if let (Some(counts), Some(more)) = (&mut all.counts, &made.counts) {
                counts.zip_mut_with(more, |count, more| *count = count.wrapping_add(*more));
            }
            Ok((made.steps, flow(sink.stopped)))
        })?;
        Ok(Recorded { steps: made, ..all })
    }

    /// As [`run_scored_observed`](Self::run_scored_observed), with an input that comes in blocks, as in
    /// [`run_stream`](Self::run_stream).
    ///
    /// ```
    /// use lif::{Device, Params, Population, Scorer, Target};
    /// use ndarray::Array1;
    /// use std::ops::ControlFlow;
    ///
    /// let blocks = (0..10).map(|_| Ok(Array1::from_elem(100, 0.9_f32).into_dyn()));
    /// let mut population = Population::new(Params::default(), 50, 1, &Device::auto())?;
    /// let mut scorer = Scorer::new((1, 50), vec![Target::new([75, 400], 0..1000)?], 20)?;
    /// let go_on = |_| ControlFlow::Continue(());
    /// let made = population.run_stream_scored(1000, blocks, &[], &mut scorer, go_on)?;
    /// assert_eq!(made, 1000);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As there; the steps of the blocks before are then made and scored.
    pub fn run_stream_scored<Blocks, Block>(
        &mut self,
        steps: u64,
        blocks: Blocks,
        random: &[Random],
        scorer: &mut Scorer,
        mut observe: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<u64>
    where
        Blocks: IntoIterator<Item = Result<Block>>,
        Block: InputBlock,
        Blocks::IntoIter: Send,
    {
        let mut before = 0;
        self.run_blocks(steps, blocks, random, |population, steps, input| {
            let mut stopped = false;
            let made = population.run_scored_observed(steps, input, scorer, |made| {
                let flow = observe(before + made);
                stopped |= flow.is_break();
                flow
            })?;
            before += made;
            Ok((made, flow(stopped)))
        })
    }

    /// Runs block by block until one says that it is enough, and says how many steps were made.
    fn run_blocks<Blocks, Block>(
        &mut self,
        steps: u64,
        blocks: Blocks,
        random: &[Random],
        run: impl FnMut(&mut Self, u64, Input<'_>) -> Result<(u64, ControlFlow<()>)>,
    ) -> Result<u64>
    where
        Blocks: IntoIterator<Item = Result<Block>>,
        Block: InputBlock,
        Blocks::IntoIter: Send,
    {
        // What is handed to a thread that does not start would be lost.
        let blocks = Mutex::new(Some(blocks.into_iter()));
        let blocks = || blocks.lock().unwrap_or_else(PoisonError::into_inner).take().into_iter().flatten();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let make = move || {
                // Ends where nobody waits for blocks any more.
                let _ = blocks().map(|block| sender.send(block)).find(std::result::Result::is_err);
            };
            match std::thread::Builder::new().spawn_scoped(scope, make) {
                Ok(_) => self.run_received(steps, receiver, random, run),
                Err(error) => {
                    log::debug!("no thread makes the input: {error}");
                    self.run_received(steps, blocks(), random, run)
                }
            }
        })
    }

    fn run_received<Block: InputBlock>(
        &mut self,
        steps: u64,
        blocks: impl IntoIterator<Item = Result<Block>>,
        random: &[Random],
        mut run: impl FnMut(&mut Self, u64, Input<'_>) -> Result<(u64, ControlFlow<()>)>,
    ) -> Result<u64> {
        let mut all = 0;
        for block in blocks {
            let block = block?;
            let length = block.steps();
            if length > steps - all {
                let more = format!("at least {} steps", all.saturating_add(length));
                return Err(Error::out_of_range("the length of the input", more, format!("{steps} steps")));
            }
            let first = self.steps();
            let input = random.iter().cloned().fold(block.input(), Input::and);
            let (made, flow) = run(self, length, input).map_err(|error| placed(error, first))?;
            all += made;
            if flow.is_break() {
                return Ok(all);
            }
        }
        if all < steps {
            let less = format!("{all} steps");
            return Err(Error::out_of_range("the length of the input", less, format!("{steps} steps")));
        }
        Ok(all)
    }
}

fn flow(stopped: bool) -> ControlFlow<()> {
    if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Says in an error about a block where the block stands.
fn placed(error: Error, first: u64) -> Error {
    let of_block = |what: String| format!("{what} (in the block from step {first} on)");
    match error {
        Error::Shape { what, expected, got } => Error::Shape { what: of_block(what), expected, got },
        Error::NonFinite { what, place, value } => Error::NonFinite { what: of_block(what), place, value },
        Error::OutOfRange { what, value, place, requirement } => {
            Error::OutOfRange { what: of_block(what), value, place, requirement }
        }
        other => other,
    }
}

/// A sink during one of several runs that follow each other.
struct Stretch<'a> {
    sink: &'a mut dyn Sink,
    /// Steps of the runs before.
    before: u64,
    stopped: bool,
}

impl Sink for Stretch<'_> {
    fn take(&mut self, block: Recorded) -> Result<()> {
        self.sink.take(block)
    }

    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        let flow = self.sink.progress(self.before + made);
        self.stopped |= flow.is_break();
        flow
    }
}
