//! What all pictures share: pages, axes, and drawing by pixels.

pub mod axes;

#[cfg(test)]
pub mod drawn;
pub mod pixels;

use crate::failure::Failure;
use crate::files::folder::{Folder, Staged};
use axes::{Area, TEXT_SIZE};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use plotters_backend::DrawingErrorKind;
use std::fmt::Display;
use std::path::Path;

/// The height of a title.
pub const TITLE_HEIGHT: u32 = 64;

/// The size of the largest picture.
pub const LARGEST: (u32, u32) = (1600, 1500);

/// Three colours, and a copy while they are written.
const BYTES_PER_PIXEL: u64 = 6;

/// Registers a font of our own: those of the system differ, where there are any.
fn use_own_font() -> Result<(), String> {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "the embedded font cannot be read".to_owned())
}

/// An empty page with a title.
pub fn page<'a>(path: &'a Path, size: (u32, u32), title: &str) -> Result<Area<'a>, String> {
    let root = canvas(path, size)?;
    let style = ("sans-serif", TEXT_SIZE + 4).into_font().color(&axes::INK);
    root.draw_text(title, &style, ((axes::LEFT + axes::MARGIN_LEFT) as i32, 22))
        .map_err(|error| error.to_string())?;
    Ok(root)
}

/// Draws a picture for the output folder, unless memory is short.
pub fn stage(
    folder: &Folder,
    name: &str,
    draw: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<Option<Staged>, Failure> {
    let mut is_drawn = false;
    let staged = folder.stage(name, |_, path| {
        // At the last moment, as threads that have just started take memory.
        is_drawn = has_room(name, LARGEST, "the other files are written");
        if is_drawn { draw(path) } else { Ok(()) }
    })?;
    Ok(is_drawn.then_some(staged))
}

/// Whether there is memory for a picture. If not, this warns, and the other files are written without it.
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
    /// Its messages are for programmers.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_beyond_all_memory_has_no_room() {
        assert!(has_room("small.png", (100, 100), "") && !has_room("large.png", (1 << 28, 1 << 28), ""));
    }
}
