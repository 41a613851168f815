"""Simulates random networks with NEST and Brian2 and keeps their spikes, for tests/conformance/networks.rs to compare with.

    python make_networks.py nest           networks-nest.json and networks-nest.npz
    python make_networks.py brian2         networks-brian2.json and networks-brian2.npz

README.md beside this file says which packages each system needs. Nothing here is needed to run the tests. The networks
are not stored: `network` here and `Described::new` in networks.rs draw the same ones, from the same whole numbers.
"""

import datetime
import json
import math
import pathlib
import platform
import sys
from importlib.metadata import version

import numpy as np

HERE = pathlib.Path(__file__).parent
# ms.
DT = 0.1
# The kinds of networks, in the order of their seeds, and how many there are of each.
KINDS = {
    "nest": {"delta": 40, "exp": 40, "exp-two": 40, "alpha": 40},
    "brian2": {"exp": 20, "exp-two": 20, "jump": 20, "jump-before-threshold": 20, "cleared": 20},
}


# The kinds whose spikes are jumps; those of others are currents.
JUMPS = ["delta", "jump", "jump-before-threshold"]
NEST_MODELS = {"delta": "iaf_psc_delta", "exp": "iaf_psc_exp", "exp-two": "iaf_psc_exp", "alpha": "iaf_psc_alpha"}


class Dice:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = 2**64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & mask
        return mixed ^ mixed >> 31

    def below(self, bound):
        return self.next() % bound


def network(system, kind, index):
    """Potentials in mV, currents and weights of currents in nA, resistances in MOhm. All of them are numbers that single
    precision holds exactly; delays and the refractory time are in steps."""
    dice = Dice(10_000 * list(KINDS).index(system) + 1000 * list(KINDS[system]).index(kind) + index)
    below = dice.below
    n = 100 + below(401) if below(10) == 0 else 5 + below(56)
    steps = 1000 + below(2001)
    tau_m = (80 + below(241)) / 16
    resistance = float(10 + below(51))
    rest = -60.0 - below(16)
    reset = rest - 4 + below(9)
    refractory = 5 + below(36)
    # Not equal to tau_m, for which Brian2's formula divides by zero; in some networks for NEST they are equal.
    tau_syn = [(17 + 2 * below(153)) / 32 for _ in range(2)]
    if system == "nest" and index % 8 == 0:
        tau_syn[0] = tau_m
    if kind in ["exp", "cleared"]:
        tau_syn[1] = tau_syn[0]
    jumps = kind in JUMPS
    grain = 1 + below(4)
    longest = [1, 15, 50, 200][below(4)]
    # The smallest delay of a jump is a step, and of a current that spikes clear; that of other currents is a step in NEST.
    shortest = 0 if system == "brian2" and not jumps and kind != "cleared" else 1
    degree = 1 + below(20)

    threshold, current, start, inhibitory = [], [], [], []
    for _ in range(n):
        above = 8 + below(2560) / 256
        threshold.append(rest + above)
        current.append(math.floor(above * (200 + below(400)) / 256 / resistance * 65536) / 65536)
        start.append(rest + below(2048) / 256)
        inhibitory.append(below(4) == 0)
    # The weight of the weakest synapse, excitatory and inhibitory.
    if jumps:
        unit = [grain / 256] * 2
    else:
        unit = [max(1, math.floor(384 * grain * tau_m / (resistance * tau))) / 65536 for tau in tau_syn]
    source, target, weight, delay = [], [], [], []
    for _ in range(n * degree):
        source.append(below(n))
        target.append(below(n))
        inhibits = inhibitory[source[-1]]
        weight.append((1 + below(64)) * (-3 if inhibits else 1) * unit[inhibits])
        delay.append(shortest + below(longest + 1 - shortest))
    return dict(
        n=n, steps=steps, tau_m=tau_m, resistance=resistance, rest=rest, reset=reset, refractory=refractory, tau_syn=tau_syn,
        threshold=np.array(threshold), current=np.array(current), start=np.array(start), source=np.array(source),
        target=np.array(target), weight=np.array(weight), delay=np.array(delay), check=dice.next(),
    )


def nest(kind, net):
    """A spike of the update from s dt to (s + 1) dt carries the time (s + 1) dt; it is one of step s."""
    import nest

    nest.verbosity = getattr(nest, "VerbosityLevel").ERROR if hasattr(nest, "VerbosityLevel") else "M_ERROR"
    nest.ResetKernel()
    nest.resolution = DT
    parameters = dict(
        C_m=1000 * net["tau_m"] / net["resistance"], tau_m=net["tau_m"], E_L=net["rest"], V_reset=net["reset"],
        t_ref=round(net["refractory"] * DT, 6),
    )
    if kind != "delta":
        parameters |= dict(tau_syn_ex=net["tau_syn"][0], tau_syn_in=net["tau_syn"][1])
    neurons = nest.Create(NEST_MODELS[kind], net["n"], params=parameters)
    neurons.set(V_th=list(net["threshold"]), I_e=list(1000 * net["current"]), V_m=list(net["start"]))
    first = neurons[0].global_id
    nest.Connect(
        net["source"] + first, net["target"] + first, "one_to_one",
        dict(weight=net["weight"] * (1 if kind == "delta" else 1000), delay=np.round(net["delay"] * DT, 6)),
    )
    assert nest.num_connections == len(net["source"])
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    # Longer by more than any delay, so that no spike is still on its way.
    nest.Simulate(round((net["steps"] + 250) * DT, 6))
    events = recorder.events
    return np.rint(events["times"] / DT).astype(int) - 1, events["senders"] - first


def brian2(kind, net):
    """A spike of clock step s carries the time s dt; it is one of step s."""
    from brian2 import NeuronGroup, Network, SpikeMonitor, Synapses, defaultclock, ms, prefs

    prefs.codegen.target = "numpy"
    defaultclock.dt = DT * ms
    jumps = kind in JUMPS
    currents = {"exp": ["both"], "exp-two": ["excitatory", "inhibitory"], "cleared": ["both"]}.get(kind, [])
    # As in the model of the fly's brain of Shiu et al. (2024), Nature 634:210.
    clears = kind == "cleared"
    driving = " + ".join(["current", *currents])
    equations = [
        f"dv/dt = (rest - v + resistance * ({driving})) / tau_m : 1 (unless refractory)",
        *(f"d{name}/dt = -{name} / tau_{name} : 1" + " (unless refractory)" * clears for name in currents),
        "current : 1 (constant)",
        "threshold_of_cell : 1 (constant)",
    ]
    values = dict(rest=net["rest"], reset_value=net["reset"], resistance=net["resistance"], tau_m=net["tau_m"] * ms)
    values |= {f"tau_{name}": tau * ms for name, tau in zip(currents, net["tau_syn"])}
    group = NeuronGroup(
        net["n"], "\n".join(equations), threshold="v > threshold_of_cell", reset="v = reset_value" + "; both = 0" * clears,
        refractory=net["refractory"] * DT * ms, method="exact", namespace=values,
    )
    group.v, group.current, group.threshold_of_cell = net["start"], net["current"], net["threshold"]
    monitor = SpikeMonitor(group)
    simulated = Network(group, monitor)
    delay = net["delay"]
    if jumps:
        # With synapses before thresholds, a spike is seen a step later. With the usual schedule it acts after the test of a
        # step, and so in the test of the next.
        delay = delay - 1
        if kind == "jump-before-threshold":
            simulated.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    for sign, name in enumerate(["v"] if jumps else currents):
        which = np.ones(len(delay), bool) if kind != "exp-two" else (net["weight"] < 0) == bool(sign)
        if which.any():
            synapses = Synapses(group, group, "w : 1", on_pre=f"{name}_post += w", namespace={})
            synapses.connect(i=net["source"][which], j=net["target"][which])
            synapses.w, synapses.delay = net["weight"][which], delay[which] * DT * ms
            simulated.add(synapses)
    simulated.run(net["steps"] * DT * ms, namespace={})
    return np.rint(np.asarray(monitor.t / ms) / DT).astype(int), np.asarray(monitor.i)


SYSTEMS = {"nest": (nest, "nest-simulator"), "brian2": (brian2, "brian2")}
NOTES = {
    "nest": "iaf_psc_delta, iaf_psc_exp with one and with two synaptic time constants, and iaf_psc_alpha with two; static synapses, "
            "one thread.",
    "brian2": "dv/dt = (rest - v + resistance * (current + synaptic)) / tau_m (unless refractory), threshold v > threshold, method exact; "
              "synapses += w on synaptic currents or on v; in the last kind currents are (unless refractory) too, and reset to 0.",
}


def make(system):
    run, package = SYSTEMS[system]
    steps, neurons, counts, checks = [], [], [], []
    for kind, count in KINDS[system].items():
        for index in range(count):
            net = network(system, kind, index)
            step, neuron = run(kind, net)
            step, neuron = (values[step < net["steps"]] for values in (step, neuron))
            order = np.lexsort((neuron, step))
            steps.append(step[order].astype(np.uint16))
            neurons.append(neuron[order].astype(np.uint16))
            counts.append(len(step))
            checks.append(net["check"])
            silent = net["n"] - len(np.unique(neuron))
            rate = len(step) / net["n"] / (net["steps"] * DT) * 1000
            print(f"{system} {kind} {index}: {net['n']} cells, {len(net['source'])} synapses, {net['steps']} steps, "
                  f"{len(step)} spikes, {rate:.0f} Hz, {silent} cells silent", flush=True)
    np.savez_compressed(
        HERE / f"networks-{system}.npz", step=np.concatenate(steps), neuron=np.concatenate(neurons),
        count=np.array(counts, np.uint32), check=np.array(checks, np.uint64),
    )
    provenance = dict(
        system=system,
        packages={package: version(package), "numpy": version("numpy")},
        python=platform.python_version(),
        date=datetime.date.today().isoformat(),
        script="tests/reference/make_networks.py",
        note=NOTES[system],
        kinds=KINDS[system],
    )
    (HERE / f"networks-{system}.json").write_text(json.dumps(provenance, indent=1) + "\n")


if __name__ == "__main__":
    for argument in sys.argv[1:] or sys.exit(__doc__):
        make(argument)
