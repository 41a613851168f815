//! The picture of a run: stimulus, spikes, population rate and membrane potentials over one time axis.

pub mod axes;
mod curve;
mod density;
#[cfg(test)]
pub mod drawn;
mod fit;
mod membrane;
mod pixels;
mod raster;
mod rate;
mod rates;
mod scene;
mod stimulus;

pub use curve::draw as draw_curve;
pub use fit::{FitScene, draw as draw_fit};
pub use scene::Scene;

use crate::failure::Failure;
use crate::files::{Folder, Staged};
use axes::{Area, TEXT_SIZE};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use plotters_backend::DrawingErrorKind;
use std::fmt::Display;
use std::path::Path;

const SIZE: (u32, u32) = (1600, 1200);
const TITLE_HEIGHT: u32 = 64;

/// Of the pictures that lie in a folder.
const LARGEST: (u32, u32) = fit::SIZE;

/// Three colours, and as much again where they are written.
const BYTES_PER_PIXEL: u64 = 6;

/// The parts of the height that the panels get, beside what the membrane potentials need.
const STIMULUS_WEIGHT: u32 = 3;
const RASTER_WEIGHT: u32 = 10;
const RATE_WEIGHT: u32 = 4;
const MEMBRANE_WEIGHT: u32 = 2;

/// Draws a panel; the flag says whether it is the lowest, which names the times.
type Panel<'a> = Box<dyn Fn(&Area<'_>, bool) -> Result<(), String> + 'a>;

/// Draws the picture into a file, whose name says the format.
pub fn draw(path: &Path, scene: &Scene) -> Result<(), String> {
    let root = page(path, SIZE, &scene.title)?;
    let (_, below) = root.split_vertically(TITLE_HEIGHT);

    let panels = panels(scene);
    let weights: u32 = panels.iter().map(|(weight, _)| weight).sum();
    let height = below.dim_in_pixel().1.saturating_sub(axes::TIME_HEIGHT);
    let mut rest = below;
    let last = panels.len().saturating_sub(1);
    for (index, (weight, panel)) in panels.iter().enumerate() {
        let own = height * weight / weights.max(1) + if index == last { axes::TIME_HEIGHT } else { 0 };
        let (area, lower) = rest.split_vertically(own);
        panel(&area, index == last)?;
        rest = lower;
    }
    present(&root)
}

/// Fonts of the system differ from machine to machine, where there are any.
fn use_own_font() -> Result<(), String> {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "the embedded font cannot be read".to_owned())
}

/// An empty page with a title.
fn page<'a>(path: &'a Path, size: (u32, u32), title: &str) -> Result<Area<'a>, String> {
    let root = canvas(path, size)?;
    let style = ("sans-serif", TEXT_SIZE + 4).into_font().color(&axes::INK);
    root.draw_text(title, &style, ((axes::LEFT + axes::MARGIN_LEFT) as i32, 22))
        .map_err(|error| error.to_string())?;
    Ok(root)
}

/// Draws the picture of this name for a folder, unless there is no memory for it.
pub fn stage(
    folder: &Folder,
    name: &str,
    draw: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<Option<Staged>, Failure> {
    let mut is_drawn = false;
    let staged = folder.stage(name, |_, path| {
        // At the last moment: threads that have just started take memory too.
        is_drawn = has_room(name, LARGEST, "the other files are written");
        if is_drawn { draw(path) } else { Ok(()) }
    })?;
    Ok(is_drawn.then_some(staged))
}

/// Whether there is memory for a picture. Where there is none, that is said, and what was computed is written
/// without it.
pub fn has_room(name: impl Display, (width, height): (u32, u32), advice: &str) -> bool {
    let bytes = u64::from(width) * u64::from(height) * BYTES_PER_PIXEL;
    let room = lif::require_memory("the picture", bytes, advice);
    if let Err(reason) = &room {
        log::warn!("without {name}: {reason}");
    }
    room.is_ok()
}

/// An empty picture, for which there [is room](has_room).
pub fn canvas(path: &Path, size: (u32, u32)) -> Result<Area<'_>, String> {
    use_own_font()?;
    let root = BitMapBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE).map_err(|error| error.to_string())?;
    Ok(root)
}

/// Writes a picture that has been drawn.
pub fn present(root: &Area<'_>) -> Result<(), String> {
    /// Whose words are those of programmers.
    type Unwritten = <BitMapBackend<'static> as DrawingBackend>::ErrorType;
    root.present().map_err(|error| match error {
        DrawingAreaErrorKind::BackendError(DrawingErrorKind::DrawingError(Unwritten::ImageError(reason))) => {
            reason.to_string()
        }
        DrawingAreaErrorKind::BackendError(DrawingErrorKind::DrawingError(Unwritten::IOError(reason))) => {
            reason.to_string()
        }
        other => other.to_string(),
    })
}

fn panels<'a>(scene: &'a Scene) -> Vec<(u32, Panel<'a>)> {
    let mut panels: Vec<(u32, Panel<'a>)> = Vec::new();
    if let Some(currents) = &scene.stimulus {
        panels.push((
            STIMULUS_WEIGHT,
            Box::new(move |area, lowest| stimulus::draw(area, scene, currents, lowest)),
        ));
    }
    if let Some(spikes) = &scene.spikes {
        panels.push((RASTER_WEIGHT, Box::new(move |area, lowest| raster::draw(area, scene, spikes, lowest))));
    }
    if let Some(rate) = &scene.rate {
        panels.push((RATE_WEIGHT, Box::new(move |area, lowest| rate::draw(area, scene, rate, lowest))));
    }
    if let Some(counts) = &scene.counts {
        panels.push((RASTER_WEIGHT, Box::new(move |area, _| rates::draw(area, counts))));
    }
    for trace in &scene.traces {
        panels.push((
            MEMBRANE_WEIGHT,
            Box::new(move |area, lowest| membrane::draw(area, scene, trace, lowest)),
        ));
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_beyond_all_memory_has_no_room() {
        assert!(has_room("small.png", (100, 100), "") && !has_room("large.png", (1 << 28, 1 << 28), ""));
    }
}
