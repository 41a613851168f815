//! The panel of a run that recorded nothing over time: how many cells have each mean rate.

use super::scene::Counts;
use crate::picture::axes::{self, Area, Horizontal, INK, Vertical, note, plain};
use crate::terminal::figures::short;
use plotters::prelude::*;

/// The most bars.
const MOST_BARS: u32 = 60;

/// Draws a histogram of the rates.
pub fn draw(area: &Area<'_>, counts: &Counts) -> Result<(), String> {
    let most = counts.spikes.iter().copied().max().unwrap_or_default().max(1);
    // Each bar covers the same whole number of spikes, or some would stick out.
    let spikes = most.div_ceil(MOST_BARS);
    let width = f64::from(spikes) / counts.seconds;
    let mut bars = vec![0_u64; (most / spikes) as usize + 1];
    for count in &counts.spikes {
        bars[(count / spikes) as usize] += 1;
    }
    let right = bars.len() as f64 * width;
    let top = bars.iter().copied().max().unwrap_or_default() as f64 * 1.08;
    let horizontal =
        Horizontal { name: "mean rate (Hz)", range: 0.0..right, ticks: axes::ticks(0.0, right, 8) };
    let vertical =
        Vertical { name: "cells", range: 0.0..top, ticks: axes::whole_ticks(0.0, top, 5), label: &plain };
    let mut chart = axes::chart_over(area, horizontal, vertical, true)?;
    let bars = bars.iter().enumerate().filter(|(_, cells)| **cells > 0).map(|(place, cells)| {
        let corners = [(place as f64 * width, 0.0), ((place + 1) as f64 * width, *cells as f64)];
        Rectangle::new(corners, INK.mix(0.7).filled())
    });
    chart.draw_series(bars).map_err(|error| error.to_string())?;
    let width = format!("{} Hz", short(width));
    note(area, &chart, &["bars of", &width])
}
