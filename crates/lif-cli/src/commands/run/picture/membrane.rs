//! The panel of one membrane potential.

use super::scene::{Scene, Trace};
use super::time;
use crate::picture::axes::{self, Area, Chart, INK, THRESHOLD, Vertical, note, plain};
use crate::picture::pixels::{CLOSE, curve, fill};
use crate::terminal::figures::grouped;
use plotters::prelude::*;

/// Lengths of the dashes of the threshold and of the gaps between them, pixels.
const DASH: (u32, u32) = (6, 6);

/// Up to this many samples are also drawn as points.
const FEW_POINTS: usize = 40;

/// Draws the potential, its threshold, and each spike as a line above it: potentials are recorded after the
/// reset and do not show the spike.
pub fn draw(area: &Area<'_>, scene: &Scene, trace: &Trace, lowest: bool) -> Result<(), String> {
    let threshold = f64::from(trace.threshold);
    let values = trace.samples.iter().map(|(_, v)| f64::from(*v));
    let (low, high) = values.fold((threshold, threshold), |(low, high), v| (low.min(v), high.max(v)));
    let span = if high > low { high - low } else { 1.0 };
    let peak = high + 0.5 * span;
    let range = low - 0.1 * span..peak + 0.1 * span;
    let ticks = axes::ticks(low - 0.05 * span, high + 0.05 * span, 3);
    let mut chart = time::chart(
        area,
        scene,
        Vertical { name: scene.units.potential, range, ticks, label: &plain },
        lowest,
    )?;

    let points: Vec<(f64, f64)> =
        trace.samples.iter().map(|(step, v)| (scene.end_of(*step), f64::from(*v))).collect();
    if points.len() <= FEW_POINTS {
        // A single point makes no line.
        chart
            .draw_series(points.iter().map(|point| Circle::new(*point, 3, INK.filled())))
            .map_err(|error| error.to_string())?;
    }
    curve(&mut chart, &points, INK)?;
    if let Some(spikes) = &trace.spikes {
        let times: Vec<f64> = spikes.iter().map(|step| scene.end_of(u64::from(*step))).collect();
        draw_spikes(&chart, scene, &times, (threshold, peak))?;
    }
    // On top, as the potential may fill the panel.
    let (start, end) = scene.bounds();
    let line = [(start, threshold), (end, threshold)];
    chart
        .draw_series(DashedLineSeries::new(line, DASH.0, DASH.1, THRESHOLD.into()))
        .map_err(|error| error.to_string())?;
    let neuron = grouped(u64::from(trace.neuron));
    let unmarked: &[&str] = if trace.spikes.is_some() { &[] } else { &["spikes not", "recorded"] };
    note(area, &chart, &[&["neuron", &neuron], unmarked].concat())
}

/// Draws a line for each spike, and a bar where lines are too close.
fn draw_spikes(
    chart: &Chart<'_, '_>,
    scene: &Scene,
    times: &[f64],
    (low, high): (f64, f64),
) -> Result<(), String> {
    let panel = chart.plotting_area().strip_coord_spec();
    let place = |time: f64, height: f64| chart.plotting_area().map_coordinate(&(time, height));
    let (bottom, top) = (place(0.0, low).1, place(0.0, high).1);
    let (start, end) = scene.bounds();
    // By time, as the distance of regular spikes varies by a pixel.
    let gap = CLOSE as f64 * (end - start) / f64::from(panel.dim_in_pixel().0);
    for close in times.chunk_by(|one, next| next - one < gap) {
        let [first, last] = [close[0], close[close.len() - 1]].map(|time| place(time, low).0);
        let colour = INK.mix(if close.len() > 1 { 0.5 } else { 1.0 });
        fill(&panel, first..last + 1, top..bottom, &colour)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;
    use crate::picture::drawn;

    fn panel(spikes: Option<Vec<u32>>, interval: u64, steps: u64) -> Vec<Vec<RGBColor>> {
        let scene = examples::scene(steps);
        let samples =
            (0..steps).map(|step| (step, -62.0 + 10.0 * (step % interval) as f32 / interval as f32));
        let trace = Trace { neuron: 0, samples: samples.collect(), spikes, threshold: -52.0 };
        drawn::pixels(|area| draw(area, &scene, &trace, false))
    }

    /// Each column of pixels covers more than one interval.
    #[test]
    fn a_dense_potential_fills_its_range_under_its_threshold() {
        let every: Vec<u32> = (1..1000).map(|spike| spike * 50).collect();
        let pixels = panel(Some(every), 50, 100_000);
        let height = pixels.len();
        // Rows of the potential, between its reset and its threshold.
        for row in [height * 4 / 7, height * 5 / 7, height * 6 / 7] {
            assert!(pixels[row].iter().all(|pixel| *pixel == INK), "row {row}");
        }
        let dashes = pixels.iter().map(|row| row.iter().filter(|pixel| **pixel == THRESHOLD).count()).max();
        assert!(dashes.unwrap() > 500, "{dashes:?}");
        // A bar above the threshold as long as there are spikes.
        let bar = &pixels[height / 4];
        assert!(bar[10..600].iter().all(|pixel| *pixel != WHITE && *pixel == bar[10]));
        assert!(bar[700..].iter().all(|pixel| *pixel == WHITE));
    }

    #[test]
    fn spikes_have_lines_where_they_are_recorded() {
        let lines = |spikes| {
            let pixels = panel(spikes, 500, 2000);
            pixels[pixels.len() / 4].iter().filter(|pixel| **pixel == INK).count()
        };
        assert_eq!(lines(Some(vec![499, 999, 1499])), 3);
        assert_eq!(lines(None), 0);
    }
}
