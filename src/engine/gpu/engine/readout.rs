//! What is read back from the device, or cleared on it.

use super::GpuEngine;
use crate::engine::field::{Counter, Field};
use crate::error::Result;
use crate::model::TraceRule;

impl GpuEngine {
    /// Where the kernel leaves the number of the step to come.
    pub(super) fn step_number(&self) -> (&wgpu::Buffer, u64, u64) {
        (&self.state.counts, self.cells() as u64 * 4, 4)
    }

    /// Every readback brings the step number along: work that a driver dropped without a word is
    /// found out by it.
    pub(super) fn check_step_number(&self, found: u32, expected: u32, stage: &str) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        let context = &self.gpu.context;
        context.note_lost(&format!("it has made {found} steps instead of {expected} (modulo 2^32)"));
        context.check_lost(stage)
    }

    /// Where the synaptic currents stand, in bytes: behind the traces, if there are any.
    pub(super) fn synaptic_offset(&self) -> u64 {
        if self.options.trace == TraceRule::Off { 0 } else { self.cells() as u64 * 4 }
    }

    /// The buffer of a state variable, and the byte at which it begins there.
    pub(super) fn place(&self, field: Field) -> (wgpu::Buffer, u64) {
        match field {
            Field::Voltages => (self.state.voltages.clone(), 0),
            Field::Traces => (self.state.traces.clone(), 0),
            Field::SynapticCurrents => (self.state.traces.clone(), self.synaptic_offset()),
        }
    }

    pub(super) fn counter(&self, counter: Counter) -> &wgpu::Buffer {
        match counter {
            Counter::Refractory => &self.state.refractory,
            Counter::Spikes => &self.state.counts,
        }
    }

    /// Reads one word per cell, from this byte of a buffer on.
    pub(super) fn read_from(&mut self, what: &str, buffer: &wgpu::Buffer, offset: u64) -> Result<Vec<u32>> {
        self.read_bytes(what, buffer, offset, self.cells() as u64 * 4)
    }

    /// Reads so many bytes, from this one of a buffer on.
    pub(super) fn read_bytes(
        &mut self,
        what: &str,
        buffer: &wgpu::Buffer,
        offset: u64,
        bytes: u64,
    ) -> Result<Vec<u32>> {
        self.finish_all()?;
        let stage = format!("reading {what}");
        let context = &self.gpu.context;
        let (submission, readback) = context.scoped(&stage, || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let readback = context.read_back(&mut encoder, &[(buffer, offset, bytes), self.step_number()]);
            (context.queue.submit([encoder.finish()]), readback)
        })?;
        context.wait(&submission, &stage)?;
        let mut words = context.take_readback(readback, &stage, bytemuck::pod_collect_to_vec::<u8, u32>)?;
        self.check_step_number(words.pop().unwrap_or_default(), self.next_step, &stage)?;
        Ok(words)
    }

    /// Sets the first bytes of these buffers to 0.
    pub(super) fn clear(&self, buffers: &[(wgpu::Buffer, u64)]) -> Result<()> {
        let context = &self.gpu.context;
        context.scoped("clearing state", || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (buffer, bytes) in buffers {
                encoder.clear_buffer(buffer, 0, Some(*bytes));
            }
            context.queue.submit([encoder.finish()]);
        })
    }
}
