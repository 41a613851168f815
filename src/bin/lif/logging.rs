//! The log on standard error.

use env_logger::Builder;
use log::{Level, LevelFilter};
use std::io::Write;

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
