//! The transform from values of a stimulus to currents, in order.

/// The transform of each value, then the filter and the delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    pub level: Level,
    /// Factor.
    pub scale: f64,
    /// Current added, nA.
    pub offset: f64,
    /// Negative currents become 0.
    pub rectify: bool,
    /// Time constant of a first-order low-pass filter, ms.
    pub low_pass: Option<f64>,
    /// The delay of the currents, ms; before it they are 0.
    pub delay: f64,
}

/// The scale of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    Raw,
    /// `20 log10(value / reference)`, for amplitudes.
    Decibel {
        reference: f64,
    },
    /// The natural logarithm.
    Logarithm,
}

impl Level {
    /// Whether values must be above 0.
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
    /// The transformed value, before filter and delay.
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

/// A first-order low-pass filter, exact for currents that are constant during a step: the output approaches
/// the input by a factor of `1 - exp(-dt / tau)`. It starts at its first input.
#[derive(Debug)]
pub struct Filter {
    nearer: f64,
    output: Vec<f64>,
}

impl Filter {
    pub fn new(tau: f64, dt: f64) -> Self {
        Self { nearer: -libm::expm1(-dt / tau), output: Vec::new() }
    }

    /// Filters the input of a step.
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
