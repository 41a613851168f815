//! [`Vary`]: a parameter that a search varies, and its bounds.

use crate::error::{Argument, Error, Result};
use crate::experiment::params::{Parameter, Params};
use ndarray::Array1;
use std::ops::RangeInclusive;

/// A parameter that a search can vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Varied {
    /// Membrane time constant, ms.
    TauM,
    /// Membrane resistance, MOhm.
    Resistance,
    /// Resting potential, mV.
    VRest,
    /// Potential after a spike, mV.
    VReset,
    /// Threshold, mV.
    VThreshold,
    /// Refractory time, ms.
    TRef,
    /// The delay from the stimulus to the neuron, ms. There is no current before it.
    StimulusDelay,
}

impl Varied {
    /// All parameters.
    pub const ALL: [Self; 7] = [
        Self::TauM,
        Self::Resistance,
        Self::VRest,
        Self::VReset,
        Self::VThreshold,
        Self::TRef,
        Self::StimulusDelay,
    ];

    /// Its name: that of the field in [`Params`], or `stimulus_delay`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TauM => "tau_m",
            Self::Resistance => "resistance",
            Self::VRest => "v_rest",
            Self::VReset => "v_reset",
            Self::VThreshold => "v_threshold",
            Self::TRef => "t_ref",
            Self::StimulusDelay => "stimulus_delay",
        }
    }

    /// Whether it is rounded to whole steps.
    fn is_in_steps(self) -> bool {
        matches!(self, Self::TRef | Self::StimulusDelay)
    }

    /// Returns the field of the parameters; `None` for a delay.
    fn parameter(self, params: &mut Params) -> Option<&mut Parameter> {
        match self {
            Self::TauM => Some(&mut params.tau_m),
            Self::Resistance => Some(&mut params.resistance),
            Self::VRest => Some(&mut params.v_rest),
            Self::VReset => Some(&mut params.v_reset),
            Self::VThreshold => Some(&mut params.v_threshold),
            Self::TRef => Some(&mut params.t_ref),
            Self::StimulusDelay => None,
        }
    }
}

/// A parameter that a search varies between bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vary {
    /// The parameter.
    pub parameter: Varied,
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Vary {
    /// Varies a parameter on a linear scale between two bounds, in the unit of the parameter.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless the bounds are finite and the lower is below the upper, and for a delay below 0.
    pub fn new(parameter: Varied, bounds: RangeInclusive<f64>) -> Result<Self> {
        let (low, high) = bounds.into_inner();
        if !(low < high && low.is_finite() && high.is_finite()) {
            let requirement = format!("below the upper bound {high}, both of them finite");
            return Err(refusal(parameter, low, requirement));
        }
        if parameter == Varied::StimulusDelay && low < 0.0 {
            return Err(refusal(parameter, low, "0 or more: a stimulus cannot come early"));
        }
        Ok(Self { parameter, low, high, is_logarithmic: false })
    }

    /// Varies the parameter on a logarithmic scale.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless the lower bound is above 0.
    pub fn logarithmic(self) -> Result<Self> {
        if self.low <= 0.0 {
            return Err(refusal(self.parameter, self.low, "above 0 on a logarithmic scale"));
        }
        Ok(Self { is_logarithmic: true, ..self })
    }

    /// The bounds.
    #[must_use]
    pub fn bounds(&self) -> RangeInclusive<f64> {
        self.low..=self.high
    }

    /// Whether the scale is logarithmic.
    #[must_use]
    pub fn is_logarithmic(&self) -> bool {
        self.is_logarithmic
    }

    /// Returns the value at a place from 0, the lower bound, to 1, the upper bound. Refractory time and delay are
    /// rounded to whole steps of `dt` ms.
    #[must_use]
    pub fn value(&self, place: f64, dt: f64) -> f32 {
        // From libm, as the functions of different systems differ in the last bit.
        let value = if self.is_logarithmic {
            self.low * libm::exp(place * libm::log(self.high / self.low))
        } else {
            self.low + place * (self.high - self.low)
        };
        let value = value.clamp(self.low, self.high);
        let value = if self.parameter.is_in_steps() { (value / dt).round() * dt } else { value };
        value as f32
    }

    /// Returns the values of candidates at these places; `dimension` is the index of this parameter in a place.
    pub(super) fn values(&self, dimension: usize, places: &[Vec<f64>], dt: f64) -> Array1<f32> {
        places.iter().map(|place| self.value(place[dimension], dt)).collect()
    }

    /// Sets this parameter to the values of candidates at these places.
    pub(super) fn apply(&self, dimension: usize, places: &[Vec<f64>], params: &mut Params) {
        let dt = params.dt;
        if let Some(parameter) = self.parameter.parameter(params) {
            *parameter = self.values(dimension, places, dt).into();
        }
    }
}

fn refusal(parameter: Varied, low: f64, requirement: impl Into<String>) -> Error {
    let what = format!("the lower bound of {}", parameter.name());
    Error::out_of_range(&what, low, requirement).about(Argument::Fit)
}
