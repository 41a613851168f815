//! Words of spikes that stay on a device.

use super::{Gpu, STATE};
use crate::data::memory;
use crate::data::storage::DeviceWords;
use crate::error::Result;
use std::sync::Arc;

/// A buffer of words of spikes.
#[derive(Debug)]
pub(crate) struct ResidentWords {
    gpu: Arc<Gpu>,
    pub(super) buffer: wgpu::Buffer,
    /// The buffer may be longer.
    words: u64,
}

impl ResidentWords {
    /// Allocates this many words, all 0.
    pub(super) fn room(gpu: &Arc<Gpu>, words: u64) -> Result<Self> {
        let buffer = gpu.context.buffer("the kept spikes", words * 4, STATE)?;
        Ok(Self { gpu: Arc::clone(gpu), buffer, words })
    }

    pub(crate) fn upload(gpu: &Arc<Gpu>, words: &[u32]) -> Result<Self> {
        let buffer = gpu.upload("the spikes", bytemuck::cast_slice(words))?;
        Ok(Self { gpu: Arc::clone(gpu), buffer, words: words.len() as u64 })
    }

    /// The device that stores them.
    pub(crate) fn gpu(&self) -> &Arc<Gpu> {
        &self.gpu
    }
}

impl DeviceWords for ResidentWords {
    fn read(&self) -> Result<Vec<u32>> {
        let bytes = self.words * 4;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        memory::require("the kept spikes", bytes, "keep the spikes of fewer steps")?;
        let stage = "reading the kept spikes";
        let context = &self.gpu.context;
        let (submission, readback) = context.scoped(stage, || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let readback = context.read_back(&mut encoder, &[(&self.buffer, 0, bytes)]);
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        context.wait(&submission, stage)?;
        context.take_readback(readback, stage, bytemuck::pod_collect_to_vec::<u8, u32>)
    }
}
