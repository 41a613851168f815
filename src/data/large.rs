//! Arrays that may be very large, in large pages of memory if the system has them. To get many small pages from the
//! system takes as long as the fastest engine takes to fill them, and rows of memory that are read side by side need
//! more small pages than a processor can cache (in its TLB).

use bytemuck::Pod;
use memmap2::MmapMut;
use rayon::prelude::*;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Up to this many bytes an array is in ordinary memory: allocators reuse freed memory up to this size, and return
/// larger pieces to the system.
const SMALL: usize = 32 << 20;

/// The number of values that one thread copies at a time.
const COPIED_TOGETHER: usize = 1 << 16;

/// A vector of numbers, with memory that is allocated at once for its capacity and touched as values are added.
pub(crate) struct Large<T> {
    /// The values in use, followed by zeros.
    memory: Backing<T>,
    length: usize,
}

enum Backing<T> {
    Ordinary(Vec<T>),
    /// Begins at a page, and its length is a multiple of the size of a value.
    Mapped(MmapMut),
}

impl<T: Pod + Send + Sync> Large<T> {
    /// An empty vector with room for `capacity` values.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let bytes = capacity.saturating_mul(size_of::<T>());
        let mapped = if bytes <= SMALL { None } else { map(bytes) };
        let memory = mapped.map_or_else(|| Backing::Ordinary(vec![T::zeroed(); capacity]), Backing::Mapped);
        Self { memory, length: 0 }
    }

    pub(crate) fn zeroed(length: usize) -> Self {
        Self { length, ..Self::with_capacity(length) }
    }

    pub(crate) fn copy_of(values: &[T]) -> Self {
        let mut copy = Self::with_capacity(values.len());
        copy.extend_from_slice(values);
        copy
    }

    /// The number of values that it has room for.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.all().len()
    }

    /// Appends `by` zeros, and returns them.
    pub(crate) fn grow(&mut self, by: usize) -> &mut [T] {
        let before = self.length;
        let length = before + by;
        if length > self.capacity() {
            let mut larger = Self::with_capacity(length.max(2 * before));
            larger.extend_from_slice(self);
            *self = larger;
        }
        self.length = length;
        &mut self[before..]
    }

    /// Appends values, on all cores if there are many: the first touch of memory takes longer than the copy.
    pub(crate) fn extend_from_slice(&mut self, values: &[T]) {
        let added = self.grow(values.len());
        if values.len() <= COPIED_TOGETHER {
            return added.copy_from_slice(values);
        }
        let pieces = added.par_chunks_mut(COPIED_TOGETHER).zip(values.par_chunks(COPIED_TOGETHER));
        pieces.for_each(|(to, from)| to.copy_from_slice(from));
    }
}

impl<T: Pod> Backing<T> {
    fn all(&self) -> &[T] {
        match self {
            Self::Ordinary(values) => values,
            Self::Mapped(map) => bytemuck::cast_slice(map),
        }
    }

    fn all_mut(&mut self) -> &mut [T] {
        match self {
            Self::Ordinary(values) => values,
            Self::Mapped(map) => bytemuck::cast_slice_mut(map),
        }
    }
}

/// Maps `bytes` zero bytes; `None` if the system refuses.
fn map(bytes: usize) -> Option<MmapMut> {
    let map = MmapMut::map_anon(bytes).ok()?;
    // Only advice: without large pages the results are the same.
    #[cfg(target_os = "linux")]
    if let Err(refusal) = map.advise(memmap2::Advice::HugePage) {
        log::debug!("no large pages: {refusal}");
    }
    Some(map)
}

impl<T: Pod> Deref for Large<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory.all()[..self.length]
    }
}

impl<T: Pod> DerefMut for Large<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory.all_mut()[..self.length]
    }
}

impl<T: Pod + Send + Sync> Clone for Large<T> {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl<T: Pod + PartialEq> PartialEq for Large<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + Eq> Eq for Large<T> {}

impl<T: Pod + fmt::Debug> fmt::Debug for Large<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths on both sides of [`SMALL`].
    const LENGTHS: [usize; 4] = [0, 5, SMALL / 4, SMALL / 4 + 70_000];

    #[test]
    fn values_survive_growth_beyond_what_there_was_room_for() {
        for length in LENGTHS {
            let values: Vec<u32> = (0..length as u32).collect();
            let mut large = Large::copy_of(&values);
            assert_eq!(*large, *values);
            assert_eq!(large, large.clone());
            assert_eq!(*large.grow(3), [0; 3]);
            large[length + 1] = 7;
            large.extend_from_slice(&values);
            assert_eq!(large[length..length + 3], [0, 7, 0]);
            assert_eq!((&large[..length], &large[length + 3..]), (&*values, &*values));
        }
    }

    #[test]
    fn room_is_used_as_values_come_and_holds_zeros() {
        for length in LENGTHS {
            let mut large = Large::<f32>::with_capacity(length);
            assert!(large.is_empty());
            large.grow(length / 2);
            large.grow(length - length / 2);
            assert_eq!(*large, *vec![0.0; length]);
            assert_eq!(*Large::<f32>::zeroed(length), *large);
        }
    }
}
