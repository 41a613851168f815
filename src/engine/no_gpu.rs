//! In a build without the feature `gpu`: there is no GPU, and so nothing to do for one.

use crate::data::shape::Shape;
use crate::data::storage::{DeviceArray, DeviceWords};
use crate::engine::Engine;
use crate::error::Result;
use crate::prepared::coefficients::Table;
use std::sync::Arc;

/// None of them is ever made.
#[derive(Debug)]
pub(crate) enum Gpu {}

impl Gpu {
    pub(crate) fn largest_slab(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn largest_binding(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn is_software(&self) -> bool {
        match *self {}
    }

    pub(crate) fn title(&self) -> String {
        match *self {}
    }

    pub(crate) fn engine(self: &Arc<Self>, _: &Table, _: Shape, _: bool) -> Result<Box<dyn Engine>> {
        match **self {}
    }

    pub(crate) fn array(self: &Arc<Self>, _: &[f32]) -> Result<Arc<dyn DeviceArray>> {
        match **self {}
    }

    pub(crate) fn words(self: &Arc<Self>, _: &[u32]) -> Result<Option<Arc<dyn DeviceWords>>> {
        match **self {}
    }

    pub(crate) fn has_array(self: &Arc<Self>, _: &Arc<dyn DeviceArray>) -> bool {
        match **self {}
    }

    pub(crate) fn has_words(self: &Arc<Self>, _: &Arc<dyn DeviceWords>) -> bool {
        match **self {}
    }
}

/// How the device is called that has an array.
pub(crate) fn home(_: &Arc<dyn DeviceArray>) -> Option<String> {
    None
}
