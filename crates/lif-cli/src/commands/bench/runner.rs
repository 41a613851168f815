//! The interface of what simulates a workload, and its results.

use super::case::RecordKind;
use crate::recording::events::Spike;
use crate::recording::spike_hash;
use lif::{Raster, WorkDone};
use ndarray::{Array2, Array3};

/// A population that can be advanced.
pub trait Runner {
    /// Makes steps in the mode of the case, with its input. Returns when they are done and their recordings
    /// have been read; the recordings are returned if `keep` is set.
    fn advance(&mut self, steps: u64, keep: bool) -> lif::Result<Recordings>;

    /// Steps made so far.
    fn steps(&self) -> u64;

    /// Spikes of each cell so far, and its membrane potential.
    fn state(&mut self) -> lif::Result<(Array2<u32>, Array2<f32>)>;

    /// What the engine has done so far.
    fn work(&mut self) -> lif::Result<WorkDone>;
}

/// Recordings, in the form in which the engine gave them.
#[derive(Debug, Default)]
pub struct Recordings {
    pub rasters: Vec<Raster>,
    /// Each step, and which cells spiked in it.
    pub spikes: Vec<(u64, Array2<bool>)>,
    /// Membrane potentials, `[steps, batch, neurons]`.
    pub voltages: Vec<Array3<f32>>,
}

impl Recordings {
    /// A hash of the recordings that does not depend on their form.
    pub fn hash(&self, record: RecordKind) -> u64 {
        match record {
            RecordKind::None | RecordKind::Counts => 0,
            RecordKind::Spikes => self.spike_hash(),
            RecordKind::Voltage => hash_of_voltages(self.voltages.iter().flatten()),
        }
    }

    fn spike_hash(&self) -> u64 {
        let mut sum = 0_u64;
        for raster in &self.rasters {
            let shape = [raster.batch(), raster.neurons().len()].into();
            for event in raster.events() {
                let spike = Spike { step: event.step as u32, batch: event.batch, neuron: event.neuron };
                sum = sum.wrapping_add(spike_hash::of_spike(spike, shape));
            }
        }
        for (step, spikes) in &self.spikes {
            let shape = <[usize; 2]>::from(spikes.dim()).into();
            for ((row, neuron), _) in spikes.indexed_iter().filter(|(_, spiked)| **spiked) {
                let spike = Spike { step: *step as u32, batch: row as u32, neuron: neuron as u32 };
                sum = sum.wrapping_add(spike_hash::of_spike(spike, shape));
            }
        }
        sum
    }
}

/// A hash of membrane potentials, bit for bit.
pub fn hash_of_voltages<'a>(values: impl IntoIterator<Item = &'a f32>) -> u64 {
    // FNV-1a (Fowler, Noll & Vo 1991), a word at a time.
    values.into_iter().fold(0xCBF2_9CE4_8422_2325, |hash, value| {
        (hash ^ u64::from(value.to_bits())).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
