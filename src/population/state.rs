//! Reads and sets the state of a population: spikes, membrane potentials, refractory counters, traces, synaptic and
//! inhibitory currents, counts.

use super::{Population, build};
use crate::data::broadcast::finite;
use crate::engine::SPIKE_FLAG;
use crate::engine::work_done::WorkDone;
use crate::error::{About, Argument, Error, Result};
use crate::model::{LARGEST_PARAMETER, SMALLEST_STATE, SynapseShape, flush};
use crate::prepared::field::{Counter, Field};
use ndarray::{Array2, ArrayBase, ArrayViewD, Data, Dimension};

/// The name in messages of what a field contains, if that is a current.
pub(super) fn current_name(field: Field) -> Option<&'static str> {
    match field {
        Field::SynapticCurrents => Some("synaptic current"),
        Field::InhibitoryCurrents => Some("inhibitory current"),
        Field::SynapticRises => Some("rise of the synaptic current"),
        Field::InhibitoryRises => Some("rise of the inhibitory current"),
        Field::Voltages | Field::Traces => None,
    }
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

    /// The membrane potentials, mV, `[batch, n]`. With a [`v_reference`](crate::Params::v_reference) they are the
    /// stored differences plus the reference, rounded to single precision; [`save`](Self::save) keeps every bit.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn voltages(&mut self) -> Result<Array2<f32>> {
        let mut values = self.on_engine(|engine| engine.read(Field::Voltages))?;
        self.table.reference.all_to_user(&mut values);
        self.array(values)
    }

    /// The number of refractory steps left of each cell, `[batch, n]`.
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
    /// [`Error::OutOfRange`] if the parameters have no trace; faults of the device.
    pub fn traces(&mut self) -> Result<Array2<f32>> {
        if self.params.trace.is_none() {
            let error = Error::out_of_range("trace", "none", "set in the parameters to be read");
            return Err(error.about(Argument::Parameter));
        }
        let values = self.on_engine(|engine| engine.read(Field::Traces))?;
        self.array(values)
    }

    /// The synaptic currents after the last step, nA, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the parameters have no `tau_syn`; faults of the device.
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
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, or if the
    /// parameters have no `tau_syn`; the call then changes nothing. Faults of the device.
    pub fn set_synaptic_currents<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_synapse()?;
        self.set_currents(Field::SynapticCurrents, values.view().into_dyn())
    }

    /// The inhibitory currents after the last step, nA, `[batch, n]`: the synaptic currents of spikes with a negative
    /// weight. They are 0 or below, unless others were set.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the parameters have no `tau_syn_inhibitory`; faults of the device.
    pub fn inhibitory_currents(&mut self) -> Result<Array2<f32>> {
        self.require_inhibition()?;
        let values = self.on_engine(|engine| engine.read(Field::InhibitoryCurrents))?;
        self.array(values)
    }

    /// Sets the inhibitory currents, nA; `values` broadcasts to `[batch, n]`. They are added to the other currents, so
    /// that negative values inhibit. Magnitudes below 1e-30 become zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, or if the
    /// parameters have no `tau_syn_inhibitory`; the call then changes nothing. Faults of the device.
    pub fn set_inhibitory_currents<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_inhibition()?;
        self.set_currents(Field::InhibitoryCurrents, values.view().into_dyn())
    }

    /// The rises of the synaptic currents after the last step, nA, `[batch, n]`: with alpha currents, the sums of the
    /// weights of the spikes that have arrived, each decaying since. Together with
    /// [`synaptic_currents`](Self::synaptic_currents) they tell how these go on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the parameters have no alpha currents; faults of the device.
    pub fn synaptic_rises(&mut self) -> Result<Array2<f32>> {
        self.require_rise()?;
        let values = self.on_engine(|engine| engine.read(Field::SynapticRises))?;
        self.array(values)
    }

    /// Sets the rises of the synaptic currents, nA; `values` broadcasts to `[batch, n]`. Magnitudes below 1e-30 become
    /// zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, or if the
    /// parameters have no alpha currents; the call then changes nothing. Faults of the device.
    pub fn set_synaptic_rises<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_rise()?;
        self.set_currents(Field::SynapticRises, values.view().into_dyn())
    }

    /// The rises of the inhibitory currents after the last step, nA, `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the parameters have no `tau_syn_inhibitory` or no alpha currents; faults of the device.
    pub fn inhibitory_rises(&mut self) -> Result<Array2<f32>> {
        self.require_inhibition()?;
        self.require_rise()?;
        let values = self.on_engine(|engine| engine.read(Field::InhibitoryRises))?;
        self.array(values)
    }

    /// Sets the rises of the inhibitory currents, nA; `values` broadcasts to `[batch, n]`. Magnitudes below 1e-30 become
    /// zero.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values, or if the
    /// parameters have no `tau_syn_inhibitory` or no alpha currents; the call then changes nothing. Faults of the device.
    pub fn set_inhibitory_rises<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        self.require_inhibition()?;
        self.require_rise()?;
        self.set_currents(Field::InhibitoryRises, values.view().into_dyn())
    }

    /// Sets currents of the state.
    fn set_currents(&mut self, field: Field, values: ArrayViewD<'_, f32>) -> Result<()> {
        let what = current_name(field).unwrap_or(field.words());
        let largest = finite(field.words(), &values).about(Argument::State)?;
        self.table.bounds.require(what, largest, "").about(Argument::State)?;
        let all = self.spread(field.words(), values)?;
        let all: Vec<f32> = all.iter().map(|current| flush(*current, SMALLEST_STATE)).collect();
        self.on_engine(|engine| engine.write(field, &all))
    }

    fn require_synapse(&self) -> Result<()> {
        if self.params.tau_syn.is_some() {
            return Ok(());
        }
        let requirement = "set in the parameters for synaptic currents to be there";
        Err(Error::out_of_range("tau_syn", "none", requirement).about(Argument::Parameter))
    }

    fn require_rise(&self) -> Result<()> {
        if self.params.synapse_shape == SynapseShape::Alpha {
            return Ok(());
        }
        let requirement = "alpha in the parameters for rises to be there";
        Err(Error::out_of_range("synapse_shape", "exponential", requirement).about(Argument::Parameter))
    }

    fn require_inhibition(&self) -> Result<()> {
        if self.params.tau_syn_inhibitory.is_some() {
            return Ok(());
        }
        let requirement = "set in the parameters for inhibitory currents to be there";
        Err(Error::out_of_range("tau_syn_inhibitory", "none", requirement).about(Argument::Parameter))
    }

    /// The number of spikes of each cell since the population was built or reset or its counts cleared,
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
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::OutOfRange`] for the values; the call then
    /// changes nothing. Faults of the device.
    pub fn set_voltages<S: Data<Elem = f32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        let values = values.view().into_dyn();
        let largest = finite("the voltages", &values).about(Argument::State)?;
        require_at_most(LARGEST_PARAMETER, "the voltages", largest, "mV")?;
        let mut all = self.spread("the voltages", values)?;
        let reference = self.table.reference;
        let kept = |v: f32| flush(reference.to_model(v), SMALLEST_STATE);
        // A copy of what lies in the caller's memory is taken only where something of it changes.
        if all.iter().any(|v| kept(*v).to_bits() != v.to_bits()) {
            all.to_mut().iter_mut().for_each(|v| *v = kept(*v));
        }
        self.on_engine(|engine| engine.write(Field::Voltages, &all))
    }

    /// Sets the number of refractory steps left of each cell; `values` broadcasts to `[batch, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], and [`Error::OutOfRange`] above 2^31 - 1 steps; the call then changes nothing. Faults of the
    /// device.
    pub fn set_refractory<S: Data<Elem = u32>, D: Dimension>(
        &mut self,
        values: &ArrayBase<S, D>,
    ) -> Result<()> {
        if let Some(value) = values.iter().find(|value| **value >= SPIKE_FLAG) {
            let error = Error::out_of_range("the refractory counter", value, "below 2^31 steps");
            return Err(error.about(Argument::State));
        }
        let all = self.spread("the refractory counters", values.view().into_dyn())?;
        let flags = self.on_engine(|engine| engine.read_counter(Counter::Refractory))?;
        let all: Vec<u32> = all.iter().zip(flags).map(|(steps, flag)| steps | (flag & SPIKE_FLAG)).collect();
        self.on_engine(|engine| engine.write_counter(Counter::Refractory, &all))
    }

    /// Resets the state: v at rest, no synaptic currents, no spikes, counts 0, step 0. Also clears a fault, if the
    /// device still works.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn reset(&mut self) -> Result<()> {
        if self.fault.is_some() {
            (self.table, self.engine) =
                build(&self.params, self.shape, &self.placement, self.network.as_ref())?;
        } else {
            let result = self.engine.reset(&self.table.rest(self.shape));
            self.note(result)?;
        }
        self.forget();
        Ok(())
    }

    /// The work done for this population since it was built or its batch size changed. Waits for steps
    /// that are queued or under way.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    pub fn work(&mut self) -> Result<WorkDone> {
        self.on_engine(|engine| engine.work())
    }

    /// The buffers of the state on the device, for programs that have their own wgpu code. There is
    /// one set for all cells, or one for each slab of a population that is larger than the device
    /// binds at once or is on several devices, in the order of the cells; there is none for cells on the
    /// CPU. Membrane potentials in them are differences from [`v_reference`](crate::Params::v_reference). Queued steps
    /// are submitted first, so that work submitted to the same queue afterwards sees the state after the last step.
    ///
    /// # Errors
    ///
    /// Faults of the device.
    #[cfg(feature = "gpu")]
    pub fn buffers(&mut self) -> Result<Vec<crate::StateBuffers>> {
        self.check_state()?;
        self.flush()?;
        let of_gpu = |(cells, buffers): (_, Box<dyn std::any::Any>)| {
            buffers.downcast::<crate::StateBuffers>().ok().map(|buffers| buffers.of(cells))
        };
        Ok(self.engine.buffers().into_iter().filter_map(of_gpu).collect())
    }
}

pub(super) fn require_at_most(most: f32, what: &str, largest: f32, unit: &str) -> Result<()> {
    if largest > most {
        let with_unit = |value: f32| format!("{value:e} {unit}").trim_end().to_owned();
        let requirement = format!("at most {} in magnitude", with_unit(most));
        let error = Error::out_of_range(what, with_unit(largest), requirement);
        return Err(error.about(Argument::State));
    }
    Ok(())
}
