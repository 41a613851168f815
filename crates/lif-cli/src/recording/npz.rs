//! The `.npz` file of a run.

use super::columns::Column;
use super::spools::Spools;
use crc32fast::Hasher;
use lif::Population;
use ndarray::{Array1, arr0};
use ndarray_npy::npy::header::{Header, Layout};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, Read, Seek, SeekFrom, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The content of the file.
#[derive(Debug)]
pub struct Arrays<'a> {
    /// The recorded arrays.
    pub spools: &'a Spools,
    /// The rest is read from its state, one array at a time, as each can be a large part of all memory.
    pub population: &'a mut Population,
    pub voltage_neurons: Array1<u32>,
    /// The identifiers of the neurons, if they have some.
    pub ids: Option<Array1<u64>>,
}

/// Writes the arrays.
pub fn write(file: impl Write + Seek, arrays: &mut Arrays<'_>) -> Result<(), String> {
    let mut archive = Archive(ZipWriter::new(OneFailure::new(BufWriter::new(file))));
    let batch = arrays.population.batch();
    let neurons = arrays.voltage_neurons.len();
    for name in ["step", "batch", "neuron"] {
        archive.spooled::<u32>(name, arrays.spools, &[])?;
    }
    // So that readers know the length of a step.
    archive.array("dt_ms", &arr0(arrays.population.params().dt))?;
    if let Some(ids) = &arrays.ids {
        archive.array("ids", ids)?;
    }
    archive.array("counts", &arrays.population.counts().map_err(message)?)?;
    archive.array("voltage_final", &arrays.population.voltages().map_err(message)?)?;
    if arrays.population.params().trace.is_some() {
        archive.array("trace_final", &arrays.population.traces().map_err(message)?)?;
    }
    archive.spooled::<u32>("rate", arrays.spools, &[batch])?;
    if neurons > 0 {
        archive.spooled::<f32>("voltage", arrays.spools, &[batch, neurons])?;
        archive.array("voltage_neurons", &arrays.voltage_neurons)?;
        archive.spooled::<u32>("voltage_steps", arrays.spools, &[])?;
    }
    // The last bytes may still be buffered, and errors would be lost.
    archive.0.finish().map_err(message)?.flush().map_err(message)
}

fn message(error: impl Display) -> String {
    error.to_string()
}

/// An archive of arrays.
struct Archive<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Archive<W> {
    fn start(&mut self, name: &str) -> Result<(), String> {
        // Uncompressed, so that other programs can map the file; large, as there may be many spikes.
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.0.start_file(format!("{name}.npy"), options).map_err(message)
    }

    fn array(&mut self, name: &str, array: &impl WriteNpyExt) -> Result<(), String> {
        self.start(name)?;
        array.write_npy(BufWriter::new(&mut self.0)).map_err(message)
    }

    /// Adds an array on disk, if it exists; `row` has its axes except the first.
    fn spooled<T: WritableElement>(
        &mut self,
        name: &str,
        spools: &Spools,
        row: &[usize],
    ) -> Result<(), String> {
        let Some(column) = spools.column(name) else { return Ok(()) };
        self.start(name)?;
        let rows = column.length as usize / row.iter().product::<usize>();
        let shape = [&[rows], row].concat();
        let header = Header { type_descriptor: T::type_descriptor(), layout: Layout::Standard, shape };
        header.write(&mut self.0).map_err(message)?;
        self.copy(&column)
    }

    /// Copies an array, and compares its checksum.
    fn copy(&mut self, column: &Column) -> Result<(), String> {
        let mut reader = column.reader().take(column.length * 4);
        let mut hasher = Hasher::new();
        loop {
            let chunk = reader.fill_buf().map_err(|error| column.unreadable(&error))?;
            if chunk.is_empty() {
                break;
            }
            hasher.update(chunk);
            self.0.write_all(chunk).map_err(message)?;
            let length = chunk.len();
            reader.consume(length);
        }
        if reader.limit() == 0 && hasher.finalize() == column.checksum {
            Ok(())
        } else {
            Err(format!("{} does not hold any more what the run had written there", column.name))
        }
    }
}

/// A writer that fails once, and then pretends to succeed. An archive that is dropped after a failure tries
/// to complete itself, and would print another error.
struct OneFailure<W> {
    writer: W,
    has_failed: bool,
    position: u64,
}

impl<W> OneFailure<W> {
    fn new(writer: W) -> Self {
        Self { writer, has_failed: false, position: 0 }
    }

    fn unless_failed<T>(&mut self, pretended: T, act: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.has_failed {
            return Ok(pretended);
        }
        let result = act(&mut self.writer);
        // The caller repeats an interrupted call.
        self.has_failed = result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        result
    }
}

impl<W: Write> Write for OneFailure<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.unless_failed(bytes.len(), |writer| writer.write(bytes))?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_failed((), Write::flush)
    }
}

impl<W: Seek> Seek for OneFailure<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let pretended = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(offset) | SeekFrom::End(offset) => self.position.saturating_add_signed(offset),
        };
        self.position = self.unless_failed(pretended, |writer| writer.seek(to))?;
        Ok(self.position)
    }
}
