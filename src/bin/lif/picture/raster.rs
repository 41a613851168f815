//! The panel of the spikes: ticks where each cell has room for its own, otherwise an image whose
//! darkness is the number of spikes.

use super::axes::{self, Area, Chart, FRAME, INK, Vertical, plain, remark};
use super::scene::{Scene, Spikes};
use plotters::prelude::*;

/// Pixels that a cell needs for ticks of its own.
const TICK_HEIGHT: usize = 3;

/// Up to so many rows get a name of their own.
const NAMED_ROWS: usize = 10;

/// The part of the pixels with spikes that may be as dark as can be.
const DARKEST_PART: f64 = 0.02;

/// A pixel with a single spike is at least this dark.
const LIGHTEST: f64 = 0.12;

/// Draws all cells from below, those of the first batch row first.
pub fn draw(area: &Area<'_>, scene: &Scene, spikes: &Spikes, lowest: bool) -> Result<(), String> {
    let neurons = spikes.neurons.len();
    let cells = neurons * spikes.batch;
    let by_row = spikes.batch > 1;
    let ticks = if by_row { row_ticks(spikes.batch, neurons) } else { neuron_ticks(neurons) };
    let label = |height: f64| {
        if by_row {
            return plain((height / neurons as f64).floor());
        }
        let index = (height.floor().max(0.0) as usize).min(neurons.saturating_sub(1));
        plain(f64::from(spikes.neurons.get(index).copied().unwrap_or_default()))
    };
    let name = if by_row { "batch row" } else { "neuron" };
    let vertical = Vertical { name, range: 0.0..cells as f64, ticks, label: &label };
    let mut chart = axes::chart(area, scene, vertical, lowest)?;

    let height = chart.plotting_area().dim_in_pixel().1 as usize;
    if by_row && spikes.batch <= height / 8 {
        let end = scene.time(scene.steps as f64);
        let borders = (1..spikes.batch).map(|row| {
            let border = (row * neurons) as f64;
            PathElement::new([(0.0, border), (end, border)], FRAME.mix(0.5))
        });
        chart.draw_series(borders).map_err(|error| error.to_string())?;
    }
    if cells * TICK_HEIGHT <= height {
        draw_ticks(&chart, scene, spikes)?;
    } else {
        draw_density(area, &chart, scene, cells, spikes)?;
    }
    if spikes.events.count() == 0 {
        remark(area, &chart, &["no spikes"])?;
    }
    Ok(())
}

/// The middle of each row's cells, or of some where there are many.
fn row_ticks(batch: usize, neurons: usize) -> Vec<f64> {
    let every = batch.div_ceil(NAMED_ROWS).max(1);
    (0..batch).step_by(every).map(|row| (row as f64 + 0.5) * neurons as f64).collect()
}

/// The middle of each neuron's row, or round numbers where there are many.
fn neuron_ticks(neurons: usize) -> Vec<f64> {
    if neurons <= NAMED_ROWS {
        return (0..neurons).map(|neuron| neuron as f64 + 0.5).collect();
    }
    axes::ticks(0.0, neurons as f64 - 1.0, 6)
}

fn draw_ticks(chart: &Chart<'_, '_>, scene: &Scene, spikes: &Spikes) -> Result<(), String> {
    spikes.each_place(|step, cell| {
        let time = scene.time(f64::from(step) + 1.0);
        let tick = PathElement::new([(time, cell as f64 + 0.15), (time, cell as f64 + 0.85)], INK);
        // Not as a series, each of which the chart remembers.
        chart.plotting_area().draw(&tick).map_err(|error| error.to_string())
    })
}

fn draw_density(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    scene: &Scene,
    cells: usize,
    spikes: &Spikes,
) -> Result<(), String> {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let (left, top) = area.get_base_pixel();
    let width = columns.len().max(1);
    let height = rows.len().max(1);
    let mut counts = vec![0_u32; width * height];
    spikes.each_place(|step, cell| {
        let column = (u64::from(step) * width as u64 / scene.steps.max(1)) as usize;
        let row = height - 1 - (cell as u64 * height as u64 / cells as u64) as usize;
        if let Some(count) = counts.get_mut(row * width + column) {
            *count += 1;
        }
        Ok(())
    })?;
    let dark = darkest(&counts);
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let darkness = LIGHTEST + (1.0 - LIGHTEST) * (f64::from(*count) / dark).min(1.0);
        let place =
            (columns.start - left + (index % width) as i32, rows.start - top + (index / width) as i32);
        area.draw_pixel(place, &INK.mix(darkness)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The number of spikes that is drawn as dark as can be: few pixels have more.
fn darkest(counts: &[u32]) -> f64 {
    let mut some: Vec<u32> = counts.iter().copied().filter(|count| *count > 0).collect();
    if some.is_empty() {
        return 1.0;
    }
    let place = ((some.len() as f64 * (1.0 - DARKEST_PART)) as usize).min(some.len() - 1);
    f64::from(*some.select_nth_unstable(place).1)
}
