//! The picture of a run: stimulus, spikes, population rate and membrane potentials over one time axis.

mod density;

#[cfg(test)]
mod examples;
mod membrane;
mod raster;
mod rate;
mod rates;
mod scene;
mod stimulus;
mod time;

pub use scene::Scene;

use crate::picture::axes::{self, Area};
use crate::picture::{TITLE_HEIGHT, page, present};
use std::path::Path;

const SIZE: (u32, u32) = (1600, 1200);

/// The heights of the panels, relative to each other.
const STIMULUS_WEIGHT: u32 = 3;
const RASTER_WEIGHT: u32 = 10;
const RATE_WEIGHT: u32 = 4;
const MEMBRANE_WEIGHT: u32 = 2;

/// Draws a panel; the flag is set for the lowest one, which has the axis of time.
type Panel<'a> = Box<dyn Fn(&Area<'_>, bool) -> Result<(), String> + 'a>;

/// Draws the picture into a file; its extension gives the format.
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
