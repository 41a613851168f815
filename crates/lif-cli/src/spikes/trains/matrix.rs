//! The matrix of weights between trains and neurons.

use super::{fault, require_memory};
use crate::failure::Failure;
use crate::numbers::numpy::{self, Archive, Array};
use crate::numbers::{Format, Rows, Sample, Source, Understood, index, written};
use crc32fast::Hasher;
use ndarray::Array2;
use std::path::Path;

/// Reads the weights of a file, and multiplies them by a factor.
pub fn read(
    path: &Path,
    factor: f64,
    n: usize,
    hasher: &mut Hasher,
) -> Result<(Array2<f32>, Understood), Failure> {
    let refusal = |reason: String| fault("matrix of weights", path, &reason);
    let source = Source::open(path).map_err(refusal)?;
    let mut values = Vec::new();
    let mut check = |array: &Array, rows: &mut dyn Rows| {
        let shape = &array.shape;
        if !matches!(shape[..], [trains, neurons] if trains > 0 && neurons == n) {
            return Err(format!("it has shape {shape:?}; expected [trains, {n}], a row for each train"));
        }
        require_memory(array)?;
        let mut row = Vec::new();
        while rows.next(&mut row)? != Sample::End {
            for value in &row {
                let scaled = (value * factor) as f32;
                if !scaled.is_finite() {
                    let place = index(shape, values.len());
                    return Err(format!(
                        "the weight at {place:?} is {}, multiplied with {}; all must be finite in single precision",
                        written(*value),
                        written(factor)
                    ));
                }
                hasher.update(&scaled.to_le_bytes());
                values.push(scaled);
            }
        }
        Ok(())
    };
    let mut key = None;
    let array = match source.format() {
        Format::Npy => numpy::from_npy(&source, &mut check),
        Format::Npz => Archive::open(&source).and_then(|mut archive| match &archive.names()[..] {
            [only] => archive.array(key.insert(only.clone()), &mut check),
            names => Err(format!("expected one array; found {}", names.join(", "))),
        }),
        Format::Text => Err("it is text; it must be a .npy or .npz file of numpy".to_owned()),
    };
    let shape = array.map_err(refusal)?.shape;
    let understood = Understood {
        columns: key.into_iter().collect(),
        shape: Some(shape.clone()),
        count: values.len() as u64,
        thing: "weight",
        ..Understood::new("events-matrix", &source)
    };
    // An empty array was not checked.
    let trains = shape.first().copied().unwrap_or(0);
    let matrix = Array2::from_shape_vec((trains, n), values).map_err(|error| refusal(error.to_string()))?;
    Ok((matrix, understood))
}
