//! What advances the cells: one trait, two engines that give the same bits.

pub(crate) mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "no_gpu.rs"]
pub(crate) mod gpu;
pub(crate) mod gpu_bounds;
mod merge;
mod pace;
pub(crate) mod slabs;
pub(crate) mod work;

use crate::data::shape::Shape;
use crate::data::storage::DeviceWords;
use crate::engine::work::WorkDone;
use crate::error::Result;
use crate::prepared::current::Current;
use crate::prepared::field::{Counter, Field};
use crate::prepared::scoring::Scoring;
use std::any::Any;
use std::fmt::Debug;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// The flag beside the refractory counter that says whether the cell spiked at the last step.
pub(crate) const SPIKE_FLAG: u32 = 1 << 31;

/// The state of a population and the means to advance it.
///
/// Cells are numbered `row * n + neuron`. State is handed out and taken in this order.
pub(crate) trait Engine: Debug + Send {
    /// Refuses what [`advance`](Self::advance) would refuse with these arguments or fewer steps, and takes the memory for
    /// it. No cell is advanced.
    fn prepare(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
    ) -> Result<()>;

    /// Advances all cells by `steps` steps, the first having the number `first_step`, and hands
    /// what is wanted to the receiver, piece by piece in order. Stops early, after what was already
    /// under way, when that breaks. Returns the number of steps made.
    ///
    /// Without anything wanted this may return before the device has finished.
    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64>;

    /// As [`advance`](Self::advance), and keeps the spikes of all cells on the device. `None`, with
    /// nothing done, where an engine hands them out only.
    fn advance_resident(
        &mut self,
        _first_step: u64,
        _steps: u64,
        _current: &Current<'_>,
    ) -> Result<Option<Arc<dyn DeviceWords>>> {
        Ok(None)
    }

    /// Takes scores along from now on: each [`advance`](Self::advance) with [`SpikeRequest::Scored`] brings them
    /// up to date where the words are made.
    fn start_scoring(&mut self, scoring: Scoring) -> Result<()>;
    /// Gives back what was taken along.
    fn finish_scoring(&mut self) -> Result<Option<Scoring>>;
    /// Forgets what was taken along, and asks no device for it.
    fn abandon_scoring(&mut self);

    /// The values of a state variable.
    fn read(&mut self, field: Field) -> Result<Vec<f32>>;
    fn write(&mut self, field: Field, values: &[f32]) -> Result<()>;
    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>>;
    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()>;
    /// The next step has this number.
    fn go_on_at(&mut self, next_step: u64) -> Result<()>;
    fn clear_counts(&mut self) -> Result<()>;
    /// Sets all state to its start: v at `start`, all else 0.
    fn reset(&mut self, start: &[f32]) -> Result<()>;

    /// What has been done since the engine was built, once what is under way is done.
    fn work(&mut self) -> Result<WorkDone>;

    /// Where the state lies, for programs with code of their own for the same device: of some cells each, as that kind
    /// of engine has it. Empty where there is no such thing.
    fn buffers(&self) -> Vec<(Range<usize>, Box<dyn Any>)> {
        Vec::new()
    }
}

/// What an engine is asked to hand out while it advances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Request {
    pub(crate) spikes: SpikeRequest,
    pub(crate) voltages: Option<VoltageRequest>,
}

/// Which spikes are handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum SpikeRequest {
    #[default]
    None,
    All,
    /// These neurons of each batch row.
    Chosen(Vec<u32>),
    /// Those of all neurons are scored, and not handed out.
    Scored,
}

impl SpikeRequest {
    /// SpikeRequest per row of a piece.
    pub(crate) fn cells(&self, Shape { batch, n }: Shape) -> usize {
        match self {
            Self::None | Self::Scored => 0,
            Self::All => batch * n,
            Self::Chosen(neurons) => batch * neurons.len(),
        }
    }
}

/// Which membrane potentials are handed out: of these neurons of each batch row, after each step
/// whose number is a multiple of `every`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VoltageRequest {
    pub(crate) neurons: Vec<u32>,
    pub(crate) every: u32,
}

impl VoltageRequest {
    /// The number of samples in the steps from `first` to before `end`.
    pub(crate) fn samples(&self, first: u64, end: u64) -> usize {
        let every = u64::from(self.every);
        (end.div_ceil(every) - first.div_ceil(every)) as usize
    }
}

/// What was wanted of some steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) steps: u64,
    /// Rows of cells, one row per block of 32 steps that the piece touches, blocks being aligned
    /// to the number of the step.
    pub(crate) words: &'a [u32],
    /// `[samples, batch, neurons]`.
    pub(crate) voltages: &'a [f32],
}

/// Memory that what is wanted of the coming steps may be written to, to stay there.
#[derive(Debug, Default)]
pub(crate) struct Room<'a> {
    /// For the words of all cells.
    pub(crate) words: &'a mut [u32],
    /// For the samples of membrane potentials.
    pub(crate) voltages: &'a mut [f32],
}

/// Who gets what an engine hands out.
pub(crate) trait Receiver {
    /// Memory for so many words and membrane potentials of the coming steps, if there is some for both. The
    /// piece is then taken without what was written there.
    fn room(&mut self, _words: usize, _voltages: usize) -> Option<Room<'_>> {
        None
    }

    /// The most steps of a piece, where more is made of each step than the engine hands out.
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
