//! The public face: a batch of populations of neurons that share a device.

pub(crate) mod blocks;
#[cfg(feature = "checkpoint")]
pub(crate) mod checkpoint;
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
    /// Bytes that may wait in the queue, where there is a memory budget.
    queue_room: Option<u64>,
    /// Steps made and queued since the start.
    steps: u64,
    seed: u64,
    /// The random sources of the last input that had any, with what the engine sees of them.
    noise: Option<LastNoise>,
    /// The fault after which there is no valid state.
    fault: Option<String>,
}

/// Random sources, and what the engine sees of them.
#[derive(Debug)]
struct LastNoise {
    sources: Vec<Random>,
    noise: Arc<Noise>,
    size: NoiseSize,
    /// Bytes that they need.
    bytes: u64,
}

/// The most steps that a population ever makes: 35 years of one step per microsecond, as many as
/// random numbers can tell apart.
const MOST_STEPS_EVER: u64 = GROUP << COUNTER_BITS;

/// The parts of a population that depend on its shape.
type Built = (Arc<Table>, Box<dyn Engine>);

impl Population {
    /// Builds neurons at rest: as many in one row, or `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters ([`Error::Shape`], [`Error::NonFinite`],
    /// [`Error::OutOfRange`]), [`Error::TooLarge`] where the device cannot hold the population, and
    /// faults of the device.
    pub fn new(params: Params, shape: impl Into<Shape>, device: &Device) -> Result<Self> {
        Self::with_options(params, shape, device, PopulationOptions::default())
    }

    /// The same, kept on its device in this way.
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
        let shape = shape.into();
        let placement = Placement { device: device.clone(), options };
        let (table, engine) = build(&params, shape, &placement)?;
        coefficients::warn_of_long_steps(&params);
        Ok(Self {
            queue_room: options.left_of_budget(&placement.memory_needed(&table, shape)),
            params,
            shape,
            placement,
            table,
            engine,
            queue: Queue::default(),
            steps: 0,
            seed: 0,
            noise: None,
            fault: None,
        })
    }

    /// How much memory a population would need by itself. What drives it and what it records come on top:
    /// [`Input::memory_needed`] and [`Recording::memory_needed`](crate::Recording::memory_needed). Inputs that
    /// wait in a loop over [`forward`](Self::forward) take no more than the
    /// [budget](PopulationOptions::memory_budget) leaves; without one at most 32 wait, and no more than 64 MiB and one.
    ///
    /// # Errors
    ///
    /// Anything wrong with the parameters or the sizes, as in [`new`](Self::new).
    pub fn memory_needed(params: &Params, shape: impl Into<Shape>, device: &Device) -> Result<MemoryNeed> {
        let shape = shape.into();
        Ok(Placement::from(device).memory_needed(&table(params, shape)?, shape))
    }

    /// Changes the number of batch rows. The state starts anew: v at rest, no spikes, step 0.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); the population is then unchanged.
    pub fn set_batch_size(&mut self, batch: usize) -> Result<()> {
        let shape = Shape { batch, ..self.shape };
        let (table, engine) = build(&self.params, shape, &self.placement)?;
        let need = self.placement.memory_needed(&table, shape);
        self.queue_room = self.placement.options.left_of_budget(&need);
        self.table = table;
        self.engine = engine;
        self.shape = shape;
        self.noise = None;
        self.forget();
        Ok(())
    }

    /// The number of batch rows, and of neurons in each.
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

    /// The rules that all its cells follow, as [`model::step_cell`](crate::model::step_cell) takes them.
    #[must_use]
    pub fn options(&self) -> Options {
        self.table.options
    }

    /// What the model knows of one cell: together with [`options`](Self::options) all that is
    /// needed to step it by hand. `None` outside the population. Potentials in it are differences from
    /// [`v_reference`](Params::v_reference), computed in double precision and then rounded, as the state is.
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

    /// What random sources draw for any cell at any step: what the model needs to know of them, as
    /// [`coefficients`](Self::coefficients) is what it needs to know of a cell.
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
    /// As for the sources of an input.
    pub fn draws(&mut self, sources: &[Random]) -> Result<Draws> {
        Ok(Draws::new(self.check_noise(sources)?, self.shape))
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

    /// Makes the queued steps.
    fn flush(&mut self) -> Result<()> {
        let mut first_step = self.steps - self.queue.steps();
        // Whatever the error, the steps are gone from the queue.
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

    /// Remembers that there is no valid state after a fault of the engine.
    fn note<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.is_fault()
        {
            self.fault = Some(error.to_string());
        }
        result
    }

    /// What matters of an input for memory, and its random sources, which are checked here.
    fn measure(&mut self, input: &Input<'_>) -> Result<(InputSize, Option<Arc<Noise>>)> {
        let noise = self.check_noise(&input.random)?;
        let last = self.noise.as_ref().filter(|_| noise.is_some());
        let size = last.map_or_else(NoiseSize::default, |last| last.size);
        Ok((InputSize { noise: size, ..input.size(self.shape.n) }, noise))
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

    /// What the engine sees of these sources; the same as at the last call where they are the same.
    fn check_noise(&mut self, sources: &[Random]) -> Result<Option<Arc<Noise>>> {
        if sources.is_empty() {
            return Ok(None);
        }
        if let Some(last) = &self.noise
            && last.sources == sources
        {
            return Ok(Some(Arc::clone(&last.noise)));
        }
        // Those of steps that wait would be there beside them.
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
        let noise = Noise::new(sources, self.seed, shape, self.params.dt).about(Argument::Random)?;
        let noise = Arc::new(noise);
        let sources = sources.to_vec();
        self.noise = Some(LastNoise { sources, noise: Arc::clone(&noise), size, bytes: need.total() });
        Ok(Some(noise))
    }

    /// Broadcasts to one value per cell, copied only where the values do not lie so.
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

fn build(params: &Params, shape: Shape, placement: &Placement) -> Result<Built> {
    let table = Arc::new(table(params, shape)?);
    let engine = placement.engine(&table, shape)?;
    Ok((table, engine))
}

/// The coefficients of a population whose size is possible.
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
