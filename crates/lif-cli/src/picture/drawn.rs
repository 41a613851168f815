//! Panels drawn for tests, of which the pixels are looked at.

use super::axes::{Area, LEFT, MARGIN_LEFT, RIGHT};
use super::scene::{Scene, Spikes};
use crate::columns::Column;
use crate::events::Events;
use crate::presets::AxisUnits;
use plotters::prelude::*;
use std::io::Write;
use std::sync::Arc;

/// The size of a panel, about that in the picture of a run.
pub const SIZE: (u32, u32) = (1600, 560);

/// A scene of so many steps of 0.1 ms, with nothing in it yet.
pub fn scene(steps: u64) -> Scene {
    Scene {
        title: String::new(),
        dt: 0.1,
        shown: 0..steps,
        units: AxisUnits::PHYSICAL,
        stimulus: None,
        spikes: None,
        rate: None,
        traces: Vec::new(),
        counts: None,
    }
}

/// Spikes (step, neuron) of so many neurons.
pub fn spikes(neurons: u32, spikes: &[(u32, u32)]) -> Spikes {
    let column = |values: &mut dyn Iterator<Item = u32>| {
        let mut file = tempfile::tempfile().unwrap();
        values.for_each(|value| file.write_all(&value.to_ne_bytes()).unwrap());
        // What is drawn is not compared with it.
        Column { file: Arc::new(file), name: String::new(), length: spikes.len() as u64, checksum: 0 }
    };
    let events = Events {
        step: column(&mut spikes.iter().map(|spike| spike.0)),
        batch: column(&mut spikes.iter().map(|_| 0)),
        neuron: column(&mut spikes.iter().map(|spike| spike.1)),
    };
    Spikes { events, neurons: (0..neurons).collect(), batch: 1, count: spikes.len() as u64 }
}

/// What is drawn between the axes of a panel: the colour of each pixel, by rows.
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

/// How many of the pixels are not white.
pub fn marked(pixels: &[Vec<RGBColor>]) -> usize {
    pixels.iter().flatten().filter(|pixel| **pixel != WHITE).count()
}
