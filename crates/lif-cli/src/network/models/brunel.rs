//! Brunel (2000), J. Comput. Neurosci. 8:183: sparsely connected excitatory and inhibitory neurons.

use super::scaled;
use crate::network::Description;
use crate::network::description::{Distribution, Effect, Group, Neurons, Poisson, Projection, Rule};
use crate::network::sweep::{Key, Sweep, Swept};

/// Synapses from excitatory and inhibitory neurons onto each neuron, at any scale.
const INDEGREES: [u32; 2] = [1000, 250];

/// The projections from inhibitory neurons.
const INHIBITORY: [usize; 2] = [2, 3];

/// mV.
const WEIGHT: f64 = 0.1;

/// ms.
const DELAY: f64 = 1.5;

/// An inhibitory synapse is `g` times as strong as an excitatory one. Spikes from outside come at `eta` times the
/// rate that brings a neuron just to its threshold.
///
/// With several values of these each batch row has one of them.
pub fn description(scale: f64, g: &[f64], eta: &[f64]) -> Description {
    // Where they differ, synapses and rates have factors.
    let only = |values: &[f64]| if let [value] = values { *value } else { 1.0 };
    let neurons = Neurons {
        tau_m: 20.0,
        v_rest: 0.0,
        v_reset: 10.0,
        v_threshold: 20.0,
        t_ref: 2.0,
        ..Neurons::default()
    };
    // Per ms.
    let rate = only(eta) * neurons.v_threshold / (WEIGHT * neurons.tau_m);
    let poisson = Poisson { rate: 1000.0 * rate, weight: WEIGHT, effect: Effect::Jump };
    let group = |name: &str, size: f64| Group {
        neurons: neurons.clone(),
        poisson: vec![poisson],
        ..Group::new(name, scaled(size, scale))
    };
    let projection = |from: usize, to: usize| {
        let weight = Distribution::Constant(if from == 0 { WEIGHT } else { -only(g) * WEIGHT });
        let rule = Rule::FixedIndegree(INDEGREES[from]);
        let delay = Some(Distribution::Constant(DELAY));
        Projection { delay, ..Projection::new((from, to), rule, Effect::Jump, weight) }
    };
    let mut sweep = Sweep::default();
    for (name, values) in [("g", g), ("eta", eta)].into_iter().filter(|(_, values)| values.len() > 1) {
        let key = sweep.keys.len();
        sweep.keys.push(Key { name: name.to_owned(), unit: None, values: values.to_vec() });
        if name == "g" {
            sweep.projections = INHIBITORY.map(|projection| (projection, key)).into();
        } else {
            sweep.groups = [0, 1].map(|group| (group, Swept::Factor(0), key)).into();
        }
    }
    Description {
        sweep,
        groups: vec![group("E", 10_000.0), group("I", 2500.0)],
        projections: [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(from, to)| projection(from, to)).into(),
        ..Description::new("brunel", 0.0)
    }
}
