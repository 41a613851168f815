//! Reading a stimulus file: arrays of numpy, or text.

use crate::arrays::{self, Archive};
use crate::failure::Failure;
use ndarray::{Array1, ArrayD, Dimension};
use std::path::Path;

/// What a file holds: values along a leading time axis, and when they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    pub values: ArrayD<f64>,
    pub times: Times,
}

/// When samples hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Times {
    /// One after the other; the interval in ms where the file says it.
    Every(Option<f64>),
    /// Each from its own time on, ms.
    At(Vec<f64>),
}

/// Reads a file. A number in a time column counts `time_unit` ms.
pub fn read(path: &Path, time_unit: f64) -> Result<Samples, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let samples = match extension.as_deref() {
        Some("npy") => {
            let values = arrays::from_npy(path).map_err(|reason| fault(path, &reason))?;
            Samples { values, times: Times::Every(None) }
        }
        Some("npz") => from_npz(path)?,
        _ => from_text(path, time_unit)?,
    };
    let shape = samples.values.shape();
    if !(1..=3).contains(&shape.len()) || samples.values.is_empty() {
        return Err(fault(
            path,
            &format!("the array has shape {shape:?}; expected [T], [T, n] or [T, batch, n], not empty"),
        ));
    }
    if let Some((place, value)) = samples.values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(fault(
            path,
            &format!(
                "the value at {:?} is {value}; every value must be finite",
                place.as_array_view().to_vec()
            ),
        ));
    }
    Ok(samples)
}

fn fault(path: &Path, reason: &str) -> Failure {
    Failure::fault(format!("stimulus {}: {reason}", path.display()))
}

fn from_npz(path: &Path) -> Result<Samples, Failure> {
    let refusal = |reason: String| fault(path, &reason);
    let mut archive = Archive::open(path).map_err(refusal)?;
    let names = archive.names();
    let others: Vec<&String> = names.iter().filter(|name| *name != "dt_ms").collect();
    let name = match others.as_slice() {
        [only] => only.as_str(),
        several if several.iter().any(|name| *name == "stimulus") => "stimulus",
        several => {
            return Err(refusal(format!("expected one array, or one named 'stimulus'; found {several:?}")));
        }
    };
    let values = archive.array(name).map_err(refusal)?;
    let interval = if names.iter().any(|name| name == "dt_ms") {
        let interval = archive.array("dt_ms").map_err(refusal)?;
        match interval.iter().copied().collect::<Vec<_>>()[..] {
            [ms] if ms.is_finite() && ms > 0.0 => Some(ms),
            _ => return Err(fault(path, "'dt_ms' must be one number above 0: the sample interval in ms")),
        }
    } else {
        None
    };
    Ok(Samples { values, times: Times::Every(interval) })
}

fn from_text(path: &Path, time_unit: f64) -> Result<Samples, Failure> {
    let bytes = std::fs::read(path).map_err(|error| fault(path, &error.to_string()))?;
    let text =
        String::from_utf8(bytes).map_err(|_| fault(path, "neither .npy nor .npz by its name, nor text"))?;
    // Some editors and spreadsheets begin UTF-8 with the mark of its byte order.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut times = Vec::new();
    let mut values = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default();
        let here =
            |reason: String| Failure::fault(format!("stimulus {}:{}: {reason}", path.display(), index + 1));
        let fields = content
            .split(|sign: char| sign.is_whitespace() || sign == ',')
            .filter(|field| !field.is_empty())
            .map(|field| match field.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                Ok(_) => Err(here(format!("'{field}' is not finite"))),
                Err(_) => Err(here(format!("'{field}' is not a number; start comments with #"))),
            })
            .collect::<Result<Vec<_>, _>>()?;
        match fields[..] {
            [] => continue,
            [value] if times.is_empty() => values.push(value),
            [time, value] if times.len() == values.len() => {
                if let Some(previous) = times.last().filter(|previous| **previous >= time * time_unit) {
                    return Err(here(format!("time {time} does not come after {}", previous / time_unit)));
                }
                times.push(time * time_unit);
                values.push(value);
            }
            _ => {
                return Err(here(format!(
                    "{} numbers; expected `value` on every line, or `time value` on every line",
                    fields.len()
                )));
            }
        }
    }
    let times = if times.is_empty() { Times::Every(None) } else { Times::At(times) };
    Ok(Samples { values: Array1::from(values).into_dyn(), times })
}
