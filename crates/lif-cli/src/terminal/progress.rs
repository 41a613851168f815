//! Progress bars.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for steps; hidden if quiet, and if standard error is no terminal.
pub fn bar(steps: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    styled(ProgressBar::with_draw_target(Some(steps), target), "steps")
}

/// A bar for steps of a network, with a message instead of their number.
pub fn simulated(steps: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(steps), target);
    match ProgressStyle::with_template("{bar:16} {percent:>3}%  {msg}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A bar for the measurements of a benchmark.
pub fn measurements(count: u64) -> ProgressBar {
    styled(ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr()), "measurements")
}

/// A bar for the generations of a search, with a message.
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
