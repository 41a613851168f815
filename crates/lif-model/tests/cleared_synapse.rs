//! Compares a neuron whose spikes clear its synapse with the steps of Brian2, written out in the order in which Brian2
//! makes them: equations, thresholds, synapses, resets (Stimberg, Brette & Goodman 2019, eLife 8:e47314).
//!
//! ```text
//! dv/dt = (v_0 - v + g) / t_mbr : volt (unless refractory)
//! dg/dt = -g / tau : volt (unless refractory)
//! on_pre: g += w      threshold: v > v_th      reset: v = v_rst; g = 0*mV
//! ```

use lif_model::{Coefficients, Options, Refractory, State, StepInput, SynapseRule, clears, step_cell};

/// The neuron of Brian2, with one equation `dg/dt` for each sign of the weights.
struct Brian2 {
    v: f32,
    g: [f32; 2],
    last_spike: i64,
    not_refractory: bool,
}

impl Brian2 {
    /// Makes step `t`. Returns whether it is a spike.
    fn step(&mut self, cell: &Coefficients, t: i64, weights: [&[f32]; 2], jump: f32) -> bool {
        // A period of n steps of this library is one of n + 1 steps there.
        self.not_refractory = t - self.last_spike > i64::from(cell.refractory_steps);
        // Equations: those that are `(unless refractory)` hold.
        if self.not_refractory {
            let acting = cell.synaptic_factor * self.g[0] + cell.inhibitory_factor * self.g[1];
            self.v += cell.leak * (cell.resistance * acting - (self.v - cell.v_rest));
            self.v += jump;
            self.g[0] *= cell.synaptic_decay;
            self.g[1] *= cell.inhibitory_decay;
        }
        // Thresholds.
        let spike = self.v > cell.v_threshold && self.not_refractory;
        if spike {
            self.last_spike = t;
            self.not_refractory = false;
        }
        // Synapses: what they do to a variable that is `(unless refractory)` is lost.
        for (g, weights) in self.g.iter_mut().zip(weights) {
            for weight in weights {
                if self.not_refractory {
                    *g += weight;
                }
            }
        }
        // Resets.
        if spike {
            self.v = cell.reset;
            self.g = [0.0; 2];
        }
        spike
    }
}

fn cell(refractory_steps: u32) -> Coefficients {
    Coefficients {
        leak: 0.005,
        resistance: 1.0,
        v_rest: -52.0,
        v_threshold: -45.0,
        reset: -52.0,
        refractory_steps,
        synaptic_decay: 0.98,
        synaptic_factor: 0.99,
        inhibitory_decay: 0.93,
        inhibitory_factor: 0.97,
        ..Coefficients::default()
    }
}

/// When weights arrived.
#[derive(Debug, Default)]
struct Seen {
    spikes: u32,
    in_spikes: u32,
    in_first_refractory: u32,
    in_last_refractory: u32,
    after_refractory: u32,
}

#[test]
fn steps_are_those_of_brian2() {
    for refractory_steps in [0, 1, 2, 21] {
        for (inhibition, jumps) in [(false, false), (true, false), (false, true), (true, true)] {
            let options = Options {
                refractory: Refractory::Frozen,
                synapse: true,
                inhibition,
                jumps,
                synapse_rule: SynapseRule::Cleared,
                ..Options::default()
            };
            let seen = compare(options, refractory_steps);
            assert!(seen.spikes > 100 && seen.in_spikes > 20 && seen.after_refractory > 20, "{seen:?}");
            let refractory = seen.in_first_refractory.min(seen.in_last_refractory);
            assert!(refractory_steps == 0 || refractory > 20, "{seen:?}");
        }
    }
}

fn compare(options: Options, refractory_steps: u32) -> Seen {
    let cell = cell(refractory_steps);
    let mut state = State { v: cell.v_rest, ..State::default() };
    let mut brian2 = Brian2 { v: cell.v_rest, g: [0.0; 2], last_spike: i64::MIN / 2, not_refractory: true };
    let mut seen = Seen::default();
    let mut random = 1_u32;
    for t in 0..20_000 {
        let mut draw = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as f32 / 16_777_216.0
        };
        let weight = if draw() < 0.3 { 30.0 * draw() } else { 0.0 };
        let inhibitory = if options.inhibition && draw() < 0.2 { -7.0 * draw() } else { 0.0 };
        let jump = if options.jumps && draw() < 0.2 { draw() } else { 0.0 };
        let input = StepInput { current: 0.0, arriving: weight, inhibitory, jump };
        let before = state;
        state = step_cell(options, cell, state, input, (t % 32) as u32);
        let spike = brian2.step(&cell, t, [&[weight], &[inhibitory]], jump);
        let found = [state.v, state.synaptic, state.inhibitory].map(f32::to_bits);
        let expected = [brian2.v, brian2.g[0], brian2.g[1]].map(f32::to_bits);
        assert_eq!((state.spike, found), (spike, expected), "{options:?}, step {t}");
        if weight > 0.0 {
            let ends = before.refractory == 1;
            seen.in_spikes += u32::from(spike);
            seen.in_first_refractory += u32::from(before.spike && before.refractory > 0);
            seen.in_last_refractory += u32::from(ends);
            seen.after_refractory += u32::from(t - brian2.last_spike == i64::from(refractory_steps) + 1);
        }
        seen.spikes += u32::from(spike);
    }
    seen
}

/// Whatever v does meanwhile, the currents stay constant in the refractory period, and act after it.
#[test]
fn currents_that_were_set_stay_constant_while_refractory() {
    for refractory in [Refractory::Frozen, Refractory::LeakOnly, Refractory::Silent] {
        let options = Options {
            refractory,
            synapse: true,
            inhibition: true,
            synapse_rule: SynapseRule::Cleared,
            ..Options::default()
        };
        let set = State { v: -52.0, refractory: 3, synaptic: 2.0, inhibitory: -1.0, ..State::default() };
        let input = StepInput { arriving: 5.0, inhibitory: -5.0, ..StepInput::default() };
        let held = (0..3).fold(set, |state, step| step_cell(options, cell(5), state, input, step));
        assert_eq!((held.refractory, held.synaptic, held.inhibitory), (0, 2.0, -1.0), "{refractory:?}");
        let after = step_cell(options, cell(5), held, input, 3);
        assert_eq!((after.synaptic, after.inhibitory), (2.0 * 0.98 + 5.0, -0.93 - 5.0), "{refractory:?}");
    }
}

#[test]
fn without_a_synaptic_current_the_rule_changes_nothing() {
    for options in Options::every().filter(|options| !options.synapse) {
        assert!(!clears(options));
    }
}
