"""Writes the graphs of this folder with the Python package `nir`, and reads a graph back with it.

    python -m venv nir && nir/bin/pip install nir==1.0.8 h5py==3.16.0 numpy==2.4.6
    nir/bin/python make.py               # writes the files
    nir/bin/python make.py read FILE     # prints what the package sees in FILE
"""

import pathlib
import sys

import h5py
import nir
import numpy as np

HERE = pathlib.Path(__file__).parent


def lif():
    """Five neurons in single precision."""
    def value(x):
        return np.full(5, x, np.float32)

    return nir.LIF(
        tau=np.array([0.005, 0.01, 0.015, 0.02, 0.04], np.float32),
        r=value(2.0),
        v_leak=value(0.25),
        v_threshold=np.array([1.0, 1.0, 1.5, 1.5, 2.0], np.float32),
        v_reset=value(-0.5),
    )


def cuba(shape):
    """Neurons with a synapse in double precision, in a shape of several axes."""
    n = int(np.prod(shape))
    return nir.CubaLIF(
        tau_syn=np.full(shape, 0.008),
        tau_mem=np.linspace(0.01, 0.02, n).reshape(shape),
        r=np.full(shape, 1.0),
        v_leak=np.zeros(shape),
        v_threshold=np.full(shape, 1.0),
        v_reset=np.zeros(shape),
        w_in=np.arange(1.0, n + 1.0).reshape(shape),
    )


def between_ends(name, node, shape):
    ends = {"input": nir.Input(np.array(shape)), "output": nir.Output(np.array(shape))}
    return nir.NIRGraph({**ends, name: node}, [("input", name), (name, "output")])


def network():
    """Two layers of neurons, the second inside a graph of its own."""
    nodes = {
        "input": nir.Input(np.array([3])),
        "weights": nir.Linear(np.ones((5, 3), np.float32)),
        "hidden": lif(),
        "to_inner": nir.Linear(np.ones((2, 5), np.float32)),
        "inner": between_ends("cuba", cuba((2,)), [2]),
        "output": nir.Output(np.array([2])),
    }
    names = ["input", "weights", "hidden", "to_inner", "inner", "output"]
    return nir.NIRGraph(nodes, list(zip(names, names[1:])), type_check=False)


def write():
    nir.write(HERE / "lif.nir", between_ends("lif", lif(), [5]))
    nir.write(HERE / "cuba.nir", between_ends("cuba", cuba((2, 3)), [2, 3]), compression=None)
    nir.write(HERE / "network.nir", network())
    # A node alone, of no axes, from before there was a reset, whose weight is one number.
    scalar = cuba(())
    nir.write(HERE / "alone.nir", scalar, compression=None)
    with h5py.File(HERE / "alone.nir", "r+") as file:
        del file["node/v_reset"]
    # What is not read: fields, metadata and attributes of the neurons, and what they feed themselves.
    beside = between_ends("lif", lif(), [5])
    beside.nodes["lif"].metadata["author"] = "me"
    beside.edges.append(("lif", "lif"))
    nir.write(HERE / "beside.nir", beside, compression=None)
    with h5py.File(HERE / "beside.nir", "r+") as file:
        node = file["node/nodes/lif"]
        node["t_ref"] = np.full(5, 0.002)
        node["v_lower"] = np.full(5, -1.0)
        node.attrs["dt"] = 0.0001
    # In chunks, compressed and not, of which a test damages bytes that it knows by their number.
    with h5py.File(HERE / "chunks.nir", "w", libver="earliest") as file:
        file["version"] = "1.0"
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        node = graph.create_group("nodes").create_group("a")
        node["type"] = "LIF"
        for field, value, options in [
            ("tau", 0.01, {"chunks": (4,), "compression": "gzip", "shuffle": True}),
            ("r", 20, {"chunks": (2,), "fletcher32": True}),
            ("v_leak", 0, {"chunks": (3,), "compression": "gzip"}),
            ("v_threshold", 1, {}),
            ("v_reset", 0, {"chunks": (2,)}),
        ]:
            values = value + np.random.default_rng(1).random(6)
            node.create_dataset(field, data=values.astype("f4"), **options)
        graph["edges"] = np.array([[b"a", b"a"]], dtype="S6")
    # What must be refused.
    nir.write(HERE / "uneven.nir", lif(), compression=None)
    with h5py.File(HERE / "uneven.nir", "r+") as file:
        del file["node/r"]
        file["node/r"] = np.ones(4)
    for name, r in [
        ("half.nir", np.ones(5, np.float16)),
        ("empty.nir", h5py.Empty("f8")),
        ("linked.nir", h5py.SoftLink("/node/v_threshold")),
    ]:
        nir.write(HERE / name, lif(), compression=None)
        with h5py.File(HERE / name, "r+") as file:
            del file["node/r"]
            file["node/r"] = r
    nir.write(HERE / "lacking.nir", lif(), compression=None)
    with h5py.File(HERE / "lacking.nir", "r+") as file:
        del file["node/tau"]


def read(path):
    graph = nir.read(path)
    print("edges", graph.edges)
    for name, node in graph.nodes.items():
        print(name, type(node).__name__)
        for field, value in node.to_dict().items():
            print("   ", field, value)


if __name__ == "__main__":
    read(sys.argv[2]) if sys.argv[1:2] == ["read"] else write()
