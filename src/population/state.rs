//! What a population hands out of its state, and takes in.

use super::{MOST_STEPS_EVER, Population, build};
use crate::data::broadcast::finite;
use crate::engine::SPIKE_FLAG;
use crate::engine::work::WorkDone;
use crate::error::{Error, Result};
use crate::model::LARGEST_PARAMETER;
use crate::model::{FASTEST_LEAK, SMALLEST_STATE, flush};
use crate::prepared::coefficients::LARGEST_STATE;
use crate::prepared::field::{Counter, Field};
use ndarray::{Array2, ArrayBase, Data, Dimension};

/// What messages call it.
const SYNAPTIC_CURRENT: &str = "synaptic current";

/// All that changes while a population is stepped, cell by cell in the order of `[batch, n]`.
#[derive(Debug)]
pub(crate) struct PopulationState {
    /// What there is of [`Field`]s. Membrane potentials are differences from the reference potential.
    pub(crate) fields: Vec<(Field, Vec<f32>)>,
    /// Refractory counters with the flag of the last spike.
    pub(crate) refractory: Vec<u32>,
    pub(crate) counts: Vec<u32>,
    pub(crate) steps: u64,
}

impl Population {
    /// Which neurons spiked at the last step, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Faults of the device, as for everything that reads state.
    pub fn spikes(&mut self) -> Result<Array2<bool>> {
        let words = self.on_engine(|engine| engine.read_counter(Counter::Refractory))?;
        self.array(words.into_iter().map(|word| word & SPIKE_FLAG != 0).collect())
    }

    /// The membrane potentials, mV, `[batch, n]`. With a [`v_reference`](crate::Params::v_reference) they are rounded to
    /// what single precision holds of them in that scale; [`save`](Self::save) keeps every bit.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn voltages(&mut self) -> Result<Array2<f32>> {
        let mut values = self.on_engine(|engine| engine.read(Field::Voltages))?;
        self.table.reference.all_outside(&mut values);
        self.array(values)
    }

    /// How many steps each cell is still refractory, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn refractory(&mut self) -> Result<Array2<u32>> {
        let words = self.on_engine(|engine| engine.read_counter(Counter::Refractory))?;
        self.array(words.into_iter().map(|word| word & !SPIKE_FLAG).collect())
    }

    /// The spike traces, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where the parameters have no trace; faults of the device.
    pub fn traces(&mut self) -> Result<Array2<f32>> {
        if self.params.trace.is_none() {
            return Err(Error::out_of_range("trace", "none", "set in the parameters to be read"));
        }
        let values = self.on_engine(|engine| engine.read(Field::Traces))?;
        self.array(values)
    }

    /// The synaptic currents after the last step, nA, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where the parameters have no `tau_syn`; faults of the device.
    pub fn synaptic_currents(&mut self) -> Result<Array2<f32>> {
        self.require_synapse()?;
        let values = self.on_engine(|engine| engine.read(Field::SynapticCurrents))?;
        self.array(values)
    }

    /// Sets the synaptic currents, nA; `values` broadcasts to `[batch, n]`. Magnitudes below 1e-30
    /// become zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, also where the
    /// parameters have no `tau_syn`, which then change nothing; faults of the device.
    pub fn set_synaptic_currents<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_synapse()?;
        let values = values.view().into_dyn();
        let largest = finite("the synaptic currents", &values)?;
        self.table.bounds.require(SYNAPTIC_CURRENT, largest, "")?;
        let all = self.spread("the synaptic currents", values)?;
        let all: Vec<f32> = all.iter().map(|current| flush(*current, SMALLEST_STATE)).collect();
        self.on_engine(|engine| engine.write(Field::SynapticCurrents, &all))
    }

    fn require_synapse(&self) -> Result<()> {
        if self.params.tau_syn.is_some() {
            return Ok(());
        }
        Err(Error::out_of_range("tau_syn", "none", "set in the parameters for synaptic currents to be there"))
    }

    /// Spikes of each cell since the population was built or reset or its counts cleared,
    /// `[batch, n]`, modulo 2^32.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn counts(&mut self) -> Result<Array2<u32>> {
        let values = self.on_engine(|engine| engine.read_counter(Counter::Spikes))?;
        self.array(values)
    }

    /// Sets all spike counts to 0.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn clear_counts(&mut self) -> Result<()> {
        self.on_engine(|engine| engine.clear_counts())
    }

    /// Sets the membrane potentials, mV; `values` broadcasts to `[batch, n]`. Distances from
    /// [`v_reference`](crate::Params::v_reference) below 1e-30 become zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, which then
    /// change nothing; faults of the device.
    pub fn set_voltages<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        let values = values.view().into_dyn();
        require_at_most(LARGEST_PARAMETER, "the voltages", finite("the voltages", &values)?, " mV")?;
        let mut all = self.spread("the voltages", values)?;
        let reference = self.table.reference;
        let kept = |v: f32| flush(reference.inside(v), SMALLEST_STATE);
        // A copy of what lies in the caller's memory is taken only where something of it changes.
        if all.iter().any(|v| kept(*v).to_bits() != v.to_bits()) {
            all.to_mut().iter_mut().for_each(|v| *v = kept(*v));
        }
        self.on_engine(|engine| engine.write(Field::Voltages, &all))
    }

    /// Sets how many steps each cell is still refractory; `values` broadcasts to `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] and, above 2^31 - 1 steps, [`Error::OutOfRange`], which change nothing;
    /// faults of the device.
    pub fn set_refractory<S: Data<Elem = u32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        if let Some(value) = values.iter().find(|value| **value >= SPIKE_FLAG) {
            return Err(Error::out_of_range("the refractory counter", value, "below 2^31 steps"));
        }
        let all = self.spread("the refractory counters", values.view().into_dyn())?;
        let flags = self.on_engine(|engine| engine.read_counter(Counter::Refractory))?;
        let all: Vec<u32> = all.iter().zip(flags).map(|(steps, flag)| steps | (flag & SPIKE_FLAG)).collect();
        self.on_engine(|engine| engine.write_counter(Counter::Refractory, &all))
    }

    /// Starts anew: v at rest, no synaptic current, no spikes, counts 0, step 0. Also clears a fault, where the device
    /// still works.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn reset(&mut self) -> Result<()> {
        if self.fault.is_some() {
            (self.table, self.engine) = build(&self.params, self.shape, &self.placement)?;
        } else {
            let result = self.engine.reset(&self.table.rest(self.shape));
            self.note(result)?;
        }
        self.forget();
        Ok(())
    }

    /// What has been done for this population since it was built or its batch size changed. Steps
    /// that are queued or under way are waited for.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn work(&mut self) -> Result<WorkDone> {
        self.on_engine(|engine| engine.work())
    }

    /// The buffers of the state on the device, for programs that have their own wgpu code. They are
    /// one set for all cells, or one for each slab of a population that is larger than the device
    /// binds at once or lives on several devices, in the order of the cells; none for cells on the
    /// CPU. Membrane potentials in them are differences from [`v_reference`](crate::Params::v_reference). Queued steps are submitted first, so that work submitted to the same queue afterwards
    /// sees the state after the last step.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn buffers(&mut self) -> Result<Vec<crate::StateBuffers>> {
        self.check_state()?;
        self.flush()?;
        let of_gpu = |(cells, buffers): (_, Box<dyn std::any::Any>)| {
            buffers.downcast::<crate::StateBuffers>().ok().map(|buffers| buffers.of(cells))
        };
        Ok(self.engine.buffers().into_iter().filter_map(of_gpu).collect())
    }

    /// All state, as a checkpoint holds it.
    pub(crate) fn state(&mut self) -> Result<PopulationState> {
        let (steps, options) = (self.steps, self.table.options);
        self.on_engine(|engine| {
            let fields = Field::of(options).map(|field| Ok((field, engine.read(field)?)));
            Ok(PopulationState {
                fields: fields.collect::<Result<_>>()?,
                refractory: engine.read_counter(Counter::Refractory)?,
                counts: engine.read_counter(Counter::Spikes)?,
                steps,
            })
        })
    }

    /// Takes the state of a population of the same shape and parameters, in which all numbers are finite. It comes from
    /// a file, which may hold what no population does.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for more than ever piles up in a population, which changes nothing; faults of the device.
    pub(crate) fn restore(&mut self, mut state: PopulationState) -> Result<()> {
        if state.steps > MOST_STEPS_EVER {
            let requirement = format!("at most {MOST_STEPS_EVER}");
            return Err(Error::out_of_range("the number of steps", state.steps, requirement));
        }
        let smallest = smallest_after(state.steps);
        for (field, values) in &mut state.fields {
            let largest = settled(values, smallest);
            match field {
                Field::Voltages => require_at_most(LARGEST_STATE, "the voltages", largest, " mV")?,
                Field::Traces => require_at_most(LARGEST_STATE, "the spike traces", largest, "")?,
                Field::SynapticCurrents => {
                    self.table.bounds.require_at_most(LARGEST_STATE, SYNAPTIC_CURRENT, largest, "")?;
                }
            }
        }
        self.on_engine(|engine| {
            state.fields.iter().try_for_each(|(field, values)| engine.write(*field, values))?;
            engine.write_counter(Counter::Refractory, &state.refractory)?;
            engine.write_counter(Counter::Spikes, &state.counts)?;
            engine.go_on_at(state.steps)
        })?;
        self.steps = state.steps;
        Ok(())
    }
}

fn require_at_most(most: f32, what: &str, largest: f32, unit: &str) -> Result<()> {
    if largest > most {
        let requirement = format!("at most {most:e}{unit} in magnitude");
        return Err(Error::out_of_range(what, format!("{largest:e}{unit}"), requirement));
    }
    Ok(())
}

/// The least magnitude, unless it is zero, of what a population that decays slowly holds after so many steps: it was
/// [`SMALLEST_STATE`] at the last step of a block of 32, where less becomes zero, and has decayed since. Half of that
/// leaves room for rounding. What is less would be subnormal before the block ends.
fn smallest_after(steps: u64) -> f32 {
    match steps % 32 {
        0 => SMALLEST_STATE,
        since => (0..since).fold(0.5 * SMALLEST_STATE, |left, _| left * (1.0 - FASTEST_LEAK)),
    }
}

/// Sets what is smaller to zero. Returns the largest magnitude.
fn settled(values: &mut [f32], smallest: f32) -> f32 {
    values.iter_mut().fold(0.0, |largest, value| {
        // A zero keeps its sign, as a run that goes on would.
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
            // As much as is kept is still normal at the end of the word.
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
        let more = Err(Error::out_of_range("the number of steps", 1, "at most 0 more"));
        assert_eq!(population.forward(1.0), more);
        assert_eq!(population.forward(crate::Random::gaussian(0.0, 1.0)), more);
        assert_eq!(population.run(1, 1.0).go().map(drop), more);
        assert_eq!(population.steps(), MOST_STEPS_EVER);
        assert!(population.voltages().expect("there").iter().all(|v| *v > -62.0));
    }
}
