//! Files of numbers as people have them: text and numpy arrays, recognised by their content. Stimuli,
//! recorded spikes, events and weights are all read through here.

pub mod clock;
pub mod comments;
mod heading;
pub mod interval;
mod malformed;
pub mod name;
mod number;
pub mod numpy;
pub mod origin;
pub mod sampling;
pub mod signs;
pub mod source;
pub mod text;
pub mod time;
mod time_unit;
mod tokens;
pub mod understood;
pub mod units;
pub mod unread;
mod values;

pub use number::Number;
pub use origin::Origin;
pub use source::{Format, Source};
pub use time::{Precision, Time};
pub use time_unit::TimeUnit;
pub use understood::Understood;
pub use values::Values;

use name::Name;
use numpy::Archive;
use origin::time_unit;
use text::{Layout, Lines};

/// The time of a row, if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// There are no more rows.
    End,
    /// The next one, which has no time.
    Next,
    /// One with a time, from which on it counts.
    At(Time),
}

/// Rows one after the other.
pub trait Rows {
    /// Puts the values of the next row into `row`.
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String>;

    /// The line that was read last, where there are lines.
    fn line(&self) -> Option<u64> {
        None
    }
}

impl<R: Rows + ?Sized> Rows for &mut R {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        (**self).next(row)
    }

    fn line(&self) -> Option<u64> {
        (**self).line()
    }
}

impl<R: Rows + ?Sized> Rows for Box<R> {
    fn next(&mut self, row: &mut Vec<f64>) -> Result<Sample, String> {
        (**self).next(row)
    }

    fn line(&self) -> Option<u64> {
        (**self).line()
    }
}

/// A number for people, with a power of ten instead of many zeros.
pub fn written(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-5..1e15).contains(&value.abs());
    if is_plain { format!("{value}") } else { format!("{value:e}") }
}

/// The index of a value in an array of this shape, from its place in row-major order.
pub fn index(shape: &[usize], place: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut rest = place;
    for (axis, length) in shape.iter().enumerate().rev() {
        index[axis] = rest % length.max(&1);
        rest /= length.max(&1);
    }
    index
}

/// Refuses an option that contradicts the unit in the names that are used. Other faults of the file are left
/// to its reader.
pub fn refuse_other_unit(
    source: &Source,
    layout: Layout,
    given: Option<TimeUnit>,
    option: &'static str,
    is_used: impl Fn(&Name) -> bool,
) -> Result<(), String> {
    let names: Vec<Name> = match source.format() {
        _ if given.is_none() => return Ok(()),
        Format::Npy => return Ok(()),
        Format::Npz => {
            let keys = Archive::open(source).map(|archive| archive.names()).unwrap_or_default();
            keys.iter().map(|key| Name::new(key)).collect()
        }
        Format::Text => {
            let Ok(mut lines) = Lines::open(source, layout) else { return Ok(()) };
            // The names are known with the first row.
            let _ = lines.row();
            lines.names().first().cloned().into_iter().collect()
        }
    };
    let with_units = |name: &&Name| is_used(name) && matches!(name.time_unit(), Ok(Some(_)));
    names.iter().filter(with_units).try_for_each(|name| time_unit(given, option, Some(name)).map(drop))
}

/// Visits all values of a list, which may also be a row or a column of a matrix.
pub fn each_of_list(
    shape: &[usize],
    rows: &mut dyn Rows,
    mut visit: impl FnMut(usize, f64) -> Result<(), String>,
) -> Result<(), String> {
    let is_list = (1..=2).contains(&shape.len()) && shape.iter().filter(|length| **length > 1).count() <= 1;
    if !is_list {
        return Err(format!("it has shape {shape:?}; expected a list, [N], [N, 1] or [1, N]"));
    }
    let mut row = Vec::new();
    let mut place = 0;
    while rows.next(&mut row)? != Sample::End {
        for value in &row {
            visit(place, *value)?;
            place += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_powers_of_ten() {
        let numbers = [0.0, -1.5, 1e14, 1e39, -2e-7, f64::NAN].map(written);
        assert_eq!(numbers, ["0", "-1.5", "100000000000000", "1e39", "-2e-7", "NaN"]);
    }

    #[test]
    fn a_place_has_an_index_in_each_axis() {
        assert_eq!(index(&[7], 3), [3]);
        assert_eq!(index(&[7, 1], 3), [3, 0]);
        assert_eq!(index(&[1, 7], 3), [0, 3]);
        assert_eq!(index(&[2, 3, 4], 23), [1, 2, 3]);
    }
}
