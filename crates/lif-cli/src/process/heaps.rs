//! One heap for all threads if the address space is limited.
//!
//! The C library of most Linux systems reserves 64 MiB of addresses for each thread that allocates. With a
//! limit (`ulimit -v`) this leaves little for everything else, and a process whose allocation fails aborts.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use linux::share_one_where_limited;

/// Other systems need nothing.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_one_where_limited() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// The environment variable with the most heaps. It is read when a process starts.
    const HEAPS: &str = "MALLOC_ARENA_MAX";

    /// Restarts the program with one heap if the address space is limited and the variable is not set. If the
    /// restart fails, the program goes on.
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
