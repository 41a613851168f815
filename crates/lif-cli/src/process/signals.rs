//! Signals: requests to end, and the signal for files that exceed the size limit.

#[cfg(not(unix))]
pub use elsewhere::{fail_beyond_size_limit, listen};
#[cfg(unix)]
pub use unix::{fail_beyond_size_limit, listen};

#[cfg(unix)]
mod unix {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use std::sync::Arc;
    use std::thread;

    /// Calls `act` for each request to end: Ctrl-C, SIGTERM and SIGHUP. Signals that are ignored when the
    /// program starts stay ignored: `nohup` and shells protect background processes this way.
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

    /// The ignored signals of a process as bits; 0 if unknown.
    fn ignored(status: &str) -> u64 {
        let digits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        digits.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
    }

    /// Writing beyond the size limit (`ulimit -f`) fails with an error from now on, as on a full disk.
    /// Otherwise the signal would end the process without a message.
    pub fn fail_beyond_size_limit() {
        // Any handler will do.
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

    /// Other systems have no such signal.
    pub fn fail_beyond_size_limit() {}
}
