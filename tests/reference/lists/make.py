"""Writes the lists of synapses that the tests of the command read, each in several formats.

pip install numpy pandas pyarrow h5py
"""

import h5py
import numpy as np
import pandas as pd

NEURONS = 40
rng = np.random.default_rng(1)

# A made-up connectome with the columns of Connectivity_783.parquet of Shiu et al. (2024), Nature 634:210, and of its
# Completeness_783.csv, whose first column has no name.
ids = 720575940600000000 + rng.choice(40_000_000, NEURONS, replace=False).astype(np.int64)
pairs = rng.choice(NEURONS * NEURONS, 300, replace=False)
pre, post = pairs // NEURONS, pairs % NEURONS
count = rng.integers(1, 40, len(pairs))
sign = np.where(pre % 4 == 0, -1, 1)
fly = pd.DataFrame({
    "Presynaptic_ID": ids[pre],
    "Postsynaptic_ID": ids[post],
    "Presynaptic_Index": pre,
    "Postsynaptic_Index": post,
    "Connectivity": count,
    "Excitatory": sign,
    "Excitatory x Connectivity": sign * count,
})
fly.to_csv("fly.csv", index=False)
# Several row groups, compressed by snappy, as pandas and pyarrow write by default.
fly.to_parquet("fly.parquet", row_group_size=128)
pd.DataFrame({"Completed": True}, index=ids).to_csv("neurons.csv")

# The same numbers as other types, with other compressions.
other = pd.DataFrame({
    "note": ["text"] * len(pairs),
    "source": pre.astype("uint8"),
    "target": post.astype("uint32"),
    "weight": (sign * count * 0.5).astype("float32"),
    "delay": np.full(len(pairs), 1.5),
})
other.to_parquet("zstd.parquet", compression="zstd", index=False)
other.to_parquet("gzip.parquet", compression="gzip", use_dictionary=False, index=False)

# What is refused: a missing value, text, lists, and numbers that lost digits.
pd.DataFrame({
    "source": pd.array([0, None, 2], dtype="Int64"),
    "target": [0, 1, 2],
    "weight": ["a", "b", "c"],
    "delay": [[1.0], [2.0], [3.0]],
}).to_parquet("missing.parquet")

# SONATA: the numbers of the nodes, weights and delays of each edge in the group 0, or of its type in a table.
with h5py.File("edges.h5", "w") as file:
    for name, has_own in [("own", True), ("typed", False)]:
        edges = file.create_group(f"edges/{name}")
        for end, values in [("source_node_id", pre), ("target_node_id", post)]:
            edges.create_dataset(end, data=values.astype("uint64"), compression="gzip" if has_own else None)
            edges[end].attrs["node_population"] = "fly"
        edges.create_dataset("edge_type_id", data=np.where(pre % 4 == 0, 101, 100).astype("int64"))
        edges.create_dataset("edge_group_id", data=np.zeros(len(pre), "uint16"))
        edges.create_dataset("edge_group_index", data=np.arange(len(pre), dtype="uint64"))
        group = edges.create_group("0")
        if has_own:
            group.create_dataset("syn_weight", data=(sign * count * 0.5).astype("float32"))
            group.create_dataset("delay", data=np.full(len(pre), 1.5))
    # Two groups with attributes of their own, and a number of synapses of each edge; edges in any order.
    edges = file.create_group("edges/grouped")
    order = rng.permutation(len(pre))
    edges.create_dataset("source_node_id", data=pre[order].astype("uint64"))
    edges.create_dataset("target_node_id", data=post[order].astype("uint32"))
    of_group = (pre[order] % 4 == 0).astype("int32")
    index = np.where(of_group == 1, np.cumsum(of_group) - 1, np.cumsum(1 - of_group) - 1)
    edges.create_dataset("edge_group_id", data=of_group)
    edges.create_dataset("edge_group_index", data=index.astype("int64"))
    for name, own, weight in [("0", of_group == 0, 0.5), ("1", of_group == 1, -0.5)]:
        group = edges.create_group(name)
        group.create_dataset("syn_weight", data=np.full(own.sum(), weight))
        group.create_dataset("nsyns", data=count[order][own].astype("uint16"))
        group.create_dataset("delay", data=np.full(own.sum(), 1.5, "float32"))
with open("edge_types.csv", "w") as file:
    file.write("edge_type_id population syn_weight delay\n100 typed 0.5 1.5\n101 typed -0.5 NULL\n")
with h5py.File("one.h5", "w") as file, h5py.File("edges.h5") as both:
    both.copy("edges/own", file.create_group("edges"))
