//! Spikes as an image: the darkness of a place is the rate of its cells during its time.
//!
//! All places cover the same number of steps and cells, except the last ones. With places of one pixel these
//! numbers would vary, which shows as stripes. So would a regular neuron, whose spikes per place vary by one:
//! where the interval before a spike is short, the spike is spread evenly over it.

use super::scene::{Scene, Spikes};
use crate::picture::axes::{Area, Chart, INK, note};
use crate::picture::pixels::fill;
use crate::terminal::figures::short;
use plotters::prelude::*;

/// The smallest width and height of a place, pixels.
const LEAST_SIZE: u64 = 2;

/// The fraction of places with spikes that may be black.
const DARKEST_PART: f64 = 0.02;

/// The mean rate is at most this dark, so that a regular rate does not look like a bar.
const DARKEST_MEAN: f64 = 0.6;

/// The least darkness of a place with a spike.
const LIGHTEST: f64 = 0.12;

/// How steps or cells are divided into places along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Division {
    /// Steps or cells.
    whole: u64,
    /// Steps or cells of a place.
    part: u64,
    pixels: u64,
}

impl Division {
    fn new(whole: u64, pixels: u64) -> Self {
        let (whole, pixels) = (whole.max(1), pixels.max(1));
        Self { whole, part: (whole * LEAST_SIZE).div_ceil(pixels), pixels }
    }

    fn places(self) -> usize {
        self.whole.div_ceil(self.part) as usize
    }

    /// Steps or cells of this place; the last has fewer.
    fn size(self, place: usize) -> u64 {
        self.part.min(self.whole - place as u64 * self.part)
    }

    /// Spreads a spike over the interval before it: the visited places with their fractions. After an
    /// interval of more than two places it counts in its own place only.
    fn spread(self, interval: std::ops::Range<u64>, mut visit: impl FnMut(usize, f64)) {
        let std::ops::Range { start, end } = interval;
        let length = end - start;
        if length > 2 * self.part {
            return visit(((end - 1) / self.part) as usize, 1.0);
        }
        for place in start / self.part..=(end - 1) / self.part {
            let inside = end.min((place + 1) * self.part) - start.max(place * self.part);
            visit(place as usize, inside as f64 / length as f64);
        }
    }

    fn pixels(self, place: usize) -> std::ops::Range<i32> {
        let pixel = |place: usize| {
            let edge = u128::from((place as u64 * self.part).min(self.whole)) * u128::from(self.pixels);
            (edge / u128::from(self.whole)) as i32
        };
        pixel(place)..pixel(place + 1)
    }
}

/// Draws all spikes, with a note of the rate that is black.
pub fn draw(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    scene: &Scene,
    spikes: &Spikes,
    cells: usize,
) -> Result<(), String> {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let across = Division::new(scene.shown_steps(), columns.len() as u64);
    let up = Division::new(cells as u64, rows.len() as u64);
    let width = across.places();
    let mut counts = vec![0.0; width * up.places()];
    let mut ends = vec![0_u32; cells];
    spikes.each_place(&scene.shown, |step, cell| {
        // A run has at most 2^32 - 1 steps.
        let end = (u64::from(step) - scene.shown.start + 1) as u32;
        // The first spike has no interval before it.
        let before = ends.get_mut(cell).map(|before| std::mem::replace(before, end)).filter(|end| *end > 0);
        let start = before.unwrap_or(end - 1);
        let row = (cell as u64 / up.part) as usize * width;
        across.spread(u64::from(start)..u64::from(end), |place, part| {
            if let Some(count) = counts.get_mut(row + place) {
                *count += part;
            }
        });
        Ok(())
    })?;
    // In spikes per step.
    let rates: Vec<f64> = (counts.iter().enumerate())
        .map(|(place, count)| count / (across.size(place % width) * up.size(place / width)) as f64)
        .collect();
    let dark = darkest(&rates);
    for (place, rate) in rates.iter().enumerate().filter(|(_, rate)| **rate > 0.0) {
        let colour = INK.mix(LIGHTEST + (1.0 - LIGHTEST) * (rate / dark).min(1.0));
        let (x, y) = (across.pixels(place % width), up.pixels(place / width));
        let across = columns.start + x.start..columns.start + x.end;
        fill(area, across, rows.end - y.end..rows.end - y.start, &colour)?;
    }
    let hz = format!("{} Hz", short(dark / (scene.dt * 1e-3)));
    let more: &[&str] = if rates.iter().any(|rate| *rate > dark) { &["or more"] } else { &[] };
    note(area, chart, &[&["black:", &hz], more].concat())
}

/// The rate that is drawn black: few places have more.
fn darkest(rates: &[f64]) -> f64 {
    let mut some: Vec<f64> = rates.iter().copied().filter(|rate| *rate > 0.0).collect();
    if some.is_empty() {
        return 1.0;
    }
    let mean = some.iter().sum::<f64>() / some.len() as f64;
    let place = ((some.len() as f64 * (1.0 - DARKEST_PART)) as usize).min(some.len() - 1);
    some.select_nth_unstable_by(place, f64::total_cmp).1.max(mean / DARKEST_MEAN)
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;
    use crate::picture::drawn;

    #[test]
    fn places_hold_equally_many_and_cover_all_pixels() {
        for (whole, pixels) in [(10_000, 1330), (1, 1330), (7, 1330), (1330, 1330), (36_000_000, 999), (3, 2)]
        {
            let division = Division::new(whole, pixels);
            let size: Vec<u64> = (0..division.places()).map(|place| division.size(place)).collect();
            assert_eq!(size.iter().sum::<u64>(), whole);
            assert!(size[..size.len() - 1].iter().all(|size| *size == division.part), "{size:?}");
            let mut end = 0;
            for place in 0..division.places() {
                let pixels = division.pixels(place);
                assert_eq!(pixels.start, end);
                assert!(pixels.len() as u64 >= LEAST_SIZE || place + 1 == division.places(), "{pixels:?}");
                end = pixels.end;
            }
            assert_eq!(end as u64, pixels);
        }
    }

    #[test]
    fn an_even_rate_is_no_bar() {
        assert_eq!(darkest(&[30.0; 100]), 50.0);
        assert_eq!(darkest(&[0.0, 0.0]), 1.0);
        let mut rates = vec![1.0; 1000];
        rates[7] = 1e6;
        assert!(darkest(&rates) < 2e3, "one place must not make all others pale");
    }

    #[test]
    fn a_spike_counts_over_a_short_interval_and_by_itself_after_a_long_one() {
        let spread = |interval| {
            let mut counts = Vec::new();
            Division { whole: 100, part: 10, pixels: 20 }
                .spread(interval, |place, part| counts.push((place, part)));
            counts
        };
        assert_eq!(spread(8..12), [(0, 0.5), (1, 0.5)]);
        assert_eq!(spread(5..25), [(0, 0.25), (1, 0.5), (2, 0.25)]);
        assert_eq!(spread(5..30), [(2, 1.0)]);
        assert_eq!(spread(99..100), [(9, 1.0)]);
    }

    /// A neuron with a spike every 17.5 ms for 10 s: a place of 15 ms has one or none.
    #[test]
    fn a_regular_neuron_looks_regular() {
        let steps: Vec<(u32, u32)> = (1..=570).map(|spike| (175 * spike, 0)).collect();
        let (scene, spikes) = (examples::scene(100_000), examples::spikes(1, &steps));
        let pixels =
            drawn::pixels(|area| crate::commands::run::picture::raster::draw(area, &scene, &spikes, false));
        let row = &pixels[pixels.len() / 2];
        let inner = &row[4..row.len() - 8];
        assert!(inner.iter().all(|colour| *colour == inner[0] && *colour != WHITE));
    }
}
