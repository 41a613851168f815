//! NIR graphs: files that the Python package `nir` wrote are read, damaged files are refused, and written files are
//! read again.

use lif::nir::{self, Graph, Neurons, Node, Stepping};
use lif::{Device, Error, Input, Params, Population, Raster, Reset, SpikeInput};
use lif::{Event, Integrator, Refractory};
use ndarray::{Array, Array1, Array2, IxDyn, arr1};
use std::path::PathBuf;

fn reference(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/nir").join(name)
}

fn graph(name: &str) -> Graph {
    nir::read(reference(name)).unwrap()
}

fn refusal(name: &str) -> String {
    nir::read(reference(name)).unwrap_err().to_string()
}

fn stepping() -> Stepping {
    Stepping {
        dt: 0.5,
        integrator: Integrator::Exact,
        reset: Reset::ToValue,
        t_ref: 0.0.into(),
        refractory: Refractory::Frozen,
    }
}

#[test]
fn a_lif_of_the_package_has_its_numbers() {
    let graph = graph("lif.nir");
    let kinds: Vec<(&str, &str)> = graph
        .nodes()
        .iter()
        .map(|(name, node)| match node {
            Node::Neurons(neurons) => (name.as_str(), neurons.kind()),
            Node::Other(kind) => (name.as_str(), kind.as_str()),
        })
        .collect();
    assert_eq!(kinds, [("input", "Input"), ("lif", "LIF"), ("output", "Output")]);
    let edges = [("input", "lif"), ("lif", "output")].map(|(one, other)| (one.into(), other.into()));
    assert_eq!(graph.edges(), edges);

    let neurons = graph.neurons(None).unwrap();
    assert_eq!(neurons, graph.neurons(Some("lif")).unwrap());
    assert_eq!(neurons.n(), 5);
    let expected = Params {
        tau_m: arr1(&[5.0_f32, 10.0, 15.0, 20.0, 40.0]).into(),
        resistance: 2.0.into(),
        v_rest: 0.25.into(),
        v_threshold: arr1(&[1.0_f32, 1.0, 1.5, 1.5, 2.0]).into(),
        v_reset: (-0.5).into(),
        t_ref: 0.0.into(),
        dt: 0.5,
        integrator: Integrator::Exact,
        ..Params::default()
    };
    assert_eq!(neurons.params(&stepping()).unwrap(), expected);
}

#[test]
fn a_cuba_lif_of_the_package_has_its_shape_and_synapse() {
    let graph = graph("cuba.nir");
    let neurons = graph.neurons(None).unwrap();
    let synapse = neurons.synapse.as_ref().unwrap();
    let counted = Array::from_shape_vec(IxDyn(&[2, 3]), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!(synapse.w_in, counted);
    let params = neurons.params(&stepping()).unwrap();
    assert_eq!(params.tau_syn, Some(8.0.into()));
    assert_eq!(params.tau_m, arr1(&[10.0_f32, 12.0, 14.0, 16.0, 18.0, 20.0]).into());
}

#[test]
fn nodes_inside_graphs_are_found_by_their_path() {
    let graph = graph("network.nir");
    assert_eq!(graph.neurons(Some("hidden")).unwrap().n(), 5);
    assert_eq!(graph.neurons(Some("inner/cuba")).unwrap().kind(), "CubaLIF");
    let several = graph.neurons(None).unwrap_err().to_string();
    assert!(several.contains("'hidden', 'inner/cuba'"), "{several}");
    let other = graph.neurons(Some("weights")).unwrap_err().to_string();
    assert!(other.contains("node 'weights' is a Linear"), "{other}");
    let missing = graph.neurons(Some("cuba")).unwrap_err().to_string();
    assert!(missing.contains("no node 'cuba'") && missing.contains("'inner/cuba'"), "{missing}");
    assert!(graph.edges().contains(&("inner/input".into(), "inner/cuba".into())));
}

#[test]
fn a_node_alone_from_before_there_was_a_reset_is_reset_to_0() {
    let graph = graph("alone.nir");
    let neurons = graph.neurons(Some("node")).unwrap();
    assert_eq!((neurons.n(), neurons.v_reset.sum()), (1, 0.0));
    assert_eq!(neurons.synapse.as_ref().unwrap().w_in.sum(), 1.0);
}

#[test]
fn files_that_are_no_such_graph_are_refused_by_name() {
    assert!(refusal("lacking.nir").ends_with("lacking.nir: it has no 'tau'"), "{}", refusal("lacking.nir"));
    let uneven = refusal("uneven.nir");
    assert!(uneven.ends_with("r: expected shape [5], as v_threshold has it, got [4]"), "{uneven}");
    for (name, reason) in [
        ("half.nir", "'r': its numbers have 16 bits, which is not read; write them with 32 or 64"),
        ("empty.nir", "'r': it has no value at all (its dataspace is null)"),
        (
            "linked.nir",
            "in it is a link to a name (a soft link), which is not read; put the object itself there",
        ),
    ] {
        let refused = refusal(name);
        assert!(refused.ends_with(&format!("{name}: {reason}")), "{refused}");
    }
    assert!(refusal("make.py").contains("no HDF5 file that can be read"), "{}", refusal("make.py"));
    assert!(refusal("absent.nir").contains("os error 2"), "{}", refusal("absent.nir"));
}

/// A file with changed bytes or cut short gives an error or a graph, but no panic.
#[test]
fn damaged_files_are_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.nir");
    let whole = std::fs::read(reference("alone.nir")).unwrap();
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        std::fs::write(&path, &damaged).unwrap();
        let _ = nir::read(&path);
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(matches!(nir::read(&path), Err(Error::Nir { .. })), "cut at {at}");
    }
}

/// The file has chunks, compressed and not, in the older HDF5 format without checksums.
#[test]
fn chunks_that_make_up_no_whole_are_refused() {
    let whole = std::fs::read(reference("chunks.nir")).unwrap();
    let right = graph("chunks.nir");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.nir");
    for (at, byte) in [
        // Bytes that specify how chunks are compressed,
        (16_154, 9),
        (11_442, 10),
        (16_140, 2),
        (11_418, 136),
        // where they belong,
        (14_008, 3),
        (19_016, 3),
        (16_376, 0),
        // and how long they are.
        (11_483, 0),
        (13_827, 0),
    ] {
        let mut damaged = whole.clone();
        damaged[at] = byte;
        std::fs::write(&path, &damaged).unwrap();
        let refused = nir::read(&path)
            .map(|read| format!("{:?} instead of {:?}", read.neurons(None), right.neurons(None)));
        let refused = refused.expect_err(&format!("byte {at}")).to_string();
        assert!(refused.starts_with("NIR graph "), "{refused}");
    }
}

/// Each file of the fuzzing corpus is a graph or refused. Neurons that are read can be written, and simulated or
/// refused.
#[test]
fn graphs_of_any_content_end_well() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/nir");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.nir");
    let (mut simulated, mut refused) = (0, 0);
    for file in std::fs::read_dir(corpus).unwrap() {
        let file = file.unwrap().path();
        let graph = match nir::read(&file) {
            Ok(graph) => graph,
            Err(error) => {
                assert!(error.to_string().starts_with("NIR graph "), "{error}");
                refused += 1;
                continue;
            }
        };
        for (_, node) in graph.nodes() {
            let Node::Neurons(neurons) = node else { continue };
            nir::write(&path, "again", neurons).unwrap();
            let again = nir::read(&path).unwrap();
            // Compared as text, as a damaged file may contain NaN, which is not equal to itself.
            assert_eq!(
                format!("{:?}", again.neurons(None).unwrap()),
                format!("{neurons:?}"),
                "{}",
                file.display()
            );
            let params = neurons.params(&stepping()).unwrap();
            if let Ok(mut population) = Population::new(params, neurons.n(), &Device::cpu()) {
                let _ = population.run(3, 0.5).go();
                simulated += 1;
            }
        }
    }
    assert!(simulated > 0 && refused > 0, "{simulated} simulated, {refused} refused");
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.nir");
    for tau_syn in [None, Some(5.0.into())] {
        let params =
            Params { tau_m: Array1::linspace(3.0_f32, 30.0, 40).into(), tau_syn, ..Params::default() };
        let neurons = Neurons::from_params(&params, 40).unwrap();
        nir::write(&path, "mine", &neurons).unwrap();
        let graph = nir::read(&path).unwrap();
        assert_eq!(graph.neurons(Some("mine")).unwrap(), &neurons);
        assert_eq!(graph.edges().len(), 2);
        assert_eq!(neurons.params(&Stepping::of(&params)).unwrap(), params);
    }
    for name in ["", "a/b", "input"] {
        let neurons = Neurons::from_params(&Params::default(), 1).unwrap();
        assert!(matches!(nir::write(&path, name, &neurons), Err(Error::Nir { .. })), "'{name}'");
    }
}

/// Returns a node of the package, and its synaptic currents after 40 steps with spikes in the given steps.
fn left(integrator: Integrator, steps: &[u64]) -> (Neurons, Array2<f32>) {
    let neurons = graph("cuba.nir").neurons(None).unwrap().clone();
    let stepping = Stepping { integrator, ..stepping() };
    let n = neurons.n();
    let events = steps
        .iter()
        .flat_map(|step| (0..n as u32).map(move |neuron| Event { step: *step, batch: 0, neuron }));
    let raster = Raster::from_events(events, 0, 40, 1, n).unwrap();
    let weight = neurons.spike_weight(stepping.dt, integrator).unwrap();
    let mut population = Population::new(neurons.params(&stepping).unwrap(), n, &Device::cpu()).unwrap();
    let input = Input::from(SpikeInput::each(&raster, weight));
    population.run(40, input).go().unwrap();
    (neurons, population.synaptic_currents().unwrap())
}

/// The equation of the node, solved exactly for an S that is 1 in the steps with a spike; with the
/// exact integrator, for an S of impulses with the same area.
#[test]
fn the_synaptic_current_is_that_of_the_equation() {
    let steps = [0, 1, 2, 7, 30];
    for integrator in [Integrator::Euler, Integrator::Exact] {
        let (neurons, left) = left(integrator, &steps);
        let synapse = neurons.synapse.as_ref().unwrap();
        for (neuron, (w_in, tau)) in synapse.w_in.iter().zip(&synapse.tau_syn).enumerate() {
            let ratio = stepping().dt / (tau * 1000.0);
            let kept = libm::exp(-ratio);
            let mut current = 0.0_f64;
            for step in 0..40 {
                let spike = if steps.contains(&step) { *w_in } else { 0.0 };
                // dI/dt = (w_in S - I) / tau_syn
                current = match integrator {
                    Integrator::Euler => spike + (current - spike) * kept,
                    Integrator::Exact => (current + spike * ratio) * kept,
                };
            }
            // The state of the population has already decayed for the next step.
            let expected = if integrator == Integrator::Euler { current * kept } else { current };
            let difference = (f64::from(left[[0, neuron]]) / expected - 1.0).abs();
            assert!(difference < 1e-5, "neuron {neuron}: {} instead of {expected}", left[[0, neuron]]);
        }
    }
}

/// Spikes in every step are a constant S of 1, which drives the current to `w_in`.
#[test]
fn a_spike_has_the_area_of_its_step() {
    let (dt, steps) = (stepping().dt, 2000);
    for integrator in [Integrator::Euler, Integrator::Exact] {
        let mut neurons = graph("cuba.nir").neurons(None).unwrap().clone();
        neurons.v_threshold.fill(1e6);
        let n = neurons.n();
        let params = neurons.params(&Stepping { integrator, ..stepping() }).unwrap();
        let events =
            (0..steps).flat_map(|step| (0..n as u32).map(move |neuron| Event { step, batch: 0, neuron }));
        let raster = Raster::from_events(events, 0, steps, 1, n).unwrap();
        let weight = neurons.spike_weight(dt, integrator).unwrap();
        let mut population = Population::new(params, n, &Device::cpu()).unwrap();
        population.run(steps, SpikeInput::each(&raster, weight)).go().unwrap();
        let v = population.voltages().unwrap();
        let w_in = &neurons.synapse.as_ref().unwrap().w_in;
        for (neuron, ((w_in, r), v_leak)) in w_in.iter().zip(&neurons.r).zip(&neurons.v_leak).enumerate() {
            let current = (f64::from(v[[0, neuron]]) - v_leak) / r;
            // The current goes up and down within each step, and v with it.
            assert!((current / w_in - 1.0).abs() < 1e-3, "neuron {neuron}: {current} instead of {w_in}");
        }
    }
}
