//! Tests faults at every stage: the error names the stage, the library stays usable, and nothing that was
//! computed afterwards is returned.

use super::context::GpuContext;
use super::fault_tests::{open, with_context};
use super::injection::{Fault, Injection};
use crate::{Device, Error, Params, Population, Recorded, Recording, Result, Scorer, Target, Tensor};
use ndarray::{Array1, Array2};
use std::sync::Arc;

const N: usize = 100;
const BATCH: usize = 2;

/// Steps in all; enough for several dispatches.
const STEPS: u64 = 140_000;

fn with_faults(test: impl FnOnce(&Device, &Injection)) {
    with_context(|context| {
        let injection = Arc::clone(&context.injection);
        let device = Device::checked(context).expect("the driver is right");
        test(&device, &injection);
    });
}

fn population(device: &Device) -> Result<Population> {
    Population::new(Params::default(), [BATCH, N], device)
}

fn drive() -> Array1<f32> {
    Array1::linspace(0.4, 2.0, N)
}

type Outcome = (Recorded, Array2<f32>, Array2<u32>);

/// The recording and the final state of a run.
fn outcome(population: &mut Population) -> Result<Outcome> {
    let recorded =
        population.run(STEPS, &drive()).record(Recording::none().spikes().voltages([0, 99], 50)).go()?;
    Ok((recorded, population.voltages()?, population.counts()?))
}

/// Asserts that everything that makes or returns results is refused.
fn refuses_all(population: &mut Population) {
    let faulted = |what: &str, result: Result<()>| {
        assert!(matches!(result, Err(Error::Faulted { .. })), "{what}: {result:?}");
    };
    let path = std::env::temp_dir().join(format!("faulted-{}.safetensors", std::process::id()));
    faulted("voltages", population.voltages().map(drop));
    faulted("spikes", population.spikes().map(drop));
    faulted("refractory", population.refractory().map(drop));
    faulted("counts", population.counts().map(drop));
    faulted("buffers", population.buffers().map(drop));
    faulted("forward", population.forward(1.0));
    faulted("run", population.run(10, 1.0).record(Recording::none().spikes()).go().map(drop));
    faulted("set_voltages", population.set_voltages(&Array1::<f32>::zeros(N)));
    faulted("save", population.save(&path));
    assert!(!path.exists());
}

/// The call in which the fault strikes.
type Act = fn(&mut Population) -> Result<()>;

const RUN: Act = |population| {
    let mut blocks = 0;
    let mut sink = |block: Recorded| {
        // Blocks before the fault are right; none comes after it.
        assert_eq!(block.first_step, blocks);
        blocks += block.steps;
        Ok(())
    };
    let recording = Recording::none().spikes().voltages([0, 99], 50);
    let made = population.run(STEPS, &drive()).record(&recording).sink(&mut sink).go()?;
    panic!("it returned {made:?}");
};
const UNRECORDED: Act = |population| {
    population.run(STEPS, &drive()).go()?;
    population.counts().map(drop)
};
const SCORED: Act = |population| {
    let target = Target::new([7, 900], 0..STEPS)?;
    let mut scorer = Scorer::new([BATCH, N], vec![target], 10)?;
    scorer.skip_to(population.steps())?;
    let error = population.run(STEPS, &drive()).score(&mut scorer).go();
    // The scores are those before the call.
    assert!(scorer.tallies(0).all(|tally| tally.predicted == 0));
    error.map(drop)
};
const FORWARD: Act = |population| {
    (0..64).try_for_each(|_| population.forward(1.0))?;
    population.spikes().map(drop)
};
const VOLTAGES: Act = |population| population.voltages().map(drop);
const COUNTS: Act = |population| population.counts().map(drop);
const SET_VOLTAGES: Act = |population| population.set_voltages(&Array1::<f32>::zeros(N));
const CLEAR_COUNTS: Act = Population::clear_counts;
const RESET: Act = Population::reset;

/// The fault, its stage, how often the stage succeeds before, and the call.
const FAULTS: [(Fault, &str, usize, Act); 29] = [
    // This one comes first, as a kernel is compiled once.
    (Fault::Internal, "compiling the kernel", 0, RUN),
    (Fault::OutOfMemory, "allocating the recording", 0, RUN),
    (Fault::OutOfMemory, "allocating the parameters", 0, RUN),
    (Fault::OutOfMemory, "allocating the input", 0, RUN),
    (Fault::OutOfMemory, "uploading the parameters", 0, RUN),
    (Fault::OutOfMemory, "binding the state", 0, RUN),
    (Fault::OutOfMemory, "uploading a block of steps", 0, RUN),
    (Fault::OutOfMemory, "submitting a block of steps", 0, RUN),
    (Fault::OutOfMemory, "submitting a block of steps", 2, RUN),
    (Fault::OutOfMemory, "submitting a block of steps", 1, UNRECORDED),
    (Fault::OutOfMemory, "submitting a block of steps", 1, FORWARD),
    (Fault::Internal, "compiling the kernel of the scores", 0, SCORED),
    (Fault::OutOfMemory, "allocating the scores", 0, SCORED),
    (Fault::OutOfMemory, "binding the scores", 0, SCORED),
    (Fault::OutOfMemory, "submitting a block of steps", 2, SCORED),
    (Fault::Hung, "waiting for a block of steps", 1, SCORED),
    (Fault::Unmapped, "reading the scores", 0, SCORED),
    (Fault::OutOfMemory, "reading the membrane potentials", 0, VOLTAGES),
    (Fault::Internal, "uploading the membrane potentials", 0, SET_VOLTAGES),
    (Fault::Internal, "clearing state", 0, CLEAR_COUNTS),
    (Fault::Internal, "clearing state", 0, RESET),
    (Fault::Unmapped, "reading a recording", 0, RUN),
    (Fault::Unmapped, "reading a recording", 2, RUN),
    (Fault::Unmapped, "reading the spike counts", 0, COUNTS),
    (Fault::Silent, "reading a recording", 1, RUN),
    (Fault::Silent, "reading the membrane potentials", 0, VOLTAGES),
    (Fault::Hung, "waiting for a block of steps", 1, RUN),
    (Fault::Hung, "waiting for a block of steps", 0, UNRECORDED),
    (Fault::Hung, "reading the spike counts", 0, COUNTS),
];

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_fault_names_its_stage_and_ends_with_a_reset() {
    let expected = outcome(&mut population(&Device::cpu()).expect("valid")).expect("valid");
    with_faults(|device, injection| {
        for (fault, stage, passes, act) in FAULTS {
            let mut population = population(device).expect("valid");
            let mut other = self::population(device).expect("valid");
            population.forward(0.5).expect("valid");
            injection.arm(fault, stage, passes);
            let error = act(&mut population).expect_err(stage);
            assert!(!injection.is_armed() && error.is_fault(), "{fault:?} {stage}: {error}");
            assert!(error.to_string().contains(stage), "{error}");
            refuses_all(&mut population);
            assert!(outcome(&mut other).as_ref() == Ok(&expected), "another population after {error}");
            population.reset().expect("the device still works");
            assert!(outcome(&mut population).as_ref() == Ok(&expected), "after {error}");
        }
    });
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn what_cannot_be_built_leaves_the_device_usable() {
    with_faults(|device, injection| {
        let stages = [
            "allocating the state",
            "allocating the counters",
            "uploading the membrane potentials",
            "allocating the block",
            "allocating the parameters",
            "allocating the input",
            "allocating no recording",
        ];
        for stage in stages {
            injection.arm(Fault::OutOfMemory, stage, 0);
            let error = population(device).expect_err(stage);
            assert!(error.is_fault() && error.to_string().contains(stage), "{error}");
        }
        let mut population = population(device).expect("valid");
        population.run(100, &drive()).go().expect("valid");
        let before = population.voltages();
        // Existing populations stay as they were.
        injection.arm(Fault::OutOfMemory, stages[0], 0);
        assert!(population.set_batch_size(3).is_err());
        assert_eq!((population.batch(), population.steps()), (BATCH, 100));
        for stage in ["allocating the tensor", "uploading the tensor"] {
            injection.arm(Fault::OutOfMemory, stage, 0);
            let error = Tensor::new(device, &drive()).expect_err(stage);
            assert!(error.is_fault() && error.to_string().contains(stage), "{error}");
        }
        assert!(Tensor::new(device, &drive()).is_ok());
        assert!(before.is_ok() && population.voltages() == before);
    });
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn an_adapter_that_fails_in_its_check_is_refused() {
    for (fault, stage) in [
        (Fault::OutOfMemory, "allocating"),
        (Fault::Internal, "compiling the kernel"),
        (Fault::Internal, "checking the device"),
        (Fault::Unmapped, "checking the device"),
        (Fault::Silent, "checking the device"),
        (Fault::Hung, "checking the device"),
    ] {
        with_context(|context| {
            context.injection.arm(fault, stage, 0);
            let error = Device::checked(context).expect_err(stage);
            assert!(error.is_fault() && error.to_string().contains(stage), "{fault:?}: {error}");
            assert!(Device::checked(open()).is_ok());
        });
    }
}

/// One of several devices fails, the others do not.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_fault_of_one_of_several_devices_is_a_fault_of_all() {
    let expected = outcome(&mut population(&Device::cpu()).expect("valid")).expect("valid");
    with_faults(|device, injection| {
        let several = Device::several(&[Device::cpu(), device.clone()]).expect("two");
        for (fault, stage) in [
            (Fault::OutOfMemory, "submitting a block of steps"),
            (Fault::Unmapped, "reading a recording"),
            (Fault::Hung, "waiting for a block of steps"),
        ] {
            let mut population = population(&several).expect("valid");
            injection.arm(fault, stage, 1);
            let error = outcome(&mut population).expect_err(stage);
            assert!(error.is_fault() && error.to_string().contains(stage), "{error}");
            refuses_all(&mut population);
            population.reset().expect("the devices still work");
            assert!(outcome(&mut population).as_ref() == Ok(&expected), "after {error}");
        }
    });
}

/// Here the driver itself refuses the memory for a readback.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_readback_that_no_memory_holds_is_an_error() {
    with_context(|context: GpuContext| {
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::STORAGE;
        let source = context.buffer("the source", 64, usage).expect("small");
        let read = |bytes: u64| {
            let submitted = context.scoped("reading too much", || {
                let mut encoder = context.device.create_command_encoder(&Default::default());
                let readback = context.read_back(&mut encoder, &[(&source, 0, bytes)]);
                (context.queue.submit([encoder.finish()]), readback)
            });
            let (submission, readback) = submitted?;
            context.wait(&submission, "reading too much")?;
            context.take_readback(readback, "reading too much", <[u8]>::len)
        };
        let refused = read(1 << 50);
        assert!(
            matches!(&refused, Err(Error::Gpu { stage, .. }) if stage == "reading too much"),
            "{refused:?}"
        );
        assert_eq!(read(64), Ok(64));
    });
}
