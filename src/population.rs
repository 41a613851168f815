//! The public face: a batch of populations of neurons that share a device.

use crate::broadcast::{finite, strides};
use crate::coefficients::{LARGEST_PARAMETER, Table};
use crate::device::Device;
use crate::engine::{Engine, Piece, SPIKE_FLAG};
use crate::error::{Error, Result};
use crate::input::{Current, Input};
use crate::memory::MemoryNeed;
use crate::model::{Coefficients, Options, SMALLEST_STATE, flush};
use crate::noise::{Draws, Noise};
use crate::params::Params;
use crate::queue::{QUEUED_STEPS, Queue};
use crate::random::{COUNTER_BITS, GROUP};
use crate::random_source::Random;
use crate::raster::Raster;
use crate::recorder::{Kept, Recorder};
use crate::recording::{Recorded, Recording};
use crate::resident::{ResidentData, ResidentRaster};
use crate::sink::Sink;
use crate::taker::Taker;
use crate::work::Work;
use ndarray::{Array2, ArrayBase, ArrayView2, Data, Dimension};
use std::ops::ControlFlow;
use std::sync::Arc;

/// `batch` rows of `n` leaky integrate-and-fire neurons on one device, or on
/// [several](Device::several).
///
/// State lives on the device. [`forward`](Self::forward) only queues a step; queued steps are made
/// together when 32 wait or when state is read, so a loop over `forward` keeps most of the speed of
/// one [`run`](Self::run) for tens of thousands of neurons and more. Reading state is the only
/// thing that copies it back.
///
/// All arrays are `[batch, n]`. Currents are in nA, potentials in mV, times in ms.
///
/// ```
/// use lif::{Device, Params, Population};
///
/// let mut population = Population::new(Params::default(), 10, 1, &Device::auto())?;
/// population.set_batch_size(10)?;
/// population.forward(10.0)?;
/// println!("{}", population.spikes()?);
/// println!("{}", population.voltages()?);
/// assert!((population.voltages()?[[0, 0]] - -60.0).abs() < 1e-5);
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug)]
pub struct Population {
    params: Params,
    n: usize,
    batch: usize,
    device: Device,
    table: Arc<Table>,
    engine: Box<dyn Engine>,
    queue: Queue,
    /// Steps made and queued since the start.
    steps: u64,
    seed: u64,
    /// The random sources of the last input that had any, with what the engine sees of them.
    noise: Option<(Vec<Random>, Arc<Noise>)>,
    /// The fault after which there is no valid state.
    fault: Option<String>,
}

/// The most steps that a population ever makes: 35 years of one step per microsecond, as many as
/// random numbers can tell apart.
const MOST_STEPS: u64 = GROUP << COUNTER_BITS;

/// All that changes while a population is stepped, cell by cell in the order of `[batch, n]`.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) voltages: Vec<f32>,
    /// Refractory counters with the flag of the last spike.
    pub(crate) refractory: Vec<u32>,
    /// Where traces are kept.
    pub(crate) traces: Option<Vec<f32>>,
    /// Where there is a synapse.
    pub(crate) synaptic_currents: Option<Vec<f32>>,
    pub(crate) counts: Vec<u32>,
    pub(crate) steps: u64,
}

/// The parts of a population that depend on its shape.
type Built = (Arc<Table>, Box<dyn Engine>);

impl Population {
    /// Builds `batch` rows of `n` neurons at rest.
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters ([`Error::Shape`], [`Error::NonFinite`],
    /// [`Error::OutOfRange`]), [`Error::TooLarge`] where the device cannot hold the population, and
    /// faults of the device.
    pub fn new(params: Params, n: usize, batch: usize, device: &Device) -> Result<Self> {
        let (table, engine) = build(&params, n, batch, device)?;
        Ok(Self {
            params,
            n,
            batch,
            device: device.clone(),
            table,
            engine,
            queue: Queue::default(),
            steps: 0,
            seed: 0,
            noise: None,
            fault: None,
        })
    }

    /// How much memory a population would need, its queue of inputs at the fullest. What it records
    /// comes on top: [`Recording::memory_needed`].
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters or the sizes, as in [`new`](Self::new).
    pub fn memory_needed(params: &Params, n: usize, batch: usize, device: &Device) -> Result<MemoryNeed> {
        Ok(device.memory_needed(&table(params, n, batch)?, (batch, n)))
    }

    /// Changes the number of batch rows. The state starts anew: v at rest, no spikes, step 0.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); the population is then unchanged.
    pub fn set_batch_size(&mut self, batch: usize) -> Result<()> {
        let (table, engine) = build(&self.params, self.n, batch, &self.device)?;
        self.table = table;
        self.engine = engine;
        self.batch = batch;
        self.noise = None;
        self.forget();
        Ok(())
    }

    /// The number of neurons in a batch row.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The number of batch rows.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The rules that all its cells follow, as [`model::step_cell`](crate::model::step_cell) takes them.
    #[must_use]
    pub fn options(&self) -> Options {
        self.table.options
    }

    /// What the model knows of one cell: together with [`options`](Self::options) all that is
    /// needed to step it by hand. `None` outside the population.
    ///
    /// ```
    /// use lif::model::{self, State};
    /// use lif::{Device, Params, Population};
    ///
    /// let mut population = Population::new(Params::default(), 1, 1, &Device::cpu())?;
    /// let cell = population.coefficients(0, 0).unwrap_or_default();
    /// let mut state = State { v: cell.v_rest, ..State::default() };
    /// for step in 0..1000 {
    ///     state = model::step_cell(population.options(), cell, state, model::drive(cell.resistance, 0.8), 0.0);
    ///     state = model::settle(population.options(), cell, state, step);
    ///     population.forward(0.8)?;
    /// }
    /// assert_eq!(state.v.to_bits(), population.voltages()?[[0, 0]].to_bits());
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn coefficients(&self, row: usize, neuron: usize) -> Option<Coefficients> {
        (row < self.batch && neuron < self.n).then(|| self.table.cell(row, neuron))
    }

    /// What random sources draw for any cell at any step: what the model needs to know of them, as
    /// [`coefficients`](Self::coefficients) is what it needs to know of a cell.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Random};
    ///
    /// let mut population = Population::new(Params::default(), 2, 1, &Device::cpu())?;
    /// let sources = [Random::poisson(20_000.0, 0.5)];
    /// let drawn = population.draws(&sources)?.at(0, 1, 7).unwrap_or_default();
    /// assert_eq!((drawn.current, drawn.jump % 0.5), (0.0, 0.0));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for the sources of an input.
    pub fn draws(&mut self, sources: &[Random]) -> Result<Draws> {
        Ok(Draws::new(self.check_noise(sources)?, (self.batch, self.n)))
    }

    /// The number of steps since the population was built or reset.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The seed of what [random sources](Random) draw.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sets the seed of what random sources draw in the steps to come. It is 0 at first, and stays
    /// when the population is reset.
    ///
    /// # Errors
    ///
    /// Faults of the device, as steps asked for before are made first.
    pub fn set_seed(&mut self, seed: u64) -> Result<()> {
        self.check_state()?;
        self.flush()?;
        self.seed = seed;
        self.noise = None;
        Ok(())
    }

    /// Asks for one step with this input, which is made at the latest when state is read. With
    /// [spikes](crate::SpikeInput) in the input, this step and those before are made at once.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`] and [`Error::OutOfRange`] for the input, which then
    /// changes nothing; faults of the device, also of steps queued before.
    pub fn forward<'a>(&mut self, input: impl Into<Input<'a>>) -> Result<()> {
        self.check_state()?;
        let current = self.check_input(input.into(), 1)?;
        if !current.spikes.is_empty() {
            return self.step_at_once(current);
        }
        self.queue.push(&current);
        self.steps += 1;
        if self.steps.is_multiple_of(QUEUED_STEPS) || self.queue.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes a step that does not wait in the queue.
    fn step_at_once(&mut self, current: Current<'_>) -> Result<()> {
        self.flush()?;
        let result = self.engine.advance(self.steps, 1, &current, None, &mut |_| ControlFlow::Continue(()));
        self.steps += self.note(result)?;
        Ok(())
    }

    /// Makes `steps` steps and returns what was asked to be recorded. Where that is nothing, the
    /// device may still be at work when this returns.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, 2, &Device::cpu())?;
    /// let recorded = population.run(1000, 1.0, &Recording::none().spikes().counts())?;
    /// let spikes = recorded.spikes.unwrap_or_else(|| unreachable!("asked for"));
    /// assert_eq!(spikes.to_dense()?.shape(), [1000, 2, 100]);
    /// assert_eq!(spikes.events().next().map(|event| event.step), Some(68));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), also for the recording.
    pub fn run<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Nobody)
    }

    /// As [`run`](Self::run), telling `observe` after each block of steps how many were made, and
    /// stopping when it breaks. What was made and recorded until then is returned.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_observed<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
        mut observe: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Observer(&mut observe))
    }

    /// Makes `steps` steps and keeps the spikes of all neurons on the device, as input for other
    /// populations. 32 steps of a cell take 4 bytes. What is more than the device binds at once, or
    /// comes from several slabs or devices, is kept in the memory of this program.
    ///
    /// ```
    /// use lif::{Device, Input, Params, Population, Recording, SpikeInput, Tensor};
    /// use ndarray::Array2;
    ///
    /// let device = Device::auto();
    /// let mut first = Population::new(Params::default(), 30, 4, &device)?;
    /// let mut second = Population::new(Params::default(), 10, 4, &device)?;
    /// let weights = Tensor::new(&device, &Array2::from_elem((30, 10), 2.0_f32))?;
    /// for _ in 0..5 {
    ///     let spikes = first.run_resident(256, 0.9)?;
    ///     second.run(256, SpikeInput::dense(&spikes, &weights), &Recording::none())?;
    /// }
    /// assert!(second.counts()?.sum() > 0);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_resident<'a>(&mut self, steps: u64, input: impl Into<Input<'a>>) -> Result<ResidentRaster> {
        self.check_state()?;
        self.check_steps(steps)?;
        let current = self.check_input(input.into(), steps as usize)?;
        let shape = (self.batch, self.n);
        let recording = Recording::none().spikes();
        if self.device.has_memory_budget() {
            let recorded = recording.need(self.steps, steps, shape, Kept::Whole);
            let need = self.device.memory_needed(&self.table, shape).and(recorded);
            self.device.require_within_budget(&need, "the population and its spikes")?;
        }
        self.flush()?;
        let first_step = self.steps;
        let on_device = self.engine.advance_resident(first_step, steps, &current);
        let words = match self.note(on_device)? {
            Some(words) => ResidentData::Gpu(Arc::new(words)),
            None => {
                let mut recorder = Recorder::new(&recording, first_step, steps, shape, Kept::Whole)?;
                let wanted = recorder.wanted(false);
                let result =
                    self.engine.advance(first_step, steps, &current, wanted.as_ref(), &mut |piece| {
                        recorder.take(piece);
                        ControlFlow::Continue(())
                    });
                self.note(result)?;
                let raster = recorder.cut(first_step + steps)?.spikes;
                ResidentData::Host(raster.map_or_else(Vec::new, Raster::into_words).into())
            }
        };
        self.steps += steps;
        Ok(ResidentRaster::kept(first_step, steps, shape, words))
    }

    /// Refuses more steps than a population ever makes.
    fn check_steps(&self, steps: u64) -> Result<()> {
        if steps > MOST_STEPS - self.steps {
            let requirement = format!("at most {} more", MOST_STEPS - self.steps);
            return Err(Error::out_of_range("the number of steps", steps, requirement));
        }
        Ok(())
    }

    /// As [`run`](Self::run), handing the recording to `sink` block by block instead of keeping it,
    /// so that it may be far longer than memory. What is returned has the number of steps made
    /// and, where asked for, the counts.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recorded, Recording};
    ///
    /// let mut population = Population::new(Params::default(), 100, 1, &Device::cpu())?;
    /// let mut spikes = 0;
    /// let mut sink = |block: Recorded| {
    ///     spikes += block.spikes.map_or(0, |raster| raster.count());
    ///     Ok(())
    /// };
    /// let made = population.run_into(1000, 1.0, &Recording::none().spikes().counts(), &mut sink)?;
    /// assert_eq!(made.counts.map(|counts| counts.sum()), Some(spikes as u32));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and the first of the sink, which ends the run: the population has
    /// then made the steps of that block, and perhaps some more that were under way.
    pub fn run_into<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        recording: &Recording,
        sink: &mut dyn Sink,
    ) -> Result<Recorded> {
        self.advance(steps, input.into(), recording, &mut Taker::Sink(sink))
    }

    fn advance(
        &mut self,
        steps: u64,
        input: Input<'_>,
        recording: &Recording,
        taker: &mut Taker<'_>,
    ) -> Result<Recorded> {
        self.check_state()?;
        recording.check(self.n)?;
        self.check_steps(steps)?;
        let current = self.check_input(input, steps as usize)?;
        let kept = if matches!(taker, Taker::Sink(_)) { Kept::InBlocks } else { Kept::Whole };
        if self.device.has_memory_budget() {
            let shape = (self.batch, self.n);
            let recorded = recording.need(self.steps, steps, shape, kept);
            let need = self.device.memory_needed(&self.table, shape).and(recorded);
            self.device.require_within_budget(&need, "the population and what it records")?;
        }
        let mut recorder = Recorder::new(recording, self.steps, steps, (self.batch, self.n), kept)?;
        self.flush()?;
        let counts_before =
            if recording.counts { self.on_engine(|engine| engine.counts())? } else { Vec::new() };

        let first_step = self.steps;
        let mut refusal = None;
        if steps > 0 {
            let wanted = recorder.wanted(!matches!(taker, Taker::Nobody));
            // Holds where a panic of the taker ends the run between two blocks.
            self.fault = Some("a run was left by a panic".to_owned());
            let mut made = 0;
            let result =
                self.engine.advance(first_step, steps, &current, wanted.as_ref(), &mut |piece: Piece<'_>| {
                    recorder.take(piece);
                    made += piece.steps;
                    if refusal.is_some() {
                        return ControlFlow::Break(());
                    }
                    taker.after(&mut recorder, first_step, made).unwrap_or_else(|error| {
                        refusal = Some(error);
                        ControlFlow::Break(())
                    })
                });
            self.fault = None;
            self.steps += self.note(result)?;
        }
        if let Some(error) = refusal {
            return Err(error);
        }

        let counts = if recording.counts {
            let mut counts = self.on_engine(|engine| engine.counts())?;
            for (count, before) in counts.iter_mut().zip(counts_before) {
                *count = count.wrapping_sub(before);
            }
            Some(self.array(counts)?)
        } else {
            None
        };
        let recorded = taker.last(recorder.cut(self.steps)?)?;
        Ok(Recorded { first_step, steps: self.steps - first_step, counts, ..recorded })
    }

    /// Which neurons spiked at the last step, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Faults of the device, as for everything that reads state.
    pub fn spikes(&mut self) -> Result<Array2<bool>> {
        let words = self.on_engine(|engine| engine.refractory())?;
        self.array(words.into_iter().map(|word| word & SPIKE_FLAG != 0).collect())
    }

    /// The membrane potentials, mV, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn voltages(&mut self) -> Result<Array2<f32>> {
        let values = self.on_engine(|engine| engine.voltages())?;
        self.array(values)
    }

    /// How many steps each cell is still refractory, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn refractory(&mut self) -> Result<Array2<u32>> {
        let words = self.on_engine(|engine| engine.refractory())?;
        self.array(words.into_iter().map(|word| word & !SPIKE_FLAG).collect())
    }

    /// The spike traces, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where the parameters have no trace; faults of the device.
    pub fn traces(&mut self) -> Result<Array2<f32>> {
        if self.params.trace.is_none() {
            return Err(Error::out_of_range("trace", "none", "set in the parameters to be read"));
        }
        let values = self.on_engine(|engine| engine.traces())?;
        self.array(values)
    }

    /// The synaptic currents after the last step, nA, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where the parameters have no `tau_syn`; faults of the device.
    pub fn synaptic_currents(&mut self) -> Result<Array2<f32>> {
        self.require_synapse()?;
        let values = self.on_engine(|engine| engine.synaptic_currents())?;
        self.array(values)
    }

    /// Sets the synaptic currents, nA; `values` broadcasts to `[batch, n]`. Magnitudes below 1e-30
    /// become zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, also where the
    /// parameters have no `tau_syn`, which then change nothing; faults of the device.
    pub fn set_synaptic_currents<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_synapse()?;
        let values = values.view().into_dyn();
        let largest = finite("the synaptic currents", &values)? * self.table.bounds.resistance;
        if largest > LARGEST_PARAMETER {
            let requirement = format!("at most {LARGEST_PARAMETER:e} mV in magnitude");
            return Err(Error::out_of_range(
                "resistance x synaptic current",
                format!("{largest:e} mV"),
                requirement,
            ));
        }
        let all = self.spread("the synaptic currents", values)?;
        let all: Vec<f32> = all.into_iter().map(|current| flush(current, SMALLEST_STATE)).collect();
        self.on_engine(|engine| engine.set_synaptic_currents(&all))
    }

    fn require_synapse(&self) -> Result<()> {
        if self.params.tau_syn.is_some() {
            return Ok(());
        }
        Err(Error::out_of_range("tau_syn", "none", "set in the parameters for synaptic currents to be there"))
    }

    /// Spikes of each cell since the population was built or reset or its counts cleared,
    /// `[batch, n]`, modulo 2^32.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn counts(&mut self) -> Result<Array2<u32>> {
        let values = self.on_engine(|engine| engine.counts())?;
        self.array(values)
    }

    /// Sets all spike counts to 0.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn clear_counts(&mut self) -> Result<()> {
        self.on_engine(|engine| engine.clear_counts())
    }

    /// Sets the membrane potentials, mV; `values` broadcasts to `[batch, n]`. Magnitudes below
    /// 1e-30 become zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, which then
    /// change nothing; faults of the device.
    pub fn set_voltages<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        let values = values.view().into_dyn();
        let largest = finite("the voltages", &values)?;
        if largest > LARGEST_PARAMETER {
            let requirement = format!("at most {LARGEST_PARAMETER:e} mV in magnitude");
            return Err(Error::out_of_range("the voltages", largest, requirement));
        }
        let all = self.spread("the voltages", values)?;
        let all: Vec<f32> = all.into_iter().map(|v| flush(v, SMALLEST_STATE)).collect();
        self.on_engine(|engine| engine.set_voltages(&all))
    }

    /// Sets how many steps each cell is still refractory; `values` broadcasts to `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] and, above 2^31 - 1 steps, [`Error::OutOfRange`], which change nothing;
    /// faults of the device.
    pub fn set_refractory<S: Data<Elem = u32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        if let Some(value) = values.iter().find(|value| **value >= SPIKE_FLAG) {
            return Err(Error::out_of_range("the refractory counter", value, "below 2^31 steps"));
        }
        let all = self.spread("the refractory counters", values.view().into_dyn())?;
        let flags = self.on_engine(|engine| engine.refractory())?;
        let all: Vec<u32> = all.iter().zip(flags).map(|(steps, flag)| steps | (flag & SPIKE_FLAG)).collect();
        self.on_engine(|engine| engine.set_refractory(&all))
    }

    /// Starts anew: v at rest, no synaptic current, no spikes, counts 0, step 0. Also clears a fault, where the device
    /// still works.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn reset(&mut self) -> Result<()> {
        if self.fault.is_some() {
            (self.table, self.engine) = build(&self.params, self.n, self.batch, &self.device)?;
        } else {
            let result = self.engine.reset(&self.table.rest((self.batch, self.n)));
            self.note(result)?;
        }
        self.forget();
        Ok(())
    }

    /// What has been done for this population since it was built or its batch size changed. Steps
    /// that are queued or under way are waited for.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn work(&mut self) -> Result<Work> {
        self.on_engine(|engine| engine.work())
    }

    /// The buffers of the state on the device, for programs that have their own wgpu code. They are
    /// one set for all cells, or one for each slab of a population that is larger than the device
    /// binds at once or lives on several devices, in the order of the cells; none for cells on the
    /// CPU. Queued steps are submitted first, so that work submitted to the same queue afterwards
    /// sees the state after the last step.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn buffers(&mut self) -> Result<Vec<crate::StateBuffers>> {
        self.check_state()?;
        self.flush()?;
        Ok(self.engine.buffers())
    }

    /// All state, as a checkpoint holds it.
    pub(crate) fn state(&mut self) -> Result<State> {
        let has_traces = self.params.trace.is_some();
        let has_synapse = self.params.tau_syn.is_some();
        let steps = self.steps;
        self.on_engine(|engine| {
            Ok(State {
                voltages: engine.voltages()?,
                refractory: engine.refractory()?,
                traces: if has_traces { Some(engine.traces()?) } else { None },
                synaptic_currents: if has_synapse { Some(engine.synaptic_currents()?) } else { None },
                counts: engine.counts()?,
                steps,
            })
        })
    }

    /// Takes the state of a population of the same shape and parameters.
    pub(crate) fn restore(&mut self, state: &State) -> Result<()> {
        if state.steps > MOST_STEPS {
            let requirement = format!("at most {MOST_STEPS}");
            return Err(Error::out_of_range("the number of steps", state.steps, requirement));
        }
        self.on_engine(|engine| {
            engine.set_voltages(&state.voltages)?;
            engine.set_refractory(&state.refractory)?;
            if let Some(traces) = &state.traces {
                engine.set_traces(traces)?;
            }
            if let Some(currents) = &state.synaptic_currents {
                engine.set_synaptic_currents(currents)?;
            }
            engine.set_counts(&state.counts, state.steps)
        })?;
        self.steps = state.steps;
        Ok(())
    }

    /// Makes the queued steps.
    fn flush(&mut self) -> Result<()> {
        let mut first_step = self.steps - self.queue.steps();
        for run in self.queue.drain() {
            let result = self
                .engine
                .advance(first_step, run.steps, &run.current(), None, &mut |_| ControlFlow::Continue(()));
            // Whatever the error, the steps are gone from the queue.
            first_step += result.inspect_err(|error| self.fault = Some(error.to_string()))?;
        }
        Ok(())
    }

    /// Reads or writes state after the last queued step.
    fn on_engine<T>(&mut self, act: impl FnOnce(&mut dyn Engine) -> Result<T>) -> Result<T> {
        self.check_state()?;
        self.flush()?;
        let result = act(self.engine.as_mut());
        self.note(result)
    }

    fn forget(&mut self) {
        self.queue = Queue::default();
        self.steps = 0;
        self.fault = None;
    }

    fn check_state(&self) -> Result<()> {
        match &self.fault {
            None => Ok(()),
            Some(reason) => Err(Error::Faulted { reason: reason.clone() }),
        }
    }

    /// Remembers that there is no valid state after a fault of the engine.
    fn note<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.is_fault()
        {
            self.fault = Some(error.to_string());
        }
        result
    }

    fn check_input<'a>(&mut self, input: Input<'a>, steps: usize) -> Result<Current<'a>> {
        let shape = (self.batch, self.n);
        let noise = self.check_noise(&input.random)?;
        Current::new(input, steps, shape, self.table.bounds, noise, &self.device)
    }

    /// What the engine sees of these sources; the same as at the last call where they are the same.
    fn check_noise(&mut self, sources: &[Random]) -> Result<Option<Arc<Noise>>> {
        if sources.is_empty() {
            return Ok(None);
        }
        if let Some((last, noise)) = &self.noise
            && last == sources
        {
            return Ok(Some(Arc::clone(noise)));
        }
        let noise = Arc::new(Noise::new(sources, self.seed, (self.batch, self.n), self.params.dt)?);
        self.noise = Some((sources.to_vec(), Arc::clone(&noise)));
        Ok(Some(noise))
    }

    /// Broadcasts to one value per cell.
    fn spread<T: Copy>(&self, what: &str, values: ndarray::ArrayViewD<'_, T>) -> Result<Vec<T>> {
        strides(what, values.shape(), (self.batch, self.n))?;
        let spread: ArrayView2<'_, T> = values
            .broadcast((self.batch, self.n))
            .ok_or_else(|| Error::shape(what, format!("[{}, {}]", self.batch, self.n), values.shape()))?;
        Ok(spread.iter().copied().collect())
    }

    fn array<T>(&self, values: Vec<T>) -> Result<Array2<T>> {
        let got = values.len();
        Array2::from_shape_vec((self.batch, self.n), values)
            .map_err(|_| Error::shape("state read back", format!("[{}, {}]", self.batch, self.n), &[got]))
    }
}

fn build(params: &Params, n: usize, batch: usize, device: &Device) -> Result<Built> {
    let table = Arc::new(table(params, n, batch)?);
    let engine = device.engine(&table, (batch, n))?;
    Ok((table, engine))
}

/// The coefficients of a population whose size is possible.
fn table(params: &Params, n: usize, batch: usize) -> Result<Table> {
    for (what, size) in [("the number of neurons", n), ("the batch size", batch)] {
        if size == 0 {
            return Err(Error::out_of_range(what, 0, "1 or more"));
        }
    }
    let cells = n.checked_mul(batch).filter(|cells| *cells < u32::MAX as usize);
    if cells.is_none() {
        let value = format!("{batch} x {n}");
        return Err(Error::out_of_range("the number of cells", value, "below 2^32 - 1 in all"));
    }
    Table::new(params, (batch, n))
}
