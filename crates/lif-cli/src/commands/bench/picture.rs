//! The picture of a benchmark: throughput over size, a panel for each input and recording.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

use super::case::{InputKind, Mode, RecordKind, name};
use super::participant::REFERENCE;
use super::report::Report;
use crate::failure::Failure;
use crate::files::folder::without_file_name;
use crate::files::leftovers;
use crate::picture;
use crate::picture::axes::{Axis, FRAME, INK, TEXT_SIZE};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Size of a panel.
const PANEL: (u32, u32) = (560, 460);
/// So that the legend fits below a single panel.
const LEAST_WIDTH: u32 = 1000;
const LEGEND_HEIGHT: u32 = 34;

/// The most columns of panels.
const MOST_COLUMNS: usize = 4;

/// Devices, by colours that colour-blind people can tell apart (Okabe & Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(90, 90, 90),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Half the width of the roof over a single size, in powers of ten.
const HALF_ROOF: f64 = 0.3;

const LETTERS: i32 = TEXT_SIZE - 4;

/// A picture file that can be written.
#[derive(Debug)]
pub struct PictureFile {
    path: PathBuf,
}

impl PictureFile {
    /// Checks before the first measurement that the picture can be written.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png")) {
            return Err(Failure::usage(format!("--plot {} must end in .png", path.display())));
        }
        if path.is_dir() {
            return Err(Failure::fault(format!(
                "--plot {}: cannot write it: it is a folder",
                path.display()
            )));
        }
        let file = Self { path: path.to_owned() };
        file.temporary()?;
        Ok(file)
    }

    fn temporary(&self) -> Result<NamedTempFile, Failure> {
        let mut builder = Builder::new();
        // Readable by others as any new file is; temporary files are private otherwise.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        builder
            .prefix(".lif-")
            .suffix(".png")
            .tempfile_in(folder)
            .map_err(|error| self.unwritten(&without_file_name(&error)))
    }

    fn unwritten(&self, reason: &dyn std::fmt::Display) -> Failure {
        Failure::fault(format!("--plot {}: cannot write it: {reason}", self.path.display()))
    }

    /// Draws the picture and gives the file its name, unless memory is short.
    pub fn draw(self, reports: &[Report]) -> Result<Option<PathBuf>, Failure> {
        let mut leftovers = leftovers::lock();
        let file = self.temporary()?;
        leftovers.add(file.path());
        drop(leftovers);
        if !picture::has_room(self.path.display(), size(reports), "measure fewer inputs and recordings") {
            return Ok(None);
        }
        draw(file.path(), reports).map_err(|error| self.unwritten(&error))?;
        let mut leftovers = leftovers::lock();
        let temporary = file.path().to_owned();
        file.persist(&self.path).map_err(|error| self.unwritten(&error.error))?;
        leftovers.remove(&temporary);
        Ok(Some(self.path))
    }
}

/// A line of a panel: a device in a mode.
struct Line<'a> {
    label: &'a str,
    mode: Mode,
    /// Cells, neuron-steps per second, and the roofline.
    points: Vec<(f64, f64, Option<f64>)>,
}

fn lines<'a>(reports: impl Iterator<Item = &'a Report>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for report in reports {
        let point = (
            report.case.cells() as f64,
            report.neuron_steps_per_s,
            // The reference has one thread, but the roofline is that of all threads.
            report.roofline.filter(|_| report.engine != REFERENCE).map(|roof| roof.neuron_steps_per_s),
        );
        match lines.iter_mut().find(|line| line.label == report.label && line.mode == report.mode) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { label: &report.label, mode: report.mode, points: vec![point] }),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    lines
}

fn panels(reports: &[Report]) -> Vec<(InputKind, RecordKind)> {
    let mut panels = Vec::new();
    for report in reports {
        if !panels.contains(&(report.input, report.record)) {
            panels.push((report.input, report.record));
        }
    }
    panels
}

/// Rows and columns of a grid for this many panels.
fn grid(panels: usize) -> (usize, usize) {
    let columns = if panels <= 4 { panels.clamp(1, 2) } else { panels.min(MOST_COLUMNS) };
    (panels.div_ceil(columns).max(1), columns)
}

fn size(reports: &[Report]) -> (u32, u32) {
    let (rows, columns) = grid(panels(reports).len());
    let legend_height = LEGEND_HEIGHT * (reports_devices(reports).len() as u32 + 2);
    ((PANEL.0 * columns as u32).max(LEAST_WIDTH), PANEL.1 * rows as u32 + legend_height)
}

fn draw(path: &Path, reports: &[Report]) -> Result<(), String> {
    let mut labels: Vec<&str> = Vec::new();
    for report in reports {
        if !labels.contains(&report.label.as_str()) {
            labels.push(&report.label);
        }
    }
    let panels = panels(reports);
    let (rows, columns) = grid(panels.len());
    let root = picture::canvas(path, size(reports))?;
    let (upper, lower) = root.split_vertically(PANEL.1 * rows as u32);
    let bounds = bounds(reports);
    for (area, (input, record)) in upper.split_evenly((rows, columns)).iter().zip(&panels) {
        let title = format!("{} input, record {}", name(*input), name(*record));
        let chosen = reports.iter().filter(|report| report.input == *input && report.record == *record);
        panel(area, &title, &lines(chosen), &labels, bounds)?;
    }
    legend(&lower, reports, &labels)?;
    picture::present(&root)
}

/// Labels and full names.
fn reports_devices(reports: &[Report]) -> Vec<(&str, &str)> {
    let mut devices: Vec<(&str, &str)> = Vec::new();
    for report in reports {
        if !devices.iter().any(|(label, _)| *label == report.label) {
            devices.push((&report.label, &report.device));
        }
    }
    devices
}

fn colour(label: &str, labels: &[&str]) -> RGBColor {
    let place = labels.iter().position(|known| *known == label).unwrap_or_default();
    COLOURS[place % COLOURS.len()]
}

/// Logarithms of the bounds of both axes, the same in all panels: whole powers of ten.
type Bounds = ((f64, f64), (f64, f64));

fn bounds(reports: &[Report]) -> Bounds {
    let roofs = reports.iter().filter_map(|report| report.roofline.map(|roof| roof.neuron_steps_per_s));
    let speeds = reports.iter().map(|report| report.neuron_steps_per_s);
    (around(reports.iter().map(|report| report.case.cells() as f64)), around(speeds.chain(roofs)))
}

/// The whole powers of ten around values.
fn around(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| *value > 0.0)
        .map(f64::log10)
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    match (low.floor(), high.ceil()) {
        // A single power of ten would be on the edge.
        (low, high) if low == high => (low - 1.0, high + 1.0),
        bounds => bounds,
    }
}

/// The roofline as points; over a single size it gets a visible width.
fn roof(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    match points[..] {
        [(cells, speed)] => [-HALF_ROOF, HALF_ROOF].map(|beside| (cells + beside, speed)).to_vec(),
        _ => points,
    }
}

fn panel(
    area: &Area<'_>,
    title: &str,
    lines: &[Line<'_>],
    labels: &[&str],
    (across, up): Bounds,
) -> Result<(), String> {
    let powers = |(low, high): (f64, f64)| (low as i64..=high as i64).map(|power| power as f64).collect();
    let font = ("sans-serif", LETTERS).into_font().color(&INK);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(24)
        .caption(title, ("sans-serif", LETTERS + 2).into_font().color(&INK))
        .set_label_area_size(LabelAreaPosition::Left, 84)
        .set_label_area_size(LabelAreaPosition::Bottom, 56)
        .build_cartesian_2d(Axis::new(across.0..across.1, powers(across)), Axis::new(up.0..up.1, powers(up)))
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FRAME.mix(0.25))
        .axis_style(FRAME)
        .label_style(font.clone())
        .axis_desc_style(font)
        .x_label_formatter(&|power| format!("1e{power:.0}"))
        .y_label_formatter(&|power| format!("1e{power:.0}"))
        .x_desc("neurons (in all batch rows)")
        .y_desc("neuron-steps/s")
        .draw()
        .map_err(|error| error.to_string())?;
    for line in lines {
        let colour = colour(line.label, labels);
        let speeds: Vec<(f64, f64)> =
            line.points.iter().map(|(cells, speed, _)| (cells.log10(), speed.log10())).collect();
        let roofs: Vec<(f64, f64)> = line
            .points
            .iter()
            .filter_map(|(cells, _, roof)| roof.map(|roof| (cells.log10(), roof.log10())))
            .collect();
        let drawn = match line.mode {
            Mode::Run => chart.draw_series(LineSeries::new(speeds.clone(), colour.stroke_width(3))).map(drop),
            Mode::Forward => chart
                .draw_series(DashedLineSeries::new(speeds.clone(), 8, 6, colour.stroke_width(3)))
                .map(drop),
        };
        drawn.map_err(|error| error.to_string())?;
        // The roofline of a loop over `forward` is the same or lower.
        if line.mode == Mode::Run {
            chart
                .draw_series(DashedLineSeries::new(roof(roofs), 2, 4, colour.stroke_width(2)))
                .map_err(|error| error.to_string())?;
        }
        // A single size gives no line. Where both modes are equally fast, the cross shows around the dot.
        let points = speeds.into_iter();
        let drawn = match line.mode {
            Mode::Run => {
                chart.draw_series(points.map(|point| Circle::new(point, 4, colour.filled()))).map(drop)
            }
            Mode::Forward => {
                chart.draw_series(points.map(|point| Cross::new(point, 7, colour.stroke_width(2)))).map(drop)
            }
        };
        drawn.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn legend(area: &Area<'_>, reports: &[Report], labels: &[&str]) -> Result<(), String> {
    let font = ("sans-serif", LETTERS).into_font().color(&INK);
    let mut place = 8;
    for (label, device) in reports_devices(reports) {
        let middle = place + LETTERS / 2;
        let line = PathElement::new([(24, middle), (84, middle)], colour(label, labels).stroke_width(3));
        area.draw(&line).map_err(|error| error.to_string())?;
        let text = format!("{label}: {device}");
        area.draw_text(&text, &font, (100, place)).map_err(|error| error.to_string())?;
        place += LEGEND_HEIGHT as i32;
    }
    let text =
        "line, dots: one call of run    dashed, crosses: a loop over forward    dotted: roofline of run";
    area.draw_text(text, &font, (24, place)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::drawn;

    #[test]
    fn each_mode_has_its_own_mark_at_a_single_size() {
        let mark = |mode| {
            let lines = [Line { label: "cpu", mode, points: vec![(1e4, 1e9, None)] }];
            drawn::pixels(|area| panel(area, "", &lines, &["cpu"], ((3.0, 5.0), (8.0, 10.0))))
        };
        let [run, forward] = [Mode::Run, Mode::Forward].map(mark);
        assert!(drawn::marked(&run) > 0 && run != forward);
    }

    #[test]
    fn a_single_size_has_room_and_a_roof() {
        assert_eq!(around([1e4].into_iter()), (3.0, 5.0));
        assert_eq!(around([2e4].into_iter()), (4.0, 5.0));
        assert_eq!(around([1e3, 1e6].into_iter()), (3.0, 6.0));
        assert_eq!(around(std::iter::empty()), (0.0, 1.0));
        assert_eq!(roof(vec![(4.0, 9.0)]), [(4.0 - HALF_ROOF, 9.0), (4.0 + HALF_ROOF, 9.0)]);
        assert_eq!(roof(vec![(4.0, 9.0), (5.0, 9.5)]), [(4.0, 9.0), (5.0, 9.5)]);
    }

    #[test]
    fn a_picture_needs_a_folder_and_an_ending() {
        let folder = tempfile::TempDir::new().unwrap();
        let refusal = |name: &str| PictureFile::prepare(&folder.path().join(name)).unwrap_err();
        assert!(matches!(refusal("speed.jpg"), Failure::Usage(_)));
        assert!(matches!(refusal("missing/speed.png"), Failure::Fault(_)));
        assert!(PictureFile::prepare(&folder.path().join("speed.png")).is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
