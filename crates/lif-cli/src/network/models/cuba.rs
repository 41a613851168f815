//! CUBA: the network of Vogels & Abbott (2005), J. Neurosci. 25:10786, with currents, as benchmark 2 of Brette et al.
//! (2007), J. Comput. Neurosci. 23:349.

use super::scaled;
use crate::network::Description;
use crate::network::description::{Distribution, Effect, Group, InitVoltage, Neurons, Projection, Rule};

/// The mean number of synapses onto each neuron from excitatory and inhibitory ones, at any scale.
const INDEGREES: [u64; 2] = [64, 16];

/// nA; with a resistance of 1 MOhm they are the mV of the paper.
const WEIGHTS: [f64; 2] = [1.62, -9.0];

pub fn description(scale: f64) -> Description {
    let neurons = Neurons {
        tau_m: 20.0,
        resistance: 1.0,
        v_rest: -49.0,
        v_reset: -60.0,
        v_threshold: -50.0,
        t_ref: 5.0,
        v_lower: None,
        tau_syn: Some(5.0),
        tau_syn_inhibitory: Some(10.0),
    };
    let group = |name: &str, size: f64| Group {
        neurons: neurons.clone(),
        init_voltage: Some(InitVoltage::Uniform { low: -60.0, high: -50.0 }),
        ..Group::new(name, scaled(size, scale))
    };
    let groups = vec![group("E", 3200.0), group("I", 800.0)];
    let projection = |from: usize, to: usize| {
        let rule = Rule::FixedTotal(INDEGREES[from] * groups[to].size as u64);
        let weight = Distribution::Constant(WEIGHTS[from]);
        let delay = Some(Distribution::Constant(0.1));
        Projection { delay, ..Projection::new((from, to), rule, Effect::Current, weight) }
    };
    let projections = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(from, to)| projection(from, to)).into();
    Description { groups, projections, ..Description::new("cuba", -49.0) }
}
