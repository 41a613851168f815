//! What is asked of a run, and what comes back.

use crate::data::large::Large;
use crate::data::memory::MemoryNeed;
use crate::data::raster::Raster;
use crate::data::slab::Footprint;
use crate::device::{Device, Stream};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView3, Axis, aview1};

/// What a run records. Nothing is recorded, kept or read back that is not asked for here.
///
/// ```
/// use lif::Recording;
/// // All spikes, and the membrane potential of the first three neurons at every tenth step.
/// let recording = Recording::none().spikes().voltages(0..3, 10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    pub(crate) spikes: Option<Neurons>,
    pub(crate) counts: bool,
    pub(crate) rate: bool,
    pub(crate) voltages: Option<(Neurons, u32)>,
}

/// Some neurons of each batch row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Neurons {
    All,
    These(Vec<u32>),
}

impl Neurons {
    pub(crate) fn indices<List: FromIterator<u32>>(&self, n: usize) -> List {
        match self {
            Self::All => (0..n as u32).collect(),
            Self::These(indices) => indices.iter().copied().collect(),
        }
    }

    pub(crate) fn len(&self, n: usize) -> usize {
        match self {
            Self::All => n,
            Self::These(indices) => indices.len(),
        }
    }
}

impl Recording {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The spikes of all neurons, one bit per neuron and step.
    #[must_use]
    pub fn spikes(mut self) -> Self {
        self.spikes = Some(Neurons::All);
        self
    }

    /// The spikes of these neurons (of every batch row), in the order given.
    #[must_use]
    pub fn spikes_of(mut self, neurons: impl IntoIterator<Item = u32>) -> Self {
        self.spikes = Some(Neurons::These(neurons.into_iter().collect()));
        self
    }

    /// How many spikes each cell made during the run.
    #[must_use]
    pub fn counts(mut self) -> Self {
        self.counts = true;
        self
    }

    /// How many neurons of each batch row spiked at each step.
    #[must_use]
    pub fn rate(mut self) -> Self {
        self.rate = true;
        self
    }

    /// The membrane potentials of these neurons (of every batch row), in the order given, after
    /// each step whose number is a multiple of `every`. Steps are numbered from 0 since the
    /// population was built or reset.
    #[must_use]
    pub fn voltages(mut self, neurons: impl IntoIterator<Item = u32>, every: u32) -> Self {
        self.voltages = Some((Neurons::These(neurons.into_iter().collect()), every));
        self
    }

    /// The membrane potentials of all neurons; see [`voltages`](Self::voltages).
    #[must_use]
    pub fn all_voltages(mut self, every: u32) -> Self {
        self.voltages = Some((Neurons::All, every));
        self
    }

    /// How much memory the recording of a run of this many steps needs, in a population of `batch`
    /// rows of `n` neurons on a device that has not made a step yet.
    ///
    /// ```
    /// use lif::{Device, Recording};
    /// let need = Recording::none().spikes().rate().memory_needed(3200, 1000, 1, &Device::cpu());
    /// assert!(need.host_bytes() > 1000 * 3200 / 8 + 3200 * 4);
    /// println!("{need}");
    /// ```
    #[must_use]
    pub fn memory_needed(&self, steps: u64, n: usize, batch: usize, device: &Device) -> MemoryNeed {
        self.need((0, steps), (batch, n), Kept::Whole, device, Footprint::default())
    }

    /// The same for a run that hands its recording on in blocks, as
    /// [`run_into`](crate::Population::run_into) does, one of which waits for whoever takes it while another
    /// is taken.
    #[must_use]
    pub fn memory_needed_in_blocks(&self, steps: u64, n: usize, batch: usize, device: &Device) -> MemoryNeed {
        self.need((0, steps), (batch, n), Kept::InBlocks, device, Footprint::default())
    }

    /// The same for a run that starts at any step, of a population with these parameters.
    pub(crate) fn need(
        &self,
        (first_step, steps): (u64, u64),
        (batch, n): (usize, usize),
        kept: Kept,
        device: &Device,
        parameters: Footprint,
    ) -> MemoryNeed {
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
        // Of so many steps at a time.
        let stream = |values: u64, times: u64| Stream {
            all: bytes([times, rows, values]),
            row: bytes([rows, values, 1]),
        };
        let voltages = stream(sampled, samples);
        let spike_bytes = bytes([blocks, rows, spikes]).saturating_add(bytes([spikes, 1, 1]));
        let rate_bytes = if self.rate { bytes([steps, rows, 1]) } else { 0 };
        let voltage_bytes = voltages.all.saturating_add(bytes([sampled, 1, 1]));

        let mut need = MemoryNeed::default();
        need.add("the counts", if self.counts { bytes([2, rows, n as u64]) } else { 0 }, 0);
        if self.spikes.is_none() && self.voltages.is_none() && !self.rate {
            return need;
        }
        match kept {
            Kept::Whole => {
                need.add("the recorded spikes", spike_bytes, 0);
                need.add("the rate", rate_bytes, 0);
                need.add("the recorded voltages", voltage_bytes, 0);
            }
            Kept::InBlocks => {
                let whole = spike_bytes.saturating_add(rate_bytes).saturating_add(voltage_bytes);
                let most_steps = steps.min(device.most_recorded_steps());
                let words = stream(spikes, most_steps.div_ceil(32) + 1);
                let piece = (words, stream(sampled, most_steps.min(samples)));
                let rate =
                    if self.rate { bytes([most_steps, rows, 1]).min(most_rate_bytes(rows)) } else { 0 };
                let some = device.most_of_block(BLOCK_BYTES as u64, piece, parameters, (batch, n));
                let some = some.saturating_add(rate);
                // One is collected, one waits, one is taken.
                need.add("the blocks of the recording", whole.min(some.saturating_mul(3)), 0);
            }
        }
        let words = stream(if self.rate { n as u64 } else { spikes }, blocks);
        let in_place = kept == Kept::Whole && !self.rate && self.spikes == Some(Neurons::All);
        need.and(device.memory_of_recording((words, voltages), in_place, parameters, (batch, n)))
    }

    pub(crate) fn check(&self, n: usize) -> Result<()> {
        let chosen = [
            ("recorded spikes", self.spikes.as_ref()),
            ("recorded voltages", self.voltages.as_ref().map(|(neurons, _)| neurons)),
        ];
        for (what, neurons) in chosen {
            let Some(Neurons::These(indices)) = neurons else { continue };
            if indices.is_empty() {
                return Err(Error::out_of_range(what, "an empty list", "a list of at least one neuron"));
            }
            let mut seen = vec![false; n];
            for &index in indices {
                match seen.get_mut(index as usize) {
                    None => {
                        let requirement = format!("below the number of neurons, {n}");
                        return Err(Error::out_of_range(what, format!("neuron {index}"), requirement));
                    }
                    Some(true) => {
                        return Err(Error::out_of_range(
                            what,
                            format!("neuron {index} twice"),
                            "a list without repetition",
                        ));
                    }
                    Some(seen) => *seen = true,
                }
            }
        }
        if matches!(self.voltages, Some((_, 0))) {
            return Err(Error::out_of_range("every", 0, "1 or more: 1 records each step"));
        }
        Ok(())
    }
}

/// What a run recorded: exactly what was asked for, and `None` elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Number of the first step of the run, counted since the population was built or reset.
    pub first_step: u64,
    /// Steps made: those asked for, unless the run was stopped.
    pub steps: u64,
    /// The spikes.
    pub spikes: Option<Raster>,
    /// Spikes of each cell during the run, `[batch, n]`.
    pub counts: Option<Array2<u32>>,
    /// Spikes of each batch row at each step, `[steps, batch]`.
    pub rate: Option<Array2<u32>>,
    /// Membrane potentials.
    pub voltages: Option<Voltages>,
}

/// Recorded membrane potentials. Equality is equality of bits, which for the finite numbers that a
/// population produces is equality of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Voltages {
    values: Large<f32>,
    shape: [usize; 3],
    /// Which neurons, in the order of the last axis.
    pub neurons: Vec<u32>,
    /// The number of the step after which each sample was taken.
    pub steps: Vec<u64>,
}

impl Eq for Voltages {}

impl Voltages {
    /// Engines hand out exactly as many values as there should be.
    pub(crate) fn new(values: Large<f32>, batch: usize, neurons: Vec<u32>, steps: Vec<u64>) -> Result<Self> {
        let shape = [steps.len(), batch, neurons.len()];
        if values.len() != shape.iter().product::<usize>() {
            return Err(Error::shape("the recorded voltages", format!("{shape:?}"), &[values.len()]));
        }
        Ok(Self { values, shape, neurons, steps })
    }

    /// mV, `[samples, batch, neurons]`.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, 2, &Device::cpu())?;
    /// let recorded = population.run(1000, 1.0, &Recording::none().voltages([3, 7], 10))?;
    /// let voltages = recorded.voltages.unwrap_or_else(|| unreachable!("asked for"));
    /// assert_eq!(voltages.values().dim(), (100, 2, 2));
    /// assert_eq!(voltages.values()[[0, 0, 1]], voltages.values()[[0, 1, 0]]);
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn values(&self) -> ArrayView3<'_, f32> {
        // The values fill the shape, as was checked when it was made.
        let none = || aview1(&[]).insert_axis(Axis(0)).insert_axis(Axis(0));
        ArrayView3::from_shape(self.shape, &self.values).unwrap_or_else(|_| none())
    }
}

/// Bytes of a recording after which a block of it is complete, where it is handed on in blocks.
pub(crate) const BLOCK_BYTES: usize = 8 << 20;

/// Bytes of rates that are made of a piece, unless one step alone has more.
pub(crate) const MOST_RATE_BYTES: usize = 2 * BLOCK_BYTES;

/// The most bytes of the rate of so many batch rows that are made at a time, a step at least.
pub(crate) fn most_rate_bytes(rows: u64) -> u64 {
    rows.saturating_mul(4).max(MOST_RATE_BYTES as u64)
}

/// Whether a recording is kept until its run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Whole,
    /// Only until a block of it is complete.
    InBlocks,
}

impl Kept {
    /// What to do about a recording that is too large.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Whole => {
                "record fewer neurons, every k-th voltage, or counts instead of spikes, or hand the recording on in blocks \
                 with run_into"
            }
            Self::InBlocks => "take fewer neurons, or record fewer of them or only every k-th step",
        }
    }
}
