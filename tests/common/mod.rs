//! Code that several tests share.

pub mod adapters;
pub mod place;
pub mod random_case;
pub mod scalar;
pub mod spike_case;

use ndarray::{Array2, Array3};

/// All observable results of a case, compared as bits (there are no NaNs and no negative
/// zeros, so equality of numbers is equality of bits).
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub spikes: Array3<bool>,
    pub sampled: Vec<f32>,
    pub rate: Array2<u32>,
    pub voltages: Array2<f32>,
    pub last_spikes: Array2<bool>,
    pub refractory: Array2<u32>,
    pub counts: Array2<u32>,
    pub traces: Option<Array2<f32>>,
    pub synaptic_currents: Option<Array2<f32>>,
    pub inhibitory_currents: Option<Array2<f32>>,
    pub synaptic_rises: Option<Array2<f32>>,
    pub inhibitory_rises: Option<Array2<f32>>,
}
