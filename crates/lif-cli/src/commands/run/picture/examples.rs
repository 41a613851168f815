//! Scenes for tests.

use super::scene::{Scene, Spikes};
use crate::quantity::preset_units::AxisUnits;
use crate::recording::columns::Column;
use crate::recording::events::Events;
use std::io::Write;
use std::sync::Arc;

/// An empty scene of steps of 0.1 ms.
pub fn scene(steps: u64) -> Scene {
    Scene {
        title: String::new(),
        dt: 0.1,
        shown: 0..steps,
        units: AxisUnits::PHYSICAL,
        stimulus: None,
        spikes: None,
        rate: None,
        traces: Vec::new(),
        counts: None,
    }
}

/// Spikes (step, neuron) of some neurons.
pub fn spikes(neurons: u32, spikes: &[(u32, u32)]) -> Spikes {
    let column = |values: &mut dyn Iterator<Item = u32>| {
        let mut file = tempfile::tempfile().unwrap();
        values.for_each(|value| file.write_all(&value.to_ne_bytes()).unwrap());
        // The picture does not check it.
        Column { file: Arc::new(file), name: String::new(), length: spikes.len() as u64, checksum: 0 }
    };
    let events = Events {
        step: column(&mut spikes.iter().map(|spike| spike.0)),
        batch: column(&mut spikes.iter().map(|_| 0)),
        neuron: column(&mut spikes.iter().map(|spike| spike.1)),
    };
    Spikes { events, neurons: (0..neurons).collect(), batch: 1, count: spikes.len() as u64 }
}
