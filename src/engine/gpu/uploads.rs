//! Uploads the input of a dispatch through a ring of staging buffers, which are reused once the device has
//! read them. `Queue::write_buffer` allocates fresh memory at each call, whose first use costs as much as the
//! copy; `wgpu::util::StagingBelt` panics if a device is lost.

use super::context::{GpuContext, gpu_error};
use crate::error::Result;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that one thread copies at a time.
const COPIED_TOGETHER: usize = 1 << 20;

/// The staging buffers that the device has read, mapped and ready to be written.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    free: Arc<Mutex<Vec<wgpu::Buffer>>>,
}

/// Values in a staging buffer, and the buffers that they are meant for.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    staging: wgpu::Buffer,
    targets: Vec<(&'a wgpu::Buffer, u64)>,
}

impl Uploads {
    /// Writes values for the beginnings of these buffers into a staging buffer.
    pub(super) fn write<'a>(
        &self,
        context: &GpuContext,
        stage: &str,
        writes: &[(&'a wgpu::Buffer, &[u8])],
    ) -> Result<Upload<'a>> {
        let bytes = writes.iter().map(|(_, values)| values.len() as u64).sum();
        let staging = self.take(context, stage, bytes)?;
        let mut view = staging.get_mapped_range_mut(0..bytes).map_err(|error| gpu_error(stage, &error))?;
        let mut end = 0;
        for (_, values) in writes {
            copy(view.slice(end..end + values.len()), values);
            end += values.len();
        }
        drop(view);
        staging.unmap();
        let targets = writes.iter().map(|(target, values)| (*target, values.len() as u64)).collect();
        Ok(Upload { staging, targets })
    }

    /// Records the copies from the staging buffer to the target buffers.
    pub(super) fn record(&self, encoder: &mut wgpu::CommandEncoder, upload: Upload<'_>) {
        let Upload { staging, targets } = upload;
        let mut end = 0;
        for (target, bytes) in targets {
            encoder.copy_buffer_to_buffer(&staging, end, target, 0, bytes);
            end += bytes;
        }
        let free = Arc::clone(&self.free);
        encoder.map_buffer_on_submit(&staging.clone(), wgpu::MapMode::Write, .., move |mapped| {
            // A buffer that cannot be mapped is dropped; the cause is reported elsewhere.
            if mapped.is_ok() {
                free.lock().unwrap_or_else(PoisonError::into_inner).push(staging);
            }
        });
    }

    /// Returns a mapped buffer. If all free ones are too small, they are replaced by a larger one.
    fn take(&self, context: &GpuContext, stage: &str, bytes: u64) -> Result<wgpu::Buffer> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = free.iter().position(|buffer| buffer.size() >= bytes) {
            return Ok(free.swap_remove(index));
        }
        free.clear();
        drop(free);
        context.scoped(stage, || {
            context.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("upload"),
                size: bytes,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: true,
            })
        })
    }
}

/// Copies on all cores if there is much to copy: a single core is slower than the bus to a fast device.
fn copy(target: wgpu::WriteOnly<'_, [u8]>, values: &[u8]) {
    let whole = values.len() / COPIED_TOGETHER * COPIED_TOGETHER;
    let (first, mut rest) = target.split_at(whole);
    let (pieces, _) = first.into_chunks::<COPIED_TOGETHER>();
    let pieces: Vec<_> = pieces.into_iter().zip(values.chunks_exact(COPIED_TOGETHER)).collect();
    pieces.into_par_iter().for_each(|(to, from)| wgpu::WriteOnly::<[u8]>::from(to).copy_from_slice(from));
    rest.copy_from_slice(&values[whole..]);
}
