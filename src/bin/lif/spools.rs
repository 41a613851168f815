//! The raw data of a run's arrays, written to disk while the run goes on, so that a run of any
//! length takes the same memory.

use crate::columns::Column;
use crate::events::Events;
use crate::failure::Failure;
use crate::files::{ARRAYS, Folder};
use crate::leftovers;
use crate::record::Record;
use lif::{Recorded, Sink};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const BYTES_PER_VALUE: u64 = 4;

const BUFFER: usize = 1 << 18;

/// One array on its way.
#[derive(Debug)]
struct Spool {
    name: &'static str,
    path: PathBuf,
    file: BufWriter<File>,
    values: u64,
}

/// All of them. They go when this goes, unless the run can be resumed from them.
#[derive(Debug, Default)]
pub struct Spools {
    spools: Vec<Spool>,
    stay: bool,
}

/// How many values each had when a checkpoint was made.
pub type Lengths = BTreeMap<String, u64>;

impl Spools {
    /// Begins anew. Those that are to stay have names that tell what they are; others have the
    /// number of the process in theirs, so that runs may share a folder.
    pub fn create(folder: &Folder, record: &Record, stay: bool) -> Result<Self, Failure> {
        let mut spools = Self { spools: Vec::new(), stay };
        for name in record.streams() {
            let path = if stay {
                lasting(folder.path(), name)
            } else {
                folder.path().join(format!(".lif-{}.{name}.partial", std::process::id()))
            };
            let mut leftovers = leftovers::hold();
            let file = File::create(&path).map_err(|error| unwritten(&path, &error))?;
            if !stay {
                leftovers.remember(&path);
            }
            spools.push(name, path, file, 0);
        }
        Ok(spools)
    }

    /// Takes up those of an interrupted run, as they were at its checkpoint.
    pub fn reopen(folder: &Folder, record: &Record, lengths: &Lengths) -> Result<Self, Failure> {
        let mut spools = Self { spools: Vec::new(), stay: true };
        for name in record.streams() {
            let path = lasting(folder.path(), name);
            let values = lengths.get(name).copied().unwrap_or_default();
            let bytes = values.saturating_mul(BYTES_PER_VALUE);
            let cannot = |reason: String| {
                Failure::fault(format!(
                    "cannot resume: {}, in which the run keeps what it has recorded, {reason}; \
                     bring it back, or begin the run anew",
                    path.display()
                ))
            };
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(&path)
                .map_err(|error| cannot(format!("cannot be opened ({error})")))?;
            let size = file.metadata().map_err(|error| cannot(error.to_string()))?.len();
            if size < bytes {
                return Err(cannot(format!("has {size} bytes, and had {bytes} at the checkpoint")));
            }
            // What was written after the checkpoint is made once more.
            file.set_len(bytes).and_then(|()| file.seek(SeekFrom::Start(bytes))).map_err(|error| {
                cannot(format!("cannot be cut to its length at the checkpoint ({error})"))
            })?;
            spools.push(name, path, file, values);
        }
        Ok(spools)
    }

    fn push(&mut self, name: &'static str, path: PathBuf, file: File, values: u64) {
        self.spools.push(Spool { name, path, file: BufWriter::with_capacity(BUFFER, file), values });
    }

    /// Hands all that was written to the system, so that it can be read.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.each(|spool| spool.file.flush())
    }

    /// Sees to it that all that was written is on the disk.
    pub fn sync(&mut self) -> Result<(), Failure> {
        self.each(|spool| spool.file.flush().and_then(|()| spool.file.get_ref().sync_data()))
    }

    fn each(&mut self, act: impl Fn(&mut Spool) -> io::Result<()>) -> Result<(), Failure> {
        self.spools
            .iter_mut()
            .try_for_each(|spool| act(spool).map_err(|error| unwritten(&spool.path, &error)))
    }

    /// How many values each has.
    pub fn lengths(&self) -> Lengths {
        self.spools.iter().map(|spool| (spool.name.to_owned(), spool.values)).collect()
    }

    /// One of them, to be read.
    pub fn column(&self, name: &str) -> Option<Column> {
        let spool = self.spools.iter().find(|spool| spool.name == name)?;
        Some(Column { path: spool.path.clone(), length: spool.values })
    }

    /// The spikes, where they are recorded.
    pub fn events(&self) -> Option<Events> {
        let [step, batch, neuron] = ["step", "batch", "neuron"].map(|name| self.column(name));
        Some(Events { step: step?, batch: batch?, neuron: neuron? })
    }

    /// The run is over: nothing is left to resume.
    pub fn are_done(&mut self) {
        self.stay = false;
    }

    fn write(&mut self, name: &str, values: &[u8]) -> lif::Result<()> {
        let Some(spool) = self.spools.iter_mut().find(|spool| spool.name == name) else { return Ok(()) };
        spool.values += values.len() as u64 / BYTES_PER_VALUE;
        spool.file.write_all(values).map_err(|error| lif::Error::Sink {
            what: spool.path.display().to_string(),
            reason: error.to_string(),
        })
    }
}

impl Sink for Spools {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        if let Some(raster) = &block.spikes {
            for event in raster.events() {
                // A run has at most 2^32 - 1 steps; its plan has made sure of that.
                self.write("step", &(event.step as u32).to_ne_bytes())?;
                self.write("batch", &event.batch.to_ne_bytes())?;
                self.write("neuron", &event.neuron.to_ne_bytes())?;
            }
        }
        if let Some(rate) = block.rate.as_ref().and_then(|rate| rate.as_slice()) {
            self.write("rate", bytemuck::cast_slice(rate))?;
        }
        if let Some(voltages) = &block.voltages {
            if let Some(values) = voltages.values().to_slice() {
                self.write("voltage", bytemuck::cast_slice(values))?;
            }
            let steps: Vec<u32> = voltages.steps.iter().map(|step| *step as u32).collect();
            self.write("voltage_steps", bytemuck::cast_slice(&steps))?;
        }
        Ok(())
    }
}

impl Drop for Spools {
    fn drop(&mut self) {
        if self.stay {
            return;
        }
        let mut leftovers = leftovers::hold();
        for spool in &self.spools {
            // What cannot be taken away does no harm.
            let _ = std::fs::remove_file(&spool.path);
            leftovers.forget(&spool.path);
        }
    }
}

/// Where a run that can be resumed keeps an array.
fn lasting(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{ARRAYS}.{name}.partial"))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::fault(format!("cannot write {}: {error}", path.display()))
}
