//! Reads and restores the whole state of a population, for a checkpoint.

use crate::error::{Error, Result};
use crate::model::{FASTEST_LEAK, SMALLEST_STATE, flush};
use crate::population::state::{current_name, require_at_most};
use crate::population::{MOST_STEPS_EVER, Population};
use crate::prepared::coefficients::LARGEST_STATE;
use crate::prepared::field::{Counter, Field};

/// The whole state of a population, cell by cell in the order of `[batch, n]`.
#[derive(Debug)]
pub(crate) struct PopulationState {
    /// The [`Field`]s that the cells have. Membrane potentials are differences from the reference potential.
    pub(crate) fields: Vec<(Field, Vec<f32>)>,
    /// Refractory counters, with a flag for a spike at the last step.
    pub(crate) refractory: Vec<u32>,
    pub(crate) counts: Vec<u32>,
    /// What the spikes of a network have sent and what has not arrived yet; empty without a network.
    pub(crate) arriving: Vec<i32>,
    pub(crate) steps: u64,
}

impl Population {
    /// Returns the whole state.
    pub(crate) fn state(&mut self) -> Result<PopulationState> {
        let (steps, options) = (self.steps, self.table.options);
        self.on_engine(|engine| {
            let fields = Field::of(options).map(|field| Ok((field, engine.read(field)?)));
            Ok(PopulationState {
                fields: fields.collect::<Result<_>>()?,
                refractory: engine.read_counter(Counter::Refractory)?,
                counts: engine.read_counter(Counter::Spikes)?,
                arriving: engine.read_arriving(steps)?,
                steps,
            })
        })
    }

    /// Sets the state to that of a population of the same shape and parameters. All numbers must be finite; other
    /// values that no population can have are refused or set to zero, as the state comes from a file.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for values larger than any population can reach; the call then changes nothing. Faults of
    /// the device.
    pub(crate) fn restore(&mut self, mut state: PopulationState) -> Result<()> {
        if state.steps > MOST_STEPS_EVER {
            let requirement = format!("at most {MOST_STEPS_EVER}");
            return Err(Error::out_of_range("the number of steps", state.steps, requirement));
        }
        let smallest = smallest_after(state.steps);
        for (field, values) in &mut state.fields {
            let largest = settled(values, smallest);
            match current_name(*field) {
                Some(what) => self.table.bounds.require_at_most(LARGEST_STATE, what, largest, "")?,
                None => require_at_most(LARGEST_STATE, field.words(), largest, field.unit())?,
            }
        }
        self.on_engine(|engine| {
            state.fields.iter().try_for_each(|(field, values)| engine.write(*field, values))?;
            engine.write_counter(Counter::Refractory, &state.refractory)?;
            engine.write_counter(Counter::Spikes, &state.counts)?;
            engine.write_arriving(state.steps, &state.arriving)?;
            engine.set_next_step(state.steps)
        })?;
        self.steps = state.steps;
        Ok(())
    }
}

/// Returns the smallest magnitude above zero of the state of a slowly decaying population after `steps` steps. At the
/// last step of a block of 32 it was [`SMALLEST_STATE`], as smaller values become zero there, and it has decayed
/// since. Half of it leaves room for rounding. A smaller value could become subnormal before the block ends.
fn smallest_after(steps: u64) -> f32 {
    match steps % 32 {
        0 => SMALLEST_STATE,
        since => (0..since).fold(0.5 * SMALLEST_STATE, |left, _| left * (1.0 - FASTEST_LEAK)),
    }
}

/// Sets values below `smallest` in magnitude to zero, and returns the largest magnitude.
fn settled(values: &mut [f32], smallest: f32) -> f32 {
    values.iter_mut().fold(0.0, |largest, value| {
        // A zero keeps its sign, as it does in a run that continues.
        if *value != 0.0 {
            *value = flush(*value, smallest);
        }
        value.abs().max(largest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, Params};

    #[test]
    fn what_has_decayed_since_the_last_whole_word_is_kept_and_less_is_not() {
        assert_eq!(smallest_after(64), SMALLEST_STATE);
        let mut left = SMALLEST_STATE;
        for since in 1..32 {
            left *= 1.0 - FASTEST_LEAK;
            let smallest = smallest_after(96 + since);
            assert!(smallest < left && smallest > left * 0.49, "{since}");
            // The smallest value that is kept is still a normal number at the end of the word.
            assert!((since..31).fold(smallest, |left, _| left * (1.0 - FASTEST_LEAK)) > f32::MIN_POSITIVE);
        }
        let mut values = [1e-31, -0.0, 3.0, -4.0];
        assert_eq!(settled(&mut values, 1e-30), 4.0);
        assert_eq!(values.map(f32::to_bits), [0.0_f32, -0.0, 3.0, -4.0].map(f32::to_bits));
    }

    #[test]
    fn no_call_makes_more_steps_than_a_population_ever_makes() {
        let mut population = Population::new(Params::default(), 3, &Device::cpu()).expect("valid");
        let mut state = population.state().expect("there");
        state.steps = MOST_STEPS_EVER - 1;
        population.restore(state).expect("valid");
        population.forward(1.0).expect("the last step");
        let more = Error::out_of_range("the number of steps", 1, "at most 0 more");
        let more = Err(more.about(crate::Argument::Steps));
        assert_eq!(population.forward(1.0), more);
        assert_eq!(population.forward(crate::Random::gaussian(0.0, 1.0)), more);
        assert_eq!(population.run(1, 1.0).go().map(drop), more);
        assert_eq!(population.steps(), MOST_STEPS_EVER);
        assert!(population.voltages().expect("there").iter().all(|v| *v > -62.0));
    }
}
