//! Drawing by pixels: plotters leaves out the last column and row of rectangles, so that narrow ones vanish.

use super::axes::{Area, Chart};
use plotters::prelude::*;
use std::ops::Range;

/// With more samples per column of pixels, a curve is drawn as its range in each column.
const MOST_OF_COLUMN: usize = 2;

/// Lines within this many columns merge.
pub const CLOSE: usize = 4;

/// A column, and the first and last row of a curve in it.
type ColumnRows = (i32, i32, i32);

/// Fills a rectangle of columns and rows of the whole page.
pub fn fill(
    area: &Area<'_>,
    columns: Range<i32>,
    rows: Range<i32>,
    colour: &impl Color,
) -> Result<(), String> {
    let (left, top) = area.get_base_pixel();
    for y in rows {
        for x in columns.clone() {
            area.draw_pixel((x - left, y - top), colour).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Draws a curve as a line, or as its range in each column if samples are dense.
pub fn curve(chart: &mut Chart<'_, '_>, points: &[(f64, f64)], colour: RGBColor) -> Result<(), String> {
    let panel = chart.plotting_area().strip_coord_spec();
    if points.len() <= MOST_OF_COLUMN * panel.dim_in_pixel().0 as usize {
        let line = LineSeries::new(points.iter().copied(), colour);
        return chart.draw_series(line).map(drop).map_err(|error| error.to_string());
    }
    let pixels = points.iter().map(|point| chart.plotting_area().map_coordinate(point));
    for (x, low, high) in without_gaps(ranges(pixels)) {
        fill(&panel, x..x + 1, low..high + 1, &colour)?;
    }
    Ok(())
}

/// The rows of a curve in each column, with the way from the column before.
fn ranges(pixels: impl Iterator<Item = (i32, i32)>) -> Vec<ColumnRows> {
    let mut ranges: Vec<ColumnRows> = Vec::new();
    let mut before = None;
    for (x, y) in pixels {
        match ranges.last_mut() {
            Some((last, low, high)) if *last == x => (*low, *high) = (y.min(*low), y.max(*high)),
            _ => {
                let from = before.unwrap_or(y);
                ranges.push((x, y.min(from), y.max(from)));
            }
        }
        before = Some(y);
    }
    ranges
}

/// Where a curve oscillates within a few columns, gaps would only show how columns and curve meet: each
/// column gets the range of its neighbours.
fn without_gaps(ranges: Vec<ColumnRows>) -> Vec<ColumnRows> {
    let whole = |some: &[ColumnRows]| {
        some.iter().fold((i32::MAX, i32::MIN), |(top, foot), (_, low, high)| (top.min(*low), foot.max(*high)))
    };
    let (top, foot) = whole(&ranges);
    let tall = ranges.iter().filter(|(_, low, high)| 2 * (high - low) > foot - top).count();
    if tall * CLOSE < ranges.len() {
        return ranges;
    }
    let about = |index: usize| {
        let start = index.saturating_sub(1).min(ranges.len().saturating_sub(CLOSE));
        let (top, foot) = whole(&ranges[start..ranges.len().min(start + CLOSE)]);
        (ranges[index].0, top, foot)
    };
    (0..ranges.len()).map(about).collect()
}

/// The corners of a curve that is constant from each sample to the next, and after the last to the end.
pub fn steps(samples: impl Iterator<Item = (f64, f64)>, end: f64) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (time, value) in samples {
        let held = corners.last().map(|(_, held)| (time, *held));
        corners.extend(held.into_iter().chain([(time, value)]));
    }
    let last = corners.last().map(|(_, held)| (end, *held));
    corners.extend(last);
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dense_curve_covers_all_rows_on_its_way() {
        let pixels = [(0, 5), (0, 1), (0, 3), (1, 8), (1, 9), (2, 2)];
        assert_eq!(ranges(pixels.into_iter()), [(0, 1, 5), (1, 3, 9), (2, 2, 9)]);
    }

    #[test]
    fn close_lines_grow_together() {
        let every =
            |period: i32| (0..40).map(|x| if x % period == 0 { (x, 0, 9) } else { (x, 8, 9) }).collect();
        assert!(without_gaps(every(4)).iter().all(|(_, low, high)| (*low, *high) == (0, 9)));
        assert_eq!(without_gaps(every(5)), every(5));
        assert_eq!(without_gaps(Vec::new()), []);
    }

    #[test]
    fn what_is_held_has_corners_and_lasts_until_the_end() {
        let corners = steps([(0.0, 1.0), (1.0, 3.0)].into_iter(), 2.0);
        assert_eq!(corners, [(0.0, 1.0), (1.0, 1.0), (1.0, 3.0), (2.0, 3.0)]);
        assert_eq!(steps(std::iter::empty(), 2.0), []);
    }
}
