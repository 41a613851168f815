//! The systems, one a file.

mod bindsnet;
mod brian2;
mod genn;
mod nengo;
mod nest;
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
    nengo::NENGO,
];
