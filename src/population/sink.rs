//! [`Sink`]: takes recordings that are larger than memory, block by block.

use crate::error::{Error, Result};
use crate::experiment::recording::Recorded;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SendError, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Takes a recording in blocks, which a [run](crate::Run::sink) hands
/// out in the order of the steps. A closure that takes a [`Recorded`] is a sink.
pub trait Sink {
    /// Takes a block: the recording of some consecutive steps, without counts. Blocks
    /// follow each other without a gap. A block has about 8 MiB, or one piece of the engine's work
    /// if that is more.
    ///
    /// # Errors
    ///
    /// Any error ends the run, which returns it; [`Error::Sink`] is meant for that.
    fn take(&mut self, block: Recorded) -> Result<()>;

    /// Gets the number of steps made so far after each piece of work, and may end the run.
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
/// is ahead waits: there are never more than two blocks. If the system cannot start a thread, the run
/// writes its blocks itself.
///
/// [`Sink::progress`] is called on that thread; there is one call for all steps made while the sink wrote a block. If
/// the sink ends the run, the run still completes the work under way.
///
/// ```
/// use lif::{Background, Device, Params, Population, Recorded, Recording};
///
/// let mut population = Population::new(Params::default(), 100, &Device::cpu())?;
/// let mut sink = Background::new(|block: Recorded| {
///     // Here it would be written to a file.
///     assert_eq!(block.rate.map(|rate| rate.nrows() as u64), Some(block.steps));
///     Ok(())
/// });
/// population.run(1000, 1.0).record(Recording::none().rate()).sink(&mut sink).go()?;
/// sink.finish()?;
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug)]
pub struct Background<S> {
    messages: Option<SyncSender<Message>>,
    /// The number of steps made, if the sink has not been told as it was busy.
    made: Option<u64>,
    /// Whether the sink wants to end the run.
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<Ended<S>>>,
    /// The sink, if there is no thread; `None` after it has failed.
    here: Option<S>,
}

/// A message to the thread: the number of steps made, if the sink has not been told, and then a block.
type Message = (Option<u64>, Option<Recorded>);

/// The result of the thread: the sink, and its first error.
type Ended<S> = Option<(S, Result<()>)>;

impl<S> Drop for Background<S> {
    /// Waits for the thread, so that nothing is written after the drop.
    fn drop(&mut self) {
        self.messages = None;
        if let Some(worker) = self.worker.take() {
            // Errors are returned by `finish`.
            let _ = worker.join();
        }
    }
}

impl<S: Sink + Send + 'static> Background<S> {
    /// Starts the thread.
    #[must_use]
    pub fn new(sink: S) -> Self {
        // No block waits between the threads: one is written while the next is made.
        let (sender, receiver) = sync_channel(0);
        // The thread gets the sink after its start, as values moved into a thread that fails to start are lost.
        let (hand_over, handed_over) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stop);
        let work = move || {
            let mut sink: S = handed_over.recv().ok()?;
            let result = receiver.into_iter().try_for_each(|(made, block): Message| {
                if made.is_some_and(|made| sink.progress(made).is_break()) {
                    stops.store(true, Ordering::Relaxed);
                }
                block.map_or(Ok(()), |block| sink.take(block))
            });
            Some((sink, result))
        };
        match std::thread::Builder::new().spawn(work) {
            Ok(worker) => {
                let here = hand_over.send(sink).err().map(|SendError(sink)| sink);
                Self { messages: Some(sender), made: None, stop, worker: Some(worker), here }
            }
            Err(error) => {
                log::debug!("no thread writes what is recorded: {error}");
                Self { messages: None, made: None, stop, worker: None, here: Some(sink) }
            }
        }
    }

    /// Waits until everything is written, and returns the sink.
    ///
    /// # Errors
    ///
    /// The error of the sink.
    pub fn finish(mut self) -> Result<S> {
        if let Some(sink) = self.here.take() {
            return Ok(sink);
        }
        if let (Some(messages), Some(made)) = (&self.messages, self.made.take()) {
            // Fails if the thread has ended; `join` then returns the reason.
            let _ = messages.send((Some(made), None));
        }
        let (sink, result) = self.join()?;
        result.map(|()| sink)
    }

    fn join(&mut self) -> Result<(S, Result<()>)> {
        let fault =
            |reason: &str| Error::Sink { what: "the recording".to_owned(), reason: reason.to_owned() };
        self.messages = None;
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
        let message = (self.made.take(), Some(block));
        match &self.messages {
            Some(messages) if messages.send(message).is_ok() => Ok(()),
            // The thread ends early only after a failure.
            _ => self.join()?.1,
        }
    }

    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        if let Some(sink) = &mut self.here {
            return sink.progress(made);
        }
        // A busy sink is told later.
        let told =
            self.messages.as_ref().is_some_and(|messages| messages.try_send((Some(made), None)).is_ok());
        self.made = if told { None } else { Some(made) };
        if self.stop.swap(false, Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
