//! The panel of the input current.

use super::scene::{Currents, Scene};
use super::time;
use crate::picture::axes::{self, Area, INPUT, Vertical, note, plain};
use crate::picture::pixels::{curve, steps};

/// Draws the current of the first cell over time; it is constant during each step.
pub fn draw(area: &Area<'_>, scene: &Scene, stimulus: &Currents, lowest: bool) -> Result<(), String> {
    let currents = &stimulus.samples;
    let low = currents.iter().map(|(_, current)| *current).fold(f32::INFINITY, f32::min);
    let high = currents.iter().map(|(_, current)| *current).fold(f32::NEG_INFINITY, f32::max);
    let (low, high) = if low < high {
        (f64::from(low), f64::from(high))
    } else {
        (f64::from(low) - 1.0, f64::from(high) + 1.0)
    };
    let margin = 0.08 * (high - low);
    let range = low - margin..high + margin;
    let name = format!("input ({})", scene.units.input);
    let vertical =
        Vertical { name: &name, ticks: axes::ticks(range.start, range.end, 4), range, label: &plain };
    let mut chart = time::chart(area, scene, vertical, lowest)?;
    let samples = currents.iter().map(|(step, current)| (scene.time(*step as f64), f64::from(*current)));
    curve(&mut chart, &steps(samples, scene.bounds().1), INPUT)?;
    note(area, &chart, stimulus.whose)
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;
    use crate::picture::drawn;
    use plotters::prelude::RGBColor;

    /// One sample for each of two steps: two levels and the jump between them.
    #[test]
    fn a_current_is_held_until_the_end() {
        let scene = examples::scene(2);
        let currents = Currents { samples: vec![(0, 1.0), (1, 2.0)], whose: &[] };
        let pixels = drawn::pixels(|area| draw(area, &scene, &currents, false));
        let in_columns = |columns: std::ops::Range<usize>| {
            let coloured = |row: &Vec<RGBColor>| row[columns.clone()].iter().all(|pixel| *pixel == INPUT);
            pixels.iter().position(coloured)
        };
        let width = pixels[0].len();
        let (first, second) = (in_columns(3..width / 2 - 3), in_columns(width / 2 + 3..width - 2));
        assert!(first.is_some() && second.is_some() && first > second, "{first:?}, {second:?}");
    }
}
