//! Injects faults in tests, in place of what the driver reports.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use wgpu::{BufferAsyncError, Error, PollError, PollStatus};

/// The ways in which a driver can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has no memory left for the calls of a stage.
    OutOfMemory,
    /// It has an internal error, as compilers do.
    Internal,
    /// It cannot map the memory of a readback.
    Unmapped,
    /// It never answers whether it can.
    Silent,
    /// It does not finish its work.
    Hung,
    /// It silently drops a dispatch.
    Dropped,
}

/// The next fault.
#[derive(Debug, Default)]
pub(super) struct Injection(Mutex<Option<Armed>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    /// The beginning of the stage's name.
    stage: &'static str,
    /// How often the stage succeeds before.
    passes: usize,
}

impl Injection {
    /// Lets a stage fail once, after it has succeeded `passes` times.
    pub(super) fn arm(&self, fault: Fault, stage: &'static str, passes: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Armed { fault, stage, passes });
    }

    /// Whether a fault has not yet struck.
    pub(super) fn is_armed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Returns the fault if it is one of these, of this stage, and due now.
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

    /// The errors that the scopes of a stage caught, or the injected one.
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

    /// Whether a dispatch is dropped.
    pub(super) fn drops(&self, what: &str) -> bool {
        self.strikes(&[Fault::Dropped], what).is_some()
    }

    /// The result of waiting for work, or the injected one.
    pub(super) fn poll(
        &self,
        stage: &str,
        poll: Result<PollStatus, PollError>,
    ) -> Result<PollStatus, PollError> {
        if self.strikes(&[Fault::Hung], stage).is_some() { Err(PollError::Timeout) } else { poll }
    }

    /// The result of mapping a buffer, or the injected one.
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
