//! The panel of spikes: a mark for each spike if there is room, otherwise their density.

use super::density;
use super::scene::{Scene, Spikes};
use super::time;
use crate::picture::axes::{self, Area, Chart, FRAME, INK, Vertical, note, plain};
use crate::picture::pixels::fill;
use plotters::prelude::*;

/// Pixels per cell that ticks need.
const TICK_HEIGHT: usize = 3;

/// Pixels per tick; with less, ticks merge into bars.
const TICK_WIDTH: u64 = 4;

/// Fewer ticks are drawn thick.
const FEW_TICKS: u64 = 3000;

/// Width and height of marks in pixels, from the largest on.
const MARKS: [(i32, i32); 5] = [(3, 8), (2, 6), (2, 4), (1, 3), (1, 2)];

/// The largest fraction of the panel that marks cover.
const COVERED: f64 = 0.06;

/// Up to this many rows are all named.
const NAMED_ROWS: usize = 10;

/// How spikes are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SpikeStyle {
    /// In the row of its cell, with this thickness.
    Ticks(u32),
    /// Centred on its cell, with this width and height in pixels.
    Marks(i32, i32),
    /// As density.
    Density,
}

impl SpikeStyle {
    fn new(spikes: u64, cells: usize, (width, height): (u32, u32)) -> Self {
        if cells * TICK_HEIGHT <= height as usize {
            let fits = spikes.saturating_mul(TICK_WIDTH) <= cells as u64 * u64::from(width);
            return match fits {
                true => Self::Ticks(if spikes < FEW_TICKS { 2 } else { 1 }),
                false => Self::Density,
            };
        }
        let room = COVERED * f64::from(width) * f64::from(height);
        let fits = |(width, height): &(i32, i32)| spikes as f64 * f64::from(width * height) <= room;
        MARKS.into_iter().find(fits).map_or(Self::Density, |(width, height)| Self::Marks(width, height))
    }
}

/// Draws all cells from the bottom up, the first batch row first.
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
    let mut chart = time::chart(area, scene, vertical, lowest)?;

    let (width, height) = chart.plotting_area().dim_in_pixel();
    if by_row && spikes.batch <= height as usize / 8 {
        let (start, end) = scene.bounds();
        let borders = (1..spikes.batch).map(|row| {
            let border = (row * neurons) as f64;
            PathElement::new([(start, border), (end, border)], FRAME.mix(0.5))
        });
        chart.draw_series(borders).map_err(|error| error.to_string())?;
    }
    if spikes.count == 0 {
        return note(area, &chart, &["no spikes"]);
    }
    match SpikeStyle::new(spikes.count, cells, (width, height)) {
        SpikeStyle::Ticks(thick) => draw_ticks(&chart, scene, spikes, thick),
        SpikeStyle::Marks(width, height) => draw_marks(&chart, scene, spikes, (width, height)),
        SpikeStyle::Density => density::draw(area, &chart, scene, spikes, cells),
    }
}

/// The middle of each batch row, or of some if there are many.
fn row_ticks(batch: usize, neurons: usize) -> Vec<f64> {
    let every = batch.div_ceil(NAMED_ROWS).max(1);
    (0..batch).step_by(every).map(|row| (row as f64 + 0.5) * neurons as f64).collect()
}

/// The middle of each neuron's row, or round numbers if there are many.
fn neuron_ticks(neurons: usize) -> Vec<f64> {
    if neurons <= NAMED_ROWS {
        return (0..neurons).map(|neuron| neuron as f64 + 0.5).collect();
    }
    axes::ticks(0.0, neurons as f64 - 1.0, 6)
}

fn draw_ticks(chart: &Chart<'_, '_>, scene: &Scene, spikes: &Spikes, thick: u32) -> Result<(), String> {
    spikes.each_place(&scene.shown, |step, cell| {
        let time = scene.end_of(u64::from(step));
        let ends = [(time, cell as f64 + 0.15), (time, cell as f64 + 0.85)];
        let tick = PathElement::new(ends, INK.stroke_width(thick));
        // Not as a series: the chart remembers each.
        chart.plotting_area().draw(&tick).map_err(|error| error.to_string())
    })
}

fn draw_marks(
    chart: &Chart<'_, '_>,
    scene: &Scene,
    spikes: &Spikes,
    (width, height): (i32, i32),
) -> Result<(), String> {
    let panel = chart.plotting_area().strip_coord_spec();
    spikes.each_place(&scene.shown, |step, cell| {
        let place = (scene.end_of(u64::from(step)), cell as f64 + 0.5);
        let (x, y) = chart.plotting_area().map_coordinate(&place);
        let (left, top) = (x - width / 2, y - height / 2);
        fill(&panel, left..left + width, top..top + height, &INK)
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;
    use crate::picture::drawn;

    #[test]
    fn marks_have_the_size_that_there_is_room_for() {
        let style = |spikes, cells| SpikeStyle::new(spikes, cells, (1330, 520));
        assert_eq!(style(26, 200), SpikeStyle::Marks(3, 8));
        assert_eq!(style(3000, 1000), SpikeStyle::Marks(2, 6));
        assert_eq!(style(20_000, 1000), SpikeStyle::Marks(1, 2));
        assert_eq!(style(1_000_000, 100_000), SpikeStyle::Density);
        assert_eq!(style(40, 4), SpikeStyle::Ticks(2));
        assert_eq!(style(5000, 100), SpikeStyle::Ticks(1));
        // One neuron over 10 s, and 50 over an hour.
        assert_eq!(style(600, 1), SpikeStyle::Density);
        assert_eq!(style(10_000_000, 50), SpikeStyle::Density);
    }

    /// Each look shows every spike.
    #[test]
    fn spikes_are_seen_however_many_they_are() {
        let cells = 200;
        for (count, style) in [
            (40, SpikeStyle::Marks(3, 8)),
            (3000, SpikeStyle::Marks(2, 6)),
            (5000, SpikeStyle::Marks(2, 4)),
            (7000, SpikeStyle::Marks(1, 3)),
            (20_000, SpikeStyle::Marks(1, 2)),
        ] {
            assert_eq!(SpikeStyle::new(count, cells, (1330, 544)), style);
            // No spike is near another.
            let spikes: Vec<(u32, u32)> =
                (0..count as u32).map(|spike| (1 + spike / 40 * 2, spike % 40 * 5)).collect();
            let (scene, spikes) = (examples::scene(1 + count / 20), examples::spikes(200, &spikes));
            let pixels = drawn::pixels(|area| draw(area, &scene, &spikes, false));
            let SpikeStyle::Marks(width, height) = style else { unreachable!() };
            let expected = count as usize * (width * height) as usize;
            let marked = drawn::marked(&pixels);
            assert!((expected * 8 / 10..=expected).contains(&marked), "{style:?}: {marked} of {expected}");
        }
        for (cells, count, style) in
            [(10, 40, SpikeStyle::Ticks(2)), (100, 5000, SpikeStyle::Ticks(1)), (1, 900, SpikeStyle::Density)]
        {
            assert_eq!(SpikeStyle::new(count, cells, (1330, 544)), style);
            let spikes: Vec<(u32, u32)> =
                (0..count as u32).map(|spike| (spike, spike % cells as u32)).collect();
            let (scene, spikes) = (examples::scene(count + 1), examples::spikes(cells as u32, &spikes));
            let pixels = drawn::pixels(|area| draw(area, &scene, &spikes, false));
            assert!(drawn::marked(&pixels) >= count as usize, "{style:?}");
        }
    }
}
