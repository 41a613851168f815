//! The coefficients of a cell. All code that stores or moves them does so by [`Coefficient`], so that a new one needs
//! a line here, one where it is computed and one where it is used.

use crate::{Options, TraceRule, rises};

/// A number as the 32 bits that are sent to devices.
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
        /// What a step needs to know of one cell, computed once on the host from the parameters. Potentials here and in
        /// the [`State`](crate::State) are differences from a reference, `Params::v_reference`, which is 0 by default;
        /// the step does not know it.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Coefficients {
            $($(#[$doc])* pub $field: $kind,)*
        }

        /// One of the [`Coefficients`]. Shaders have them in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Coefficient {
            $($(#[$doc])* $name,)*
        }

        impl Coefficient {
            /// All coefficients.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$name,)*];

            /// The number of coefficients.
            pub const COUNT: usize = [$(stringify!($name),)*].len();
        }

        impl Coefficients {
            /// Makes coefficients from their words, in order.
            #[must_use]
            pub fn from_words([$($field,)*]: [u32; Coefficient::COUNT]) -> Self {
                Self { $($field: Word::of($field),)* }
            }

            /// Returns the words of all coefficients, in order.
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
    /// `v_reset`, or `v_threshold - v_reset` if the reset subtracts it, mV.
    Reset reset: f32,
    /// Lower bound of v, mV; minus infinity if there is none.
    VLower v_lower: f32,
    /// `exp(-dt / tau_trace)`.
    TraceDecay trace_decay: f32,
    /// What a spike adds to the trace or sets it to.
    TraceScale trace_scale: f32,
    /// Length of the refractory period, in steps.
    RefractorySteps refractory_steps: u32,
    /// `exp(-dt / tau_syn)`.
    SynapticDecay synaptic_decay: f32,
    /// The constant current that changes v over a step as much as a synaptic current that is 1 at the beginning
    /// of the step. Times `leak` and the resistance it is P21 of Rotter & Diesmann 1999.
    SynapticFactor synaptic_factor: f32,
    /// `exp(-dt / tau_syn_inhibitory)`.
    InhibitoryDecay inhibitory_decay: f32,
    /// What `synaptic_factor` is for the synaptic current, for the inhibitory current.
    InhibitoryFactor inhibitory_factor: f32,
    /// What a rise that is 1 at the beginning of a step adds to an alpha current by its end:
    /// `(e dt / tau_syn) exp(-dt / tau_syn)`.
    SynapticGrowth synaptic_growth: f32,
    /// The constant current that changes v over a step as much as what a rise that is 1 at the beginning of the step
    /// adds to the synaptic current. Times `leak` and the resistance it is P31 of Rotter & Diesmann 1999, in units of
    /// the rise.
    RiseFactor rise_factor: f32,
    /// What `synaptic_growth` is for the synaptic current, for the inhibitory current.
    InhibitoryGrowth inhibitory_growth: f32,
    /// What `rise_factor` is for the synaptic current, for the inhibitory current.
    InhibitoryRiseFactor inhibitory_rise_factor: f32,
}

impl Coefficient {
    /// Whether cells with these rules use this coefficient.
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
            Self::InhibitoryDecay | Self::InhibitoryFactor => options.inhibition,
            Self::SynapticGrowth | Self::RiseFactor => rises(options),
            Self::InhibitoryGrowth | Self::InhibitoryRiseFactor => rises(options) && options.inhibition,
        }
    }
}
