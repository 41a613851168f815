//! placeholder
#![forbid(unsafe_code)]

mod broadcast;
mod coefficients;
mod device;
mod engine;
mod error;
mod input;
mod memory;
pub mod model;
mod params;
mod population;
mod queue;
mod raster;
mod recorder;
mod recording;

pub use device::{AdapterDescription, Device, DeviceChoice, EngineKind, adapters, check_adapters};
pub use engine::gpu::StateBuffers;
pub use error::{Error, Result};
pub use input::{Input, Source, Tensor};
pub use params::{Integrator, Parameter, Params, Refractory, Reset, SpikeTest, Trace, TraceKind};
pub use population::Population;
pub use raster::{Event, Raster};
pub use recording::{Recorded, Recording, Voltages};
