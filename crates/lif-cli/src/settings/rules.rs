//! The rules of the model, by their names on the command line and in settings files.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// `--integrator`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrator {
    Euler,
    Exact,
}

impl From<Integrator> for lif::Integrator {
    fn from(integrator: Integrator) -> Self {
        match integrator {
            Integrator::Euler => Self::Euler,
            Integrator::Exact => Self::Exact,
        }
    }
}

/// `--spike-test`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpikeTest {
    Above,
    AtOrAbove,
}

impl From<SpikeTest> for lif::SpikeTest {
    fn from(test: SpikeTest) -> Self {
        match test {
            SpikeTest::Above => Self::Above,
            SpikeTest::AtOrAbove => Self::AtOrAbove,
        }
    }
}

/// `--reset`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reset {
    ToValue,
    Subtract,
    SubtractAhead,
    None,
}

impl From<Reset> for lif::Reset {
    fn from(reset: Reset) -> Self {
        match reset {
            Reset::ToValue => Self::ToValue,
            Reset::Subtract => Self::Subtract,
            Reset::SubtractAhead => Self::SubtractAhead,
            Reset::None => Self::None,
        }
    }
}

/// `--refractory`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refractory {
    Frozen,
    LeakOnly,
    Silent,
}

impl From<Refractory> for lif::Refractory {
    fn from(refractory: Refractory) -> Self {
        match refractory {
            Refractory::Frozen => Self::Frozen,
            Refractory::LeakOnly => Self::LeakOnly,
            Refractory::Silent => Self::Silent,
        }
    }
}

/// `--synapse-rule`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynapseRule {
    Independent,
    Cleared,
}

impl From<SynapseRule> for lif::SynapseRule {
    fn from(rule: SynapseRule) -> Self {
        match rule {
            SynapseRule::Independent => Self::Independent,
            SynapseRule::Cleared => Self::Cleared,
        }
    }
}

/// `--synapse-shape`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynapseShape {
    Exponential,
    Alpha,
}

impl From<SynapseShape> for lif::SynapseShape {
    fn from(shape: SynapseShape) -> Self {
        match shape {
            SynapseShape::Exponential => Self::Exponential,
            SynapseShape::Alpha => Self::Alpha,
        }
    }
}

/// `--trace`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trace {
    None,
    Add,
    Set,
}
