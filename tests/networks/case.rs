//! [`Case`]: random networks with listed synapses and random inputs, and their simulation by an engine.

use lif::{
    Checkpoint, Device, Distribution, Input, Integrator, Network, Parameter, Params, Population,
    PopulationOptions, Random, Recording, Refractory, Reset, Result, Rule, Synapse, SynapseRule,
    SynapseShape, Trace,
};
use ndarray::Array1;

/// Random numbers for cases (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform(0.0, 1.0) < p
    }
}

/// The listed synapses of a projection, in one group.
#[derive(Debug, Clone)]
pub struct Listed {
    pub jumps: bool,
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    pub weights: Vec<f32>,
    /// ms.
    pub delays: Vec<f32>,
    /// Whether the first weight and the first delay are those of all synapses.
    pub shared: bool,
    pub unit: Option<f64>,
    pub factors: Option<Vec<f32>>,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub n: usize,
    pub batch: usize,
    pub params: Params,
    pub projections: Vec<Listed>,
    pub current: Array1<f32>,
    pub random: Vec<Random>,
    /// The lengths of consecutive calls; calls of one step are made by `forward`.
    pub calls: Vec<u64>,
    /// Whether membrane potentials are recorded, once in so many steps.
    pub every: Option<u32>,
}

/// All that can be seen of a simulation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Step, batch row and neuron, in this order.
    pub spikes: Vec<(u64, u32, u32)>,
    pub voltages: Vec<u32>,
    pub synaptic: Vec<u32>,
    pub inhibitory: Vec<u32>,
    pub rises: Vec<u32>,
    pub sampled: Vec<u32>,
}

impl Case {
    pub fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let most = if dice.chance(0.1) { 300 } else { 60 };
        let n = 1 + dice.below(most);
        let batch = if dice.chance(0.3) { 2 + dice.below(3) } else { 1 };
        Self::of(&mut dice, n, batch, 300)
    }

    /// Large enough for several threads.
    pub fn large(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let (n, batch) = [(9000, 1), (5000, 3), (12_000, 1), (2500, 9)][seed as usize % 4];
        Self::of(&mut dice, n, batch, 1000)
    }

    /// One in which only a few neurons have an input, and most get no spikes either.
    pub fn quiet(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let (n, batch) = (100 + dice.below(500), 1 + dice.below(2));
        let case = Self::of(&mut dice, n, batch, 200);
        let is_driven: Vec<bool> = (0..n).map(|_| dice.chance(0.1)).collect();
        let rates: Array1<f32> = is_driven.iter().map(|is| if *is { 900.0 } else { 0.0 }).collect();
        let currents = case.current.iter().zip(&is_driven);
        let current = currents.map(|(current, is)| if *is { *current } else { 0.0 }).collect();
        let random = vec![Random::poisson(rates.clone(), 3.0), Random::poisson_current(rates, -0.2)];
        let few = |listed: &mut Listed| {
            let count = listed.sources.len().min(n / 8);
            listed.sources.truncate(count);
            listed.targets.truncate(count);
        };
        let mut projections = case.projections;
        projections.iter_mut().for_each(few);
        let random = if dice.chance(0.7) { random } else { Vec::new() };
        Self { current, random, projections, every: None, ..case }
    }

    fn of(dice: &mut Dice, n: usize, batch: usize, most_steps: usize) -> Self {
        let parameter = |dice: &mut Dice, low: f64, high: f64| -> Parameter {
            let mut one = || dice.uniform(low, high) as f32;
            match one().to_bits() % 3 {
                0 => Array1::from_shape_fn(n, |_| one()).into(),
                _ => one().into(),
            }
        };
        let synapse = dice.chance(0.7);
        let inhibition = synapse && dice.chance(0.5);
        let clears = synapse && dice.chance(0.3);
        let rises = synapse && dice.chance(0.4);
        let longest_rest = if dice.chance(0.2) { 6.0 } else { 2.0 };
        let params = Params {
            tau_m: parameter(dice, 5.0, 20.0),
            resistance: parameter(dice, 5.0, 40.0),
            v_rest: (-65.0).into(),
            v_reset: parameter(dice, -70.0, -60.0),
            v_threshold: parameter(dice, -55.0, -45.0),
            v_reference: if dice.chance(0.5) { -65.0 } else { 0.0 },
            t_ref: parameter(dice, 0.6, longest_rest),
            dt: [0.1, 0.25, 0.5][dice.below(3)],
            integrator: if dice.chance(0.7) { Integrator::Exact } else { Integrator::Euler },
            refractory: [Refractory::Frozen, Refractory::LeakOnly, Refractory::Silent]
                [if dice.chance(0.6) { 0 } else { dice.below(3) }],
            reset: if dice.chance(0.8) { Reset::ToValue } else { Reset::Subtract },
            tau_syn: synapse.then(|| parameter(dice, 0.5, 8.0)),
            tau_syn_inhibitory: inhibition.then(|| parameter(dice, 0.5, 8.0)),
            synapse_rule: if clears { SynapseRule::Cleared } else { SynapseRule::Independent },
            synapse_shape: if rises { SynapseShape::Alpha } else { SynapseShape::Exponential },
            trace: dice.chance(0.15).then(|| Trace {
                tau: 10.0.into(),
                scale: 1.0.into(),
                kind: lif::TraceKind::Add,
            }),
            v_lower: dice.chance(0.15).then(|| (-75.0).into()),
            ..Params::default()
        };
        let dt = params.dt;
        let random = match dice.below(4) {
            0 => vec![Random::poisson(dice.uniform(100.0, 2000.0), 2.0)],
            1 => vec![Random::gaussian(0.3, 0.5), Random::poisson_current(800.0, 0.4)],
            _ => Vec::new(),
        };
        let projections =
            (0..1 + dice.below(4)).map(|_| Listed::random(dice, n, batch, (dt, clears))).collect();
        let mut calls = Vec::new();
        for _ in 0..1 + dice.below(3) {
            if dice.chance(0.3) {
                calls.extend(vec![1; 1 + dice.below(80)]);
            } else {
                calls.push(1 + dice.below(most_steps) as u64);
            }
        }
        Self {
            n,
            batch,
            params,
            projections,
            current: Array1::from_shape_fn(n, |_| dice.uniform(0.2, 2.5) as f32),
            random,
            calls,
            every: Some(1 + dice.below(9) as u32),
        }
    }

    pub fn network(&self) -> Network {
        let mut network = Network::new();
        let all = network.add("cells", self.n, self.params.clone()).expect("valid");
        for listed in &self.projections {
            let rule = Rule::list(listed.sources.clone(), listed.targets.clone());
            network.connect(&all, &all, rule, listed.synapse()).expect("valid");
        }
        network
    }

    pub fn input(&self) -> Input<'_> {
        self.random.iter().cloned().fold(Input::constant(&self.current), Input::and)
    }

    pub fn outcome(&self, device: &Device) -> Result<Outcome> {
        self.outcome_with(device, PopulationOptions::default())
    }

    pub fn outcome_with(&self, device: &Device, options: PopulationOptions) -> Result<Outcome> {
        let mut network = self.network();
        network.set_options(options);
        let mut population = network.build(self.batch, device)?;
        let mut outcome = Outcome::default();
        for steps in &self.calls {
            self.call(&mut population, *steps, &mut outcome)?;
        }
        self.end(&mut population, &mut outcome)?;
        Ok(outcome)
    }

    /// As [`outcome`](Self::outcome), saved after this many calls and resumed on another device.
    pub fn resumed(&self, calls: usize, devices: [&Device; 2]) -> Outcome {
        let network = self.network();
        let mut population = network.build(self.batch, devices[0]).expect("valid");
        let mut outcome = Outcome::default();
        let (before, after) = self.calls.split_at(calls);
        for steps in before {
            self.call(&mut population, *steps, &mut outcome).expect("valid");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("network.safetensors");
        population.save(&path).expect("there is room");
        drop(population);
        let checkpoint = Checkpoint::open(&path).expect("complete");
        let mut population = network.resume(checkpoint, devices[1]).expect("of this network");
        for steps in after {
            self.call(&mut population, *steps, &mut outcome).expect("valid");
        }
        self.end(&mut population, &mut outcome).expect("valid");
        outcome
    }

    /// Makes steps, and adds what can be seen of them.
    pub fn call(&self, population: &mut Population, steps: u64, outcome: &mut Outcome) -> Result<()> {
        let first = population.steps();
        if steps == 1 && !first.is_multiple_of(3) {
            population.forward(self.input())?;
            if first.is_multiple_of(7) || self.random.is_empty() {
                let spikes = population.spikes()?;
                let spiked = spikes.indexed_iter().filter(|(_, spiked)| **spiked);
                outcome.spikes.extend(spiked.map(|((row, neuron), _)| (first, row as u32, neuron as u32)));
            } else {
                // Left in the queue, and compared by its effects only.
                outcome.spikes.push((first, u32::MAX, 0));
            }
            return Ok(());
        }
        let recording = match self.every {
            Some(every) => Recording::none().spikes().voltages(0..self.n as u32, every),
            None => Recording::none().spikes(),
        };
        let recorded = population.run(steps, self.input()).record(recording).go()?;
        let spikes = recorded.spikes.expect("asked for");
        outcome.spikes.extend(spikes.events().map(|event| (event.step, event.batch, event.neuron)));
        let sampled = recorded.voltages.iter().flat_map(|voltages| voltages.values());
        outcome.sampled.extend(sampled.map(|v| v.to_bits()));
        Ok(())
    }

    pub fn end(&self, population: &mut Population, outcome: &mut Outcome) -> Result<()> {
        outcome.voltages = population.voltages()?.iter().map(|v| v.to_bits()).collect();
        if self.params.tau_syn.is_some() {
            outcome.synaptic = population.synaptic_currents()?.iter().map(|v| v.to_bits()).collect();
        }
        if self.params.tau_syn_inhibitory.is_some() {
            outcome.inhibitory = population.inhibitory_currents()?.iter().map(|v| v.to_bits()).collect();
        }
        if self.params.synapse_shape == SynapseShape::Alpha {
            outcome.rises = population.synaptic_rises()?.iter().map(|v| v.to_bits()).collect();
            if self.params.tau_syn_inhibitory.is_some() {
                outcome.rises.extend(population.inhibitory_rises()?.iter().map(|v| v.to_bits()));
            }
        }
        Ok(())
    }
}

impl Listed {
    fn random(dice: &mut Dice, n: usize, batch: usize, (dt, clears): (f64, bool)) -> Self {
        let jumps = dice.chance(0.5);
        let count = if n > 1000 { 20 * n } else { dice.below(8 * n + 1) };
        let number = |dice: &mut Dice| (0..count).map(|_| dice.below(n) as u32).collect();
        let unit = dice.chance(0.2).then_some(0.05);
        let scale = if jumps { 3.0 } else { 1.0 };
        let weight = |dice: &mut Dice| match unit {
            Some(unit) => (unit * dice.uniform(-30.0, 30.0).round()) as f32,
            None => (scale * dice.uniform(-1.0, 1.5)) as f32,
        };
        let smallest = if jumps || clears { 1.0 } else { 0.0 };
        // Some delays are longer than a synapse has bits for.
        let longest = if n < 1000 && dice.chance(0.1) { 700.0 } else { dice.uniform(1.0, 40.0) };
        Self {
            jumps,
            sources: number(dice),
            targets: number(dice),
            weights: (0..count.max(1)).map(|_| weight(dice)).collect(),
            delays: (0..count.max(1))
                .map(|_| (dt * dice.uniform(smallest, smallest + longest)) as f32)
                .collect(),
            shared: dice.chance(0.4),
            unit,
            factors: dice.chance(0.3).then(|| (0..batch).map(|_| dice.uniform(0.2, 2.0) as f32).collect()),
        }
    }

    pub fn count(&self) -> usize {
        self.sources.len()
    }

    pub fn weight(&self, index: usize) -> f32 {
        self.weights[if self.shared { 0 } else { index }]
    }

    pub fn delay(&self, index: usize) -> f32 {
        self.delays[if self.shared { 0 } else { index }]
    }

    fn synapse(&self) -> Synapse {
        let make =
            |weight: Distribution| if self.jumps { Synapse::jump(weight) } else { Synapse::current(weight) };
        let mut synapse = if self.shared {
            make(f64::from(self.weights[0]).into()).delay(f64::from(self.delays[0]))
        } else {
            let count = self.sources.len();
            make(self.weights[..count].to_vec().into()).delay(self.delays[..count].to_vec())
        };
        if let Some(unit) = self.unit {
            synapse = synapse.unit(unit);
        }
        match &self.factors {
            Some(factors) => synapse.factors(factors.clone()),
            None => synapse,
        }
    }
}
