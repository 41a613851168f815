//! Spools: recorded arrays are written to disk during the run, so that a run of any length takes the same
//! memory.

use super::columns::{Column, Reader};
use super::events::Events;
use crate::failure::Failure;
use crate::files::folder::Folder;
use crate::files::identity::is_regular_file_at;
use crate::files::leftovers::{self, Leftovers};
use crate::files::partials::{self, RunId};
use crate::process::interrupt;
use crate::settings::record::Record;
use crc32fast::Hasher;
use lif::{Recorded, Sink};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BYTES_PER_VALUE: u64 = 4;

const BUFFER: usize = 1 << 18;

/// Spikes written at a time.
const SPIKES: usize = 1 << 14;

/// Bytes read at a time for a checksum.
const CHUNK: usize = 1 << 20;

/// The spool of one array.
#[derive(Debug)]
struct Spool {
    name: &'static str,
    /// Its name in messages.
    shown: String,
    file: BufWriter<Arc<File>>,
    values: u64,
    hasher: Hasher,
}

/// All spools of a run. Their files are removed on drop, unless the run can be resumed from them.
#[derive(Debug, Default)]
pub struct Spools {
    spools: Vec<Spool>,
    /// For files with names, which contain the number of the run.
    named: Option<NamedFiles>,
    /// The step from which the files count.
    first_step: u64,
    /// The neurons whose spikes are written, in ascending order, if blocks have those of others too.
    chosen: Option<Vec<u32>>,
}

/// The partial files of a run.
#[derive(Debug)]
struct NamedFiles {
    folder: PathBuf,
    id: RunId,
    /// Whether a checkpoint depends on them.
    are_needed: bool,
}

/// The part of a spool on which a checkpoint depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    values: u64,
    /// CRC-32 of its bytes.
    checksum: u32,
}

/// These parts, by array.
pub type Parts = BTreeMap<String, Part>;

impl Spools {
    /// Creates the files. Those of a run with checkpoints have names with the number of the run; others have
    /// none, so that nothing is left however the process ends.
    pub fn create(
        folder: &Folder,
        record: &Record,
        checkpoint: Option<(&Path, RunId)>,
    ) -> Result<Self, Failure> {
        let mut spools = Self::default();
        let out = folder;
        let folder = folder.path();
        let names = record.streams();
        let named = checkpoint.filter(|_| !names.is_empty());
        if let Some((checkpoint, id)) = named {
            let mut leftovers = leftovers::lock();
            partials::paths(folder, id).iter().for_each(|path| leftovers.add(path));
            drop(leftovers);
            spools.named = Some(NamedFiles { folder: folder.to_owned(), id, are_needed: false });
            partials::note(folder, id, checkpoint)
                .map_err(|error| unwritten(&format!("to {}", folder.display()), &error))?;
        }
        for name in names {
            let (file, shown) = match named {
                Some((_, id)) => {
                    let path = partials::path(folder, id, name);
                    (partials::create(&path), path.display().to_string())
                }
                None => {
                    (tempfile::tempfile_in(folder), format!("the recorded {name} in {}", folder.display()))
                }
            };
            let file = file.map_err(|error| unwritten(&shown, &error))?;
            spools.push(name, shown, file, Part::default(), Hasher::new());
        }
        if named.is_some() {
            // A checkpoint that survives a crash of the machine depends on files that must survive too.
            out.sync()?;
        }
        Ok(spools)
    }

    /// Opens the files of an interrupted run, as they were at its checkpoint. If they do not match the
    /// checkpoint, nothing is changed.
    pub fn reopen(
        folder: &Folder,
        record: &Record,
        parts: &Parts,
        (checkpoint, id): (&Path, RunId),
    ) -> Result<Self, Failure> {
        let folder = folder.path();
        let names = record.streams();
        let mut found = Vec::new();
        for name in &names {
            let part = parts.get(*name).copied().unwrap_or_default();
            let path = partials::path(folder, id, name);
            let (file, hasher) = reread(&path, part)?;
            found.push((*name, path, file, part, hasher));
        }
        let mut spools = Self::default();
        if !names.is_empty() {
            // The checkpoint may have moved.
            partials::note(folder, id, checkpoint)
                .map_err(|error| unwritten(&format!("to {}", folder.display()), &error))?;
            spools.named = Some(NamedFiles { folder: folder.to_owned(), id, are_needed: true });
        }
        for (name, path, mut file, part, hasher) in found {
            // The steps after the checkpoint are made again.
            file.set_len(part.bytes()).and_then(|()| file.seek(SeekFrom::Start(part.bytes()))).map_err(
                |error| unresumed(&path, &format!("cannot be cut to its length at the checkpoint ({error})")),
            )?;
            spools.push(name, path.display().to_string(), file, part, hasher);
        }
        Ok(spools)
    }

    /// Counts steps from this one on, and writes the spikes of these neurons alone.
    #[must_use]
    pub fn counting_from(mut self, first_step: u64, chosen: Option<Vec<u32>>) -> Self {
        self.first_step = first_step;
        self.chosen = chosen;
        self
    }

    fn push(&mut self, name: &'static str, shown: String, file: File, part: Part, hasher: Hasher) {
        let file = BufWriter::with_capacity(BUFFER, Arc::new(file));
        self.spools.push(Spool { name, shown, file, values: part.values, hasher });
    }

    /// Writes all buffers, so that the files can be read.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.each(|spool| spool.file.flush())
    }

    /// Makes sure that everything is on the disk.
    pub fn sync(&mut self) -> Result<(), Failure> {
        self.each(|spool| spool.file.flush().and_then(|()| spool.file.get_ref().sync_data()))
    }

    fn each(&mut self, act: impl Fn(&mut Spool) -> io::Result<()>) -> Result<(), Failure> {
        self.spools
            .iter_mut()
            .try_for_each(|spool| act(spool).map_err(|error| unwritten(&spool.shown, &error)))
    }

    /// The parts so far.
    pub fn parts(&self) -> Parts {
        self.spools.iter().map(|spool| (spool.name.to_owned(), spool.part())).collect()
    }

    /// A pattern for the files from which the run can be resumed.
    pub fn pattern(&self) -> Option<String> {
        self.named.as_ref().map(|named| named.id.pattern(&named.folder))
    }

    /// An array, for reading.
    pub fn column(&self, name: &str) -> Option<Column> {
        let spool = self.spools.iter().find(|spool| spool.name == name)?;
        let file = Arc::clone(spool.file.get_ref());
        let Part { values: length, checksum } = spool.part();
        Some(Column { file, name: spool.shown.clone(), length, checksum })
    }

    /// The spikes, if they are recorded.
    pub fn events(&self) -> Option<Events> {
        let [step, batch, neuron] = ["step", "batch", "neuron"].map(|name| self.column(name));
        Some(Events { step: step?, batch: batch?, neuron: neuron? })
    }

    /// A checkpoint depends on the files from now on.
    pub fn keep_files(&mut self, leftovers: &mut Leftovers) {
        if let Some(named) = self.named.as_mut().filter(|named| !named.are_needed) {
            named.are_needed = true;
            partials::paths(&named.folder, named.id).iter().for_each(|path| leftovers.remove(path));
        }
    }

    /// The run is over, so nothing is left to resume.
    pub fn release_files(&mut self) {
        if let Some(named) = &mut self.named {
            named.are_needed = false;
        }
    }

    fn write(&mut self, name: &str, values: &[u8]) -> lif::Result<()> {
        let Some(spool) = self.spools.iter_mut().find(|spool| spool.name == name) else { return Ok(()) };
        spool.values += values.len() as u64 / BYTES_PER_VALUE;
        spool.hasher.update(values);
        spool
            .file
            .write_all(values)
            .map_err(|error| lif::Error::Sink { what: spool.shown.clone(), reason: error.to_string() })
    }

    fn write_spikes(&mut self, [step, batch, neuron]: &mut [Vec<u32>; 3]) -> lif::Result<()> {
        for (name, values) in [("step", step), ("batch", batch), ("neuron", neuron)] {
            self.write(name, bytemuck::cast_slice(values))?;
            values.clear();
        }
        Ok(())
    }
}

impl Spool {
    fn part(&self) -> Part {
        Part { values: self.values, checksum: self.hasher.clone().finalize() }
    }
}

impl Part {
    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.values.saturating_mul(BYTES_PER_VALUE)
    }
}

impl Default for Part {
    fn default() -> Self {
        Self { values: 0, checksum: Hasher::new().finalize() }
    }
}

/// Whether all parts of a checkpoint exist; `by_bytes` also compares their checksums. An interrupt ends the
/// comparison; then nothing is known to be missing.
pub fn are_whole(folder: &Path, id: RunId, parts: &Parts, by_bytes: bool) -> bool {
    parts.iter().all(|(name, part)| {
        let path = partials::path(folder, id, name);
        match by_bytes {
            true => !matches!(reread(&path, *part), Err(Failure::Fault(_))),
            false => std::fs::symlink_metadata(path).is_ok_and(|file| file.len() >= part.bytes()),
        }
    })
}

/// Opens a partial file, and compares the checksum of its part. The hasher goes on from there.
fn reread(path: &Path, part: Part) -> Result<(File, Hasher), Failure> {
    let cannot = |reason: &str| unresumed(path, reason);
    let open = OpenOptions::new().read(true).write(true).open(path);
    let file = open.map_err(|error| cannot(&format!("cannot be opened ({error})")))?;
    if !is_regular_file_at(&file, path) {
        return Err(cannot("is a link, or no file"));
    }
    let size = file.metadata().map_err(|error| cannot(&error.to_string()))?.len();
    if size < part.bytes() {
        return Err(cannot(&format!("has {size} bytes, and had {} at the checkpoint", part.bytes())));
    }
    let file = Arc::new(file);
    let mut reader = Reader::new(Arc::clone(&file)).take(part.bytes());
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        if interrupt::is_requested() {
            return Err(Failure::Interrupted(
                "interrupted before the run went on; nothing has changed".to_owned(),
            ));
        }
        match reader.read(&mut chunk).map_err(|error| cannot(&format!("cannot be read ({error})")))? {
            0 => break,
            count => hasher.update(&chunk[..count]),
        }
    }
    if hasher.clone().finalize() != part.checksum {
        return Err(cannot("does not hold what the run had written there: its checksum is another"));
    }
    drop(reader);
    let file = Arc::into_inner(file).ok_or_else(|| cannot("is still being read"))?;
    Ok((file, hasher))
}

impl Sink for Spools {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        if let Some(raster) = &block.spikes {
            let mut columns = [const { Vec::new() }; 3];
            let chosen = self.chosen.take();
            let is_chosen =
                |neuron: &u32| chosen.as_ref().is_none_or(|list| list.binary_search(neuron).is_ok());
            for event in raster.events().filter(|event| is_chosen(&event.neuron)) {
                // A run has at most 2^32 - 1 steps, which its plan has checked.
                columns[0].push((event.step - self.first_step) as u32);
                columns[1].push(event.batch);
                columns[2].push(event.neuron);
                if columns[0].len() == SPIKES {
                    self.write_spikes(&mut columns)?;
                }
            }
            self.write_spikes(&mut columns)?;
            self.chosen = chosen;
        }
        if let Some(rate) = block.rate.as_ref().and_then(|rate| rate.as_slice()) {
            self.write("rate", bytemuck::cast_slice(rate))?;
        }
        if let Some(voltages) = &block.voltages {
            if let Some(values) = voltages.values().to_slice() {
                self.write("voltage", bytemuck::cast_slice(values))?;
            }
            let steps: Vec<u32> =
                voltages.steps.iter().map(|step| (*step - self.first_step) as u32).collect();
            self.write("voltage_steps", bytemuck::cast_slice(&steps))?;
        }
        Ok(())
    }
}

impl Drop for Spools {
    fn drop(&mut self) {
        let Some(named) = self.named.as_ref().filter(|named| !named.are_needed) else { return };
        let mut leftovers = leftovers::lock();
        partials::remove(&named.folder, named.id);
        partials::paths(&named.folder, named.id).iter().for_each(|path| leftovers.remove(path));
    }
}

fn unresumed(path: &Path, reason: &str) -> Failure {
    Failure::fault(format!(
        "cannot resume: {}, in which the run keeps what it has recorded, {reason}; bring it back, or begin the \
         run anew",
        path.display()
    ))
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    Failure::fault(format!("cannot write {what}: {error}"))
}
