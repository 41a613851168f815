//! Reads state back from the device, and clears it there.

use super::GpuEngine;
use crate::error::Result;
use crate::prepared::field::{Counter, Field};
use std::ops::Range;

impl GpuEngine {
    /// Buffer, offset and size of the number of the next step, which the kernel keeps up to date.
    pub(super) fn step_number(&self) -> (&wgpu::Buffer, u64, u64) {
        (&self.state.counters, self.state.step_at() as u64 * 4, 4)
    }

    /// Compares the step number that each readback contains. It reveals work that a driver dropped silently.
    pub(super) fn check_step_number(&self, found: u32, expected: u32, stage: &str) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        let context = &self.gpu.context;
        context.note_lost(&format!("it has made {found} steps instead of {expected} (modulo 2^32)"));
        context.check_lost(stage)
    }

    /// The buffer of a state variable, and the range of its bytes; empty if the rules do not use it.
    pub(super) fn place(&self, field: Field) -> (wgpu::Buffer, Range<u64>) {
        let Some(place) = self.state.place(field) else { return (self.state.state.clone(), 0..0) };
        (self.state.state.clone(), self.bytes_from(place))
    }

    /// The buffer of a counter, and the range of its bytes.
    pub(super) fn place_of_counter(&self, counter: Counter) -> (wgpu::Buffer, Range<u64>) {
        (self.state.counters.clone(), self.bytes_from(self.state.place_of_counter(counter)))
    }

    /// The bytes of one word for each cell, from this word on.
    fn bytes_from(&self, word: usize) -> Range<u64> {
        word as u64 * 4..(word + self.cells()) as u64 * 4
    }

    /// Reads these bytes of a buffer.
    pub(super) fn read_bytes(
        &mut self,
        what: &str,
        buffer: &wgpu::Buffer,
        bytes: Range<u64>,
    ) -> Result<Vec<u32>> {
        self.finish_all()?;
        let stage = format!("reading {what}");
        let context = &self.gpu.context;
        let (submission, readback) = context.scoped(&stage, || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let readback = context.read_back(
                &mut encoder,
                &[(buffer, bytes.start, bytes.end - bytes.start), self.step_number()],
            );
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        context.wait(&submission, &stage)?;
        let mut words = context.take_readback(readback, &stage, bytemuck::pod_collect_to_vec::<u8, u32>)?;
        self.check_step_number(words.pop().unwrap_or_default(), self.next_step, &stage)?;
        Ok(words)
    }

    /// Sets these bytes of buffers to 0.
    pub(super) fn clear(&self, buffers: &[(wgpu::Buffer, Range<u64>)]) -> Result<()> {
        let context = &self.gpu.context;
        context.scoped("clearing state", || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (buffer, bytes) in buffers {
                encoder.clear_buffer(buffer, bytes.start, Some(bytes.end - bytes.start));
            }
            context.queue.submit([encoder.finish()]);
        })
    }
}
