//! Measures which workgroup size of the kernel is fastest on a device. It depends on registers and
//! schedulers, about which drivers tell nothing.

use super::kernel::WORKGROUP;
use super::{Gpu, GpuEngine};
use crate::engine::{Engine, Piece};
use crate::error::{Error, Result};
use crate::experiment::input::Input;
use crate::experiment::params::Params;
use crate::prepared::coefficients::Table;
use crate::prepared::current::{Current, FromHost};
use crate::prepared::field::{Counter, Field};
use ndarray::Array1;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sizes that are measured: whole subgroups of most devices.
const SIZES: [u32; 4] = [32, 64, 128, 256];

/// Number of cells above which a population keeps a large device busy with any size, and with which sizes are
/// measured. With fewer cells, small workgroups reach more of its processors.
pub(super) const MANY_CELLS: usize = 1 << 18;

/// The least duration of a trial, so that the submission is negligible, unless it makes [`MEASURED_STEPS`].
const LEAST: Duration = Duration::from_millis(5);

const FIRST_STEPS: u64 = 64;
const MEASURED_STEPS: u64 = 1 << 14;

/// How often each size is measured.
const ROUNDS: usize = 3;

/// A size other than the usual one must save at least this part of the time.
const LEAST_GAIN: f64 = 0.03;

/// A size that is measured.
struct Trial {
    size: u32,
    engine: GpuEngine,
    made: u64,
    /// The shortest time for the last number of steps.
    best: Duration,
}

impl Trial {
    fn run(&mut self, current: &Current<'_>, steps: u64) -> Result<Duration> {
        let begun = Instant::now();
        let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
        self.made += self.engine.advance(self.made, steps, current, None, &mut go_on)?;
        // Waits until all work is done.
        self.engine.work()?;
        Ok(begun.elapsed())
    }
}

/// Returns the size with which the device is fastest, among those that give the bits of the usual size, which
/// was checked.
pub(super) fn measure(gpu: &Arc<Gpu>, cells: usize) -> Result<u32> {
    let shape = cells.into();
    let table = Table::new(&Params::default(), shape)?;
    let currents = Array1::linspace(0.5_f32, 2.0, cells);
    let input = Input::constant(&currents);
    let current = Current::new(input, MEASURED_STEPS as usize, shape, table.bounds, None, &FromHost)?;
    let limits = &gpu.context.limits;
    let most = limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
    let mut trials = Vec::new();
    // The usual size first: it decides how many steps are made.
    for size in std::iter::once(WORKGROUP).chain(SIZES.into_iter().filter(|size| *size != WORKGROUP)) {
        if size <= most {
            let engine = GpuEngine::with_workgroup(gpu, &table, shape, size)?;
            trials.push(Trial { size, engine, made: 0, best: Duration::MAX });
        }
    }
    // The first steps are not measured: pipelines are built. After that, dispatches grow.
    let mut right = Vec::new();
    for mut trial in trials {
        match trial.run(&current, FIRST_STEPS) {
            Ok(_) => right.push(trial),
            Err(error @ Error::SelfCheck { .. }) if trial.size != WORKGROUP => {
                log::warn!("workgroups of {} are not used: {error}", trial.size);
            }
            Err(error) => return Err(error),
        }
    }
    let mut trials = right;
    let mut steps = FIRST_STEPS;
    loop {
        let mut usual = None;
        for trial in &mut trials {
            let took = trial.run(&current, steps)?;
            usual.get_or_insert(took);
        }
        if steps >= MEASURED_STEPS || usual.is_some_and(|usual| usual >= LEAST) {
            break;
        }
        steps *= 2;
    }
    for _ in 0..ROUNDS {
        for trial in &mut trials {
            trial.best = trial.best.min(trial.run(&current, steps)?);
        }
    }
    let mut times = Vec::new();
    let mut usual = None;
    for trial in &mut trials {
        let bits: Vec<u32> = trial.engine.read(Field::Voltages)?.iter().map(|v| v.to_bits()).collect();
        let state = (bits, trial.engine.read_counter(Counter::Spikes)?);
        if *usual.get_or_insert_with(|| state.clone()) == state {
            times.push((trial.size, trial.best));
        } else {
            log::warn!(
                "{}: workgroups of {} give other bits and are not used",
                gpu.context.info.name,
                trial.size
            );
        }
    }
    let size = choose(&times);
    log::info!("{}: workgroups of {size}, measured {times:?} for {steps} steps", gpu.context.info.name);
    Ok(size)
}

/// Returns the fastest size, unless it gains next to nothing over the usual one.
fn choose(times: &[(u32, Duration)]) -> u32 {
    let usual = times.iter().find(|(size, _)| *size == WORKGROUP).map(|(_, time)| time.as_secs_f64());
    match (times.iter().min_by_key(|(_, time)| *time), usual) {
        (Some((size, time)), Some(usual)) if time.as_secs_f64() < usual * (1.0 - LEAST_GAIN) => *size,
        _ => WORKGROUP,
    }
}

#[cfg(test)]
mod tests {
    use super::super::MOST_STEPS_OF_A_DISPATCH;
    use super::super::fault_tests::with_context;
    use super::super::self_check::trajectory;
    use super::*;

    #[test]
    fn another_size_is_used_where_it_is_clearly_faster() {
        let choose = |times: [u64; 4]| {
            let times: Vec<_> = SIZES.into_iter().zip(times.map(Duration::from_micros)).collect();
            choose(&times)
        };
        assert_eq!(choose([900, 700, 650, 500]), 256);
        assert_eq!(choose([500, 700, 650, 600]), 32);
        assert_eq!(choose([900, 700, 690, 695]), WORKGROUP);
        assert_eq!(super::choose(&[]), WORKGROUP);
        assert_eq!(super::choose(&[(128, Duration::from_secs(1))]), WORKGROUP);
    }

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn each_size_gives_the_same_bits_and_one_is_found() {
        with_context(|context| {
            let gpu = Arc::new(Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("a device"));
            let shape = [3, 331].into();
            let table = Table::new(&Params::default(), shape).expect("valid");
            let found = SIZES.map(|size| {
                let mut engine = GpuEngine::with_workgroup(&gpu, &table, shape, size).expect("built");
                let trajectory = trajectory(&mut engine, &table, shape, (0, 500), None).expect("made");
                (trajectory, engine.read_counter(Counter::Spikes).expect("read"))
            });
            assert!(found[0].1.iter().sum::<u32>() > 1000);
            for (size, found_by_it) in SIZES.iter().zip(&found) {
                assert!(*found_by_it == found[0], "{size}");
            }
            let size = measure(&gpu, 100).expect("measured");
            assert!(SIZES.contains(&size), "{size}");
        });
    }
}
