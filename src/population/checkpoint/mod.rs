//! [`Checkpoint`]: a population in one file, with everything that it needs to continue bit for bit.

mod file;
mod parts;
mod state;

use crate::data::shape::Shape;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::experiment::population_options::PopulationOptions;
use crate::population::Population;
use crate::population::network::{BuiltNetwork, Network};
use crate::prepared::field::Field;
use file::{Contents, Tensor};
use safetensors::Dtype;
use state::PopulationState;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// The newest format that this version reads. It writes the oldest format that can represent the population.
const FORMAT: u32 = parts::ALPHA_FORMAT;

/// The format of files with a network.
const NETWORK_FORMAT: u32 = 3;

const FORMAT_NOTE: &str = "format";
const VERSION_NOTE: &str = "version";
const SEED_NOTE: &str = "seed";
const STEPS_NOTE: &str = "steps";
/// The prefix of the names of the caller's notes.
const CALLERS: &str = "note.";

const REFRACTORY: &str = "state.refractory";
const COUNTS: &str = "state.counts";
const ARRIVING: &str = "state.arriving";
/// The fingerprint of a network.
const NETWORK_NOTE: &str = "network";

/// A checkpoint that has been opened and whose checksum is right. It is a safetensors file, which other
/// programs can read: tensors named `state.*`, `[batch, n]`, and `params.*`, in the shapes that were given. If
/// there is a `params.v_reference`, `state.voltages` are differences from it.
///
/// ```
/// use lif::{Checkpoint, Device, Params, Population, Recording};
/// use std::collections::BTreeMap;
///
/// let path = std::env::temp_dir().join(format!("example-{}.safetensors", std::process::id()));
/// let mut population = Population::new(Params::default(), [2, 100], &Device::cpu())?;
/// population.run(500, 0.8).go()?;
/// population.save_with(&path, &BTreeMap::from([("trial".to_owned(), "7".to_owned())]))?;
///
/// let checkpoint = Checkpoint::open(&path)?;
/// assert_eq!((checkpoint.batch(), checkpoint.n(), checkpoint.steps()), (2, 100, 500));
/// assert_eq!(checkpoint.notes()["trial"], "7");
/// let mut resumed = checkpoint.population(&Device::cpu())?;
/// assert_eq!(resumed.voltages()?, population.voltages()?);
/// # let _ = std::fs::remove_file(&path);
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    contents: Contents,
    shape: Shape,
    steps: u64,
    seed: u64,
    notes: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Opens a checkpoint and compares all its bytes with its checksum.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] for a file that is missing, cut short, damaged, from another program, or
    /// in a format that is newer than this version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let refusal = |reason| refusal(&path, reason);
        let contents = Contents::open(&path).map_err(refusal)?;
        let format: u32 = number(&contents, FORMAT_NOTE).map_err(refusal)?;
        if format > FORMAT {
            let version = contents.note(VERSION_NOTE).unwrap_or("unknown");
            return Err(refusal(format!(
                "its format is {format}, and this version reads up to {FORMAT}; \
                 resume it with lif {version}, which wrote it, or a newer one"
            )));
        }
        let voltages = Field::Voltages.key();
        let Some(&[batch, n]) = contents.shape(voltages) else {
            return Err(refusal(format!("it holds no '{voltages}' of shape [batch, n]")));
        };
        let steps = number(&contents, STEPS_NOTE).map_err(refusal)?;
        let callers = contents.notes().filter_map(|(name, text)| Some((name.strip_prefix(CALLERS)?, text)));
        let notes = callers.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let seed = number(&contents, SEED_NOTE).map_err(refusal)?;
        Ok(Self { path, contents, shape: Shape { batch, n }, steps, seed, notes })
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

    /// The number of steps that the population had made.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The notes that the caller saved with the population.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.notes
    }

    /// Builds the population on a device, which need not be the device on which it was saved.
    ///
    /// # Errors
    ///
    /// As [`Population::new`], and [`Error::Checkpoint`] for contents that are not a population.
    pub fn population(self, device: &Device) -> Result<Population> {
        self.population_with_options(device, PopulationOptions::default())
    }

    /// As [`population`](Self::population), with memory limits and timing.
    ///
    /// # Errors
    ///
    /// As [`population`](Self::population), and [`Error::TooLarge`] for more than the memory budget.
    pub fn population_with_options(
        mut self,
        device: &Device,
        options: PopulationOptions,
    ) -> Result<Population> {
        if self.is_of_network() {
            let reason = "it is of a network, whose description it does not contain; use Network::resume";
            return Err(refusal(&self.path, reason.to_owned()));
        }
        let params = parts::read(&mut self.contents).map_err(|reason| refusal(&self.path, reason))?;
        let population = Population::with_options(params, self.shape, device, options)?;
        self.restore(population)
    }

    /// Whether the population is that of a [`Network`], with which alone it can be [resumed](Network::resume).
    #[must_use]
    pub fn is_of_network(&self) -> bool {
        self.contents.shape(ARRIVING).is_some()
    }

    /// Sets the state of a new population of the same shape and parameters.
    fn restore(mut self, mut population: Population) -> Result<Population> {
        let refusal = |reason| refusal(&self.path, reason);
        let shape = [self.shape.batch, self.shape.n];
        let options = population.table.options;
        let fields = || Field::of(options);
        for name in fields().map(Field::key).chain([REFRACTORY, COUNTS]) {
            if self.contents.shape(name) != Some(&shape) {
                return Err(refusal(format!("it holds no '{name}' of shape {shape:?}")));
            }
        }
        let sums = population.on_engine(|engine| engine.read_arriving(0))?.len();
        let contents = &mut self.contents;
        let arriving = match population.network {
            None => Vec::new(),
            Some(_) => contents.values(ARRIVING, Dtype::I32).map_err(refusal)?,
        };
        if arriving.len() != sums {
            return Err(refusal(format!(
                "'{ARRIVING}' in it has {} values instead of {sums}",
                arriving.len()
            )));
        }
        let state = PopulationState {
            arriving,
            fields: fields()
                .map(|field| Ok((field, finite(contents, field.key()).map_err(refusal)?)))
                .collect::<Result<_>>()?,
            refractory: contents.values(REFRACTORY, Dtype::U32).map_err(refusal)?,
            counts: contents.values(COUNTS, Dtype::U32).map_err(refusal)?,
            steps: self.steps,
        };
        population.restore(state).map_err(|error| match error {
            Error::OutOfRange { .. } => refusal(error.to_string()),
            fault => fault,
        })?;
        population.set_seed(self.seed)?;
        Ok(population)
    }
}

impl Population {
    /// Saves the population: parameters, state, counts, seed and number of steps. The file is written
    /// as `path.partial`, and renamed when all of it is on the disk, so that there is always a complete checkpoint.
    ///
    /// ```
    /// use lif::{Device, Params, Population, Recording};
    ///
    /// let path = std::env::temp_dir().join(format!("population-{}.safetensors", std::process::id()));
    /// let mut population = Population::new(Params::default(), 100, &Device::cpu())?;
    /// population.run(500, 0.8).go()?;
    /// population.save(&path)?;
    /// // In another process, on another device:
    /// let mut resumed = Population::load(&path, &Device::cpu())?;
    /// let spikes = resumed.run(500, 0.8).record(Recording::none().spikes()).go()?.spikes;
    /// assert_eq!(spikes, population.run(500, 0.8).record(Recording::none().spikes()).go()?.spikes);
    /// # let _ = std::fs::remove_file(&path);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] if the file cannot be written, which leaves an earlier file as it
    /// was; faults of the device.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path, &BTreeMap::new())
    }

    /// As [`save`](Self::save), with notes of the caller, which [`Checkpoint::notes`] returns.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub fn save_with(&mut self, path: impl AsRef<Path>, notes: &BTreeMap<String, String>) -> Result<()> {
        let state = self.state()?;
        let mut all: BTreeMap<String, String> =
            notes.iter().map(|(name, text)| (format!("{CALLERS}{name}"), text.clone())).collect();
        let fingerprint = self.network.as_ref().map(BuiltNetwork::fingerprint);
        let of_network = fingerprint.as_ref().map_or(0, |_| NETWORK_FORMAT);
        let format = parts::format(self.params()).max(of_network);
        all.extend(fingerprint.map(|fingerprint| (NETWORK_NOTE.to_owned(), fingerprint)));
        let own = [
            (FORMAT_NOTE, format.to_string()),
            (VERSION_NOTE, env!("CARGO_PKG_VERSION").to_owned()),
            (SEED_NOTE, self.seed().to_string()),
            (STEPS_NOTE, state.steps.to_string()),
        ];
        all.extend(own.map(|(name, text)| (name.to_owned(), text)));

        let shape = vec![self.shape.batch, self.shape.n];
        let mut tensors = Vec::new();
        // Numbers of eight bytes come first, so that all are aligned to their size.
        parts::write(self.params(), &mut tensors, &mut all);
        let mut add = |name, dtype, bytes| {
            tensors.push(Tensor { name, dtype, shape: shape.clone(), bytes: Cow::Borrowed(bytes) });
        };
        for (field, values) in &state.fields {
            add(field.key(), Dtype::F32, bytemuck::cast_slice(values));
        }
        add(REFRACTORY, Dtype::U32, bytemuck::cast_slice(&state.refractory));
        add(COUNTS, Dtype::U32, bytemuck::cast_slice(&state.counts));
        if self.network.is_some() {
            let rows = state.arriving.len() / self.shape.cells();
            tensors.push(Tensor {
                name: ARRIVING,
                dtype: Dtype::I32,
                shape: vec![rows, self.shape.batch, self.shape.n],
                bytes: Cow::Borrowed(bytemuck::cast_slice(&state.arriving)),
            });
        }
        let path = path.as_ref();
        file::write(path, all, &tensors)
            .map_err(|reason| refusal(path, format!("it cannot be written: {reason}")))
    }

    /// Builds a population from a checkpoint, on any device. It continues bit for bit as the saved population
    /// would have.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`] and [`Checkpoint::population`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        Checkpoint::open(path)?.population(device)
    }
}

impl Network {
    /// Builds the population of a checkpoint, on any device. It continues bit for bit as the saved population would
    /// have. This must be the network that was saved: the checkpoint contains its parameters and its state, with the
    /// spikes that have not arrived yet, but not its synapses, which are drawn again.
    ///
    /// ```
    /// use lif::{Checkpoint, Device, Network, Params, Rule, Synapse};
    ///
    /// let mut network = Network::new();
    /// let cells = network.add("cells", 50, Params::default())?;
    /// network.connect(&cells, &cells, Rule::fixed_indegree(10), Synapse::jump(0.5).delay(2.0))?;
    /// let mut population = network.build(1, &Device::cpu())?;
    /// population.run(500, 0.8).go()?;
    /// let path = std::env::temp_dir().join(format!("network-{}.safetensors", std::process::id()));
    /// population.save(&path)?;
    /// let mut resumed = network.resume(Checkpoint::open(&path)?, &Device::cpu())?;
    /// assert_eq!(resumed.run(500, 0.8).go()?.steps, 500);
    /// assert_eq!(resumed.voltages()?, { population.run(500, 0.8).go()?; population.voltages()? });
    /// # let _ = std::fs::remove_file(&path);
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and [`Error::Checkpoint`] for the checkpoint of another network.
    pub fn resume(&self, mut checkpoint: Checkpoint, device: &Device) -> Result<Population> {
        let refusal = |path: &Path, reason: &str| Err(refusal(path, reason.to_owned()));
        if !checkpoint.is_of_network() {
            return refusal(&checkpoint.path, "it is not of a network; use Checkpoint::population");
        }
        let params = parts::read(&mut checkpoint.contents)
            .map_err(|reason| self::refusal(&checkpoint.path, reason))?;
        if checkpoint.contents.note(NETWORK_NOTE).ok() != Some(&self.fingerprint()) {
            return refusal(
                &checkpoint.path,
                "it is of another network: its groups, rules, weights, delays or seed differ",
            );
        }
        if params != self.params()? {
            return refusal(&checkpoint.path, "it is of a network with other parameters");
        }
        let population = self.build(checkpoint.shape.batch, device)?;
        checkpoint.restore(population)
    }
}

fn refusal(path: &Path, reason: String) -> Error {
    Error::Checkpoint { path: path.display().to_string(), reason }
}

fn number<T: std::str::FromStr<Err: Display>>(
    contents: &Contents,
    name: &str,
) -> std::result::Result<T, String> {
    let text = contents.note(name)?;
    text.parse().map_err(|error| format!("its {name} is '{text}': {error}"))
}

fn finite(contents: &mut Contents, name: &str) -> std::result::Result<Vec<f32>, String> {
    let values: Vec<f32> = contents.values(name, Dtype::F32)?;
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("'{name}' in it has the value {value}; every value must be finite")),
        None => Ok(values),
    }
}
