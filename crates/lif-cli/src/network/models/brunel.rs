//! Brunel (2000), J. Comput. Neurosci. 8:183: sparsely connected excitatory and inhibitory neurons.

use super::scaled;
use crate::network::Description;
use crate::network::description::{Distribution, Effect, Group, Neurons, Poisson, Projection, Rule};

/// Synapses from excitatory and inhibitory neurons onto each neuron, at any scale.
const INDEGREES: [u32; 2] = [1000, 250];

/// mV.
const WEIGHT: f64 = 0.1;

/// ms.
const DELAY: f64 = 1.5;

/// An inhibitory synapse is `g` times as strong as an excitatory one. Spikes from outside come at `eta` times the
/// rate that brings a neuron just to its threshold.
pub fn description(scale: f64, g: f64, eta: f64) -> Description {
    let neurons = Neurons {
        tau_m: 20.0,
        v_rest: 0.0,
        v_reset: 10.0,
        v_threshold: 20.0,
        t_ref: 2.0,
        ..Neurons::default()
    };
    // Per ms.
    let rate = eta * neurons.v_threshold / (WEIGHT * neurons.tau_m);
    let poisson = Poisson { rate: 1000.0 * rate, weight: WEIGHT, effect: Effect::Jump };
    let group = |name: &str, size: f64| Group {
        neurons: neurons.clone(),
        poisson: vec![poisson],
        ..Group::new(name, scaled(size, scale))
    };
    let projection = |from: usize, to: usize| {
        let weight = Distribution::Constant(if from == 0 { WEIGHT } else { -g * WEIGHT });
        let rule = Rule::FixedIndegree(INDEGREES[from]);
        let delay = Some(Distribution::Constant(DELAY));
        Projection { delay, ..Projection::new((from, to), rule, Effect::Jump, weight) }
    };
    Description {
        groups: vec![group("E", 10_000.0), group("I", 2500.0)],
        projections: [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(from, to)| projection(from, to)).into(),
        ..Description::new("brunel", 0.0)
    }
}
