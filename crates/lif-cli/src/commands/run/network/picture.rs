//! The picture of a network: the spikes of some neurons of each group, its rate, and how irregular its cells are.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use super::plan::NetworkPlan;
use super::statistics::{OfGroup, Sample};
use super::summary::{NetworkSummary, cut};
use crate::picture::axes::{self, Area, Chart, FRAME, Horizontal, INK, TEXT_SIZE, Vertical, note, plain};
use crate::picture::pixels::fill;
use crate::picture::{TITLE_HEIGHT, page, present};
use crate::terminal::figures::{counted, grouped, short};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;
use std::path::Path;

const SIZE: (u32, u32) = (1600, 1200);

/// The colours of excitatory and inhibitory groups.
pub const EXCITATORY: RGBColor = RGBColor(24, 62, 134);
pub const INHIBITORY: RGBColor = RGBColor(200, 44, 44);

/// The least height of the lower panels, and the height that a group has there, pixels.
const LEAST_HEIGHT: u32 = 220;
const GROUP_HEIGHT: u32 = 38;

/// More groups than this have no names.
const MOST_NAMED: usize = 24;

/// The widest name, characters.
const WIDEST_NAME: usize = 9;

/// The most pixels of a mark from top to bottom.
const TALLEST_MARK: f64 = 40.0;

/// The largest fraction of the panel that marks of this width and height cover.
const COVERED: f64 = 0.15;

/// With less covered, marks are larger.
const SPARSE: f64 = 0.03;

/// With more spikes than this, fewer steps are drawn, where nobody chose them.
const MANY_SPIKES: usize = 20_000;

/// But no less than this, ms.
const SHORTEST_MS: f64 = 100.0;

/// The smallest end of the axis of coefficients of variation.
const LEAST_VARIATION: f64 = 1.2;

/// Everything that is drawn.
#[derive(Debug)]
pub struct NetworkScene<'a> {
    title: String,
    /// Name, colour and statistics of each group.
    groups: Vec<(String, RGBColor, &'a OfGroup)>,
    sample: &'a Sample,
    /// The number of shown neurons of each group.
    shown: Vec<usize>,
    all_neurons: usize,
    steps: Range<u64>,
    dt: f64,
}

impl<'a> NetworkScene<'a> {
    pub fn new(
        plan: &NetworkPlan,
        summary: &NetworkSummary,
        groups: &'a [OfGroup],
        sample: &'a Sample,
    ) -> Self {
        let description = &plan.description;
        let colour = |index| if description.is_inhibitory(index) { INHIBITORY } else { EXCITATORY };
        let all = description.groups.iter().zip(groups).enumerate();
        let mut first = 0;
        let shown = description.groups.iter().map(|group| {
            let own = first..first + group.size;
            first = own.end;
            sample.shown.iter().filter(|neuron| own.contains(&(**neuron as usize))).count()
        });
        let rate =
            summary.mean_rate_hz.map_or_else(String::new, |hz| format!(", mean rate {} Hz", short(hz)));
        Self {
            title: title(summary) + &rate,
            groups: all
                .map(|(index, (group, of_group))| (cut(&group.name, WIDEST_NAME), colour(index), of_group))
                .collect(),
            sample,
            shown: shown.collect(),
            all_neurons: plan.shape.n,
            steps: shown_steps(sample, summary.steps, description.dt),
            dt: description.dt,
        }
    }
}

/// The name and the size of a network.
pub fn title(summary: &NetworkSummary) -> String {
    format!(
        "{}: {}, {}",
        file_name(&summary.network),
        counted(summary.neurons as u64, "neuron"),
        counted(summary.synapses, "synapse")
    )
}

/// The name of a network, without the folder of a file.
fn file_name(name: &str) -> &str {
    Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or(name)
}

/// The steps that are drawn: chosen, or the last ones, fewer of them if there are many spikes.
fn shown_steps(sample: &Sample, made: u64, dt: f64) -> Range<u64> {
    let mut steps = sample.steps(made);
    if sample.is_chosen() {
        return steps;
    }
    let count = |first: u64| sample.spikes.iter().filter(|(step, _)| u64::from(*step) >= first).count();
    while count(steps.start) > MANY_SPIKES && (steps.end - steps.start) as f64 * dt >= 2.0 * SHORTEST_MS {
        steps.start = steps.end - (steps.end - steps.start) / 2;
    }
    steps
}

/// Draws the picture into a file; its extension gives the format.
pub fn draw(path: &Path, scene: &NetworkScene<'_>) -> Result<(), String> {
    let root = page(path, SIZE, &scene.title)?;
    let (_, below) = root.split_vertically(TITLE_HEIGHT);
    let lower = (scene.groups.len() as u32 * GROUP_HEIGHT + axes::TIME_HEIGHT).max(LEAST_HEIGHT);
    let lower = lower.min(below.dim_in_pixel().1 / 2);
    let (upper, lower) = below.split_vertically(below.dim_in_pixel().1 - lower);
    raster(&upper, scene)?;
    let (left, right) = lower.split_horizontally(lower.dim_in_pixel().0 / 2);
    rates(&left, scene)?;
    variations(&right, scene)?;
    present(&root)
}

/// The spikes of the shown neurons, the first group at the top.
fn raster(area: &Area<'_>, scene: &NetworkScene<'_>) -> Result<(), String> {
    let neurons = scene.sample.shown.len();
    let ms = |step: u64| step as f64 * scene.dt;
    let (start, end) = (ms(scene.steps.start), ms(scene.steps.end));
    let horizontal = Horizontal { name: "time (ms)", range: start..end, ticks: axes::ticks(start, end, 8) };
    let range = 0.0..neurons.max(1) as f64;
    let chart = axes::chart_over(area, horizontal, unnamed(range), true)?;
    let mut before = 0;
    let mut middles = Vec::new();
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let panel = chart.plotting_area().strip_coord_spec();
    let height = |place: f64| neurons as f64 - place;
    let y_of = |place: f64| chart.plotting_area().map_coordinate(&(start, height(place))).1;
    for (shown, (name, colour, _)) in scene.shown.iter().zip(&scene.groups) {
        middles.push((y_of(before as f64 + *shown as f64 / 2.0), name.as_str(), *colour));
        if before > 0 {
            let y = y_of(before as f64);
            fill(&panel, columns.clone(), y..y + 1, &FRAME.mix(0.4))?;
        }
        before += shown;
    }
    names(area, &chart, middles)?;

    let spikes = scene.sample.spikes.iter().filter(|(step, _)| scene.steps.contains(&u64::from(*step)));
    let count = spikes.clone().count();
    let (width, tall) = mark((columns.len(), rows.len()), neurons, count);
    for (step, place) in spikes {
        let group = group_of(&scene.shown, *place as usize);
        let colour = scene.groups.get(group).map_or(INK, |(_, colour, _)| *colour);
        // At the end of its step.
        let at = (ms(u64::from(*step) + 1), height(f64::from(*place) + 0.5));
        let (x, y) = chart.plotting_area().map_coordinate(&at);
        let (left, top) = (x - width / 2, y - tall / 2);
        let across = left.max(columns.start)..(left + width).min(columns.end);
        fill(&panel, across, top.max(rows.start)..(top + tall).min(rows.end), &colour)?;
    }
    let drawn = grouped(neurons as u64);
    if neurons == scene.all_neurons {
        note(area, &chart, &["all", &drawn, "neurons"])
    } else {
        note(area, &chart, &[&format!("{drawn} of"), &grouped(scene.all_neurons as u64), "neurons"])
    }
}

/// Width and height of a mark, pixels.
fn mark((columns, rows): (usize, usize), neurons: usize, spikes: usize) -> (i32, i32) {
    let of_neuron = rows as f64 / neurons.max(1) as f64;
    let tall = (0.7 * of_neuron).clamp(2.0, TALLEST_MARK) as i32;
    let covered = |width: i32, tall: i32| spikes as f64 * f64::from(width * tall) / (columns * rows) as f64;
    let fits = |width: i32, tall: i32| covered(width, tall) <= COVERED;
    // Marks of neurons with rows of their own do not hide each other.
    let has_rows = of_neuron >= 3.0;
    if !has_rows && covered(3, 3) <= SPARSE {
        (3, 3)
    } else if fits(2, tall) || has_rows && fits(1, tall) {
        (2, tall)
    } else if has_rows || fits(1, 2) {
        (1, tall)
    } else {
        (1, 1)
    }
}

/// The group of a shown neuron.
fn group_of(shown: &[usize], place: usize) -> usize {
    let mut end = 0;
    let ends = shown.iter().map(|count| {
        end += count;
        end
    });
    ends.take_while(|end| *end <= place).count()
}

/// The rate of each group.
fn rates(area: &Area<'_>, scene: &NetworkScene<'_>) -> Result<(), String> {
    let rate = |of_group: &OfGroup| of_group.rate.unwrap_or(0.0);
    let highest = scene.groups.iter().map(|(.., of_group)| rate(of_group)).fold(0.0, f64::max);
    let end = if highest > 0.0 { highest * 1.05 } else { 1.0 };
    let horizontal = Horizontal { name: "rate (Hz)", range: 0.0..end, ticks: axes::ticks(0.0, end, 6) };
    let rows = Rows::new(area, scene, horizontal)?;
    for (index, (_, colour, of_group)) in scene.groups.iter().enumerate() {
        let value = rate(of_group);
        rows.bar(index, 0.0..value, 0.62, colour)?;
        rows.text(index, value, &short(value))?;
    }
    rows.names(scene)
}

/// The coefficients of variation of the cells of each group: quartiles as a box, and 5 to 95 % as a line.
fn variations(area: &Area<'_>, scene: &NetworkScene<'_>) -> Result<(), String> {
    let at = |of_group: &OfGroup, part: f64| {
        let values = &of_group.variations;
        let index = (part * values.len().saturating_sub(1) as f64).round() as usize;
        values.get(index).copied()
    };
    let highest = scene.groups.iter().filter_map(|(.., of_group)| at(of_group, 0.95)).fold(0.0, f64::max);
    let end = (highest * 1.05).max(LEAST_VARIATION);
    let name = "CV of the intervals of a cell";
    let horizontal = Horizontal { name, range: 0.0..end, ticks: axes::ticks(0.0, end, 6) };
    let rows = Rows::new(area, scene, horizontal)?;
    for (index, (_, colour, of_group)) in scene.groups.iter().enumerate() {
        let parts = [0.05, 0.25, 0.5, 0.75, 0.95].map(|part| at(of_group, part));
        let [Some(low), Some(first), Some(median), Some(third), Some(high)] = parts else {
            rows.text(index, 0.0, "no cell with 3 spikes")?;
            continue;
        };
        rows.bar(index, low..high, 0.0, colour)?;
        rows.bar(index, first..third, 0.62, &colour.mix(0.75))?;
        rows.bar(index, median..median, 0.62, &WHITE)?;
        rows.text(index, high, &of_group.cv().map_or_else(String::new, |cv| format!("{cv:.2}")))?;
    }
    rows.names(scene)
}

/// A panel with a row for each group, the first at the top.
struct Rows<'a, 'b> {
    area: &'a Area<'b>,
    chart: Chart<'a, 'b>,
    count: usize,
}

impl<'a, 'b> Rows<'a, 'b> {
    fn new(area: &'a Area<'b>, scene: &NetworkScene<'_>, horizontal: Horizontal<'_>) -> Result<Self, String> {
        let count = scene.groups.len();
        let chart = axes::chart_over(area, horizontal, unnamed(0.0..count as f64), true)?;
        Ok(Self { area, chart, count })
    }

    /// The pixel of a value in the middle of a row.
    fn place(&self, index: usize, value: f64) -> (i32, i32) {
        let height = self.count as f64 - index as f64 - 0.5;
        self.chart.plotting_area().map_coordinate(&(value, height))
    }

    /// Fills a part of a row, this much of its height; at least two columns.
    fn bar(&self, index: usize, values: Range<f64>, part: f64, colour: &impl Color) -> Result<(), String> {
        let rows = self.chart.plotting_area().get_pixel_range().1;
        let half = ((rows.len() as f64 / self.count.max(1) as f64 * part / 2.0) as i32).max(1);
        let ((left, y), (right, _)) = (self.place(index, values.start), self.place(index, values.end));
        let panel = self.chart.plotting_area().strip_coord_spec();
        fill(&panel, left..right.max(left + 2), y - half..y + half, colour)
    }

    /// Writes text to the right of a value.
    fn text(&self, index: usize, value: f64, text: &str) -> Result<(), String> {
        if self.count > MOST_NAMED {
            return Ok(());
        }
        let (x, y) = self.place(index, value);
        let (left, top) = self.area.get_base_pixel();
        let style =
            ("sans-serif", TEXT_SIZE - 2).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
        self.area.draw_text(text, &style, (x - left + 8, y - top)).map_err(|error| error.to_string())
    }

    fn names(&self, scene: &NetworkScene<'_>) -> Result<(), String> {
        let all = scene.groups.iter().enumerate();
        let middles =
            all.map(|(index, (name, colour, _))| (self.place(index, 0.0).1, name.as_str(), *colour));
        names(self.area, &self.chart, middles.collect())
    }
}

/// An axis without numbers, where names of groups stand.
fn unnamed<'a>(range: Range<f64>) -> Vertical<'a> {
    Vertical { name: "", range, ticks: Vec::new(), label: &plain }
}

/// Writes the names of groups to the left of a panel, each near its height, and none over another.
fn names(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    mut middles: Vec<(i32, &str, RGBColor)>,
) -> Result<(), String> {
    if middles.len() > MOST_NAMED {
        return Ok(());
    }
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let mut least = i32::MIN;
    for (y, ..) in &mut middles {
        *y = (*y).max(least);
        least = *y + TEXT_SIZE - 2;
    }
    let mut most = rows.end;
    for (y, ..) in middles.iter_mut().rev() {
        *y = (*y).min(most);
        most = *y - (TEXT_SIZE - 2);
    }
    let (left, top) = area.get_base_pixel();
    for (y, name, colour) in middles {
        let style =
            ("sans-serif", TEXT_SIZE).into_font().color(&colour).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(name, &style, (columns.start - left - 10, y - top))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_neuron_has_the_group_of_its_place() {
        let groups: Vec<usize> = (0..6).map(|place| group_of(&[2, 1, 3], place)).collect();
        assert_eq!(groups, [0, 0, 1, 2, 2, 2]);
    }

    #[test]
    fn marks_are_as_large_as_there_is_room() {
        assert_eq!(mark((1300, 600), 2, 20), (2, 40));
        assert_eq!(mark((1300, 600), 1850, 2000), (3, 3));
        assert_eq!(mark((1300, 600), 1850, 5000), (2, 2));
        assert_eq!(mark((1300, 600), 1850, 200_000), (1, 1));
    }
}
