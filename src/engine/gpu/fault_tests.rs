//! Tests that drivers which compute something else, stop halfway or vanish are noticed.

use super::context::{GpuContext, instance};
use super::kernel::BLOCK_SHADER;
use super::self_check::{self, CHECK_SHADER};
use super::{Gpu, MOST_STEPS_OF_A_DISPATCH};
use crate::{Device, Error, Params, Population, Recorded, Recording, Result, Tensor};
use ndarray::Array1;
use std::sync::{Arc, Mutex, PoisonError};

/// Some drivers fail with several devices at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs a test with its own device on the first adapter, so that damage to it affects no other test.
pub(crate) fn with_context(test: impl FnOnce(GpuContext)) {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    test(open());
}

/// Opens another device on the first adapter.
pub(crate) fn open() -> GpuContext {
    let (instance, backends) = instance(wgpu::Backends::all());
    let adapters = pollster::block_on(instance.enumerate_adapters(backends));
    let adapter = adapters.first().expect("this machine has no adapter; see docs/headless.md");
    GpuContext::open(adapter).expect("the adapter opens")
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_driver_that_computes_something_else_is_refused() {
    with_context(|context| {
        self_check::check_options(&context, CHECK_SHADER).expect("the driver is right");
        for (right, wrong) in [
            ("v > cell.v_threshold", "v >= cell.v_threshold"),
            (
                "rounded(state.v + rounded(cell.leak * (input - above_rest)))",
                "(state.v + cell.leak * (input - above_rest)) * 1.0000001",
            ),
            ("decayed + cell.trace_scale", "cell.trace_scale"),
            (
                "select(waited, cell.refractory_steps, spike)",
                "select(waited, cell.refractory_steps + 1u, spike)",
            ),
        ] {
            assert!(CHECK_SHADER.contains(right), "{right}");
            match self_check::check_options(&context, &CHECK_SHADER.replace(right, wrong)) {
                Err(Error::SelfCheck { difference, .. }) => {
                    assert!(difference.contains("where the model gives"), "{difference}")
                }
                other => panic!("'{wrong}' passed: {other:?}"),
            }
        }
    });
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_shader_that_does_not_compile_is_an_error() {
    with_context(|context| match self_check::check_options(&context, "this is no shader") {
        Err(Error::Gpu { stage, .. }) => assert_eq!(stage, "checking the device"),
        other => panic!("{other:?}"),
    });
}

/// llvmpipe silently ends an invocation's loops after 65,535 rounds in all. Dispatches stay below that, and
/// the check notices one that does not.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn loops_that_a_driver_cuts_short_are_found_out() {
    with_context(|context| {
        let is_llvmpipe = context.info.name.contains("llvmpipe");
        let gpu = Arc::new(Gpu::new(context, 8 * MOST_STEPS_OF_A_DISPATCH).expect("a device"));
        match self_check::check(&gpu) {
            Err(Error::SelfCheck { difference, .. }) if is_llvmpipe => {
                assert!(
                    difference
                        .contains(&format!("after {} steps in one dispatch", 8 * MOST_STEPS_OF_A_DISPATCH)),
                    "{difference}"
                );
            }
            Ok(()) if !is_llvmpipe => {}
            other => panic!("{other:?}"),
        }
    });
}

/// Every call after the loss of a device is an error, and none returns a result.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn nothing_is_returned_after_the_device_is_lost() {
    with_context(|context| {
        let raw = context.device.clone();
        let device = Device::checked(context).expect("the driver is right");
        let lost = lose_during_use(&device, || raw.destroy());
        assert!(matches!(lost, Err(Error::DeviceLost { .. })), "{lost:?}");
        let upload = Tensor::new(&device, &Array1::<f32>::zeros(10));
        assert!(matches!(upload, Err(Error::DeviceLost { .. })), "{upload:?}");
        // The library still works, elsewhere or on the same adapter opened anew.
        let again = Device::checked(open()).expect("the adapter is still there");
        let voltages = [Device::cpu(), again].map(|device| {
            let mut population = Population::new(Params::default(), [2, 100], &device).expect("valid");
            population.run(500, 1.0).go().expect("valid");
            population.voltages().expect("there")
        });
        assert_eq!(voltages[0], voltages[1]);
    });
}

/// A run whose device is lost continues from its checkpoint, on whatever device there is.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_run_goes_on_from_its_checkpoint_when_its_device_is_lost() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("run.safetensors");
    let recording = Recording::none().spikes().counts();
    let finish = |mut population: Population| {
        let recorded = population.run(5000, 0.8).record(&recording).go().expect("valid");
        (recorded, population.voltages().expect("there"))
    };
    let start = |device: &Device| {
        let mut population = Population::new(Params::default(), [2, 100], device).expect("valid");
        population.run(777, 0.9).go().expect("valid");
        population
    };
    let expected = finish(start(&Device::cpu()));
    with_context(|context| {
        let raw = context.device.clone();
        let device = Device::checked(context).expect("the driver is right");
        let mut population = start(&device);
        population.save(&path).expect("saved");
        let mut sink = |_: Recorded| {
            raw.destroy();
            Ok(())
        };
        let lost = population.run(1 << 40, 0.8).record(&recording).sink(&mut sink).go();
        assert!(matches!(lost, Err(Error::DeviceLost { .. })), "{lost:?}");
        // Its state is lost, and does not replace the checkpoint.
        assert!(matches!(population.save(&path), Err(Error::Faulted { .. })));
        for device in [Device::cpu(), Device::checked(open()).expect("the adapter is still there")] {
            assert!(finish(Population::load(&path, &device).expect("whole")) == expected);
        }
    });
}

/// The same with error handlers of another program.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn nothing_is_returned_after_somebody_elses_device_is_lost() {
    with_context(|context| {
        let raw = context.device.clone();
        let device =
            Device::from_wgpu(context.device.clone(), context.queue.clone()).expect("the driver is right");
        let lost = lose_during_use(&device, || raw.destroy());
        assert!(lost.as_ref().is_err_and(Error::is_fault), "{lost:?}");
    });
}

/// Work that a driver drops silently is noticed by the step number in each readback.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn dropped_work_is_found_out() {
    with_context(|context| {
        let queue = context.queue.clone();
        let device = Device::checked(context).expect("the driver is right");
        let mut population = Population::new(Params::default(), 7, &device).expect("valid");
        population.run(50, 1.0).go().expect("valid");
        let counters = population.buffers().expect("there")[0].counters.clone();
        queue.write_buffer(&counters, 2 * 7 * 4, &49_u32.to_le_bytes());
        let read = population.voltages();
        assert!(matches!(read, Err(Error::DeviceLost { .. })), "{read:?}");
    });
}

/// The same for recordings: here the driver runs another kernel than it was given, which does not finish.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_recording_of_dropped_work_is_found_out() {
    with_context(|context| {
        let unfinished = BLOCK_SHADER.replace("counters[2u * block.cells] +=", "counters[0] +=");
        assert_ne!(unfinished, BLOCK_SHADER);
        let gpu =
            Arc::new(Gpu::with_shader(context, MOST_STEPS_OF_A_DISPATCH, &unfinished).expect("it compiles"));
        let checked = self_check::check(&gpu);
        assert!(matches!(checked, Err(Error::DeviceLost { .. })), "{checked:?}");
    });
}

fn lose_during_use(device: &Device, lose: impl FnOnce()) -> Result<()> {
    let mut population = Population::new(Params::default(), [2, 100], device)?;
    population.run(50, 1.0).record(Recording::none().spikes()).go()?;
    population.voltages()?;
    population.forward(1.0)?;
    lose();
    let first = population.voltages().map(|_| ());
    assert!(first.is_err());
    // The population refuses everything from now on.
    for _ in 0..2 {
        assert!(matches!(population.counts(), Err(Error::Faulted { .. })));
        assert!(matches!(population.forward(1.0), Err(Error::Faulted { .. })));
        let run = population.run(10, 1.0).record(Recording::none().spikes()).go();
        assert!(matches!(run, Err(Error::Faulted { .. })));
    }
    assert!(population.reset().is_err(), "the device is gone");
    first
}
