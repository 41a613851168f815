//! Tests that what the host computes before any step has the same bits on every platform. `clippy.toml`
//! forbids functions of the system for it, as their last bits differ.

use crate::model::{Coefficient, tables};
use crate::prepared::coefficients::Table;
use crate::{Integrator, Params, Preset, Trace, TraceKind};
use ndarray::Array1;

/// Fowler-Noll-Vo, 64 bits, of words.
fn hash(words: impl IntoIterator<Item = u32>) -> u64 {
    words.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| {
        (hash ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn exact(tau_m: f32, tau_syn: f32, dt: f64) -> Params {
    Params {
        tau_m: tau_m.into(),
        tau_syn: Some(tau_syn.into()),
        dt,
        t_ref: 0.0.into(),
        integrator: Integrator::Exact,
        ..Params::default()
    }
}

/// The expected values were computed with 60 digits and rounded once.
#[test]
fn coefficients_are_correctly_rounded() {
    for (tau_m, tau_syn, dt, expected) in [
        (10.0, 0.5, 0.1, [0x3c23_0606, 0x3f51_9857, 0x3f67_fc6a]),
        (10.0, 2.0, 0.1, [0x3c23_0606, 0x3f73_83c6, 0x3f79_b1e8]),
        (20.0, 5.0, 0.1, [0x3ba3_6e5b, 0x3f7a_ee4d, 0x3f7d_7472]),
        (10.0, 10.0, 0.1, [0x3c23_0606, 0x3f7d_73e8, 0x3f7e_b8de]),
        (10.0, 10.000_01, 0.1, [0x3c23_0606, 0x3f7d_73e8, 0x3f7e_b8de]),
        (5.0, 5.000_001, 0.1, [0x3ca2_3664, 0x3f7a_ee4d, 0x3f7d_72d3]),
        (33.3, 1.7, 0.025, [0x3a44_bb20, 0x3f7c_434a, 0x3f7e_2069]),
        (2.0, 100.0, 1.0, [0x3ec9_74d0, 0x3f7d_73e8, 0x3f7e_9e5b]),
        (0.3, 0.05, 1.0, [0x3f76_de12, 0x310d_a435, 0x3bf2_7125]),
        (250.0, 3.0, 0.5, [0x3b02_f0e6, 0x3f58_b307, 0x3f6b_cc2b]),
    ] {
        let table = Table::new(&exact(tau_m, tau_syn, dt), 1.into()).unwrap();
        let cell = table.cell(0, 0);
        let found = [cell.leak, cell.synaptic_decay, cell.synaptic_factor].map(f32::to_bits);
        assert_eq!(found, expected, "tau_m {tau_m}, tau_syn {tau_syn}, dt {dt}: {found:x?}");
    }
}

#[test]
fn coefficients_have_their_bits() {
    // From 0.03 to about 2,000 ms.
    let n = 5000;
    let times = |factor: f32| {
        let mut time = 0.03_f32;
        Array1::from_shape_simple_fn(n, || {
            time *= 1.002_2;
            time * factor
        })
    };
    let mut reversed = times(1.0);
    reversed.invert_axis(ndarray::Axis(0));
    let params = Params {
        tau_m: times(1.0).into(),
        tau_syn: Some(reversed.into()),
        trace: Some(Trace { tau: times(0.7).into(), scale: 1.0.into(), kind: TraceKind::Add }),
        ..exact(1.0, 1.0, 0.1)
    };
    let table = Table::new(&params, n.into()).unwrap();
    let columns =
        [Coefficient::Leak, Coefficient::SynapticDecay, Coefficient::SynapticFactor, Coefficient::TraceDecay];
    let found = columns.map(|coefficient| hash(table.column(coefficient).values.iter().copied()));
    let expected =
        [0x2103_7590_f09f_0512, 0xd4eb_41a5_c84d_df6b, 0xc2ef_16e3_b026_aaa4, 0xa8f2_e581_3186_c0d4];
    assert_eq!(found, expected, "{found:#x?}");
}

#[test]
fn presets_have_their_bits() {
    let words = Preset::names().flat_map(|name| {
        let params = Preset::by_name(name).unwrap().params().unwrap();
        let cell = Table::new(&params, 1.into()).unwrap().cell(0, 0);
        let floats = [cell.leak, cell.resistance, cell.v_rest, cell.v_threshold, cell.reset];
        let more = [cell.trace_decay, cell.synaptic_decay, cell.synaptic_factor];
        let floats = floats.into_iter().chain(more).map(f32::to_bits);
        floats.chain([cell.refractory_steps]).collect::<Vec<_>>()
    });
    let found = hash(words);
    let norse = Preset::by_name("norse").unwrap();
    let decays = (1..1000).map(|rate| {
        let params = norse.clone().with("tau_syn_inv", f64::from(rate)).unwrap().params().unwrap();
        Table::new(&params, 1.into()).unwrap().cell(0, 0).synaptic_decay.to_bits()
    });
    let found = [found, hash(decays)];
    assert_eq!(found, [0x724a_bcfd_4430_b9e5, 0xd842_c794_59c5_aae1], "{found:#x?}");
}

#[test]
fn tables_of_draws_have_their_bits() {
    let normal = tables::normal().iter().flatten().map(|value| value.to_bits());
    let poisson = [1e-6, 0.01, 0.5, 3.3, 80.0, 9000.0].into_iter().flat_map(tables::poisson);
    let found = [hash(normal), hash(poisson)];
    assert_eq!(found, [0x0b9b_27c4_1dad_2cd2, 0xebfe_3744_3e5e_1dac], "{found:#x?}");
}

#[cfg(feature = "nir")]
#[test]
fn synapses_of_nir_have_their_bits() {
    let tau_syn = Array1::from_shape_fn(3000, |index| 0.05 + 0.01 * index as f32);
    let params = Params { tau_syn: Some(tau_syn.into()), ..Params::default() };
    let neurons = crate::experiment::nir::Neurons::from_params(&params, 3000).unwrap();
    let w_in = &neurons.synapse.as_ref().unwrap().w_in;
    let found = hash(w_in.iter().flat_map(|w_in| [(w_in.to_bits() >> 32) as u32, w_in.to_bits() as u32]));
    assert_eq!(found, 0xc908_d093_9b44_fa5f, "{found:#x?}");
}
