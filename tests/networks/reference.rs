//! Networks by plain loops over cells and synapses, with sums in 64-bit integers: what every engine must equal.

use super::case::{Case, Listed, Outcome};
use lif::model::{self, Options, State, StepInput};
use lif::{Device, Population, SynapseRule};
use std::collections::HashMap;

/// Synapses whose weights are summed together.
struct Channel {
    jumps: bool,
    inhibitory: bool,
    given: Option<f64>,
    factors: Option<Vec<f32>>,
    unit: f64,
    members: Vec<usize>,
}

fn channels(case: &Case) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    let apart = case.params.tau_syn_inhibitory.is_some();
    for (index, listed) in case.projections.iter().enumerate() {
        let Listed { jumps, unit, factors, .. } = listed;
        for inhibitory in [false, true] {
            if inhibitory && (*jumps || !apart) {
                continue;
            }
            let any =
                |negative: bool| (0..listed.count()).any(|index| (listed.weight(index) < 0.0) == negative);
            if apart && !*jumps && !any(inhibitory) && (inhibitory || any(true)) {
                continue;
            }
            let same = |channel: &&mut Channel| {
                channel.jumps == *jumps
                    && channel.inhibitory == inhibitory
                    && channel.given == *unit
                    && channel.factors == *factors
            };
            match channels.iter_mut().find(same) {
                Some(channel) => channel.members.push(index),
                None => channels.push(Channel {
                    jumps: *jumps,
                    inhibitory,
                    given: *unit,
                    factors: factors.clone(),
                    unit: 1.0,
                    members: vec![index],
                }),
            }
        }
    }
    for channel in &mut channels {
        channel.unit = channel.given.unwrap_or_else(|| {
            let mut sums = vec![(0.0, 0); case.n];
            for listed in channel.members.iter().map(|index| &case.projections[*index]) {
                for (index, target) in listed.targets.iter().enumerate() {
                    if apart && !channel.jumps && (listed.weight(index) < 0.0) != channel.inhibitory {
                        continue;
                    }
                    let sum = &mut sums[*target as usize];
                    *sum = (sum.0 + f64::from(listed.weight(index).abs()), sum.1 + 1);
                }
            }
            let sum = sums.iter().fold(0.0_f64, |largest, (sum, _)| largest.max(*sum));
            let count = sums.iter().map(|(_, count)| *count).max().unwrap_or_default();
            let fits = |bits: &i32| sum * 2_f64.powi(*bits) + 0.5 * f64::from(count) < 2_f64.powi(31);
            2_f64.powi(-(-200..=64).rev().find(fits).expect("small enough"))
        });
    }
    channels
}

pub fn outcome(case: &Case) -> Outcome {
    let (n, batch) = (case.n, case.batch);
    let device = Device::cpu();
    let mut population = Population::new(case.params.clone(), [batch, n], &device).expect("valid");
    let draws = population.draws(&case.random).expect("valid");
    let channels = channels(case);
    let options = Options {
        jumps: channels.iter().any(|channel| channel.jumps)
            || case.random.iter().any(|source| format!("{source:?}").contains("Poisson")),
        ..population.options()
    };
    let reference = case.params.v_reference;
    let outside = |v: f32| if reference == 0.0 { v } else { (f64::from(v) + reference) as f32 };
    let dt = case.params.dt;

    let mut outgoing: Vec<Vec<(usize, usize)>> = vec![Vec::new(); n];
    for (projection, listed) in case.projections.iter().enumerate() {
        for (index, source) in listed.sources.iter().enumerate() {
            outgoing[*source as usize].push((projection, index));
        }
    }
    let apart = case.params.tau_syn_inhibitory.is_some();
    let channel_of = |projection: usize, weight: f32| {
        let inhibitory = apart && !case.projections[projection].jumps && weight < 0.0;
        let is_its =
            |channel: &Channel| channel.members.contains(&projection) && channel.inhibitory == inhibitory;
        channels.iter().position(is_its).expect("of some channel")
    };
    let mut result = Outcome::default();
    let cell = |row, neuron| population.coefficients(row, neuron).expect("inside");
    let rest = |row, neuron| State { v: cell(row, neuron).v_rest, ..State::default() };
    let mut states: Vec<Vec<State>> =
        (0..batch).map(|row| (0..n).map(|neuron| rest(row, neuron)).collect()).collect();
    // Sums by step, channel, row and neuron.
    let mut arriving: HashMap<(u64, usize, usize, usize), i64> = HashMap::new();
    let mut step = 0;
    for steps in &case.calls {
        let first = step;
        let forward = *steps == 1 && first % 3 != 0;
        let (mut spikes, mut sampled) = (Vec::new(), Vec::new());
        for _ in 0..*steps {
            for row in 0..batch {
                for neuron in 0..n {
                    let drawn = draws.at(row, neuron, step).expect("inside");
                    let mut input = StepInput { current: case.current[neuron] + drawn.current, ..drawn };
                    for (number, channel) in channels.iter().enumerate() {
                        let sum = arriving.remove(&(step, number, row, neuron)).unwrap_or_default();
                        let sum = i32::try_from(sum).expect("no sum overflows");
                        let factor = channel.factors.as_ref().map_or(1.0, |factors| factors[row]);
                        let arrived = model::arrival(sum, channel.unit as f32 * factor);
                        let sum = match (channel.jumps, channel.inhibitory) {
                            (true, _) => &mut input.jump,
                            (false, true) => &mut input.inhibitory,
                            (false, false) => &mut input.arriving,
                        };
                        *sum += arrived;
                    }
                    let state = states[row][neuron];
                    let state =
                        model::step_cell(options, cell(row, neuron), state, input, (step % 32) as u32);
                    states[row][neuron] = state;
                    sampled.push(outside(state.v).to_bits());
                    if !state.spike {
                        continue;
                    }
                    spikes.push((step, row as u32, neuron as u32));
                    for (projection, index) in &outgoing[neuron] {
                        let listed = &case.projections[*projection];
                        let delay = (f64::from(listed.delay(*index)) / dt).round() as u64;
                        let is_late = listed.jumps || case.params.synapse_rule == SynapseRule::Cleared;
                        let arrival = step + delay + u64::from(!is_late);
                        let channel = channel_of(*projection, listed.weight(*index));
                        let weight =
                            (f64::from(listed.weight(*index)) / channels[channel].unit).round() as i64;
                        let target = listed.targets[*index] as usize;
                        *arriving.entry((arrival, channel, row, target)).or_default() += weight;
                    }
                }
            }
            if case.every.is_some_and(|every| step % u64::from(every) == 0) && !forward {
                result.sampled.append(&mut sampled);
            }
            sampled.clear();
            step += 1;
        }
        if forward && !(first % 7 == 0 || case.random.is_empty()) {
            spikes = vec![(first, u32::MAX, 0)];
        }
        result.spikes.extend(spikes);
    }
    let all = || states.iter().flatten();
    result.voltages = all().map(|state| outside(state.v).to_bits()).collect();
    if case.params.tau_syn.is_some() {
        result.synaptic = all().map(|state| state.synaptic.to_bits()).collect();
    }
    if apart {
        result.inhibitory = all().map(|state| state.inhibitory.to_bits()).collect();
    }
    if model::rises(options) {
        result.rises = all().map(|state| state.rise.to_bits()).collect();
        if apart {
            result.rises.extend(all().map(|state| state.inhibitory_rise.to_bits()));
        }
    }
    result
}
