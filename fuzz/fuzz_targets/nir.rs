//! Fuzzes the reader of NIR graphs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lif::nir::{self, Node, Stepping};
use lif::{Device, Integrator, Population, Recording, Refractory, Reset};

/// The largest number of neurons that is simulated.
const MOST: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.nir", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    let Ok(graph) = nir::read(&path) else { return };
    let stepping = Stepping {
        dt: 0.5,
        integrator: Integrator::Exact,
        reset: Reset::ToValue,
        t_ref: 2.0.into(),
        refractory: Refractory::Frozen,
    };
    for (name, node) in graph.nodes() {
        let Node::Neurons(neurons) = node else { continue };
        assert_eq!(graph.neurons(Some(name)).expect("listed").n(), neurons.n());
        // Neurons that are read can be written, and are read again unchanged. A NaN would not be equal to itself.
        if neurons.fields().iter().all(|(_, values)| values.iter().all(|value| !value.is_nan())) {
            nir::write(&path, "neurons", neurons).expect("there is room");
            assert_eq!(nir::read(&path).expect("just written").neurons(None), Ok(&**neurons));
        }
        // Simulates the neurons if possible.
        let params = neurons.params(&stepping).expect("all arrays have one shape");
        if neurons.n() <= MOST
            && let Ok(mut population) = Population::new(params, neurons.n(), &Device::cpu())
        {
            let _ = population.run(3, 0.5).record(Recording::none().spikes()).go();
        }
    }
});
