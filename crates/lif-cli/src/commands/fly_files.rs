//! `lif fly-files`: makes up a connectome, as files of the form that `lif run --network fly` reads.

use crate::failure::Failure;
use crate::files::write;
use crate::network::models::fly::made_up::Connectome;
use crate::quantity::{count, number, shown};
use crate::terminal;
use crate::terminal::figures::{counted, row};
use clap::Args;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The file of the neurons.
const NEURONS: &str = "neurons.csv";

/// The file of the synapses, in the best form that this build writes.
const EDGES: &str = if cfg!(feature = "parquet") { "edges.parquet" } else { "edges.npz" };

/// The options of `lif fly-files`.
#[derive(Debug, Args)]
pub struct FlyFilesOptions {
    /// Size, a factor for the number of neurons
    #[arg(long, value_name = "S", value_parser = number, allow_hyphen_values = true, default_value = "1")]
    pub scale: f64,
    /// Seed of what is made up
    #[arg(long, value_name = "S", value_parser = count::<u64>, allow_hyphen_values = true, default_value = "0")]
    pub seed: u64,
    /// Folder for the files, made if missing
    #[arg(short, long, value_name = "DIR", default_value = "fly-files")]
    pub out: PathBuf,
}

/// Makes up a connectome, and writes it.
pub fn fly_files(options: &FlyFilesOptions) -> Result<ExitCode, Failure> {
    if !(1e-3..=30.0).contains(&options.scale) {
        let message = format!("scale is {}; it must be from 0.001 to 30", shown(options.scale));
        return Err(Failure::of("scale", message));
    }
    let need = Connectome::bytes(options.scale);
    lif::require_memory("the connectome", need, "take a smaller scale")?;
    let connectome = Connectome::made_up(options.scale, options.seed);
    let (neurons, edges) = (options.out.join(NEURONS), options.out.join(EDGES));
    let fault = |reason: String| Failure::fault(format!("{}: {reason}", options.out.display()));
    std::fs::create_dir_all(&options.out).map_err(|error| fault(error.to_string()))?;
    write(&neurons, |file| as_neurons(file, &connectome).map_err(|error| error.to_string()))
        .map_err(fault)?;
    write(&edges, |file| as_edges(file, &connectome)).map_err(fault)?;
    let mut text = String::new();
    for (title, value) in [
        ("neurons", format!("{}, in {}", counted(connectome.ids.len() as u64, "neuron"), neurons.display())),
        ("synapses", format!("{}, in {}", counted(connectome.edges.len() as u64, "pair"), edges.display())),
        ("try", "lif run --network fly \\".to_owned()),
    ] {
        text += &format!("{}\n", row(title, &value));
    }
    let some: Vec<String> =
        connectome.ids.iter().step_by(connectome.ids.len().div_ceil(3)).map(u64::to_string).collect();
    text += &format!("    --neurons-file {} --edges {} \\\n", neurons.display(), edges.display());
    text += &format!("    --activate {}\n", some.join(","));
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The form of Completeness_783.csv.
fn as_neurons(file: &mut File, connectome: &Connectome) -> std::io::Result<()> {
    let mut file = BufWriter::new(file);
    writeln!(file, ",Completed")?;
    for id in &connectome.ids {
        writeln!(file, "{id},True")?;
    }
    file.flush()
}

/// The columns of Connectivity_783.parquet that the model needs.
#[cfg(not(feature = "parquet"))]
fn as_edges(file: &mut File, Connectome { edges, .. }: &Connectome) -> Result<(), String> {
    use ndarray::Array1;
    let mut archive = ndarray_npy::NpzWriter::new(BufWriter::new(file));
    let mut add =
        |name: &str, values: Array1<i32>| archive.add_array(name, &values).map_err(|error| error.to_string());
    add("Presynaptic_Index", edges.iter().map(|edge| edge.source as i32).collect())?;
    add("Postsynaptic_Index", edges.iter().map(|edge| edge.target as i32).collect())?;
    add("Excitatory x Connectivity", edges.iter().map(|edge| edge.signed()).collect())?;
    archive.finish().map(drop).map_err(|error| error.to_string())
}

/// The columns of Connectivity_783.parquet.
#[cfg(feature = "parquet")]
fn as_edges(file: &mut File, Connectome { ids, edges }: &Connectome) -> Result<(), String> {
    use crate::files::parquet::{ParquetFile, Values};
    use crate::network::models::fly::made_up::Edge;
    let id = |neuron: u32| ids.get(neuron as usize).map_or(0, |id| *id as i64);
    type Of<'a> = &'a dyn Fn(&Edge) -> i64;
    let columns: [(&str, Of<'_>); 7] = [
        ("Presynaptic_ID", &|edge| id(edge.source)),
        ("Postsynaptic_ID", &|edge| id(edge.target)),
        ("Presynaptic_Index", &|edge| edge.source.into()),
        ("Postsynaptic_Index", &|edge| edge.target.into()),
        ("Connectivity", &|edge| edge.synapses.into()),
        ("Excitatory", &|edge| edge.sign().into()),
        ("Excitatory x Connectivity", &|edge| edge.signed().into()),
    ];
    let none = columns.map(|(name, _)| (name, Values::Whole(Vec::new())));
    let mut file = ParquetFile::new(BufWriter::new(file), &none)?;
    for edges in edges.chunks(1 << 20) {
        let values = |(_, of): &(&str, Of<'_>)| Values::Whole(edges.iter().map(of).collect());
        file.add(columns.iter().map(values).collect())?;
    }
    file.finish()
}
