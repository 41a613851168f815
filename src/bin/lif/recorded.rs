//! The spike times of a recording, from a file.

use crate::failure::Failure;
use crate::memory::Growing;
use crate::stimulus::numpy;
use crate::stimulus::text::Lines;
use std::path::Path;

/// Rounding of a time by less than this part of a step is no difference in time.
const TIME_TOLERANCE: f64 = 1e-6;

/// What a recording has to do with the run that is to predict it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// What a number in the file counts, ms.
    pub unit: f64,
    /// When the stimulus begins, ms.
    pub start: f64,
    /// How long the run lasts, ms.
    pub length: f64,
    /// A step, ms.
    pub dt: f64,
}

/// The steps in which the spikes of a file fall, in the order of the file: `.npy` with an array of
/// times, or text with one per line.
pub fn read(path: &Path, clock: &Clock) -> Result<Vec<u64>, Failure> {
    let refusal = |reason: String| Failure::fault(format!("spikes {}: {reason}", path.display()));
    let is_numpy = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
    let steps = if is_numpy { from_npy(path, clock) } else { from_text(path, clock) }.map_err(refusal)?;
    if steps.is_empty() { Err(refusal("there is no spike in it".to_owned())) } else { Ok(steps) }
}

fn from_text(path: &Path, clock: &Clock) -> Result<Vec<u64>, String> {
    let mut lines = Lines::open(path, 1.0)?;
    let mut steps = Growing::new("the spikes");
    loop {
        let numbers = lines.numbers();
        let place = |reason: String| format!("line {}: {reason}", lines.number().max(1));
        match numbers.map_err(place)?.as_deref() {
            None => return Ok(steps.into_values()),
            Some([]) => {}
            Some([time]) => steps.push(step(*time, clock).map_err(place)?).map_err(place)?,
            Some(several) => {
                return Err(place(format!("{} numbers; expected the time of one spike", several.len())));
            }
        }
    }
}

fn from_npy(path: &Path, clock: &Clock) -> Result<Vec<u64>, String> {
    let mut steps = Vec::new();
    numpy::from_npy(path, &mut |shape, rows| {
        let [count] = shape else {
            return Err(format!("the array has shape {shape:?}; expected [spikes]"));
        };
        let bytes = *count as u64 * size_of::<u64>() as u64;
        lif::require_memory("the spikes", bytes, "take fewer at a time")
            .map_err(|error| error.to_string())?;
        let mut row = Vec::new();
        for place in 0..*count {
            rows.next(&mut row)?;
            let time = row.first().copied().unwrap_or(f64::NAN);
            steps.push(step(time, clock).map_err(|reason| format!("the value at [{place}]: {reason}"))?);
        }
        Ok(())
    })?;
    Ok(steps)
}

/// The step in which a time falls.
fn step(time: f64, clock: &Clock) -> Result<u64, String> {
    let ms = time * clock.unit - clock.start;
    if ms >= 0.0 && ms < clock.length {
        return Ok((ms / clock.dt + TIME_TOLERANCE) as u64);
    }
    Err(format!(
        "a spike at {time}, which is {ms} ms after the beginning of the stimulus, lies outside it: it lasts {} ms; \
         is --spikes-time-unit right?",
        clock.length
    ))
}
