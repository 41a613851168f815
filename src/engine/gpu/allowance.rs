//! How much work a dispatch of a kernel makes: as much as it was found to make in good time. Each
//! kernel has an allowance of its own, as one that draws random numbers can take a hundred times as
//! long for a step as one that does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Neuron-steps of the first dispatch of a kernel, before its speed is known.
const FIRST_WORK: u64 = 1 << 22;

/// Bounds within which the work of a dispatch adapts.
const WORK: std::ops::RangeInclusive<u64> = 1 << 16..=1 << 36;

/// How long a dispatch shall take: long enough to make the submission cheap, and far below the
/// second or two after which drivers kill it.
const DISPATCH: Duration = Duration::from_millis(50);

/// The same where a driver computes on the CPU: it kills nothing, and is slow where the steps of a
/// dispatch are few.
const SOFTWARE_DISPATCH: Duration = Duration::from_millis(400);

#[derive(Debug)]
pub(crate) struct Allowance {
    work: AtomicU64,
    meant: Duration,
}

impl Allowance {
    /// For a kernel on an adapter that computes on the CPU, or that does not.
    pub(super) fn new(is_software: bool) -> Self {
        let meant = if is_software { SOFTWARE_DISPATCH } else { DISPATCH };
        Self { work: AtomicU64::new(FIRST_WORK), meant }
    }

    /// How many neuron-steps one dispatch should make.
    pub(super) fn work(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// Learns from a dispatch of this much work that took this long. Only dispatches that used the
    /// full allowance say that it could be larger.
    pub(super) fn learn(&self, work: u64, took: Duration) {
        let allowed = self.work();
        let next = if took > self.meant * 2 {
            work / 2
        } else if took < self.meant / 2 && work > allowed / 2 {
            allowed * 2
        } else {
            return;
        };
        self.work.store(next.clamp(*WORK.start(), *WORK.end()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_while_it_is_quick_and_shrinks_where_it_is_not() {
        let allowance = Allowance::new(false);
        for _ in 0..3 {
            allowance.learn(allowance.work(), DISPATCH / 4);
        }
        assert_eq!(allowance.work(), FIRST_WORK << 3);
        // Less than was allowed says nothing, nor does what took about as long as it should.
        allowance.learn(FIRST_WORK, DISPATCH / 100);
        allowance.learn(allowance.work(), DISPATCH);
        assert_eq!(allowance.work(), FIRST_WORK << 3);
        allowance.learn(allowance.work(), DISPATCH * 3);
        assert_eq!(allowance.work(), FIRST_WORK << 2);
        for _ in 0..99 {
            allowance.learn(allowance.work(), Duration::from_secs(9));
        }
        assert_eq!(allowance.work(), *WORK.start());
    }
}
