//! [`Described`]: the random networks whose spikes are stored, drawn as `tests/reference/make_networks.py` draws them.

use super::{DT, Kind};
use lif::{
    Device, Distribution, Input, Integrator, Network, Params, Recording, Rule, SpikeTest, Synapse,
    SynapseRule, SynapseShape,
};
use ndarray::Array1;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// As [`below`](Self::below), as a number to compute with.
    fn number(&mut self, bound: u32) -> f64 {
        self.below(bound.into()) as f64
    }
}

/// A network in mV, nA, MOhm and ms. All of these numbers are exact in single precision. Delays and the refractory time
/// are in steps.
pub struct Described {
    pub kind: Kind,
    pub n: usize,
    pub steps: usize,
    pub tau_m: f64,
    pub resistance: f64,
    pub rest: f64,
    pub reset: f64,
    pub refractory: usize,
    /// Of the excitatory and of the inhibitory current.
    pub tau_syn: [f64; 2],
    pub threshold: Vec<f64>,
    pub current: Vec<f64>,
    pub start: Vec<f64>,
    pub source: Vec<u32>,
    pub target: Vec<u32>,
    pub weight: Vec<f64>,
    pub delay: Vec<usize>,
    /// The random number after the last one that was used.
    pub check: u64,
}

/// What a rise of 1 adds in a step: to its current, and to v.
pub struct Rise {
    pub growth: f64,
    pub driven: f64,
}

/// What is changed in a network, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    None,
    /// All spikes arrive a step later.
    Later,
    /// A synaptic current stays constant over a step.
    Held,
}

impl Described {
    pub fn new(kind: Kind, index: usize) -> Self {
        let (system, number) = kind.place();
        let mut dice = Dice((10_000 * system + 1000 * number + index) as u64);
        let n = if dice.below(10) == 0 { 100 + dice.below(401) } else { 5 + dice.below(56) } as usize;
        let steps = 1000 + dice.below(2001) as usize;
        let tau_m = (80.0 + dice.number(241)) / 16.0;
        let resistance = 10.0 + dice.number(51);
        let rest = -60.0 - dice.number(16);
        let reset = rest - 4.0 + dice.number(9);
        let refractory = 5 + dice.below(36) as usize;
        let mut tau_syn = [0; 2].map(|_| (17.0 + 2.0 * dice.number(153)) / 32.0);
        if kind.is_nest() && index.is_multiple_of(8) {
            tau_syn[0] = tau_m;
        }
        if kind.has_one_current() {
            tau_syn[1] = tau_syn[0];
        }
        let grain = 1.0 + dice.number(4);
        let longest = [1, 15, 50, 200][dice.below(4) as usize];
        let shortest = u64::from(kind.is_nest() || kind.jumps() || kind.clears());
        let degree = 1 + dice.below(20) as usize;
        let mut described = Self {
            kind,
            n,
            steps,
            tau_m,
            resistance,
            rest,
            reset,
            refractory,
            tau_syn,
            threshold: Vec::new(),
            current: Vec::new(),
            start: Vec::new(),
            source: Vec::new(),
            target: Vec::new(),
            weight: Vec::new(),
            delay: Vec::new(),
            check: 0,
        };
        let mut inhibitory = Vec::new();
        for _ in 0..n {
            let above = 8.0 + dice.number(2560) / 256.0;
            described.threshold.push(rest + above);
            let part = 200.0 + dice.number(400);
            described.current.push((above * part / 256.0 / resistance * 65536.0).floor() / 65536.0);
            described.start.push(rest + dice.number(2048) / 256.0);
            inhibitory.push(dice.below(4) == 0);
        }
        let unit = if kind.jumps() {
            [grain / 256.0; 2]
        } else {
            tau_syn.map(|tau| (384.0 * grain * tau_m / (resistance * tau)).floor().max(1.0) / 65536.0)
        };
        for _ in 0..n * degree {
            let source = dice.below(n as u64) as usize;
            described.source.push(source as u32);
            described.target.push(dice.below(n as u64) as u32);
            let (sign, unit) = if inhibitory[source] { (-3.0, unit[1]) } else { (1.0, unit[0]) };
            described.weight.push((1.0 + dice.number(64)) * sign * unit);
            described.delay.push((shortest + dice.below(longest + 1 - shortest)) as usize);
        }
        described.check = dice.next();
        described
    }

    /// The refractory steps of lif: those in which v stays constant.
    pub fn constant_steps(&self) -> usize {
        // Brian2 updates v in the step in which the refractory period ends.
        self.refractory - usize::from(!self.kind.is_nest())
    }

    /// What a spike adds to v, or to a current.
    pub fn weights(&self) -> Vec<f64> {
        // Added after the threshold test of a step, it has leaked by the next.
        let part = if self.kind == Kind::BrianJump { libm::exp(-DT / self.tau_m) } else { 1.0 };
        self.weight.iter().map(|weight| weight * part).collect()
    }

    /// What one step of a synaptic current of 1 adds to v: the excitatory and the inhibitory one.
    pub fn driven(&self) -> [f64; 2] {
        let decay = |tau: f64| libm::exp(-DT / tau);
        self.tau_syn.map(|tau| {
            let membrane = decay(self.tau_m);
            let part = if tau == self.tau_m {
                DT / tau * membrane
            } else {
                tau / (tau - self.tau_m) * (decay(tau) - membrane)
            };
            self.resistance * part
        })
    }

    /// The excitatory and the inhibitory rise of alpha currents.
    pub fn rises(&self) -> Option<[Rise; 2]> {
        let of_tau = |tau: f64| {
            let scale = std::f64::consts::E / tau;
            let rate = 1.0 / self.tau_m - 1.0 / tau;
            // The integral of s exp(rate s) from 0 to DT, as a series: the rates can be nearly equal.
            let (mut term, mut integral) = (DT * DT, 0.0);
            for power in 1..20 {
                integral += term / f64::from(power + 1);
                term *= rate * DT / f64::from(power);
            }
            let kept = libm::exp(-DT / self.tau_m) * self.resistance / self.tau_m;
            Rise { growth: scale * DT * libm::exp(-DT / tau), driven: scale * kept * integral }
        };
        (self.kind == Kind::NestAlpha).then(|| self.tau_syn.map(of_tau))
    }

    /// Simulates the network with lif; returns the step and the neuron of each spike, in this order.
    pub fn spikes(&self, change: Change) -> Vec<(u32, u32)> {
        let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Array1<f32>>();
        let current = !self.kind.jumps();
        let params = Params {
            tau_m: self.tau_m.into(),
            resistance: self.resistance.into(),
            v_rest: self.rest.into(),
            v_reset: self.reset.into(),
            v_threshold: single(&self.threshold).into(),
            v_reference: self.rest,
            t_ref: (self.constant_steps() as f64 * DT).into(),
            dt: DT,
            integrator: Integrator::Exact,
            spike_test: if self.kind.is_nest() { SpikeTest::AtOrAbove } else { SpikeTest::Above },
            tau_syn: current.then(|| self.tau_syn[0].into()),
            tau_syn_inhibitory: (current && !self.kind.has_one_current()).then(|| self.tau_syn[1].into()),
            synapse_rule: if self.kind.clears() { SynapseRule::Cleared } else { SynapseRule::Independent },
            synapse_shape: if self.kind == Kind::NestAlpha {
                SynapseShape::Alpha
            } else {
                SynapseShape::Exponential
            },
            ..Params::default()
        };
        let mut network = Network::new();
        let cells = network.add("cells", self.n, params).expect("valid");
        let mut weights = self.weights();
        if change == Change::Held {
            let constant = -libm::expm1(-DT / self.tau_m) * self.resistance;
            let factors = self.driven().map(|driven| driven / constant);
            weights.iter_mut().for_each(|weight| *weight /= factors[usize::from(*weight < 0.0)]);
        }
        let later = usize::from(change == Change::Later);
        let delays = self.delay.iter().map(|delay| ((delay + later) as f64 * DT) as f32);
        let weights = Distribution::list(single(&weights).to_vec());
        let synapse = if current { Synapse::current(weights) } else { Synapse::jump(weights) };
        let synapse = synapse.delay(Distribution::list(delays.collect::<Vec<f32>>()));
        let rule = Rule::list(self.source.clone(), self.target.clone());
        network.connect(&cells, &cells, rule, synapse).expect("valid");
        let mut population = network.build(1, &Device::cpu()).expect("valid");
        population.set_voltages(&single(&self.start)).expect("valid");
        let input = single(&self.current);
        let run = population.run(self.steps as u64, Input::constant(&input));
        let recorded = run.record(Recording::none().spikes()).go().expect("valid");
        let spikes = recorded.spikes.expect("asked for");
        let mut spikes: Vec<_> = spikes.events().map(|event| (event.step as u32, event.neuron)).collect();
        spikes.sort_unstable();
        spikes
    }
}
