//! How much memory inputs need on a device, in addition to the caller's arrays.

use super::placement::{Placement, TransferSize, bytes, clamp_to_possible, is_cut};
use super::{Backend, Device, EngineKind};
use crate::data::memory::MemoryNeed;
use crate::data::shape::Shape;
use crate::data::slab::{Buffers, Slab};
use crate::engine::gpu_limits::{self, MOST_MOVED_BYTES};
use crate::experiment::input::{Input, InputSize};
use crate::experiment::noise_size::NoiseSize;
use crate::experiment::params::Params;

const INPUT: &str = "the input";
const SPIKE_INPUT: &str = "the spike input";
const RANDOM: &str = "the random sources";
const TABLES: &str = "the tables of the Poisson input";
pub(super) const TRANSFERS: &str = "transfers to and from the device";

/// Inputs in transfer to a GPU at a time: those of the dispatches in flight, and of the next.
const UPLOADS: u64 = gpu_limits::IN_FLIGHT as u64 + 1;

impl Input<'_> {
    /// How much memory it needs in a run of this many steps of a population of this shape, in addition to the
    /// caller's arrays: a GPU has a part of it at a time, and other parts are in transfer. Random sources are
    /// assumed to drive a population with the default `dt`; with longer steps the tables of Poisson spikes
    /// are larger. Spikes are assumed to drive a population without inhibitory currents.
    ///
    /// ```
    /// use lif::{Device, Input};
    /// use ndarray::Array2;
    ///
    /// let currents = Array2::<f32>::zeros((500, 1000));
    /// let need = Input::sequence(&currents).memory_needed(500, 1000, &Device::cpu());
    /// assert_eq!(need.total(), 0);    // the CPU reads it in place
    /// ```
    #[must_use]
    pub fn memory_needed(&self, steps: u64, shape: impl Into<Shape>, device: &Device) -> MemoryNeed {
        let shape = shape.into();
        let noise = NoiseSize::of(&self.random, Params::default().dt);
        let size = InputSize { noise, ..self.size(shape.n) };
        Placement::from(device).memory_of_input(&size, steps, Buffers::default(), shape)
    }
}

impl Placement {
    /// The memory that an input needs while it drives a population with these buffers for `steps` steps, in
    /// addition to the caller's arrays.
    pub(crate) fn memory_of_input(
        &self,
        input: &InputSize,
        steps: u64,
        buffers: Buffers,
        shape: Shape,
    ) -> MemoryNeed {
        let mut need = MemoryNeed::default();
        need.add(INPUT, input.copied, 0);
        let shape = clamp_to_possible(shape);
        let slabs = self.slabs(buffers, shape);
        let cut = is_cut(&slabs);
        self.add_noise(&mut need, &input.noise, &slabs, shape);
        let copied = input.spikes.iter().map(|spikes| spikes.copied).fold(0, u64::saturating_add);
        need.add(SPIKE_INPUT, copied, 0);
        for (_, slabs) in slabs.iter().filter(|(device, _)| matches!(device.backend, Backend::Gpu(_))) {
            for slab in slabs {
                let cells = slab.cells(shape.n).len() as u64;
                let row = input.of_step.min(cells).saturating_mul(4);
                let moved = TransferSize { all: row.saturating_mul(steps), row }.within(MOST_MOVED_BYTES);
                if input.is_sequence {
                    need.add(INPUT, 0, moved);
                    // The slab's part of each step is first copied into one piece.
                    need.add(TRANSFERS, (UPLOADS + u64::from(cut)).saturating_mul(moved), 0);
                } else {
                    need.add(INPUT, 0, row);
                    need.add(TRANSFERS, row, 0);
                }
                if input.spikes.is_empty() {
                    continue;
                }
                let sums = 4 * cells * input.spike_targets();
                let arrivals =
                    TransferSize { all: sums.saturating_mul(steps), row: sums }.within(MOST_MOVED_BYTES);
                need.add(SPIKE_INPUT, 0, arrivals);
                // The steps of a dispatch may begin and end in the middle of a word of spikes.
                let blocks = (arrivals / sums.max(1)).div_ceil(32) + 1;
                for spikes in &input.spikes {
                    let words = spikes.words_of_block.saturating_mul(4 * blocks);
                    let weights = spikes.weights.saturating_mul(4);
                    // A copy of the weights is kept, to compare it with the weights of the next call.
                    let kept = weights.min(gpu_limits::MOST_KEPT_WEIGHT_BYTES as u64);
                    need.add(SPIKE_INPUT, kept, words.saturating_add(weights));
                    let parts = if cut { words.saturating_add(weights) } else { 0 };
                    let moved = words.saturating_mul(UPLOADS).saturating_add(weights);
                    need.add(TRANSFERS, moved.saturating_add(parts), 0);
                }
            }
        }
        need
    }

    /// Adds the memory of random sources: in host memory as a whole, and in addition the part of each slab
    /// and of each GPU.
    fn add_noise(
        &self,
        need: &mut MemoryNeed,
        noise: &NoiseSize,
        slabs: &[(&Device, Vec<Slab>)],
        shape: Shape,
    ) {
        if noise.sources == 0 {
            return;
        }
        let tables = bytes(noise.tables);
        need.add(RANDOM, noise.copied + bytes(noise.columns.words(shape)), 0);
        need.add(TABLES, tables, 0);
        let cut = is_cut(slabs);
        for (device, slabs) in slabs {
            for slab in slabs {
                let columns = bytes(noise.columns.words(slab.shape()));
                if cut {
                    need.add(RANDOM, columns, 0);
                }
                if matches!(device.backend, Backend::Gpu(_)) {
                    let records = bytes(gpu_limits::words_of_sources(noise.sources, noise.is_normal));
                    need.add(RANDOM, 0, columns + records);
                    need.add(TABLES, 0, tables);
                    // They are first copied into one piece.
                    let moved = columns.saturating_add(records).saturating_add(tables);
                    need.add(TRANSFERS, moved.saturating_mul(2), 0);
                }
            }
        }
    }

    /// Number of copies of a queued step's values when it is made.
    pub(crate) fn copies_of_queued(&self) -> u64 {
        if self.device.engine_kind() == EngineKind::Cpu { 1 } else { 2 + UPLOADS }
    }
}
