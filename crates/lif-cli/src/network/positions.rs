//! Where the neurons of a group are: on a grid, drawn in a box, or as a file says.

use super::entries::Entry;
use crate::failure::Failure;
use crate::numbers::text::{Layout, Lines};
use crate::numbers::{Format, Rows, Sample, Source, numpy};
use lif::random::{counter, key, philox};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What positions can be.
const FORM: &str = "it must be { grid = [COLUMNS, ROWS], extent = [WIDTH, HEIGHT] }, { uniform = [WIDTH, HEIGHT] } or { \
                    file = FILE }, each with a third number in three dimensions";

/// The columns of a text with positions.
const LAYOUT: Layout = Layout { columns: &[2, 3], expected: "x y or x y z" };

/// Makes the key of positions another than those of random inputs and of synapses.
const KEY: [u32; 2] = [0x706f_7369, 0x7469_6f6e];

/// The memory of the positions of a neuron, bytes: here, in the network and in its population.
pub const BYTES_PER_NEURON: u64 = 3 * size_of::<[f32; 3]>() as u64;

/// Positions in up to three dimensions, in any unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// In the middles of the fields of a grid over a box, column by column, row by row, layer by layer.
    Grid { fields: [usize; 3], space: Space },
    /// Drawn evenly in a box.
    Uniform(Space),
    /// As a file says.
    File(Arc<Listed>),
}

/// A box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    pub extent: [f64; 3],
    /// The corner with the smallest numbers.
    pub origin: [f64; 3],
}

/// The positions in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub path: PathBuf,
    pub positions: Vec<[f32; 3]>,
}

impl Positions {
    /// Reads those of a group of this size.
    pub fn read(entry: &Entry<'_>, size: usize) -> Result<Self, Failure> {
        if !entry.is_table() {
            return Err(entry.refusal(FORM));
        }
        let mut entries = entry.entries()?;
        let kinds = ["grid", "uniform", "file"].map(|key| entries.take(key));
        let extent = entries.take("extent").map(|extent| lengths(&extent)).transpose()?;
        let origin = entries.take("origin");
        entries.finish()?;
        let at = origin.as_ref().map(|origin| numbers(origin, 0.0)).transpose()?.unwrap_or([0.0; 3]);
        match (kinds, extent) {
            ([Some(grid), None, None], extent) => {
                let fields = numbers(&grid, 1.0)?;
                let refusal = || {
                    grid.refusal(format!(
                        "the group has {size} neurons; the numbers must be whole, and that when multiplied"
                    ))
                };
                if fields.iter().any(|count| *count < 1.0 || count.fract() != 0.0)
                    || fields.iter().product::<f64>() != size as f64
                {
                    return Err(refusal());
                }
                let fields = fields.map(|count| count as usize);
                let extent = extent.unwrap_or(fields.map(|count| count as f64));
                Ok(Self::Grid { fields, space: Space { extent, origin: at } })
            }
            ([None, Some(uniform), None], None) => {
                Ok(Self::Uniform(Space { extent: lengths(&uniform)?, origin: at }))
            }
            ([None, None, Some(file)], None) if origin.is_none() => {
                let path = file.path()?;
                let positions = from_file(&path, size).map_err(|reason| file.refusal(reason))?;
                Ok(Self::File(Arc::new(Listed { path, positions })))
            }
            _ => Err(entry.refusal(FORM)),
        }
    }

    /// The position of a neuron of the group; `number` is its number among all neurons.
    pub fn at(&self, neuron: usize, number: usize, seed: u64) -> [f32; 3] {
        match self {
            Self::Grid { fields, space } => {
                let [columns, rows, _] = *fields;
                let field = [neuron % columns, neuron / columns % rows, neuron / columns / rows];
                space.at([0, 1, 2].map(|axis| (field[axis] as f64 + 0.5) / fields[axis] as f64))
            }
            Self::Uniform(space) => {
                let [first, second] = key(seed);
                let words = philox(counter(number as u64, 0, 0), [first ^ KEY[0], second ^ KEY[1]]);
                space.at([words[0], words[1], words[2]].map(|word| f64::from(word) / 4_294_967_296.0))
            }
            Self::File(listed) => listed.positions.get(neuron).copied().unwrap_or_default(),
        }
    }

    /// As the value of a key in a file.
    pub fn written(&self) -> String {
        let origin = |space: &Space| format!("origin = {}", list(space.origin, 0.0));
        match self {
            Self::Grid { fields, space } => {
                let fields = list(*fields, 1);
                format!("{{ grid = {fields}, extent = {}, {} }}", list(space.extent, 0.0), origin(space))
            }
            Self::Uniform(space) => {
                format!("{{ uniform = {}, {} }}", list(space.extent, 0.0), origin(space))
            }
            Self::File(listed) => {
                format!("{{ file = {} }}", super::written::quoted(&listed.path.to_string_lossy()))
            }
        }
    }
}

impl Space {
    /// The place that is these fractions of the extent away from the origin.
    fn at(&self, fractions: [f64; 3]) -> [f32; 3] {
        [0, 1, 2].map(|axis| (self.origin[axis] + self.extent[axis] * fractions[axis]) as f32)
    }
}

/// A list without the neutral numbers at its end.
fn list<T: PartialEq + Debug>(numbers: [T; 3], neutral: T) -> String {
    let mut numbers = Vec::from(numbers);
    while numbers.len() > 1 && numbers.last() == Some(&neutral) {
        numbers.pop();
    }
    format!("{numbers:?}")
}

/// One to three numbers; those that are missing are `missing`.
pub fn numbers(entry: &Entry<'_>, missing: f64) -> Result<[f64; 3], Failure> {
    let refusal = || entry.refusal("it must be a list of one, two or three numbers");
    let values = entry.values().ok_or_else(refusal)?;
    if !(1..=3).contains(&values.len()) {
        return Err(refusal());
    }
    let mut all = [missing; 3];
    for (number, value) in all.iter_mut().zip(&values) {
        *number = value.number()?;
    }
    Ok(all)
}

/// The lengths of a box.
pub fn lengths(entry: &Entry<'_>) -> Result<[f64; 3], Failure> {
    let lengths = numbers(entry, 0.0)?;
    match lengths.iter().find(|length| **length < 0.0) {
        None => Ok(lengths),
        Some(length) => Err(entry.refusal(format!("{length} is no length; it must be 0 or more"))),
    }
}

/// Reads `size` positions.
fn from_file(path: &Path, size: usize) -> Result<Vec<[f32; 3]>, String> {
    let source = Source::open(path)?;
    let mut positions = Vec::new();
    let mut add = |values: &[f64]| {
        let mut position = [0.0; 3];
        for (place, value) in position.iter_mut().zip(values) {
            *place = *value as f32;
        }
        if !position.iter().all(|place| place.is_finite()) {
            return Err(format!("position {} is {values:?}; it must be finite", positions.len()));
        }
        positions.push(position);
        if positions.len() > size {
            return Err(format!("it has more than {size} positions, the number of neurons of the group"));
        }
        Ok(())
    };
    match source.format() {
        Format::Text => {
            let mut lines = Lines::open(&source, LAYOUT)?;
            loop {
                let added = match lines.row() {
                    Ok(None) => break,
                    Ok(Some(row)) => add(row),
                    Err(reason) => Err(reason),
                };
                added.map_err(|reason| format!("line {}: {reason}", lines.number()))?;
            }
        }
        Format::Npy => {
            numpy::from_npy(&source, &mut |array, rows| {
                if !matches!(array.shape[..], [_, 2 | 3]) {
                    return Err(format!("it has shape {:?}; it must be [N, 2] or [N, 3]", array.shape));
                }
                each_row(rows, &mut add)
            })?;
        }
        Format::Npz => return Err("it is an archive; save one array of positions with numpy.save".to_owned()),
    }
    let found = positions.len();
    if found < size {
        return Err(format!("it has {found} positions; the group has {size} neurons"));
    }
    Ok(positions)
}

fn each_row(rows: &mut dyn Rows, add: &mut dyn FnMut(&[f64]) -> Result<(), String>) -> Result<(), String> {
    let mut row = Vec::new();
    loop {
        row.clear();
        if rows.next(&mut row)? == Sample::End {
            return Ok(());
        }
        add(&row)?;
    }
}
