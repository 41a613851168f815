//! The state of a cell. All code that stores or moves its numbers does so by [`Field`], so that a new state variable
//! needs one entry in the list here, and one line where a step changes it.

use crate::{Coefficient, Options, TraceRule, rises};

macro_rules! state {
    ($($(#[$doc:meta])* $name:ident $field:ident {
        words: $words:literal, unit: $unit:literal, key: $key:literal, used: $used:expr, decay: $decay:expr $(,)?
    })*) => {
        /// The state of one cell, which changes from step to step.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct State {
            $($(#[$doc])* pub $field: f32,)*
            /// The number of steps left of the refractory period.
            pub refractory: u32,
            /// Whether the last step was a spike.
            pub spike: bool,
        }

        /// A number of the [`State`]. Devices store them one after the other, in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// All fields.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$name),*];

            /// The number of fields.
            pub const COUNT: usize = [$($key),*].len();

            /// Whether cells with these rules have this field.
            #[must_use]
            pub fn is_used(self, options: Options) -> bool {
                match self {
                    $(Self::$name => $used(options),)*
                }
            }

            /// Its name in messages.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            /// Its unit.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => $unit,)*
                }
            }

            /// Its name in files.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// The coefficient by which it is multiplied at each step, if there is one.
            #[must_use]
            pub fn decay(self) -> Option<Coefficient> {
                match self {
                    $(Self::$name => $decay,)*
                }
            }
        }

        impl State {
            /// Returns the value of a field.
            #[must_use]
            pub fn get(&self, field: Field) -> f32 {
                match field {
                    $(Field::$name => self.$field,)*
                }
            }

            /// Returns a reference to the value of a field.
            pub fn get_mut(&mut self, field: Field) -> &mut f32 {
                match field {
                    $(Field::$name => &mut self.$field,)*
                }
            }
        }
    };
}

state! {
    /// Membrane potential, mV.
    Voltages v {
        words: "the membrane potentials",
        unit: "mV",
        key: "state.voltages",
        used: |_| true,
        decay: None,
    }
    /// Spike trace.
    Traces trace {
        words: "the spike traces",
        unit: "",
        key: "state.traces",
        used: |options: Options| options.trace != TraceRule::Off,
        decay: Some(Coefficient::TraceDecay),
    }
    /// Synaptic current, nA.
    SynapticCurrents synaptic {
        words: "the synaptic currents",
        unit: "nA",
        key: "state.synaptic_currents",
        used: |options: Options| options.synapse,
        decay: Some(Coefficient::SynapticDecay),
    }
    /// Inhibitory current, nA: the synaptic current of the spikes with a negative weight, if they have their own.
    InhibitoryCurrents inhibitory {
        words: "the inhibitory currents",
        unit: "nA",
        key: "state.inhibitory_currents",
        used: |options: Options| options.inhibition,
        decay: Some(Coefficient::InhibitoryDecay),
    }
    /// Rise of the synaptic current, nA: if that is an alpha current, the sum of the weights of the spikes that have
    /// arrived, each decaying since.
    SynapticRises rise {
        words: "the rises of the synaptic currents",
        unit: "nA",
        key: "state.synaptic_rises",
        used: rises,
        decay: Some(Coefficient::SynapticDecay),
    }
    /// Rise of the inhibitory current, nA.
    InhibitoryRises inhibitory_rise {
        words: "the rises of the inhibitory currents",
        unit: "nA",
        key: "state.inhibitory_rises",
        used: |options: Options| rises(options) && options.inhibition,
        decay: Some(Coefficient::InhibitoryDecay),
    }
}

impl Field {
    /// The fields that cells with these rules have.
    pub fn of(options: Options) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |field| field.is_used(options))
    }
}
