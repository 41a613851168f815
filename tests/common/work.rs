//! Work reports of engines: kernel times, counts of blocks and rooflines; and that measuring changes no result.

use super::common::place::Place;
use libtest_mimic::Failed;
use lif::{Device, EngineKind, Params, Population, PopulationOptions};
use ndarray::Array1;
use std::time::{Duration, Instant};

/// More kernels than a device stores times for before they are read.
const CALLS: u64 = 600;

pub fn kernel_times(device: &Device) -> Result<(), Failed> {
    let n = 100;
    let current = Array1::linspace(0.4_f32, 1.5, n);
    let timed = PopulationOptions { kernel_times: true, ..PopulationOptions::default() };
    let simulate = |options: PopulationOptions| -> Result<(Population, Duration), Failed> {
        let mut population = Population::with_options(Params::default(), n, device, options)?;
        let start = Instant::now();
        let mut before = Duration::ZERO;
        for call in 0..CALLS {
            population.run(1 + call % 3, &current).go()?;
            if call % 200 == 0 {
                let time = population.work()?.kernel_time.unwrap_or_default();
                assert!(time >= before, "{time:?} after {before:?}");
                before = time;
            }
        }
        population.work()?;
        Ok((population, start.elapsed()))
    };
    let (mut plain, _) = simulate(PopulationOptions::default())?;
    let (mut timed, wall) = simulate(timed)?;
    assert_eq!(plain.voltages()?, timed.voltages()?);
    assert_eq!(plain.counts()?, timed.counts()?);
    assert!(timed.counts()?.sum() > 0);
    assert_eq!(plain.work()?.kernel_time, None);
    assert_eq!(plain.work()?.cell_blocks, timed.work()?.cell_blocks);
    match timed.work()?.kernel_time {
        Some(time) => assert!(time > Duration::ZERO && time < wall, "{time:?} of {wall:?}"),
        // Other adapters may lack a clock; this one has one.
        None => assert!(!device.name().contains("llvmpipe"), "{device} has a clock"),
    }
    Ok(())
}

pub fn blocks(device: &Device) -> Result<(), Failed> {
    let (n, batch) = (70, 3);
    let cells = (n * batch) as u64;
    for place in [Place::from(device), Place::in_slabs(device, 360)] {
        let mut population = place.population(Params::default(), [batch, n])?;
        assert_eq!(population.work()?.cell_blocks, 0);
        // The input changes, as steps with the same input wait for more than 32 steps.
        for step in 0..64 {
            population.forward(1.0 + 0.01 * step as f32)?;
        }
        assert_eq!(population.work()?.cell_blocks, 2 * cells);
        population.forward(1.0)?;
        // Queued steps are made before the work is returned.
        assert_eq!(population.work()?.cell_blocks, 3 * cells);
    }
    if device.engine_kind() == EngineKind::Cpu {
        let options = PopulationOptions { kernel_times: true, ..PopulationOptions::default() };
        let mut population = Population::with_options(Params::default(), [batch, n], device, options)?;
        population.run(10, 1.0).go()?;
        assert_eq!(population.work()?.kernel_time, None);
    }
    Ok(())
}

pub fn roofline(device: &Device) -> Result<(), Failed> {
    let roofline = device.measure_roofline()?;
    // Wide bounds, for any machine that may run this.
    for rate in [roofline.bytes_per_s, roofline.operations_per_s] {
        assert!((1e7..1e16).contains(&rate), "{roofline:?}");
    }
    let is_gpu = device.engine_kind() == EngineKind::Gpu;
    assert_eq!(roofline.dispatch_s.is_some(), is_gpu);
    assert!(roofline.dispatch_s.is_none_or(|seconds| (1e-8..0.1).contains(&seconds)), "{roofline:?}");
    let several = Device::several(&[device.clone(), Device::cpu()])?;
    assert!(several.measure_roofline().is_err());
    Ok(())
}
