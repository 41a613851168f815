//! Axes in the same style for all panels, so that their times are aligned.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// The area of a panel.
pub type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// An axis with given ticks.
pub struct Axis {
    range: RangedCoordf64,
    ticks: Vec<f64>,
}

impl Axis {
    /// An axis over a range with these ticks.
    pub fn new(range: Range<f64>, ticks: Vec<f64>) -> Self {
        Self { range: range.into(), ticks }
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

/// A panel with its axes.
pub type Chart<'a, 'b> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<Axis, Axis>>;

/// Height of text.
pub const TEXT_SIZE: i32 = 22;

/// Width on the left, for numbers and names.
pub const LEFT: u32 = 126;

/// Width between the edge of the picture and the names of the axes.
pub const MARGIN_LEFT: u32 = 14;

/// Height above and below a panel.
const MARGIN: u32 = 8;

/// Width on the right, for notes.
pub const RIGHT: u32 = 130;

/// Height below the lowest panel, for the times.
pub const TIME_HEIGHT: u32 = 68;

/// Colours: dark ink, one accent for inputs and one for thresholds.
pub const INK: RGBColor = RGBColor(38, 50, 72);
pub const FRAME: RGBColor = RGBColor(120, 120, 120);
pub const INPUT: RGBColor = RGBColor(31, 119, 150);
pub const THRESHOLD: RGBColor = RGBColor(192, 80, 60);

/// The horizontal axis of a panel.
pub struct Horizontal<'a> {
    pub name: &'a str,
    pub range: Range<f64>,
    pub ticks: Vec<f64>,
}

/// The vertical axis of a panel.
pub struct Vertical<'a> {
    pub name: &'a str,
    pub range: Range<f64>,
    pub ticks: Vec<f64>,
    pub label: &'a dyn Fn(f64) -> String,
}

/// Draws the axes of a panel; only the lowest has a horizontal axis.
pub fn chart_over<'a, 'b>(
    area: &'a Area<'b>,
    horizontal: Horizontal<'_>,
    vertical: Vertical<'_>,
    lowest: bool,
) -> Result<Chart<'a, 'b>, String> {
    let foot = if lowest { TIME_HEIGHT } else { 0 };
    let height = area.dim_in_pixel().1.saturating_sub(2 * MARGIN + foot);
    let marks = apart(vertical.ticks, &vertical.range, height);
    let mut chart = ChartBuilder::on(area)
        .margin_left(MARGIN_LEFT)
        .margin_top(MARGIN)
        .margin_bottom(MARGIN)
        .margin_right(RIGHT)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, foot)
        .build_cartesian_2d(Axis::new(horizontal.range, horizontal.ticks), Axis::new(vertical.range, marks))
        .map_err(|error| error.to_string())?;
    let font = ("sans-serif", TEXT_SIZE).into_font().color(&INK);
    let horizontal_label = |value: &f64| plain(*value);
    let vertical_label = |value: &f64| (vertical.label)(*value);
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(FRAME)
        .label_style(font.clone())
        .axis_desc_style(font)
        .x_label_formatter(&horizontal_label)
        .y_label_formatter(&vertical_label)
        .x_desc(if lowest { horizontal.name } else { "" })
        .y_desc(vertical.name)
        .draw()
        .map_err(|error| error.to_string())?;
    Ok(chart)
}

/// Writes lines of text to the right of a panel, at half its height.
pub fn note(area: &Area<'_>, chart: &Chart<'_, '_>, lines: &[&str]) -> Result<(), String> {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let (left, top) = area.get_base_pixel();
    let style = ("sans-serif", TEXT_SIZE - 2).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let middle = (rows.start + rows.end) / 2 - top;
    for (index, line) in lines.iter().enumerate() {
        let y = middle + (index as i32 * 2 + 1 - lines.len() as i32) * TEXT_SIZE * 6 / 10;
        area.draw_text(line, &style, (columns.end - left + 14, y)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// At most about `most` round numbers in a range.
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let least = (high - low) / most as f64;
    if !(least.is_finite() && least > 0.0) {
        return vec![low];
    }
    let power = 10_f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= least * 0.999);
    let step = step.unwrap_or(least);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// Keeps as many ticks as fit on an axis of this height without touching.
fn apart(ticks: Vec<f64>, range: &Range<f64>, height: u32) -> Vec<f64> {
    let [first, second, ..] = ticks[..] else { return ticks };
    let pixels = (second - first).abs() * f64::from(height) / (range.end - range.start);
    let every = (f64::from(TEXT_SIZE) / pixels).ceil();
    ticks.into_iter().step_by((every as usize).max(1)).collect()
}

/// As [`ticks`], for counts.
pub fn whole_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    ticks(low, high, most).into_iter().filter(|tick| tick.fract() == 0.0).collect()
}

/// The numbers 1, 2 and 5 times a power of ten in a positive range; only powers of ten if the range is wide.
pub fn logarithmic_ticks(low: f64, high: f64) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let factors: &[f64] = if high / low < 200.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let ticks = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
    ticks.filter(|tick| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(tick)).collect()
}

/// The number of a tick without trailing zeros and rounding errors.
pub fn plain(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded.abs() >= 1000.0 && rounded.fract() == 0.0 {
        let sign = if rounded < 0.0 { "-" } else { "" };
        return format!("{sign}{}", crate::terminal::figures::grouped(rounded.abs() as u64));
    }
    format!("{}", rounded + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 1000.0, 8), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(ticks(-62.0, -50.0, 3), [-60.0, -55.0, -50.0]);
        assert_eq!(ticks(3.0, 3.0, 3), [3.0]);
        assert_eq!(ticks(0.0, 2.0, 5), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(whole_ticks(0.0, 2.0, 5), [0.0, 1.0, 2.0]);
        assert_eq!(logarithmic_ticks(1.0, 20.0), [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(logarithmic_ticks(30.0, 40_000.0), [100.0, 1000.0, 10_000.0]);
        assert_eq!(plain(0.30000000000000004), "0.3");
        assert_eq!([100_000.0, -8000.0, 999.0].map(plain), ["100,000", "-8,000", "999"]);
        assert_eq!(plain(-0.0), "0");
    }

    #[test]
    fn numbers_of_ticks_do_not_touch() {
        let marks = |height| apart(vec![-54.0, -53.0, -52.0], &(-54.3..-50.6), height);
        assert_eq!(marks(300), [-54.0, -53.0, -52.0]);
        assert_eq!(marks(68), [-54.0, -52.0]);
        assert_eq!(apart(vec![3.0], &(2.0..4.0), 0), [3.0]);
    }
}
