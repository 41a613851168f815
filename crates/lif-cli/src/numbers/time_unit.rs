//! The units of times in files.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// `--stimulus-time-unit`, `--spikes-time-unit`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    Us,
    Ms,
    S,
}

impl TimeUnit {
    /// Its length, ms.
    pub fn ms(self) -> f64 {
        match self {
            Self::Us => 1e-3,
            Self::Ms => 1.0,
            Self::S => 1e3,
        }
    }

    /// Its symbol.
    pub fn text(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Ms => "ms",
            Self::S => "s",
        }
    }
}
