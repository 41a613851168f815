//! Panels drawn for tests, as pixels.

use super::axes::{Area, LEFT, MARGIN_LEFT, RIGHT};
use plotters::prelude::*;

/// The size of a panel, about as in the picture of a run.
pub const SIZE: (u32, u32) = (1600, 560);

/// The pixels between the axes of a panel, row by row.
pub fn pixels(draw: impl Fn(&Area<'_>) -> Result<(), String>) -> Vec<Vec<RGBColor>> {
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut buffer = vec![255; 3 * width * height];
    super::use_own_font().unwrap();
    let area = BitMapBackend::with_buffer(&mut buffer, SIZE).into_drawing_area();
    draw(&area).unwrap();
    area.present().unwrap();
    drop(area);
    let (left, right) = ((MARGIN_LEFT + LEFT) as usize + 1, width - RIGHT as usize);
    let row = |row: &[u8]| -> Vec<RGBColor> {
        row.chunks(3).map(|pixel| RGBColor(pixel[0], pixel[1], pixel[2])).take(right).skip(left).collect()
    };
    buffer.chunks(3 * width).map(row).collect()
}

/// The number of pixels that are not white.
pub fn marked(pixels: &[Vec<RGBColor>]) -> usize {
    pixels.iter().flatten().filter(|pixel| **pixel != WHITE).count()
}
