//! NEST's `iaf_psc_exp`: spikes cause synaptic currents that decay exponentially.

use super::nest::refuse_as_nest;
use crate::error::{Error, Result};
use crate::experiment::params::{Integrator, Params, SpikeTest};
use crate::experiment::preset::System;
use crate::experiment::preset::refractory::rounded_up;
use crate::experiment::preset::values::Range::{AboveZero, Any, ZeroOrMore};
use crate::experiment::preset::values::{Known, Values};

pub(super) const NEST_PSC_EXP: System = System {
    name: "nest-psc-exp",
    about: "NEST, iaf_psc_exp",
    input_unit: "pA",
    terms: &[
        ("dt", "resolution"),
        ("tau_m", "tau_m"),
        ("tau_syn", "tau_syn_ex"),
        ("resistance", "C_m"),
        ("v_rest", "E_L"),
        ("v_reset", "V_reset"),
        ("v_threshold", "V_th"),
        ("t_ref", "t_ref"),
    ],
    parameters: &[
        Known::number("C_m", 250.0, AboveZero, "pF"),
        Known::number("tau_m", 10.0, AboveZero, "ms"),
        Known::number("tau_syn_ex", 2.0, AboveZero, "ms"),
        Known::number("tau_syn_in", 2.0, AboveZero, "ms"),
        Known::number("t_ref", 2.0, ZeroOrMore, "ms"),
        Known::number("E_L", -70.0, Any, "mV"),
        Known::number("V_reset", -70.0, Any, "mV"),
        Known::number("V_th", -55.0, Any, "mV"),
        Known::step("resolution", 0.1, "ms"),
    ],
    params,
};

fn params(values: &Values) -> Result<Params> {
    let dt = values.single("resolution");
    refuse_as_nest(values)?;
    let (excitatory, inhibitory) = (values.numbers("tau_syn_ex"), values.numbers("tau_syn_in"));
    let apart = (&inhibitory - &excitatory).mapv(f64::abs);
    if let Some(apart) = apart.iter().find(|apart| **apart > 0.0) {
        return Err(Error::out_of_range(
            "tau_syn_in",
            format!("{apart} ms away from tau_syn_ex"),
            "the same as tau_syn_ex, as there is one synaptic current here, which all spikes add to; set both",
        ));
    }
    Ok(Params {
        tau_m: values.parameter("tau_m"),
        // ms / pF is mV / pA.
        resistance: values.composed("tau_m / C_m", &(values.numbers("tau_m") / values.numbers("C_m"))),
        v_rest: values.potential("E_L"),
        v_reset: values.potential("V_reset"),
        v_threshold: values.potential("V_th"),
        v_reference: values.reference("E_L"),
        t_ref: values.said("t_ref", rounded_up("t_ref", &values.numbers("t_ref"), dt)?),
        dt,
        integrator: Integrator::Exact,
        spike_test: SpikeTest::AtOrAbove,
        tau_syn: Some(values.parameter("tau_syn_ex")),
        ..Params::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::{Preset, PresetValue, Result};
    use ndarray::arr1;

    fn with(excitatory: impl Into<PresetValue>, inhibitory: impl Into<PresetValue>) -> Result<crate::Params> {
        let preset = Preset::by_name("nest-psc-exp")?.with("tau_syn_ex", excitatory)?;
        preset.with("tau_syn_in", inhibitory)?.params()
    }

    #[test]
    fn both_synaptic_currents_decay_alike_or_are_refused() {
        assert_eq!(with(0.5, 0.5).unwrap().tau_syn, Some(0.5.into()));
        let both = arr1(&[0.5_f32, 3.0]);
        assert_eq!(with(&both, &both).unwrap().tau_syn, Some(both.clone().into()));
        for refused in [with(0.5, 2.0), with(3.0, &both), with(&both, 0.5)] {
            let message = refused.unwrap_err().to_string();
            assert!(
                message.contains("tau_syn_in is ") && message.contains("the same as tau_syn_ex"),
                "{message}"
            );
        }
    }
}
