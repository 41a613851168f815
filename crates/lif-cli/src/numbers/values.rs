//! Lists that values of columns go to.

use super::Number;
use lif::require_memory;

/// The room of a list that has some values.
const ROOM: usize = 1 << 10;

/// A list of numbers.
pub trait Values {
    /// The number of values.
    fn len(&self) -> usize;

    /// Makes room for this many more values.
    fn reserve(&mut self, more: u64) -> Result<(), String>;

    /// Appends a value, or says what is wrong with it.
    fn push(&mut self, number: Number) -> Result<(), String>;
}

fn reserve<T>(list: &mut Vec<T>, more: u64) -> Result<(), String> {
    let bytes = more.saturating_mul(size_of::<T>() as u64);
    require_memory("the column", bytes, "take a shorter list").map_err(|error| error.to_string())?;
    let more = usize::try_from(more).map_err(|error| error.to_string())?;
    list.try_reserve_exact(more).map_err(|error| error.to_string())
}

fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), String> {
    if list.len() == list.capacity() {
        reserve(list, list.len().max(ROOM) as u64)?;
    }
    list.push(value);
    Ok(())
}

macro_rules! values {
    ($($kind:ty: $convert:expr;)*) => {$(
        impl Values for Vec<$kind> {
            fn len(&self) -> usize {
                self.len()
            }

            fn reserve(&mut self, more: u64) -> Result<(), String> {
                reserve(self, more)
            }

            fn push(&mut self, number: Number) -> Result<(), String> {
                let convert: fn(Number) -> Result<$kind, String> = $convert;
                push(self, convert(number)?)
            }
        }
    )*};
}

values! {
    u32: |number| number.whole();
    u64: |number| number.whole();
    f32: |number| Ok(number.real() as f32);
    f64: |number| Ok(number.real());
}
