//! Faults that tests put in the place of what the driver says.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use wgpu::{BufferAsyncError, Error, PollError, PollStatus};

/// What a driver may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has no memory left for what the calls of a stage need.
    OutOfMemory,
    /// It fails in a way of its own, as compilers do.
    Internal,
    /// It cannot show the memory of a readback.
    Unmapped,
    /// It never says whether it can.
    Silent,
    /// It does not finish its work.
    Hung,
    /// It leaves a dispatch out, and says nothing.
    Dropped,
}

/// The fault to come.
#[derive(Debug, Default)]
pub(super) struct Injection(Mutex<Option<Armed>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    /// How the stage begins.
    stage: &'static str,
    /// How often it passes before.
    passes: usize,
}

impl Injection {
    /// Lets a stage fail once, after it has passed so many times.
    pub(super) fn arm(&self, fault: Fault, stage: &'static str, passes: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Armed { fault, stage, passes });
    }

    /// Whether a fault is still to come.
    pub(super) fn is_armed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The fault, if it is one of these and this is the stage.
    fn strikes(&self, faults: &[Fault], stage: &str) -> Option<Fault> {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here =
            armed.as_mut().filter(|armed| faults.contains(&armed.fault) && stage.starts_with(armed.stage))?;
        if here.passes > 0 {
            here.passes -= 1;
            return None;
        }
        armed.take().map(|armed| armed.fault)
    }

    /// What the error scopes of a stage caught.
    pub(super) fn errors<const N: usize>(
        &self,
        stage: &str,
        mut errors: [Option<Error>; N],
    ) -> [Option<Error>; N] {
        let source = || "injected".into();
        match self.strikes(&[Fault::OutOfMemory, Fault::Internal], stage) {
            Some(Fault::OutOfMemory) => errors[0] = Some(Error::OutOfMemory { source: source() }),
            Some(_) => {
                errors[0] = Some(Error::Internal { source: source(), description: "it gave up".to_owned() })
            }
            None => {}
        }
        errors
    }

    /// Whether a dispatch of this work is left out.
    pub(super) fn drops(&self, what: &str) -> bool {
        self.strikes(&[Fault::Dropped], what).is_some()
    }

    /// How the wait for work ended.
    pub(super) fn poll(
        &self,
        stage: &str,
        poll: Result<PollStatus, PollError>,
    ) -> Result<PollStatus, PollError> {
        if self.strikes(&[Fault::Hung], stage).is_some() { Err(PollError::Timeout) } else { poll }
    }

    /// What became of a mapping.
    pub(super) fn answer(
        &self,
        stage: &str,
        answer: Result<Result<(), BufferAsyncError>, RecvTimeoutError>,
    ) -> Result<Result<(), BufferAsyncError>, RecvTimeoutError> {
        match self.strikes(&[Fault::Unmapped, Fault::Silent], stage) {
            Some(Fault::Silent) => Err(RecvTimeoutError::Timeout),
            Some(_) => Ok(Err(BufferAsyncError)),
            None => answer,
        }
    }
}
