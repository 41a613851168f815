//! The log on standard error.

use env_logger::Builder;
use log::{Level, LevelFilter, Record};
use std::collections::HashSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// The warnings that were said.
static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Whether a warning was said before: the same text, or any under a target that is no module but its own.
fn was_said(record: &Record<'_>) -> bool {
    let is_its_own = record.module_path().is_some_and(|module| module != record.target());
    let text = if is_its_own { record.target().to_owned() } else { record.args().to_string() };
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    !said.get_or_insert_default().insert(text)
}

/// Shows warnings, or errors only where quiet; the variable `RUST_LOG` overrules both.
pub fn start(quiet: bool) {
    let mut builder = Builder::new();
    builder.filter_level(if quiet { LevelFilter::Error } else { LevelFilter::Warn });
    // Drivers without a display are worth a warning to these crates and to nobody else.
    for noisy in ["wgpu", "wgpu_core", "wgpu_hal", "naga"] {
        builder.filter_module(noisy, LevelFilter::Error);
    }
    // What OpenGL misses where nobody asked for it is nobody's fault; what fails comes as an error.
    builder.filter_module("wgpu_hal::gles", LevelFilter::Off);
    builder.parse_default_env();
    builder.format(|output, record| {
        if record.level() == Level::Warn && was_said(record) {
            return Ok(());
        }
        let level = match record.level() {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        };
        writeln!(output, "{level}: {}", record.args())
    });
    // A second call finds the logger in place, which is all that is wanted.
    let _ = builder.try_init();
}
