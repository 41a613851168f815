//! `lif synapses`: draws the synapses of a network, and writes them as a list.

use crate::failure::Failure;
use crate::network::models::{DriveKind, Model, Regime};
use crate::quantity::{count, number};
use crate::settings::{Settings, layers};
use crate::terminal;
use crate::terminal::figures::{counted, row};
use clap::Args;
use lif::{PopulationOptions, Synapses};
use ndarray::{Array1, aview1};
use ndarray_npy::{NpzWriter, WriteNpzError};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The options of `lif synapses`.
#[derive(Debug, Args)]
pub struct SynapsesOptions {
    /// A network with a name: brunel, cuba, microcircuit or fly
    #[arg(long, value_name = "NAME", value_parser = Model::read)]
    pub network: Option<Model>,
    /// A network that a file describes
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Size of the network [default: 1]
    #[arg(long, value_name = "S", value_parser = number, allow_hyphen_values = true)]
    pub scale: Option<f64>,
    /// Activity of brunel: a, b, c or d [default: c]
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    pub regime: Option<Regime>,
    /// Inhibition of brunel [default: that of the regime]
    #[arg(long, value_name = "X", value_parser = number, allow_hyphen_values = true)]
    pub g: Option<f64>,
    /// Input of brunel from outside [default: that of the regime]
    #[arg(long, value_name = "X", value_parser = number, allow_hyphen_values = true)]
    pub eta: Option<f64>,
    /// Input of microcircuit: poisson or dc [default: poisson]
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    pub drive: Option<DriveKind>,
    /// Neurons of fly, from a file
    #[arg(long, value_name = "FILE")]
    pub neurons_file: Option<PathBuf>,
    /// Synapses of fly, from a file
    #[arg(long, value_name = "FILE")]
    pub edges: Option<PathBuf>,
    /// Seed of the synapses [default: 0]
    #[arg(long, value_name = "S", value_parser = count::<u64>, allow_hyphen_values = true)]
    pub seed: Option<u64>,
    /// The file to write: .npz for numpy, anything else as text with commas
    #[arg(short, long, value_name = "FILE", default_value = "synapses.npz")]
    pub out: PathBuf,
}

/// Writes the synapses of a network.
pub fn synapses(options: &SynapsesOptions) -> Result<ExitCode, Failure> {
    let given = Settings {
        network: options.network,
        config: options.config.clone(),
        scale: options.scale,
        regime: options.regime,
        g: options.g.map(Into::into),
        eta: options.eta.map(Into::into),
        drive: options.drive,
        neurons_file: options.neurons_file.clone(),
        edges: options.edges.clone(),
        seed: options.seed,
        ..Settings::default()
    };
    let Some((mut settings, description)) = layers::of_a_network(&given)? else {
        return Err(Failure::usage(
            "there is no network: add --network NAME, or --config with the file of one",
        ));
    };
    let description = match (settings.network, description) {
        (Some(_), Some(description)) => {
            let message = format!("there are two networks, this one and that of {}", description.name);
            return Err(Failure::of("network", message));
        }
        (Some(model), None) => model.description(&mut settings)?,
        (None, Some(description)) => description,
        (None, None) => return Err(Failure::usage("there is no network: add --network NAME")),
    };
    let network = description
        .network(settings.seed.unwrap_or(0), PopulationOptions::default())
        .map_err(|failure| description.explain(failure))?;
    let synapses = network.synapses().map_err(|error| description.explain(error.into()))?;
    let ids = description.ids();
    write(&options.out, &synapses, ids.as_deref())
        .map_err(|reason| Failure::fault(format!("{}: {reason}", options.out.display())))?;
    let mut text = row("network", &description.name) + "\n";
    for group in network.groups() {
        let neurons = group.neurons();
        text +=
            &format!("{}\n", row("group", &format!("{} {}..{}", group.name(), neurons.start, neurons.end)));
    }
    text += &format!("{}\n", row("synapses", &counted(synapses.len() as u64, "synapse")));
    text += &format!("{}\n", row("file", &options.out.display().to_string()));
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, synapses: &Synapses, ids: Option<&[u64]>) -> Result<(), String> {
    crate::files::write(path, |file| {
        if path.extension().is_some_and(|extension| extension == "npz") {
            as_archive(file, synapses, ids)
        } else {
            as_text(file, synapses, ids).map_err(|error| error.to_string())
        }
    })
}

/// The identifiers of neurons with these numbers.
fn of_neurons<'a>(ids: &'a [u64], neurons: &'a [u32]) -> impl Iterator<Item = u64> + 'a {
    neurons.iter().map(|neuron| ids.get(*neuron as usize).copied().unwrap_or(0))
}

fn as_archive(file: &mut File, synapses: &Synapses, ids: Option<&[u64]>) -> Result<(), String> {
    let mut archive = NpzWriter::new(BufWriter::new(file));
    let message = |error: WriteNpzError| error.to_string();
    archive.add_array("source", &aview1(&synapses.sources)).map_err(message)?;
    archive.add_array("target", &aview1(&synapses.targets)).map_err(message)?;
    archive.add_array("weight", &aview1(&synapses.weights)).map_err(message)?;
    archive.add_array("delay", &aview1(&synapses.delays)).map_err(message)?;
    if let Some(ids) = ids {
        for (name, neurons) in [("source_id", &synapses.sources), ("target_id", &synapses.targets)] {
            lif::require_memory("the ids", 8 * neurons.len() as u64, "list those of a smaller network")
                .map_err(|error| error.to_string())?;
            let of_all: Array1<u64> = of_neurons(ids, neurons).collect();
            archive.add_array(name, &of_all).map_err(message)?;
        }
    }
    archive.finish().map(drop).map_err(message)
}

fn as_text(file: &mut File, synapses: &Synapses, ids: Option<&[u64]>) -> std::io::Result<()> {
    let mut file = BufWriter::new(file);
    writeln!(file, "source,target,weight,delay{}", if ids.is_some() { ",source_id,target_id" } else { "" })?;
    for index in 0..synapses.len() {
        let (source, target) = (synapses.sources[index], synapses.targets[index]);
        let (weight, delay) = (synapses.weights[index], synapses.delays[index]);
        write!(file, "{source},{target},{weight},{delay}")?;
        if let Some(ids) = ids {
            of_neurons(ids, &[source, target]).try_for_each(|id| write!(file, ",{id}"))?;
        }
        writeln!(file)?;
    }
    file.flush()
}
