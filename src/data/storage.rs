//! Arrays and spikes that stay on a device. What they are there only its engine knows, which takes them by
//! `downcast_ref`.

use crate::error::Result;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// Values that were uploaded.
pub(crate) trait DeviceArray: Any + Debug + Send + Sync {
    /// The values, where the memory of this program keeps them for a device that cannot bind as many at once.
    fn kept(&self) -> Option<&[f32]>;
}

/// Words of spikes.
pub(crate) trait DeviceWords: Any + Debug + Send + Sync {
    /// Copies them into the memory of this program.
    fn read(&self) -> Result<Vec<u32>>;
}

/// An array as its engine knows it; none where it is of another kind of device.
pub(crate) fn array_as<T: DeviceArray>(array: &Arc<dyn DeviceArray>) -> Option<&T> {
    let array: &dyn Any = &**array;
    array.downcast_ref()
}

/// The same for words.
pub(crate) fn words_as<T: DeviceWords>(words: &Arc<dyn DeviceWords>) -> Option<&T> {
    let words: &dyn Any = &**words;
    words.downcast_ref()
}
