"""Drives the established simulators and keeps their spikes, for tests/conformance.rs to compare with.

    python make.py inputs                  the inputs that all of them get (inputs.npz)
    python make.py SYSTEM...               NAME.json (what was run, with which versions) and NAME.npz (what came out)

README.md beside this file says which packages each system needs. Nothing here is needed to run the tests.
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
STEPS, NEURONS = 2000, 12
# Neurons that a constant input brings just above their threshold, and for how many steps.
NEAR_STEPS, NEAR_NEURONS = 8000, 48
WAVEFORMS = ["constant", "step", "ramp", "noise", "pulses"]
# Inputs are whole numbers in this part of a unit, so that Python and Rust get the same floats.
PART = 256


def make_inputs():
    """int16 of shape [waveform, step, neuron]."""
    rng = np.random.default_rng(20260101)
    level = np.array([231, 263, 277, 293, 321, 383, 461, 601, 853, 1303, 2603, 5119])
    step = np.arange(STEPS)[:, None]
    neuron = np.arange(NEURONS)[None, :]
    constant = np.broadcast_to(level, (STEPS, NEURONS))
    on = (step >= 100 + 13 * neuron) & (step < 1400 - 29 * neuron)
    ramp = (step * (neuron + 1) * PART) // 1200 - 64
    uniform = rng.integers(-255, 256, (4, STEPS, NEURONS)).sum(0)
    noise = 200 + 16 * neuron + uniform * 3 // 2
    hit = rng.random((STEPS, NEURONS)) < 0.02 * (1 + neuron)
    pulses = np.where(hit, rng.integers(-25, 150, (STEPS, NEURONS)), 0)
    values = np.stack([constant, constant * on, ramp, noise, pulses])
    assert np.abs(values).max() < 2**15
    np.savez_compressed(HERE / "inputs.npz", inputs=values.astype(np.int16))


def currents(case):
    """What the case gets, float32 of shape [step, waveform * neuron]. A unit is about what just reaches the
    threshold if it lasts; a pulse of one unit reaches it in a single step."""
    if "near" in case:
        return case["near"]
    inputs = np.load(HERE / "inputs.npz")["inputs"].astype(float)
    if case.get("spikes"):
        # Spikes of one weight, which a synapse takes.
        inputs[4] = PART * (inputs[4] != 0)
    units = np.array([case["unit"]] * 4 + [case["pulse"]])
    values = (units[:, None, None] * inputs / PART).astype(np.float32)
    return values.transpose(1, 0, 2).reshape(STEPS, -1)


def near(rheobase):
    """float32 of shape [step, neuron]: constant, from 1.0002 of what just reaches the threshold upwards."""
    level = (rheobase * (1.0002 + 1e-5 * np.arange(NEAR_NEURONS))).astype(np.float32)
    return np.repeat(level[None], NEAR_STEPS, 0)


def synapticflow(case):
    import torch
    from synapticflow.network.neural_populations import LIFPopulation

    x = torch.from_numpy(currents(case))
    population = LIFPopulation(n=x.shape[1], **case["parameters"])
    spikes = []
    for row in x:
        population.forward(row)
        spikes.append(population.s.numpy().copy())
    return {"spikes": np.array(spikes), "trace": population.traces.numpy()}


def bindsnet(case):
    import torch
    from bindsnet.network.nodes import LIFNodes

    x = torch.from_numpy(currents(case))
    parameters = dict(case["parameters"])
    dt = parameters.pop("dt", 1.0)
    nodes = LIFNodes(n=x.shape[1], **parameters)
    nodes.set_batch_size(1)
    nodes.compute_decays(dt)
    spikes = []
    for row in x:
        nodes.forward(row[None].clone())
        spikes.append(nodes.s[0].numpy().copy())
    return {"spikes": np.array(spikes), "trace": nodes.x[0].numpy()}


def snntorch(case, kind):
    import torch
    import snntorch as snn

    x = torch.from_numpy(currents(case))
    neuron = getattr(snn, kind)(**case["parameters"])
    mem = torch.zeros(x.shape[1])
    spikes = []
    with torch.no_grad():
        for row in x:
            spike, mem = neuron(row, mem)
            spikes.append(spike.numpy() > 0)
    return {"spikes": np.array(spikes)}


def norse(case):
    import torch
    from norse.torch.functional import lif, lif_refrac

    x = torch.from_numpy(currents(case))
    parameters = dict(case["parameters"])
    dt = parameters.pop("dt", 0.001)
    rho = torch.as_tensor(parameters.pop("rho_reset", 5.0))
    tensors = {name: torch.as_tensor(value) for name, value in parameters.items()}
    # A synapse that decays within one step leaves the input as it is.
    tensors.setdefault("tau_syn_inv", torch.as_tensor(1.0 / dt))
    p = lif_refrac.LIFRefracParameters(lif=lif.LIFParameters(**tensors), rho_reset=rho)
    zero = torch.zeros(x.shape[1])
    state = lif_refrac.LIFRefracFeedForwardState(lif.LIFFeedForwardState(v=zero + p.lif.v_leak, i=zero), rho=zero)
    spikes = []
    for row in x:
        spike, state = lif_refrac.lif_refrac_feed_forward_step(row, state, p, dt)
        spikes.append(spike.numpy() > 0)
    return {"spikes": np.array(spikes)}


def spikingjelly(case):
    import torch
    from spikingjelly.activation_based import neuron

    x = torch.from_numpy(currents(case))
    node = neuron.LIFNode(**case["parameters"])
    with torch.no_grad():
        return {"spikes": np.array([node(row).numpy() > 0 for row in x])}


def genn(case):
    """The update rule of NeuronModels::LIF in include/genn/genn/neuronModels.h, in float32."""
    x = currents(case)
    defaults = dict(C=1.0, TauM=20.0, Vrest=-70.0, Vreset=-70.0, Vthresh=-51.0, Ioffset=0.0, TauRefrac=2.0, dt=0.1)
    p = {**defaults, **case["parameters"]}
    f = np.float32
    exp_tc, resistance = f(math.exp(-p["dt"] / p["TauM"])), f(p["TauM"] / p["C"])
    rest, reset, threshold, offset, dt = (f(p[name]) for name in ("Vrest", "Vreset", "Vthresh", "Ioffset", "dt"))
    v, refractory = np.full(x.shape[1], rest), np.zeros(x.shape[1], f)
    spikes = []
    for row in x:
        free = refractory <= 0
        alpha = (row + offset) * resistance + rest
        v = np.where(free, alpha - exp_tc * (alpha - v), v)
        refractory = np.where(free, refractory, refractory - dt)
        spike = (refractory <= 0) & (v >= threshold)
        v, refractory = np.where(spike, reset, v), np.where(spike, f(p["TauRefrac"]), refractory)
        assert v.dtype == refractory.dtype == f
        spikes.append(spike)
    return {"spikes": np.array(spikes)}


def brian2(case):
    from brian2 import NeuronGroup, Network, SpikeMonitor, TimedArray, defaultclock, ms, prefs

    prefs.codegen.target = "numpy"
    p = {**dict(tau=10.0, R=1.0, v_rest=0.0, v_reset=0.0, v_th=1.0, refractory=0.0, dt=0.1, method="exact"), **case["parameters"]}
    x = currents(case).astype(float)
    defaultclock.dt = p["dt"] * ms
    values = dict(
        tau=p["tau"] * ms, R=p["R"], v_rest=p["v_rest"], v_reset=p["v_reset"], v_th=p["v_th"],
        drive=TimedArray(x, dt=p["dt"] * ms),
    )
    group = NeuronGroup(
        x.shape[1],
        "dv/dt = (v_rest - v + R * drive(t, i)) / tau : 1 (unless refractory)",
        threshold="v > v_th", reset="v = v_reset", refractory=p["refractory"] * ms, method=p["method"],
        namespace=values,
    )
    group.v = p["v_rest"]
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(len(x) * p["dt"] * ms)
    spikes = np.zeros(x.shape, bool)
    spikes[np.rint(np.asarray(monitor.t / ms) / p["dt"]).astype(int), np.asarray(monitor.i)] = True
    return {"spikes": spikes}


# Steps before the first one that counts, so that generators and connections have their delays.
NEST_LEAD = 40


def nest(case, model):
    """Currents come from a step_current_generator per neuron; with "jumps" or "spikes" in the case the last waveform
    comes as spikes through static synapses instead, whose weight is the jump or the current."""
    import nest

    nest.verbosity = getattr(nest, "VerbosityLevel").ERROR if hasattr(nest, "VerbosityLevel") else "M_ERROR"
    parameters = dict(case["parameters"])
    h = parameters.pop("resolution", 0.1)
    x = currents(case)
    shift = nest_shift(h, model)
    nest.ResetKernel()
    nest.resolution = h
    neurons = nest.Create(model, x.shape[1], params=parameters)
    neurons.V_m = parameters.get("E_L", -70.0)
    pulsed = np.arange(x.shape[1]) >= 4 * NEURONS
    # A jump is felt in the update that ends when the spike arrives, a current from then on.
    arrival = 0 if case.get("spikes") else 1
    for index, neuron in enumerate(neurons):
        column = x[:, index]
        if (case.get("jumps") or case.get("spikes")) and pulsed[index]:
            steps = np.flatnonzero(column)
            times = np.round((steps + NEST_LEAD + arrival) * h - 10 * h, 6)
            generator = nest.Create("spike_generator", params=dict(spike_times=times, spike_weights=column[steps].astype(float)))
            nest.Connect(generator, neuron, syn_spec=dict(delay=10 * h))
        else:
            steps = np.flatnonzero(np.diff(column, prepend=np.float32(0)))
            times = np.round((steps + NEST_LEAD - shift) * h, 6)
            generator = nest.Create("step_current_generator", params=dict(amplitude_times=times, amplitude_values=column[steps].astype(float)))
            nest.Connect(generator, neuron, syn_spec=dict(delay=10 * h))
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Simulate((NEST_LEAD + len(x)) * h)
    events = recorder.events
    spikes = np.zeros((NEST_LEAD + len(x), x.shape[1]), bool)
    # A spike of the update from (k - 1) h to k h carries the time k h.
    spikes[np.rint(events["times"] / h).astype(int) - 1, events["senders"] - neurons[0].global_id] = True
    assert not spikes[:NEST_LEAD].any()
    return {"spikes": spikes[NEST_LEAD:]}


def nest_shift(h, model):
    """Steps from a generator's time to the first update that its current acts in (the current from step 20 on)."""
    import nest

    nest.ResetKernel()
    nest.resolution = h
    neuron = nest.Create(model)
    generator = nest.Create("step_current_generator", params=dict(amplitude_times=[20 * h], amplitude_values=[100.0]))
    nest.Connect(generator, neuron, syn_spec=dict(delay=10 * h))
    meter = nest.Create("voltmeter", params=dict(interval=h))
    nest.Connect(meter, neuron)
    nest.Simulate(60 * h)
    events = meter.events
    first = events["times"][np.flatnonzero(np.diff(events["V_m"]) != 0)[0] + 1]
    return round(first / h) - 1 - 20


def nengo(case):
    import nengo

    parameters = dict(case["parameters"])
    dt = parameters.pop("dt", 0.001)
    x = currents(case).astype(float)
    neuron = nengo.LIF(**parameters)
    voltage, refractory = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    output = np.zeros(x.shape[1])
    spikes = []
    for row in x:
        neuron.step(dt, row, output, voltage=voltage, refractory_time=refractory)
        spikes.append(output > 0)
    return {"spikes": np.array(spikes)}


def case(unit, pulse, kind=None, **parameters):
    """With "jumps" pulses come as spikes that move the membrane potential; with "spikes" they are spikes of the same
    weight, which a synapse takes."""
    return dict(parameters=parameters, unit=unit, pulse=pulse, **({kind: True} if kind else {}))


# What runs a system, the packages that matter, and its cases. A unit is the rheobase; a pulse
# times dt / tau (or as it is, where inputs are jumps) the distance from rest to threshold.
SYSTEMS = {
    "synapticflow": (synapticflow, ["synapticflow", "torch"], [
        case(0.5, 50.0),
        case(0.5, 50.0, refrac_length=3.0, lower_bound=-65.0),
        case(0.75, 15.0, tau_s=20.0, refrac_length=5.0, dt=1.0, R=20.0, threshold=-50.0, rest_pot=-65.0, reset_pot=-67.0),
        case(0.5, 50.0, rest_pot=-51.0, refrac_length=4.0),
        case(12.0, 240.0, tau_s=2.0, refrac_length=0.3, R=1.0, threshold=-50.0, additive_spike_trace=True, trace_scale=0.5),
    ]),
    "bindsnet": (bindsnet, ["bindsnet", "torch"], [
        case(0.13, 13.0, traces=True),
        case(0.06, 13.0, tc_decay=20.0, refrac=5, dt=0.1, traces=True, traces_additive=True, tc_trace=5.0, trace_scale=0.5),
        case(0.6, 13.0, tc_decay=20.0, refrac=2, reset=-60.0, lbound=-66.0, traces=True),
        case(0.8, 15.0, tc_decay=8.0, refrac=0, thresh=-50.0, dt=0.5, traces=True),
        case(0.6, 13.0, tc_decay=20.0, refrac=3, reset=-51.9, traces=True),
    ]),
    "snntorch-leaky": (lambda c: snntorch(c, "Leaky"), ["snntorch", "torch"], [
        case(0.1, 1.0, beta=0.9),
        case(0.05, 1.0, beta=0.95, reset_mechanism="zero"),
        case(0.1, 0.5, beta=0.8, threshold=0.5, reset_mechanism="none"),
        case(0.01, 1.0, beta=0.99, reset_delay=False),
        case(0.1, 2.0, beta=0.95, threshold=2.0, reset_mechanism="zero", reset_delay=False),
        case(1.0, 1.0, beta=-0.5, reset_mechanism="zero"),
        case(0.5, 3.0, beta=0.9, reset_delay=False),
        case(0.5, 4.0, beta=0.5, threshold=0.75, reset_delay=False),
    ]),
    "snntorch-lapicque": (lambda c: snntorch(c, "Lapicque"), ["snntorch", "torch"], [
        case(1.0, 10.0, R=1.0, C=10.0),
        case(0.2, 4.0, R=5.0, C=4.0, reset_mechanism="zero"),
        case(0.1, 2.0, R=5.0, C=2.0, time_step=0.5, threshold=0.5, reset_mechanism="none"),
        case(-0.2, -4.0, R=-5.0, C=-4.0),
        case(1.0, 0.8, R=1.0, C=0.8, reset_mechanism="zero"),
    ]),
    "norse": (norse, ["norse", "torch"], [
        case(1.0, 10.0),
        case(15.0, 300.0, tau_mem_inv=50.0, v_leak=-65.0, v_th=-50.0, v_reset=-65.0, rho_reset=2.0),
        case(0.5, 40.0, tau_mem_inv=125.0, v_th=0.5, v_reset=-0.125, rho_reset=0.0, dt=0.0001),
        case(1.0, 10.0, rho_reset=2.0000001, v_reset=1.5),
        case(0.0, 1.5, "spikes", tau_syn_inv=200.0),
        case(0.0, 90.0, "spikes", tau_syn_inv=400.0, tau_mem_inv=50.0, v_leak=-65.0, v_th=-50.0, v_reset=-70.0, rho_reset=3.0),
    ]),
    "spikingjelly": (spikingjelly, ["spikingjelly", "torch"], [
        case(1.0, 5.0),
        case(1.0, 10.0, tau=10.0, v_reset=None),
        case(0.05, 1.0, tau=20.0, decay_input=False),
        case(2.5, 12.0, tau=4.0, v_threshold=-50.0, v_reset=-60.0, decay_input=False),
    ]),
    "genn": (genn, [], [
        case(0.95, 190.0),
        case(0.75, 75.0, C=0.5, TauM=10.0, Vrest=-65.0, Vreset=-67.0, Vthresh=-50.0, TauRefrac=5.0),
        case(0.5, 10.0, C=1.0, TauM=20.0, Vrest=-60.0, Vreset=-60.0, Vthresh=-50.0, TauRefrac=3.0, dt=1.0),
        case(0.375, 7.5, C=1.0, TauM=40.0, Vrest=-65.0, Vreset=-65.0, Vthresh=-50.0, TauRefrac=0.0, dt=0.5),
    ]),
    "brian2": (brian2, ["brian2", "numpy"], [
        case(1.0, 100.0),
        case(0.5, 50.0, R=20.0, v_rest=-62.0, v_reset=-62.0, v_th=-52.0, refractory=5.0),
        case(0.5, 50.0, R=20.0, v_rest=-62.0, v_reset=-62.0, v_th=-52.0, refractory=5.0, method="euler"),
        case(0.75, 15.0, tau=20.0, R=20.0, v_rest=-65.0, v_reset=-68.0, v_th=-50.0, refractory=2.5, dt=1.0, method="euler"),
        case(1.0, 20.0, tau=2.0, refractory=0.1, dt=0.1),
        case(0.7, 70.0, R=17.3, v_rest=-65.3, v_reset=-66.7, v_th=-50.1, refractory=-1.0),
        case(1.0, 100.0, v_reset=1.5, refractory=0.7),
    ]),
    "nest": (lambda c: nest(c, "iaf_psc_delta"), ["nest-simulator"], [
        case(375.0, 37500.0),
        case(375.0, 15.0, "jumps", t_ref=5.0),
        case(100.0, 10000.0, C_m=100.0, tau_m=10.0, E_L=-60.0, V_reset=-65.0, V_th=-50.0, t_ref=1.74, V_min=-66.0),
        case(187.5, 15.0, "jumps", tau_m=20.0, E_L=-65.0, V_reset=-65.0, V_th=-50.0, t_ref=3.0, resolution=1.0),
        case(297.0, 30000.0, C_m=211.0, tau_m=10.7, E_L=-65.3, V_reset=-68.9, V_th=-50.1, t_ref=2.3, V_min=-70.2),
    ]),
    "nest-psc-exp": (lambda c: nest(c, "iaf_psc_exp"), ["nest-simulator"], [
        case(375.0, 37500.0),
        case(0.0, 300.0, "spikes"),
        case(0.0, 1000.0, "spikes", tau_syn_ex=0.5, tau_syn_in=0.5, t_ref=1.74, V_reset=-65.0),
        case(0.0, 60.0, "spikes", tau_syn_ex=10.0, tau_syn_in=10.0, t_ref=5.0),
        case(0.0, 400.0, "spikes", tau_m=20.0, E_L=-65.0, V_reset=-65.0, V_th=-50.0, t_ref=3.0, tau_syn_ex=5.0, tau_syn_in=5.0, resolution=1.0),
    ]),
    "nengo": (nengo, ["nengo", "numpy"], [
        case(1.0, 20.0),
        case(1.0, 50.0, tau_rc=0.05, tau_ref=0.005),
        case(1.0, 100.0, tau_rc=0.01, tau_ref=0.001, dt=0.0001),
        case(1.0, 20.0, tau_ref=0.0025),
        case(1.0, 20.0, tau_ref=0.0014),
    ]),
}

def defaults(p, **values):
    return {**values, **{name: value for name, value in p.items() if value is not None or name == "v_reset"}}


def rheobase_synapticflow(p):
    p = defaults(p, threshold=-52.0, rest_pot=-62.0, R=20.0)
    return (p["threshold"] - p["rest_pot"]) / p["R"]


def rheobase_bindsnet(p):
    p = defaults(p, thresh=-52.0, rest=-65.0, tc_decay=100.0, dt=1.0)
    return (p["thresh"] - p["rest"]) * -math.expm1(-p["dt"] / p["tc_decay"])


def rheobase_leaky(p):
    return p.get("threshold", 1.0) * (1 - max(p["beta"], 0.0))


def rheobase_norse(p):
    return p.get("v_th", 1.0) - p.get("v_leak", 0.0)


def rheobase_spikingjelly(p):
    distance = p.get("v_threshold", 1.0) - (p.get("v_reset", 0.0) or 0.0)
    return distance if p.get("decay_input", True) else distance / p.get("tau", 2.0)


def rheobase_genn(p):
    p = defaults(p, C=1.0, TauM=20.0, Vrest=-70.0, Vthresh=-51.0)
    return (p["Vthresh"] - p["Vrest"]) * p["C"] / p["TauM"]


def rheobase_brian2(p):
    return (p.get("v_th", 1.0) - p.get("v_rest", 0.0)) / p.get("R", 1.0)


def rheobase_nest(p):
    p = defaults(p, C_m=250.0, tau_m=10.0, E_L=-70.0, V_th=-55.0)
    return (p["V_th"] - p["E_L"]) * p["C_m"] / p["tau_m"]


# The constant input that just reaches the threshold. Nengo is not here, as its spikes fall between steps.
RHEOBASES = {
    "synapticflow": rheobase_synapticflow,
    "bindsnet": rheobase_bindsnet,
    "snntorch-leaky": rheobase_leaky,
    "snntorch-lapicque": lambda p: p.get("threshold", 1.0) / p["R"],
    "norse": rheobase_norse,
    "spikingjelly": rheobase_spikingjelly,
    "genn": rheobase_genn,
    "brian2": rheobase_brian2,
    "nest": rheobase_nest,
    "nest-psc-exp": rheobase_nest,
}

NOTES = {
    "genn": "Not run: GeNN is built from source and is on no package registry. This is the update rule of its "
            "built-in LIF (include/genn/genn/neuronModels.h), in numpy float32.",
    "norse": "lif_refrac_feed_forward_step. Where the case has no tau_syn_inv it is 1 / dt, with which a synaptic current "
             "lasts one step; where it has, the pulses are spikes of one weight and the other inputs nothing.",
    "brian2": "One equation, dv/dt = (v_rest - v + R * I) / tau (unless refractory), threshold v > v_th, reset v = v_reset.",
    "nest": "iaf_psc_delta. With jumps, the pulses are spikes through static synapses.",
    "nest-psc-exp": "iaf_psc_exp. But for the first case, the pulses are spikes of one weight and the other inputs nothing.",
    "nengo": "nengo.LIF.step, called step by step.",
}


def make(name):
    run, packages, cases = SYSTEMS[name]
    results = [run(case) for case in cases]
    spikes = np.array([result["spikes"] for result in results])
    arrays = dict(spikes=np.packbits(spikes, axis=1, bitorder="little"))
    if name in RHEOBASES:
        near_spikes = np.zeros((len(cases), NEAR_STEPS, NEAR_NEURONS), bool)
        for index, case in enumerate(cases):
            rheobase = 0.0 if "spikes" in case else RHEOBASES[name](case["parameters"])
            # A neuron that rests above its threshold has none.
            if rheobase and not (name == "synapticflow" and rheobase < 0):
                near_spikes[index] = run(dict(parameters=case["parameters"], near=near(rheobase)))["spikes"]
                case["rheobase"] = rheobase
        arrays["near"] = np.packbits(near_spikes, axis=1, bitorder="little")
    if "trace" in results[0]:
        arrays["trace"] = np.array([result["trace"] for result in results], np.float32)
    np.savez_compressed(HERE / f"{name}.npz", **arrays)
    provenance = dict(
        system=name,
        packages={package: version(package) for package in packages},
        python=platform.python_version(),
        date=datetime.date.today().isoformat(),
        script="tests/reference/make.py",
        note=NOTES.get(name, ""),
        cases=cases,
    )
    (HERE / f"{name}.json").write_text(json.dumps(provenance, indent=1) + "\n")
    per_waveform = spikes.reshape(len(cases), STEPS, len(WAVEFORMS), NEURONS).sum((1, 3))
    print(name, per_waveform.tolist())


for argument in sys.argv[1:] or sys.exit(__doc__):
    make_inputs() if argument == "inputs" else make(argument)
