//! Where recordings go that are longer than memory: block by block to whoever takes them.

use crate::error::{Error, Result};
use crate::recording::Recorded;
use std::ops::ControlFlow;
use std::sync::mpsc::{SendError, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Takes a recording in blocks, which [`Population::run_into`](crate::Population::run_into) hands
/// out in the order of the steps. Closures that take a [`Recorded`] are sinks.
pub trait Sink {
    /// Takes a block: what a run of its steps alone would have recorded, without counts. Blocks
    /// follow each other without a gap; they have some 8 MiB, or one piece of what the engine
    /// makes at a time where that is more.
    ///
    /// # Errors
    ///
    /// Any error ends the run, which returns it; [`Error::Sink`] is meant for that.
    fn take(&mut self, block: Recorded) -> Result<()>;

    /// Is told after each piece of work how many steps of the run were made, and may end it.
    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        let _ = made;
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Recorded) -> Result<()>> Sink for F {
    fn take(&mut self, block: Recorded) -> Result<()> {
        self(block)
    }
}

/// A sink on a thread of its own, so that the next block is made while one is written. A run that
/// is ahead waits: there are never more than two blocks. Where the system starts no thread, the run
/// writes its blocks itself.
///
/// ```
/// use lif::{Background, Device, Params, Population, Recorded, Recording};
///
/// let mut population = Population::new(Params::default(), 100, 1, &Device::cpu())?;
/// let mut sink = Background::new(|block: Recorded| {
///     // Here it would be written to a file.
///     assert_eq!(block.rate.map(|rate| rate.nrows() as u64), Some(block.steps));
///     Ok(())
/// });
/// population.run_into(1000, 1.0, &Recording::none().rate(), &mut sink)?;
/// sink.finish()?;
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug)]
pub struct Background<S> {
    blocks: Option<SyncSender<Recorded>>,
    worker: Option<JoinHandle<Option<Written<S>>>>,
    /// Where there is no thread, until it fails.
    here: Option<S>,
}

/// A sink, and whether it has taken all.
type Written<S> = (S, Result<()>);

impl<S> Drop for Background<S> {
    /// Nothing is written any more when it is gone.
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(worker) = self.worker.take() {
            // Whoever wants to hear of a failure calls `finish`.
            let _ = worker.join();
        }
    }
}

impl<S: Sink + Send + 'static> Background<S> {
    /// Starts the thread.
    #[must_use]
    pub fn new(sink: S) -> Self {
        // No block waits between the threads: one is written while the other is made.
        let (sender, receiver) = sync_channel(0);
        // It gets the sink when it is there, as what is handed to one that does not start is lost.
        let (hand_over, handed_over) = channel();
        let work = move || {
            let mut sink: S = handed_over.recv().ok()?;
            let result = receiver.into_iter().try_for_each(|block| sink.take(block));
            Some((sink, result))
        };
        match std::thread::Builder::new().spawn(work) {
            Ok(worker) => {
                let here = hand_over.send(sink).err().map(|SendError(sink)| sink);
                Self { blocks: Some(sender), worker: Some(worker), here }
            }
            Err(error) => {
                log::debug!("no thread writes what is recorded: {error}");
                Self { blocks: None, worker: None, here: Some(sink) }
            }
        }
    }

    /// Waits until all is written, and gives the sink back.
    ///
    /// # Errors
    ///
    /// That of the sink.
    pub fn finish(mut self) -> Result<S> {
        if let Some(sink) = self.here.take() {
            return Ok(sink);
        }
        let (sink, result) = self.join()?;
        result.map(|()| sink)
    }

    fn join(&mut self) -> Result<Written<S>> {
        let fault =
            |reason: &str| Error::Sink { what: "the recording".to_owned(), reason: reason.to_owned() };
        self.blocks = None;
        let worker = self.worker.take().ok_or_else(|| fault("an earlier block failed"))?;
        worker.join().ok().flatten().ok_or_else(|| fault("the thread that writes it panicked"))
    }
}

impl<S: Sink + Send + 'static> Sink for Background<S> {
    fn take(&mut self, block: Recorded) -> Result<()> {
        if let Some(mut sink) = self.here.take() {
            sink.take(block)?;
            self.here = Some(sink);
            return Ok(());
        }
        match &self.blocks {
            Some(blocks) if blocks.send(block).is_ok() => Ok(()),
            // The thread has ended, which it does early only after a failure.
            _ => self.join()?.1,
        }
    }
}
