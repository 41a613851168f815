//! How many threads compute.

use rayon::ThreadPoolBuilder;
use std::sync::Mutex;
use std::thread;

/// The variable in which people say how many.
const ASKED: &str = "RAYON_NUM_THREADS";

/// More threads than so many for each core only wait for each other.
const MOST_PER_CORE: usize = 4;

/// So many there may be on any machine, as who has few cores may want to try what many threads do.
const ALWAYS_ALLOWED: usize = 64;

/// Threads that others can start, where the system does not grant all.
const OTHER_THREADS: usize = 8;

/// Starts the threads: as many as there are cores, or as the variable says within reason. Where the system
/// grants fewer, those have to do.
pub fn start() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let asked = std::env::var(ASKED).ok();
    let (wanted, word) = bounded(asked.as_deref(), cores);
    if let Some(word) = word {
        log::warn!("{word}");
    }
    let granted = granted(wanted);
    let threads = if granted < wanted {
        // Others are needed beside those that compute, and memory for what they do.
        let threads = granted.saturating_sub(OTHER_THREADS).max(1);
        log::warn!("the system grants {granted} of {wanted} threads; {threads} compute");
        threads
    } else {
        wanted
    };
    if let Err(error) = ThreadPoolBuilder::new().num_threads(threads).build_global() {
        log::warn!("{threads} threads cannot be started: {error}");
    }
}

/// How many of so many threads the system lets start at a time. It has to be tried: where a pool of threads
/// comes to its limit while it starts, there is no second one.
fn granted(wanted: usize) -> usize {
    let gate = Mutex::new(());
    let held = gate.lock();
    thread::scope(|scope| {
        let start = |_: &usize| thread::Builder::new().spawn_scoped(scope, || drop(gate.lock())).is_ok();
        let granted = (0..wanted).take_while(start).count();
        drop(held);
        granted
    })
}

/// How many threads there are to be, with a word where that is not what was asked for.
fn bounded(asked: Option<&str>, cores: usize) -> (usize, Option<String>) {
    let most = (MOST_PER_CORE * cores).max(ALWAYS_ALLOWED);
    // As rayon has it, 0 and what is no number say nothing.
    match asked.map(|text| (text, text.trim().parse::<u64>().unwrap_or(0))) {
        None | Some((_, 0)) => (cores, None),
        Some((_, threads)) if threads <= most as u64 => (threads as usize, None),
        Some((text, _)) => (
            most,
            Some(format!("{ASKED} is {text}, far more than {cores} cores can use; {most} threads start")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_that_are_tried_end() {
        assert_eq!([1, 5].map(granted), [1, 5]);
    }

    #[test]
    fn threads_are_bounded_with_a_word() {
        for (asked, cores, threads) in [
            (None, 8, 8),
            (Some("0"), 8, 8),
            (Some("many"), 8, 8),
            (Some("1"), 8, 1),
            (Some("64"), 2, 64),
            (Some("100"), 32, 100),
        ] {
            assert_eq!(bounded(asked, cores), (threads, None));
        }
        for (asked, cores, threads) in [("100000", 2, 64), ("300", 64, 256), ("99999999999", 2, 64)] {
            let (bounded, word) = bounded(Some(asked), cores);
            assert_eq!(bounded, threads);
            assert!(word.is_some_and(|word| word.starts_with(&format!("RAYON_NUM_THREADS is {asked}, far"))));
        }
    }
}
