//! The state of a population on a device, for programs that have their own wgpu code.

use crate::model::Options;
use crate::prepared::field::{Counter, Field};
use std::ops::Range;

/// Buffers with the state of some cells of a population, in the order of their numbers `row * n + neuron`: of
/// all cells, unless the population is too large for one buffer or is spread over several devices. Each
/// buffer has several numbers for each cell: first one number of all cells, then another of all cells, and so
/// on.
///
/// The buffers have the usages `STORAGE | COPY_SRC | COPY_DST`, and at least 16 bytes, so that their length
/// does not always tell the number of cells. Whoever writes to them is responsible for what the population
/// then does.
#[derive(Debug, Clone)]
pub struct StateBuffers {
    /// The numbers of the cells in these buffers. Each part of a buffer begins with the first of them.
    pub cells: Range<usize>,
    /// `array<f32>`: first the membrane potentials, mV, as differences from
    /// [`v_reference`](crate::Params::v_reference); then the spike [traces](Self::traces_at), the
    /// [synaptic currents](Self::synaptic_currents_at), the [inhibitory currents](Self::inhibitory_currents_at) and the
    /// rises of [both](Self::synaptic_rises_at), where there are any.
    pub state: wgpu::Buffer,
    /// `array<u32>`: first the refractory counters, of which bits 0 to 30 are the number of steps that a cell
    /// is still refractory, and bit 31 says whether it spiked at the last step; then the spike
    /// [counts](Self::counts_at); and at the end the number of the next step, modulo 2^32.
    pub counters: wgpu::Buffer,
    pub(super) options: Options,
}

impl StateBuffers {
    /// The same buffers for a range of cells with other numbers.
    pub(crate) fn of(self, cells: Range<usize>) -> Self {
        Self { cells, ..self }
    }

    /// The index in `state` of the first spike trace, where the population has traces.
    #[must_use]
    pub fn traces_at(&self) -> Option<usize> {
        self.place(Field::Traces)
    }

    /// The index in `state` of the first synaptic current, nA, where the population has them.
    #[must_use]
    pub fn synaptic_currents_at(&self) -> Option<usize> {
        self.place(Field::SynapticCurrents)
    }

    /// The index in `state` of the first inhibitory current, nA, where the population has them.
    #[must_use]
    pub fn inhibitory_currents_at(&self) -> Option<usize> {
        self.place(Field::InhibitoryCurrents)
    }

    /// The index in `state` of the first rise of a synaptic current, nA, where the population has alpha currents.
    #[must_use]
    pub fn synaptic_rises_at(&self) -> Option<usize> {
        self.place(Field::SynapticRises)
    }

    /// The index in `state` of the first rise of an inhibitory current, nA, where the population has them.
    #[must_use]
    pub fn inhibitory_rises_at(&self) -> Option<usize> {
        self.place(Field::InhibitoryRises)
    }

    /// The index in `counters` of the first count of spikes, since the counts were cleared.
    #[must_use]
    pub fn counts_at(&self) -> usize {
        self.place_of_counter(Counter::Spikes)
    }

    pub(super) fn place(&self, field: Field) -> Option<usize> {
        Field::of(self.options).position(|other| other == field).map(|before| before * self.cells.len())
    }

    pub(super) fn place_of_counter(&self, counter: Counter) -> usize {
        Counter::ALL.iter().take_while(|other| **other != counter).count() * self.cells.len()
    }

    /// The index in `counters` of the number of the next step.
    pub(super) fn step_at(&self) -> usize {
        Counter::ALL.len() * self.cells.len()
    }
}
