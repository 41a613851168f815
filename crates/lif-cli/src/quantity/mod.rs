//! Numbers with units as people write them: in options, settings files and parameters of presets.

pub mod amount;
pub mod bound;
pub mod budget;
pub mod preset_units;
pub mod series;
pub mod spread;
mod unit;
pub mod weight;
mod written;

pub use unit::{Dimension, HZ, MOHM, MS, MV, NA, Unit};
pub use written::{
    UNFIT, Written, converted, count, count_between, fits, ms, mv, number, number_or_text, parts, shown,
};
