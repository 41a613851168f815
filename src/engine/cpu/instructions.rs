//! Chooses the vector instructions of the engine: the best that the processor has, unless a test chooses
//! others.

#[cfg(not(test))]
#[inline(always)]
pub(super) fn best() -> pulp::Arch {
    pulp::Arch::new()
}

#[cfg(test)]
pub(super) use asked_for::{available, best, use_for};

#[cfg(test)]
mod asked_for {
    use pulp::Arch;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Index into the available instruction sets; `usize::MAX` if none was chosen.
    static ASKED_FOR: AtomicUsize = AtomicUsize::new(usize::MAX);

    pub(in super::super) fn best() -> Arch {
        match ASKED_FOR.load(Ordering::Relaxed) {
            usize::MAX => Arch::new(),
            place => available().get(place).copied().unwrap_or_default(),
        }
    }

    /// The instruction sets that this processor has.
    pub(in super::super) fn available() -> Vec<Arch> {
        let mut available = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        available.extend(pulp::x86::V3::try_new().map(Arch::V3));
        available.push(Arch::new());
        available
    }

    /// Calls `act` with one of the available instruction sets, in all threads: the results of other
    /// computations do not depend on it.
    pub(in super::super) fn use_for(place: usize, act: impl FnOnce()) {
        ASKED_FOR.store(place, Ordering::Relaxed);
        act();
        ASKED_FOR.store(usize::MAX, Ordering::Relaxed);
    }
}
