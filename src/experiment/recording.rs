//! [`Recording`]: what a run records, and [`Recorded`]: what it returns.

use crate::data::large::Large;
use crate::data::raster::Raster;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView3, Axis, aview1};

/// What a run records. Nothing else is recorded, stored or read back from the device.
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
    /// Whether the spikes of all neurons are read back and scored on the host.
    pub(crate) scored: bool,
}

impl From<&Recording> for Recording {
    fn from(recording: &Recording) -> Self {
        recording.clone()
    }
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
    /// Records nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Records the spikes of all neurons, one bit per neuron and step.
    #[must_use]
    pub fn spikes(mut self) -> Self {
        self.spikes = Some(Neurons::All);
        self
    }

    /// Records the spikes of these neurons (of every batch row), in the given order.
    #[must_use]
    pub fn spikes_of(mut self, neurons: impl IntoIterator<Item = u32>) -> Self {
        self.spikes = Some(Neurons::These(neurons.into_iter().collect()));
        self
    }

    /// Records the number of spikes of each cell during the run.
    #[must_use]
    pub fn counts(mut self) -> Self {
        self.counts = true;
        self
    }

    /// Records how many neurons of each batch row spiked at each step.
    #[must_use]
    pub fn rate(mut self) -> Self {
        self.rate = true;
        self
    }

    /// Records the membrane potentials of these neurons (of every batch row), in the given order, after
    /// each step whose number is a multiple of `every`. Steps are numbered from 0 since the
    /// population was built or reset.
    #[must_use]
    pub fn voltages(mut self, neurons: impl IntoIterator<Item = u32>, every: u32) -> Self {
        self.voltages = Some((Neurons::These(neurons.into_iter().collect()), every));
        self
    }

    /// Records the membrane potentials of all neurons; see [`voltages`](Self::voltages).
    #[must_use]
    pub fn all_voltages(mut self, every: u32) -> Self {
        self.voltages = Some((Neurons::All, every));
        self
    }

    /// Whether engines hand out anything for it while steps are made.
    pub(crate) fn hands_out(&self) -> bool {
        self.spikes.is_some() || self.rate || self.voltages.is_some()
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

/// What a run recorded: `None` for everything that was not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Number of the first step of the run, counted since the population was built or reset.
    pub first_step: u64,
    /// The number of steps made; fewer than asked for if the run was stopped.
    pub steps: u64,
    /// The spikes.
    pub spikes: Option<Raster>,
    /// The number of spikes of each cell during the run, `[batch, n]`.
    pub counts: Option<Array2<u32>>,
    /// The number of spikes of each batch row at each step, `[steps, batch]`.
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
    /// The numbers of the neurons, in the order of the last axis.
    pub neurons: Vec<u32>,
    /// The number of the step after which each sample was taken.
    pub steps: Vec<u64>,
}

impl Eq for Voltages {}

impl Voltages {
    /// Fails unless there are as many values as samples, rows and neurons need; engines hand out that many.
    pub(crate) fn new(values: Large<f32>, batch: usize, neurons: Vec<u32>, steps: Vec<u64>) -> Result<Self> {
        let shape = [steps.len(), batch, neurons.len()];
        if values.len() != shape.iter().product::<usize>() {
            return Err(Error::shape("the recorded voltages", format!("{shape:?}"), &[values.len()]));
        }
        Ok(Self { values, shape, neurons, steps })
    }

    /// The membrane potentials, mV, `[samples, batch, neurons]`.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let mut population = Population::new(Params::default(), [2, 100], &Device::cpu())?;
    /// let recorded = population.run(1000, 1.0).record(Recording::none().voltages([3, 7], 10)).go()?;
    /// let voltages = recorded.voltages.unwrap_or_else(|| unreachable!("asked for"));
    /// assert_eq!(voltages.values().dim(), (100, 2, 2));
    /// assert_eq!(voltages.values()[[0, 0, 1]], voltages.values()[[0, 1, 0]]);
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn values(&self) -> ArrayView3<'_, f32> {
        // `new` has checked that the values fill the shape.
        let none = || aview1(&[]).insert_axis(Axis(0)).insert_axis(Axis(0));
        ArrayView3::from_shape(self.shape, &self.values).unwrap_or_else(|_| none())
    }
}

/// The size of a block in bytes, for a recording that is handed on in blocks.
pub(crate) const BLOCK_BYTES: usize = 8 << 20;

/// The largest size in bytes of the rates of one piece of steps, unless one step alone has more.
pub(crate) const MOST_RATE_BYTES: usize = 2 * BLOCK_BYTES;

/// The largest size in bytes of the rates of `rows` batch rows that are made at a time: at least one step.
pub(crate) fn most_rate_bytes(rows: u64) -> u64 {
    rows.saturating_mul(4).max(MOST_RATE_BYTES as u64)
}

/// Whether a recording is kept in memory until its run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Kept only until a block of it is complete.
    InBlocks,
}

impl Delivery {
    /// Advice for messages about a recording that is too large.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Whole => {
                "record fewer neurons, every k-th voltage, or counts instead of spikes, or hand the recording on in blocks \
                 to a sink"
            }
            Self::InBlocks => "take fewer neurons, or record fewer of them or only every k-th step",
        }
    }
}
