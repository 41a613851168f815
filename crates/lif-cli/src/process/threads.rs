//! The number of threads that compute.

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use std::io::ErrorKind;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// The environment variable for the number of threads.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// The option for it, which is stronger.
const OPTION: &str = "--threads";

/// More threads per core only wait for each other.
const MOST_PER_CORE: usize = 4;

/// Always allowed, so that many threads can be tried on few cores.
const ALWAYS_ALLOWED: usize = 64;

/// Threads left for others if the system does not grant all.
const OTHER_THREADS: usize = 8;

/// Starts the threads: one per core, or as many as the option or else the variable says within reason. If the system
/// grants fewer, it makes do with these, and with the current thread if it grants none.
pub fn start(given: Option<usize>) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (setting, name) = match given {
        Some(threads) => (Some(threads.to_string()), OPTION),
        None => (std::env::var(VARIABLE).ok(), VARIABLE),
    };
    let (wanted, word) = bounded(setting.as_deref(), cores, name);
    if let Some(word) = word {
        log::warn!("{word}");
    }
    let mut waiting = waiting(wanted);
    let granted = waiting.len();
    if granted < wanted {
        // Leaves some for other purposes, and memory for their work.
        waiting.truncate(granted.saturating_sub(OTHER_THREADS).max(1));
        log::warn!("the system grants {granted} of {wanted} threads; {} compute", waiting.len().max(1));
    }
    let pool = ThreadPoolBuilder::new().num_threads(waiting.len().max(1));
    let started = if waiting.is_empty() {
        pool.use_current_thread().build_global()
    } else {
        let spawn = |work| {
            let thread = waiting.pop().ok_or(ErrorKind::NotFound)?;
            thread.send(work).map_err(|_| ErrorKind::BrokenPipe.into())
        };
        pool.spawn_handler(spawn).build_global()
    };
    if let Err(error) = started {
        log::warn!("{granted} threads have no work: {error}");
    }
}

/// Starts threads that wait for work: as many as wanted, or as the system grants. This has to be tried first,
/// as a pool that fails to start cannot be replaced. Threads without work end.
fn waiting(wanted: usize) -> Vec<Sender<ThreadBuilder>> {
    let start = |_| {
        let (sender, receiver) = channel::<ThreadBuilder>();
        let work = move || receiver.recv().map_or((), ThreadBuilder::run);
        thread::Builder::new().spawn(work).ok().map(|_| sender)
    };
    (0..wanted).map_while(start).collect()
}

/// The number of threads, with a warning if it is not the requested one.
fn bounded(given: Option<&str>, cores: usize, name: &str) -> (usize, Option<String>) {
    let most = (MOST_PER_CORE * cores).max(ALWAYS_ALLOWED);
    // As in rayon, 0 and invalid numbers count as unset.
    match given.map(|text| (text, text.trim().parse::<u64>().unwrap_or(0))) {
        None | Some((_, 0)) => (cores, None),
        Some((_, threads)) if threads <= most as u64 => (threads as usize, None),
        Some((text, _)) => (
            most,
            Some(format!("{name} is {text}, far more than {cores} cores can use; {most} threads start")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_bounded_with_a_word() {
        for (given, cores, threads) in [
            (None, 8, 8),
            (Some("0"), 8, 8),
            (Some("many"), 8, 8),
            (Some("1"), 8, 1),
            (Some("64"), 2, 64),
            (Some("100"), 32, 100),
        ] {
            assert_eq!(bounded(given, cores, VARIABLE), (threads, None));
        }
        for (given, cores, threads) in [("100000", 2, 64), ("300", 64, 256), ("99999999999", 2, 64)] {
            let (bounded, word) = bounded(Some(given), cores, VARIABLE);
            assert_eq!(bounded, threads);
            assert!(word.is_some_and(|word| word.starts_with(&format!("RAYON_NUM_THREADS is {given}, far"))));
        }
    }
}
