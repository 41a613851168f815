//! Stands in for the GPU engine in builds without the feature `gpu`, where there is never a GPU.

use crate::data::shape::Shape;
use crate::data::storage::{DeviceArray, DeviceWords};
use crate::engine::Engine;
use crate::error::Result;
use crate::prepared::coefficients::Table;
use crate::prepared::network::Part;
use std::sync::Arc;

/// Has no values, so that none of its methods can be called.
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

    pub(crate) fn engine(
        self: &Arc<Self>,
        _: &Table,
        _: Shape,
        _: Option<Part<'_>>,
        _: bool,
    ) -> Result<Box<dyn Engine>> {
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

/// The name of the device that stores an array.
pub(crate) fn home(_: &Arc<dyn DeviceArray>) -> Option<String> {
    None
}
