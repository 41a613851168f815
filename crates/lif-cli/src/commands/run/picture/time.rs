//! The axis of time, the same in all panels.

use super::scene::Scene;
use crate::picture::axes::{Area, Chart, Horizontal, Vertical, chart_over, plain, ticks};

/// Longer times are shown in seconds.
const LONGEST_IN_MS: f64 = 3000.0;

impl Scene {
    /// The position of a time, in steps, on the axis.
    pub fn time(&self, step: f64) -> f64 {
        step * self.dt / self.time_unit().0
    }

    /// The duration of some steps, as text.
    pub fn duration(&self, steps: u64) -> String {
        let ms = steps as f64 * self.dt;
        if ms < 1000.0 { format!("{} ms", plain(ms)) } else { format!("{} s", plain(ms / 1000.0)) }
    }

    /// In ms, and its symbol. The end decides, so that part of a long run has the unit of the whole.
    fn time_unit(&self) -> (f64, &'static str) {
        if self.shown.end as f64 * self.dt > LONGEST_IN_MS { (1000.0, "s") } else { (1.0, "ms") }
    }
}

/// Draws the axes of a panel over time.
pub fn chart<'a, 'b>(
    area: &'a Area<'b>,
    scene: &Scene,
    vertical: Vertical<'_>,
    lowest: bool,
) -> Result<Chart<'a, 'b>, String> {
    let (start, end) = scene.bounds();
    let name = format!("time ({})", scene.time_unit().1);
    let horizontal = Horizontal { name: &name, range: start..end, ticks: ticks(start, end, 8) };
    chart_over(area, horizontal, vertical, lowest)
}
