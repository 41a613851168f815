//! Presets: neurons with the parameter names, units and rules of an established simulator.

mod decay;
mod refractory;
mod systems;
mod values;

pub use values::PresetValue;

use crate::error::{About, Argument, Error, Result};
use crate::experiment::params::leak_of;
use crate::experiment::params::{Parameter, Params};
use systems::SYSTEMS;
use values::{Known, Values};

/// Neurons of another simulator ("system"): its parameters under its names and in its units, and
/// its rules. [`params`](Self::params) converts them to the parameters of this crate.
///
/// The numbers of that system can be used unchanged. Its input, in the unit [`input_unit`](Self::input_unit),
/// is the input of the population, and the spikes are the same as in that system, step for step,
/// except where rounding decides whether a membrane potential has reached the threshold.
/// `docs/conformance.md` has the comparison with the packages themselves, and what cannot be matched.
///
/// ```
/// use lif::{Device, Population, Preset, Recording};
///
/// // NEST's iaf_psc_delta with its defaults, but for two parameters, driven by 500 pA.
/// let nest = Preset::by_name("nest")?.with("tau_m", 20.0)?.with("t_ref", 5.0)?;
/// assert_eq!(nest.input_unit(), "pA");
/// let mut population = Population::new(nest.params()?, 10, &Device::cpu())?;
/// let recorded = population.run(1000, 500.0).record(Recording::none().counts()).go()?;
/// assert!(recorded.counts.is_some_and(|counts| counts[[0, 0]] > 0));
///
/// // snnTorch's Leaky; parameters that are words there are words here.
/// let leaky = Preset::by_name("snntorch-leaky")?.with("beta", 0.9)?.with("reset_mechanism", "zero")?;
/// assert_eq!(leaky.params()?.dt, 1.0);
/// # Ok::<(), lif::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Preset {
    system: &'static System,
    values: Values,
}

/// A system: another simulator's neuron, with its parameters and their conversion.
#[derive(Debug)]
struct System {
    /// Name of the preset.
    name: &'static str,
    /// The name of the simulator and of its neuron.
    about: &'static str,
    /// Unit of its inputs.
    input_unit: &'static str,
    /// Pairs of a parameter of this crate and the parameter of the system that determines it.
    terms: &'static [(&'static str, &'static str)],
    /// Its parameters, with their defaults there.
    parameters: &'static [Known],
    /// Converts its parameters to the parameters of this crate.
    params: fn(&Values) -> Result<Params>,
}

impl Preset {
    /// The names of all presets.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SYSTEMS.iter().map(|system| system.name)
    }

    /// Returns a preset with the defaults of its system.
    ///
    /// # Errors
    /// If there is no preset of that name.
    pub fn by_name(name: &str) -> Result<Self> {
        match SYSTEMS.iter().find(|system| system.name == name) {
            Some(system) => Ok(Self { system, values: Values::new(system.parameters) }),
            None => {
                let names: Vec<&str> = Self::names().collect();
                let requirement = format!("one of {}", names.join(", "));
                Err(Error::out_of_range("the preset", format!("'{name}'"), requirement)
                    .about(Argument::Parameter))
            }
        }
    }

    /// The name of the preset.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.system.name
    }

    /// The name of the simulator and of its neuron.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.system.about
    }

    /// Unit of the inputs.
    #[must_use]
    pub fn input_unit(&self) -> &'static str {
        self.system.input_unit
    }

    /// Unit of the membrane potentials, "mV" or "unitless".
    #[must_use]
    pub fn potential_unit(&self) -> &'static str {
        let in_mv = self.system.parameters.iter().any(|known| known.unit == "mV");
        if in_mv { "mV" } else { "unitless" }
    }

    /// Sets a parameter by its name in that system: to a number, an array that
    /// broadcasts to `[batch, n]` as all parameters do, or a word.
    ///
    /// # Errors
    /// If that system has no parameter of this name, or the parameter cannot have this value.
    pub fn with(mut self, name: &str, value: impl Into<PresetValue>) -> Result<Self> {
        self.values.set(self.system.name, name, value.into()).about(Argument::Parameter)?;
        Ok(self)
    }

    /// Name, default and unit of each parameter.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, String, &'static str)> {
        self.system.parameters.iter().map(|known| (known.name, known.default(), known.unit))
    }

    /// The words that a parameter can be set to; empty if it can only be a number.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<&'static str> {
        let known = self.system.parameters.iter().find(|known| known.name == name);
        known.map_or_else(Vec::new, |known| known.words())
    }

    /// Returns the parameter of that system, with its unit, that determines a field of [`Params`]; `None` if no single
    /// parameter does.
    ///
    /// ```
    /// let nest = lif::Preset::by_name("nest")?;
    /// assert_eq!(nest.parameter_for("dt"), Some(("resolution", "ms")));
    /// assert_eq!(nest.parameter_for("resistance"), Some(("C_m", "pF")));
    /// # Ok::<(), lif::Error>(())
    /// ```
    #[must_use]
    pub fn parameter_for(&self, field: &str) -> Option<(&'static str, &'static str)> {
        let (_, own) = self.system.terms.iter().find(|(ours, _)| *ours == field)?;
        self.system.parameters.iter().find(|known| known.name == *own).map(|known| (known.name, known.unit))
    }

    /// Converts the neurons to parameters of this crate.
    ///
    /// # Errors
    /// If the values contradict each other, or these neurons cannot be reproduced.
    pub fn params(&self) -> Result<Params> {
        let params = self.values.require_one_shape().and_then(|()| (self.system.params)(&self.values));
        params.about(Argument::Parameter)
    }

    /// Returns the input that, given for one step, changes the membrane potential by 1 in addition to its other
    /// change in the step. An input of `x` times this has the effect of a spike of weight `x` in systems in which
    /// spikes are jumps of the membrane potential, as with NEST's delta synapses.
    ///
    /// # Errors
    /// As [`params`](Self::params).
    pub fn one_step_jump(&self) -> Result<Parameter> {
        let params = self.params()?;
        let leak = values::floats(&params.tau_m).mapv(|tau| leak_of(params.dt / tau, params.integrator));
        values::broadcast_together(
            "tau_m and the resistance",
            &[leak.shape(), params.resistance.values().shape()],
        )?;
        Ok(values::parameter(&(1.0 / (leak * values::floats(&params.resistance)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, arr1};

    /// Parses a preset as the option `--preset` has it.
    fn preset(text: &str) -> Preset {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let pairs = parameters.split(',').filter_map(|pair| pair.split_once('='));
        pairs.fold(Preset::by_name(name).unwrap(), |preset, (key, value)| match value.parse::<f64>() {
            Ok(number) => preset.with(key, number).unwrap(),
            Err(_) => preset.with(key, value).unwrap(),
        })
    }

    /// Neurons that follow rules other than those here are refused, with the names of that system.
    #[test]
    fn what_cannot_be_matched_is_refused() {
        for (text, says) in [
            ("synapticflow:reset_pot=-52", "reset_pot is -52; it must be below threshold"),
            ("synapticflow:reset_pot=-40,refrac_length=0.05", "spikes at every step"),
            ("bindsnet:reset=-50", "reset is -50"),
            ("bindsnet:rest=-50,reset=-53,tc_decay=5", "would spike without input"),
            ("bindsnet:rest=-50,reset=-60,lbound=-52.01", "would spike without input"),
            ("bindsnet:tc_decay=1e9", "tc_decay is 1000000000"),
            ("snntorch-leaky:beta=1", "beta is 1; it must be such that something leaks"),
            (
                "snntorch-leaky:beta=1.5",
                "beta is 1.5; it must be below 1; snntorch takes what is above 1 for 1",
            ),
            ("snntorch-leaky:beta=0.99999999", "single precision"),
            ("snntorch-leaky:beta=0", "beta is 0; it must be at least 0.001 with reset_mechanism=subtract"),
            ("snntorch-leaky:beta=9.99e-4", "at least 0.001"),
            ("snntorch-leaky:beta=0.9,threshold=-0.5", "threshold is -0.5"),
            (
                "snntorch-leaky:beta=0.9,threshold=-0.5,reset_mechanism=zero,reset_delay=false",
                "doubles membrane potentials",
            ),
            ("snntorch-lapicque:threshold=-1,reset_mechanism=zero", "threshold is -1"),
            ("snntorch-lapicque:R=-1", "R C is -10; it must be above 0"),
            ("snntorch-lapicque:R=1,C=0.8", "1 - time_step / (R C) is -0.25; it must be at least 0.001"),
            ("snntorch-lapicque:R=1,C=1.0001", "at least 0.001 with reset_mechanism=subtract"),
            ("snntorch-lapicque:C=1e9", "something leaks"),
            ("genn:Vreset=-51", "Vreset is -51; it must be below Vthresh"),
            ("nest:V_reset=-55", "V_reset is -55; it must be below V_th"),
            ("nest:V_min=-69", "V_min is -69; it must be at most V_reset"),
            ("nest:resolution=0.0005", "resolution is 0.0005 ms; it must be a multiple of 0.001 ms"),
            ("nest:resolution=0.0255", "a multiple of 0.001 ms"),
        ] {
            let message = preset(text).params().unwrap_err().to_string();
            assert!(message.contains(says), "{text}: {message}");
        }
        let tau = Preset::by_name("brian2").unwrap().with("tau", -3.0).unwrap_err().to_string();
        assert!(tau.contains("runs away from rest"), "{tau}");
        let several = Preset::by_name("nest").unwrap().with("V_reset", arr1(&[-70.0, -50.0])).unwrap();
        assert!(several.params().unwrap_err().to_string().contains("V_reset is -50"));
    }

    #[test]
    fn what_is_odd_but_matched_is_allowed() {
        for text in [
            "synapticflow:rest_pot=-50",
            "synapticflow:reset_pot=-52,refrac_length=0",
            "bindsnet:reset=-51.95",
            "bindsnet:rest=-50,reset=-60,refrac=1",
            "snntorch-leaky:beta=0,reset_mechanism=zero",
            "snntorch-leaky:beta=-1,reset_mechanism=none",
            "snntorch-leaky:threshold=-1,reset_mechanism=zero",
            "snntorch-leaky:beta=0.001",
            "snntorch-lapicque:R=-5,C=-4",
            "snntorch-lapicque:R=1,C=1.0011",
            "snntorch-lapicque:R=1,C=1.0001,reset_mechanism=none",
            "snntorch-lapicque:R=1,C=0.8,reset_mechanism=zero",
            "snntorch-lapicque:threshold=-1,reset_mechanism=none",
            "genn:Vreset=-51,TauRefrac=0",
            "brian2:refractory=-1",
            "synapticflow:refrac_length=-1",
            "bindsnet:refrac=-0.5",
            "genn:TauRefrac=-1",
            "norse:rho_reset=-1",
            "nengo:min_voltage=-inf",
            "nest:V_min=-70",
            "nest:resolution=0.001",
            "nest:resolution=0.3",
        ] {
            if let Err(error) = preset(text).params() {
                panic!("{text}: {error}");
            }
        }
    }

    #[test]
    fn systems_in_double_precision_have_a_reference() {
        let reference = |text| preset(text).params().unwrap().v_reference;
        assert_eq!(
            [reference("nest"), reference("nest:E_L=-65.3"), reference("brian2")],
            [-70.0, -65.3, 0.0]
        );
        assert_eq!(
            [reference("brian2:v_rest=-62.5"), reference("genn"), reference("bindsnet")],
            [-62.5, 0.0, 0.0]
        );
        let several =
            Preset::by_name("nest").unwrap().with("E_L", Array1::linspace(-75.0, -65.0, 11)).unwrap();
        assert_eq!(several.params().unwrap().v_reference, -70.0);
    }
}
