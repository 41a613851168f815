//! The state of a cell. Whatever stores or moves its numbers does it by [`Field`], so that another one is a variant
//! here, and a line where a step changes it.

use crate::{Options, TraceRule};

/// What changes from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct State {
    /// Membrane potential, mV.
    pub v: f32,
    /// Steps left of the refractory period.
    pub refractory: u32,
    /// Spike trace.
    pub trace: f32,
    /// Synaptic current, nA.
    pub synaptic: f32,
    /// Whether the last step was a spike.
    pub spike: bool,
}

/// A number of the [`State`], in the order in which devices have them one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// [`State::v`].
    Voltages,
    /// [`State::trace`].
    Traces,
    /// [`State::synaptic`].
    SynapticCurrents,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Voltages, Self::Traces, Self::SynapticCurrents];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Those that cells with these rules have.
    pub fn of(options: Options) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |field| field.is_used(options))
    }

    /// Whether cells with these rules have it.
    #[must_use]
    pub fn is_used(self, options: Options) -> bool {
        match self {
            Self::Voltages => true,
            Self::Traces => options.trace != TraceRule::Off,
            Self::SynapticCurrents => options.synapse,
        }
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Voltages => "the membrane potentials",
            Self::Traces => "the spike traces",
            Self::SynapticCurrents => "the synaptic currents",
        }
    }
}

impl State {
    /// The number of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> f32 {
        match field {
            Field::Voltages => self.v,
            Field::Traces => self.trace,
            Field::SynapticCurrents => self.synaptic,
        }
    }

    /// The place of that number.
    pub fn get_mut(&mut self, field: Field) -> &mut f32 {
        match field {
            Field::Voltages => &mut self.v,
            Field::Traces => &mut self.trace,
            Field::SynapticCurrents => &mut self.synaptic,
        }
    }
}
