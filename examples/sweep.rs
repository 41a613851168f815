//! A batch of parameter sets driven by one set of currents: `cargo run --release --example sweep`.
//!
//! Each batch row has a membrane time constant of its own, and each neuron a current of its own. The
//! spike counts of all cells are one table.

use lif::{Device, Integrator, Params, Population};
use ndarray::{Array1, Array2, Axis};

fn main() -> lif::Result<()> {
    // Avoids error messages of drivers on machines without a desktop.
    lif::start_quietly();
    let time_constants = Array1::linspace(5.0_f32, 30.0, 6);
    let currents = Array1::linspace(0.4_f32, 1.6, 7);
    let params = Params {
        tau_m: (&time_constants.view().insert_axis(Axis(1))).into(),
        integrator: Integrator::Exact,
        ..Params::default()
    };
    let mut population = Population::new(params, [time_constants.len(), currents.len()], &Device::auto())?;
    population.run(10_000, &currents).go()?;

    let counts: Array2<u32> = population.counts()?;
    println!("spikes in 1 s on {}", population.device());
    print!("tau_m \\ nA");
    currents.iter().for_each(|current| print!("{current:>7.2}"));
    println!();
    for (tau_m, row) in time_constants.iter().zip(counts.rows()) {
        print!("{tau_m:>7.1} ms");
        row.iter().for_each(|count| print!("{count:>7}"));
        println!();
    }
    Ok(())
}
