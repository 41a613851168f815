//! Engines advance the cells of a population. The trait [`Engine`] has one implementation for CPUs, one for
//! GPUs and one for several slabs; all give the same bits.

pub(crate) mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "no_gpu.rs"]
pub(crate) mod gpu;
pub(crate) mod gpu_limits;
mod merge;
mod pace;
pub(crate) mod slabs;
pub(crate) mod work_done;

use crate::data::shape::Shape;
use crate::data::storage::DeviceWords;
use crate::engine::work_done::WorkDone;
use crate::error::Result;
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::scoring::Scoring;
use std::any::Any;
use std::fmt::Debug;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// Bit of the refractory counter's word that is set if the cell spiked at the last step.
pub(crate) const SPIKE_FLAG: u32 = 1 << 31;

/// The state of a population and the means to advance it.
///
/// Cells are numbered `row * n + neuron`. State is read and written in this order.
pub(crate) trait Engine: Debug + Send {
    /// Refuses what [`advance`](Self::advance) would refuse with these arguments or fewer steps, and
    /// allocates the memory for it. No cell is advanced.
    fn prepare(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
    ) -> Result<()>;

    /// Advances all cells by `steps` steps, the first of which has the number `first_step`, and passes what
    /// was requested to the receiver, piece by piece in order. If the receiver breaks, it stops early, after
    /// the steps that were already submitted. Returns the number of steps made.
    ///
    /// Without a request this may return before the device has finished.
    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64>;

    /// Like [`advance`](Self::advance), but keeps the spikes of all cells on the device. Engines that cannot
    /// do that do nothing and return `None`.
    fn advance_resident(
        &mut self,
        _first_step: u64,
        _steps: u64,
        _current: &Current<'_>,
    ) -> Result<Option<Arc<dyn DeviceWords>>> {
        Ok(None)
    }

    /// Scores spikes from now on: each [`advance`](Self::advance) with [`SpikeRequest::Scored`] updates the
    /// scores on the device that makes the spikes.
    fn start_scoring(&mut self, scoring: Scoring) -> Result<()>;
    /// Ends scoring and returns the scores.
    fn finish_scoring(&mut self) -> Result<Option<Scoring>>;
    /// Ends scoring without reading the scores from the device.
    fn abandon_scoring(&mut self);

    /// Returns the values of a state variable.
    fn read(&mut self, field: Field) -> Result<Vec<f32>>;
    fn write(&mut self, field: Field, values: &[f32]) -> Result<()>;
    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>>;
    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()>;
    /// Sets the number of the next step.
    fn set_next_step(&mut self, next_step: u64) -> Result<()>;
    fn clear_counts(&mut self) -> Result<()>;
    /// Resets all state: v to `start`, all else to 0.
    fn reset(&mut self, start: &[f32]) -> Result<()>;

    /// Returns what spikes of a network have sent and what has not arrived yet, from this step on: sums of weights
    /// `[steps, channels, batch, n]`. Empty without a network.
    fn read_arriving(&mut self, next_step: u64) -> Result<Vec<i32>>;
    fn write_arriving(&mut self, next_step: u64, sums: &[i32]) -> Result<()>;

    /// The number of synapses that were drawn.
    fn synapses(&self) -> u64;

    /// Adds the spikes of the last block of steps, of the cells of all slabs, to what will arrive at the cells of this
    /// slab.
    fn deliver(&mut self, spikes: &[OutsideSpike]) -> Result<()>;

    /// Waits for all submitted work and returns what has been done since the engine was built.
    fn work(&mut self) -> Result<WorkDone>;

    /// The buffers with the state, for programs with their own code for the same device: each with the range
    /// of its cells, as a type of this kind of engine. Empty if an engine has none.
    fn buffers(&self) -> Vec<(Range<usize>, Box<dyn Any>)> {
        Vec::new()
    }
}

/// A spike of a neuron in a network of several slabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutsideSpike {
    /// The batch row, counted in the whole population, and the neuron.
    pub(crate) row: u32,
    pub(crate) source: u32,
    pub(crate) step: u64,
}

/// What an engine passes to its receiver while it advances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Request {
    pub(crate) spikes: SpikeRequest,
    pub(crate) voltages: Option<VoltageRequest>,
}

/// Which spikes are passed to the receiver.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum SpikeRequest {
    #[default]
    None,
    All,
    /// These neurons of each batch row.
    Chosen(Vec<u32>),
    /// The spikes of all neurons are scored, and none are passed on.
    Scored,
}

impl SpikeRequest {
    /// Number of words in a row of a piece.
    pub(crate) fn cells(&self, Shape { batch, n }: Shape) -> usize {
        match self {
            Self::None | Self::Scored => 0,
            Self::All => batch * n,
            Self::Chosen(neurons) => batch * neurons.len(),
        }
    }
}

/// Which membrane potentials are passed to the receiver: the potentials of these neurons of each batch row,
/// after each step whose number is a multiple of `every`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VoltageRequest {
    pub(crate) neurons: Vec<u32>,
    pub(crate) every: u32,
}

impl VoltageRequest {
    /// Number of samples in the steps from `first` to before `end`.
    pub(crate) fn samples(&self, first: u64, end: u64) -> usize {
        let every = u64::from(self.every);
        (end.div_ceil(every) - first.div_ceil(every)) as usize
    }
}

/// The recording of some consecutive steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) steps: u64,
    /// Rows with one word for each cell. There is a row for each block of 32 steps that the piece touches;
    /// blocks start at step numbers that are multiples of 32.
    pub(crate) words: &'a [u32],
    /// `[samples, batch, neurons]`.
    pub(crate) voltages: &'a [f32],
}

/// Memory of the receiver into which an engine can write the recording of the coming steps directly.
#[derive(Debug, Default)]
pub(crate) struct Room<'a> {
    /// For the words of all cells.
    pub(crate) words: &'a mut [u32],
    /// For the samples of membrane potentials.
    pub(crate) voltages: &'a mut [f32],
}

/// Receives the recordings of an engine.
pub(crate) trait Receiver {
    /// Returns memory for this many words and membrane potentials of the coming steps, if there is enough for
    /// both. The piece that follows is then empty, as its values are already in place.
    fn room(&mut self, _words: usize, _voltages: usize) -> Option<Room<'_>> {
        None
    }

    /// The most steps of a piece, for a receiver that needs more memory for each step than the piece has.
    fn most_steps(&self) -> u64 {
        u64::MAX
    }

    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(Piece<'_>) -> ControlFlow<()>> Receiver for F {
    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        self(piece)
    }
}
