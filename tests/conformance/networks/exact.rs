//! The same networks by plain loops in double precision.

use super::described::Described;
use super::{DT, Kind};

/// What double precision gives.
pub struct Exact {
    /// Step and neuron, in this order.
    pub spikes: Vec<(u32, u32)>,
    /// The membrane potential of each neuron above its threshold, before it is reset, in the step that was asked for.
    pub margins: Vec<f64>,
}

/// Simulates a network. With `lost`, a jump that arrives in the first step after the refractory period has no effect,
/// as in Brian2, where it is added at the end of the step before.
pub fn exact(described: &Described, lost: bool, asked: usize) -> Exact {
    let Described { kind, n, steps, .. } = *described;
    let weights = described.weights();
    let mut outgoing = vec![Vec::new(); n];
    for (synapse, source) in described.source.iter().enumerate() {
        outgoing[*source as usize].push(synapse);
    }
    let leak = libm::exp(-DT / described.tau_m);
    let decay = described.tau_syn.map(|tau| libm::exp(-DT / tau));
    let driven = described.driven();
    let rises = described.rises();
    let mut v = described.start.clone();
    let mut currents = vec![[0.0; 2]; n];
    // The first stage of alpha currents.
    let mut rising = vec![[0.0; 2]; n];
    let mut last = vec![None; n];
    // By step, for each neuron; the longest delay is 200 steps.
    let mut arriving = vec![vec![[0.0; 2]; n]; steps + 202];
    let mut result = Exact { spikes: Vec::new(), margins: Vec::new() };
    for step in 0..steps {
        let arrived = std::mem::take(&mut arriving[step]);
        for cell in 0..n {
            let since = last[cell].map_or(usize::MAX, |last| step - last);
            let constant = since <= described.constant_steps();
            if !kind.jumps() && !kind.clears() {
                for sign in 0..2 {
                    let receiving = if rises.is_some() { &mut rising } else { &mut currents };
                    receiving[cell][sign] += arrived[cell][sign];
                }
            }
            if !constant {
                let towards = described.rest + described.resistance * described.current[cell];
                let [excitatory, inhibitory] = currents[cell];
                v[cell] =
                    towards + (v[cell] - towards) * leak + driven[0] * excitatory + driven[1] * inhibitory;
                for (rise, rising) in rises.iter().flatten().zip(rising[cell]) {
                    v[cell] += rise.driven * rising;
                }
                if kind.jumps() && !(lost && since == described.constant_steps() + 1) {
                    v[cell] += arrived[cell][0] + arrived[cell][1];
                }
            }
            let holds = kind.clears() && constant;
            for sign in 0..if holds { 0 } else { 2 } {
                currents[cell][sign] *= decay[sign];
                if let Some(rises) = &rises {
                    currents[cell][sign] += rises[sign].growth * rising[cell][sign];
                    rising[cell][sign] *= decay[sign];
                }
            }
            let margin = v[cell] - described.threshold[cell];
            if step == asked {
                result.margins.push(margin);
            }
            let crosses = if kind.is_nest() { margin >= 0.0 } else { margin > 0.0 };
            if constant || !crosses {
                if kind.clears() && !constant {
                    currents[cell][0] += arrived[cell][0];
                    currents[cell][1] += arrived[cell][1];
                }
                continue;
            }
            if kind.clears() {
                currents[cell] = [0.0; 2];
            }
            v[cell] = described.reset;
            last[cell] = Some(step);
            result.spikes.push((step as u32, cell as u32));
            for synapse in &outgoing[cell] {
                let arrival = step + described.delay[*synapse] + usize::from(!kind.jumps() && !kind.clears());
                let sign = usize::from(weights[*synapse] < 0.0);
                arriving[arrival][described.target[*synapse] as usize][sign] += weights[*synapse];
            }
        }
    }
    result
}

/// Whether the system loses jumps that arrive at the end of a refractory period.
pub fn loses(kind: Kind) -> bool {
    kind == Kind::BrianJump
}
