//! A run whose device is lost goes on from its checkpoint.

use super::checkpoints::Checkpoints;
use super::simulation::Simulation;
use crate::commands::run;
use crate::files::folder::{CHOOSE_ANOTHER, Folder};
use crate::files::names::{ARRAYS, OF_RUN, PICTURE};
use crate::plan::Plan;
use crate::recording::spools::Spools;
use crate::settings::Settings;
use lif::{Checkpoint, Device, wgpu};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn settings(out: &Path) -> Settings {
    Settings {
        neurons: Some(300),
        batch: Some(2),
        steps: Some(30_000),
        current: Some("0.5:1.5".parse().unwrap()),
        record: Some("spikes,rate,voltage:0+7/3".parse().unwrap()),
        device: Some("cpu".to_owned()),
        out: Some(out.to_owned()),
        checkpoint: Some(out.join("run.safetensors")),
        checkpoint_every: Some(500),
        quiet: true,
        ..Settings::default()
    }
}

/// A device of its own, as harm is done to it.
fn open() -> (wgpu::Device, wgpu::Queue) {
    let descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    let backends = descriptor.backends;
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(backends));
    let adapter = adapters.first().expect("this machine has no adapter; see docs/headless.md");
    pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap()
}

/// Begins a run and loses its device when some checkpoints have been made.
fn lost(settings: &Settings) -> String {
    let plan = Plan::new(settings).unwrap();
    let checkpoints = Checkpoints::new(&plan, None).unwrap().unwrap();
    let folder = Folder::prepare(&plan.out, &OF_RUN, CHOOSE_ANOTHER).unwrap();
    let (raw, queue) = open();
    let device = Device::from_wgpu(raw.clone(), queue).unwrap();
    let population = crate::plan::start(&plan, &device).unwrap();
    let spools = Spools::create(&folder, &plan.record, Some(checkpoints.run()), false).unwrap();
    let mut simulation =
        Simulation { plan: &plan, checkpoints: Some(&checkpoints), population, spools, wall_s: 0.0 };
    let (path, _) = checkpoints.run();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !Checkpoint::open(path).is_ok_and(|checkpoint| checkpoint.steps() >= 3000) {
                std::thread::sleep(Duration::from_millis(1));
            }
            raw.destroy();
        });
        simulation.run().unwrap_err().to_string()
    })
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_run_whose_device_is_lost_gives_the_same_files_when_it_is_resumed() {
    let folder = TempDir::new().unwrap();
    let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
    run::run(settings(&whole)).unwrap();
    let settings = settings(&broken);
    let error = lost(&settings);
    assert!(error.contains("the device was lost") || error.contains("the GPU failed"), "{error}");
    assert!(!broken.join(ARRAYS).exists());
    let resume = Settings { resume: settings.checkpoint, quiet: true, ..Settings::default() };
    run::run(resume).unwrap();
    for name in [ARRAYS, PICTURE] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(read(&whole) == read(&broken), "{name}");
    }
    // Nothing else is left.
    assert_eq!(std::fs::read_dir(&broken).unwrap().count(), 3);
}
