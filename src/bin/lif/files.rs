//! The folder that a run writes into. A file appears there whole or not at all.

use crate::events::Events;
use crate::failure::Failure;
use lif::Voltages;
use ndarray::{Array2, ArrayView1, aview1};
use ndarray_npy::{NpzWriter, WriteNpyExt, WriteNpzError};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// The picture.
pub const PICTURE: &str = "raster.png";
/// The arrays.
pub const ARRAYS: &str = "spikes.npz";
/// The summary.
pub const SUMMARY: &str = "summary.json";

/// A folder that has been found to be writable.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    is_new: bool,
}

/// What goes into the arrays' file.
#[derive(Debug)]
pub struct Arrays<'a> {
    pub events: Option<&'a Events>,
    pub counts: &'a Array2<u32>,
    pub rate: Option<&'a Array2<u32>>,
    pub voltages: Option<&'a Voltages>,
    pub voltage_final: Array2<f32>,
    pub trace_final: Option<Array2<f32>>,
}

impl Folder {
    /// Makes the folder where it is missing and tries whether it can be written.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        let folder = Self { path: path.to_owned(), is_new: !path.exists() };
        std::fs::create_dir_all(path).map_err(|error| folder.refusal(error))?;
        folder.temporary("")?;
        for name in [PICTURE, ARRAYS, SUMMARY] {
            if path.join(name).is_dir() {
                return Err(folder.refusal(format!("'{name}' in it is a folder")));
            }
        }
        Ok(folder)
    }

    fn refusal(&self, reason: impl std::fmt::Display) -> Failure {
        let path = self.path.display();
        Failure::fault(format!(
            "cannot write to the output folder {path}: {reason}; choose another with --out"
        ))
    }

    fn temporary(&self, suffix: &str) -> Result<NamedTempFile, Failure> {
        let mut builder = Builder::new();
        // Readable by others as any new file is; temporary files are private otherwise.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.prefix(".lif-").suffix(suffix).tempfile_in(&self.path).map_err(|error| self.refusal(error))
    }

    /// Writes a file under another name, and gives it its own when it is complete.
    pub fn write<E: std::fmt::Display>(
        &self,
        name: &str,
        fill: impl FnOnce(&mut NamedTempFile) -> Result<(), E>,
    ) -> Result<PathBuf, Failure> {
        let path = self.path.join(name);
        let failed = |reason: String| Failure::fault(format!("cannot write {}: {reason}", path.display()));
        let mut file = self.temporary(name)?;
        fill(&mut file).map_err(|error| failed(error.to_string()))?;
        file.persist(&path).map_err(|error| failed(error.to_string()))?;
        Ok(path)
    }

    /// Takes the folder away again where it was made for nothing.
    pub fn abandon(&self) {
        if self.is_new {
            // It is only taken away while it is empty; what cannot be taken away does no harm.
            let _ = std::fs::remove_dir(&self.path);
        }
    }

    /// Takes away a file of an earlier run that this run does not replace, so that all files in the
    /// folder tell of the same run.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        match std::fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.refusal(error)),
            _ => Ok(()),
        }
    }

    /// Writes the arrays.
    pub fn write_arrays(&self, arrays: &Arrays<'_>) -> Result<PathBuf, Failure> {
        self.write(ARRAYS, |file| write_npz(file, arrays))
    }
}

fn write_npz(file: &mut NamedTempFile, arrays: &Arrays<'_>) -> Result<(), WriteNpzError> {
    // Not compressed, so that other programs can map the file; of any size, as spikes are many.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let mut npz = NpzWriter::new_with_options(BufWriter::new(file), options);
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
    npz.finish()?;
    Ok(())
}

type Writer<'a> = NpzWriter<BufWriter<&'a mut NamedTempFile>>;

fn add<T: WriteNpyExt>(npz: &mut Writer<'_>, name: &str, array: Option<&T>) -> Result<(), WriteNpzError> {
    array.map_or(Ok(()), |array| npz.add_array(name, array))
}
