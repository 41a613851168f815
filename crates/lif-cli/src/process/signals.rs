//! Signals: what asks a process to end, and what the system sends to one whose file gets longer than it may.

#[cfg(not(unix))]
pub use elsewhere::{let_long_files_fail, listen};
#[cfg(unix)]
pub use unix::{let_long_files_fail, listen};

#[cfg(unix)]
mod unix {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use std::sync::Arc;
    use std::thread;

    /// Calls `act` for each signal that asks to end: that of Ctrl-C, SIGTERM, and SIGHUP. One that is ignored when
    /// the program starts stays so: that is how `nohup` and shells keep it from what runs in the background.
    pub fn listen(mut act: impl FnMut() + Send + 'static) -> Result<(), String> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = ignored(&status);
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = Signals::new(heard).map_err(|error| error.to_string())?;
        let listen = move || signals.forever().for_each(|_| act());
        thread::Builder::new().spawn(listen).map(drop).map_err(|error| {
            format!("the system starts no thread for it ({error}); end other processes, or raise their limit (ulimit -u)")
        })
    }

    /// The set of signals that a process ignores, one in each bit; none where the system does not say.
    fn ignored(status: &str) -> u64 {
        let digits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        digits.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
    }

    /// From now on what writes beyond the longest file that is allowed (`ulimit -f`) fails with a reason, as on a
    /// disk that is full. Otherwise the signal would end the process without a word.
    pub fn let_long_files_fail() {
        // That there is a handler is enough.
        if let Err(error) = signal_hook::flag::register(SIGXFSZ, Arc::default()) {
            log::debug!("cannot handle SIGXFSZ: {error}");
        }
    }

    #[test]
    fn ignored_signals_are_read() {
        assert_eq!(ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), 0x1001);
        assert_eq!([ignored(""), ignored("SigIgn:\tmany\n")], [0, 0]);
    }
}

#[cfg(not(unix))]
mod elsewhere {
    /// Calls `act` for each Ctrl-C.
    pub fn listen(act: impl FnMut() + Send + 'static) -> Result<(), String> {
        ctrlc::set_handler(act).map_err(|error| error.to_string())
    }

    /// There is no such signal.
    pub fn let_long_files_fail() {}
}
