//! Traits for arrays and spikes that stay on a device. Only the engine of that device knows their type, and gets it by
//! `downcast_ref`.

use crate::error::Result;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// An array that was uploaded to a device.
pub(crate) trait DeviceArray: Any + Debug + Send + Sync {
    /// Returns the values if they are kept in the memory of this program, as the device cannot bind that many at once.
    fn kept(&self) -> Option<&[f32]>;
}

/// Words of spikes on a device; a word has 32 steps of a cell.
pub(crate) trait DeviceWords: Any + Debug + Send + Sync {
    /// Copies the words into the memory of this program.
    fn read(&self) -> Result<Vec<u32>>;
}

/// Returns an array as the type of an engine; `None` if it is on another kind of device.
pub(crate) fn array_as<T: DeviceArray>(array: &Arc<dyn DeviceArray>) -> Option<&T> {
    let array: &dyn Any = &**array;
    array.downcast_ref()
}

/// As [`array_as`], for words of spikes.
pub(crate) fn words_as<T: DeviceWords>(words: &Arc<dyn DeviceWords>) -> Option<&T> {
    let words: &dyn Any = &**words;
    words.downcast_ref()
}
