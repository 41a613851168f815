//! What stands behind the coefficients in the parameters of the kernel.

use crate::engine::Wanted;
use crate::engine::gpu::noise::NoisePlaces;
use crate::noise::Noise;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Of what the tables of places of recorded neurons are.
    pub(super) wanted: Wanted,
    pub(super) noise: Option<(Arc<Noise>, NoisePlaces)>,
}

impl Placed {
    /// Whether the kernel finds all it needs. What a run without recording or noise does not use
    /// may stay.
    pub(super) fn serves(&self, wanted: &Wanted, noise: Option<&Arc<Noise>>) -> bool {
        let same_noise = match (&self.noise, noise) {
            (_, None) => true,
            (Some((placed, _)), Some(noise)) => Arc::ptr_eq(placed, noise),
            _ => false,
        };
        same_noise && (*wanted == Wanted::default() || self.wanted == *wanted)
    }
}
