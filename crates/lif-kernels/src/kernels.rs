//! The kernels: the combinations of rules for which the steps of cells are compiled separately.
//!
//! The rules are constants for the compiler, so that nothing is decided in the loop: the rules of
//! reset and refractoriness in all combinations, and bound, trace, fast decay and jumps together or not at
//! all, with none, one or two synaptic currents, or with two that spikes clear, or that are alpha currents, or both. Parts that cells lack are given values
//! that change no bits: a bound of minus infinity, a trace that stays 0, a jump of -0, an inhibitory current that stays
//! 0. The cells of most networks have nothing but their synaptic currents, and kernels of their own.
//!
//! A [`Kernel`] is chosen for cells at run time; [`dispatch`] finds the type for which the steps are compiled
//! with the same constants. All matches are exhaustive, so that a new rule causes a compile error here.

use crate::spike_memory::SpikeMemory;
use lif_model::{Options, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape, TraceRule, clears, rises};
use std::marker::PhantomData;

/// A compiled combination of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// The usual neuron, whose refractory cells stay constant as 0 is added to v.
    Holding {
        /// How spikes and refractory periods are stored.
        memory: SpikeMemory,
        /// What drives the cells.
        input: Input,
    },
    /// Neurons without optional parts: reset to a value or by subtraction.
    Plain {
        /// How spikes and refractory periods are stored.
        memory: SpikeMemory,
        /// Whether a spike subtracts from v instead of setting it.
        subtracts: bool,
        /// What happens during the refractory period.
        refractory: Refractory,
        /// Whether currents are read in place.
        reads_rows: bool,
    },
    /// Neurons with all optional parts; synaptic currents only if wanted.
    Rich {
        /// What a spike does to v.
        reset: Reset,
        /// What happens during the refractory period.
        refractory: Refractory,
        /// Which synaptic currents there are.
        synapse: Synapse,
    },
}

/// What drives the cells of [`Kernel::Holding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Voltages.
    Drives,
    /// Voltages, and jumps of the membrane potential.
    DrivesAndJumps,
    /// Currents that are read in place, step by step.
    Rows,
    /// Currents, and one synaptic current.
    Synapse,
    /// Currents, a synaptic current and an inhibitory current.
    Synapses,
    /// Currents, and one synaptic current that spikes clear.
    Cleared,
    /// The same, and jumps of the membrane potential.
    ClearedAndJumps,
    /// Currents, and one synaptic current that is an alpha current.
    Alpha,
    /// The same, and an inhibitory current.
    Alphas,
}

/// The synaptic currents of the cells of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synapse {
    /// There is none.
    None,
    /// There is one, which all spikes are added to.
    One,
    /// There is one, and an inhibitory current.
    Two,
    /// There is one that spikes clear, and an inhibitory current, which stays 0 for cells without it.
    Cleared,
    /// The same for alpha currents that spikes do not clear.
    Alpha,
    /// The same for alpha currents that spikes clear.
    ClearedAlpha,
}

impl Synapse {
    /// Returns the synaptic currents of cells with these rules. An inhibitory current comes with a synaptic current;
    /// if the rules have none, its coefficients make it last one step.
    pub(crate) const fn of(options: Options) -> Self {
        match (options.synapse, options.inhibition) {
            _ if clears(options) && rises(options) => Self::ClearedAlpha,
            _ if clears(options) => Self::Cleared,
            _ if rises(options) => Self::Alpha,
            (false, false) => Self::None,
            (true, false) => Self::One,
            (_, true) => Self::Two,
        }
    }

    /// Returns the same options with these synaptic currents.
    const fn with(self, options: Options) -> Options {
        Options {
            synapse: !matches!(self, Self::None),
            inhibition: !matches!(self, Self::None | Self::One),
            synapse_rule: match self {
                Self::None | Self::One | Self::Two | Self::Alpha => SynapseRule::Independent,
                Self::Cleared | Self::ClearedAlpha => SynapseRule::Cleared,
            },
            synapse_shape: match self {
                Self::None | Self::One | Self::Two | Self::Cleared => SynapseShape::Exponential,
                Self::Alpha | Self::ClearedAlpha => SynapseShape::Alpha,
            },
            ..options
        }
    }
}

impl Input {
    /// Returns the rules of the cells.
    const fn options(self) -> Options {
        let options = match self {
            Self::Drives | Self::DrivesAndJumps | Self::Rows => Options::FIRST,
            Self::Synapse => Synapse::One.with(Options::FIRST),
            Self::Synapses => Synapse::Two.with(Options::FIRST),
            Self::Alphas => Synapse::Alpha.with(Options::FIRST),
            Self::Alpha => Options { inhibition: false, ..Synapse::Alpha.with(Options::FIRST) },
            Self::Cleared | Self::ClearedAndJumps => {
                Options { inhibition: false, ..Synapse::Cleared.with(Options::FIRST) }
            }
        };
        Options { jumps: matches!(self, Self::DrivesAndJumps | Self::ClearedAndJumps), ..options }
    }
}

/// The rules of a kernel, as the steps use them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) memory: SpikeMemory,
    /// Whether refractory cells stay constant as 0 is added to v.
    pub(crate) adds_zero: bool,
    /// Whether currents are read in place, and not converted to drives before.
    pub(crate) reads_rows: bool,
    pub(crate) options: Options,
}

impl Kernel {
    pub(crate) const fn rules(self) -> Rules {
        match self {
            Self::Holding { memory, input } => Rules {
                memory,
                adds_zero: true,
                reads_rows: matches!(input, Input::Rows),
                options: input.options(),
            },
            Self::Plain { memory, subtracts, refractory, reads_rows } => {
                let reset = if subtracts { Reset::Subtract } else { Reset::ToValue };
                let options = Options { reset, refractory, ..Options::FIRST };
                Rules { memory, adds_zero: false, reads_rows, options }
            }
            Self::Rich { reset, refractory, synapse } => Rules {
                memory: SpikeMemory::Both,
                adds_zero: false,
                reads_rows: false,
                options: synapse.with(Options {
                    // Thresholds for the other test are lowered; see `LaneCoefficients::adapt`.
                    spike_test: SpikeTest::Above,
                    reset,
                    refractory,
                    // Whether a spike adds or sets is a coefficient of each cell.
                    trace: TraceRule::Add,
                    ..Options::LAST
                }),
            },
        }
    }
}

/// Whether cells with these rules need no part that only the kernels `Kernel::Rich` have.
#[inline(always)]
#[must_use]
pub fn is_plain(options: Options) -> bool {
    let Options { spike_test, reset, refractory, .. } = options;
    reset != Reset::SubtractAhead && options == Options { spike_test, reset, refractory, ..Options::FIRST }
}

/// Whether [`Kernel::Holding`] can serve cells with these rules; see [`is_frozen`](crate::Lanes::adds_zero).
pub(crate) fn can_add_zero(options: Options) -> bool {
    let is_frozen = options.refractory == Refractory::Frozen && options.reset == Reset::ToValue;
    let fits = match Synapse::of(options) {
        Synapse::None => true,
        Synapse::One | Synapse::Two | Synapse::Alpha => !options.jumps,
        Synapse::Cleared => !options.inhibition,
        Synapse::ClearedAlpha => false,
    };
    let others = Options { jumps: false, ..Synapse::None.with(options) };
    is_plain(others) && is_frozen && fits
}

/// A kernel as a type, for which the steps are compiled. Tests of its constants are `if const`, so that no code is made
/// for what it does not do.
pub(crate) trait Compiled {
    const KERNEL: Kernel;
    const RULES: Rules = Self::KERNEL.rules();
    const OPTIONS: Options = Self::RULES.options;
    const HAS_TRACE: bool = !matches!(Self::OPTIONS.trace, TraceRule::Off);
    const IS_FROZEN: bool = matches!(Self::OPTIONS.refractory, Refractory::Frozen);
    /// Whether refractory cells ignore their input, and decay.
    const LEAKS_ONLY: bool = matches!(Self::OPTIONS.refractory, Refractory::LeakOnly);
    const RESETS_TO_VALUE: bool = matches!(Self::OPTIONS.reset, Reset::ToValue);
    const SUBTRACTS_AHEAD: bool = matches!(Self::OPTIONS.reset, Reset::SubtractAhead);
    /// Whether spikes clear the synapse.
    const CLEARS: bool = clears(Self::OPTIONS);
    /// Whether the synaptic currents are alpha currents.
    const RISES: bool = rises(Self::OPTIONS);
    const KEEPS_HISTORY: bool = matches!(Self::RULES.memory, SpikeMemory::History);
    const KEEPS_WORD: bool = matches!(Self::RULES.memory, SpikeMemory::Both);
}

/// An operation on the type of a kernel.
pub(crate) trait Visitor {
    fn visit<K: Compiled>(self);
}

/// A type that represents a constant.
trait Constant<T> {
    const VALUE: T;
}

/// Defines one type for each value.
macro_rules! constants {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(
            struct $name;
            impl Constant<$type> for $name {
                const VALUE: $type = $value;
            }
        )*
    };
}

constants! {
    Yes: bool = true;
    No: bool = false;
    History: SpikeMemory = SpikeMemory::History;
    Countdown: SpikeMemory = SpikeMemory::Countdown;
    Both: SpikeMemory = SpikeMemory::Both;
    Drives: Input = Input::Drives;
    DrivesAndJumps: Input = Input::DrivesAndJumps;
    Rows: Input = Input::Rows;
    WithSynapse: Input = Input::Synapse;
    WithSynapses: Input = Input::Synapses;
    WithCleared: Input = Input::Cleared;
    WithClearedAndJumps: Input = Input::ClearedAndJumps;
    WithAlpha: Input = Input::Alpha;
    WithAlphas: Input = Input::Alphas;
    NoSynapse: Synapse = Synapse::None;
    OneSynapse: Synapse = Synapse::One;
    TwoSynapses: Synapse = Synapse::Two;
    ClearedSynapses: Synapse = Synapse::Cleared;
    AlphaSynapses: Synapse = Synapse::Alpha;
    ClearedAlphaSynapses: Synapse = Synapse::ClearedAlpha;
    Frozen: Refractory = Refractory::Frozen;
    LeakOnly: Refractory = Refractory::LeakOnly;
    Silent: Refractory = Refractory::Silent;
    ToValue: Reset = Reset::ToValue;
    Subtract: Reset = Reset::Subtract;
    SubtractAhead: Reset = Reset::SubtractAhead;
}

/// Evaluates an expression in which a name is the type of a value.
macro_rules! with_type {
    (bool $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call; true => Yes, false => No)
    };
    (memory $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call;
            SpikeMemory::History => History, SpikeMemory::Countdown => Countdown, SpikeMemory::Both => Both)
    };
    (input $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call;
            Input::Drives => Drives, Input::DrivesAndJumps => DrivesAndJumps, Input::Rows => Rows,
            Input::Synapse => WithSynapse, Input::Synapses => WithSynapses, Input::Cleared => WithCleared,
            Input::ClearedAndJumps => WithClearedAndJumps, Input::Alpha => WithAlpha,
            Input::Alphas => WithAlphas)
    };
    (synapse $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call;
            Synapse::None => NoSynapse, Synapse::One => OneSynapse, Synapse::Two => TwoSynapses,
            Synapse::Cleared => ClearedSynapses, Synapse::Alpha => AlphaSynapses,
            Synapse::ClearedAlpha => ClearedAlphaSynapses)
    };
    (refractory $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call;
            Refractory::Frozen => Frozen, Refractory::LeakOnly => LeakOnly, Refractory::Silent => Silent)
    };
    (reset $value:expr, $name:ident => $call:expr) => {
        with_type!(@ $value, $name, $call;
            Reset::ToValue => ToValue, Reset::SubtractAhead => SubtractAhead,
            // No reset is the subtraction of 0.
            Reset::Subtract | Reset::None => Subtract)
    };
    (@ $value:expr, $name:ident, $call:expr; $($pattern:pat => $type:ident),*) => {
        match $value {
            $($pattern => { type $name = $type; $call })*
        }
    };
}

struct HoldingKernel<M, I>(PhantomData<(M, I)>);

impl<M: Constant<SpikeMemory>, I: Constant<Input>> Compiled for HoldingKernel<M, I> {
    const KERNEL: Kernel = Kernel::Holding { memory: M::VALUE, input: I::VALUE };
}

struct PlainKernel<M, S, P, R>(PhantomData<(M, S, P, R)>);

impl<M, S, P, R> Compiled for PlainKernel<M, S, P, R>
where
    M: Constant<SpikeMemory>,
    S: Constant<bool>,
    P: Constant<Refractory>,
    R: Constant<bool>,
{
    const KERNEL: Kernel =
        Kernel::Plain { memory: M::VALUE, subtracts: S::VALUE, refractory: P::VALUE, reads_rows: R::VALUE };
}

struct RichKernel<R, P, S>(PhantomData<(R, P, S)>);

impl<R: Constant<Reset>, P: Constant<Refractory>, S: Constant<Synapse>> Compiled for RichKernel<R, P, S> {
    const KERNEL: Kernel = Kernel::Rich { reset: R::VALUE, refractory: P::VALUE, synapse: S::VALUE };
}

/// Calls the visitor with the type of a kernel.
pub(crate) fn dispatch(kernel: Kernel, visitor: impl Visitor) {
    match kernel {
        Kernel::Holding { memory, input } => with_type!(memory memory, M => with_type!(input input, I =>
            visitor.visit::<HoldingKernel<M, I>>())),
        Kernel::Plain { memory, subtracts, refractory, reads_rows } => with_type!(memory memory, M =>
            with_type!(bool subtracts, S => with_type!(refractory refractory, P => with_type!(bool reads_rows, R =>
                visitor.visit::<PlainKernel<M, S, P, R>>())))),
        Kernel::Rich { reset, refractory, synapse } => with_type!(reset reset, R =>
            with_type!(refractory refractory, P => with_type!(synapse synapse, S =>
                visitor.visit::<RichKernel<R, P, S>>()))),
    }
}
