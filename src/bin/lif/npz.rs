//! The file of arrays, in numpy's format for several.

use crate::events::Events;
use lif::Voltages;
use ndarray::{Array2, ArrayView1, aview1};
use ndarray_npy::{NpzWriter, WriteNpyExt, WriteNpzError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// What goes into the file.
#[derive(Debug)]
pub struct Arrays<'a> {
    pub events: Option<&'a Events>,
    pub counts: &'a Array2<u32>,
    pub rate: Option<&'a Array2<u32>>,
    pub voltages: Option<&'a Voltages>,
    pub voltage_final: Array2<f32>,
    pub trace_final: Option<Array2<f32>>,
}

/// Writes the arrays.
pub fn write(file: impl Write + Seek, arrays: &Arrays<'_>) -> Result<(), WriteNpzError> {
    // Not compressed, so that other programs can map the file; of any size, as spikes are many.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let mut npz = NpzWriter::new_with_options(OneFailure::new(BufWriter::new(file)), options);
    if let Some(events) = arrays.events {
        npz.add_array("step", &aview1(&events.step))?;
        npz.add_array("batch", &aview1(&events.batch))?;
        npz.add_array("neuron", &aview1(&events.neuron))?;
    }
    npz.add_array("counts", arrays.counts)?;
    npz.add_array("voltage_final", &arrays.voltage_final)?;
    add(&mut npz, "trace_final", arrays.trace_final.as_ref())?;
    add(&mut npz, "rate", arrays.rate)?;
    if let Some(voltages) = arrays.voltages {
        let steps: Vec<u32> = voltages.steps.iter().map(|step| *step as u32).collect();
        npz.add_array("voltage", &voltages.values)?;
        npz.add_array("voltage_neurons", &ArrayView1::from(&voltages.neurons))?;
        npz.add_array("voltage_steps", &aview1(&steps))?;
    }
    // The end may still be on its way, and would be lost without a word.
    npz.finish()?.flush().map_err(|error| WriteNpzError::Npy(error.into()))
}

fn add<W: Write + Seek, T: WriteNpyExt>(
    npz: &mut NpzWriter<W>,
    name: &str,
    array: Option<&T>,
) -> Result<(), WriteNpzError> {
    array.map_or(Ok(()), |array| npz.add_array(name, array))
}

/// A writer that fails once and then pretends. An archive that is dropped after a failure tries to
/// complete itself, and would print that it cannot, beside the message that tells of the failure.
struct OneFailure<W> {
    writer: W,
    has_failed: bool,
    position: u64,
}

impl<W> OneFailure<W> {
    fn new(writer: W) -> Self {
        Self { writer, has_failed: false, position: 0 }
    }

    fn once<T>(&mut self, pretended: T, act: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.has_failed {
            return Ok(pretended);
        }
        let result = act(&mut self.writer);
        // An interrupted call is tried again by the caller.
        self.has_failed = result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        result
    }
}

impl<W: Write> Write for OneFailure<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.once(bytes.len(), |writer| writer.write(bytes))?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.once((), Write::flush)
    }
}

impl<W: Seek> Seek for OneFailure<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let pretended = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(offset) | SeekFrom::End(offset) => self.position.saturating_add_signed(offset),
        };
        self.position = self.once(pretended, |writer| writer.seek(to))?;
        Ok(self.position)
    }
}
