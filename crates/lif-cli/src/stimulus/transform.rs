//! How the values of a stimulus become currents, in the order in which it happens.

/// What is done to each value, and then to what they are over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    pub level: Level,
    /// Factor.
    pub scale: f64,
    /// Current added, nA.
    pub offset: f64,
    /// Negative currents become 0.
    pub rectify: bool,
    /// Time constant of a low-pass filter of first order, ms.
    pub low_pass: Option<f64>,
    /// How much later the currents come, ms. Before them there is none.
    pub delay: f64,
}

/// What a value counts for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    Raw,
    /// `20 log10(value / reference)`, as amplitudes have it.
    Decibel {
        reference: f64,
    },
    /// The natural logarithm.
    Logarithm,
}

impl Level {
    /// Whether it is defined for values above 0 only.
    pub fn is_logarithmic(self) -> bool {
        self != Self::Raw
    }

    // By libm, as functions of the system differ in the last bit.
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Raw => value,
            Self::Decibel { reference } => 20.0 * libm::log10(value / reference),
            Self::Logarithm => libm::log(value),
        }
    }
}

impl Transform {
    /// What a value becomes before filter and delay.
    pub fn of(&self, value: f64) -> f64 {
        let current = self.level.of(value) * self.scale + self.offset;
        if self.rectify { current.max(0.0) } else { current }
    }

    /// The delay in steps.
    pub fn delay_steps(&self, dt: f64) -> u64 {
        // Casting saturates.
        (self.delay / dt).round() as u64
    }
}

/// A low-pass filter of first order, exact for currents that are constant over a step: the output
/// comes nearer to the input by `1 - exp(-dt / tau)` of what is between them. It begins with its input.
#[derive(Debug)]
pub struct Filter {
    nearer: f64,
    output: Vec<f64>,
}

impl Filter {
    pub fn new(tau: f64, dt: f64) -> Self {
        Self { nearer: -libm::expm1(-dt / tau), output: Vec::new() }
    }

    /// Takes the input of a step, and gives its output.
    pub fn step(&mut self, input: &[f64]) -> &[f64] {
        if self.output.is_empty() {
            self.output.extend_from_slice(input);
        } else {
            for (output, input) in self.output.iter_mut().zip(input) {
                *output += self.nearer * (input - *output);
            }
        }
        &self.output
    }
}
