//! The neurons of a preset in a group, and the rules that come with them.

use super::Description;
use super::description::Neurons;
use super::entries::Entry;
use super::written;
use crate::failure::Failure;
use crate::plan::neurons;
use crate::quantity::{Dimension, NA, converted};
use crate::settings::presets::{self, Choice};
use crate::settings::{Settings, layers};
use lif::{Integrator, Parameter, Refractory, Reset, SpikeTest, SynapseRule};

/// Neurons as a preset has them.
#[derive(Debug, Clone)]
pub struct OfPreset<'a> {
    pub neurons: Neurons,
    rules: Rules,
    entry: Entry<'a>,
}

/// What all groups share.
#[derive(Debug, Clone, PartialEq)]
struct Rules {
    dt: f64,
    integrator: Integrator,
    spike_test: SpikeTest,
    reset: Reset,
    refractory: Refractory,
    synapse_rule: SynapseRule,
}

impl<'a> OfPreset<'a> {
    /// Reads the name of a preset, maybe with its parameters, as `nest:tau_m=20`.
    pub fn read(entry: &Entry<'a>) -> Result<Self, Failure> {
        let refusal = |failure: Failure| entry.refusal(failure);
        let choice: Choice = entry.string()?.parse().map_err(|reason: String| entry.refusal(reason))?;
        if choice.help().is_some() {
            return Err(entry.refusal("help is no preset: lif presets lists them"));
        }
        if let Some(name) = choice.spread() {
            return Err(entry.refusal(format!("{name} is a range, and all neurons of a group have the same")));
        }
        let settings = Settings { preset: Some(choice), ..Settings::default() };
        let settings = layers::complete(&settings).map_err(refusal)?;
        let params = neurons::params(&settings, 1).map_err(refusal)?;
        if params.trace.is_some() {
            return Err(entry.refusal("it keeps a trace of spikes, which networks do not have"));
        }
        // A current of 1 nA in the unit of its inputs; those of some are potentials, or have no unit.
        let input = presets::units(&settings).input.filter(|unit| unit.dimension == Dimension::Current);
        let per_na = input.map_or(1.0, |unit| converted(1.0, NA, unit));
        let neurons = Neurons {
            tau_m: number(&params.tau_m),
            resistance: number(&params.resistance) * per_na,
            v_rest: number(&params.v_rest),
            v_reset: number(&params.v_reset),
            v_threshold: number(&params.v_threshold),
            t_ref: number(&params.t_ref),
            v_lower: params.v_lower.as_ref().map(number),
            tau_syn: params.tau_syn.as_ref().map(number),
            tau_syn_inhibitory: params.tau_syn_inhibitory.as_ref().map(number),
        };
        let rules = Rules {
            dt: params.dt,
            integrator: params.integrator,
            spike_test: params.spike_test,
            reset: params.reset,
            refractory: params.refractory,
            synapse_rule: params.synapse_rule,
        };
        Ok(Self { neurons, rules, entry: entry.clone() })
    }
}

/// The only value, with the digits that make it in single precision.
fn number(parameter: &Parameter) -> f64 {
    let value = parameter.values().first().copied().unwrap_or(0.0);
    value.to_string().parse().unwrap_or(f64::from(value))
}

impl Rules {
    /// As keys and values of a file.
    fn keys(&self) -> [(&'static str, String); 6] {
        [
            ("dt", format!("{} ms", self.dt)),
            ("integrator", written::integrator(self.integrator)),
            ("spike-test", written::spike_test(self.spike_test)),
            ("reset", written::reset(self.reset)),
            ("refractory", written::refractory(self.refractory)),
            ("synapse-rule", written::synapse_rule(self.synapse_rule)),
        ]
    }
}

/// Gives a network the rules of its presets, which have to be the same but for those that it says itself.
pub fn settle(
    description: &mut Description,
    all: &[OfPreset<'_>],
    said: &dyn Fn(&str) -> bool,
) -> Result<(), Failure> {
    let Some((first, others)) = all.split_first() else { return Ok(()) };
    for other in others {
        let mut pairs = first.rules.keys().into_iter().zip(other.rules.keys());
        if let Some(((key, one), (_, own))) = pairs.find(|((key, one), (_, own))| one != own && !said(key)) {
            return Err(other.entry.refusal(format!(
                "its {key} is {own}, and that of {} is {one}; all groups share it: write {key} in [network]",
                first.entry.place()
            )));
        }
    }
    let Rules { dt, integrator, spike_test, reset, refractory, synapse_rule } = first.rules.clone();
    *description =
        Description { dt, integrator, spike_test, reset, refractory, synapse_rule, ..description.clone() };
    Ok(())
}
