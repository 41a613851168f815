//! Potjans & Diesmann (2014), Cereb. Cortex 24:785: four layers of excitatory and inhibitory neurons under 1 mm^2 of
//! cortex, as the authors keep the model (INM-6/microcircuit-PD14-model).
//!
//! At a smaller scale there are fewer neurons with fewer synapses each. Weights then grow, and a constant current
//! makes up for the lost mean input (van Albada, Helias & Diesmann 2015, PLoS Comput. Biol. 11:e1004490).

use super::{DriveKind, scaled};
use crate::network::Description;
use crate::network::description::{
    Distribution, Effect, Group, InitVoltage, Neurons, Poisson, Projection, Rule,
};

/// Excitatory and inhibitory groups by turns.
const NAMES: [&str; 8] = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"];

const SIZES: [f64; 8] = [20683.0, 5834.0, 21915.0, 5479.0, 4850.0, 1065.0, 14395.0, 2948.0];

/// Mean rates at full scale, Hz.
const RATES: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];

/// Synapses from outside onto each neuron.
const OUTER_INDEGREES: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];

/// The rate of each of them, Hz.
const OUTER_RATE: f64 = 8.0;

/// Mean and standard deviation of the membrane potentials at the start, mV.
const INIT_VOLTAGES: [(f64, f64); 8] = [
    (-68.28, 5.36),
    (-63.16, 4.57),
    (-63.33, 4.74),
    (-63.45, 4.94),
    (-63.11, 4.94),
    (-61.66, 4.55),
    (-66.72, 5.46),
    (-61.43, 4.48),
];

/// The probability that a pair is connected at least once. Rows are targets, columns are sources.
const PROBABILITIES: [[f64; 8]; 8] = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
];

const TAU_M: f64 = 10.0;
const TAU_SYN: f64 = 0.5;

/// pF.
const CAPACITANCE: f64 = 250.0;

/// The weight of an excitatory synapse at full scale, nA. It makes the membrane potential respond by 0.15 mV.
const WEIGHT: f64 = 0.0878085;

/// Inhibitory weights are this many times the excitatory ones.
const INHIBITION: f64 = -4.0;

/// The mean of weights over their standard deviation.
const WEIGHT_PRECISION: f64 = 10.0;

/// Delays of excitatory and inhibitory synapses, ms, and their standard deviation over their mean.
const DELAYS: [f64; 2] = [1.5, 0.75];
const DELAY_SPREAD: f64 = 0.5;

/// The groups of L2/3 and L4 between which weights are doubled.
const DOUBLED: (usize, usize) = (2, 0);

pub fn description(scale: f64, drive: DriveKind) -> Description {
    let of_scale = scale.sqrt();
    let groups = (0..8).map(|group| group_at(group, scale, drive)).collect();
    let mut projections = Vec::new();
    // Excitatory ones first, those of doubled weight next, inhibitory ones last: as in examples/microcircuit.toml.
    let is_doubled = |from: usize, to: usize| (from, to) == DOUBLED;
    let kinds: [&dyn Fn(usize, usize) -> bool; 3] =
        [&|from, to| from % 2 == 0 && !is_doubled(from, to), &is_doubled, &|from, _| from % 2 == 1];
    for is_of_kind in kinds {
        for (to, row) in PROBABILITIES.iter().enumerate() {
            for (from, p) in row.iter().enumerate().filter(|(from, p)| **p > 0.0 && is_of_kind(*from, to)) {
                let mean = WEIGHT * factor(from, to) / of_scale;
                let delay = DELAYS[from % 2];
                let rule = Rule::FixedTotal((synapses(*p, from, to) * scale * scale).round() as u64);
                let weight = Distribution::Normal { mean, sd: mean.abs() / WEIGHT_PRECISION };
                projections.push(Projection {
                    delay: Some(Distribution::Normal { mean: delay, sd: delay * DELAY_SPREAD }),
                    ..Projection::new((from, to), rule, Effect::Current, weight)
                });
            }
        }
    }
    Description { groups, projections, ..Description::new("microcircuit", -65.0) }
}

fn group_at(group: usize, scale: f64, drive: DriveKind) -> Group {
    let of_scale = scale.sqrt();
    let outer_rate = OUTER_INDEGREES[group] * OUTER_RATE;
    // nA: spikes of this rate, Hz, are a mean current of their weight times tau_syn.
    let mean_current = |rate: f64, weight: f64| 1e-3 * TAU_SYN * rate * weight;
    let inner: f64 = (0..8)
        .map(|from| {
            let indegree = synapses(PROBABILITIES[group][from], from, group) / SIZES[group];
            mean_current(indegree * RATES[from], WEIGHT * factor(from, group))
        })
        .sum();
    let outer = mean_current(outer_rate, WEIGHT);
    let (current, poisson) = match drive {
        DriveKind::Dc => ((1.0 - of_scale) * inner + outer, Vec::new()),
        DriveKind::Poisson => {
            let rate = (OUTER_INDEGREES[group] * scale).round() * OUTER_RATE;
            let poisson = Poisson { rate, weight: WEIGHT / of_scale, effect: Effect::Current };
            ((1.0 - of_scale) * (inner + outer), vec![poisson])
        }
    };
    let (mean, sd) = INIT_VOLTAGES[group];
    Group {
        neurons: Neurons {
            tau_m: TAU_M,
            // GOhm to MOhm.
            resistance: 1e3 * TAU_M / CAPACITANCE,
            v_rest: -65.0,
            v_reset: -65.0,
            v_threshold: -50.0,
            t_ref: 2.0,
            v_lower: None,
            tau_syn: Some(TAU_SYN),
            tau_syn_inhibitory: None,
        },
        init_voltage: Some(InitVoltage::Normal { mean, sd }),
        current,
        poisson,
        ..Group::new(NAMES[group], scaled(SIZES[group], scale))
    }
}

/// The number of synapses, drawn with repetition, that connects a pair at full scale with this probability.
fn synapses(p: f64, from: usize, to: usize) -> f64 {
    if p == 0.0 { 0.0 } else { crate::network::description::total_of(p, SIZES[from], SIZES[to]) }
}

/// A weight over that of an excitatory synapse.
fn factor(from: usize, to: usize) -> f64 {
    match (from, to) {
        DOUBLED => 2.0,
        (from, _) if from % 2 == 1 => INHIBITION,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_moves_the_membrane_by_the_response_of_the_paper() {
        // The peak of the response to a current that decays.
        let rate = 1.0 / (TAU_SYN - TAU_M);
        let ratio = libm::pow(TAU_M / TAU_SYN, rate);
        let of_na = 1e3 * TAU_M * TAU_SYN / CAPACITANCE * rate;
        let response = WEIGHT * of_na * (libm::pow(ratio, TAU_M) - libm::pow(ratio, TAU_SYN));
        assert!((response - 0.15).abs() < 1e-7, "{response}");
    }

    #[test]
    fn the_numbers_are_those_of_the_model_of_the_authors() {
        let description = description(1.0, DriveKind::Poisson);
        assert_eq!(description.n(), 77_169);
        assert_eq!(description.synapses(), 298_880_970);
        assert!(description.groups.iter().all(|group| group.current == 0.0));
        // nA.
        let dc = super::description(1.0, DriveKind::Dc);
        assert!((dc.groups[0].current - 0.562).abs() < 1e-3, "{}", dc.groups[0].current);
    }
}
