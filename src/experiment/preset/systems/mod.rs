//! The list of all systems; each has a file here.

mod bindsnet;
mod brian2;
mod genn;
mod nengo;
mod nest;
mod nest_psc_exp;
mod norse;
mod snntorch;
mod spikingjelly;
mod synapticflow;

use super::System;

pub(super) const SYSTEMS: &[System] = &[
    synapticflow::SYNAPTICFLOW,
    bindsnet::BINDSNET,
    snntorch::LEAKY,
    snntorch::LAPICQUE,
    norse::NORSE,
    spikingjelly::SPIKINGJELLY,
    genn::GENN,
    brian2::BRIAN2,
    nest::NEST,
    nest_psc_exp::NEST_PSC_EXP,
    nengo::NENGO,
];
