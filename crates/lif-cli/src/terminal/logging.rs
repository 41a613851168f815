//! The log on standard error.

use env_logger::Builder;
use log::{Level, LevelFilter, Record};
use std::collections::HashSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Warnings so far.
static SHOWN: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Whether a warning was shown before: the same text, or any with the same target if this is not a module.
fn is_repeated(record: &Record<'_>) -> bool {
    let is_its_own = record.module_path().is_some_and(|module| module != record.target());
    let text = if is_its_own { record.target().to_owned() } else { record.args().to_string() };
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    !shown.get_or_insert_default().insert(text)
}

/// Shows warnings, or only errors if quiet; `RUST_LOG` overrides this.
pub fn start(quiet: bool) {
    let mut builder = Builder::new();
    builder.filter_level(if quiet { LevelFilter::Error } else { LevelFilter::Warn });
    // These crates warn of drivers without a display, which matters to nobody.
    for noisy in ["wgpu", "wgpu_core", "wgpu_hal", "naga"] {
        builder.filter_module(noisy, LevelFilter::Error);
    }
    // Missing features of OpenGL do not matter unless it was chosen, and then they cause errors.
    builder.filter_module("wgpu_hal::gles", LevelFilter::Off);
    builder.parse_default_env();
    builder.format(|output, record| {
        if record.level() == Level::Warn && is_repeated(record) {
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
    // A second call finds the logger in place.
    let _ = builder.try_init();
}
