//! Fits a neuron to recorded spikes with an evolutionary search: candidates with different parameters are driven by
//! the stimulus of the recorded neuron, scored by how well their spikes predict the recorded spikes, and the next
//! candidates are bred from the best.
//!
//! ```
//! use lif::fit::{Fit, Objective, Varied, Vary};
//! use lif::{Device, Params, Target};
//! use ndarray::Array2;
//! use std::ops::ControlFlow;
//!
//! // Two seconds of a current (nA), which drives one batch row of candidates, and what was recorded.
//! let currents = Array2::from_shape_fn((20_000, 1), |(step, _)| 0.6 + 0.5 * (step as f32 * 0.013).sin());
//! let spikes = (0..40).map(|cycle| cycle * 483 + 130);
//! let [train, held_out] = [0..10_000, 10_000..20_000];
//! let train = [Target::new(spikes.clone().filter(|step| train.contains(step)), train.clone())?];
//! let held_out = [Target::new(spikes.filter(|step| held_out.contains(step)), held_out.clone())?];
//!
//! let resistance = Vary::new(Varied::Resistance, 5.0..=50.0)?.logarithmic()?;
//! let t_ref = Vary::new(Varied::TRef, 0.0..=8.0)?;
//! let mut fit = Fit::new(&Device::auto(), Params::default(), vec![resistance, t_ref], currents)?;
//! fit.objective = Objective::GammaCount;
//! let mut search = fit.search(0, 200);
//! while search.generation() < 10 {
//!     fit.breed(&mut search, &train, || ControlFlow::Continue(()))?;
//! }
//! let best = fit.best(&search, 1);
//! let (reached, _) = fit.results(&best, [&train, &held_out])?;
//! let [fitted, predicted] = reached[0][0];
//! println!("{:?}: Gamma {:.2}, held out {:.2}", fit.values(&best[0]), fitted.tally.gamma(), predicted.tally.gamma());
//! # Ok::<(), lif::Error>(())
//! ```

mod candidates;
mod evolution;
mod space;
#[cfg(test)]
mod tests;

pub use candidates::{Fit, Objective, Reached, Score};
pub use evolution::{Evolution, Generation};
pub use space::{Varied, Vary};
