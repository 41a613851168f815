//! The macro that lists the rules of cells once. All code that iterates over the rules, or numbers them for shaders,
//! uses what the macro makes of that list.

use crate::{Options, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape, TraceRule};

/// A rule with a few values.
#[doc(hidden)]
pub trait Choice: Copy + Sized + 'static {
    /// All values.
    const ALL: &'static [Self];

    /// The number of this value in shaders.
    fn number(self) -> u32;
}

impl Choice for bool {
    const ALL: &'static [Self] = &[false, true];

    fn number(self) -> u32 {
        u32::from(self)
    }
}

macro_rules! choice {
    ($rule:ident { $($value:ident),* }) => {
        impl Choice for $rule {
            const ALL: &'static [Self] = &[$(Self::$value),*];

            fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

choice!(SpikeTest { Above, AtOrAbove });
choice!(Reset { ToValue, Subtract, SubtractAhead, None });
choice!(Refractory { Frozen, LeakOnly, Silent });
choice!(TraceRule { Off, Add, Set });
choice!(SynapseRule { Independent, Cleared });
choice!(SynapseShape { Exponential, Alpha });

macro_rules! options {
    ($($(#[$doc:meta])* $name:literal $field:ident: $rule:ty,)*) => {
        /// The rules that a kernel is specialised by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct Options {
            $($(#[$doc])* pub $field: $rule,)*
        }

        impl Options {
            /// The number of rules.
            pub const COUNT: usize = [$($name),*].len();

            /// The name of each rule in shaders, and the number of its value here.
            #[must_use]
            pub fn numbers(&self) -> [(&'static str, u32); Self::COUNT] {
                [$(($name, Choice::number(self.$field))),*]
            }

            /// The name of each rule in shaders, and the number of its values.
            #[must_use]
            pub fn values() -> [(&'static str, usize); Self::COUNT] {
                [$(($name, <$rule as Choice>::ALL.len())),*]
            }

            /// The first value of each rule.
            pub const FIRST: Self = Self { $($field: <$rule as Choice>::ALL[0],)* };

            /// The last value of each rule: a neuron with every optional part.
            pub const LAST: Self =
                Self { $($field: <$rule as Choice>::ALL[<$rule as Choice>::ALL.len() - 1],)* };

            /// All combinations of values.
            pub fn every() -> impl Iterator<Item = Self> {
                let count: usize = Self::values().iter().map(|(_, values)| values).product();
                // The first rule changes slowest.
                (0..count).map(move |mut index| {
                    let mut below = count;
                    let mut next = |values: usize| {
                        below /= values;
                        let value = index / below;
                        index %= below;
                        value
                    };
                    Self { $($field: <$rule as Choice>::ALL[next(<$rule as Choice>::ALL.len())],)* }
                })
            }
        }
    };
}

pub(crate) use options;

impl Options {
    /// Whether there is a current to which arriving spikes are added, and which decays.
    #[must_use]
    pub const fn has_synaptic_currents(self) -> bool {
        self.synapse || self.inhibition
    }

    /// Whether cells can have these rules: an inhibitory current, a rule and a shape of the synapse come with a synaptic
    /// current.
    #[must_use]
    pub fn are_possible(self) -> bool {
        let Self { inhibition, synapse_rule, synapse_shape, .. } = Self::FIRST;
        self.synapse || self == Self { inhibition, synapse_rule, synapse_shape, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_combination_comes_once_and_numbers_count_the_values() {
        let all: Vec<Options> = Options::every().collect();
        assert_eq!(all.len(), 2 * 4 * 3 * 2 * 3 * 2 * 2 * 2 * 2 * 2 * 2);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for (choice, (name, values)) in Options::values().into_iter().enumerate() {
            let numbers: HashSet<_> = all.iter().map(|options| options.numbers()[choice]).collect();
            assert_eq!(numbers, (0..values as u32).map(|number| (name, number)).collect(), "{name}");
        }
        assert_eq!(Reset::ALL.iter().position(|reset| *reset == Reset::None), Some(Reset::None as usize));
    }
}
