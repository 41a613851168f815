//! Tells the processor which memory is needed soon, where it cannot guess that.

/// Begins to fetch a value into the caches. Without such an instruction, this does nothing.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
