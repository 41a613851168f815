//! The names of the files that commands write.

/// The picture.
pub const PICTURE: &str = "raster.png";

/// The arrays.
pub const ARRAYS: &str = "spikes.npz";

/// The picture of `lif fi`.
pub const CURVE_PICTURE: &str = "fi.png";

/// What `lif fi` writes.
pub const CURVE: &str = "fi.json";

/// The picture of `lif fit`.
pub const FIT_PICTURE: &str = "fit.png";

/// What `lif fit` writes.
pub const FIT: &str = "fit.json";

/// The best neuron of `lif fit`, as settings.
pub const NEURON: &str = "neuron.toml";

/// The neurons as a node of a graph.
pub const GRAPH: &str = "neurons.nir";

/// The description of a network, as settings.
pub const NETWORK: &str = "network.toml";

/// The results of each row of a sweep.
pub const SWEEP: &str = "sweep.csv";

/// The picture of a sweep.
pub const SWEEP_PICTURE: &str = "sweep.png";

/// The rates of neurons by their identifiers.
pub const RATES: &str = "rates.csv";

/// The same as columns, and spikes by identifiers.
pub const RATE_COLUMNS: &str = "rates.parquet";
pub const SPIKE_COLUMNS: &str = "spikes.parquet";

/// The summary.
pub const SUMMARY: &str = "summary.json";

/// All files that `lif run` may write.
pub const OF_RUN: [&str; 10] =
    [PICTURE, ARRAYS, GRAPH, NETWORK, SWEEP, SWEEP_PICTURE, RATES, RATE_COLUMNS, SPIKE_COLUMNS, SUMMARY];

/// All files that `lif fi` may write.
pub const OF_FI: [&str; 2] = [CURVE_PICTURE, CURVE];

/// All files that `lif fit` may write.
pub const OF_FIT: [&str; 3] = [FIT_PICTURE, FIT, NEURON];
