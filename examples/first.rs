//! Ten neurons, ten batch rows, one step: `cargo run --example first`.

use lif::{Device, Params, Population};

fn main() -> lif::Result<()> {
    // Avoids error messages of drivers on machines without a desktop.
    lif::start_quietly();
    let mut population = Population::new(Params::default(), 10, &Device::auto())?;
    population.set_batch_size(10)?;
    population.forward(10.0)?;
    println!("{}", population.spikes()?);
    println!("{}", population.voltages()?);
    Ok(())
}
