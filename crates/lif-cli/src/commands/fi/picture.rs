//! The picture of a rate against a current.

use super::curve::{Curve, Point};
use super::theory::Theory;
use crate::picture::axes::{self, Horizontal, INK, INPUT, THRESHOLD, Vertical, plain, ticks};
use crate::picture::{TITLE_HEIGHT, page, present};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (1200, 800);
/// Up to this many points are drawn as dots.
const MOST_DOTS: usize = 400;

/// Draws the curve into a file; its extension gives the format.
pub fn draw(path: &Path, curve: &Curve, theory: &Theory) -> Result<(), String> {
    let title = format!("{}: rate against current, dt {} ms", curve.preset, plain(curve.dt_ms));
    let root = page(path, SIZE, &title)?;
    let (_, area) = root.split_vertically(TITLE_HEIGHT);

    let currents = || curve.points.iter().map(|point| f64::from(point.current));
    let (low, high) = currents().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    let (low, high) = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
    // Dense, even if few currents were simulated.
    let in_theory = theory.curve(low..high, SIZE.0);
    let rates = curve.points.iter().map(|point| point.rate_hz).chain(in_theory.iter().map(|(_, rate)| *rate));
    let highest = rates.fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.08 } else { 1.0 };
    let name = format!("current ({})", curve.input_unit);
    let horizontal = Horizontal { name: &name, range: low..high, ticks: ticks(low, high, 8) };
    let vertical = Vertical { name: "rate (Hz)", range: 0.0..top, ticks: ticks(0.0, top, 8), label: &plain };
    let mut chart = axes::chart_over(&area, horizontal, vertical, true)?;

    if (low..high).contains(&curve.rheobase) {
        let rheobase = [(curve.rheobase, 0.0), (curve.rheobase, top)];
        chart
            .draw_series(DashedLineSeries::new(rheobase, 8, 6, THRESHOLD.stroke_width(2)))
            .map_err(|error| error.to_string())?
            .label("rheobase")
            .legend(|(x, y)| {
                let line = [(x, y), (x + 28, y)];
                DashedPathElement::new(line, 8, 6, THRESHOLD.stroke_width(2))
            });
    }
    let place = |point: &Point| (f64::from(point.current), point.rate_hz);
    let simulated: Vec<(f64, f64)> = curve.points.iter().map(place).collect();
    if simulated.len() <= MOST_DOTS {
        chart
            .draw_series(simulated.into_iter().map(|point| Circle::new(point, 4, INPUT.filled())))
            .map_err(|error| error.to_string())?
            .label("simulated")
            .legend(|(x, y)| Circle::new((x + 14, y), 4, INPUT.filled()));
    } else {
        chart
            .draw_series(LineSeries::new(simulated, INPUT.stroke_width(2)))
            .map_err(|error| error.to_string())?
            .label("simulated")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 28, y)], INPUT.stroke_width(2)));
    }
    chart
        .draw_series(LineSeries::new(in_theory, INK.stroke_width(2)))
        .map_err(|error| error.to_string())?
        .label("theory, continuous time")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 28, y)], INK.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .margin(24)
        .label_font(("sans-serif", axes::TEXT_SIZE).into_font().color(&INK))
        .background_style(WHITE)
        .border_style(axes::FRAME)
        .draw()
        .map_err(|error| error.to_string())?;
    present(&root)
}
