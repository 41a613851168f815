//! Very large, batched populations of leaky integrate-and-fire neurons: on any GPU through wgpu,
//! and on the CPU with the same results, bit for bit.
//!
//! ```
//! use lif::{Device, Params, Population};
//!
//! let mut population = Population::new(Params::default(), 10, &Device::auto())?;
//! population.set_batch_size(10)?;
//! population.forward(10.0)?;
//! println!("{}", population.spikes()?);
//! println!("{}", population.voltages()?);
//! # Ok::<(), lif::Error>(())
//! ```
//!
//! # The neuron
//!
//! ```text
//! tau_m dv/dt = -(v - v_rest) + R I(t)        while v <= v_threshold and the neuron is not refractory
//! v -> v_reset, and refractory for t_ref      as soon as v > v_threshold (that step is a spike)
//! ```
//!
//! I is the input current plus the synaptic currents, if there is a synapse.
//!
//! Times are in ms, potentials in mV, resistances in MOhm, currents in nA. [`Params`] holds the
//! parameters, each a number or an array that broadcasts to `[batch, n]`, and the rules that can be
//! chosen: [`Integrator`], [`SpikeTest`], [`Reset`], [`Refractory`], a lower bound, a spike
//! [`Trace`]. The step itself is [`model::step_cell`]; everything else in this crate exists to
//! apply it to many cells.
//!
//! The refractory time is rounded once to n_ref whole steps. With a constant current the inter-spike
//! interval is n_ref + k steps, k being the number of updates from reset to threshold.
//!
//! # Populations
//!
//! A [`Population`] has the [`Shape`] `[batch, n]`: rows of neurons on one [`Device`]. [`Population::forward`] queues
//! one step; queued steps are made together, when 32 wait or when state is read. [`Population::run`] makes many steps:
//! it returns a [`Run`], a builder for what to record and where to send it. State stays on the device until it is
//! read.
//!
//! ```
//! use lif::{Device, Input, Params, Population, Recording};
//! use ndarray::{Array1, Array2};
//!
//! // One neuron per membrane resistance, all driven by the same 1 s of current.
//! let params = Params { resistance: Array1::linspace(5.0_f32, 40.0, 200).into(), ..Params::default() };
//! let mut population = Population::new(params, 200, &Device::cpu())?;
//! let current = Array1::from_shape_fn(10_000, |step| 0.6 + 0.4 * (step as f32 * 0.002).sin());
//! let recorded = population.run(10_000, Input::sequence(&current)).record(Recording::none().spikes()).go()?;
//! if let Some(spikes) = recorded.spikes {
//!     let counts: Array2<u32> = spikes.counts();
//!     assert!(counts[[0, 0]] < counts[[0, 199]]);
//!     for event in spikes.events().take(3) {
//!         println!("neuron {} spiked at {:.1} ms", event.neuron, event.step as f64 * 0.1);
//!     }
//! }
//! # Ok::<(), lif::Error>(())
//! ```
//!
//! [`Random`] sources and spikes ([`SpikeInput`]) can be added to any input. A [`ResidentRaster`] passes the
//! spikes of one population to another without leaving the device.
//!
//! A [`Network`] connects the neurons of a population: groups, rules by which synapses are drawn or lists of them,
//! weights and delays.
//!
//! A [`Scorer`] measures how well the spikes of each neuron predict recorded spikes. A [run](Run::score) computes
//! the scores on the device.
//!
//! A population larger than one buffer of its device is cut into slabs, and [`Device::several`]
//! spreads populations over several devices. [`Population::memory_needed`] returns the memory that a population
//! takes, and [`PopulationOptions`] set a limit.
//!
//! # Same bits everywhere
//!
//! For the same parameters and inputs the CPU and every adapter give the same spikes and the same
//! potentials, bit for bit, however a run is cut into calls and whatever the number of threads;
//! [`model`] explains how. An adapter that computes anything else is refused ([`Error::SelfCheck`]): by a self-check
//! when it is opened, or by a check of each kernel when that is first used.
//!
//! # Features
//!
//! | feature | what it is | what it costs |
//! | --- | --- | --- |
//! | `gpu`, by default | the GPU engine, and devices shared with a program's own wgpu code | wgpu, two thirds of all dependencies |
//! | `checkpoint`, by default | [`Population::save`] and [`Population::load`] | readers of safetensors files and of JSON |
//! | `nir` | module `nir`: neurons in graphs of the Neuromorphic Intermediate Representation; `Hdf5`: lists of numbers in HDF5 files | a reader of HDF5 files |
//!
//! The command `lif` is the package `lif-cli`.
//!
//! [`ndarray`] and, with the feature `gpu`, [`wgpu`] are part of the interface and re-exported.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
#![cfg_attr(
    not(all(feature = "gpu", feature = "checkpoint")),
    allow(
        dead_code,
        reason = "what only the GPU engine or checkpoints use stays on the floor where it belongs"
    )
)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[doc(inline)]
pub use lif_model as model;
pub use ndarray;
#[cfg(feature = "gpu")]
pub use wgpu;

mod data;
mod device;
mod engine;
mod error;
mod experiment;
pub mod fit;
mod population;
mod prepared;

#[cfg(feature = "nir")]
pub use data::hdf5::{Hdf5, Hdf5List};
pub use data::memory::{MemoryNeed, MemoryPart, address_space_limit, require as require_memory};
pub use data::raster::{Event, Raster};
pub use data::regular_file::open as open_regular_file;
pub use data::resident::ResidentRaster;
pub use data::shape::Shape;
pub use device::quiet_start::start_quietly;
pub use device::roofline::Roofline;
#[cfg(feature = "gpu")]
pub use device::{AdapterDescription, adapter_restrictions, adapters, check_adapters};
pub use device::{Device, DeviceChoice, EngineKind};
#[cfg(feature = "gpu")]
pub use engine::gpu::StateBuffers;
pub use engine::work_done::WorkDone;
pub use error::{Argument, Error, Result};
pub use experiment::input::{Input, InputValues, Tensor};
pub use experiment::network::Group;
pub use experiment::network::distribution::Distribution;
pub use experiment::network::rule::{Profile, Rule};
pub use experiment::network::synapse::Synapse;
pub use experiment::network::synapses::Synapses;
#[cfg(feature = "nir")]
pub use experiment::nir;
pub use experiment::params::{
    Integrator, Parameter, Params, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape, Trace, TraceKind,
};
pub use experiment::population_options::PopulationOptions;
pub use experiment::preset::{Preset, PresetValue};
pub use experiment::random_source::Random;
pub use experiment::recording::{Recorded, Recording, Voltages};
pub use experiment::spike_input::{SpikeInput, SpikeSource};
pub use experiment::tally::Tally;
pub use experiment::target::Target;
pub use model::random;
pub use population::Population;
pub use population::blocks::{Blocks, Drive, InputBlock};
#[cfg(feature = "checkpoint")]
pub use population::checkpoint::Checkpoint;
pub use population::network::Network;
pub use population::run::Run;
pub use population::scorer::Scorer;
pub use population::sink::{Background, Sink};
pub use prepared::noise::Draws;

/// Compiles and runs the examples in the documents outside the source.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}

    #[doc = include_str!("../docs/random-input.md")]
    mod random_input {}

    #[doc = include_str!("../docs/fitting.md")]
    mod fitting {}

    #[doc = include_str!("../docs/spike-input.md")]
    mod spike_input {}

    #[cfg(feature = "nir")]
    #[doc = include_str!("../docs/nir.md")]
    mod nir {}

    #[cfg(all(feature = "checkpoint", not(skip_gpu_tests)))]
    #[doc = include_str!("../docs/long-runs.md")]
    mod long_runs {}
    #[doc = include_str!("../docs/memory.md")]
    mod memory {}

    #[cfg(all(feature = "gpu", not(skip_gpu_tests)))]
    #[doc = include_str!("../docs/headless.md")]
    mod headless {}
}
