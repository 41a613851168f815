//! The coefficients of a cell. Whatever stores or moves them does it by [`Coefficient`], so that another one is a line
//! here, and one where it is computed and one where it is used.

use crate::{Options, TraceRule};

/// A number as the 32 bits that travel to devices.
trait Word {
    fn of(word: u32) -> Self;
    fn word(self) -> u32;
}

impl Word for u32 {
    fn of(word: u32) -> Self {
        word
    }

    fn word(self) -> u32 {
        self
    }
}

impl Word for f32 {
    fn of(word: u32) -> Self {
        Self::from_bits(word)
    }

    fn word(self) -> u32 {
        self.to_bits()
    }
}

macro_rules! coefficients {
    ($($(#[$doc:meta])* $name:ident $field:ident: $kind:ty,)*) => {
        /// What the step needs to know of one cell. All of it is computed once on the host. Potentials here and in
        /// the state are differences from one reference, which is 0 unless
        /// `Params::v_reference` says otherwise: the step knows nothing of it.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Coefficients {
            $($(#[$doc])* pub $field: $kind,)*
        }

        /// One of the [`Coefficients`], in the order in which shaders have them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Coefficient {
            $($(#[$doc])* $name,)*
        }

        impl Coefficient {
            /// All of them.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$name,)*];

            /// How many there are.
            pub const COUNT: usize = [$(stringify!($name),)*].len();
        }

        impl Coefficients {
            /// From the words of all, in their order.
            #[must_use]
            pub fn from_words([$($field,)*]: [u32; Coefficient::COUNT]) -> Self {
                Self { $($field: Word::of($field),)* }
            }

            /// The words of all, in their order.
            #[must_use]
            pub fn words(&self) -> [u32; Coefficient::COUNT] {
                [$(self.$field.word(),)*]
            }
        }
    };
}

coefficients! {
    /// `dt / tau_m` or `1 - exp(-dt / tau_m)`.
    Leak leak: f32,
    /// Membrane resistance, MOhm.
    Resistance resistance: f32,
    /// Resting potential, mV.
    VRest v_rest: f32,
    /// Threshold, mV.
    VThreshold v_threshold: f32,
    /// What the reset needs, mV: `v_reset`, or `v_threshold - v_reset` where that is subtracted.
    Reset reset: f32,
    /// Lower bound of v, mV; minus infinity where there is none.
    VLower v_lower: f32,
    /// `exp(-dt / tau_trace)`.
    TraceDecay trace_decay: f32,
    /// What a spike adds to the trace or sets it to.
    TraceScale trace_scale: f32,
    /// Steps without a spike after each spike.
    RefractorySteps refractory_steps: u32,
    /// `exp(-dt / tau_syn)`.
    SynapticDecay synaptic_decay: f32,
    /// The constant current that drives v through a step as much as a synaptic current of 1 at its
    /// beginning does. With `leak` times the resistance it is P21 of Rotter & Diesmann 1999.
    SynapticFactor synaptic_factor: f32,
}

impl Coefficient {
    /// Whether cells with these rules use it.
    #[must_use]
    pub fn is_used(self, options: Options) -> bool {
        match self {
            Self::Leak
            | Self::Resistance
            | Self::VRest
            | Self::VThreshold
            | Self::Reset
            | Self::RefractorySteps => true,
            Self::VLower => options.bounded,
            Self::TraceDecay | Self::TraceScale => options.trace != TraceRule::Off,
            Self::SynapticDecay | Self::SynapticFactor => options.synapse,
        }
    }
}
