//! [`Case`]: random populations with random inputs, and their simulation by an engine.

#![allow(clippy::disallowed_methods, reason = "all that is compared gets these same numbers")]

use super::Outcome;
use super::place::Place;
use super::spike_case::{Lent, Trains};
use lif::{
    Device, Input, Integrator, Parameter, Params, Random, Recording, Refractory, Reset, Result, SpikeTest,
    SynapseRule, SynapseShape, Trace, TraceKind,
};
use ndarray::{Array, Array2, Array3, ArrayD, Axis, IxDyn, concatenate};
use proptest::prelude::*;

/// A population and its inputs.
#[derive(Debug, Clone)]
pub struct Case {
    pub n: usize,
    pub batch: usize,
    pub params: Params,
    pub segments: Vec<Segment>,
    pub every: usize,
    pub seed: u64,
}

/// Consecutive steps that are made in one call, or one by one.
#[derive(Debug, Clone)]
pub struct Segment {
    pub steps: usize,
    pub one_by_one: bool,
    pub time_axis: bool,
    pub input: ArrayD<f32>,
    pub random: Vec<Random>,
    pub spikes: Vec<Trains>,
}

impl Segment {
    /// Adds the random sources and the spikes of the segment to an input.
    fn with_additions<'a>(&'a self, input: Input<'a>, lent: &'a [Lent]) -> Input<'a> {
        let input = self.random.iter().cloned().fold(input, Input::and);
        self.spikes.iter().zip(lent).fold(input, |input, (trains, lent)| input.and_spikes(trains.input(lent)))
    }

    fn lent(&self, device: &Device, first: usize, steps: usize) -> Result<Vec<Lent>> {
        self.spikes.iter().map(|trains| trains.lent(device, first, steps)).collect()
    }

    pub fn current(&self, step: usize, row: usize, neuron: usize) -> f32 {
        let mut at_step = self.input.view();
        if self.time_axis {
            at_step = at_step.index_axis_move(Axis(0), step);
        }
        let shape = at_step.shape().to_vec();
        let place = |axis: usize, index: usize| if shape[axis] == 1 { 0 } else { index };
        match shape.len() {
            0 => at_step[IxDyn(&[])],
            1 => at_step[[place(0, neuron)]],
            _ => at_step[[place(0, row), place(1, neuron)]],
        }
    }
}

impl Case {
    /// Neurons with different currents that make them spike, and otherwise defaults.
    pub fn simple(n: usize, batch: usize, steps: usize) -> Self {
        let input =
            Array2::from_shape_fn((batch, n), |(row, neuron)| 1.0 + row as f32 + (neuron % 37) as f32 * 0.3);
        Self {
            n,
            batch,
            params: Params::default(),
            segments: vec![Segment {
                steps,
                one_by_one: false,
                time_axis: false,
                input: input.into_dyn(),
                random: Vec::new(),
                spikes: Vec::new(),
            }],
            every: 3,
            seed: 5,
        }
    }

    pub fn start_voltages(&self) -> Array2<f32> {
        let mut numbers = Numbers(self.seed);
        Array2::from_shape_fn((self.batch, self.n), |_| numbers.between(-1.0, 1.0))
    }

    pub fn sampled_neurons(&self) -> Vec<u32> {
        let last = self.n as u32 - 1;
        if last == 0 { vec![0] } else { vec![last, 0] }
    }

    /// Simulates the case on a place.
    pub fn outcome(&self, place: &Place) -> Result<Outcome> {
        let mut population = place.population(self.params.clone(), [self.batch, self.n])?;
        population.set_voltages(&self.start_voltages())?;
        population.set_seed(self.seed)?;
        let recording = Recording::none().spikes().rate().voltages(self.sampled_neurons(), self.every as u32);
        let mut spikes = Array3::from_elem((0, self.batch, self.n), false);
        let mut rate = Array2::zeros((0, self.batch));
        let mut sampled = Vec::new();
        let mut append = |recorded: lif::Recorded| -> Result<()> {
            let dense = recorded.spikes.expect("asked for").to_dense()?;
            spikes = concatenate![Axis(0), spikes, dense];
            rate = concatenate![Axis(0), rate, recorded.rate.expect("asked for")];
            sampled.extend(recorded.voltages.expect("asked for").values());
            Ok(())
        };
        for segment in &self.segments {
            let view = segment.input.view();
            if segment.one_by_one {
                for step in 0..segment.steps {
                    let at_step =
                        if segment.time_axis { view.index_axis(Axis(0), step) } else { view.view() };
                    let lent = segment.lent(&place.device, step, 1)?;
                    let input = segment.with_additions(Input::constant(&at_step), &lent);
                    append(population.run(1, input).record(&recording).go()?)?;
                }
            } else {
                let input = if segment.time_axis { Input::sequence(&view) } else { Input::constant(&view) };
                let lent = segment.lent(&place.device, 0, segment.steps)?;
                let input = segment.with_additions(input, &lent);
                append(population.run(segment.steps as u64, input).record(&recording).go()?)?;
            }
        }
        let rises = self.params.synapse_shape == SynapseShape::Alpha;
        Ok(Outcome {
            spikes,
            sampled,
            rate,
            voltages: population.voltages()?,
            last_spikes: population.spikes()?,
            refractory: population.refractory()?,
            counts: population.counts()?,
            traces: self.params.trace.is_some().then(|| population.traces()).transpose()?,
            synaptic_currents: self
                .params
                .tau_syn
                .is_some()
                .then(|| population.synaptic_currents())
                .transpose()?,
            inhibitory_currents: self
                .params
                .tau_syn_inhibitory
                .is_some()
                .then(|| population.inhibitory_currents())
                .transpose()?,
            synaptic_rises: rises.then(|| population.synaptic_rises()).transpose()?,
            inhibitory_rises: (rises && self.params.tau_syn_inhibitory.is_some())
                .then(|| population.inhibitory_rises())
                .transpose()?,
        })
    }
}

/// Any case: sizes around multiples of words and workgroups, any parameters, rules, inputs, calls.
pub fn case() -> impl Strategy<Value = Case> {
    let n = prop_oneof![1..=5_usize, 30..=34_usize, 62..=66_usize, Just(100), 126..=130_usize];
    let batch = prop_oneof![Just(1), 2..=4_usize, 30..=34_usize];
    (n, batch, any::<u64>()).prop_flat_map(|(n, batch, seed)| {
        let segments = prop::collection::vec(segment(n, batch), 1..4);
        (params(n, batch), segments, 1..7_usize).prop_map(move |(params, segments, every)| Case {
            n,
            batch,
            params,
            segments,
            every,
            seed,
        })
    })
}

fn segment(n: usize, batch: usize) -> impl Strategy<Value = Segment> {
    let steps = prop_oneof![Just(1), 2..31_usize, 31..=33_usize, 60..100_usize];
    // Few cases have them, as a kernel with random sources takes long to compile.
    let random = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(0..5_usize, 1..4)];
    let spikes = prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(0..16_usize, 1..4)];
    (steps, any::<bool>(), any::<bool>(), 0..6_usize, any::<u64>(), 0.0..1.0_f32, random, spikes).prop_map(
        move |(steps, one_by_one, time_axis, shape, seed, size, random, spikes)| {
            let mut shape = match shape {
                0 => vec![],
                1 => vec![n],
                2 => vec![batch, 1],
                3 => vec![1, n],
                _ => vec![batch, n],
            };
            if time_axis {
                shape.insert(0, steps);
            }
            // From currents with little effect to currents that make the neuron spike at once.
            let scale = 10_f32.powf(size * 3.0 - 2.0);
            Segment {
                steps,
                one_by_one: one_by_one && steps < 31,
                time_axis,
                input: Numbers(seed).array(&shape, -0.3 * scale, scale),
                random: random.into_iter().map(|kind| source(kind, seed, (n, batch))).collect(),
                spikes: spikes
                    .into_iter()
                    .map(|kind| Trains::random(kind, seed, steps, (n, batch)))
                    .collect(),
            }
        },
    )
}

/// Returns a random source whose parameters have any shapes.
fn source(kind: usize, seed: u64, (n, batch): (usize, usize)) -> Random {
    let mut numbers = Numbers(seed ^ kind as u64);
    let mut shape = seed;
    let mut any_shape = |low, high| -> Parameter {
        shape = shape.rotate_right(2);
        match shape % 4 {
            0 => numbers.between(low, high).into(),
            1 => numbers.array(&[n], low, high).into(),
            2 => numbers.array(&[batch, 1], low, high).into(),
            _ => numbers.array(&[batch, n], low, high).into(),
        }
    };
    match kind {
        0 => Random::gaussian(any_shape(-0.1, 0.3), any_shape(0.0, 1.0)),
        1 => Random::white_noise(any_shape(-0.1, 0.3), any_shape(0.0, 1.0)),
        2 => Random::uniform(any_shape(-0.5, 0.0), any_shape(0.0, 1.0)).stream(seed as u32 >> 1),
        3 => Random::poisson_current(any_shape(0.0, 3000.0), any_shape(-0.5, 1.0)),
        _ => Random::poisson(any_shape(10.0, 300_000.0), any_shape(-0.05, 0.1)),
    }
}

fn params(n: usize, batch: usize) -> impl Strategy<Value = Params> {
    let rules = (
        prop_oneof![Just(Integrator::Euler), Just(Integrator::Exact)],
        prop_oneof![Just(SpikeTest::Above), Just(SpikeTest::AtOrAbove)],
        prop_oneof![
            Just(Reset::ToValue),
            Just(Reset::Subtract),
            Just(Reset::SubtractAhead),
            Just(Reset::None)
        ],
        prop_oneof![Just(Refractory::Frozen), Just(Refractory::LeakOnly), Just(Refractory::Silent)],
        prop::option::of(prop_oneof![Just(TraceKind::Add), Just(TraceKind::Set)]),
        any::<bool>(),
        any::<bool>(),
        0..16_u8,
    );
    (rules, any::<u64>(), prop::collection::vec(0..4_usize, 11)).prop_map(move |(rules, seed, shapes)| {
        let (integrator, spike_test, reset, refractory, trace, bounded, fast, synapses) = rules;
        // 0 or near the potentials.
        let v_reference = if seed % 4 == 0 { (seed >> 8) as f64 % 1000.0 / 700.0 - 0.7 } else { 0.0 };
        let mut numbers = Numbers(seed);
        let mut shapes = shapes.into_iter();
        let mut any_shape = |low, high| -> Parameter {
            match shapes.next() {
                Some(0) | None => numbers.between(low, high).into(),
                Some(1) => numbers.array(&[n], low, high).into(),
                Some(2) => numbers.array(&[batch, 1], low, high).into(),
                Some(_) => numbers.array(&[batch, n], low, high).into(),
            }
        };
        // Fast decay around zero is where subnormal numbers would arise.
        let tau = if fast { (0.06, 0.5) } else { (1.0, 50.0) };
        Params {
            tau_m: any_shape(tau.0, tau.1),
            resistance: any_shape(0.5, 30.0),
            v_rest: if fast { 0.0.into() } else { any_shape(-1.0, 1.0) },
            v_reset: any_shape(-2.0, 0.5),
            v_threshold: any_shape(1.0, 10.0),
            v_reference,
            t_ref: any_shape(0.06, 1.5),
            dt: 0.1,
            integrator,
            spike_test,
            reset,
            refractory,
            v_lower: bounded.then(|| any_shape(-1.5, 0.2)),
            trace: trace.map(|kind| Trace { tau: any_shape(tau.0, tau.1), scale: any_shape(0.1, 2.0), kind }),
            synapse_rule: if synapses % 8 > 4 { SynapseRule::Cleared } else { SynapseRule::Independent },
            synapse_shape: if synapses > 8 && synapses % 4 > 0 {
                SynapseShape::Alpha
            } else {
                SynapseShape::Exponential
            },
            tau_syn: (synapses % 4 > 0).then(|| any_shape(tau.0, tau.1 / 5.0)),
            tau_syn_inhibitory: (synapses % 4 > 1).then(|| any_shape(tau.0, tau.1 / 3.0)),
            allow_constant_firing: false,
        }
    })
}

/// A small generator of test data (Steele, Lea & Flood 2014, SplitMix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (high - low) * ((z >> 40) as f32 / (1_u64 << 24) as f32)
    }

    pub fn array(&mut self, shape: &[usize], low: f32, high: f32) -> ArrayD<f32> {
        Array::from_shape_simple_fn(IxDyn(shape), || self.between(low, high))
    }
}
