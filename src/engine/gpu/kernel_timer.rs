//! Measures kernel times with the clock of the device.

use super::context::GpuContext;
use crate::error::Result;
use std::time::Duration;

/// Kernels whose times are collected on the device before they are read, so that reading them costs little.
const MOST_KERNELS: u32 = 256;

const TICK_BYTES: u64 = size_of::<u64>() as u64;

/// Reads the device's clock at the beginning and end of each kernel.
#[derive(Debug)]
pub(super) struct KernelTimer {
    queries: wgpu::QuerySet,
    ticks: wgpu::Buffer,
    /// Nanoseconds in a tick.
    period: f64,
    /// Kernels whose times have not been read yet.
    waiting: u32,
    total: Duration,
}

impl KernelTimer {
    /// The feature with which the device must be opened, if the adapter has it.
    pub(super) const FEATURE: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY;

    /// Returns `None` if the device has no clock.
    pub(super) fn new(context: &GpuContext) -> Result<Option<Self>> {
        if !context.device.features().contains(Self::FEATURE) {
            return Ok(None);
        }
        let count = 2 * MOST_KERNELS;
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let ticks = context.buffer("the times of kernels", u64::from(count) * TICK_BYTES, usage)?;
        let queries = context.scoped("making room for the times of kernels", || {
            context.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("lif kernels"),
                ty: wgpu::QueryType::Timestamp,
                count,
            })
        })?;
        let period = f64::from(context.queue.get_timestamp_period());
        Ok(Some(Self { queries, ticks, period, waiting: 0, total: Duration::ZERO }))
    }

    /// Makes room for another kernel.
    pub(super) fn prepare(&mut self, context: &GpuContext) -> Result<()> {
        if self.waiting == MOST_KERNELS { self.read(context) } else { Ok(()) }
    }

    /// The queries in which the next kernel writes its times.
    pub(super) fn next(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(2 * self.waiting),
            end_of_pass_write_index: Some(2 * self.waiting + 1),
        }
    }

    /// To be called after the kernel was submitted.
    pub(super) fn submitted(&mut self) {
        self.waiting += 1;
    }

    /// Waits for all submitted kernels, and returns the time of all kernels so far.
    pub(super) fn total(&mut self, context: &GpuContext) -> Result<Duration> {
        self.read(context)?;
        Ok(self.total)
    }

    fn read(&mut self, context: &GpuContext) -> Result<()> {
        if self.waiting == 0 {
            return Ok(());
        }
        let stage = "reading the times of kernels";
        let count = 2 * self.waiting;
        let (submission, readback) = context.scoped(stage, || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.resolve_query_set(&self.queries, 0..count, &self.ticks, 0);
            let bytes = u64::from(count) * TICK_BYTES;
            let readback = context.read_back(&mut encoder, &[(&self.ticks, 0, bytes)]);
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        context.wait(&submission, stage)?;
        let ticks = context.take_readback(readback, stage, bytemuck::pod_collect_to_vec::<u8, u64>)?;
        // If the clock was set back in between, the time counts as 0, which is better than a wrong one.
        let passed: u64 = ticks.chunks_exact(2).map(|pair| pair[1].saturating_sub(pair[0])).sum();
        self.total += Duration::from_nanos((passed as f64 * self.period) as u64);
        self.waiting = 0;
        Ok(())
    }
}
