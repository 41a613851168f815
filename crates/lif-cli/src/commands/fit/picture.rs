//! The picture of a search: predicted and recorded spikes, the score by generation, and the candidates at the
//! end.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use super::{Generation, Objective, Report};
use crate::commands::score::Experiment;
use crate::picture::axes::{self, Area, FRAME, Horizontal, INK, INPUT, THRESHOLD, Vertical, plain, ticks};
use crate::picture::pixels::{curve, steps};
use crate::picture::{LARGEST, TITLE_HEIGHT, page};
use plotters::prelude::*;
use std::ops::Range;
use std::path::Path;

const STIMULUS_HEIGHT: u32 = 220;
const RASTER_HEIGHT: u32 = 460;
const SEARCH_HEIGHT: u32 = 330;

/// What the picture shows.
#[derive(Debug)]
pub struct FitScene<'a> {
    pub report: &'a Report,
    /// The steps of the stimulus and the spikes.
    pub shown: Range<u64>,
    /// The experiment of these steps.
    pub experiment: &'a Experiment,
    /// The current in these steps.
    pub current: Vec<f32>,
    /// The steps of the spikes of each recording.
    pub recorded: Vec<Vec<u64>>,
    /// The steps of the spikes of the best neurons.
    pub predicted: Vec<Vec<u64>>,
    /// All candidates at the end.
    pub places: Vec<Vec<f64>>,
    pub scores: Vec<f64>,
}

/// Draws the picture into a file; its extension gives the format.
pub fn draw(path: &Path, scene: &FitScene<'_>) -> Result<(), String> {
    let title = scene.report.best.first().map_or_else(String::new, |best| {
        format!(
            "Best neuron: Gamma {:.3} to fit, {:.3} held out",
            best.scores.gamma_train, best.scores.gamma_heldout
        )
    });
    let root = page(path, LARGEST, &title)?;
    let (_, below) = root.split_vertically(TITLE_HEIGHT);
    let (stimulus, below) = below.split_vertically(STIMULUS_HEIGHT);
    let (raster, below) = below.split_vertically(RASTER_HEIGHT);
    let (search, spread) = below.split_vertically(SEARCH_HEIGHT);
    draw_stimulus(&stimulus, scene)?;
    draw_raster(&raster, scene)?;
    draw_search(&search, scene.report)?;
    let count = scene.report.vary.len();
    let columns = spread.split_evenly((1, count.max(1)));
    columns
        .iter()
        .enumerate()
        .take(count)
        .try_for_each(|(dimension, area)| draw_spread(area, scene, dimension))
}

impl FitScene<'_> {
    fn ms(&self, step: u64) -> f64 {
        self.experiment.ms(step)
    }

    fn time(&self) -> Horizontal<'static> {
        let (start, end) = (self.ms(self.shown.start), self.ms(self.shown.end));
        Horizontal { name: "time (ms), held out", range: start..end, ticks: ticks(start, end, 10) }
    }
}

/// A range around all values, with some room.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return 0.0..1.0;
    }
    let room = ((high - low) * 0.06).max(1e-3);
    low - room..high + room
}

fn draw_stimulus(area: &Area<'_>, scene: &FitScene<'_>) -> Result<(), String> {
    let range = around(scene.current.iter().map(|current| f64::from(*current)));
    let marks = ticks(range.start, range.end, 4);
    let vertical = Vertical { name: "current (nA)", range, ticks: marks, label: &plain };
    let mut chart = axes::chart_over(area, scene.time(), vertical, false)?;
    let samples = (scene.shown.clone().zip(&scene.current))
        .map(|(step, current)| (scene.ms(step), f64::from(*current)));
    curve(&mut chart, &steps(samples, scene.ms(scene.shown.end)), INPUT)?;
    axes::note(area, &chart, &["stimulus"])
}

fn draw_raster(area: &Area<'_>, scene: &FitScene<'_>) -> Result<(), String> {
    let rows = scene.recorded.len() + scene.predicted.len();
    // The recordings are above the best neuron.
    let trains = scene.predicted.iter().rev().map(|train| (train, INK));
    let trains = trains.chain(scene.recorded.iter().map(|train| (train, THRESHOLD)));
    let count = scene.predicted.len();
    let label = |row: f64| {
        let row = row as usize;
        if row < count { (count - row).to_string() } else { "recorded".to_owned() }
    };
    let marks = (0..rows).map(|row| row as f64 + 0.5).collect();
    let vertical = Vertical { name: "", range: 0.0..rows as f64, ticks: marks, label: &label };
    let chart = axes::chart_over(area, scene.time(), vertical, true)?;
    for (row, (train, colour)) in trains.enumerate() {
        for step in train.iter().filter(|step| scene.shown.contains(step)) {
            let time = scene.ms(*step);
            let ends = [(time, row as f64 + 0.12), (time, row as f64 + 0.88)];
            let tick = PathElement::new(ends, colour.stroke_width(2));
            chart.plotting_area().draw(&tick).map_err(|error| error.to_string())?;
        }
    }
    axes::note(area, &chart, &["spikes,", "best sets"])
}

/// The name of the axis of scores.
fn score_name(objective: Objective) -> &'static str {
    match objective {
        Objective::Gamma => "Gamma to fit",
        Objective::GammaCount => "Gamma - count error",
        Objective::VanRossum => "- distance to fit",
    }
}

fn draw_search(area: &Area<'_>, report: &Report) -> Result<(), String> {
    let history = &report.generations;
    let last = history.len().saturating_sub(1).max(1) as f64;
    let range = around(history.iter().flat_map(|generation| [generation.best, generation.median]));
    let horizontal =
        Horizontal { name: "generation", range: 0.0..last, ticks: axes::whole_ticks(0.0, last, 10) };
    let marks = ticks(range.start, range.end, 5);
    let vertical = Vertical { name: score_name(report.objective), range, ticks: marks, label: &plain };
    let mut chart = axes::chart_over(area, horizontal, vertical, true)?;
    let mut draw = |score: fn(&Generation) -> f64, colour: RGBColor| {
        let points: Vec<(f64, f64)> = (history.iter().enumerate())
            .map(|(index, generation)| (index as f64, score(generation)))
            .collect();
        if let [point] = points[..] {
            // A single point makes no line.
            let dot = Circle::new(point, 5, colour.filled());
            return chart.plotting_area().draw(&dot).map_err(|error| error.to_string());
        }
        // An even width: plotters draws the corners of odd ones a pixel off.
        let curve = LineSeries::new(points, colour.stroke_width(4));
        chart.draw_series(curve).map(drop).map_err(|error| error.to_string())
    };
    draw(|generation| generation.median, FRAME)?;
    draw(|generation| generation.best, INK)?;
    axes::note(area, &chart, &["best (dark)", "and median"])
}

/// The horizontal axis of a parameter, logarithmic where the search was.
struct Scale<'a>(&'a lif::fit::Vary);

impl Scale<'_> {
    fn place(&self, value: f64) -> f64 {
        if self.0.is_logarithmic() { value.log10() } else { value }
    }

    fn value(&self, place: f64) -> f64 {
        if self.0.is_logarithmic() { 10_f64.powf(place) } else { place }
    }

    fn axis(&self) -> axes::Axis {
        let (low, high) = self.0.bounds().into_inner();
        let marks =
            if self.0.is_logarithmic() { axes::logarithmic_ticks(low, high) } else { ticks(low, high, 3) };
        // A narrow logarithmic range may contain no round number.
        let marks = if marks.len() < 2 { vec![low, high] } else { marks };
        let marks = marks.into_iter().map(|mark| self.place(mark)).collect();
        axes::Axis::new(self.place(low)..self.place(high), marks)
    }
}

/// The candidates: a parameter against the score.
fn draw_spread(area: &Area<'_>, scene: &FitScene<'_>, dimension: usize) -> Result<(), String> {
    let vary = &scene.report.vary[dimension];
    let best = scene.scores.iter().copied().fold(f64::MIN, f64::max);
    let median = scene.report.generations.last().map_or(best, |last| last.median);
    let range = around([median - (best - median), best].into_iter());
    let name = format!("{} ({})", vary.name(), vary.unit());
    let is_first = dimension == 0;
    let marks = if is_first { ticks(range.start, range.end, 4) } else { Vec::new() };
    let scale = Scale(&vary.0);
    let mut chart = ChartBuilder::on(area)
        .margin_left(axes::MARGIN_LEFT)
        .margin_top(10)
        .margin_right(24)
        .margin_bottom(8)
        .set_label_area_size(LabelAreaPosition::Left, if is_first { axes::LEFT } else { 24 })
        .set_label_area_size(LabelAreaPosition::Bottom, axes::TIME_HEIGHT)
        .build_cartesian_2d(scale.axis(), axes::Axis::new(range.clone(), marks))
        .map_err(|error| error.to_string())?;
    let font = ("sans-serif", axes::TEXT_SIZE - 2).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(FRAME)
        .label_style(font.clone())
        .axis_desc_style(font)
        .x_label_formatter(&|place: &f64| short_plain(scale.value(*place)))
        .y_label_formatter(&|value: &f64| plain(*value))
        .x_desc(name)
        .y_desc(if is_first { score_name(scene.report.objective) } else { "" })
        .draw()
        .map_err(|error| error.to_string())?;
    let candidates = scene.places.iter().zip(&scene.scores).filter(|(_, score)| range.contains(score));
    chart
        .draw_series(candidates.map(|(place, score)| {
            let colour = if *score >= best { THRESHOLD.filled() } else { INPUT.mix(0.5).filled() };
            let value = scale.place(f64::from(vary.0.value(place[dimension], scene.report.dt_ms)));
            Circle::new((value, *score), if *score >= best { 7 } else { 3 }, colour)
        }))
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// A number with few digits, for the axis of a small panel.
fn short_plain(value: f64) -> String {
    plain(format!("{value:.3e}").parse().unwrap_or(value))
}
