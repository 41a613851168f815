//! The size of a population, its device, and its initial state.

use super::{Plan, neurons};
use crate::failure::Failure;
use lif::{Device, DeviceChoice, Error, Population};

/// The most cells of a population.
pub const MOST_CELLS: u64 = u32::MAX as u64 - 1;

/// The size in the settings, or the size that input files have.
pub fn size(
    what: &str,
    given: &mut Option<usize>,
    made_for: &[(&str, Option<usize>)],
    default: usize,
) -> Result<usize, Failure> {
    if *given == Some(0) {
        return Err(Failure::of(what, format!("{what} is 0; it must be at least 1")));
    }
    let mut files = made_for.iter().filter_map(|(file, size)| Some((file, (*size)?)));
    let Some((first, size)) = files.next() else { return Ok(*given.get_or_insert(default)) };
    if let Some((other, others)) = files.find(|(_, others)| *others != size) {
        return Err(Failure::usage(format!(
            "{first} is made for {size} {what}, but {other} for {others}; change one of the files"
        )));
    }
    match *given {
        Some(given) if given != size => Err(Failure::of(
            what,
            format!(
                "{what} is {given}, but {first} is made for {size}; leave out --{what}, or change the file"
            ),
        )),
        _ => Ok(*given.insert(size)),
    }
}

/// Opens a device.
pub fn select(choice: &DeviceChoice) -> Result<Device, Failure> {
    Device::select(choice).map_err(|error| match &error {
        // A misspelt name is a mistake of the user; a machine without a GPU is not.
        Error::NoAdapter { requested, .. }
            if matches!(requested.parse::<DeviceChoice>(), Ok(DeviceChoice::Named(_))) =>
        {
            Failure::of("device", error.to_string())
        }
        _ => error.into(),
    })
}

/// Makes the population before its first step.
pub fn start(plan: &Plan, device: &Device) -> Result<Population, Failure> {
    let mut population = Population::with_options(plan.params.clone(), plan.shape, device, plan.options())?;
    if let Some(voltages) = neurons::initial_voltages(&plan.settings, plan.shape) {
        population.set_voltages(&voltages)?;
    }
    population.set_seed(plan.seed)?;
    Ok(population)
}
