//! The panel of the input current.

use super::axes::{self, Area, INPUT, Vertical, plain, thinned};
use super::scene::Scene;
use plotters::prelude::*;

/// Draws the current of the first cell over time.
pub fn draw(area: &Area<'_>, scene: &Scene, currents: &[(u64, f32)], lowest: bool) -> Result<(), String> {
    let low = currents.iter().map(|(_, current)| *current).fold(f32::INFINITY, f32::min);
    let high = currents.iter().map(|(_, current)| *current).fold(f32::NEG_INFINITY, f32::max);
    let (low, high) = if low < high {
        (f64::from(low), f64::from(high))
    } else {
        (f64::from(low) - 1.0, f64::from(high) + 1.0)
    };
    let margin = 0.08 * (high - low);
    let range = low - margin..high + margin;
    let name = format!("input ({})", scene.units.input);
    let vertical =
        Vertical { name: &name, ticks: axes::ticks(range.start, range.end, 3), range, label: &plain };
    let mut chart = axes::chart(area, scene, vertical, lowest)?;
    let points: Vec<(f64, f64)> =
        currents.iter().map(|(step, current)| (scene.time(*step as f64), f64::from(*current))).collect();
    let columns = chart.plotting_area().dim_in_pixel().0 as usize;
    chart
        .draw_series(LineSeries::new(thinned(&points, columns), INPUT))
        .map_err(|error| error.to_string())?;
    Ok(())
}
