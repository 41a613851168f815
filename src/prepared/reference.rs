//! The reference potential: the state stores membrane potentials as differences from it.

use crate::data::broadcast::{Column, column};
use crate::data::shape::Shape;
use crate::error::{Error, Result};
use crate::experiment::params::{Parameter, Params};
use crate::model::LARGEST_PARAMETER;
use crate::prepared::coefficients::{flush_parameter, physical};

/// The largest distance of a reference from a potential, as a multiple of the largest potential. Farther away
/// it would cost precision.
const FARTHEST: f64 = 2.0;

/// Converts membrane potentials (mV) from the scale of the user to the scale of the model and back. Both ways
/// are computed in double precision and rounded once; with a reference of 0 nothing is computed at all.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Reference(f64);

impl Reference {
    /// The reference of these parameters. All potentials have to be near it.
    pub(crate) fn of(params: &Params, shape: Shape) -> Result<Self> {
        let reference = params.v_reference;
        if !(reference.is_finite() && reference.abs() <= f64::from(LARGEST_PARAMETER)) {
            let requirement = format!("at most {LARGEST_PARAMETER:e} in magnitude");
            return Err(Error::out_of_range("v_reference", format!("{reference} mV"), requirement));
        }
        if reference == 0.0 {
            return Ok(Self::default());
        }
        let (mut largest, mut farthest) = (0.0_f64, 0.0_f64);
        let potentials = [
            ("v_rest", Some(&params.v_rest)),
            ("v_reset", Some(&params.v_reset)),
            ("v_threshold", Some(&params.v_threshold)),
            ("v_lower", params.v_lower.as_ref()),
        ];
        for (what, potential) in potentials {
            let Some(potential) = potential else { continue };
            for value in physical(what, potential, shape)?.values {
                largest = largest.max(f64::from(value).abs());
                farthest = farthest.max((f64::from(value) - reference).abs());
            }
        }
        if farthest > FARTHEST * largest {
            let requirement = "near the potentials: it is farther from them than 0 is, which costs precision";
            return Err(Error::out_of_range("v_reference", format!("{reference} mV"), requirement));
        }
        Ok(Self(reference))
    }

    /// Converts a parameter to the scale of the model.
    pub(crate) fn potential(self, what: &str, parameter: &Parameter, shape: Shape) -> Result<Column<f32>> {
        if self.is_zero() {
            return physical(what, parameter, shape);
        }
        Ok(column(what, parameter.above(self.0).view(), shape)?.map(flush_parameter))
    }

    /// Whether both scales are the same.
    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0.0
    }

    /// Converts a potential from the scale of the user to the scale of the model.
    pub(crate) fn to_model(self, v: f32) -> f32 {
        if self.is_zero() { v } else { (f64::from(v) - self.0) as f32 }
    }

    /// Converts a potential from the scale of the model to the scale of the user.
    pub(crate) fn to_user(self, v: f32) -> f32 {
        if self.is_zero() { v } else { (f64::from(v) + self.0) as f32 }
    }

    /// Converts many potentials from the scale of the model to the scale of the user.
    pub(crate) fn all_to_user(self, values: &mut [f32]) {
        if !self.is_zero() {
            values.iter_mut().for_each(|v| *v = self.to_user(*v));
        }
    }
}
