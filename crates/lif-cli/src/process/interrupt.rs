//! Ctrl-C and other requests to end: the first asks the run to stop, the second ends the process.

pub use crate::failure::INTERRUPTED;

use super::signals;
use crate::failure::Failure;
use crate::files::leftovers;
use crate::terminal::complain;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_REQUESTED: AtomicBool = AtomicBool::new(false);
static STEPS_ARE_OVER: AtomicBool = AtomicBool::new(false);

/// Starts to listen; further calls do nothing.
pub fn listen() -> Result<(), Failure> {
    static LISTENS: AtomicBool = AtomicBool::new(false);
    if LISTENS.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let listening = signals::listen(|| {
        if IS_REQUESTED.swap(true, Ordering::Relaxed) {
            let leftovers = leftovers::lock();
            leftovers.delete_all();
            std::process::exit(i32::from(INTERRUPTED));
        }
        complain(if STEPS_ARE_OVER.load(Ordering::Relaxed) {
            "\nwriting the files; Ctrl-C again ends at once"
        } else {
            "\nstopping at the next block of steps; Ctrl-C again ends at once"
        });
    });
    listening.map_err(|error| Failure::fault(format!("cannot listen for Ctrl-C: {error}")))
}

/// Whether a stop was requested.
pub fn is_requested() -> bool {
    IS_REQUESTED.load(Ordering::Relaxed)
}

/// Tells the library whether to go on.
pub fn control_flow() -> ControlFlow<()> {
    if is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// From now on there are no steps to stop.
pub fn steps_are_over() {
    STEPS_ARE_OVER.store(true, Ordering::Relaxed);
}
