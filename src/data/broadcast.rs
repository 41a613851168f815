//! Broadcasts arrays to `[batch, n]`, with errors that name the argument.

use crate::data::memory;
use crate::data::shape::Shape;
use crate::data::slab::{Footprint, Slab};
use crate::error::{Error, Result};
use ndarray::{ArrayViewD, Axis, Dimension, IxDyn};
use rayon::prelude::*;
use std::borrow::Cow;

/// Values with the strides that spread them over a population: the value of a cell is
/// `values[row * row_stride + neuron * neuron_stride]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column<T> {
    pub(crate) values: Vec<T>,
    pub(crate) row_stride: usize,
    pub(crate) neuron_stride: usize,
}

impl<T: Copy> Column<T> {
    pub(crate) fn scalar(value: T) -> Self {
        Self { values: vec![value], row_stride: 0, neuron_stride: 0 }
    }

    pub(crate) fn get(&self, row: usize, neuron: usize) -> T {
        self.values[row * self.row_stride + neuron * self.neuron_stride]
    }

    pub(crate) fn map<U>(&self, convert: impl FnMut(&T) -> U) -> Column<U> {
        Column {
            values: self.values.iter().map(convert).collect(),
            row_stride: self.row_stride,
            neuron_stride: self.neuron_stride,
        }
    }

    /// Copies the values of the cells of a slab.
    pub(crate) fn part(&self, slab: &Slab) -> Self {
        let rows = if self.row_stride > 0 { slab.rows.clone() } else { 0..1 };
        let neurons = if self.neuron_stride > 0 { slab.neurons.clone() } else { 0..1 };
        let row_stride = if self.row_stride > 0 { neurons.len() } else { 0 };
        let mut values = Vec::with_capacity(rows.len() * neurons.len());
        for row in rows {
            let start = row * self.row_stride;
            values.extend_from_slice(&self.values[start + neurons.start..start + neurons.end]);
        }
        Self { values, row_stride, neuron_stride: self.neuron_stride }
    }

    /// The number of values in a slab, as a function of its size.
    pub(crate) fn footprint(&self) -> Footprint {
        Footprint::of((self.row_stride > 0, self.neuron_stride > 0))
    }

    /// Combines two columns, over the smallest shape that both broadcast to.
    pub(crate) fn zip<U: Copy, V: Copy>(
        &self,
        other: &Column<U>,
        Shape { batch, n }: Shape,
        mut combine: impl FnMut(T, U) -> V,
    ) -> Column<V> {
        let rows = if self.row_stride.max(other.row_stride) > 0 { batch } else { 1 };
        let neurons = if self.neuron_stride.max(other.neuron_stride) > 0 { n } else { 1 };
        let mut values = Vec::with_capacity(rows * neurons);
        for row in 0..rows {
            for neuron in 0..neurons {
                values.push(combine(self.get(row, neuron), other.get(row, neuron)));
            }
        }
        Column {
            values,
            row_stride: if rows > 1 { neurons } else { 0 },
            neuron_stride: usize::from(neurons > 1),
        }
    }

    /// Returns the row and the neuron of the first cell that has the value at this index.
    pub(crate) fn cell_of(&self, index: usize) -> (usize, usize) {
        match (self.row_stride, self.neuron_stride) {
            (0, 0) => (0, 0),
            (0, _) => (0, index),
            (_, 0) => (index, 0),
            (row, _) => (index / row, index % row),
        }
    }

    /// Describes the position of the value at this index, for messages.
    pub(crate) fn place(&self, index: usize) -> String {
        let (row, neuron) = self.cell_of(index);
        match (self.row_stride, self.neuron_stride) {
            (0, 0) => String::new(),
            (0, _) => format!(" for neuron {neuron}"),
            (_, 0) => format!(" for batch row {row}"),
            _ => format!(" for batch row {row}, neuron {neuron}"),
        }
    }
}

impl Column<f32> {
    /// Returns the values as their bits.
    pub(crate) fn into_bits(self) -> Column<u32> {
        Column {
            values: bytemuck::cast_vec(self.values),
            row_stride: self.row_stride,
            neuron_stride: self.neuron_stride,
        }
    }

    /// The largest magnitude.
    pub(crate) fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |largest, value| value.abs().max(largest))
    }
}

/// Returns the strides (row, neuron) that spread an array of this shape over `[batch, n]`.
pub(crate) fn strides(what: &str, shape: &[usize], Shape { batch, n }: Shape) -> Result<(usize, usize)> {
    let fits = |length: usize, full: usize| length == full || length == 1;
    let (rows, neurons) = match *shape {
        [] => (1, 1),
        [neurons] => (1, neurons),
        [rows, neurons] => (rows, neurons),
        _ => (0, 0),
    };
    if !fits(rows, batch) || !fits(neurons, n) {
        let expected = format!("[] or [{n}] or [{batch}, 1] or [{batch}, {n}]");
        return Err(Error::shape(what, expected, shape));
    }
    Ok((if rows > 1 { neurons } else { 0 }, usize::from(neurons > 1)))
}

/// Returns a parameter as a column, in row-major order whatever the memory order of the array.
pub(crate) fn column(what: &str, values: ArrayViewD<'_, f32>, shape: Shape) -> Result<Column<f32>> {
    let (row_stride, neuron_stride) = strides(what, values.shape(), shape)?;
    finite(what, &values)?;
    Ok(Column { values: values.iter().copied().collect(), row_stride, neuron_stride })
}

/// Refuses NaN and infinite values, and returns the largest magnitude.
pub(crate) fn finite(what: &str, values: &ArrayViewD<'_, f32>) -> Result<f32> {
    // The check for row-major order, which most arrays have, is the fastest.
    let largest = match values.as_slice().or_else(|| values.as_slice_memory_order()) {
        Some(slice) if slice.len() <= PARALLEL => largest_of(slice),
        Some(slice) => slice.par_chunks(TOGETHER).map(largest_of).reduce(|| 0.0, f32::max),
        None => largest_magnitude(values.iter().copied()),
    };
    if largest.is_finite() {
        return Ok(largest);
    }
    let (index, value) = values
        .indexed_iter()
        .find(|(_, value)| !value.is_finite())
        .map_or((IxDyn(&[]), largest), |(index, value)| (index, *value));
    let place = if index.ndim() == 0 { String::new() } else { format!(" at index {:?}", index.slice()) };
    Err(Error::NonFinite { argument: None, what: what.to_owned(), place, value })
}

/// Up to this many values, sharing them among threads takes longer than checking or copying them.
pub(crate) const PARALLEL: usize = 1 << 18;

/// The number of values that one thread checks at a time.
const TOGETHER: usize = 1 << 14;

/// [`largest_magnitude`], with the instructions that the processor has.
fn largest_of(values: &[f32]) -> f32 {
    pulp::Arch::new().dispatch(|| largest_magnitude(values.iter().copied()))
}

/// Returns the largest magnitude; infinite if any value is infinite or NaN. Magnitudes of floats are
/// ordered as their bits are, with NaN above infinity.
#[inline(always)]
fn largest_magnitude(values: impl Iterator<Item = f32>) -> f32 {
    let bits = values.fold(0_u32, |largest, value| largest.max(value.abs().to_bits()));
    f32::from_bits(bits.min(f32::INFINITY.to_bits()))
}

/// Shortens each axis that only repeats one entry to length 1. Broadcast views have such axes, and can be far larger
/// than the memory behind them.
pub(crate) fn without_repetition(mut view: ArrayViewD<'_, f32>) -> ArrayViewD<'_, f32> {
    for axis in 0..view.ndim() {
        if view.strides()[axis] == 0 && view.shape()[axis] > 1 {
            view.slice_axis_inplace(Axis(axis), (0..1).into());
        }
    }
    view
}

/// Checks that values are finite; returns them in row-major order, and their largest magnitude.
pub(crate) fn finite_row_major<'a>(what: &str, view: ArrayViewD<'a, f32>) -> Result<(Cow<'a, [f32]>, f32)> {
    let largest = finite(what, &view)?;
    Ok((row_major(view)?, largest))
}

/// The number of bytes that [`row_major`] copies.
pub(crate) fn bytes_copied(view: &ArrayViewD<'_, f32>) -> u64 {
    if view.is_standard_layout() { 0 } else { 4 * view.len() as u64 }
}

/// Returns the values in row-major order, copied only if they are in another order.
pub(crate) fn row_major(view: ArrayViewD<'_, f32>) -> Result<Cow<'_, [f32]>> {
    if let Some(values) = view.to_slice() {
        return Ok(Cow::Borrowed(values));
    }
    memory::require(
        "a copy of the input in row-major order",
        bytes_copied(&view),
        "pass the input in row-major order",
    )?;
    Ok(Cow::Owned(view.iter().copied().collect()))
}
