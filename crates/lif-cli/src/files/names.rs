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

/// The summary.
pub const SUMMARY: &str = "summary.json";

/// All files that `lif run` may write.
pub const OF_RUN: [&str; 5] = [PICTURE, ARRAYS, GRAPH, NETWORK, SUMMARY];

/// All files that `lif fi` may write.
pub const OF_FI: [&str; 2] = [CURVE_PICTURE, CURVE];

/// All files that `lif fit` may write.
pub const OF_FIT: [&str; 3] = [FIT_PICTURE, FIT, NEURON];
