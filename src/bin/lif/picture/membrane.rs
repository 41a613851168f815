//! The panel of one membrane potential.

use super::axes::{self, Area, INK, THRESHOLD, Vertical, plain, remark, thinned};
use super::scene::{Scene, Trace};
use crate::figures::grouped;
use plotters::prelude::*;

/// Dashes of the threshold's line, and the gaps between them, in pixels.
const DASH: (u32, u32) = (6, 6);

/// Up to so many samples are drawn as points too.
const FEW_POINTS: usize = 40;

/// Draws the potential, its threshold, and each spike as a line that rises above it: a
/// recorded potential is one after reset and would not show the spike.
pub fn draw(area: &Area<'_>, scene: &Scene, trace: &Trace, lowest: bool) -> Result<(), String> {
    let threshold = f64::from(trace.threshold);
    let values = trace.samples.iter().map(|(_, v)| f64::from(*v));
    let (low, high) = values.fold((threshold, threshold), |(low, high), v| (low.min(v), high.max(v)));
    let span = if high > low { high - low } else { 1.0 };
    let peak = high + 0.5 * span;
    let range = low - 0.1 * span..peak + 0.1 * span;
    let ticks = axes::ticks(low - 0.05 * span, high + 0.05 * span, 3);
    let mut chart = axes::chart(
        area,
        scene,
        Vertical { name: scene.units.potential, range, ticks, label: &plain },
        lowest,
    )?;

    let (start, end) = scene.bounds();
    let line = [(start, threshold), (end, threshold)];
    chart
        .draw_series(DashedLineSeries::new(line, DASH.0, DASH.1, THRESHOLD.into()))
        .map_err(|error| error.to_string())?;
    let points: Vec<(f64, f64)> =
        trace.samples.iter().map(|(step, v)| (scene.end_of(*step), f64::from(*v))).collect();
    let columns = chart.plotting_area().dim_in_pixel().0 as usize;
    if points.len() <= FEW_POINTS {
        // One makes no line.
        chart
            .draw_series(points.iter().map(|point| Circle::new(*point, 3, INK.filled())))
            .map_err(|error| error.to_string())?;
    }
    chart.draw_series(LineSeries::new(thinned(&points, columns), INK)).map_err(|error| error.to_string())?;
    let spikes = trace.spikes.iter().map(|step| {
        let time = scene.end_of(u64::from(*step));
        PathElement::new([(time, threshold), (time, peak)], INK)
    });
    chart.draw_series(spikes).map_err(|error| error.to_string())?;
    remark(area, &chart, &["neuron", &grouped(u64::from(trace.neuron))])
}
