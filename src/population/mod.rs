//! [`Population`]: batch rows of neurons on a device, with their state; the main type of this library.

pub(crate) mod blocks;
#[cfg(feature = "checkpoint")]
pub(crate) mod checkpoint;
pub(crate) mod network;
mod ongoing;
mod queue;
mod recorder;
pub(crate) mod run;
pub(crate) mod scorer;
pub(crate) mod sink;
mod state;
mod stepping;

use crate::data::broadcast::strides;
use crate::data::memory::{self, MemoryNeed};
use crate::data::shape::Shape;
use crate::device::Device;
use crate::device::placement::Placement;
use crate::engine::{Engine, Piece};
use crate::error::{About, Argument, Error, Result};
use crate::experiment::input::{Input, InputSize};
use crate::experiment::noise_size::NoiseSize;
use crate::experiment::params::Params;
use crate::experiment::population_options::PopulationOptions;
use crate::experiment::random_source::Random;
use crate::model::random::{COUNTER_BITS, GROUP};
use crate::model::{Coefficients, Options};
use crate::population::network::BuiltNetwork;
use crate::population::queue::Queue;
use crate::prepared::coefficients::{self, Table};
use crate::prepared::current::Current;
use crate::prepared::noise::{Draws, Noise};
use ndarray::{Array2, ArrayView2, ArrayViewD};
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows of leaky integrate-and-fire neurons on one device, or on [several](Device::several).
///
/// The state is on the device, and is copied back only when it is read. [`forward`](Self::forward) only queues a
/// step; queued steps are made together when 32 wait or when state is read, so that a loop over `forward` has
/// most of the speed of one [`run`](Self::run) for tens of thousands of neurons and more.
///
/// All arrays are `[batch, n]`. Currents are in nA, potentials in mV, times in ms.
///
/// ```
/// use lif::{Device, Params, Population};
///
/// let mut population = Population::new(Params::default(), 10, &Device::auto())?;
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
    shape: Shape,
    placement: Placement,
    table: Arc<Table>,
    engine: Box<dyn Engine>,
    queue: Queue,
    /// The number of bytes that may wait in the queue, if there is a memory budget.
    queue_room: Option<u64>,
    /// The number of steps made and queued since the start.
    steps: u64,
    seed: u64,
    /// The random sources of the last input that had any, prepared for the engine.
    noise: Option<LastNoise>,
    network: Option<BuiltNetwork>,
    /// The fault that left no valid state, if there was one.
    fault: Option<String>,
}

/// Random sources, as given and as prepared for the engine.
#[derive(Debug)]
struct LastNoise {
    sources: Vec<Random>,
    noise: Arc<Noise>,
    size: NoiseSize,
    /// The number of bytes that they need.
    bytes: u64,
}

/// The largest number of steps of a population, which random numbers can tell apart: 35 years of one step per
/// microsecond.
const MOST_STEPS_EVER: u64 = GROUP << COUNTER_BITS;

/// The parts of a population that depend on its shape.
type Built = (Arc<Table>, Box<dyn Engine>);

impl Population {
    /// Builds neurons at rest; `shape` is the number of neurons in one row, or `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters ([`Error::Shape`], [`Error::NonFinite`],
    /// [`Error::OutOfRange`]), [`Error::TooLarge`] if the population does not fit on the device, and
    /// faults of the device.
    pub fn new(params: Params, shape: impl Into<Shape>, device: &Device) -> Result<Self> {
        Self::with_options(params, shape, device, PopulationOptions::default())
    }

    /// As [`new`](Self::new), with memory limits and timing.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`Error::TooLarge`] for more than the memory budget.
    pub fn with_options(
        params: Params,
        shape: impl Into<Shape>,
        device: &Device,
        options: PopulationOptions,
    ) -> Result<Self> {
        Self::connected(params, shape.into(), device, options, None)
    }

    /// Builds a population whose neurons may be connected.
    fn connected(
        params: Params,
        shape: Shape,
        device: &Device,
        options: PopulationOptions,
        network: Option<BuiltNetwork>,
    ) -> Result<Self> {
        let placement = Placement { device: device.clone(), options };
        let (table, engine) = build(&params, shape, &placement, network.as_ref())?;
        coefficients::warn_of_long_steps(&params);
        Ok(Self {
            queue_room: options.left_of_budget(&placement.memory_needed(
                &table,
                shape,
                network.as_ref().map(|network| &*network.connections),
            )),
            params,
            shape,
            placement,
            table,
            engine,
            queue: Queue::default(),
            steps: 0,
            seed: 0,
            noise: None,
            network,
            fault: None,
        })
    }

    /// Returns the memory that a population would need without its input and recordings, for which see
    /// [`Input::memory_needed`] and [`Recording::memory_needed`](crate::Recording::memory_needed).
    ///
    /// Inputs that wait in a loop over [`forward`](Self::forward) take no more than the
    /// [budget](PopulationOptions::memory_budget) leaves. Without a budget at most 32 inputs wait, with at most 64
    /// MiB plus one input.
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters or the sizes, as in [`new`](Self::new).
    pub fn memory_needed(params: &Params, shape: impl Into<Shape>, device: &Device) -> Result<MemoryNeed> {
        let shape = shape.into();
        Ok(Placement::from(device).memory_needed(&table(params, shape)?, shape, None))
    }

    /// Changes the number of batch rows, and resets the state: v at rest, no spikes, step 0.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); the population is then unchanged.
    pub fn set_batch_size(&mut self, batch: usize) -> Result<()> {
        let shape = Shape { batch, ..self.shape };
        let network = match &self.network {
            None => None,
            Some(network) => Some(network.for_batch(batch, &self.params)?),
        };
        let (table, engine) = build(&self.params, shape, &self.placement, network.as_ref())?;
        self.network = network;
        self.table = table;
        self.engine = engine;
        self.shape = shape;
        self.queue_room = self.placement.options.left_of_budget(&self.memory_of_population());
        self.noise = None;
        self.forget();
        Ok(())
    }

    /// The number of batch rows, and of neurons in a row.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The number of neurons in a batch row.
    #[must_use]
    pub fn n(&self) -> usize {
        self.shape.n
    }

    /// The number of batch rows.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.shape.batch
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.placement.device
    }

    /// The rules of all cells, as an argument for [`model::step_cell`](crate::model::step_cell).
    #[must_use]
    pub fn options(&self) -> Options {
        self.table.options
    }

    /// The coefficients of one cell: with [`options`](Self::options) they are all that is
    /// needed to step the cell by hand. `None` outside the population. Potentials in them are differences from
    /// [`v_reference`](Params::v_reference), computed in double precision and then rounded, as in the state.
    ///
    /// ```
    /// use lif::model::{self, State, StepInput};
    /// use lif::{Device, Params, Population};
    ///
    /// let mut population = Population::new(Params::default(), 1, &Device::cpu())?;
    /// let cell = population.coefficients(0, 0).unwrap_or_default();
    /// let mut state = State { v: cell.v_rest, ..State::default() };
    /// for step in 0..1000 {
    ///     let input = StepInput { current: 0.8, ..StepInput::default() };
    ///     state = model::step_cell(population.options(), cell, state, input, step);
    ///     population.forward(0.8)?;
    /// }
    /// assert_eq!(state.v.to_bits(), population.voltages()?[[0, 0]].to_bits());
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn coefficients(&self, row: usize, neuron: usize) -> Option<Coefficients> {
        (row < self.shape.batch && neuron < self.shape.n).then(|| self.table.cell(row, neuron))
    }

    /// Returns the draws of random sources for any cell at any step, to step a cell by hand with
    /// [`coefficients`](Self::coefficients).
    ///
    /// ```
    /// use lif::{Device, Params, Population, Random};
    ///
    /// let mut population = Population::new(Params::default(), 2, &Device::cpu())?;
    /// let sources = [Random::poisson(20_000.0, 0.5)];
    /// let drawn = population.draws(&sources)?.at(0, 1, 7).unwrap_or_default();
    /// assert_eq!((drawn.current, drawn.jump % 0.5), (0.0, 0.0));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for random sources of an input.
    pub fn draws(&mut self, sources: &[Random]) -> Result<Draws> {
        Ok(Draws::new(self.check_noise(sources)?, self.shape))
    }

    /// The number of steps since the population was built or reset.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The seed of the draws of [random sources](Random).
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sets the seed of the draws of random sources in future steps. It is 0 at first, and is not changed
    /// by a reset.
    ///
    /// # Errors
    ///
    /// Faults of the device, as queued steps are made first.
    pub fn set_seed(&mut self, seed: u64) -> Result<()> {
        self.check_state()?;
        self.flush()?;
        self.seed = seed;
        self.noise = None;
        Ok(())
    }

    /// The memory that the population takes without its input and recordings.
    fn memory_of_population(&self) -> MemoryNeed {
        let connections = self.network.as_ref().map(|network| &*network.connections);
        self.placement.memory_needed(&self.table, self.shape, connections)
    }

    /// Makes the queued steps.
    fn flush(&mut self) -> Result<()> {
        let mut first_step = self.steps - self.queue.steps();
        // Taken out, so that the steps are gone from the queue even after an error.
        let mut queue = std::mem::take(&mut self.queue);
        let result = queue.runs().try_for_each(|(steps, current)| {
            let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
            first_step += self.engine.advance(first_step, steps, &current, None, &mut go_on)?;
            Ok(())
        });
        queue.clear();
        self.queue = queue;
        result.inspect_err(|error: &Error| self.fault = Some(error.to_string()))
    }

    /// Reads or writes state after the last queued step.
    fn on_engine<T>(&mut self, act: impl FnOnce(&mut dyn Engine) -> Result<T>) -> Result<T> {
        self.check_state()?;
        self.flush()?;
        let result = act(self.engine.as_mut());
        self.note(result)
    }

    fn forget(&mut self) {
        self.queue.forget();
        self.steps = 0;
        self.fault = None;
    }

    fn check_state(&self) -> Result<()> {
        match &self.fault {
            None => Ok(()),
            Some(reason) => Err(Error::Faulted { reason: reason.clone() }),
        }
    }

    /// Passes a result on; after a fault of the engine, remembers that there is no valid state.
    fn note<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.is_fault()
        {
            self.fault = Some(error.to_string());
        }
        result
    }

    /// Returns the sizes of an input that determine its memory, and its random sources, which it checks.
    fn measure(&mut self, input: &Input<'_>) -> Result<(InputSize, Option<Arc<Noise>>)> {
        let noise = self.check_noise(&input.random)?;
        let last = self.noise.as_ref().filter(|_| noise.is_some());
        let size = last.map_or_else(NoiseSize::default, |last| last.size);
        let inhibition = self.table.options.inhibition;
        Ok((InputSize { noise: size, inhibition, ..input.size(self.shape.n) }, noise))
    }

    /// Checks an input whose random sources have been checked.
    fn check_input<'a>(
        &self,
        input: Input<'a>,
        steps: u64,
        noise: Option<Arc<Noise>>,
    ) -> Result<Current<'a>> {
        let shape = self.shape;
        Current::new(input, steps as usize, shape, self.table.bounds, noise, &self.placement.device)
            .about(Argument::Input)
    }

    /// Checks random sources and prepares them for the engine; reuses those of the last call if they are the same.
    fn check_noise(&mut self, sources: &[Random]) -> Result<Option<Arc<Noise>>> {
        if sources.is_empty() {
            return Ok(None);
        }
        if let Some(last) = &self.noise
            && last.sources == sources
        {
            return Ok(Some(Arc::clone(&last.noise)));
        }
        // Queued steps first: otherwise their sources would take memory in addition to these.
        self.flush()?;
        self.noise = None;
        let shape = self.shape;
        let size = NoiseSize::of(sources, self.params.dt);
        let input = InputSize { noise: size, ..InputSize::default() };
        self.require_input(&input, 1)?;
        let need = self.placement.memory_of_input(&input, 1, self.table.buffers(), shape);
        memory::require(
            "the random sources",
            self.placement.on_this_machine(&need),
            "let fewer neurons differ in their rate",
        )?;
        let noise = Noise::new(sources, self.seed, shape, &self.params).about(Argument::Random)?;
        let noise = Arc::new(noise);
        let sources = sources.to_vec();
        self.noise = Some(LastNoise { sources, noise: Arc::clone(&noise), size, bytes: need.total() });
        Ok(Some(noise))
    }

    /// Broadcasts values to one per cell, in row-major order, and copies them only if they are stored otherwise.
    fn spread<'a, T: Copy>(&self, what: &str, values: ArrayViewD<'a, T>) -> Result<Cow<'a, [T]>> {
        let shape = self.shape;
        strides(what, values.shape(), shape).about(Argument::State)?;
        if values.len() == shape.cells()
            && let Some(values) = values.to_slice()
        {
            return Ok(Cow::Borrowed(values));
        }
        let spread: ArrayView2<'_, T> = values
            .broadcast((shape.batch, shape.n))
            .ok_or_else(|| Error::shape(what, shape.to_string(), values.shape()))?;
        Ok(Cow::Owned(spread.iter().copied().collect()))
    }

    fn array<T>(&self, values: Vec<T>) -> Result<Array2<T>> {
        let got = values.len();
        Array2::from_shape_vec((self.shape.batch, self.shape.n), values)
            .map_err(|_| Error::shape("state read back", self.shape.to_string(), &[got]))
    }
}

fn build(
    params: &Params,
    shape: Shape,
    placement: &Placement,
    network: Option<&BuiltNetwork>,
) -> Result<Built> {
    let table = Arc::new(table(params, shape)?);
    let engine = placement.engine(&table, shape, network.map(|network| &network.connections))?;
    Ok((table, engine))
}

/// Returns the coefficients of a population, after a check of its size.
fn table(params: &Params, shape: Shape) -> Result<Table> {
    let Shape { batch, n } = shape;
    for (what, size) in [("the number of neurons", n), ("the batch size", batch)] {
        if size == 0 {
            return Err(Error::out_of_range(what, 0, "1 or more").about(Argument::Shape));
        }
    }
    if shape.cells() >= u32::MAX as usize {
        let value = format!("{batch} x {n}");
        let error = Error::out_of_range("the number of cells", value, "below 2^32 - 1 in all");
        return Err(error.about(Argument::Shape));
    }
    Table::new(params, shape).about(Argument::Parameter)
}
