//! The shape of a population: how many cells it has, and in which order.

use std::fmt;

/// `batch` rows of `n` neurons: the shape of a population, and of all arrays that have a value for each cell.
///
/// It converts from the number of neurons in one row, or from `[batch, n]`. The cell of a row and a neuron has the
/// number `row * n + neuron`.
///
/// ```
/// use lif::Shape;
///
/// assert_eq!(Shape::from(10), Shape { batch: 1, n: 10 });
/// assert_eq!(Shape::from([4, 10]), Shape { batch: 4, n: 10 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The number of batch rows.
    pub batch: usize,
    /// The number of neurons in a row.
    pub n: usize,
}

impl Shape {
    /// The number of cells, `batch * n`; `usize::MAX` if that overflows.
    #[must_use]
    pub fn cells(self) -> usize {
        self.batch.saturating_mul(self.n)
    }
}

impl From<usize> for Shape {
    /// One row of `n` neurons.
    fn from(n: usize) -> Self {
        Self { batch: 1, n }
    }
}

impl From<[usize; 2]> for Shape {
    /// `[batch, n]`.
    fn from([batch, n]: [usize; 2]) -> Self {
        Self { batch, n }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}, {}]", self.batch, self.n)
    }
}
