//! The cost of a loop over `forward`, compared with one `run`: `cargo run --release --example forward_loop`.
//!
//! Its argument is a device (`cpu`, `software`, `gpu`, part of a name); the default is `auto`.

use lif::{Device, DeviceChoice, Input, Params, Population};
use ndarray::Array2;
use std::time::Instant;

/// The time (s) that some work on a population takes until its state can be read, best of five.
fn seconds(
    population: &mut Population,
    mut work: impl FnMut(&mut Population) -> lif::Result<()>,
) -> lif::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        work(population)?;
        population.counts()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn main() -> lif::Result<()> {
    // Avoids error messages of drivers on machines without a desktop.
    lif::start_quietly();
    let choice: DeviceChoice = std::env::args().nth(1).as_deref().unwrap_or("auto").parse()?;
    let device = Device::select(&choice)?;
    println!("million neuron-steps per second on {device}");
    println!("   neurons  constant: run  forward   changing: run  forward");
    for (n, steps) in [(1_000, 4_000), (10_000, 1_000), (100_000, 200)] {
        let mut population = Population::new(Params::default(), n, &device)?;
        let currents =
            Array2::from_shape_fn((steps, n), |(step, neuron)| ((step * 7 + neuron) % 13) as f32 * 0.1);
        let run = seconds(&mut population, |population| population.run(steps as u64, 1.0).go().map(|_| ()))?;
        let forward =
            seconds(&mut population, |population| (0..steps).try_for_each(|_| population.forward(1.0)))?;
        let run_changing = seconds(&mut population, |population| {
            population.run(steps as u64, Input::sequence(&currents)).go().map(|_| ())
        })?;
        let forward_changing = seconds(&mut population, |population| {
            currents.rows().into_iter().try_for_each(|current| population.forward(&current))
        })?;
        let speed = |seconds: f64| (n * steps) as f64 / seconds / 1e6;
        println!(
            "{n:>10} {:>14.0} {:>8.0} {:>15.0} {:>8.0}",
            speed(run),
            speed(forward),
            speed(run_changing),
            speed(forward_changing)
        );
    }
    Ok(())
}
