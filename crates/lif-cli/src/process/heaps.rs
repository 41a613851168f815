//! One heap for all threads, where the address space is limited.
//!
//! The C library of most Linux systems sets 64 MiB of addresses aside for each thread that takes memory. Of an address
//! space that is limited (`ulimit -v`) that leaves nothing for what is asked for, and a process that is refused memory aborts.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use linux::share_one_where_limited;

/// Elsewhere there is nothing to do.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_one_where_limited() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// How many heaps there are at the most. It is read when a process starts.
    const HEAPS: &str = "MALLOC_ARENA_MAX";

    /// Starts the program again with one heap, where the address space is limited and nobody has said how many there
    /// are. Where that fails, it goes on as it is.
    pub fn share_one_where_limited() {
        if std::env::var_os(HEAPS).is_some() || lif::address_space_limit().is_none() {
            return;
        }
        let mut words = std::env::args_os();
        let mut again = Command::new("/proc/self/exe");
        if let Some(name) = words.next() {
            again.arg0(name);
        }
        let failure = again.args(words).env(HEAPS, "1").exec();
        log::debug!("cannot start again with one heap: {failure}");
    }
}
