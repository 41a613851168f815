//! The picture of a sweep: over two keys a map of rates and of coefficients of variation for each group, otherwise a
//! curve for each group.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use super::super::picture::{EXCITATORY, INHIBITORY};
use super::super::summary::cut;
use super::{RowGroup, SweepSummary};
use crate::picture::axes::{
    self, Area, Chart, FRAME, Horizontal, INK, TEXT_SIZE, Vertical, logarithmic_ticks, plain, ticks,
};
use crate::picture::pixels::fill;
use crate::picture::{TITLE_HEIGHT, page, present};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;
use std::path::Path;

const WIDTH: u32 = 1600;

/// The height of the map of a group, where there are so many.
const MAP_HEIGHTS: [u32; MOST_MAPS] = [680, 560, 470, 350];

/// The most groups that have a map.
const MOST_MAPS: usize = 4;

/// The height of both curves.
const CURVES_HEIGHT: u32 = 1100;

/// The most groups that have a name beside their curve.
const MOST_NAMED: usize = 16;

/// The widest name, characters.
const WIDEST_NAME: usize = 9;

/// The height of the heading of a map.
const HEADING: u32 = 34;

/// Rates are shown on a logarithmic scale if the highest is this many times the lower quartile.
const WIDE: f64 = 10.0;

/// The lowest rate on that scale over the highest.
const LOWEST: f64 = 1e-3;

/// Where there is no value.
const NONE: RGBColor = RGBColor(222, 222, 222);

/// A quantity that is shown.
struct Shown {
    name: &'static str,
    of: fn(&RowGroup) -> Option<f64>,
    may_be_logarithmic: bool,
}

const SHOWN: [Shown; 2] = [
    Shown { name: "rate (Hz)", of: |group| group.rate, may_be_logarithmic: true },
    Shown { name: "CV of the intervals of a cell", of: |group| group.cv, may_be_logarithmic: false },
];

/// Draws the picture into a file; its extension gives the format.
pub fn draw(path: &Path, title: &str, sweep: &SweepSummary) -> Result<(), String> {
    let groups = sweep.rows.first().map_or(0, |row| row.groups.len());
    if sweep.keys.len() != 2 {
        let root = page(path, (WIDTH, CURVES_HEIGHT), title)?;
        let (_, below) = root.split_vertically(TITLE_HEIGHT);
        let (upper, lower) = below.split_vertically(below.dim_in_pixel().1 / 2);
        for (area, shown) in [upper, lower].iter().zip(&SHOWN) {
            curves(area, sweep, shown, groups)?;
        }
        return present(&root);
    }
    let maps = groups.clamp(1, MOST_MAPS);
    let more = if groups > maps { format!(", the first {maps} of {groups} groups") } else { String::new() };
    let height = MAP_HEIGHTS[maps - 1];
    let root = page(path, (WIDTH, TITLE_HEIGHT + height * maps as u32), &format!("{title}{more}"))?;
    let (_, mut rest) = root.split_vertically(TITLE_HEIGHT);
    for group in 0..maps {
        let (area, below) = rest.split_vertically(height);
        rest = below;
        let (left, right) = area.split_horizontally(WIDTH / 2);
        for (area, shown) in [left, right].iter().zip(&SHOWN) {
            map(area, sweep, shown, group)?;
        }
    }
    present(&root)
}

/// The values of a key along an axis, each with a field that reaches halfway to its neighbours.
struct Fields {
    /// Sorted.
    values: Vec<f64>,
    /// One more than the values.
    borders: Vec<f64>,
}

impl Fields {
    fn new(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let (Some(first), Some(last)) = (values.first().copied(), values.last().copied()) else {
            return Self { values, borders: vec![0.0, 1.0] };
        };
        let middles: Vec<f64> = values.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
        let low = middles.first().map_or(first - 0.5, |middle| 2.0 * first - middle);
        let high = middles.last().map_or(last + 0.5, |middle| 2.0 * last - middle);
        let borders = [low].into_iter().chain(middles).chain([high]).collect();
        Self { values, borders }
    }

    fn range(&self) -> Range<f64> {
        self.borders.first().copied().unwrap_or(0.0)..self.borders.last().copied().unwrap_or(1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.values.len() <= 12 {
            return self.values.clone();
        }
        let Range { start, end } = self.range();
        ticks(start, end, 8)
    }

    /// The borders of the field of a value.
    fn of(&self, value: f64) -> (f64, f64) {
        let index = self.values.iter().position(|own| *own == value).unwrap_or(0);
        let border = |index: usize| self.borders.get(index).copied().unwrap_or(0.0);
        (border(index), border(index + 1))
    }
}

/// From values to colours.
struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Scale {
    fn new(values: &[f64], may_be_logarithmic: bool) -> Self {
        let high = values.iter().copied().fold(0.0, f64::max);
        let high = if high > 0.0 { high } else { 1.0 };
        let mut above: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
        above.sort_by(f64::total_cmp);
        let quartile = above.get(above.len() / 4).copied().unwrap_or(high);
        if may_be_logarithmic && high > WIDE * quartile {
            let low = above.first().copied().unwrap_or(high).max(LOWEST * high);
            return Self { low, high, is_logarithmic: true };
        }
        Self { low: 0.0, high, is_logarithmic: false }
    }

    /// From 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let place = if self.is_logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place.clamp(0.0, 1.0)
    }

    fn colour(&self, value: f64) -> RGBColor {
        ViridisRGB.get_color(self.place(value))
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            logarithmic_ticks(self.low, self.high)
        } else {
            ticks(self.low, self.high, 6)
        }
    }
}

/// The map of one quantity of one group over both keys.
fn map(area: &Area<'_>, sweep: &SweepSummary, shown: &Shown, group: usize) -> Result<(), String> {
    let (heading, area) = area.split_vertically(HEADING);
    let all: Vec<(&[f64], Option<f64>)> = (sweep.rows.iter())
        .filter_map(|row| Some((row.values.as_slice(), (shown.of)(row.groups.get(group)?))))
        .collect();
    let name = sweep.rows.first().and_then(|row| row.groups.get(group)).map_or("", |group| &group.name);
    let has_none = all.iter().any(|(_, value)| value.is_none());
    let none = if has_none { "   (grey: no cell with three spikes)" } else { "" };
    let text = format!("{}: {}{none}", cut(name, 24), shown.name);
    let style = ("sans-serif", TEXT_SIZE).into_font().color(&INK);
    heading
        .draw_text(&text, &style, ((axes::LEFT + axes::MARGIN_LEFT) as i32, 10))
        .map_err(|error| error.to_string())?;
    let [first, second] = &sweep.keys[..] else { return Ok(()) };
    let (across, up) = (Fields::new(&first.values), Fields::new(&second.values));
    let horizontal = Horizontal { name: &first.label, range: across.range(), ticks: across.ticks() };
    let vertical = Vertical { name: &second.label, range: up.range(), ticks: up.ticks(), label: &plain };
    let chart = axes::chart_over(&area, horizontal, vertical, true)?;
    let known: Vec<f64> = all.iter().filter_map(|(_, value)| *value).collect();
    let scale = Scale::new(&known, shown.may_be_logarithmic);
    let panel = chart.plotting_area().strip_coord_spec();
    for (values, value) in all {
        let [x, y] = values else { continue };
        let ((left, right), (low, high)) = (across.of(*x), up.of(*y));
        let (x0, y0) = chart.plotting_area().map_coordinate(&(left, low));
        let (x1, y1) = chart.plotting_area().map_coordinate(&(right, high));
        fill(&panel, x0..x1, y1..y0, &value.map_or(NONE, |value| scale.colour(value)))?;
    }
    bar(&area, &chart, &scale)
}

/// The colours of a scale with their numbers, to the right of a map.
fn bar(area: &Area<'_>, chart: &Chart<'_, '_>, scale: &Scale) -> Result<(), String> {
    const GAP: i32 = 20;
    const THICKNESS: i32 = 24;
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let across = columns.end + GAP..columns.end + GAP + THICKNESS;
    let height = f64::from(rows.end - rows.start);
    for y in rows.clone() {
        let colour: RGBColor = ViridisRGB.get_color(f64::from(rows.end - y) / height);
        fill(area, across.clone(), y..y + 1, &colour)?;
    }
    let (left, top) = area.get_base_pixel();
    let style = ("sans-serif", TEXT_SIZE - 2).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let mut last = i32::MAX;
    for tick in scale.ticks() {
        let y = rows.end - (scale.place(tick) * height) as i32;
        // Numbers do not touch.
        if last.saturating_sub(y) < TEXT_SIZE {
            continue;
        }
        last = y;
        fill(area, across.end..across.end + 6, y..y + 1, &FRAME)?;
        area.draw_text(&plain(tick), &style, (across.end + 12 - left, y - top))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A curve of one quantity for each group, over the only key, or over the rows if there are several.
fn curves(area: &Area<'_>, sweep: &SweepSummary, shown: &Shown, groups: usize) -> Result<(), String> {
    let (name, x_of): (&str, &dyn Fn(usize) -> f64) = match &sweep.keys[..] {
        [key] => (&key.label, &|row| key.values.get(row).copied().unwrap_or(0.0)),
        _ => ("batch row", &|row| row as f64),
    };
    let points = |group: usize| -> Vec<(f64, f64)> {
        let point = |(index, row): (usize, &super::RowSummary)| {
            Some((x_of(index), (shown.of)(row.groups.get(group)?)?))
        };
        let mut points: Vec<(f64, f64)> = sweep.rows.iter().enumerate().filter_map(point).collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points
    };
    let xs = (0..sweep.rows.len()).map(x_of);
    let (low, high) = xs.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    let room = if high > low { 0.02 * (high - low) } else { 0.5 };
    let highest = (0..groups).flat_map(points).map(|(_, y)| y).fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.08 } else { 1.0 };
    let horizontal = Horizontal { name, range: low - room..high + room, ticks: ticks(low, high, 10) };
    let vertical = Vertical { name: shown.name, range: 0.0..top, ticks: ticks(0.0, top, 6), label: &plain };
    let mut chart = axes::chart_over(area, horizontal, vertical, true)?;
    let mut ends = Vec::new();
    for group in 0..groups {
        let (points, colour) = (points(group), colour(group));
        let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2));
        chart.draw_series(line).map_err(|error| error.to_string())?;
        let dots = points.iter().map(|point| Circle::new(*point, 5, colour.filled()));
        chart.draw_series(dots).map_err(|error| error.to_string())?;
        if let Some(last) = points.last() {
            ends.push((chart.plotting_area().map_coordinate(last).1, group, colour));
        }
    }
    if groups > MOST_NAMED {
        return Ok(());
    }
    // Names of groups beside the ends of their curves, none over another.
    ends.sort_by_key(|(y, ..)| *y);
    let (columns, _) = chart.plotting_area().get_pixel_range();
    let (left, top) = area.get_base_pixel();
    let mut least = i32::MIN;
    for (y, group, colour) in ends {
        let y = y.max(least);
        least = y + TEXT_SIZE;
        let name = sweep.rows.first().and_then(|row| row.groups.get(group)).map_or("", |group| &group.name);
        let style =
            ("sans-serif", TEXT_SIZE).into_font().color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&cut(name, WIDEST_NAME), &style, (columns.end - left + 14, y - top))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The first two groups are often the excitatory and the inhibitory one.
fn colour(group: usize) -> RGBAColor {
    match group {
        0 => EXCITATORY.to_rgba(),
        1 => INHIBITORY.to_rgba(),
        group => Palette99::pick(group + 1).to_rgba(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_reach_halfway_to_their_neighbours() {
        let fields = Fields::new(&[3.0, 1.0, 2.0]);
        assert_eq!(fields.borders, [0.5, 1.5, 2.5, 3.5]);
        assert_eq!(fields.of(3.0), (2.5, 3.5));
        assert_eq!(Fields::new(&[7.0]).borders, [6.5, 7.5]);
    }

    #[test]
    fn a_wide_range_of_rates_has_a_logarithmic_scale() {
        let even = Scale::new(&[0.0, 1.0, 2.0, 4.0], true);
        assert_eq!([0.0, 1.0, 4.0, 9.0].map(|value| even.place(value)), [0.0, 0.25, 1.0, 1.0]);
        let wide = Scale::new(&[0.0, 1.0, 1.0, 100.0], true);
        assert_eq!([0.0, 1.0, 10.0, 100.0].map(|value| wide.place(value)), [0.0, 0.0, 0.5, 1.0]);
        assert!(!Scale::new(&[0.0, 1.0, 1.0, 100.0], false).is_logarithmic);
    }
}
