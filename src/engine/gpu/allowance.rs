//! Adapts the work of a dispatch to what the kernel makes in good time. Each kernel has its own allowance, as
//! one that draws random numbers can take a hundred times as long for a step as one that does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Neuron-steps of the first dispatch of a kernel, before its speed is known.
const FIRST_WORK: u64 = 1 << 22;

/// Bounds of the work of a dispatch, in neuron-steps.
const WORK: std::ops::RangeInclusive<u64> = 1 << 16..=1 << 36;

/// How long a dispatch should take: long enough to make the submission cheap, and far below the second or two
/// after which drivers kill it.
const DISPATCH: Duration = Duration::from_millis(50);

/// How long it should take if the driver computes on the CPU, where nothing is killed.
const SOFTWARE_DISPATCH: Duration = Duration::from_millis(400);

/// Steps below which a dispatch of such a driver may take longer: loading and storing a cell takes it as long
/// as some 200 steps.
const SOFTWARE_STEPS: u64 = 1024;

/// How long a dispatch of so few steps should take there.
const LONG_SOFTWARE_DISPATCH: Duration = Duration::from_secs(2);

/// How much work a dispatch of a kernel may make, in neuron-steps.
#[derive(Debug)]
pub(crate) struct Allowance {
    work: AtomicU64,
    is_software: bool,
}

impl Allowance {
    /// The allowance of a new kernel, on an adapter that computes on the CPU or not.
    pub(super) fn new(is_software: bool) -> Self {
        Self { work: AtomicU64::new(FIRST_WORK), is_software }
    }

    /// Number of neuron-steps that one dispatch should make.
    pub(super) fn work(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// How long a dispatch of this many steps should take.
    fn meant(&self, steps: u64) -> Duration {
        match (self.is_software, steps < SOFTWARE_STEPS) {
            (false, _) => DISPATCH,
            (true, false) => SOFTWARE_DISPATCH,
            (true, true) => LONG_SOFTWARE_DISPATCH,
        }
    }

    /// Updates the allowance from a dispatch of this many steps, this much work, and this duration. Only
    /// dispatches that used most of the allowance can raise it.
    pub(super) fn learn(&self, steps: u64, work: u64, took: Duration) {
        let (allowed, meant) = (self.work(), self.meant(steps));
        let next = if took > meant * 2 {
            work / 2
        } else if took < meant / 2 && work > allowed / 2 {
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
            allowance.learn(1, allowance.work(), DISPATCH / 4);
        }
        assert_eq!(allowance.work(), FIRST_WORK << 3);
        // Less work than allowed changes nothing, nor does a duration close to the intended one.
        allowance.learn(1, FIRST_WORK, DISPATCH / 100);
        allowance.learn(1, allowance.work(), DISPATCH);
        assert_eq!(allowance.work(), FIRST_WORK << 3);
        allowance.learn(1, allowance.work(), DISPATCH * 3);
        assert_eq!(allowance.work(), FIRST_WORK << 2);
        for _ in 0..99 {
            allowance.learn(1, allowance.work(), Duration::from_secs(9));
        }
        assert_eq!(allowance.work(), *WORK.start());
    }

    #[test]
    fn few_steps_may_take_long_where_the_driver_computes_on_the_cpu() {
        let learned = |is_software, steps| {
            let allowance = Allowance::new(is_software);
            allowance.learn(steps, allowance.work(), SOFTWARE_DISPATCH * 2);
            allowance.work()
        };
        assert_eq!(learned(true, SOFTWARE_STEPS - 1), FIRST_WORK << 1);
        assert_eq!(learned(true, SOFTWARE_STEPS), FIRST_WORK);
        assert_eq!(learned(false, 1), FIRST_WORK >> 1);
    }
}
