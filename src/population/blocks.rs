//! [`Blocks`]: inputs that are larger than memory, made or read block by block.

use crate::error::{Argument, Error, Result};
use crate::experiment::input::Input;
use crate::experiment::random_source::Random;
use ndarray::ArrayD;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

/// What drives a run: an [`Input`] for all of its steps, or an input in [`Blocks`].
#[derive(Debug)]
pub struct Drive<'a>(pub(super) DriveKind<'a>);

#[derive(Debug)]
pub(super) enum DriveKind<'a> {
    Input(Input<'a>),
    Blocks(Blocks<'a>),
}

impl<'a, T: Into<Input<'a>>> From<T> for Drive<'a> {
    fn from(input: T) -> Self {
        Self(DriveKind::Input(input.into()))
    }
}

impl<'a> From<Blocks<'a>> for Drive<'a> {
    fn from(blocks: Blocks<'a>) -> Self {
        Self(DriveKind::Blocks(blocks))
    }
}

/// A block of an input: some consecutive steps.
pub trait InputBlock: Send {
    /// The number of steps of the block.
    fn steps(&self) -> u64;

    /// The input of these steps.
    fn input(&self) -> Input<'_>;
}

impl InputBlock for ArrayD<f32> {
    fn steps(&self) -> u64 {
        self.shape().first().map_or(0, |length| *length as u64)
    }

    fn input(&self) -> Input<'_> {
        Input::sequence(self)
    }
}

/// An input in blocks of any length: arrays of currents (nA), each `[t]`, `[t, n]`, `[t, batch, 1]` or
/// `[t, batch, n]` as for [`Input::sequence`], or any other [`InputBlock`]. The next block is made on another
/// thread while the steps of a block are simulated, and at most one more block waits.
///
/// ```
/// use lif::{Blocks, Device, Params, Population};
/// use ndarray::Array1;
///
/// // As they would be read from a file.
/// let blocks = (0..10).map(|block| {
///     Ok(Array1::from_shape_fn(100, |step| (block * 100 + step) as f32 * 1e-3).into_dyn())
/// });
/// let mut population = Population::new(Params::default(), 50, &Device::cpu())?;
/// let made = population.run(1000, Blocks::new(blocks)).go()?;
/// assert_eq!(made.steps, 1000);
/// # Ok::<(), lif::Error>(())
/// ```
pub struct Blocks<'a> {
    blocks: BoxedBlocks<'a>,
    random: Vec<Random>,
}

type BoxedBlocks<'a> = Box<dyn Iterator<Item = Result<Box<dyn InputBlock + 'a>>> + Send + 'a>;

impl fmt::Debug for Blocks<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Blocks").field("random", &self.random).finish_non_exhaustive()
    }
}

impl<'a> Blocks<'a> {
    /// Takes the blocks from an iterator, which may fail.
    pub fn new<All, Block>(blocks: All) -> Self
    where
        All: IntoIterator<Item = Result<Block>, IntoIter: Send + 'a>,
        Block: InputBlock + 'a,
    {
        let boxed = |block: Result<Block>| block.map(|block| Box::new(block) as Box<dyn InputBlock + 'a>);
        Self { blocks: Box::new(blocks.into_iter().map(boxed)), random: Vec::new() }
    }

    /// Adds a random source, which is drawn anew at each step, to all blocks.
    #[must_use]
    pub fn and(mut self, random: Random) -> Self {
        self.random.push(random);
        self
    }

    /// Calls `take` with each block and its number of steps, for `steps` steps in all. The first step has the number
    /// `first_step`.
    pub(super) fn each(
        self,
        steps: u64,
        first_step: u64,
        take: impl FnMut(u64, Input<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let Self { blocks, random } = self;
        // In a mutex, as values moved into a thread that fails to start would be lost.
        let blocks = Mutex::new(Some(blocks));
        let blocks = || blocks.lock().unwrap_or_else(PoisonError::into_inner).take().into_iter().flatten();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let make = move || {
                // Ends when the receiver is gone.
                let _ = blocks().map(|block| sender.send(block)).find(std::result::Result::is_err);
            };
            match std::thread::Builder::new().spawn_scoped(scope, make) {
                Ok(_) => hand_out(receiver, &random, (first_step, steps), take),
                Err(error) => {
                    log::debug!("no thread makes the input: {error}");
                    hand_out(blocks(), &random, (first_step, steps), take)
                }
            }
        })
    }
}

fn hand_out<'a>(
    blocks: impl IntoIterator<Item = Result<Box<dyn InputBlock + 'a>>>,
    random: &[Random],
    (first_step, steps): (u64, u64),
    mut take: impl FnMut(u64, Input<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut all = 0;
    for block in blocks {
        let block = block?;
        let length = block.steps();
        if length > steps - all {
            let more = format!("at least {} steps", all.saturating_add(length));
            let requirement = format!("{steps} steps");
            return Err(
                Error::out_of_range("the length of the input", more, requirement).about(Argument::Input)
            );
        }
        let input = random.iter().cloned().fold(block.input(), Input::and);
        if take(length, input).map_err(|error| placed(error, first_step + all))?.is_break() {
            return Ok(());
        }
        all += length;
    }
    if all < steps {
        let less = format!("{all} steps");
        let requirement = format!("{steps} steps");
        return Err(Error::out_of_range("the length of the input", less, requirement).about(Argument::Input));
    }
    Ok(())
}

/// Adds to an error about a block where the block begins.
fn placed(mut error: Error, first: u64) -> Error {
    if let Error::Shape { what, .. } | Error::NonFinite { what, .. } | Error::OutOfRange { what, .. } =
        &mut error
    {
        *what = format!("{what} (in the block from step {first} on)");
    }
    error
}
