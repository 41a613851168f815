//! The memory and disk space of a run, known before its first step.

use super::{Drive, Plan};
use crate::failure::Failure;
use crate::files::disk::Need;
use crate::files::folder_of;
use crate::recording::events;
use crate::recording::spools::Parts;
use crate::settings::record::Record;
use lif::{Device, Input, MemoryNeed, Population};
use std::path::Path;

/// Approximate bytes per cell on the host: state, parameters, and what is read back.
const BYTES_PER_CELL: u64 = 32;

impl Plan {
    /// The memory of population, input and recording on this device. Refuses more than the budget.
    pub fn memory_needed(&self, device: &Device) -> Result<MemoryNeed, Failure> {
        let population = Population::memory_needed(&self.params, self.shape, device)?;
        let recording = self.recording.memory_needed_in_blocks(self.steps, self.shape, device);
        let need = population.and(recording).and(self.memory_of_input(device)?);
        self.options().require_within_budget(&need, "the run")?;
        let cells = self.shape.cells() as u64;
        let statistics = cells.saturating_mul(bytes_per_cell(&self.record, self.shape.n) - BYTES_PER_CELL);
        let all = need.clone().and(MemoryNeed::of("the statistics of the spikes", statistics, 0));
        let buffers = if device.is_software_adapter() { all.device_bytes() } else { 0 };
        lif::require_memory(
            &format!("the run ({all})"),
            all.host_bytes().saturating_add(buffers),
            "take fewer neurons or a smaller batch, or record fewer neurons",
        )?;
        Ok(need)
    }

    /// The memory of the input, without the population.
    pub fn memory_of_input(&self, device: &Device) -> Result<MemoryNeed, Failure> {
        let mut need = MemoryNeed::default();
        let mut steps = self.steps;
        // The input of one step suffices to know the need of several.
        let step;
        let input = match &self.drive {
            Drive::Same(current) => Input::constant(*current),
            Drive::Spread(currents) => {
                need = MemoryNeed::of("the currents", currents.len() as u64 * size_of::<f32>() as u64, 0);
                Input::constant(currents)
            }
            Drive::Stimulus(stimulus, _) => {
                need = MemoryNeed::of("the blocks of the stimulus", stimulus.bytes(self.steps), 0);
                steps = steps.min(stimulus.block_steps());
                step = stimulus.silence();
                Input::sequence(&step)
            }
        };
        let input = self.random.iter().cloned().fold(input, Input::and);
        let needed = |input: &Input<'_>, steps| input.memory_needed(steps, self.shape, device);
        let Some(trains) = &self.trains else { return Ok(need.and(needed(&input, steps))) };
        need = need.and(MemoryNeed::of("the events", trains.bytes(self.steps), 0));
        steps = steps.min(trains.block_steps());
        let raster = trains.raster(0..1)?;
        let input = input.and_spikes(trains.input(&raster));
        Ok(need.and(needed(&input, steps)))
    }

    /// What the run will write: recordings, results and checkpoints. A resumed run has written some of it.
    pub fn disk_needed(
        &self,
        parts: Option<&Parts>,
        folder: &Path,
        checkpoint: Option<&Path>,
    ) -> Result<Vec<Need>, Failure> {
        let known = self.record.known_bytes(self.shape, self.steps)?;
        let bytes_of = |name: &str| parts.and_then(|parts| parts.get(name)).map_or(0, |part| part.bytes());
        let spikes = ["step", "batch", "neuron"].map(bytes_of);
        let recorded = known.iter().map(|(_, bytes)| *bytes).chain(spikes).fold(0, u64::saturating_add);
        let left = known.into_iter().map(|(name, bytes)| {
            let what = if name == "rate" { "the rate" } else { "the membrane potentials" };
            (what, bytes.saturating_sub(bytes_of(name)))
        });
        let cells = 4 * self.shape.cells() as u64;
        let of_all = |is_kept| if is_kept { cells } else { 0 };
        let traces = of_all(self.params.trace.is_some());
        let results = ("the results with all of that", recorded.saturating_add(2 * cells + traces));
        let mut needs = vec![Need::new(folder, left.chain([results]))];
        if let Some(checkpoint) = checkpoint {
            // A new checkpoint is written before the last one is removed.
            let copies = if parts.is_some() { 1 } else { 2 };
            // An alpha current has two numbers.
            let numbers = if self.params.synapse_shape == lif::SynapseShape::Alpha { 2 } else { 1 };
            let currents =
                of_all(self.params.tau_syn.is_some()) + of_all(self.params.tau_syn_inhibitory.is_some());
            let synaptic = numbers * currents;
            let bytes = copies * (3 * cells + traces + synaptic);
            needs.push(Need::new(folder_of(checkpoint), [("the checkpoints", bytes)]));
        }
        Ok(needs)
    }
}

/// Bytes per cell during the run and for the statistics after it; after the last step it would be too late to
/// ask.
pub fn bytes_per_cell(record: &Record, neurons: usize) -> u64 {
    BYTES_PER_CELL + if record.has_all_spikes(neurons) { events::BYTES_PER_CELL } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_all_spikes_are_counted_into_the_memory() {
        let bytes = |text: &str| bytes_per_cell(&text.parse().unwrap(), 9);
        assert_eq!(bytes("rate"), bytes("spikes:0..2"));
        assert_eq!(bytes("spikes") - bytes("rate"), 24);
    }
}
