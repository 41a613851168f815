//! The progress of a run on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that counts steps; hidden where quiet and where standard error is no terminal.
pub fn bar(steps: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    styled(ProgressBar::with_draw_target(Some(steps), target), "steps")
}

/// A bar that counts the measurements of a benchmark.
pub fn measurements(count: u64) -> ProgressBar {
    styled(ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr()), "measurements")
}

/// A bar that counts the generations of a search, and says beside them what is set as its message.
pub fn generations(count: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    styled(ProgressBar::with_draw_target(Some(count), target), "generations, {msg}")
}

fn styled(bar: ProgressBar, things: &str) -> ProgressBar {
    let template =
        format!("{{bar:36}} {{percent:>3}}%  {{human_pos}} of {{human_len}} {things}, {{eta}} left");
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
