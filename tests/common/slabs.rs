//! Populations in several slabs and on several devices give the same results as in one slab.

use super::common::place::Place;
use super::common::random_case::Case;
use super::common::scalar;
use super::{Test, equal_the_model};
use libtest_mimic::Failed;
use lif::{Device, Error, Input, Params, Population, Recording, Tensor};
use ndarray::{Array1, Array2, Array3};

pub const TESTS_OF_THE_CPU: [(&str, Test); 3] = [
    ("random_populations_in_small_slabs", random_populations),
    ("tensors_reach_all_slabs_and_devices", tensors),
    ("state_is_read_and_written_across_slabs", state),
];

/// The slabs have from a few cells, so that rows are cut, to several rows.
pub fn random_populations(device: &Device) -> Result<(), Failed> {
    in_slabs(device, 1)
}

pub fn many_random_populations(device: &Device) -> Result<(), Failed> {
    in_slabs(device, 4)
}

fn in_slabs(device: &Device, times: u32) -> Result<(), Failed> {
    equal_the_model(device, times, |case| {
        let cells = (case.n * case.batch) as u64;
        // A few more words for the parameters than for the cells, and not too many slabs.
        let words = [100, 150, 400][case.every % 3].max(cells / 2);
        Place::in_slabs(device, words * 4)
    })
}

pub fn several_devices(device: &Device) -> Result<(), Failed> {
    let both = Place::from(&Device::several(&[Device::cpu(), device.clone()])?);
    let many = Place::in_slabs(&Device::several(&[device.clone(), Device::cpu(), device.clone()])?, 1200);
    equal_the_model(device, 1, |case| if case.every % 2 == 0 { both.clone() } else { many.clone() })?;
    for (n, batch) in [(1, 1), (1, 3), (2, 2), (65, 1), (7, 31)] {
        let case = Case::simple(n, batch, 70);
        assert_eq!(case.outcome(&many)?, scalar::outcome(&case), "n {n}, batch {batch}");
    }
    Ok(())
}

pub fn tensors(device: &Device) -> Result<(), Failed> {
    let (n, batch, steps) = (103, 3, 90);
    let sequence = Array3::from_shape_fn((steps, batch, n), |(step, row, neuron)| {
        ((step + row * neuron) % 11) as f32 * 0.3
    });
    let constant =
        Array2::from_shape_fn((batch, n), |(row, neuron)| 0.5 + ((row * 5 + neuron) % 7) as f32 * 0.4);
    let whole = Place::from(device);
    let slabs = Place::in_slabs(device, 600);
    let several = Place::in_slabs(&Device::several(&[device.clone(), Device::cpu(), device.clone()])?, 600);
    let run = |place: &Place, resident: bool| -> lif::Result<_> {
        let (mut population, device) = (place.population(Params::default(), [batch, n])?, &place.device);
        let recording = Recording::none().rate().spikes_of([101, 0, 50]).voltages([102, 3, 60], 7);
        let recorded = if resident {
            let tensor = Tensor::new(device, &sequence)?;
            let recorded = population.run(steps as u64, Input::sequence(&tensor)).record(&recording).go()?;
            let tensor = Tensor::new(device, &constant)?;
            for _ in 0..40 {
                population.forward(&tensor)?;
            }
            recorded
        } else {
            let recorded =
                population.run(steps as u64, Input::sequence(&sequence)).record(&recording).go()?;
            for _ in 0..40 {
                population.forward(&constant)?;
            }
            recorded
        };
        Ok((recorded, population.voltages()?, population.counts()?))
    };
    let expected = run(&whole, true)?;
    assert!(expected.2.sum() > 0);
    for place in [&whole, &slabs, &several] {
        for resident in [false, true] {
            assert!(run(place, resident)? == expected, "{place}, resident: {resident}");
        }
    }
    let foreign = Tensor::new(device, &constant)?;
    let mut population = several.population(Params::default(), [batch, n])?;
    let refused = population.forward(&foreign);
    assert!(matches!(refused, Err(Error::ForeignTensor { .. })), "{refused:?}");
    Ok(())
}

pub fn state(device: &Device) -> Result<(), Failed> {
    let (n, batch) = (70, 3);
    let slabs = Place::in_slabs(device, 360);
    let mut one = Population::new(Params::default(), [batch, n], device)?;
    let mut many = slabs.population(Params::default(), [batch, n])?;
    let cells = many.buffers()?.iter().flat_map(|buffers| buffers.cells.clone()).collect::<Vec<_>>();
    if !cells.is_empty() {
        assert_eq!(one.buffers()?.len(), 1);
        assert!(many.buffers()?.len() > batch, "rows are cut");
        assert_eq!(cells, (0..n * batch).collect::<Vec<_>>());
    }
    let start = Array1::linspace(-70.0_f32, -53.0, n);
    let waiting = Array2::from_shape_fn((batch, n), |(row, neuron)| (row * neuron % 5) as u32);
    let drive = Array2::from_shape_fn((batch, 1), |(row, _)| 0.7 + row as f32);
    for round in 0..3 {
        for population in [&mut one, &mut many] {
            population.set_voltages(&start)?;
            population.set_refractory(&waiting)?;
            population.run(123, &drive).go()?;
        }
        assert_eq!(one.voltages()?, many.voltages()?);
        assert_eq!(one.spikes()?, many.spikes()?);
        assert_eq!(one.refractory()?, many.refractory()?);
        assert_eq!(one.counts()?, many.counts()?);
        for population in [&mut one, &mut many] {
            if round == 0 { population.clear_counts()? } else { population.reset()? }
        }
        assert_eq!(one.counts()?.sum() + many.counts()?.sum(), 0);
        assert_eq!(one.voltages()?, many.voltages()?);
    }
    // After a stop, all slabs are at the same step.
    let mut told = 0;
    let stopped = many
        .run(100_000, &drive)
        .record(Recording::none().counts())
        .observe(|made| {
            told = made;
            std::ops::ControlFlow::Break(())
        })
        .go()?;
    assert!(stopped.steps == told && told < 100_000, "{told}");
    one.run(told, &drive).go()?;
    assert_eq!(one.voltages()?, many.voltages()?);
    Ok(())
}
