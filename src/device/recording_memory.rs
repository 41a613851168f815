//! How much memory recordings need on a device.

use super::Device;
use super::placement::{Placement, TransferSize};
use crate::data::memory::MemoryNeed;
use crate::data::shape::Shape;
use crate::data::slab::Buffers;
use crate::experiment::recording::{BLOCK_BYTES, Delivery, Neurons, Recording, most_rate_bytes};

impl Recording {
    /// How much memory the recording of a run of this many steps needs, for a population of this shape that
    /// has not made a step yet.
    ///
    /// ```
    /// use lif::{Device, Recording};
    /// let need = Recording::none().spikes().rate().memory_needed(3200, 1000, &Device::cpu());
    /// assert!(need.host_bytes() > 1000 * 3200 / 8 + 3200 * 4);
    /// println!("{need}");
    /// ```
    #[must_use]
    pub fn memory_needed(&self, steps: u64, shape: impl Into<Shape>, device: &Device) -> MemoryNeed {
        self.need((0, steps), shape.into(), Delivery::Whole, &device.into(), Buffers::default())
    }

    /// The same for a run that passes its recording to a [sink](crate::Run::sink) in blocks, one of which
    /// waits while the sink handles another.
    #[must_use]
    pub fn memory_needed_in_blocks(
        &self,
        steps: u64,
        shape: impl Into<Shape>,
        device: &Device,
    ) -> MemoryNeed {
        self.need((0, steps), shape.into(), Delivery::InBlocks, &device.into(), Buffers::default())
    }

    /// The same for a run that starts at any step, for a population with these buffers.
    pub(crate) fn need(
        &self,
        (first_step, steps): (u64, u64),
        shape: Shape,
        kept: Delivery,
        placement: &Placement,
        buffers: Buffers,
    ) -> MemoryNeed {
        let Shape { batch, n } = shape;
        let bytes = |factors: [u64; 3]| factors.into_iter().fold(4, u64::saturating_mul);
        let rows = batch as u64;
        let end = first_step.saturating_add(steps);
        let blocks = end.div_ceil(32) - first_step / 32;
        let length = |neurons: &Neurons| neurons.len(n) as u64;

        let spikes = self.spikes.as_ref().map_or(0, length);
        let (sampled, samples) = self.voltages.as_ref().map_or((0, 0), |(neurons, every)| {
            let every = u64::from(*every).max(1);
            (length(neurons), end.div_ceil(every) - first_step.div_ceil(every))
        });
        // The bytes of a recording with `values` neurons, at `times` times.
        let stream = |values: u64, times: u64| TransferSize {
            all: bytes([times, rows, values]),
            row: bytes([rows, values, 1]),
        };
        let voltages = stream(sampled, samples);
        let spike_bytes = bytes([blocks, rows, spikes]).saturating_add(bytes([spikes, 1, 1]));
        let rate_bytes = if self.rate { bytes([steps, rows, 1]) } else { 0 };
        let voltage_bytes = voltages.all.saturating_add(bytes([sampled, 1, 1]));

        let reads_words = self.rate || self.scored;
        let mut need = MemoryNeed::default();
        need.add("the counts", if self.counts { bytes([2, rows, n as u64]) } else { 0 }, 0);
        if !self.hands_out() {
            return need;
        }
        match kept {
            Delivery::Whole => {
                need.add("the recorded spikes", spike_bytes, 0);
                need.add("the rate", rate_bytes, 0);
                need.add("the recorded voltages", voltage_bytes, 0);
            }
            Delivery::InBlocks => {
                let whole = spike_bytes.saturating_add(rate_bytes).saturating_add(voltage_bytes);
                let most_steps = steps.min(placement.most_recorded_steps());
                let words = stream(spikes, most_steps.div_ceil(32) + 1);
                let piece = (words, stream(sampled, most_steps.min(samples)));
                let rate =
                    if self.rate { bytes([most_steps, rows, 1]).min(most_rate_bytes(rows)) } else { 0 };
                let some = placement.most_of_block(BLOCK_BYTES as u64, piece, buffers, shape);
                let some = some.saturating_add(rate);
                // One block is collected, one waits, and the sink handles one.
                need.add("the blocks of the recording", whole.min(some.saturating_mul(3)), 0);
            }
        }
        let words = stream(if reads_words { n as u64 } else { spikes }, blocks);
        let in_place = kept == Delivery::Whole && !reads_words && self.spikes == Some(Neurons::All);
        need.and(placement.memory_of_recording((words, voltages), in_place, buffers, shape))
    }
}
