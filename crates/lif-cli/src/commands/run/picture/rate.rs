//! The panel of the population's rate.

use super::scene::{Rate, Scene};
use super::time;
use crate::picture::axes::{self, Area, INK, Vertical, note, plain};
use plotters::prelude::*;

/// Draws the rate as a histogram over time.
pub fn draw(area: &Area<'_>, scene: &Scene, rate: &Rate, lowest: bool) -> Result<(), String> {
    let highest = rate.hz.iter().copied().fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.08 } else { 1.2 };
    let vertical =
        Vertical { name: "rate (Hz)", range: 0.0..top, ticks: axes::ticks(0.0, top, 4), label: &plain };
    let mut chart = time::chart(area, scene, vertical, lowest)?;
    let edges = rate.hz.iter().enumerate().flat_map(|(bin, hz)| {
        let start = scene.shown.start + bin as u64 * rate.bin;
        let end = (start + rate.bin).min(scene.shown.end);
        [start, end].map(|step| (scene.time(step as f64), *hz))
    });
    chart
        .draw_series(AreaSeries::new(edges, 0.0, INK.mix(0.25)).border_style(INK))
        .map_err(|error| error.to_string())?;
    note(area, &chart, &["bins of", &scene.duration(rate.bin)])
}
